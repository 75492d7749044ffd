#include "symbolizer/cpython/interpreter_image.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/symbolizer/cpython/interpreters.h"
#include "tests/symbolizer/cpython/live_interpreter.h"

namespace profd {
namespace {

using ::testing::HasSubstr;
using testing::Interpreter;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

absl::StatusOr<InterpreterImage> Inspect(const std::string& path) {
  auto elf = ElfFile::Open(path);
  if (!elf.ok()) return elf.status();
  return InspectInterpreter(**elf);
}

class InstalledInterpreter : public ::testing::TestWithParam<Interpreter> {
 protected:
  void SetUp() override {
    testing::PythonProgram program(GetParam(),
                                   "import sys; print(sys.hexversion, flush=True)\n"
                                   "sys.stdin.readline()");
    hexversion_ = std::stoull(program.ReadLine());
    auto live = testing::FindLiveInterpreter(program.pid());
    ASSERT_TRUE(live.ok()) << live.status();
    path_ = live->path;
    image_ = live->image;
  }
  uint64_t hexversion_ = 0;
  std::string path_;
  InterpreterImage image_;
};

TEST_P(InstalledInterpreter, HasTheVersionThatItSays) {
  PythonVersion version = VersionFromHex(hexversion_);
  version.free_threaded = GetParam().free_threaded;
  EXPECT_EQ(image_.version.ToString(), version.ToString());
  EXPECT_EQ(image_.layout.version, hexversion_ & ~uint64_t{0xff});
}

TEST_P(InstalledInterpreter, HasTheAddressesThatItsVersionCanHave) {
  const int minor = image_.version.minor;
  EXPECT_EQ(image_.addresses.runtime != 0, minor >= 7);
  EXPECT_NE(image_.addresses.interp_head, 0u);
  EXPECT_EQ(image_.addresses.tss_key != 0, minor <= 14);
  EXPECT_EQ(image_.addresses.tstate_current != 0, minor <= 11);
}

TEST_P(InstalledInterpreter, HasFewStartFunctionsInsideItsCode) {
  EXPECT_THAT(image_.start_functions, Not(IsEmpty()));
  EXPECT_LE(image_.start_functions.size(), 2u);
}

// Pitfall 41: parts that the compiler split off belong to the loop.
TEST_P(InstalledInterpreter, EvalLoopIsSortedAndDisjoint) {
  EXPECT_THAT(image_.eval_loop, Not(IsEmpty()));
  for (size_t i = 1; i < image_.eval_loop.size(); ++i) {
    EXPECT_LT(image_.eval_loop[i - 1].end, image_.eval_loop[i].start);
  }
  const std::string symbols =
      "nm -S --defined-only " + path_ + " 2>/dev/null | grep -c '_PyEval_EvalFrameDefault\\.cold'";
  FILE* pipe = popen(symbols.c_str(), "r");
  int cold_parts = 0;
  ASSERT_EQ(fscanf(pipe, "%d", &cold_parts), 1);
  pclose(pipe);
  if (cold_parts > 0) {
    EXPECT_GE(image_.eval_loop.size(), 2u);
  }
}

std::string TestName(const ::testing::TestParamInfo<Interpreter>& info) {
  std::string name = info.param.ToString();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
  return name;
}
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(InstalledInterpreter);
INSTANTIATE_TEST_SUITE_P(All, InstalledInterpreter, ::testing::ValuesIn(testing::Interpreters()),
                         TestName);

TEST(InspectInterpreter, OtherProgramsAreNoInterpreters) {
  EXPECT_TRUE(absl::IsNotFound(Inspect("/proc/self/exe").status()));
  EXPECT_TRUE(absl::IsNotFound(Inspect("/bin/sh").status()));
}

TEST(InspectInterpreter, Python2IsNamedAsUnsupported) {
  const char* root = getenv("PYENV_ROOT");
  const std::string pyenv = root != nullptr ? root : std::string(getenv("HOME")) + "/.pyenv";
  std::string library;
  std::error_code error;
  for (const auto& version : std::filesystem::directory_iterator(pyenv + "/versions", error)) {
    const std::string candidate = version.path() / "lib/libpython2.7.so.1.0";
    if (std::filesystem::exists(candidate)) library = candidate;
  }
  if (library.empty()) GTEST_SKIP() << "no Python 2.7 in pyenv";
  auto image = Inspect(library);
  EXPECT_TRUE(absl::IsUnimplemented(image.status())) << image.status();
  EXPECT_THAT(std::string(image.status().message()), HasSubstr("Python 2.7.18 is not supported"));
}

// Pitfall 24: the executable holds the variable, libpython holds the interpreter.
TEST(InspectInterpreter, ExecutableWithACopyOfTheRuntimeIsNoInterpreter) {
  for (const Interpreter& interpreter : testing::InterpretersOfMinor(12)) {
    const std::string prefix = interpreter.path.substr(0, interpreter.path.rfind("/bin/"));
    if (!std::filesystem::exists(prefix + "/lib/libpython3.12.so")) continue;
    const std::string program = ::testing::TempDir() + "/copy_relocated";
    const std::string build =
        "echo 'extern char _PyRuntime[]; extern void Py_Initialize(void);"
        "int main() { Py_Initialize(); return _PyRuntime[0]; }' | "
        "cc -no-pie -fno-pic -x c - -o " +
        program + " -L" + prefix + "/lib -lpython3.12 2>/dev/null";
    if (system(build.c_str()) != 0) GTEST_SKIP() << "no C compiler";
    auto image = Inspect(program);
    EXPECT_TRUE(absl::IsNotFound(image.status())) << image.status();
    return;
  }
  GTEST_SKIP() << "no shared libpython3.12";
}

// Pitfall 25
TEST(InspectInterpreter, UnknownMinorVersionIsReadByItsOwnTableOrRefused) {
  const std::string forged = ::testing::TempDir() + "/python3.17";
  for (int minor : {13, 14, 15}) {
    for (const Interpreter& interpreter : testing::InterpretersOfMinor(minor)) {
      const std::string path = std::filesystem::canonical(interpreter.ToString());
      auto elf = ElfFile::Open(path);
      ASSERT_TRUE(elf.ok());
      const ElfSection* section = (*elf)->FindSection(".PyRuntime");
      if (section == nullptr) continue;  // the executable of a shared build
      std::filesystem::copy_file(path, forged, std::filesystem::copy_options::overwrite_existing);
      FILE* file = fopen(forged.c_str(), "r+");
      ASSERT_NE(file, nullptr);
      fseek(file, static_cast<long>(section->offset) + 8, SEEK_SET);
      const uint64_t version = 0x031100f0;
      ASSERT_EQ(fwrite(&version, sizeof(version), 1, file), 1u);
      fclose(file);
      auto image = Inspect(forged);
      if (minor == 15) {
        ASSERT_TRUE(image.ok()) << image.status();
        EXPECT_EQ(image->version.ToString(), "3.17.0");
        EXPECT_EQ(image->addresses.tss_key, 0u);
      } else {
        EXPECT_TRUE(absl::IsUnimplemented(image.status())) << image.status();
        EXPECT_THAT(std::string(image.status().message()), HasSubstr("3.17.0"));
      }
    }
  }
}

}  // namespace
}  // namespace profd
