// The characters of text that may be anything. Well-formed is what Unicode's table 3-7 says: no
// surrogates, no overlong forms, nothing past U+10FFFF.
#ifndef PROFD_SYMBOLIZER_TEXT_UTF8_H_
#define PROFD_SYMBOLIZER_TEXT_UTF8_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace profd {

struct Utf8Character {
  char32_t code = 0;
  size_t bytes = 0;  // 0: no well-formed character is there
};
Utf8Character FirstCharacter(absl::string_view text);

// U+FFFD for a code that is no character's.
void AppendUtf8(char32_t code, std::string* text);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_TEXT_UTF8_H_
