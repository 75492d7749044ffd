// The controlling terminal as long as it is ours: ncurses, keys, and signals. Given back as it was
// on every way out: destruction, exit(), a crash, and while the process is stopped.
#ifndef PROFD_USERSPACE_VIEWS_LIVE_TERMINAL_H_
#define PROFD_USERSPACE_VIEWS_LIVE_TERMINAL_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "symbolizer/process/descriptor.h"
#include "userspace/views/key.h"
#include "userspace/views/screen.h"

namespace profd {

// Blocks the signals that LiveTerminal takes, for this thread and those that it starts from here
// on. Call before there are others.
void BlockTerminalSignals();

// One at a time, for one thread.
class LiveTerminal {
 public:
  struct Input {
    std::vector<Key> keys;
    bool redraw = false;         // resized, or continued after a stop
    bool stop = false;           // Ctrl-C, told to end, or the terminal is gone
    int signal = 0;              // that said so
    bool from_terminal = false;  // and everybody else in the foreground has it, too
  };

  // Needs BlockTerminalSignals(). FAILED_PRECONDITION: there is no terminal, or none whose cursor
  // can be moved; the message then has a hint of what to do instead.
  static absl::StatusOr<std::unique_ptr<LiveTerminal>> Open(absl::string_view instead);
  ~LiveTerminal();
  LiveTerminal(const LiveTerminal&) = delete;
  LiveTerminal& operator=(const LiveTerminal&) = delete;

  ScreenSize size() const;
  bool has_colour() const { return has_colour_; }
  void Draw(const Screen& screen);
  // Returns with the first input, or when one of the `others` is readable, at the latest after
  // `timeout`.
  Input Wait(absl::Duration timeout, absl::Span<const int> others = {});

 private:
  LiveTerminal() = default;

  void ChooseInks();
  void ReadSignals(Input* input);
  void ReadKeys(Input* input);
  void Suspend();
  void FollowSize();

  Descriptor input_;  // /dev/tty, where standard input is something else
  Descriptor signals_;
  int input_fd_ = 0;
  bool has_colour_ = false;
  std::vector<unsigned> inks_;  // attributes of ncurses, by Ink
};

// NO_COLOR (no-color.org) is set, or TERM says that there is none to have.
bool ColourIsUnwanted();

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_LIVE_TERMINAL_H_
