// Files that somebody forged or a disk damaged. Pitfall 45, Pitfall 47
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "proto/profile.pb.h"
#include "tests/userspace/profile/stacks.h"
#include "userspace/profile/gzip.h"
#include "userspace/profile/pprof.h"

namespace profd {
namespace {

namespace pb = ::perftools::profiles;

std::string GoodFile() {
  Profile profile;
  for (const Stack& stack : ServiceStacks(50)) {
    profile.Add(profile.InternStack(stack), Labels{1, 2, "comm", "thread", "3.11", "c"}, 1, 10);
  }
  profile.AddComment("profd.lost{reason=\"x\"} 1");
  return *EncodePprof(profile);
}

std::string RawGoodFile() {
  const auto raw = GzipDecompress(GoodFile(), 1 << 30);
  return std::string(raw->view());
}

// A CPU profile of one sample with one frame, ready to be spoiled.
pb::Profile Small() {
  pb::Profile p;
  for (const char* text : {"", "cpu", "nanoseconds", "f"}) p.add_string_table(text);
  p.add_sample_type()->set_type(1);
  p.mutable_sample_type(0)->set_unit(2);
  pb::Function* const function = p.add_function();
  function->set_id(1);
  function->set_name(3);
  pb::Location* const location = p.add_location();
  location->set_id(1);
  location->add_line()->set_function_id(1);
  pb::Sample* const sample = p.add_sample();
  sample->add_location_id(1);
  sample->add_value(10);
  return p;
}

absl::StatusCode CodeOf(absl::string_view bytes, const DecodeOptions& options = {}) {
  return DecodePprof(bytes, options).status().code();
}

// Half an hour, if the label and the comments were looked through at each reference.
TEST(PprofHostileTest, ManySamplesAndCommentsOfOneLongTextAreRead) {
  pb::Profile p = Small();
  p.add_string_table("comm");
  p.add_string_table(std::string(9000, '\xff'));
  pb::Label* const label = p.mutable_sample(0)->add_label();
  label->set_key(4);
  label->set_str(5);
  const pb::Sample sample = p.sample(0);
  for (int i = 0; i < 1'000'000; ++i) *p.add_sample() = sample;
  for (int i = 0; i < 1'000'000; ++i) p.add_comment(5);
  const auto profile = DecodePprof(*GzipCompress(p.SerializeAsString(), 1));
  ASSERT_TRUE(profile.ok()) << profile.status();
  ASSERT_EQ(profile->samples().size(), 1u);
  EXPECT_EQ(profile->samples()[0].cpu_ns, 10'000'010);
  EXPECT_GT(profile->comments_dropped(), 0);
}

TEST(PprofHostileTest, ManyReferencesToALongLabelAreNotCopied) {
  pb::Profile p = Small();
  p.add_string_table("comm");
  p.add_string_table(std::string(1 << 20, 'x'));
  // 150 GiB, if each were copied.
  for (int i = 0; i < 150'000; ++i) {
    pb::Label* const label = p.mutable_sample(0)->add_label();
    label->set_key(4);
    label->set_str(5);
  }
  const auto profile = DecodePprof(p.SerializeAsString());
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_LE(profile->labels(profile->samples()[0].labels).comm.size(), 8192u);
}

TEST(PprofHostileTest, GarbageIsRefused) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random() % 300, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_FALSE(DecodePprof(bytes).ok());
    EXPECT_FALSE(DecodePprof("\x1f\x8b" + bytes).ok());
  }
}

TEST(PprofHostileTest, TruncatedFilesAreRefused) {
  const std::string good = GoodFile();
  for (size_t size = 0; size < good.size(); size += 13) {
    ASSERT_FALSE(DecodePprof(good.substr(0, size)).ok()) << size << " of " << good.size();
  }
}

TEST(PprofHostileTest, FlippedBitsOfTheBodyAreNoticed) {
  const std::string good = GoodFile();
  const std::string raw = RawGoodFile();
  // The ten bytes of the head carry nothing that is checked; nor do the bits that fill up the last
  // byte before the trailer.
  for (size_t bit = 10 * 8; bit < good.size() * 8; bit += 29) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto read = GzipDecompress(bad, 1 << 30);
    ASSERT_TRUE(!read.ok() || read->view() == raw) << "bit " << bit;
  }
}

// Without gzip's checksum: whatever the bytes say, an answer comes and memory is not overrun.
TEST(PprofHostileTest, DamagedMessagesDoNoHarm) {
  const std::string good = RawGoodFile();
  ASSERT_TRUE(DecodePprof(good).ok());
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::string bad = good;
    for (unsigned n = 1 + random() % 4; n > 0; --n)
      bad[random() % bad.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bad.resize(random() % bad.size());
    refused += DecodePprof(bad).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 500);
}

TEST(PprofHostileTest, TheUnspoiledSmallProfileIsRead) {
  const auto p = DecodePprof(Small().SerializeAsString());
  ASSERT_TRUE(p.ok()) << p.status();
  EXPECT_EQ(p->samples()[0].cpu_ns, 10);
}

struct Spoiled {
  const char* name;
  std::function<void(pb::Profile*)> spoil;
};

class PprofSpoiledTest : public ::testing::TestWithParam<Spoiled> {};

TEST_P(PprofSpoiledTest, IsRefused) {
  pb::Profile p = Small();
  GetParam().spoil(&p);
  EXPECT_EQ(CodeOf(p.SerializeAsString()), absl::StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    All, PprofSpoiledTest,
    ::testing::Values(
        Spoiled{"StringZero", [](auto* p) { p->set_string_table(0, "x"); }},
        Spoiled{"NoStrings", [](auto* p) { p->clear_string_table(); }},
        Spoiled{"StringIndex", [](auto* p) { p->mutable_function(0)->set_name(4); }},
        Spoiled{"NegativeIndex", [](auto* p) { p->mutable_function(0)->set_name(-1); }},
        Spoiled{"NoFunction",
                [](auto* p) { p->mutable_location(0)->mutable_line(0)->set_function_id(9); }},
        Spoiled{"FunctionZero", [](auto* p) { p->mutable_function(0)->set_id(0); }},
        Spoiled{"FunctionTwice", [](auto* p) { *p->add_function() = p->function(0); }},
        Spoiled{"NoMapping", [](auto* p) { p->mutable_location(0)->set_mapping_id(3); }},
        Spoiled{"MappingTwice",
                [](auto* p) {
                  p->add_mapping()->set_id(1);
                  p->add_mapping()->set_id(1);
                }},
        Spoiled{"LocationZero", [](auto* p) { p->mutable_location(0)->set_id(0); }},
        Spoiled{"LocationTwice", [](auto* p) { *p->add_location() = p->location(0); }},
        Spoiled{"NoLocation", [](auto* p) { p->mutable_sample(0)->add_location_id(2); }},
        Spoiled{"TooManyValues", [](auto* p) { p->mutable_sample(0)->add_value(1); }},
        Spoiled{"NoValue", [](auto* p) { p->mutable_sample(0)->clear_value(); }},
        Spoiled{"NegativeWeight", [](auto* p) { p->mutable_sample(0)->set_value(0, -1); }},
        Spoiled{"LabelKey", [](auto* p) { p->mutable_sample(0)->add_label()->set_key(99); }},
        Spoiled{"Comment", [](auto* p) { p->add_comment(99); }},
        Spoiled{"NotCpu", [](auto* p) { p->mutable_sample_type(0)->set_type(3); }},
        Spoiled{"HundredTypes",
                [](auto* p) {
                  for (int i = 0; i < 100; ++i) p->add_sample_type();
                }}),
    [](const auto& param) { return param.param.name; });

TEST(PprofHostileTest, ABombEndsAtTheLimit) {
  const std::string bomb = *GzipCompress(std::string(64 << 20, '\0'), 9);
  ASSERT_LT(bomb.size(), 100'000u);
  EXPECT_EQ(CodeOf(bomb, {.max_uncompressed_bytes = 1 << 20}),
            absl::StatusCode::kResourceExhausted);
  // The size in the trailer is only a claim.
  std::string liar = bomb;
  liar.replace(liar.size() - 4, 4, std::string("\x10\0\0\0", 4));
  EXPECT_FALSE(DecodePprof(liar, {.max_uncompressed_bytes = 1 << 20}).ok());
}

TEST(PprofHostileTest, ALimitThatIsJustMetIsNoError) {
  const size_t size = RawGoodFile().size();
  EXPECT_TRUE(DecodePprof(GoodFile(), {.max_uncompressed_bytes = size}).ok());
  EXPECT_EQ(CodeOf(GoodFile(), {.max_uncompressed_bytes = size - 1}),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOf(RawGoodFile(), {.max_uncompressed_bytes = size - 1}),
            absl::StatusCode::kResourceExhausted);
}

TEST(PprofHostileTest, ManyEmptyEntriesEndAtTheLimit) {
  std::string bytes;
  for (int i = 0; i < 2000; ++i) bytes += std::string("\x32\0", 2);  // string_table: ""
  EXPECT_EQ(CodeOf(bytes, {.max_entries = 1000}), absl::StatusCode::kResourceExhausted);
}

TEST(PprofHostileTest, FewBytesCannotStandForManyFrames) {
  pb::Profile p = Small();
  for (int i = 0; i < 1000; ++i) p.mutable_location(0)->add_line()->set_function_id(1);
  for (int i = 0; i < 1000; ++i) *p.add_sample() = p.sample(0);
  EXPECT_EQ(CodeOf(p.SerializeAsString(), {.max_frames = 100'000}),
            absl::StatusCode::kResourceExhausted);
}

TEST(PprofHostileTest, OneFunctionInManyMappingsCannotMultiplyItsName) {
  pb::Profile p = Small();
  p.set_string_table(3, std::string(100'000, 'f'));
  for (uint64_t id = 2; id < 1000; ++id) {
    p.add_mapping()->set_id(id);
    *p.add_location() = p.location(0);
    p.mutable_location(p.location_size() - 1)->set_id(id);
    p.mutable_location(p.location_size() - 1)->set_mapping_id(id);
  }
  DecodeOptions options;
  options.limits.function_bytes = 1 << 20;
  EXPECT_EQ(CodeOf(p.SerializeAsString(), options), absl::StatusCode::kResourceExhausted);
}

TEST(PprofHostileTest, HugeEntriesAreRefused) {
  pb::Profile p = Small();
  p.set_string_table(3, std::string(3 << 20, 'f'));
  EXPECT_EQ(CodeOf(p.SerializeAsString()), absl::StatusCode::kResourceExhausted);
}

TEST(PprofHostileTest, FramesBeyondTheLimitAreCutAndCounted) {
  pb::Profile p = Small();
  for (int i = 0; i < 100; ++i) p.mutable_sample(0)->add_location_id(1);
  DecodeOptions options;
  options.limits.stack_frames = 10;
  const auto decoded = DecodePprof(p.SerializeAsString(), options);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->stack(decoded->samples()[0].stack).size(), 10u);
  EXPECT_EQ(decoded->cut_stacks(), 1);
}

TEST(PprofHostileTest, InlinedAndUnsymbolizedFramesOfOtherWritersAreKept) {
  pb::Profile p = Small();
  p.mutable_location(0)->add_line()->set_function_id(1);
  pb::Location* const bare = p.add_location();
  bare->set_id(77);
  bare->set_address(0x4010);
  p.mutable_sample(0)->add_location_id(77);
  const auto decoded = DecodePprof(p.SerializeAsString());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  std::vector<std::string> names;
  for (const uint32_t id : decoded->stack(decoded->samples()[0].stack)) {
    names.push_back(decoded->functions()[decoded->locations()[id].function]->name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"f", "f", "0x4010"}));
}

TEST(PprofHostileTest, SeveralGzipMembersAreOneFile) {
  const std::string raw = RawGoodFile();
  const std::string two = *GzipCompress(raw.substr(0, 100), 6) + *GzipCompress(raw.substr(100), 6);
  EXPECT_TRUE(DecodePprof(two).ok());
}

}  // namespace
}  // namespace profd
