#include "userspace/record/command_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>

namespace profd {
namespace {

class CommandOutputTest : public testing::Test {
 protected:
  void SetUp() override {
    auto output = CommandOutput::Create();
    ASSERT_TRUE(output.ok()) << output.status();
    output_ = *std::move(output);
  }

  // As the command would, in pieces that the pipe holds, each taken off.
  void Print(const std::string& text) {
    for (size_t at = 0; at < text.size(); at += 4096) {
      const std::string piece = text.substr(at, 4096);
      ASSERT_EQ(write(output_->write_end(), piece.data(), piece.size()),
                static_cast<ssize_t>(piece.size()));
      output_->Read();
    }
  }

  std::unique_ptr<CommandOutput> output_;
};

TEST_F(CommandOutputTest, GivesWhatWasPrintedOnce) {
  Print("one\ntwo");
  EXPECT_EQ(output_->Take(), "one\ntwo");
  EXPECT_EQ(output_->Take(), "");
  Print("three");
  EXPECT_EQ(output_->Take(), "three");
  EXPECT_EQ(output_->dropped(), 0u);
}

TEST_F(CommandOutputTest, KeepsTheLastLinesAndCountsWhatItDrops) {
  std::string all;
  for (int i = 0; all.size() < 5 * CommandOutput::kMaxKept; ++i) {
    all += "line " + std::to_string(i) + "\n";
  }
  Print(all);
  const std::string kept = output_->Take();
  EXPECT_LE(kept.size(), CommandOutput::kMaxKept);
  EXPECT_GT(kept.size(), CommandOutput::kMaxKept - 100);
  EXPECT_THAT(kept, testing::StartsWith("line "));
  EXPECT_THAT(all, testing::EndsWith(kept));
  EXPECT_EQ(output_->dropped() + kept.size(), all.size());
  Print("after\n");
  EXPECT_EQ(output_->Take(), "after\n");
}

TEST_F(CommandOutputTest, ALineWithoutEndIsKept) {
  Print(std::string(3 * CommandOutput::kMaxKept, 'x'));
  EXPECT_EQ(output_->Take(), std::string(CommandOutput::kMaxKept, 'x'));
}

TEST_F(CommandOutputTest, DoesNotWait) {
  output_->Read();
  EXPECT_EQ(output_->Take(), "");
  EXPECT_GE(output_->descriptor(), 0);
}

TEST_F(CommandOutputTest, NothingIsReadableOnceNobodyWrites) {
  Print("last");
  output_->CloseWriteEnd();
  output_->Read();
  EXPECT_EQ(output_->descriptor(), -1);  // as poll(2) wants it, not readable for ever
  EXPECT_EQ(output_->Take(), "last");
}

}  // namespace
}  // namespace profd
