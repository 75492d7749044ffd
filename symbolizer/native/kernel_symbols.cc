#include "symbolizer/native/kernel_symbols.h"

#include <bcc/bcc_proc.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "symbolizer/native/display_name.h"
#include "symbolizer/native/function_table.h"

namespace profd {
namespace {

constexpr absl::string_view kKernelFile = "[kernel.kallsyms]";
constexpr SymbolLimits kLimits = {.symbols = size_t{1} << 19, .name_bytes = size_t{16} << 20};

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

KernelSymbols::KernelSymbols()
    : unknown_(MakeFunction(FrameKind::kKernel, "[kernel]", kKernelFile)) {}

KernelSymbols KernelSymbols::Load() {
  SymbolTableBuilder builder(kLimits);
  const int result = bcc_procutils_each_ksym(&AddSymbol, &builder);
  KernelSymbols kernel;
  kernel.symbols_ = std::move(builder).Build(SymbolTableBuilder::SameAddress::kBestName);
  if (result != 0) {
    kernel.status_ = absl::PermissionDeniedError("/proc/kallsyms cannot be read; it needs root");
  } else if (kernel.symbols_.size() == 0) {
    kernel.status_ = absl::PermissionDeniedError(
        "the kernel hides its addresses: set kernel.kptr_restrict to 0 or 1, or grant CAP_SYSLOG");
  }
  return kernel;
}

std::shared_ptr<const Function> KernelSymbols::Resolve(uint64_t address) {
  const auto symbol = symbols_.Find(address);
  if (!symbol) return unknown_;
  auto& function = functions_[symbol->index];
  if (function == nullptr) {
    const size_t tab = symbol->name.find('\t');
    const bool in_module = tab != absl::string_view::npos;
    function = MakeFunction(FrameKind::kKernel, WithoutCloneSuffix(symbol->name.substr(0, tab)),
                            in_module ? symbol->name.substr(tab + 1) : kKernelFile);
  }
  return function;
}

}  // namespace profd
