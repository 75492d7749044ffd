// The page that every HTML file of ours is: markup, style and code, without data.
#ifndef PROFD_USERSPACE_PAGE_PAGE_H_
#define PROFD_USERSPACE_PAGE_PAGE_H_

#include "absl/strings/string_view.h"

namespace profd {

// Where the data goes, and behind the code what need not be read for the first picture. Each
// stands once in the page.
inline constexpr char kPageDataMark[] = "<!--profd:data-->";
inline constexpr char kPageFilesMark[] = "<!--profd:files-->";

absl::string_view PageTemplate();

}  // namespace profd

#endif  // PROFD_USERSPACE_PAGE_PAGE_H_
