#include "symbolizer/native/display_name.h"

#include <cxxabi.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "symbolizer/text/clone_suffix.h"
#include "symbolizer/text/utf8.h"

namespace profd {
namespace {

constexpr absl::string_view kEllipsis = "…";
constexpr size_t kMaxMangledBytes = 1024;
constexpr double kMaxDemangledLog2 = 22;  // 4 MiB, for a moment

// Substitutions make a demangled name exponential in its mangled length, and __cxa_demangle has no
// limit. With k references the worst is k/3 components of three references each, thus 3^(k/3)
// copies of the text; each pack expansion multiplies by its elements, fewer than the name's bytes.
bool DemanglesToBoundedSize(absl::string_view mangled) {
  int references = 0;
  int expansions = 0;
  for (size_t i = 0; i + 1 < mangled.size(); ++i) {
    const char c = mangled[i];
    const char next = mangled[i + 1];
    const bool numbered = next == '_' || absl::ascii_isdigit(next);
    if (c == 'S' && (numbered || absl::ascii_isupper(next))) ++references;
    if (c == 'T' && (numbered || next == 'L')) ++references;
    if (next == 'p' && (c == 'D' || c == 's')) ++expansions;
  }
  const double log2_length = std::log2(static_cast<double>(mangled.size()));
  return log2_length * (1 + expansions) + references * (std::log2(3.0) / 3) <= kMaxDemangledLog2;
}

// Rust's legacy mangling is C++'s with a hash as last component: "17h", 16 hex digits, "E".
bool IsLegacyRust(absl::string_view mangled) {
  constexpr size_t kHashBytes = 16;
  if (!absl::ConsumeSuffix(&mangled, "E") || mangled.size() < kHashBytes) return false;
  const absl::string_view hash = mangled.substr(mangled.size() - kHashBytes);
  mangled.remove_suffix(kHashBytes);
  return absl::EndsWith(mangled, "17h") && absl::c_all_of(hash, absl::ascii_isxdigit);
}

// Undoes the escapes of rustc's symbol_names/legacy.rs and drops the hash.
std::string PrettyRust(absl::string_view demangled) {
  demangled = demangled.substr(0, demangled.rfind("::h"));
  // A component that would begin with an escape begins with "_".
  if (absl::StartsWith(demangled, "_$")) demangled.remove_prefix(1);
  const std::string name = absl::StrReplaceAll(demangled, {{"::_$", "::$"}, {"..", "::"}});
  return absl::StrReplaceAll(name, {{"$LT$", "<"},
                                    {"$GT$", ">"},
                                    {"$LP$", "("},
                                    {"$RP$", ")"},
                                    {"$RF$", "&"},
                                    {"$BP$", "*"},
                                    {"$C$", ","},
                                    {"$SP$", "@"},
                                    {"$u20$", " "},
                                    {"$u22$", "\""},
                                    {"$u27$", "'"},
                                    {"$u2b$", "+"},
                                    {"$u3b$", ";"},
                                    {"$u5b$", "["},
                                    {"$u5d$", "]"},
                                    {"$u7b$", "{"},
                                    {"$u7d$", "}"},
                                    {"$u7e$", "~"}});
}

std::string Demangle(absl::string_view symbol) {
  if (!absl::StartsWith(symbol, "_Z") || symbol.size() > kMaxMangledBytes ||
      !DemanglesToBoundedSize(symbol)) {
    return std::string(symbol);
  }
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(std::string(symbol).c_str(), nullptr, nullptr, &status), &std::free);
  if (status != 0 || text == nullptr) return std::string(symbol);
  return IsLegacyRust(symbol) ? PrettyRust(text.get()) : std::string(text.get());
}

}  // namespace

std::string PrintableUtf8(absl::string_view text, size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const size_t bytes = FirstCharacter(text).bytes;
    const bool printable = bytes > 1 || (bytes == 1 && !absl::ascii_iscntrl(text[0]));
    const absl::string_view piece = printable ? text.substr(0, bytes) : "?";
    if (out.size() + piece.size() > max_bytes) break;
    out.append(piece.data(), piece.size());
    text.remove_prefix(std::max<size_t>(bytes, 1));
  }
  return out;
}

std::string DisplayName(absl::string_view symbol) {
  const bool stub = absl::ConsumeSuffix(&symbol, kPltSuffix);
  std::string demangled = Demangle(WithoutCloneSuffix(symbol));
  if (stub) demangled.append(kPltSuffix.data(), kPltSuffix.size());
  std::string name = PrintableUtf8(demangled, kMaxDisplayNameBytes);
  if (demangled.size() <= kMaxDisplayNameBytes) return name;
  name = PrintableUtf8(name, kMaxDisplayNameBytes - kEllipsis.size());
  name.append(kEllipsis.data(), kEllipsis.size());
  return name;
}

}  // namespace profd
