#include "userspace/agent/profile_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace profd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ProfileWriterTest : public testing::Test {
 protected:
  ProfileWriterTest() {
    std::filesystem::remove_all(directory_);
    Spool::Options options;
    options.directory = directory_;
    options.keep = absl::Hours(1);
    options.max_bytes = 1 << 20;
    writer_ = std::make_unique<ProfileWriter>(*Spool::Open(options));
  }
  void TearDown() override {
    writer_.reset();
    std::filesystem::remove_all(directory_);
  }
  static FinishedWindow Window() {
    FinishedWindow window;
    window.start = absl::Now();
    window.duration = absl::Seconds(1);
    return window;
  }
  void WriteAndFlush() {
    writer_->Write(Window());
    writer_->Flush();
  }

  const std::string directory_ = testing::TempDir() + "profd-writer-" +
                                 testing::UnitTest::GetInstance()->current_test_info()->name();
  std::unique_ptr<ProfileWriter> writer_;
};

TEST_F(ProfileWriterTest, CountsFailuresAndRecovers) {
  WriteAndFlush();
  EXPECT_EQ(writer_->stats().written, 1u);
  std::filesystem::remove_all(directory_);
  std::ofstream(directory_) << "in the way";
  WriteAndFlush();
  EXPECT_EQ(writer_->stats().failed, 1u);
  EXPECT_THAT(writer_->stats().last_error, HasSubstr(directory_));
  std::filesystem::remove(directory_);
  WriteAndFlush();
  EXPECT_EQ(writer_->stats().written, 2u);
  EXPECT_EQ(writer_->stats().last_error, "");
  EXPECT_TRUE(std::filesystem::exists(writer_->stats().last_path));
}

TEST_F(ProfileWriterTest, WritesWhatIsQueuedBeforeItEnds) {
  for (int i = 0; i < 3; ++i) writer_->Write(Window());
  writer_.reset();
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
    files += entry.path().extension() == ".gz";
  }
  EXPECT_EQ(files, 3);
}

TEST(WindowLineTest, TellsOfSamplesThatFoundNoRoom) {
  FinishedWindow window;
  EXPECT_THAT(WindowLine(window, "/f"), Not(HasSubstr("profile_full")));
  window.accounting.profile_full = 5;
  EXPECT_THAT(WindowLine(window, "/f"), HasSubstr(" profile_full=5 "));
}

TEST(WindowLineTest, QuotesAPathWithSpacesAndNewlines) {
  EXPECT_THAT(WindowLine(FinishedWindow(), "/a b\nlevel=error"),
              HasSubstr(" file=\"/a b\\nlevel=error\""));
}

}  // namespace
}  // namespace profd
