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
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace profd {
namespace {

constexpr size_t kMaxAnswerBytes = 16 << 20;
constexpr timeval kPatience = {2, 0};

absl::StatusOr<sockaddr_un> Address(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("socket path too long: ", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

absl::StatusOr<Descriptor> Connect(const std::string& path) {
  auto address = Address(path);
  if (!address.ok()) return address.status();
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return absl::ErrnoToStatus(errno, "socket");
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  if (connect(socket.get(), reinterpret_cast<sockaddr*>(&*address), sizeof(*address)) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("connecting to ", path));
  }
  return socket;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StatusSocket>> StatusSocket::Listen(const std::string& path) {
  auto address = Address(path);
  if (!address.ok()) return address.status();
  if (Connect(path).ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("another agent listens at ", path, "\nhint: profd status --socket ", path));
  }
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  struct stat info;
  if (lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) unlink(path.c_str());

  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return absl::ErrnoToStatus(errno, "socket");
  const mode_t mask = umask(0177);
  const int error =
      bind(socket.get(), reinterpret_cast<sockaddr*>(&*address), sizeof(*address)) != 0 ? errno : 0;
  umask(mask);
  if (error != 0) return absl::ErrnoToStatus(error, absl::StrCat("binding ", path));
  if (listen(socket.get(), 16) != 0) return absl::ErrnoToStatus(errno, "listen");
  Descriptor wake(eventfd(0, EFD_CLOEXEC));
  if (!wake.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  return std::unique_ptr<StatusSocket>(
      new StatusSocket(path, std::move(socket), std::move(wake)));
}

StatusSocket::StatusSocket(std::string path, Descriptor socket, Descriptor wake)
    : path_(std::move(path)),
      socket_(std::move(socket)),
      wake_(std::move(wake)),
      thread_([this] { Serve(); }) {}

StatusSocket::~StatusSocket() {
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof(one));
  thread_.join();
  unlink(path_.c_str());
}

void StatusSocket::Publish(std::string text) {
  absl::MutexLock lock(&mutex_);
  text_ = std::move(text);
}

void StatusSocket::Serve() {
  while (true) {
    pollfd polled[] = {{wake_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
    if (poll(polled, 2, -1) < 0 && errno != EINTR) return;
    if (polled[0].revents != 0) return;
    Descriptor peer(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.valid()) continue;
    setsockopt(peer.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
    std::string text;
    {
      absl::MutexLock lock(&mutex_);
      text = text_;
    }
    size_t sent = 0;
    while (sent < text.size()) {
      const ssize_t n =
          send(peer.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += n;
    }
  }
}

absl::StatusOr<std::string> QueryStatus(const std::string& path) {
  auto socket = Connect(path);
  if (!socket.ok()) {
    if (absl::IsNotFound(socket.status()) || absl::IsUnavailable(socket.status())) {
      return absl::NotFoundError(absl::StrCat("no agent listens at ", path));
    }
    return socket.status();
  }
  std::string answer;
  char buffer[65536];
  while (answer.size() < kMaxAnswerBytes) {
    const ssize_t n = recv(socket->get(), buffer, sizeof(buffer), 0);
    if (n == 0) return answer;
    if (n < 0) return absl::ErrnoToStatus(errno, absl::StrCat("reading from ", path));
    answer.append(buffer, n);
  }
  return absl::ResourceExhaustedError("the agent's answer has no end");
}

}  // namespace profd
