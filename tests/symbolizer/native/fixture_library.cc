// A library with one C function named by the build, one C++ function and one hidden function.
#include <cstdint>

namespace fixture {

template <typename T>
class Box {
 public:
  __attribute__((noinline)) int Open(T value);
};

template <typename T>
int Box<T>::Open(T value) {
  return static_cast<int>(value) + 1;
}
template class Box<long>;

__attribute__((noinline)) static int Hidden(int value) { return value * 3; }

}  // namespace fixture

extern "C" int FIXTURE_WORK(int value) { return fixture::Hidden(value) + 1; }

extern "C" uint64_t hidden_address() { return reinterpret_cast<uint64_t>(&fixture::Hidden); }
