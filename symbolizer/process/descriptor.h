// An owned file descriptor.
#ifndef PROFD_SYMBOLIZER_PROCESS_DESCRIPTOR_H_
#define PROFD_SYMBOLIZER_PROCESS_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace profd {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  ~Descriptor() { Reset(-1); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // Gives the descriptor up to the caller, who closes it.
  int Release() { return std::exchange(fd_, -1); }

 private:
  void Reset(int fd) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

  int fd_ = -1;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_DESCRIPTOR_H_
