#ifndef PROFD_USERSPACE_VIEWS_KEY_H_
#define PROFD_USERSPACE_VIEWS_KEY_H_

#include <cstdint>

namespace profd {

struct Key {
  enum Code : uint8_t {
    kCharacter,
    kUp,
    kDown,
    kLeft,
    kRight,
    kPageUp,
    kPageDown,
    kHome,
    kEnd,
    kEnter,
    kEscape,
    kBackspace,
  };

  constexpr Key(Code code) : code(code) {}  // NOLINT: a key is a code
  constexpr Key(char32_t character) : code(kCharacter), character(character) {}  // NOLINT: or this

  bool Is(char32_t c) const { return code == kCharacter && character == c; }
  friend bool operator==(const Key&, const Key&) = default;

  Code code;
  char32_t character = 0;  // of kCharacter
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_KEY_H_
