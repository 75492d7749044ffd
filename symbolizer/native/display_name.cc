#include "symbolizer/native/display_name.h"

#include <cxxabi.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

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

// Rust's legacy mangling is C++'s with a hash as last component: "17h", 16 hex digits, "E", and
// perhaps a suffix such as ".llvm.123".
// Returns the name without the suffix, which __cxa_demangle does not accept, or nothing.
absl::string_view LegacyRustSymbol(absl::string_view mangled) {
  constexpr size_t kHashBytes = 16;
  constexpr absl::string_view kPrefix = "17h";
  const size_t at = mangled.rfind(kPrefix);
  if (at == absl::string_view::npos) return {};
  const absl::string_view tail = mangled.substr(at + kPrefix.size());
  if (tail.size() <= kHashBytes || tail[kHashBytes] != 'E') return {};
  if (tail.size() > kHashBytes + 1 && tail[kHashBytes + 1] != '.') return {};
  if (!absl::c_all_of(tail.substr(0, kHashBytes), absl::ascii_isxdigit)) return {};
  return mangled.substr(0, at + kPrefix.size() + kHashBytes + 1);
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
  const absl::string_view rust = LegacyRustSymbol(symbol);
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(std::string(rust.empty() ? symbol : rust).c_str(), nullptr, nullptr,
                          &status),
      &std::free);
  if (status != 0 || text == nullptr) return std::string(symbol);
  return rust.empty() ? std::string(text.get()) : PrettyRust(text.get());
}

// Bytes of the well-formed UTF-8 sequence (Unicode 15, table 3-7) that `text` begins with, or 0.
size_t Utf8Sequence(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const uint8_t second = byte(1);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool no_character = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  return overlong || no_character ? 0 : length;
}

}  // namespace

absl::string_view WithoutCloneSuffix(absl::string_view symbol) {
  static constexpr absl::string_view kSuffixes[] = {".isra", ".part", ".constprop", ".cold",
                                                    ".lto_priv"};
  while (true) {
    absl::string_view rest = symbol;
    const size_t digits = rest.find_last_not_of("0123456789");
    if (digits != absl::string_view::npos && rest[digits] == '.') rest = rest.substr(0, digits);
    const auto suffix = absl::c_find_if(
        kSuffixes, [rest](absl::string_view known) { return absl::EndsWith(rest, known); });
    if (suffix == std::end(kSuffixes) || rest.size() == suffix->size()) return symbol;
    symbol = rest.substr(0, rest.size() - suffix->size());
  }
}

std::string PrintableUtf8(absl::string_view text, size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const size_t length = Utf8Sequence(text);
    const bool printable = length > 1 || (length == 1 && !absl::ascii_iscntrl(text[0]));
    const absl::string_view piece = printable ? text.substr(0, length) : "?";
    if (out.size() + piece.size() > max_bytes) break;
    out.append(piece.data(), piece.size());
    text.remove_prefix(length == 0 ? 1 : length);
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
