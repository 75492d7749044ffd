#include "userspace/agent/status_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "userspace/collector/clock.h"

namespace profd {
namespace {

constexpr size_t kMaxAnswerBytes = 16 << 20;
constexpr timeval kPatience = {2, 0};                             // of one call
constexpr absl::Duration kLongestAnswer = absl::Seconds(2);       // of all calls together
constexpr absl::Duration kLongestWait = absl::Milliseconds(500);  // for a fresh status
constexpr absl::Duration kPauseAfterError = absl::Milliseconds(100);

absl::StatusOr<sockaddr_un> Address(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("socket path too long: ", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// 0 or an errno.
int Connect(const sockaddr_un& address, Descriptor* connected) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return errno;
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return errno;
  }
  *connected = std::move(socket);
  return 0;
}

// Clears the way for a socket of ours. Nothing but a socket that nobody listens at is removed.
absl::Status RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISSOCK(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " exists and is not a socket\nhint: give --socket another path"));
  }
  Descriptor ignored;
  const int error = Connect(address, &ignored);
  if (error == ECONNREFUSED) {
    if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrCat("removing ", path));
  }
  // EAGAIN: it has more callers than it can answer.
  if (error == 0 || error == EAGAIN) {
    return absl::FailedPreconditionError(
        absl::StrCat("another agent listens at ", path, "\nhint: profd status --socket ", path));
  }
  return absl::ErrnoToStatus(error, absl::StrCat("asking who listens at ", path));
}

void MakeParents(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    mkdir(path.substr(0, slash).c_str(), 0755);  // what is wrong shows when the socket is bound
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<StatusSocket>> StatusSocket::Listen(const std::string& path) {
  auto address = Address(path);
  if (!address.ok()) return address.status();
  MakeParents(path);
  if (absl::Status status = RemoveStale(path, *address); !status.ok()) return status;

  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return absl::ErrnoToStatus(errno, "socket");
  // bind(2) makes the file with the socket's own mode.
  if (fchmod(socket.get(), 0600) != 0) return absl::ErrnoToStatus(errno, "fchmod");
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&*address), sizeof(*address)) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("binding ", path));
  }
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, path);
  if (listen(socket.get(), 16) != 0) return absl::ErrnoToStatus(errno, "listen");
  Descriptor wake(eventfd(0, EFD_CLOEXEC));
  Descriptor asked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid() || !asked.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  return std::unique_ptr<StatusSocket>(
      new StatusSocket(path, info.st_ino, std::move(socket), std::move(wake), std::move(asked)));
}

StatusSocket::StatusSocket(std::string path, ino_t inode, Descriptor socket, Descriptor wake,
                           Descriptor asked)
    : path_(std::move(path)),
      inode_(inode),
      socket_(std::move(socket)),
      wake_(std::move(wake)),
      asked_(std::move(asked)),
      thread_([this] { Serve(); }) {}

StatusSocket::~StatusSocket() {
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof(one));
  {
    std::scoped_lock lock(mutex_);
    waiting_ = false;
  }
  answered_.notify_all();
  thread_.join();
  // Where ours was removed, another agent may listen by now.
  struct stat info;
  if (lstat(path_.c_str(), &info) == 0 && info.st_ino == inode_) unlink(path_.c_str());
}

void StatusSocket::Publish(std::string text) {
  std::scoped_lock lock(mutex_);
  text_ = std::move(text);
  waiting_ = false;
  answered_.notify_all();
  uint64_t times;
  (void)!read(asked_.get(), &times, sizeof(times));
}

bool StatusSocket::Asked() {
  std::scoped_lock lock(mutex_);
  return waiting_;
}

std::string StatusSocket::Ask() {
  std::unique_lock lock(mutex_);
  waiting_ = true;
  const uint64_t one = 1;
  (void)!write(asked_.get(), &one, sizeof(one));
  answered_.wait_for(lock, absl::ToChronoNanoseconds(kLongestWait), [this] { return !waiting_; });
  return text_;
}

void StatusSocket::Serve() {
  while (true) {
    pollfd polled[] = {{wake_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
    if (poll(polled, 2, -1) < 0 && errno != EINTR) return;
    if (polled[0].revents != 0) return;
    Descriptor peer(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.valid()) {
      // Out of descriptors, the connection stays in the queue and poll() never waits.
      absl::SleepFor(kPauseAfterError);
      continue;
    }
    setsockopt(peer.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
    const std::string text = Ask();
    const absl::Duration begin = SteadyNow();
    size_t sent = 0;
    while (sent < text.size() && SteadyNow() - begin < kLongestAnswer) {
      const ssize_t n = send(peer.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += n;
    }
  }
}

absl::StatusOr<std::string> QueryStatus(const std::string& path) {
  auto address = Address(path);
  if (!address.ok()) return address.status();
  Descriptor socket;
  if (const int error = Connect(*address, &socket); error != 0) {
    if (error == ENOENT || error == ECONNREFUSED || error == ENOTSOCK) {
      return absl::NotFoundError(absl::StrCat("no agent listens at ", path));
    }
    return absl::ErrnoToStatus(error, absl::StrCat("connecting to ", path));
  }
  const absl::Duration begin = SteadyNow();
  std::string answer;
  char buffer[65536];
  while (answer.size() < kMaxAnswerBytes) {
    const ssize_t n = recv(socket.get(), buffer, sizeof(buffer), 0);
    if (n == 0 && answer.empty()) {
      return absl::UnavailableError(absl::StrCat("the agent at ", path, " is starting, or ending"));
    }
    if (n == 0) return answer;
    if (n < 0 && errno != EAGAIN) {
      return absl::ErrnoToStatus(errno, absl::StrCat("reading from ", path));
    }
    if (n < 0 || SteadyNow() - begin > kLongestAnswer) {
      return absl::DeadlineExceededError(absl::StrCat("the agent at ", path, " does not answer"));
    }
    answer.append(buffer, n);
  }
  return absl::ResourceExhaustedError("the agent's answer has no end");
}

}  // namespace profd
