#include "userspace/views/live_terminal.h"

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "userspace/views/terminfo.h"

namespace profd {
namespace {

constexpr int kEscapeDelayMs = 25;
constexpr int kMaxKeysAtOnce = 1024;
constexpr int kCrashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

// For Restore, which may call nothing but system calls.
termios original_modes;
int modes_fd = -1;
char leave_sequence[256];
size_t leave_bytes = 0;
volatile sig_atomic_t is_open = 0;

void Restore() {
  if (!is_open) return;
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, leave_sequence, leave_bytes);
  tcsetattr(modes_fd, TCSANOW, &original_modes);
}

void RestoreOnCrash(int signal) {
  Restore();
  raise(signal);  // SA_RESETHAND: now as it would have been
}

void RestoreOnExit() {
  if (is_open) endwin();
  is_open = 0;
}

void RememberHowToLeave(const std::string& sequence) {
  leave_bytes = std::min(sequence.size(), sizeof(leave_sequence));
  memcpy(leave_sequence, sequence.data(), leave_bytes);
}

void CatchCrashes() {
  struct sigaction action = {};
  action.sa_handler = RestoreOnCrash;
  action.sa_flags = SA_RESETHAND | SA_NODEFER;
  for (int signal : kCrashes) {
    struct sigaction before = {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_DFL) sigaction(signal, &action, nullptr);
  }
}

// ncurses ignores SIGTSTP while it draws, which drops one that waits for us, unless it finds a
// handler (ncurses' lib_tstp.c). Never run: the signal is blocked.
void KeepStopSignal() {
  struct sigaction action = {};
  sigaction(SIGTSTP, nullptr, &action);
  if (action.sa_handler != SIG_DFL) return;
  action.sa_handler = [](int) {};
  sigaction(SIGTSTP, &action, nullptr);
}

sigset_t TerminalSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGQUIT, SIGTSTP, SIGWINCH}) sigaddset(&set, signal);
  // nohup(1) ignores it: once blocked it would be delivered to us all the same.
  struct sigaction hangup = {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  return set;
}

Key FromCurses(wint_t code, bool* known) {
  *known = true;
  switch (code) {
    case KEY_UP:
      return Key::kUp;
    case KEY_DOWN:
      return Key::kDown;
    case KEY_LEFT:
      return Key::kLeft;
    case KEY_RIGHT:
      return Key::kRight;
    case KEY_PPAGE:
      return Key::kPageUp;
    case KEY_NPAGE:
      return Key::kPageDown;
    case KEY_HOME:
      return Key::kHome;
    case KEY_END:
      return Key::kEnd;
    case KEY_ENTER:
      return Key::kEnter;
    case KEY_BACKSPACE:
      return Key::kBackspace;
  }
  *known = false;
  return Key::kEscape;
}

Key FromCharacter(wint_t c) {
  switch (c) {
    case '\r':
    case '\n':
      return Key::kEnter;
    case 27:
      return Key::kEscape;
    case 8:
    case 127:
      return Key::kBackspace;
  }
  return static_cast<char32_t>(c);
}

absl::Status NoTerminal(absl::string_view what, absl::string_view instead) {
  return absl::FailedPreconditionError(absl::StrCat(what, "\nhint: ", instead));
}

}  // namespace

void BlockTerminalSignals() {
  const sigset_t signals = TerminalSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

bool ColourIsUnwanted() {
  const char* no_color = getenv("NO_COLOR");
  const char* term = getenv("TERM");
  return (no_color != nullptr && *no_color != '\0') ||
         (term != nullptr && strcmp(term, "dumb") == 0);
}

absl::StatusOr<std::unique_ptr<LiveTerminal>> LiveTerminal::Open(absl::string_view instead) {
  std::unique_ptr<LiveTerminal> terminal(new LiveTerminal);
  if (!isatty(STDOUT_FILENO)) return NoTerminal("standard output is not a terminal", instead);
  FILE* input = stdin;
  if (!isatty(STDIN_FILENO)) {
    terminal->input_ = Descriptor(open("/dev/tty", O_RDWR | O_CLOEXEC));
    if (!terminal->input_.valid())
      return NoTerminal("there is no terminal to read keys from", instead);
    terminal->input_fd_ = terminal->input_.get();
    input = fdopen(dup(terminal->input_fd_), "r");
    if (input == nullptr) return absl::ErrnoToStatus(errno, "/dev/tty");
  }
  const sigset_t signals = TerminalSignals();
  terminal->signals_ = Descriptor(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!terminal->signals_.valid()) return absl::ErrnoToStatus(errno, "signalfd");

  modes_fd = terminal->input_fd_;
  if (tcgetattr(modes_fd, &original_modes) != 0) return absl::ErrnoToStatus(errno, "tcgetattr");
  const std::optional<std::string> leave = LeaveSequence(STDOUT_FILENO);
  if (!leave.has_value()) {
    const char* term = getenv("TERM");
    return NoTerminal(
        absl::StrCat("the cursor of TERM=", term == nullptr ? "" : term, " cannot be moved"),
        absl::StrCat("TERM=xterm, or ", instead));
  }
  RememberHowToLeave(*leave);
  KeepStopSignal();
  signal(SIGPIPE, SIG_IGN);
  if (newterm(nullptr, stdout, input) == nullptr)
    return NoTerminal("ncurses cannot use it", instead);
  [[maybe_unused]] static const int registered = atexit(RestoreOnExit) + at_quick_exit(Restore);
  is_open = 1;
  CatchCrashes();
  cbreak();
  noecho();
  nonl();  // Enter is '\r'
  set_escdelay(kEscapeDelayMs);
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  leaveok(stdscr, TRUE);
  curs_set(0);
  terminal->ChooseInks();
  return terminal;
}

LiveTerminal::~LiveTerminal() { RestoreOnExit(); }

void LiveTerminal::ChooseInks() {
  has_colour_ = !ColourIsUnwanted() && has_colors() && start_color() == OK &&
                use_default_colors() == OK && COLORS >= 8;
  inks_.assign(kInks, A_NORMAL);
  auto set = [this](Ink ink, attr_t attributes) { inks_[static_cast<int>(ink)] = attributes; };
  set(Ink::kDim, A_DIM);
  set(Ink::kStrong, A_BOLD);
  set(Ink::kWarning, A_BOLD);
  if (!has_colour_) return;
  auto set_colour = [&](Ink ink, short colour, attr_t attributes) {
    const auto pair = static_cast<short>(static_cast<int>(ink) + 1);
    init_pair(pair, colour, -1);
    set(ink, static_cast<attr_t>(COLOR_PAIR(pair)) | attributes);
  };
  set_colour(Ink::kWarning, COLOR_RED, A_BOLD);
  set_colour(Ink::kUp, COLOR_YELLOW, A_NORMAL);
  set_colour(Ink::kDown, COLOR_CYAN, A_NORMAL);
  set_colour(Ink::kLibrary, COLOR_CYAN, A_NORMAL);
  set_colour(Ink::kStdlib, COLOR_BLUE, A_NORMAL);
  set_colour(Ink::kNative, COLOR_YELLOW, A_NORMAL);
  set_colour(Ink::kKernel, COLOR_RED, A_NORMAL);
  set_colour(Ink::kWaiting, COLOR_MAGENTA, A_NORMAL);
  set_colour(Ink::kMarker, COLOR_RED, A_NORMAL);
  set_colour(Ink::kOwn, COLOR_GREEN, A_NORMAL);
}

ScreenSize LiveTerminal::size() const {
  return {std::max(getmaxx(stdscr), 1), std::max(getmaxy(stdscr), 1)};
}

void LiveTerminal::Draw(const Screen& screen) {
  werase(stdscr);
  const ScreenSize size = this->size();
  for (int row = 0; row < std::min<int>(size.rows, screen.size()); ++row) {
    wmove(stdscr, row, 0);
    for (const Span& span : screen[row].spans()) {
      wattrset(stdscr, static_cast<int>(inks_[static_cast<int>(span.ink)] |
                                        (span.reverse ? A_REVERSE : A_NORMAL)));
      waddstr(stdscr, span.text.c_str());
    }
  }
  wattrset(stdscr, A_NORMAL);
  wrefresh(stdscr);
}

LiveTerminal::Input LiveTerminal::Wait(absl::Duration timeout, absl::Span<const int> others) {
  Input input;
  std::vector<pollfd> polled = {{input_fd_, POLLIN, 0}, {signals_.get(), POLLIN, 0}};
  for (int other : others) polled.push_back({other, POLLIN, 0});
  const timespec time = absl::ToTimespec(std::max(timeout, absl::ZeroDuration()));
  if (ppoll(polled.data(), polled.size(), &time, nullptr) <= 0) return input;
  if (polled[1].revents != 0) ReadSignals(&input);
  if (polled[0].revents & POLLIN) ReadKeys(&input);
  // Nothing to read from what is readable: the end of it.
  const bool is_gone = (polled[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
  input.stop |= is_gone;
  return input;
}

void LiveTerminal::ReadSignals(Input* input) {
  signalfd_siginfo signal;
  while (read(signals_.get(), &signal, sizeof(signal)) == sizeof(signal)) {
    if (signal.ssi_signo == SIGWINCH) {
      FollowSize();
      input->redraw = true;
    } else if (signal.ssi_signo == SIGTSTP) {
      Suspend();
      input->redraw = true;
    } else {
      input->stop = true;
      input->signal = static_cast<int>(signal.ssi_signo);
      input->from_terminal = signal.ssi_code == SI_KERNEL;
    }
  }
}

void LiveTerminal::ReadKeys(Input* input) {
  errno = 0;
  for (int i = 0; i < kMaxKeysAtOnce; ++i) {
    wint_t code = 0;
    const int kind = wget_wch(stdscr, &code);
    if (kind == ERR) {
      if (i == 0) input->stop |= errno != EAGAIN && errno != EINTR && errno != 0;
      return;
    }
    if (kind == KEY_CODE_YES) {
      bool known = false;
      const Key key = FromCurses(code, &known);
      if (known) input->keys.push_back(key);
    } else {
      input->keys.push_back(FromCharacter(code));
    }
  }
}

void LiveTerminal::Suspend() {
  endwin();
  is_open = 0;
  kill(getpid(), SIGSTOP);
  // Continued. The shell may have changed its modes, and the window its size.
  is_open = 1;
  FollowSize();
  wrefresh(stdscr);
  clearok(curscr, TRUE);
}

void LiveTerminal::FollowSize() {
  winsize window = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row == 0) return;
  if (window.ws_row != getmaxy(stdscr) || window.ws_col != getmaxx(stdscr)) {
    resizeterm(window.ws_row, window.ws_col);
  }
}

}  // namespace profd
