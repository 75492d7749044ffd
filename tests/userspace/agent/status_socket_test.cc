#include "userspace/agent/status_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace profd {
namespace {

class StatusSocketTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(directory_); }

  const std::string directory_ = testing::TempDir() + "profd-socket-" + std::to_string(getpid());
  const std::string path_ = directory_ + "/deeper/socket";
};

TEST_F(StatusSocketTest, AnswersItsOwnerAlone) {
  auto socket = StatusSocket::Listen(path_);
  ASSERT_TRUE(socket.ok()) << socket.status();
  const std::string text(1 << 20, 'x');
  (*socket)->Publish(text);
  EXPECT_EQ(*QueryStatus(path_), text);
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  socket->reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_TRUE(absl::IsNotFound(QueryStatus(path_).status()));
}

TEST_F(StatusSocketTest, RefusesWhereAnotherListens) {
  auto first = StatusSocket::Listen(path_);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(StatusSocket::Listen(path_).status()));
  (*first)->Publish("still here");
  EXPECT_EQ(*QueryStatus(path_), "still here");
}

TEST_F(StatusSocketTest, ReplacesOneThatNobodyListensAt) {
  std::filesystem::create_directories(directory_ + "/deeper");
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path_.c_str());
  ASSERT_EQ(bind(stale, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(stale);
  EXPECT_TRUE(StatusSocket::Listen(path_).ok());
}

TEST_F(StatusSocketTest, KeepsWhatIsNotASocket) {
  std::filesystem::create_directories(directory_ + "/deeper");
  std::ofstream(path_) << "precious";
  EXPECT_TRUE(absl::IsFailedPrecondition(StatusSocket::Listen(path_).status()));
  EXPECT_EQ(std::filesystem::file_size(path_), 8u);
}

TEST_F(StatusSocketTest, LeavesTheSocketOfASuccessor) {
  auto first = StatusSocket::Listen(path_);
  ASSERT_TRUE(first.ok());
  std::filesystem::remove(path_);
  auto second = StatusSocket::Listen(path_);
  ASSERT_TRUE(second.ok());
  first->reset();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace profd
