// Real interpreters, against what binutils say of them.
#include <glob.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "symbolizer/elf/elf_file.h"

namespace profd {
namespace {

void AddMatches(const std::string& pattern, std::set<std::string>& paths) {
  glob_t found;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) {
      std::error_code error;
      const auto path = std::filesystem::canonical(found.gl_pathv[i], error);
      if (!error && ElfFile::Open(path).ok()) paths.insert(path);
    }
  }
  globfree(&found);
}

// Executables, and the libpythons beside them.
std::set<std::string> Interpreters() {
  std::vector<std::string> patterns;
  if (const char* given = getenv("PROFD_TEST_PYTHONS")) {
    patterns = absl::StrSplit(given, ':', absl::SkipEmpty());
  } else {
    const char* root = getenv("PYENV_ROOT");
    const char* home = getenv("HOME");
    patterns.push_back(absl::StrCat(root ? root : absl::StrCat(home ? home : "", "/.pyenv"),
                                    "/versions/*/bin/python3"));
    patterns.push_back("/usr/bin/python3*");
  }
  std::set<std::string> paths;
  for (const std::string& pattern : patterns) AddMatches(pattern, paths);
  for (const std::string& path : std::set<std::string>(paths)) {
    const auto prefix = std::filesystem::path(path).parent_path().parent_path();
    AddMatches(prefix / "lib/libpython3.*.so.*", paths);
  }
  return paths;
}

std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* pipe = popen(absl::StrCat(command, " 2>/dev/null").c_str(), "r");
  char chunk[4096];
  while (size_t got = fread(chunk, 1, sizeof(chunk), pipe)) output.append(chunk, got);
  pclose(pipe);
  return output;
}

class InterpreterElf : public testing::Test {
 protected:
  void SetUp() override {
    paths_ = Interpreters();
    if (paths_.empty()) GTEST_SKIP() << "no interpreter found; set PROFD_TEST_PYTHONS";
    if (OutputOf("readelf --version").empty()) GTEST_SKIP() << "needs readelf of binutils";
  }
  std::set<std::string> paths_;
};

TEST_F(InterpreterElf, HasTheBuildIdThatReadelfShows) {
  for (const std::string& path : paths_) {
    auto elf = ElfFile::Open(path).value();
    const std::string notes = OutputOf(absl::StrCat("readelf -nW '", path, "'"));
    if (absl::StrContains(notes, "Build ID: ")) {
      EXPECT_THAT(notes, testing::HasSubstr(absl::StrCat("Build ID: ", elf->build_id(), "\n")));
      EXPECT_FALSE(elf->build_id().empty());
    } else {
      EXPECT_EQ(elf->build_id(), "") << path;
    }
  }
}

TEST_F(InterpreterElf, HasTheSymbolsThatReadelfShows) {
  for (const std::string& path : paths_) {
    // "Num: Value Size Type Bind Vis Ndx Name", by name and address.
    std::set<std::pair<std::string, uint64_t>> expected;
    const std::string text = OutputOf(absl::StrCat("readelf -sW '", path, "'"));
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      const std::vector<std::string> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
      if (fields.size() < 8 || (fields[3] != "FUNC" && fields[3] != "OBJECT")) continue;
      if (fields[6] == "UND" || fields[6] == "ABS") continue;
      // .dynsym is shown with versions that are not part of the name.
      const std::string name = fields[7].substr(0, fields[7].find('@'));
      expected.emplace(name, strtoull(fields[1].c_str(), nullptr, 16));
    }
    ASSERT_GT(expected.size(), 0u) << path;
    std::set<std::pair<std::string, uint64_t>> actual;
    auto elf = ElfFile::Open(path).value();
    elf->ForEachSymbol([&](const ElfSymbol& symbol) {
      actual.emplace(symbol.name.substr(0, symbol.name.find('@')), symbol.address);
      return true;
    });
    std::vector<std::pair<std::string, uint64_t>> missing;
    for (const auto& symbol : expected) {
      if (actual.count(symbol) == 0) missing.push_back(symbol);
    }
    EXPECT_TRUE(missing.empty()) << path << ": " << missing.size() << " of " << expected.size()
                                 << " missing, such as " << missing.front().first;
  }
}

TEST_F(InterpreterElf, FindsFunctionsAndTypesByName) {
  for (const std::string& path : paths_) {
    auto elf = ElfFile::Open(path).value();
    if (elf->FindSection(".dynsym") == nullptr) continue;
    const auto found = elf->FindSymbols({"PyEval_EvalCode", "PyCode_Type", "no_such_symbol"});
    // An executable may have it all in a library.
    if (!absl::StrContains(path, ".so") && !found[0].has_value()) continue;
    ASSERT_TRUE(found[0].has_value() && found[1].has_value()) << path;
    EXPECT_TRUE(found[0]->is_function);
    EXPECT_FALSE(found[1]->is_function);
    EXPECT_FALSE(found[2].has_value());
    EXPECT_GT(found[1]->size, 100u);
  }
}

}  // namespace
}  // namespace profd
