// A cursor in a list that is shown a page at a time.
#ifndef PROFD_USERSPACE_VIEWS_LIST_CURSOR_H_
#define PROFD_USERSPACE_VIEWS_LIST_CURSOR_H_

#include <algorithm>

#include "userspace/views/key.h"

namespace profd {

struct ListCursor {
  int at = 0;

  void MoveTo(int item, int items) { at = std::clamp(item, 0, std::max(items, 1) - 1); }
  // The first item on the page of `rows` items that holds the cursor.
  int FirstOnPage(int rows) const { return rows > 0 ? at / rows * rows : 0; }

  // jk, arrows, space b, g G. False: another key.
  bool Press(const Key& key, int items, int rows) {
    if (key.code == Key::kUp || key.Is('k')) {
      MoveTo(at - 1, items);
    } else if (key.code == Key::kDown || key.Is('j')) {
      MoveTo(at + 1, items);
    } else if (key.code == Key::kPageUp || key.Is('b')) {
      MoveTo(at - rows, items);
    } else if (key.code == Key::kPageDown || key.Is(' ')) {
      MoveTo(at + rows, items);
    } else if (key.code == Key::kHome || key.Is('g')) {
      MoveTo(0, items);
    } else if (key.code == Key::kEnd || key.Is('G')) {
      MoveTo(items - 1, items);
    } else {
      return false;
    }
    return true;
  }
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_LIST_CURSOR_H_
