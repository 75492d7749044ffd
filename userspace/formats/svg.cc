#include "userspace/formats/svg.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "userspace/analysis/frame_class.h"
#include "userspace/analysis/heaviest.h"
#include "userspace/analysis/pairing.h"
#include "userspace/analysis/statistics.h"
#include "userspace/formats/frame_text.h"
#include "userspace/formats/prefix_tree.h"
#include "userspace/formats/svg_assets.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

constexpr double kWidth = 1180;
constexpr double kLeft = 10;
constexpr double kCharWidth = 7.25;  // of 12 px monospace
constexpr int kRow = 17;
constexpr int kTop = 62;
constexpr int kBottom = 44;
constexpr size_t kMaxNameBytes = 1024;
constexpr size_t kMaxFrames = 50'000;  // more would take a browser seconds
constexpr double kMinShare = 1.0 / 12'000;
constexpr int kMaxDepth = 2000;

// For text and attributes of XML 1.0: what it cannot hold at all becomes U+FFFD.
std::string Xml(absl::string_view text) {
  const std::string clean = ToUtf8(text, kMaxNameBytes);
  std::string out;
  for (size_t i = 0; i < clean.size(); ++i) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    if (byte == '&') {
      out += "&amp;";
    } else if (byte == '<') {
      out += "&lt;";
    } else if (byte == '>') {
      out += "&gt;";
    } else if (byte == '"') {
      out += "&quot;";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\xEF\xBF\xBD";
    } else if (byte == 0xef && clean.compare(i, 2, "\xef\xbf") == 0 &&
               static_cast<unsigned char>(clean[i + 2]) >= 0xbe) {  // U+FFFE, U+FFFF
      out += "\xEF\xBF\xBD";
      i += 2;
    } else {
      out += clean[i];
    }
  }
  return out;
}

bool StartsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// The first or last `count` characters of UTF-8.
std::string Front(absl::string_view text, size_t count) {
  size_t end = 0;
  while (end < text.size() && (!StartsCharacter(text[end]) || count-- > 0)) ++end;
  return std::string(text.substr(0, end));
}
std::string Back(absl::string_view text, size_t count) {
  size_t begin = text.size();
  while (begin > 0 && count > 0) count -= StartsCharacter(text[--begin]) ? 1 : 0;
  return std::string(text.substr(begin));
}

// What fits: the module goes first, then the middle.
std::string Fit(absl::string_view name, double width) {
  const double columns = (width - 6) / kCharWidth;
  if (columns < 3) return "";
  const auto room = static_cast<size_t>(columns);
  const auto characters = [](absl::string_view text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), StartsCharacter));
  };
  if (characters(name) <= room) return std::string(name);
  if (name[0] != '<' && name.find(' ') == absl::string_view::npos) {
    name.remove_prefix(name.rfind('.') + 1);
  }
  if (characters(name) <= room) return std::string(name);
  const size_t tail = (room - 1) / 2;
  return absl::StrCat(Front(name, room - 1 - tail), "…", Back(name, tail));
}

class Encoder {
 public:
  // `before`: the other side of a difference, or null.
  Encoder(const Profile& profile, const Profile* before, const FormatOptions& options)
      : profile_(profile),
        before_(before),
        options_(options),
        lines_(options.lines.value_or(FrameLines::kNone)) {}

  std::string Encode() {
    Build(profile_, &Span::now);
    // The other side is paired last: of a name, what is shown is the newer side's.
    if (before_ != nullptr) Build(*before_, &Span::before);
    Place();
    Head();
    for (const uint32_t node : drawn_) Frame(node);
    Tail();
    return std::move(out_);
  }

 private:
  struct Kind {
    std::string name;   // any bytes
    std::string place;  // file and line
    FrameClass frame_class = FrameClass::kMarker;
    int shade = 0;
  };
  struct Weight {
    int64_t self = 0;
    int64_t total = 0;
    int64_t samples = 0;  // in it and below
  };
  struct Span {
    Weight now, before;
    int64_t begin = 0;
    int depth = 0;
    std::vector<uint32_t> children;
  };

  // Of several kinds of one key the first.
  uint32_t KindOf(Kind kind, std::pair<std::string, std::string> key) {
    absl::StrAppend(&key.first, "\n", static_cast<int>(kind.frame_class));
    const auto [entry, is_new] =
        kind_ids_.try_emplace(std::move(key), static_cast<uint32_t>(kinds_.size()));
    if (is_new) kinds_.push_back(std::move(kind));
    return entry->second;
  }
  uint32_t KindOf(std::string name) {
    std::pair<std::string, std::string> key(name, "");
    return KindOf({.name = std::move(name)}, std::move(key));
  }

  uint32_t KindOf(const Function& function, int executed_line) {
    Kind kind{.name = function.name.empty() ? kUnnamed : function.name,
              .place = function.file,
              .frame_class = Classify(function)};
    // By function, the place is where it begins; the frame stays one whatever ran in it.
    const int line = ShownLine(function, executed_line,
                               lines_ == FrameLines::kNone ? FrameLines::kFirst : lines_);
    if (!kind.place.empty() && line > 0) absl::StrAppend(&kind.place, ":", line);
    uint32_t hash = 2166136261;  // FNV-1a: a module has one shade in every picture
    for (const char c : function.file) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
    kind.shade = static_cast<int>((hash >> 8) % kSvgShades);
    std::pair<std::string, std::string> key(kind.name, kind.place);
    if (before_ != nullptr) key = {PairingKey(function), ""};
    return KindOf(std::move(kind), std::move(key));
  }

  void Build(const Profile& profile, Weight Span::*side) {
    std::vector<uint32_t> kind_of;
    for (const Profile::Location& location : profile.locations()) {
      kind_of.push_back(KindOf(*profile.functions()[location.function], location.line));
    }
    std::vector<uint32_t> path;
    for (const Profile::Sample& sample : profile.samples()) {
      const int64_t weight = TimeNs(sample) > 0 ? TimeNs(sample) : sample.count;
      if (weight <= 0) continue;
      path.clear();
      for (const uint32_t location : profile.stack(sample.stack)) {
        // Direct recursion is one frame.
        if (path.empty() || path.back() != kind_of[location]) path.push_back(kind_of[location]);
      }
      const Labels& labels = profile.labels(sample.labels);
      if (options_.thread_roots) path.push_back(KindOf(ThreadText(labels)));
      if (options_.process_roots) path.push_back(KindOf(ProcessText(labels)));
      if (path.empty()) path.push_back(KindOf(kUnnamed));
      if (path.size() > kMaxDepth) path.erase(path.begin(), path.end() - kMaxDepth);
      const uint32_t node = tree_.Add(path);
      spans_.resize(tree_.nodes().size());
      (spans_[node].*side).self += weight;
      (spans_[node].*side).samples += Periods(sample, profile.window().period_ns);
    }
  }

  void Place() {
    const auto nodes = tree_.nodes();
    for (size_t i = nodes.size(); i-- > 0;) {
      const uint32_t parent = nodes[i].parent;
      Span* const up = parent == PrefixTree::kNone ? &all_ : &spans_[parent];
      up->children.push_back(static_cast<uint32_t>(i));
      for (Weight Span::*side : {&Span::now, &Span::before}) {
        (spans_[i].*side).total += (spans_[i].*side).self;
        (up->*side).total += (spans_[i].*side).total;
        (up->*side).samples += (spans_[i].*side).samples;
      }
    }
    // By name, so that two pictures of one program have the same order.
    const auto by_name = [&](uint32_t a, uint32_t b) {
      const Kind& x = kinds_[nodes[a].frame];
      const Kind& y = kinds_[nodes[b].frame];
      return std::tie(x.name, x.place) < std::tie(y.name, y.place);
    };
    // As on the page: by chance one picture in twenty has a coloured frame.
    const double tests = static_cast<double>(std::max<size_t>(kinds_.size(), 1));
    critical_ = TwoSidedQuantile(0.05 / tests, std::numeric_limits<double>::infinity());
    const double least = kMinShare * static_cast<double>(all_.now.total);
    std::vector<int64_t> totals;
    for (const Span& span : spans_) totals.push_back(span.now.total);
    const Heaviest heaviest(totals, kMaxFrames);
    std::vector<uint32_t> pending;
    const auto place = [&](std::vector<uint32_t>* siblings, int64_t begin, int depth) {
      std::sort(siblings->begin(), siblings->end(), by_name);
      for (const uint32_t node : *siblings) {
        spans_[node].begin = begin;
        spans_[node].depth = depth;
        begin += spans_[node].now.total;
        pending.push_back(node);
      }
    };
    place(&all_.children, 0, 0);
    while (!pending.empty()) {
      const uint32_t node = pending.back();
      pending.pop_back();
      Span& span = spans_[node];
      if (span.now.total == 0 || static_cast<double>(span.now.total) < least ||
          !heaviest.Has(node)) {
        continue;
      }
      drawn_.push_back(node);
      depth_ = std::max(depth_, span.depth + 1);
      place(&span.children, span.begin, span.depth + 1);
    }
  }

  int Height() const { return kTop + depth_ * kRow + kBottom; }
  bool is_time() const {
    return std::any_of(profile_.samples().begin(), profile_.samples().end(),
                       [](const auto& sample) { return TimeNs(sample) > 0; });
  }
  std::string Amount(int64_t weight) const {
    return has_time_ ? absl::StrFormat("%.3f s", static_cast<double>(weight) / 1e9)
                     : absl::StrCat(weight, weight == 1 ? " sample" : " samples");
  }
  static double Part(int64_t weight, int64_t all) {
    return all > 0 ? static_cast<double>(weight) / static_cast<double>(all) : 0;
  }
  double ShareOf(int64_t weight) const { return Part(weight, all_.now.total); }

  void Head() {
    has_time_ = is_time();
    absl::StrAppend(&out_, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1200 ", Height(),
                    "\" width=\"100%\" height=\"", Height(),
                    "\" preserveAspectRatio=\"xMidYMin\">\n<style>", kSvgStyle);
    for (int c = 0; c < kFrameClasses; ++c) {
      for (int s = 0; s < kSvgShades; ++s) {
        absl::StrAppend(&out_, ".c", c, s, "{fill:", kSvgFills[c][s], "}");
      }
    }
    for (int s = 0; before_ != nullptr && s < kSvgShades; ++s) {
      absl::StrAppend(&out_, ".more", s, "{fill:", kSvgMore[s], "}.less", s, "{fill:", kSvgLess[s],
                      "}");
    }
    absl::StrAppend(&out_, ".same{fill:", kSvgSame, "}\n</style>\n",
                    "<text id=\"title\" x=\"10\" y=\"20\">",
                    Xml(options_.title.empty() ? "Flame graph" : options_.title), " · ",
                    before_ == nullptr ? "" : absl::StrCat(Amount(all_.before.total), " → "),
                    Amount(all_.now.total), "</text>\n");
    double x = kLeft;
    const auto legend = [&](absl::string_view rect_class, absl::string_view name) {
      absl::StrAppend(&out_, "<rect class=\"", rect_class, "\" x=\"", x,
                      "\" y=\"32\" width=\"12\" height=\"12\"/><text x=\"", x + 16, "\" y=\"42\">",
                      name, "</text>\n");
      x += 16 + kCharWidth * static_cast<double>(name.size() + 2);
    };
    if (before_ != nullptr) {
      legend("more4", "takes more");
      legend("less4", "takes less");
      legend("same", "within what sample counts explain");
      return Buttons();
    }
    for (int c = 0; c < kFrameClasses; ++c) {
      legend(absl::StrCat("c", c, "2"), FrameClassName(static_cast<FrameClass>(c)));
    }
    Buttons();
  }

  void Buttons() {
    out_ +=
        "<text id=\"search\" class=\"button\" x=\"1190\" y=\"20\" text-anchor=\"end\" "
        "style=\"display:none\">search (/)</text>\n"
        "<text id=\"reset\" class=\"button\" x=\"1100\" y=\"20\" text-anchor=\"end\" "
        "style=\"display:none\">reset zoom (Esc)</text>\n"
        "<text id=\"found\" x=\"1190\" y=\"42\" text-anchor=\"end\"></text>\n"
        "<g id=\"frames\">\n";
  }

  void Frame(uint32_t node) {
    const Span& span = spans_[node];
    const Kind& kind = kinds_[tree_.nodes()[node].frame];
    const double x = ShareOf(span.begin);
    const double width = ShareOf(span.now.total);
    const int y = Height() - kBottom - (span.depth + 1) * kRow;
    const std::string name = Xml(kind.name);
    const Look look = LookOf(span, kind);
    absl::StrAppendFormat(&out_, "<g data-x=\"%.9f\" data-w=\"%.9f\" data-d=\"%d\" data-n=\"%s\"",
                          x, width, span.depth, name);
    if (*look.mark != '\0') absl::StrAppend(&out_, " data-m=\"", look.mark, "\"");
    absl::StrAppend(&out_, "><title>", name, "\n", Xml(kind.place), kind.place.empty() ? "" : "\n",
                    Shares(span), " · ", Amount(span.now.total), " · self ", Amount(span.now.self),
                    "</title>");
    absl::StrAppendFormat(
        &out_, "<rect class=\"%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\"/>",
        look.rect_class, kLeft + x * kWidth, y, std::max(width * kWidth - 0.5, 0.2), kRow - 1);
    const std::string shown = ToUtf8(kind.name, kMaxNameBytes);
    const std::string label =
        *look.mark == '\0'
            ? Fit(shown, width * kWidth)
            : Fit(absl::StrCat(look.mark, " ", Fit(shown, width * kWidth - 2 * kCharWidth)),
                  width * kWidth);
    absl::StrAppendFormat(&out_, "<text x=\"%.2f\" y=\"%d\">%s</text></g>\n",
                          kLeft + x * kWidth + 3, y + 12, Xml(label));
  }

  struct Look {
    std::string rect_class;
    const char* mark = "";
  };

  // Colour and sign of a change, so that neither stands alone.
  Look LookOf(const Span& span, const Kind& kind) const {
    if (before_ == nullptr) {
      return {absl::StrCat("c", static_cast<int>(kind.frame_class), kind.shade)};
    }
    const double n = static_cast<double>(all_.before.samples);
    const double m = static_cast<double>(all_.now.samples);
    const double a = Part(span.before.samples, all_.before.samples);
    const double b = Part(span.now.samples, all_.now.samples);
    const double pooled = (a * n + b * m) / (n + m);
    const double variance = pooled * (1 - pooled) * (1 / n + 1 / m);
    const double score = n > 0 && m > 0 && variance > 0 ? (b - a) / std::sqrt(variance) : 0;
    if (std::abs(score) <= critical_) return {"same"};
    const int shade = std::min(kSvgShades - 1, static_cast<int>(std::abs(score) / 4));
    return {absl::StrCat(score > 0 ? "more" : "less", shade), score > 0 ? "▲" : "▼"};
  }

  std::string Shares(const Span& span) const {
    const double now = ShareOf(span.now.total);
    if (before_ == nullptr) return absl::StrFormat("%.2f%%", now * 100);
    const double before = Part(span.before.total, all_.before.total);
    return absl::StrFormat("A %.2f%% → B %.2f%% (%+.2f)%s", before * 100, now * 100,
                           (now - before) * 100, span.before.total == 0 ? " new" : "");
  }

  void Tail() {
    // Of the frames that are gone, the outermost say how much.
    size_t gone = 0;
    int64_t gone_weight = 0;
    for (size_t i = 0; i < spans_.size(); ++i) {
      const uint32_t parent = tree_.nodes()[i].parent;
      if (spans_[i].now.total > 0) continue;
      ++gone;
      if (parent == PrefixTree::kNone || spans_[parent].now.total > 0) {
        gone_weight += spans_[i].before.total;
      }
    }
    const size_t hidden = tree_.nodes().size() - drawn_.size() - gone;
    absl::StrAppend(&out_, "</g>\n<text id=\"details\" x=\"10\" y=\"", Height() - 14, "\">");
    if (drawn_.empty()) out_ += "no samples";
    if (hidden > 0) absl::StrAppend(&out_, hidden, " frames too narrow to see are not drawn");
    if (gone > 0) {
      absl::StrAppendFormat(&out_, "%s%d frames are gone, with %.2f%% of A", hidden > 0 ? "; " : "",
                            gone, Part(gone_weight, all_.before.total) * 100);
    }
    absl::StrAppend(&out_, "</text>\n<script><![CDATA[", kSvgScript, "]]></script>\n</svg>\n");
  }

  const Profile& profile_;
  const Profile* const before_;
  const FormatOptions& options_;
  const FrameLines lines_;
  std::vector<Kind> kinds_;
  absl::flat_hash_map<std::pair<std::string, std::string>, uint32_t> kind_ids_;
  PrefixTree tree_;  // its frames are kinds
  std::vector<Span> spans_;
  std::vector<uint32_t> drawn_;
  Span all_;
  int depth_ = 0;
  bool has_time_ = false;
  double critical_ = 0;  // of the score of a change
  std::string out_;
};

}  // namespace

std::string EncodeSvg(const Profile& profile, const FormatOptions& options) {
  return Encoder(profile, nullptr, options).Encode();
}

std::string EncodeDiffSvg(const Profile& before, const Profile& after,
                          const FormatOptions& options) {
  return Encoder(after, &before, options).Encode();
}

}  // namespace profd
