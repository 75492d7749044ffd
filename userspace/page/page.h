// The page that every HTML file of ours is: markup, style and code, without data.
#ifndef PROFD_USERSPACE_PAGE_PAGE_H_
#define PROFD_USERSPACE_PAGE_PAGE_H_

#include "absl/strings/string_view.h"

namespace profd {

// Where the data goes, once in the page and behind the code, which reads it as it arrives.
inline constexpr char kPageDataMark[] = "<!--profd:data-->";

absl::string_view PageTemplate();

}  // namespace profd

#endif  // PROFD_USERSPACE_PAGE_PAGE_H_
