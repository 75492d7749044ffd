#include "userspace/analysis/frame_class.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace profd {
namespace {

enum class Place { kElsewhere, kPackages, kStdlib };

struct Installed {
  Place place = Place::kElsewhere;
  size_t end = 0;  // where the path below that place begins
};

// "python3.12", "python3.13t", "python3"; not "python-utils".
bool IsPythonFolder(absl::string_view part) {
  if (!absl::ConsumePrefix(&part, "python") || part.empty()) return false;
  absl::ConsumeSuffix(&part, "t");
  for (const char c : part) {
    if (!absl::ascii_isdigit(c) && c != '.') return false;
  }
  return !part.empty();
}

bool IsPackagesFolder(absl::string_view part) {
  return part == "site-packages" || part == "dist-packages" || absl::EndsWith(part, ".egg") ||
         absl::EndsWith(part, ".whl");
}

// python312.zip of sys.path, and what freezers (PyInstaller, cx_Freeze) make of it.
bool IsStdlibZip(absl::string_view part) {
  if (part == "base_library.zip") return true;
  if (!absl::ConsumePrefix(&part, "python") || !absl::ConsumeSuffix(&part, ".zip")) return false;
  return !part.empty() && part.find_first_not_of("0123456789") == absl::string_view::npos;
}

// The innermost place counts: a wheel below site-packages, a virtual environment below /usr/lib.
Installed Find(absl::string_view file) {
  Installed found;
  absl::string_view before;
  size_t begin = 0;
  for (size_t slash; (slash = file.find('/', begin)) != absl::string_view::npos;
       begin = slash + 1) {
    const absl::string_view part = file.substr(begin, slash - begin);
    if (IsPackagesFolder(part)) {
      found = {Place::kPackages, slash + 1};
    } else if (found.place != Place::kPackages &&
               (IsStdlibZip(part) ||
                ((before == "lib" || before == "lib64") && IsPythonFolder(part)))) {
      found = {Place::kStdlib, slash + 1};
    }
    before = part;
  }
  return found;
}

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

// "numpy" of "numpy/core/x.py", "numpy.libs/libblas.so" and "numpy.cpython-312-x86_64.so".
std::string TopModule(absl::string_view below) {
  below = below.substr(0, below.find('/'));
  return std::string(below.substr(0, below.find('.')));
}

// Python by its file too: other writers' profiles do not say of what kind a frame is.
bool IsPython(const Function& function) {
  return function.kind == FrameKind::kPython || absl::EndsWith(function.file, ".py");
}

FrameClass ClassifyPython(absl::string_view file) {
  if (absl::StartsWith(file, "<frozen ")) return FrameClass::kStdlib;
  // NumPy's dispatcher of __array_function__ is compiled from a string of that name.
  if (file == "<__array_function__ internals>") return FrameClass::kLibrary;
  switch (Find(file).place) {
    case Place::kPackages:
      return FrameClass::kLibrary;
    case Place::kStdlib:
      return FrameClass::kStdlib;
    case Place::kElsewhere:
      break;
  }
  return FrameClass::kOwn;
}

}  // namespace

FrameClass Classify(const Function& function) {
  switch (function.kind) {
    case FrameKind::kKernel:
      return FrameClass::kKernel;
    case FrameKind::kMarker:
      return FrameClass::kMarker;
    case FrameKind::kWaiting:
      return FrameClass::kWaiting;
    case FrameKind::kPython:
    case FrameKind::kNative:
      break;
  }
  return IsPython(function) ? ClassifyPython(function.file) : FrameClass::kNative;
}

absl::string_view FrameClassName(FrameClass frame_class) {
  switch (frame_class) {
    case FrameClass::kOwn:
      return "own";
    case FrameClass::kLibrary:
      return "library";
    case FrameClass::kStdlib:
      return "stdlib";
    case FrameClass::kNative:
      return "native";
    case FrameClass::kKernel:
      return "kernel";
    case FrameClass::kWaiting:
      return "waiting";
    case FrameClass::kMarker:
      return "marker";
  }
  return "";
}

std::optional<FrameClass> FrameClassOf(absl::string_view name) {
  for (int i = 0; i < kFrameClasses; ++i) {
    if (FrameClassName(static_cast<FrameClass>(i)) == name) return static_cast<FrameClass>(i);
  }
  return std::nullopt;
}

std::string FrameClassNames() {
  std::string names;
  for (int i = 0; i < kFrameClasses; ++i) {
    absl::StrAppend(&names, i > 0 ? ", " : "", FrameClassName(static_cast<FrameClass>(i)));
  }
  return names;
}

std::string PackageOf(const Function& function) {
  const FrameClass frame_class = Classify(function);
  if (frame_class == FrameClass::kLibrary || frame_class == FrameClass::kNative) {
    const Installed at = Find(function.file);
    if (at.place == Place::kPackages)
      return TopModule(absl::string_view(function.file).substr(at.end));
    if (frame_class == FrameClass::kLibrary) return "numpy";
    if (!function.file.empty()) return std::string(BaseName(function.file));
  }
  return absl::StrCat("[", FrameClassName(frame_class), "]");
}

absl::string_view WithoutInstallPrefix(absl::string_view file) {
  return file.substr(Find(file).end);
}

}  // namespace profd
