#include "userspace/views/top_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <locale.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/userspace/views/made_profile.h"
#include "userspace/views/cells.h"
#include "userspace/views/top_text.h"

namespace profd {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr ScreenSize kSmall{60, 12};
constexpr ScreenSize kUsual{80, 24};

class TopViewTest : public testing::Test {
 protected:
  void SetUp() override {
    if (setlocale(LC_CTYPE, "C.UTF-8") == nullptr) GTEST_SKIP() << "no locale C.UTF-8 here";
  }

  static TopFacts Facts() {
    TopFacts facts;
    facts.processes = 3;
    facts.rate_hz = 98.7;
    facts.wanted_hz = 99;
    facts.cpu = absl::Milliseconds(1500);
    facts.duration = absl::Seconds(1);
    facts.samples = 100;
    return facts;
  }

  // hot: 60% self; caller: 80% cumulative; warm: 20% of both; cold: all the rest.
  void AddInterval() {
    Profile profile;
    AddMade(&profile, {MadeFrame("hot", 5), MadeFrame("caller", 9), MadeFrame("main", 1)}, 60, 1);
    AddMade(&profile, {MadeFrame("warm", 7), MadeFrame("caller", 8), MadeFrame("main", 1)}, 20, 2);
    AddMade(&profile, {MadeFrame("cold", 2, "/app/cold.py"), MadeFrame("main", 1)}, 20, 2);
    view_.Add(profile, Facts());
  }

  void Press(std::initializer_list<Key> keys) {
    for (const Key& key : keys) view_.Press(key, kUsual);
  }
  void Type(const std::string& text) {
    for (char c : text) Press({static_cast<char32_t>(c)});
  }
  std::string Text(const ScreenSize& size = kUsual) { return PlainText(view_.Render(size)); }
  // The names of the rows from the top, by their order in `text`.
  std::string FirstRow() { return view_.Rows().at(0)->function->name; }
  std::string CursorText(const ScreenSize& size = kUsual) {
    for (const Line& line : view_.Render(size)) {
      if (line.spans().size() > 2 && line.spans().back().reverse) return line.text();
    }
    return "";
  }

  TopView view_{{}};
};

TEST_F(TopViewTest, SaysWhatIsSampled) {
  AddInterval();
  EXPECT_THAT(Text(), HasSubstr("3 processes  2 threads  1.50 cores  98.7 of 99 Hz"));
  EXPECT_THAT(Text(), HasSubstr("100 samples in 1s  lost 0"));
  EXPECT_THAT(Text(), Not(HasSubstr("GIL held")));
  EXPECT_THAT(Text(), Not(HasSubstr("wall time")));
}

TEST_F(TopViewTest, SaysWhatIsLostByReasonSinceTheStart) {
  TopFacts facts = Facts();
  facts.lost = {{"ring_full", 3}, {"malformed", 0}};
  view_.Add(Profile(), facts);
  view_.Add(Profile(), facts);
  EXPECT_THAT(Text(), HasSubstr("LOST 6  ring_full 6"));
  EXPECT_THAT(Text(), Not(HasSubstr("malformed")));
}

TEST_F(TopViewTest, GilIsShownWhereItIsKnown) {
  TopFacts facts = Facts();
  facts.gil_held = 0.431;
  view_.Add(Profile(), facts);
  EXPECT_THAT(Text(), HasSubstr("GIL held 43%"));
}

TEST_F(TopViewTest, GilIsHeldAtMostOnceAProcessWhereChanceExplainsMore) {
  TopFacts facts = Facts();
  facts.processes = 1;
  facts.gil_held = 1.08;  // of 99 samples: a deviation of 0.1
  view_.Add(Profile(), facts);
  EXPECT_THAT(Text(), HasSubstr("GIL held 100%"));
  facts.gil_held = 3.9;  // a GIL for each of its interpreters
  view_.Add(Profile(), facts);
  EXPECT_THAT(Text(), HasSubstr("GIL held 390%"));
}

TEST_F(TopViewTest, WhereThereIsWallTimeItIsWhatCounts) {
  view_.SetMode(/*idle=*/true, /*gil_only=*/false);
  Profile profile;
  AddMade(&profile, {MadeFrame("hot"), MadeFrame("main")}, 0);
  const Labels labels{.pid = 1, .tid = 1};
  const Frame wait = MadeFrame("[waiting: lock]", 0, "", FrameKind::kWaiting);
  profile.Add(profile.InternStack({MadeFrame("hot"), MadeFrame("main")}), labels, 25, 250'000'000,
              250'000'000);
  profile.Add(profile.InternStack({wait, MadeFrame("main")}), labels, 3, 0, 750'000'000);
  view_.Add(profile, Facts());
  EXPECT_EQ(FirstRow(), "[waiting: lock]");
  EXPECT_THAT(Text(), HasSubstr("profd top  wall time  3 processes"));
  EXPECT_THAT(Text(), HasSubstr(" 75.0%  75.0%    0.75s    0.75s z [waiting: lock]"));
  Press({Key::kEnter, Key::kUp, Key::kEnter});  // main
  EXPECT_THAT(Text(), HasSubstr(" 75.0%    0.75s ▼ [waiting: lock]"));
  Press({Key::kEscape, Key::kEscape, '/'});
  Type("hot");
  Press({Key::kEnter});
  EXPECT_THAT(Text(), HasSubstr("/hot: 25.0% of all"));
  EXPECT_EQ(nlohmann::json::parse(TopJson(view_))["time"], "wall");
}

TEST_F(TopViewTest, AnotherModeIsAskedForAndForgetsWhatWasBefore) {
  AddInterval();
  EXPECT_EQ(view_.Press('i', kUsual), TopView::Action::kIdle);
  EXPECT_EQ(view_.Press('o', kUsual), TopView::Action::kGil);
  EXPECT_EQ(FirstRow(), "hot");
  EXPECT_FALSE(view_.began_anew());
  view_.SetMode(/*idle=*/false, /*gil_only=*/true);
  EXPECT_TRUE(view_.began_anew());
  EXPECT_TRUE(view_.Rows().empty());
  EXPECT_THAT(Text(), HasSubstr("profd top  only with the GIL"));
}

TEST_F(TopViewTest, TheWholeIsOneInterval) {
  AddInterval();
  TopFacts facts = Facts();
  facts.duration = absl::Seconds(3);
  facts.rate_hz = 90.7;
  facts.lost = {{"ring_full", 3}};
  Profile other;
  AddMade(&other, {MadeFrame("late")}, 300);
  view_.Add(other, facts);
  const std::string text = PlainText(view_.Whole().Table({80, 6}));
  EXPECT_THAT(text, HasSubstr("1 process  2 threads  0.75 cores  92.7 of 99 Hz"));
  EXPECT_THAT(text, HasSubstr("200 samples in 4s  LOST 3"));
  EXPECT_THAT(text, HasSubstr(" 75.0%  75.0%    3.00s    3.00s * late"));
  EXPECT_THAT(text, HasSubstr(" 15.0%  15.0%    0.60s    0.60s * hot"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6);
}

TEST_F(TopViewTest, FilesAreShownWholeOnRequest) {
  TopView full({.full_filenames = true});
  const char* file = "/opt/venv/lib/python3.12/site-packages/pkg/mod.py";
  for (TopView* view : {&view_, &full}) {
    Profile profile;
    AddMade(&profile, {MadeFrame("f", 3, file)}, 10);
    view->Add(profile, Facts());
  }
  EXPECT_THAT(TopText(view_), HasSubstr("  pkg/mod.py:1\n"));
  EXPECT_THAT(TopText(full), HasSubstr(std::string("  ") + file + ":1\n"));
}

TEST_F(TopViewTest, DigitsSortAsPySpyDoes) {
  AddInterval();
  Profile other;
  AddMade(&other, {MadeFrame("warm"), MadeFrame("x")}, 30);
  view_.Add(other, Facts());
  EXPECT_EQ(FirstRow(), "warm");  // 1: self share of the last interval
  Press({'2'});
  EXPECT_EQ(FirstRow(), "warm");
  Press({'3'});
  EXPECT_EQ(FirstRow(), "hot");
  Press({'4'});
  EXPECT_EQ(FirstRow(), "main");
}

TEST_F(TopViewTest, SharesAreOfTheLastIntervalAndTimesSinceTheStart) {
  AddInterval();
  AddInterval();
  EXPECT_THAT(Text(), HasSubstr(" 60.0%  60.0%    1.20s    1.20s * hot "));
}

TEST_F(TopViewTest, EveryScreenIsWithinItsSize) {
  Profile odd;
  AddMade(&odd, {MadeFrame("深い関数深い関数", 1, "/ファイル.py"), MadeFrame("שלום")}, 20);
  AddMade(&odd, {MadeFrame("\x1b[2J\r\n", 1, "\u202e.py")}, 20);
  AddMade(&odd, {MadeFrame(std::string(5000, 'x'))}, 20);
  view_.Add(odd, Facts());
  auto check = [&](const char* what) {
    for (int columns : {1, 2, 7, 20, 40, 59, 60, 61, 80, 200}) {
      for (int rows : {1, 2, 3, 6, 7, 12, 24, 50}) {
        const Screen screen = view_.Render({columns, rows});
        EXPECT_LE(screen.size(), static_cast<size_t>(rows)) << what;
        for (const Line& line : screen) {
          EXPECT_LE(CellWidth(line.text()), columns) << what << ": " << line.text();
          EXPECT_THAT(line.text(), Not(HasSubstr("\x1b"))) << what;
        }
      }
    }
  };
  check("table");
  Press({'l'});
  check("lines");
  Press({Key::kEnter});
  check("callers and callees");
  Press({Key::kEscape, '/', 'x'});
  check("search");
  Press({Key::kEnter});
  check("found");
  Press({'?'});
  check("help");
}

TEST_F(TopViewTest, ColumnsStayStraightWhateverTheNames) {
  Profile odd;
  for (const char* name : {"plain", "深い関数", "שלום", "e\u0301t\u0301", "\x1b[31m", "👩\u200d💻"}) {
    AddMade(&odd, {MadeFrame(name, 1, "/app/f.py")}, 20);
  }
  view_.Add(odd, Facts());
  for (const ScreenSize& size : {kSmall, kUsual}) {
    for (const Line& line : view_.Render(size)) {
      const std::string text = line.text();
      const size_t file = text.find("/app/f.py");
      if (file == std::string::npos) continue;
      // The last column is padded to the edge: so wide is the line when all before it are straight.
      EXPECT_EQ(CellWidth(text), size.columns) << text;
    }
  }
}

TEST_F(TopViewTest, ColumnsLeaveInTheirOrder) {
  AddInterval();
  auto heading = [&](int columns) { return view_.Render({columns, 24}).at(2).text(); };
  EXPECT_THAT(heading(80), HasSubstr("%Self▼   %Cum     Self      Cum   Function"));
  EXPECT_THAT(heading(60), Not(HasSubstr(" Self ")));
  EXPECT_THAT(heading(60), HasSubstr("    Cum   Function"));
  EXPECT_THAT(heading(60), HasSubstr("File:line"));
  EXPECT_THAT(heading(52), Not(HasSubstr("    Cum   Function")));
  EXPECT_THAT(heading(40), Not(HasSubstr("File:line")));
  EXPECT_THAT(heading(40), HasSubstr("%Cum"));
  EXPECT_THAT(heading(30), Not(HasSubstr("%Cum")));
  EXPECT_THAT(heading(30), HasSubstr("%Self"));
  Press({'3'});  // what is sorted by stays
  EXPECT_THAT(heading(60), HasSubstr("Self▼"));
  EXPECT_THAT(heading(30), HasSubstr("Self▼"));
}

TEST_F(TopViewTest, SmallScreenHasHeaderRowsAndHelp) {
  AddInterval();
  const std::string text = Text(kSmall);
  for (const char* part : {"3 processes", "lost 0", "%Self", "hot", "cold", "a.py:1", "? help"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  Press({'?'});
  const std::string help = Text(kSmall);
  for (const char* part : {"search", "follow", "write", "quit", "kernel"}) {
    EXPECT_THAT(help, HasSubstr(part));
  }
  EXPECT_THAT(help, Not(HasSubstr("…")));
}

TEST_F(TopViewTest, EnterShowsCallersAndCalleesAndEscapeLeads) {
  AddInterval();
  Press({Key::kEnter});  // hot
  EXPECT_THAT(Text(), HasSubstr("▲ caller"));
  EXPECT_THAT(Text(), HasSubstr("▶ hot  (self 0.60s)"));
  Press({Key::kUp, Key::kEnter});  // caller
  EXPECT_THAT(Text(), HasSubstr("▲ main"));
  EXPECT_THAT(Text(), HasSubstr("▼ hot"));
  EXPECT_THAT(Text(), HasSubstr("▼ warm"));
  EXPECT_THAT(Text(), HasSubstr(" 75.0%    0.60s ▼ hot"));
  Press({Key::kEscape});
  EXPECT_THAT(Text(), HasSubstr("▶ hot"));
  Press({Key::kEscape});
  EXPECT_THAT(Text(), HasSubstr("%Self"));
}

TEST_F(TopViewTest, AFollowedRowKeepsTheCursor) {
  AddInterval();
  Press({'2', 'G', 'g'});
  while (CursorText().find("warm") == std::string::npos) Press({'j'});
  Press({'f'});
  Profile other;
  AddMade(&other, {MadeFrame("warm", 7)}, 90);
  AddMade(&other, {MadeFrame("hot", 5)}, 1);
  view_.Add(other, Facts());
  EXPECT_THAT(CursorText(), HasSubstr("warm"));
  EXPECT_EQ(FirstRow(), "warm");
  Press({'f'});
  AddInterval();
  EXPECT_THAT(CursorText(), HasSubstr("main"));  // the place, not the row
}

TEST_F(TopViewTest, SearchFindsRowsAndSaysTheirShare) {
  AddInterval();
  Press({'/'});
  Type("caller");
  EXPECT_THAT(Text(), HasSubstr("/caller"));
  Press({Key::kEnter});
  EXPECT_THAT(CursorText(), HasSubstr("caller"));
  EXPECT_THAT(Text(), HasSubstr("/caller: 80.0% of all"));
  Press({'/'});
  Type("cold.py");
  Press({Key::kEnter});
  EXPECT_THAT(CursorText(), HasSubstr("cold"));
  Press({Key::kEscape});
  EXPECT_THAT(Text(), Not(HasSubstr("of all")));
}

TEST_F(TopViewTest, WhatASearchFoundIsFollowed) {
  AddInterval();
  Press({'/'});
  Type("cold.py");
  Press({Key::kEnter});
  Profile other;
  AddMade(&other, {MadeFrame("cold", 2, "/app/cold.py")}, 90);
  AddMade(&other, {MadeFrame("hot", 5)}, 1);
  view_.Add(other, Facts());
  EXPECT_THAT(CursorText(), HasSubstr("cold"));
  EXPECT_EQ(FirstRow(), "cold");
}

TEST_F(TopViewTest, NextAndPreviousMatchGoAround) {
  AddInterval();
  Press({'/'});
  Type("/hot|warm/");
  Press({Key::kEnter});
  EXPECT_THAT(CursorText(), HasSubstr("hot"));
  Press({'n'});
  EXPECT_THAT(CursorText(), HasSubstr("warm"));
  Press({'n'});
  EXPECT_THAT(CursorText(), HasSubstr("hot"));
  Press({'N'});
  EXPECT_THAT(CursorText(), HasSubstr("warm"));
}

TEST_F(TopViewTest, KeysThatAreTypedIntoTheSearchDoNothingElse) {
  AddInterval();
  Press({'/'});
  EXPECT_EQ(view_.Press('q', kUsual), TopView::Action::kNone);
  EXPECT_EQ(view_.Press('w', kUsual), TopView::Action::kNone);
  Press({Key::kEscape});
  EXPECT_EQ(view_.Press('w', kUsual), TopView::Action::kWrite);
  EXPECT_EQ(view_.Press('q', kUsual), TopView::Action::kQuit);
}

TEST_F(TopViewTest, ABrokenSearchIsExplained) {
  AddInterval();
  Press({'/'});
  Type("/(/");
  Press({Key::kEnter});
  EXPECT_THAT(Text(), HasSubstr("search: missing"));
}

TEST_F(TopViewTest, ResetForgetsButKeepsGoing) {
  AddInterval();
  Press({'R'});
  EXPECT_TRUE(view_.Rows().empty());
  EXPECT_TRUE(view_.profile().samples().empty());
  Press({Key::kEnter, 'j', 'n', 'f'});
  EXPECT_THAT(Text(), HasSubstr("%Self"));
  AddInterval();
  EXPECT_EQ(FirstRow(), "hot");
}

TEST_F(TopViewTest, PagesFollowTheCursor) {
  Profile profile;
  for (int i = 0; i < 100; ++i) AddMade(&profile, {MadeFrame("f" + std::to_string(i))}, 200 - i);
  view_.Add(profile, Facts());
  EXPECT_THAT(Text(), HasSubstr(" f0 "));
  Press({Key::kEnd});
  EXPECT_THAT(Text(), HasSubstr(" f99 "));
  EXPECT_THAT(CursorText(), HasSubstr("f99"));
  EXPECT_THAT(CursorText(kSmall), HasSubstr("f99"));
  Press({Key::kHome});
  EXPECT_THAT(CursorText(), HasSubstr(" f0 "));
}

TEST_F(TopViewTest, SignsSayWhatColourWould) {
  Profile profile;
  AddMade(&profile, {MadeFrame("schedule", 0, "[kernel.kallsyms]", FrameKind::kKernel)}, 20);
  AddMade(&profile, {MadeFrame("memcpy", 0, "/lib/libc.so.6", FrameKind::kNative)}, 20);
  view_.Add(profile, Facts());
  EXPECT_THAT(Text(), HasSubstr("@ schedule"));
  EXPECT_THAT(Text(), HasSubstr("# memcpy"));
  view_.set_has_colour(true);
  EXPECT_THAT(Text(), Not(HasSubstr("@ schedule")));
  EXPECT_THAT(Text(), HasSubstr("schedule"));
}

TEST_F(TopViewTest, OncePrintsEveryRowUncut) {
  Profile profile;
  const std::string long_name(300, 'n');
  AddMade(&profile, {MadeFrame(long_name)}, 10);
  AddMade(&profile, {MadeFrame("\x1b]0;title\x07")}, 10);
  view_.Add(profile, Facts());
  const std::string text = TopText(view_);
  EXPECT_THAT(text, HasSubstr(long_name + "  /app/a.py:1\n"));
  EXPECT_THAT(text, HasSubstr("?]0;title?"));
  EXPECT_THAT(text, HasSubstr("98.7 of 99 Hz\n"));
}

TEST_F(TopViewTest, JsonHasTheSameFigures) {
  AddInterval();
  const auto j = nlohmann::json::parse(TopJson(view_));
  EXPECT_EQ(j["processes"], 3);
  EXPECT_EQ(j["threads"], 2);
  EXPECT_EQ(j["rows"].size(), 5u);
  EXPECT_EQ(j["rows"][0]["function"], "hot");
  EXPECT_DOUBLE_EQ(j["rows"][0]["self_share"], 0.6);
  EXPECT_EQ(j["rows"][0]["kind"], "own");
  EXPECT_FALSE(j.contains("gil_held"));
}

}  // namespace
}  // namespace profd
