// What `profd top --once` prints.
#ifndef PROFD_USERSPACE_VIEWS_TOP_TEXT_H_
#define PROFD_USERSPACE_VIEWS_TOP_TEXT_H_

#include <string>

#include "userspace/views/top_view.h"

namespace profd {

// The header and every row, names uncut but for what ToCells does.
std::string TopText(const TopView& view);
// The same as one JSON document, bytes that are not UTF-8 replaced.
std::string TopJson(const TopView& view);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_TOP_TEXT_H_
