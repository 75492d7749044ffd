#include "symbolizer/text/clone_suffix.h"

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"

namespace profd {

absl::string_view WithoutCloneSuffix(absl::string_view name) {
  static constexpr absl::string_view kSuffixes[] = {".isra", ".part",     ".constprop",
                                                    ".cold", ".lto_priv", ".llvm"};
  while (true) {
    absl::string_view rest = name;
    const size_t digits = rest.find_last_not_of("0123456789");
    if (digits != absl::string_view::npos && rest[digits] == '.') rest = rest.substr(0, digits);
    const auto suffix = absl::c_find_if(
        kSuffixes, [rest](absl::string_view known) { return absl::EndsWith(rest, known); });
    if (suffix == std::end(kSuffixes) || rest.size() == suffix->size()) return name;
    name = rest.substr(0, rest.size() - suffix->size());
  }
}

}  // namespace profd
