// One line of text that is typed at the foot of a screen.
#ifndef PROFD_USERSPACE_VIEWS_PROMPT_H_
#define PROFD_USERSPACE_VIEWS_PROMPT_H_

#include <string>

#include "userspace/views/key.h"
#include "userspace/views/screen.h"

namespace profd {

class Prompt {
 public:
  enum class Result { kTyping, kDone, kCancelled };

  void Open() {
    is_open_ = true;
    text_.clear();
  }
  bool is_open() const { return is_open_; }
  // UTF-8.
  const std::string& text() const { return text_; }
  // Enter is done, Esc and rubbing out of nothing cancel; both close.
  Result Press(const Key& key);
  Line Render(const std::string& label, int columns) const;

 private:
  bool is_open_ = false;
  std::string text_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_PROMPT_H_
