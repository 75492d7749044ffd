// What a search finds: the one syntax of all views.
#ifndef PROFD_USERSPACE_VIEWS_MATCHER_H_
#define PROFD_USERSPACE_VIEWS_MATCHER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "symbolizer/frame.h"

namespace re2 {
class RE2;
}

namespace profd {

// Parts of a function's name or file; any case unless a capital is typed. Or /regex/ (RE2's),
// file.py:42 (that line; the path may begin anywhere behind a slash), lib:numpy (a package).
class Matcher {
 public:
  // INVALID_ARGUMENT says what is wrong with the regular expression. Empty text matches nothing.
  static absl::StatusOr<Matcher> Create(absl::string_view text);

  bool Matches(const Function& function, int line) const;

 private:
  bool Holds(absl::string_view text) const;

  std::string text_;
  bool any_case_ = false;
  bool package_ = false;
  int line_ = 0;
  std::shared_ptr<const re2::RE2> regex_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_MATCHER_H_
