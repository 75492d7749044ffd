#include "symbolizer/native/kernel_symbols.h"

#include <bcc/bcc_proc.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "symbolizer/native/function_table.h"
#include "symbolizer/text/clone_suffix.h"

namespace profd {
namespace {

constexpr absl::string_view kKernelFile = "[kernel.kallsyms]";
constexpr SymbolLimits kLimits = {.symbols = size_t{1} << 19, .name_bytes = size_t{16} << 20};

constexpr std::chrono::steady_clock::duration kShortestRest = std::chrono::minutes(1);
constexpr std::chrono::steady_clock::duration kLongestRest = std::chrono::hours(1);

// On every 64-bit architecture the kernel's addresses are the upper half; per-CPU symbols are not.
bool IsKernelAddress(uint64_t address) { return address >> 63; }

void AddSymbol(const char* name, const char* module, uint64_t address, void* payload) {
  // Call padding of -fpatchable-function-entry, never executed, is half of all symbols on x86-64.
  if (!IsKernelAddress(address) || absl::StartsWith(name, "__pfx_")) return;
  auto* builder = static_cast<SymbolTableBuilder*>(payload);
  // BCC says "kernel" for the kernel itself and, after the first module's line, may say nothing.
  const absl::string_view in = module;
  if (in.empty() || in == "kernel") {
    builder->Add(address, 0, name);
  } else {
    builder->Add(address, 0, absl::StrCat(name, "\t[", in, "]"));
  }
}

}  // namespace

KernelSymbols::KernelSymbols(Clock clock)
    : clock_(std::move(clock)),
      rest_(kShortestRest),
      unknown_(MakeFunction(FrameKind::kKernel, "[kernel]", kKernelFile)) {}

KernelSymbols KernelSymbols::Load(Clock clock) {
  KernelSymbols kernel(std::move(clock));
  kernel.Read();
  return kernel;
}

void KernelSymbols::Read() {
  SymbolTableBuilder builder(kLimits);
  const int result = bcc_procutils_each_ksym(&AddSymbol, &builder);
  symbols_ = std::move(builder).Build(SymbolTableBuilder::SameAddress::kBestName);
  functions_.clear();
  ++loads_;
  read_again_ = clock_() + rest_;
  status_ = absl::OkStatus();
  if (result != 0) {
    status_ = absl::PermissionDeniedError("/proc/kallsyms cannot be read; it needs root");
  } else if (symbols_.size() == 0) {
    status_ = absl::PermissionDeniedError(
        "the kernel hides its addresses: set kernel.kptr_restrict to 0 or 1, or grant CAP_SYSLOG");
  }
}

std::shared_ptr<const Function> KernelSymbols::Find(uint64_t address) {
  const auto symbol = symbols_.Find(address);
  if (!symbol) return nullptr;
  auto& function = functions_[symbol->index];
  if (function == nullptr) {
    const size_t tab = symbol->name.find('\t');
    const bool in_module = tab != absl::string_view::npos;
    function = MakeFunction(FrameKind::kKernel, WithoutCloneSuffix(symbol->name.substr(0, tab)),
                            in_module ? symbol->name.substr(tab + 1) : kKernelFile);
  }
  return function;
}

std::shared_ptr<const Function> KernelSymbols::Resolve(uint64_t address) {
  auto function = Find(address);
  if (function == nullptr && IsKernelAddress(address) && clock_() >= read_again_) {
    Read();
    function = Find(address);
    rest_ = function != nullptr ? kShortestRest : std::min(rest_ * 2, kLongestRest);
    read_again_ = clock_() + rest_;
  }
  return function != nullptr ? function : unknown_;
}

}  // namespace profd
