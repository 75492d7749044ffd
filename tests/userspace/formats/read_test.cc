#include "userspace/formats/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/userspace/export/temporary_directory.h"
#include "tests/userspace/formats/recordings.h"
#include "userspace/formats/format.h"
#include "userspace/profile/gzip.h"
#include "userspace/profile/pprof.h"

namespace profd {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

int64_t TotalCount(const Recording& recording) {
  int64_t count = 0;
  for (const Profile::Sample& sample : recording.profile.samples()) count += sample.count;
  return count;
}

TEST(ReadTest, PprofHasNoTimes) {
  const auto file = EncodePprof(SmallRecording().profile);
  const auto recording = DecodeRecording(*file);
  ASSERT_TRUE(recording.ok()) << recording.status();
  EXPECT_EQ(TotalCount(*recording), 4);
  EXPECT_TRUE(recording->events.empty());
}

TEST(ReadTest, BareAndCompressedAreTheSame) {
  for (const char* name : {"pprof", "collapsed"}) {
    const auto file = Encode(SmallRecording(), *FormatByName(name), {.gzip = true});
    const auto plain = GzipDecompress(*file, 1 << 24);
    const auto a = DecodeRecording(*file);
    const auto b = DecodeRecording(plain->view());
    ASSERT_TRUE(a.ok() && b.ok()) << name << a.status() << b.status();
    EXPECT_EQ(*EncodePprof(a->profile), *EncodePprof(b->profile)) << name;
  }
}

TEST(ReadTest, ErrorsNameTheFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/x.pb.gz";
  EXPECT_THAT(std::string(ReadRecording(path).status().message()), StartsWith(path + ": "));
  std::ofstream(path) << "\x01\x02 neither this nor that";
  EXPECT_THAT(std::string(ReadRecording(path).status().message()), StartsWith(path + ": "));
  EXPECT_EQ(ReadRecording(path).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(ReadRecording(directory.path()).status().message()),
              HasSubstr("is a directory"));
  std::ofstream(path, std::ios::trunc).flush();
  EXPECT_THAT(std::string(ReadRecording(path).status().message()), HasSubstr("is empty"));
}

TEST(ReadTest, ReadsWhatItWasGiven) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/stacks";
  std::ofstream(path) << "a;b 3\n";
  const auto recording = ReadRecording(path);
  ASSERT_TRUE(recording.ok()) << recording.status();
  EXPECT_EQ(TotalCount(*recording), 3);
}

TEST(ReadTest, LargeFilesAreRefusedNotRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/stacks";
  std::ofstream(path) << std::string(100'000, 'a') << " 1\n";
  EXPECT_EQ(ReadRecording(path, {.max_file_bytes = 1000}).status().code(),
            absl::StatusCode::kResourceExhausted);
  const auto zeros = GzipCompress(std::string(10 << 20, '\0'), 9);
  EXPECT_EQ(DecodeRecording(*zeros, {.max_uncompressed_bytes = 1 << 20}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace profd
