// A library that calls functions of another one.
#include <cstdlib>
#include <cstring>

// Called and its address taken: where binding is lazy, its stub is in .plt.got.
extern "C" __attribute__((visibility("default"))) void (*const release)(void*) = std::free;

extern "C" size_t copied_length(const char* text) {
  char* copy = strdup(text);
  const size_t length = std::strlen(copy);
  std::free(copy);
  return length;
}
