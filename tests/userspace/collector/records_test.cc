#include "userspace/collector/records.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace profd {
namespace {

std::vector<uint64_t> Sample(uint16_t python, uint16_t kernel, size_t frame_bytes) {
  std::vector<uint64_t> record((sizeof(sample_record) + frame_bytes + 7) / 8);
  auto* header = reinterpret_cast<sample_record*>(record.data());
  header->type = RECORD_SAMPLE;
  header->py_frames = python;
  header->kernel_frames = kernel;
  return record;
}

absl::string_view View(const std::vector<uint64_t>& record, size_t bytes) {
  return {reinterpret_cast<const char*>(record.data()), bytes};
}

TEST(RecordsTest, SampleHasItsFrames) {
  auto record = Sample(2, 3, 2 * 24 + 3 * 8);
  const auto sample = ParseSample(View(record, record.size() * 8));
  ASSERT_TRUE(sample.has_value());
  EXPECT_EQ(sample->python.size(), 2u);
  EXPECT_EQ(sample->kernel.size(), 3u);
  EXPECT_EQ(reinterpret_cast<const char*>(sample->kernel.data()),
            reinterpret_cast<const char*>(record.data()) + sizeof(sample_record) + 2 * 24);
}

TEST(RecordsTest, NoPrefixOfASampleIsASample) {
  auto record = Sample(2, 3, 2 * 24 + 3 * 8);
  for (size_t bytes = 0; bytes < record.size() * 8; ++bytes) {
    EXPECT_FALSE(ParseSample(View(record, bytes)).has_value()) << bytes;
  }
}

TEST(RecordsTest, CountsLargerThanTheRecordAreRefused) {
  auto record = Sample(0xffff, 0xffff, 64);
  EXPECT_FALSE(ParseSample(View(record, record.size() * 8)).has_value());
}

TEST(RecordsTest, ShortOnesAreRefused) {
  const std::string zeros(sizeof(code_record), '\0');
  for (size_t bytes = 0; bytes < sizeof(code_record); ++bytes) {
    EXPECT_FALSE(ParseCode(absl::string_view(zeros.data(), bytes)).has_value());
  }
  for (size_t bytes = 0; bytes < sizeof(process_record); ++bytes) {
    EXPECT_FALSE(ParseProcess(absl::string_view(zeros.data(), bytes)).has_value());
  }
  EXPECT_EQ(RecordType("abc"), 0u);
  const stranger_record stranger = {.type = RECORD_PROCESS_UNKNOWN, .tgid = 7, .time_ns = 1};
  const absl::string_view head(reinterpret_cast<const char*>(&stranger), sizeof(stranger));
  EXPECT_FALSE(ParseProcess(head.substr(1)).has_value());
  ASSERT_TRUE(ParseProcess(head).has_value());
  EXPECT_EQ(ParseProcess(head)->tgid, 7u);
  EXPECT_TRUE(ParseCode(zeros).has_value());
}

}  // namespace
}  // namespace profd
