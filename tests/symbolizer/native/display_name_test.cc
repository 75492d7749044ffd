#include "symbolizer/native/display_name.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace profd {
namespace {

TEST(DisplayName, DemanglesCpp) {
  EXPECT_EQ(DisplayName("_ZN7fixture3BoxIlE4OpenEl"), "fixture::Box<long>::Open(long)");
  EXPECT_EQ(DisplayName("_ZNSt6vectorIiSaIiEE9push_backEOi"),
            "std::vector<int, std::allocator<int> >::push_back(int&&)");
}

TEST(DisplayName, LeavesOtherNamesAlone) {
  EXPECT_EQ(DisplayName("_PyEval_EvalFrameDefault"), "_PyEval_EvalFrameDefault");
  EXPECT_EQ(DisplayName("_Z"), "_Z");
  EXPECT_EQ(DisplayName("_Znonsense"), "_Znonsense");
  EXPECT_EQ(DisplayName("i"), "i");  // would demangle as the type "int"
}

TEST(DisplayName, DropsWhatCompilersAppendToClones) {
  EXPECT_EQ(DisplayName("_PyEval_EvalFrameDefault.cold"), "_PyEval_EvalFrameDefault");
}

TEST(DisplayName, StubsKeepTheirMark) {
  EXPECT_EQ(DisplayName("memcpy@plt"), "memcpy@plt");
  EXPECT_EQ(DisplayName("_ZN7fixture3BoxIlE4OpenEl@plt"), "fixture::Box<long>::Open(long)@plt");
}

TEST(DisplayName, DropsTheHashAndEscapesOfRust) {
  EXPECT_EQ(DisplayName("_ZN3std2io5stdio6_print17h0123456789abcdefE"), "std::io::stdio::_print");
  EXPECT_EQ(DisplayName("_ZN56_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$demo..Trait$GT$"
                        "4push17h0123456789abcdefE"),
            "<alloc::vec::Vec<T> as demo::Trait>::push");
  EXPECT_EQ(DisplayName("_ZN4core3fmt5write17h0123456789abcdefE.llvm.42"), "core::fmt::write");
}

// Pitfall 45
TEST(DisplayName, ExponentialManglingIsNotExpanded) {
  std::string mangled = "_Z1f1AIiiE";
  const std::string digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (int i = 0; i < 34; ++i) {  // each component names the one before it twice
    const std::string before = std::string("S") + digits[i] + "_";
    mangled += "S_I" + before + before + "E";
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(DisplayName(mangled), mangled.substr(0, kMaxDisplayNameBytes - 3) + "…");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(DisplayName, LongNamesAreCutAndSaySo) {
  const std::string name = DisplayName(std::string(5000, 'n'));
  EXPECT_EQ(name.size(), kMaxDisplayNameBytes);
  EXPECT_EQ(name.substr(name.size() - 4), "n…");
}

TEST(PrintableUtf8, KeepsWellFormedTextAndReplacesTheRest) {
  EXPECT_EQ(PrintableUtf8("größe 名 😀", 100), "größe 名 😀");
  EXPECT_EQ(PrintableUtf8("a\xff\xc3z", 100), "a??z");
  EXPECT_EQ(PrintableUtf8("\xc0\xaf", 100), "??");       // overlong
  EXPECT_EQ(PrintableUtf8("\xed\xa0\x80", 100), "???");  // surrogate
  EXPECT_EQ(PrintableUtf8("a\x1b[31m\n\x7f", 100), "a?[31m??");
}

TEST(PrintableUtf8, NeverCutsInsideACharacter) {
  EXPECT_EQ(PrintableUtf8("ab名", 4), "ab");
  EXPECT_EQ(PrintableUtf8("ab名", 5), "ab名");
}

}  // namespace
}  // namespace profd
