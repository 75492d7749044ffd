#include "symbolizer/cpython/interpreter_image.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/cpython/string_probe.h"
#include "symbolizer/cpython/version_text.h"

namespace profd {
namespace {

constexpr absl::string_view kEvalFunction = "_PyEval_EvalFrameDefault";
constexpr uint64_t kMaxRodataBytes = uint64_t{32} << 20;
constexpr uint64_t kMaxRuntimeBytes = uint64_t{4} << 20;
constexpr size_t kMaxEvalRanges = 4096;

enum SymbolIndex : size_t {
  kRuntime,
  kPyVersion,
  kInitializeEx,
  kAddObjectRef,
  kAddType,
  kNewWithPosOnlyArgs,
  kTssCreate,
  kFsPath,
  kBytesType2,
  kInterpHead36,
  kTlsKey36,
  kTstateCurrent36,
  kImportFrozen,
  kImportFrozenObject,
  kSymbolCount,
};

const std::vector<absl::string_view>& SymbolNames() {
  static const auto* const names = new std::vector<absl::string_view>{
      "_PyRuntime",
      "Py_Version",                 // 3.11+
      "Py_InitializeEx",            // all
      "PyModule_AddObjectRef",      // 3.10+
      "PyModule_AddType",           // 3.9+
      "PyCode_NewWithPosOnlyArgs",  // 3.8+
      "PyThread_tss_create",        // 3.7+
      "PyOS_FSPath",                // 3.6+
      "PyString_FromString",        // 2.x
      "interp_head",                // 3.6
      "autoTLSkey",                 // 3.6
      "_PyThreadState_Current",     // 3.6
      "PyImport_ImportFrozenModule",
      "PyImport_ImportFrozenModuleObject",
  };
  return *names;
}

using Symbols = std::vector<std::optional<ElfSymbol>>;

absl::Status Unsupported(absl::string_view version, absl::string_view reason) {
  return absl::UnimplementedError(
      absl::StrCat("Python ", version, " is not supported", reason.empty() ? "" : ": ", reason));
}

std::vector<std::byte> ReadUpTo(const ElfFile& elf, uint64_t address, uint64_t bytes) {
  std::vector<std::byte> data(bytes);
  if (!elf.ReadAddress(address, data.data(), data.size()).ok()) data.clear();
  return data;
}

struct Runtime {
  uint64_t address = 0;  // 0: none
  uint64_t bytes = 0;    // 0: unknown
};

Runtime FindRuntime(const ElfFile& elf, const Symbols& symbols) {
  // From 3.10 on the variable has a section for itself, which stays when symbols are stripped.
  const ElfSection* section = elf.FindSection(".PyRuntime");
  if (symbols[kRuntime]) return {symbols[kRuntime]->address, symbols[kRuntime]->size};
  if (section != nullptr) return {section->address, section->size};
  return {};
}

// The start of _PyRuntime as the file holds it; empty where the version has nothing there.
std::vector<std::byte> ReadDebugOffsets(const ElfFile& elf, const Runtime& runtime) {
  if (runtime.address == 0) return {};
  uint64_t bytes = kDebugOffsetsMaxBytes;
  if (runtime.bytes != 0) bytes = std::min(bytes, runtime.bytes);
  return ReadUpTo(elf, runtime.address, bytes);
}

std::string Rodata(const ElfFile& elf) {
  const ElfSection* section = elf.FindSection(".rodata");
  if (section == nullptr) return {};
  std::string text(std::min(section->size, kMaxRodataBytes), '\0');
  if (!elf.ReadOffset(section->offset, text.data(), text.size()).ok()) text.clear();
  return text;
}

absl::StatusOr<PythonVersion> VersionBeforeDebugOffsets(const ElfFile& elf,
                                                        const Symbols& symbols) {
  if (symbols[kPyVersion]) {
    uint64_t hex = 0;
    absl::Status status = elf.ReadAddress(symbols[kPyVersion]->address, &hex, sizeof(hex));
    if (!status.ok()) return status;
    return VersionFromHex(hex);
  }
  if (symbols[kBytesType2]) {
    const std::optional<int> micro = MicroVersionIn(Rodata(elf), "2.7.");
    return Unsupported(micro ? absl::StrCat("2.7.", *micro) : "2", "");
  }
  const int minor = symbols[kAddObjectRef]         ? 10
                    : symbols[kAddType]            ? 9
                    : symbols[kNewWithPosOnlyArgs] ? 8
                    : symbols[kTssCreate]          ? 7
                    : symbols[kFsPath]             ? 6
                                                   : 0;
  if (minor == 0) return Unsupported("before 3.6", "");
  const std::string prefix = absl::StrCat("3.", minor, ".");
  const std::optional<int> micro = MicroVersionIn(Rodata(elf), prefix);
  if (!micro) return Unsupported(absl::StrCat("3.", minor), "its micro version is not known");
  return PythonVersion{.major = 3, .minor = minor, .micro = *micro};
}

uint64_t FieldAddress(uint64_t base, const py_layout& layout, py_field field) {
  return base != 0 && Has(layout, field) ? base + layout.offset[field] : 0;
}

uint64_t AddressOf(const std::optional<ElfSymbol>& symbol) { return symbol ? symbol->address : 0; }

void FillAddresses(const Runtime& runtime, const Symbols& symbols, InterpreterImage& image) {
  py_image& a = image.addresses;
  a.runtime = runtime.address;
  if (image.version.minor == 6) {
    a.interp_head = AddressOf(symbols[kInterpHead36]);
    a.tss_key = AddressOf(symbols[kTlsKey36]);
    a.tstate_current = AddressOf(symbols[kTstateCurrent36]);
    return;
  }
  a.interp_head = FieldAddress(runtime.address, image.layout, PY_RUNTIME_INTERP_HEAD);
  a.tss_key = FieldAddress(runtime.address, image.layout, PY_RUNTIME_TSS_KEY);
  a.tstate_current = FieldAddress(runtime.address, image.layout, PY_RUNTIME_TSTATE_CURRENT);
}

bool IsEvalLoop(absl::string_view name) {
  // Compilers append .cold, .part.N, .constprop.N; 3.14+ may have one function per instruction.
  if (absl::StartsWith(name, "_TAIL_CALL_")) return true;
  return absl::StartsWith(name, kEvalFunction) &&
         (name.size() == kEvalFunction.size() || name[kEvalFunction.size()] == '.');
}

std::vector<AddressRange> FindEvalLoop(const ElfFile& elf) {
  std::vector<AddressRange> ranges;
  elf.ForEachSymbol([&](const ElfSymbol& symbol) {
    if (symbol.is_function && symbol.size > 0 && IsEvalLoop(symbol.name) &&
        symbol.address + symbol.size > symbol.address) {
      ranges.push_back({symbol.address, symbol.address + symbol.size});
    }
    return ranges.size() < kMaxEvalRanges;
  });
  std::sort(ranges.begin(), ranges.end(),
            [](const AddressRange& a, const AddressRange& b) { return a.start < b.start; });
  std::vector<AddressRange> merged;  // .dynsym and .symtab name the same function
  for (const AddressRange& range : ranges) {
    if (!merged.empty() && range.start <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, range.end);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

// The import of _frozen_importlib is the first Python code of every interpreter, whoever starts
// it, and goes through these once; the wrapper can be inlined into its caller.
std::vector<uint64_t> StartFunctions(const Symbols& symbols) {
  std::vector<uint64_t> addresses;
  for (const SymbolIndex index : {kImportFrozen, kImportFrozenObject}) {
    if (symbols[index] && symbols[index]->is_function) addresses.push_back(symbols[index]->address);
  }
  return addresses;
}

// A string that _PyRuntime holds in every version with debug offsets shows whether we read strings
// rightly, of which the table says little.
absl::Status CheckStrings(const ElfFile& elf, const Runtime& runtime,
                          const InterpreterImage& image) {
  const uint64_t bytes = std::min(runtime.bytes, kMaxRuntimeBytes);
  const StringProbe probe = ProbeStaticString(ReadUpTo(elf, runtime.address, bytes), image.layout);
  if (probe == StringProbe::kProven ||
      (probe == StringProbe::kNotFound && image.version.minor <= kLastKnownMinor)) {
    return absl::OkStatus();
  }
  return Unsupported(image.version.ToString(), "the layout of its strings is not known");
}

}  // namespace

absl::StatusOr<InterpreterImage> InspectInterpreter(const ElfFile& elf) {
  const Symbols symbols = elf.FindSymbols(SymbolNames());
  const Runtime runtime = FindRuntime(elf, symbols);
  if (runtime.address == 0 && !symbols[kInitializeEx]) {
    return absl::NotFoundError("not a Python interpreter");
  }
  if (symbols[kRuntime] && elf.HasCopyRelocation("_PyRuntime")) {
    return absl::NotFoundError("not a Python interpreter: holds a copy of libpython's runtime");
  }

  InterpreterImage image;
  const std::vector<std::byte> debug_offsets = ReadDebugOffsets(elf, runtime);
  absl::StatusOr<PythonVersion> version = VersionFromDebugOffsets(debug_offsets);
  const bool has_debug_offsets = version.ok();
  if (!has_debug_offsets) version = VersionBeforeDebugOffsets(elf, symbols);
  if (!version.ok()) return version.status();
  image.version = *version;

  absl::StatusOr<py_layout> layout =
      has_debug_offsets ? LayoutFromDebugOffsets(debug_offsets) : LayoutForVersion(image.version);
  if (absl::IsInvalidArgument(layout.status())) {
    return Unsupported(image.version.ToString(), layout.status().message());
  }
  if (!layout.ok()) return layout.status();
  image.layout = *layout;
  if (has_debug_offsets) {
    absl::Status status = CheckStrings(elf, runtime, image);
    if (!status.ok()) return status;
  }

  FillAddresses(runtime, symbols, image);
  image.start_functions = StartFunctions(symbols);
  image.eval_loop = FindEvalLoop(elf);
  return image;
}

}  // namespace profd
