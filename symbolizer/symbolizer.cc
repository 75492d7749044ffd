#include "symbolizer/symbolizer.h"

#include <string>
#include <utility>

#include "symbolizer/code_reader.h"

namespace profd {
namespace {

std::shared_ptr<const Function> Marker(const char* name) {
  auto function = std::make_shared<Function>();
  function->kind = FrameKind::kMarker;
  function->name = name;
  return function;
}

}  // namespace

Symbolizer::Symbolizer(Options options)
    : options_(std::move(options)),
      native_(options_.native),
      kernel_(KernelSymbols::Load()),
      unnamed_(Marker("[unnamed function]")),
      truncated_(Marker("[truncated]")),
      torn_(Marker("[torn]")),
      no_python_(Marker("[no Python frames]")) {}

std::shared_ptr<const Function> Symbolizer::NativeLeaf(const ProcessKey& process,
                                                       uint64_t address) {
  NativeAddress resolved = native_.Resolve(process, address);
  if (resolved.is_interpreter) return nullptr;
  const bool unnamed = resolved.function->name.starts_with('[');
  if (unnamed && options_.is_interpreter_file) {
    auto file = native_.FindFile(process, address);
    if (file.has_value() && options_.is_interpreter_file(file->identity)) return nullptr;
  }
  return resolved.function;
}

Frame Symbolizer::PythonFrame(const SymbolizerProcess& process, const py_frame_record& record) {
  if (record.tag != 0) {
    const CodeObject* code = codes_.Find(process.key.incarnation, record.tag);
    if (code != nullptr) return {code->function(), code->LineOf(record.lasti)};
  }
  // Its record was lost, or its pages were not resident. What is read now need not be what ran
  // then, so it is not remembered under the tag.
  ProcessMemory* memory = process.memory ? process.memory() : nullptr;
  if (memory != nullptr) {
    auto description = ReadCode(*memory, *process.layout, record.code);
    if (description.ok()) {
      ++stats_.frames_read_late;
      auto code = codes_.Intern(*std::move(description));
      return {code->function(), code->LineOf(record.lasti)};
    }
  }
  ++stats_.frames_unnamed;
  return {unnamed_, 0};
}

Stack Symbolizer::Symbolize(const SymbolizerProcess& process, const RawStack& raw) {
  Stack stack;
  stack.reserve(raw.kernel.size() + raw.python.size() + 2);
  for (uint64_t address : raw.kernel) stack.push_back({kernel_.Resolve(address), 0});
  if (raw.native_leaf != nullptr) stack.push_back({raw.native_leaf, 0});
  for (const py_frame_record& record : raw.python) stack.push_back(PythonFrame(process, record));
  if (raw.state == STACK_TRUNCATED) stack.push_back({truncated_, 0});
  if (raw.state == STACK_TORN) stack.push_back({torn_, 0});
  if (raw.state == STACK_NONE) stack.push_back({no_python_, 0});
  return stack;
}

}  // namespace profd
