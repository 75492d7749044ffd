#include "symbolizer/native/function_table.h"

#include <climits>
#include <utility>

#include "symbolizer/native/display_name.h"

namespace profd {

std::shared_ptr<const Function> MakeFunction(FrameKind kind, absl::string_view name,
                                             absl::string_view file) {
  auto function = std::make_shared<Function>();
  function->kind = kind;
  function->name = DisplayName(name);
  function->file = PrintableUtf8(file, PATH_MAX);
  return function;
}

size_t FunctionBytes(const Function& function) {
  constexpr size_t kControlBlock = 32;
  return sizeof(Function) + kControlBlock + function.name.capacity() + function.file.capacity();
}

FunctionTable::FunctionTable(SymbolTable symbols, std::string file, absl::string_view unknown)
    : symbols_(std::move(symbols)),
      file_(std::move(file)),
      unknown_(MakeFunction(FrameKind::kNative, unknown, file_)) {}

std::shared_ptr<const Function> FunctionTable::Find(uint64_t address) {
  const auto symbol = symbols_.Find(address);
  if (!symbol) return nullptr;
  auto& function = functions_[symbol->index];
  if (function == nullptr) {
    function = MakeFunction(FrameKind::kNative, symbol->name, file_);
    function_bytes_ += FunctionBytes(*function);
  }
  return function;
}

std::shared_ptr<const Function> FunctionTable::At(uint64_t address) {
  auto function = Find(address);
  return function != nullptr ? function : unknown_;
}

size_t FunctionTable::bytes() const {
  constexpr size_t kSlot = sizeof(size_t) + sizeof(std::shared_ptr<const Function>) + 1;
  return sizeof(*this) + symbols_.bytes() + file_.capacity() + FunctionBytes(*unknown_) +
         functions_.capacity() * kSlot + function_bytes_;
}

}  // namespace profd
