#include "userspace/formats/html_data.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "nlohmann/json.hpp"
#include "userspace/analysis/frame_class.h"
#include "userspace/profile/comments.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kQuantumNs = 1'000'000;  // of the times: finer than a heatmap's cell
constexpr size_t kMaxNameBytes = 4096;

void AppendVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

uint64_t Zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

// The times by which counts fall short of times are small or 0, and overflow is a hostile file's.
int64_t Beyond(int64_t ns, int64_t count, int64_t period_ns) {
  int64_t expected = 0;
  int64_t beyond = 0;
  if (__builtin_mul_overflow(count, period_ns, &expected) ||
      __builtin_sub_overflow(ns, expected, &beyond)) {
    return 0;
  }
  return beyond;
}

class Strings {
 public:
  Strings() { Intern(""); }
  uint32_t Intern(absl::string_view text) {
    const auto [it, fresh] = ids_.try_emplace(text, static_cast<uint32_t>(ids_.size()));
    if (fresh) {
      std::string clean = ToUtf8(text, kMaxNameBytes);
      std::replace(clean.begin(), clean.end(), '\0', '?');
      bytes_.append(clean);
      bytes_.push_back('\0');
    }
    return it->second;
  }
  size_t size() const { return ids_.size(); }
  std::string TakeBytes() { return std::move(bytes_); }

 private:
  absl::flat_hash_map<std::string, uint32_t> ids_;
  std::string bytes_;
};

// The stacks as a tree: sorted, each shares a beginning with the one before it.
class Tree {
 public:
  explicit Tree(const Profile& profile) : node_of_(profile.stack_count()) {
    std::vector<uint32_t> order(profile.stack_count());
    std::iota(order.begin(), order.end(), 0);
    const auto at = [&](uint32_t stack) { return profile.stack(Profile::StackId{stack}); };
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return std::lexicographical_compare(at(a).rbegin(), at(a).rend(), at(b).rbegin(),
                                          at(b).rend());
    });
    std::vector<uint32_t> path;  // nodes from the outermost to the last written
    absl::Span<const uint32_t> before;
    for (const uint32_t stack : order) {
      const absl::Span<const uint32_t> frames = at(stack);
      const size_t shared =
          std::mismatch(frames.rbegin(), frames.rend(), before.rbegin(), before.rend()).first -
          frames.rbegin();
      size_t up = path.size() - shared;
      path.resize(shared);
      for (auto frame = frames.rbegin() + static_cast<ptrdiff_t>(shared); frame != frames.rend();
           ++frame) {
        AppendVarint(up, &bytes_);
        AppendVarint(*frame, &bytes_);
        up = 0;
        path.push_back(++nodes_);
      }
      node_of_[stack] = path.empty() ? 0 : path.back();
      before = frames;
    }
  }
  uint32_t node_of(Profile::StackId stack) const { return node_of_[static_cast<size_t>(stack)]; }
  uint32_t nodes() const { return nodes_; }
  std::string TakeBytes() { return std::move(bytes_); }

 private:
  std::vector<uint32_t> node_of_;
  uint32_t nodes_ = 0;  // without the root
  std::string bytes_;
};

// Samples lost, by reason, and the other facts that profd writes into comments.
Json Facts(const Profile& profile) {
  Json lost = Json::array();
  Json others = Json::array();
  for (const std::string& line : profile.comments()) {
    const auto comment = ParseComment(line);
    if (!comment.ok()) {
      if (others.size() < 100) others.push_back(ToUtf8(line, kMaxNameBytes));
      continue;
    }
    if (comment->name == "profd.lost" && !comment->labels.empty()) {
      lost.push_back({ToUtf8(comment->labels[0].second, 256), ToUtf8(comment->value, 64)});
    } else if (comment->name != "profd.process_cpu_seconds" && comment->labels.empty()) {
      others.push_back(ToUtf8(line, kMaxNameBytes));
    }
  }
  if (profile.collapsed_samples() > 0) {
    others.push_back(absl::StrCat("profd.collapsed_samples ", profile.collapsed_samples()));
  }
  return {{"lost", std::move(lost)}, {"comments", std::move(others)}};
}

class Encoder {
 public:
  explicit Encoder(const Recording& recording)
      : recording_(recording), profile_(recording.profile), tree_(recording.profile) {}

  PageData Encode(absl::string_view name) {
    EncodeFunctions();
    EncodeLocations();
    Add("nodes", tree_.nodes(), tree_.TakeBytes());
    EncodeSamples();
    const size_t stack_sections = sections_.size();
    EncodeEvents();
    std::string strings = strings_.TakeBytes();
    Json header = {{"version", 1},
                   {"name", ToUtf8(name, kMaxNameBytes)},
                   {"start_ms", absl::ToUnixMillis(profile_.window().start)},
                   {"duration", absl::ToDoubleSeconds(profile_.window().duration)},
                   {"period_ns", profile_.window().period_ns},
                   {"has_wall", profile_.has_wall()},
                   {"quantum_ms", kQuantumNs / 1'000'000},
                   {"first_ms", first_quantum_ * (kQuantumNs / 1'000'000)},
                   {"last_ms", last_quantum_ * (kQuantumNs / 1'000'000)}};
    header.update(Facts(profile_));
    header["sections"] = Json::array({{"strings", strings_.size(), strings.size()}});
    for (const Section& section : sections_) {
      header["sections"].push_back({section.name, section.entries, section.bytes.size()});
    }
    PageData out;
    out.stacks = header.dump(-1, ' ', false, Json::error_handler_t::replace);
    out.stacks.push_back('\n');
    out.stacks.append(strings);
    for (size_t i = 0; i < sections_.size(); ++i) {
      (i < stack_sections ? out.stacks : out.times).append(sections_[i].bytes);
    }
    return out;
  }

 private:
  struct Section {
    const char* name;
    size_t entries;
    std::string bytes;
  };

  void Add(const char* name, size_t entries, std::string bytes) {
    sections_.push_back({name, entries, std::move(bytes)});
  }

  void EncodeFunctions() {
    std::string bytes;
    for (const auto& function : profile_.functions()) {
      AppendVarint(strings_.Intern(function->name), &bytes);
      AppendVarint(strings_.Intern(function->file), &bytes);
      AppendVarint(strings_.Intern(PackageOf(*function)), &bytes);
      AppendVarint(static_cast<uint64_t>(Classify(*function)), &bytes);
      AppendVarint(static_cast<uint64_t>(std::max(0, function->first_line)), &bytes);
    }
    Add("functions", profile_.functions().size(), std::move(bytes));
  }

  void EncodeLocations() {
    std::string bytes;
    for (const Profile::Location& location : profile_.locations()) {
      AppendVarint(location.function, &bytes);
      AppendVarint(static_cast<uint64_t>(std::max(0, location.line)), &bytes);
    }
    Add("locations", profile_.locations().size(), std::move(bytes));
  }

  void EncodeSamples() {
    const auto samples = profile_.samples();
    std::vector<uint32_t> order(samples.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return tree_.node_of(samples[a].stack) < tree_.node_of(samples[b].stack);
    });
    rank_.resize(samples.size());
    std::string bytes, labels_bytes;
    absl::flat_hash_map<uint32_t, uint32_t> labels_ids;
    uint32_t node = 0;
    const int64_t period = profile_.window().period_ns;
    for (uint32_t i = 0; i < order.size(); ++i) {
      const Profile::Sample& sample = samples[order[i]];
      rank_[order[i]] = i;
      const auto [labels, fresh] = labels_ids.try_emplace(static_cast<uint32_t>(sample.labels),
                                                          static_cast<uint32_t>(labels_ids.size()));
      if (fresh) AppendLabels(profile_.labels(sample.labels), &labels_bytes);
      AppendVarint(tree_.node_of(sample.stack) - node, &bytes);
      node = tree_.node_of(sample.stack);
      AppendVarint(labels->second, &bytes);
      AppendVarint(static_cast<uint64_t>(sample.count), &bytes);
      AppendVarint(Zigzag(Beyond(sample.cpu_ns, sample.count, period)), &bytes);
      AppendVarint(Zigzag(Beyond(sample.wall_ns, sample.count, period)), &bytes);
    }
    Add("labels", labels_ids.size(), std::move(labels_bytes));
    Add("samples", order.size(), std::move(bytes));
  }

  void AppendLabels(const Labels& labels, std::string* out) {
    AppendVarint(static_cast<uint64_t>(std::max<int64_t>(0, labels.pid)), out);
    AppendVarint(static_cast<uint64_t>(std::max<int64_t>(0, labels.tid)), out);
    for (const std::string* text :
         {&labels.comm, &labels.thread, &labels.python, &labels.container}) {
      AppendVarint(strings_.Intern(*text), out);
    }
  }

  void EncodeEvents() {
    std::string times, samples, ticks;
    size_t with_ticks = 0;
    size_t last_with_ticks = 0;
    size_t index = 0;
    int64_t quantum = 0;
    for (const Recording::Event& event : recording_.events) {
      if (event.sample >= rank_.size()) continue;  // not an event of this profile
      const int64_t at = std::max<int64_t>(0, event.time_ns) / kQuantumNs;
      if (index == 0) first_quantum_ = quantum = at;
      AppendVarint(static_cast<uint64_t>(std::max<int64_t>(0, at - quantum)), &times);
      last_quantum_ = quantum = std::max(quantum, at);
      AppendVarint(rank_[event.sample], &samples);
      if (event.ticks != 1) {
        AppendVarint(index - last_with_ticks, &ticks);
        AppendVarint(event.ticks, &ticks);
        last_with_ticks = index;
        ++with_ticks;
      }
      ++index;
    }
    Add("times", index, std::move(times));
    Add("events", index, std::move(samples));
    Add("ticks", with_ticks, std::move(ticks));
  }

  const Recording& recording_;
  const Profile& profile_;
  Tree tree_;
  Strings strings_;
  std::vector<Section> sections_;
  std::vector<uint32_t> rank_;  // of each sample of the profile in the order of nodes
  int64_t first_quantum_ = 0;
  int64_t last_quantum_ = 0;
};

}  // namespace

PageData EncodePageData(const Recording& recording, absl::string_view name) {
  return Encoder(recording).Encode(name);
}

}  // namespace profd
