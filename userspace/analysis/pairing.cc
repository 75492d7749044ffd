#include "userspace/analysis/pairing.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "symbolizer/text/clone_suffix.h"
#include "userspace/analysis/frame_class.h"

namespace profd {
namespace {

// "0x7f12ab" becomes "0x*".
std::string WithoutAddresses(absl::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t at = std::min(text.find("0x"), text.size());
    out.append(text.begin(), text.begin() + at);
    text.remove_prefix(at);
    if (text.empty()) break;
    size_t end = 2;
    while (end < text.size() && absl::ascii_isxdigit(text[end])) ++end;
    out += end > 2 ? "0x*" : "0x";
    text.remove_prefix(end);
  }
  return out;
}

// "<ipython-input-3-5a2b>" becomes "<ipython-input-*-*>".
std::string WithoutNumbers(absl::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    bool has_digit = false;
    while (end < text.size() && absl::ascii_isalnum(text[end])) {
      has_digit = has_digit || absl::ascii_isdigit(text[end]);
      ++end;
    }
    if (end == at) {
      out += text[at++];
      continue;
    }
    if (has_digit) {
      out += '*';
    } else {
      out.append(text.begin() + at, text.begin() + end);
    }
    at = end;
  }
  return out;
}

// Releases, build numbers, hashes, dates: digits, perhaps with hexadecimal letters and separators.
bool IsId(absl::string_view part) {
  bool has_digit = false;
  for (size_t i = 0; i < part.size(); ++i) {
    const char c = part[i];
    has_digit = has_digit || absl::ascii_isdigit(c);
    const bool is_prefix = i == 0 && (c == 'v' || c == 'r');
    if (!absl::ascii_isxdigit(c) && c != '.' && c != '-' && c != '_' && !is_prefix) return false;
  }
  return has_digit;
}

std::string OwnFile(absl::string_view file) {
  if (file.substr(0, 1) == "<") return WithoutNumbers(file);
  std::vector<absl::string_view> parts = absl::StrSplit(file, '/');
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    if (IsId(parts[i])) parts[i] = "*";
  }
  return absl::StrJoin(parts, "/");
}

// "libpython3.12.so.1.0" becomes "libpython.so", "_json.cpython-312-x86_64-linux-gnu.so"
// "_json.so".
std::string ObjectName(absl::string_view file) {
  absl::string_view name = file.substr(file.rfind('/') + 1);  // npos + 1 is 0
  const size_t so = name.find(".so");
  const bool is_library = so != absl::string_view::npos;
  name = name.substr(0, so);
  name = name.substr(0, name.find(".cpython-"));
  name = name.substr(0, name.find(".abi3"));
  size_t end = name.size();
  while (end > 1 &&
         (absl::ascii_isdigit(name[end - 1]) || name[end - 1] == '.' || name[end - 1] == '-')) {
    --end;
  }
  return absl::StrCat(name.substr(0, end), is_library ? ".so" : "");
}

}  // namespace

std::string StableName(const Function& function) {
  absl::string_view name = function.name;
  if (function.kind == FrameKind::kNative || function.kind == FrameKind::kKernel) {
    name = WithoutCloneSuffix(name);
  }
  return WithoutAddresses(name);
}

std::string StableFile(const Function& function) {
  switch (Classify(function)) {
    case FrameClass::kOwn:
      return OwnFile(function.file);
    case FrameClass::kLibrary:
    case FrameClass::kStdlib:
      return std::string(WithoutInstallPrefix(function.file));
    case FrameClass::kNative:
      return ObjectName(function.file);
    case FrameClass::kKernel:
    case FrameClass::kWaiting:
    case FrameClass::kMarker:
      break;
  }
  return "";
}

std::string StablePackage(const Function& function) {
  const std::string package = PackageOf(function);
  const bool is_object =
      Classify(function) == FrameClass::kNative && absl::EndsWith(function.file, package);
  return is_object ? StableFile(function) : package;
}

std::string PairingKey(const Function& function) {
  return absl::StrCat(FrameClassName(Classify(function)), "\n", StableFile(function), "\n",
                      StableName(function));
}

}  // namespace profd
