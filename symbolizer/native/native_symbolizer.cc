#include "symbolizer/native/native_symbolizer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "symbolizer/native/object_symbols.h"

namespace profd {
namespace {

// Without the version: pprof would show "13]" of "[libz.so.1.2.13]", and the path has it anyway.
std::string BracketedBasename(absl::string_view path) {
  absl::string_view name = path.substr(path.rfind('/') + 1);
  name = name.substr(0, std::max<size_t>(1, std::min(name.size(), name.find(".so"))));
  return absl::StrCat("[", name, "]");
}

bool HasFile(const Mapping& mapping) {
  return mapping.inode != 0 && absl::StartsWith(mapping.path, "/");
}

// Mappings the kernel itself makes and names; a process can name its own "[anon:…]" only.
bool IsKernelPage(absl::string_view path) {
  return path == "[vdso]" || path == "[vsyscall]" || path == "[uprobes]";
}

absl::Duration Now() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

// One object never takes more than its cache.
SymbolLimits LimitsFor(size_t cache_bytes) {
  constexpr size_t kBytesPerSymbol = 16;
  return {.symbols = cache_bytes / 3 / kBytesPerSymbol, .name_bytes = cache_bytes / 2};
}

}  // namespace

NativeSymbolizer::NativeSymbolizer() : NativeSymbolizer(Options()) {}

NativeSymbolizer::NativeSymbolizer(Options options)
    : options_(std::move(options)),
      refresh_interval_(absl::ToChronoNanoseconds(options_.refresh_interval)),
      objects_(options_.object_cache_bytes),
      processes_(options_.process_cache_bytes),
      anonymous_(MakeFunction(FrameKind::kNative, "[anonymous]", "")),
      unknown_(MakeFunction(FrameKind::kNative, "[unknown]", "")) {}

ProcessView& NativeSymbolizer::ViewOf(const ProcessKey& process) {
  if (ProcessView* view = processes_.Find(process)) return *view;
  return *processes_.Insert(process, std::make_unique<ProcessView>(process.pid));
}

FunctionTable* NativeSymbolizer::ReadObject(const ElfFile& elf, const ExecutableRange& range) {
  return objects_.Insert(range.identity,
                         std::make_unique<FunctionTable>(
                             ReadObjectSymbols(elf, LimitsFor(options_.object_cache_bytes)),
                             range.mapping.path, BracketedBasename(range.mapping.path)));
}

void NativeSymbolizer::Within(ProcessView& process, absl::FunctionRef<void()> work) {
  const absl::Duration begin = Now();
  const bool is_spent = budget_.Empty(begin);
  if (process.budget().Empty(begin) || is_spent) return;
  work();
  const absl::Duration taken = Now() - begin;
  budget_.Spend(taken);
  process.budget().Spend(taken);
}

void NativeSymbolizer::Inspect(ProcessView& process, ExecutableRange* range) {
  if (range->state != ExecutableRange::State::kUnopened) return;
  const Mapping& mapping = range->mapping;
  if (!HasFile(mapping)) {
    range->state = ExecutableRange::State::kOpaque;
    return;
  }
  Within(process, [&] {
    range->state = ExecutableRange::State::kOpaque;
    const auto elf = process.Open(*range, &range->identity);
    if (!elf.ok()) return;
    const auto bias = LoadBias(**elf, mapping.start, mapping.offset, mapping.end - mapping.start);
    if (!bias.ok()) return;
    range->bias = *bias;
    range->state = ExecutableRange::State::kObject;
    if (objects_.Find(range->identity) == nullptr) ReadObject(**elf, *range);
  });
}

FunctionTable* NativeSymbolizer::ObjectOf(ProcessView& process, const ExecutableRange& range) {
  FunctionTable* object = objects_.Find(range.identity);
  if (object != nullptr) return object;
  Within(process, [&] {
    FileIdentity identity;
    const auto elf = process.Open(range, &identity);
    if (elf.ok() && identity == range.identity) object = ReadObject(**elf, range);
  });
  return object;
}

std::shared_ptr<const Function> NativeSymbolizer::OpaqueFunction(ProcessView* process,
                                                                 ExecutableRange* range,
                                                                 uint64_t address) {
  const Mapping& mapping = range->mapping;
  // JIT compilers also run code from memfd and shared memory, which have a file's name.
  const bool kernel_page = IsKernelPage(mapping.path);
  if (range->state == ExecutableRange::State::kOpaque && !kernel_page) {
    if (auto function = process->perf_map().Find(process->pid(), address, refresh_interval_)) {
      return function;
    }
  }
  if (!HasFile(mapping) && !kernel_page) return anonymous_;
  if (range->opaque == nullptr) {
    const std::string name = kernel_page ? mapping.path : BracketedBasename(mapping.path);
    range->opaque = MakeFunction(FrameKind::kNative, name, mapping.path);
  }
  return range->opaque;
}

std::shared_ptr<const Function> NativeSymbolizer::FunctionAt(ProcessView* process,
                                                             ExecutableRange* range,
                                                             uint64_t address) {
  const bool in_object = range->state == ExecutableRange::State::kObject;
  FunctionTable* object = in_object ? ObjectOf(*process, *range) : nullptr;
  if (object == nullptr) return OpaqueFunction(process, range, address);
  return object->At(address - range->bias);
}

NativeAddress NativeSymbolizer::Resolve(const ProcessKey& process, uint64_t address) {
  ProcessView& view = ViewOf(process);
  NativeAddress result;
  ExecutableRange* range = view.Find(address, refresh_interval_);
  if (range == nullptr) {
    result.function = unknown_;
  } else {
    Inspect(view, range);
    if (range->state == ExecutableRange::State::kObject) {
      result.linked_address = address - range->bias;
      result.in_eval_loop = options_.in_eval_loop != nullptr &&
                            options_.in_eval_loop(range->identity, result.linked_address);
    }
    if (!result.in_eval_loop) result.function = FunctionAt(&view, range, address);
  }
  objects_.Settle();
  processes_.Settle();
  return result;
}

std::optional<MappedFile> NativeSymbolizer::FindFile(const ProcessKey& process, uint64_t address) {
  ProcessView& view = ViewOf(process);
  ExecutableRange* range = view.Find(address, refresh_interval_);
  std::optional<MappedFile> file;
  if (range != nullptr) {
    Inspect(view, range);
    if (range->state == ExecutableRange::State::kObject) {
      file = MappedFile{range->identity, range->mapping.path, address - range->bias};
    }
  }
  processes_.Settle();
  return file;
}

void NativeSymbolizer::Forget(const ProcessKey& process) { processes_.Erase(process); }

}  // namespace profd
