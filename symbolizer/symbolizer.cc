#include "symbolizer/symbolizer.h"

#include <string>
#include <utility>

#include "symbolizer/code_reader.h"

namespace profd {
namespace {

constexpr size_t kMaxGone = 65536;

std::shared_ptr<const Function> MakeMarker(const char* name) {
  auto function = std::make_shared<Function>();
  function->kind = FrameKind::kMarker;
  function->name = name;
  return function;
}

}  // namespace

Symbolizer::Symbolizer(Options options)
    : options_(std::move(options)),
      codes_(options_.codes),
      native_(options_.native),
      kernel_(KernelSymbols::Load()),
      unnamed_(MakeMarker("[unnamed function]")),
      truncated_(MakeMarker("[truncated]")),
      torn_(MakeMarker("[torn]")),
      no_python_(MakeMarker("[no Python frames]")) {}

std::shared_ptr<const Function> Symbolizer::NativeLeaf(const ProcessKey& process,
                                                       uint64_t address) {
  NativeAddress resolved = native_.Resolve(process, address);
  if (resolved.in_eval_loop) return nullptr;
  const bool unnamed = resolved.function->name.starts_with('[');
  if (unnamed && options_.is_interpreter_file) {
    auto file = native_.FindFile(process, address);
    if (file.has_value() && options_.is_interpreter_file(file->identity)) return nullptr;
  }
  return resolved.function;
}

void Symbolizer::GiveUp(uint64_t tag) {
  if (gone_.size() >= kMaxGone) gone_.clear();
  gone_.insert(tag);
}

std::shared_ptr<const CodeObject> Symbolizer::ReadLate(const SymbolizerProcess& process,
                                                       const py_frame_record& record) {
  if (record.tag != 0 && gone_.contains(record.tag)) return nullptr;
  ProcessMemory* memory = process.memory ? process.memory() : nullptr;
  if (memory == nullptr) return nullptr;
  const CodeReference reference = {record.code, process.key.incarnation, record.tag};
  auto description = ReadCode(*memory, *process.layout, reference);
  if (description.ok()) {
    ++stats_.frames_read_late;
    auto code = codes_.Intern(*description);
    if (record.tag == 0) {
      ++stats_.frames_unproven;
      return code;
    }
    if (!code->complete()) GiveUp(record.tag);
    process.learn(record.tag, *std::move(description));
    return code;
  }
  const bool may_come = absl::IsUnavailable(description.status());
  if (record.tag != 0 && !may_come) GiveUp(record.tag);
  return nullptr;
}

Frame Symbolizer::PythonFrame(const SymbolizerProcess& process, const py_frame_record& record) {
  const CodeObject* code =
      record.tag != 0 ? codes_.Find(process.key.incarnation, record.tag) : nullptr;
  std::shared_ptr<const CodeObject> late;
  if (code == nullptr || !code->complete()) {
    // Its record was lost, its pages were not resident, or a part was too long to be sent.
    late = ReadLate(process, record);
    if (late != nullptr) code = late.get();
  }
  if (code == nullptr) {
    ++stats_.frames_unnamed;
    return {unnamed_, 0};
  }
  if (!code->complete()) ++stats_.frames_incomplete;
  return {code->function(), code->LineOf(record.lasti)};
}

const std::shared_ptr<const Function>& Symbolizer::Marker(uint8_t state) const {
  static const std::shared_ptr<const Function> none;
  switch (state) {
    case STACK_TRUNCATED:
      return truncated_;
    case STACK_TORN:
      return torn_;
    case STACK_NONE:
      return no_python_;
    default:
      return none;
  }
}

Stack Symbolizer::Symbolize(const SymbolizerProcess& process, const RawStack& raw) {
  Stack stack;
  stack.reserve(raw.kernel.size() + raw.python.size() + 2);
  for (uint64_t address : raw.kernel) stack.push_back(KernelFrame(address));
  if (raw.native_leaf != nullptr) stack.push_back({raw.native_leaf, 0});
  for (const py_frame_record& record : raw.python) stack.push_back(PythonFrame(process, record));
  if (const auto& marker = Marker(raw.state); marker != nullptr) stack.push_back({marker, 0});
  return stack;
}

}  // namespace profd
