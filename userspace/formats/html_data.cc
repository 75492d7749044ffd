#include "userspace/formats/html_data.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "nlohmann/json.hpp"
#include "userspace/analysis/frame_class.h"
#include "userspace/analysis/pairing.h"
#include "userspace/profile/comments.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kQuantumNs = 1'000'000;  // of the times: finer than a heatmap's cell
constexpr size_t kMaxNameBytes = 4096;

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

// Numbers one after the other, as the page's typed arrays take them.
class Column {
 public:
  void Append(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
    ++entries_;
  }
  size_t entries() const { return entries_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  size_t entries_ = 0;
};

// Numbers of which most are the same, which is left out: those that differ, and where they are.
class Exceptions {
 public:
  void Append(size_t index, uint64_t value) {
    steps_.Append(index - last_);
    values_.Append(value);
    last_ = index;
  }
  const Column& steps() const { return steps_; }
  const Column& values() const { return values_; }

 private:
  Column steps_;
  Column values_;
  size_t last_ = 0;
};

// The locations sorted by function, and by line within: a frame's callees in one function stand
// side by side, which the page merges without searching.
class LocationOrder {
 public:
  explicit LocationOrder(const Profile& profile)
      : order_(profile.locations().size()), rank_(order_.size()) {
    const auto& locations = profile.locations();
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
      return std::pair(locations[a].function, locations[a].line) <
             std::pair(locations[b].function, locations[b].line);
    });
    for (uint32_t i = 0; i < order_.size(); ++i) rank_[order_[i]] = i;
  }
  absl::Span<const uint32_t> order() const { return order_; }
  uint32_t rank(uint32_t location) const { return rank_[location]; }

 private:
  std::vector<uint32_t> order_;  // the profile's locations
  std::vector<uint32_t> rank_;   // of each of the profile's in the order
};

// The stacks as a tree: sorted, each shares a beginning with the one before it.
class Tree {
 public:
  Tree(const Profile& profile, const LocationOrder& locations) : node_of_(profile.stack_count()) {
    std::vector<uint32_t> order(profile.stack_count());
    std::iota(order.begin(), order.end(), 0);
    const auto at = [&](uint32_t stack) { return profile.stack(Profile::StackId{stack}); };
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return std::lexicographical_compare(
          at(a).rbegin(), at(a).rend(), at(b).rbegin(), at(b).rend(),
          [&](uint32_t x, uint32_t y) { return locations.rank(x) < locations.rank(y); });
    });
    up_.Append(0);  // the root
    location_.Append(0);
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
        up_.Append(up);
        location_.Append(locations.rank(*frame));
        up = 0;
        path.push_back(static_cast<uint32_t>(up_.entries() - 1));
      }
      node_of_[stack] = path.empty() ? 0 : path.back();
      before = frames;
    }
  }
  uint32_t node_of(Profile::StackId stack) const { return node_of_[static_cast<size_t>(stack)]; }
  const Column& up() const { return up_; }
  const Column& location() const { return location_; }

 private:
  std::vector<uint32_t> node_of_;
  Column up_;
  Column location_;
};

// Samples lost, by reason, and the other facts that profd writes into comments.
Json Facts(const Profile& profile) {
  Json lost = Json::array();
  Json others = Json::array();
  for (const std::string& line : profile.CommentsWithCounts()) {
    const auto comment = ParseComment(line);
    if (!comment.ok()) {
      if (others.size() < 100) others.push_back(ToUtf8(line, kMaxNameBytes));
      continue;
    }
    if (comment->name == kLostComment && !comment->labels.empty()) {
      lost.push_back({ToUtf8(comment->labels[0].second, 256), ToUtf8(comment->value, 64)});
    } else if (comment->name != kProcessCpuComment && comment->labels.empty()) {
      others.push_back(ToUtf8(line, kMaxNameBytes));
    }
  }
  return {{"lost", std::move(lost)}, {"comments", std::move(others)}};
}

class Encoder {
 public:
  Encoder(const Recording& recording, PairNumbers* pairs)
      : recording_(recording),
        pairs_(pairs),
        profile_(recording.profile),
        locations_(profile_),
        tree_(profile_, locations_) {}

  PageData Encode(absl::string_view name) {
    EncodeFunctions();
    EncodeLocations();
    Add("nodes.up", tree_.up());
    Add("nodes.loc", tree_.location());
    EncodeSamples();
    const size_t stack_sections = sections_.size();
    PageData out;
    out.stacks.swap(bytes_);
    EncodeEvents();
    out.times.swap(bytes_);
    const std::string strings = strings_.TakeBytes();
    sections_.insert(sections_.begin(), {"strings", strings_.size(), strings.size()});
    Json header = {{"version", 1},
                   {"name", ToUtf8(name, kMaxNameBytes)},
                   {"start_ms", absl::ToUnixMillis(profile_.window().start)},
                   {"duration", absl::ToDoubleSeconds(profile_.window().duration)},
                   {"period_ns", profile_.window().period_ns},
                   {"has_wall", profile_.has_wall()},
                   {"quantum_ms", kQuantumNs / 1'000'000},
                   {"first_ms", first_quantum_ * (kQuantumNs / 1'000'000)},
                   {"last_ms", last_quantum_ * (kQuantumNs / 1'000'000)},
                   {"timed_from", stack_sections + 1}};
    header.update(Facts(profile_));
    header["sections"] = Json::array();
    for (const auto& [section, entries, bytes] : sections_) {
      header["sections"].push_back({section, entries, bytes});
    }
    out.stacks = absl::StrCat(header.dump(-1, ' ', false, Json::error_handler_t::replace), "\n",
                              strings, out.stacks);
    return out;
  }

 private:
  struct Section {
    const char* name;
    size_t entries;
    size_t bytes;
  };

  void Add(const char* name, const Column& column) {
    sections_.push_back({name, column.entries(), column.bytes().size()});
    bytes_.append(column.bytes());
  }

  void EncodeFunctions() {
    Column name, file, package, kind, line;
    for (const auto& function : profile_.functions()) {
      name.Append(strings_.Intern(function->name));
      file.Append(strings_.Intern(function->file));
      package.Append(
          strings_.Intern(pairs_ != nullptr ? StablePackage(*function) : PackageOf(*function)));
      kind.Append(static_cast<uint64_t>(Classify(*function)));
      line.Append(static_cast<uint64_t>(std::max(0, function->first_line)));
    }
    Add("functions.name", name);
    Add("functions.file", file);
    Add("functions.pkg", package);
    Add("functions.kind", kind);
    Add("functions.line", line);
    if (pairs_ != nullptr) EncodePairing();
  }

  void EncodePairing() {
    Column key, place;
    for (const auto& function : profile_.functions()) {
      const auto fresh = static_cast<uint32_t>(pairs_->size());
      key.Append(pairs_->try_emplace(PairingKey(*function), fresh).first->second);
      const std::string file = StableFile(*function);
      place.Append(strings_.Intern(file.empty() ? function->file : file));
    }
    Add("functions.key", key);
    Add("functions.place", place);
  }

  void EncodeLocations() {
    Column function, line;
    for (const uint32_t location : locations_.order()) {
      function.Append(profile_.locations()[location].function);
      line.Append(static_cast<uint64_t>(std::max(0, profile_.locations()[location].line)));
    }
    Add("locations.fn", function);
    Add("locations.line", line);
  }

  void EncodeSamples() {
    const auto samples = profile_.samples();
    std::vector<uint32_t> order(samples.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return tree_.node_of(samples[a].stack) < tree_.node_of(samples[b].stack);
    });
    rank_.resize(samples.size());
    Column nodes, labels, counts;
    Exceptions cpu, wall;
    absl::flat_hash_map<uint32_t, uint32_t> label_ids;
    std::vector<Profile::LabelsId> label_sets;
    uint32_t node = 0;
    const int64_t period = profile_.window().period_ns;
    for (uint32_t i = 0; i < order.size(); ++i) {
      const Profile::Sample& sample = samples[order[i]];
      rank_[order[i]] = i;
      const auto [id, fresh] = label_ids.try_emplace(static_cast<uint32_t>(sample.labels),
                                                     static_cast<uint32_t>(label_ids.size()));
      if (fresh) label_sets.push_back(sample.labels);
      nodes.Append(tree_.node_of(sample.stack) - node);
      node = tree_.node_of(sample.stack);
      labels.Append(id->second);
      counts.Append(static_cast<uint64_t>(sample.count));
      const int64_t cpu_beyond = Beyond(sample.cpu_ns, sample.count, period);
      const int64_t wall_beyond = Beyond(sample.wall_ns, sample.count, period);
      if (cpu_beyond != 0) cpu.Append(i, Zigzag(cpu_beyond));
      if (profile_.has_wall() && wall_beyond != 0) wall.Append(i, Zigzag(wall_beyond));
    }
    EncodeLabels(label_sets);
    Add("samples.node", nodes);
    Add("samples.labels", labels);
    Add("samples.count", counts);
    Add("cpu.at", cpu.steps());
    Add("cpu.beyond", cpu.values());
    Add("wall.at", wall.steps());
    Add("wall.beyond", wall.values());
  }

  void EncodeLabels(absl::Span<const Profile::LabelsId> sets) {
    Column pid, tid, comm, thread, python, container;
    for (const Profile::LabelsId set : sets) {
      const Labels& labels = profile_.labels(set);
      pid.Append(static_cast<uint64_t>(std::max<int64_t>(0, labels.pid)));
      tid.Append(static_cast<uint64_t>(std::max<int64_t>(0, labels.tid)));
      comm.Append(strings_.Intern(labels.comm));
      thread.Append(strings_.Intern(labels.thread));
      python.Append(strings_.Intern(labels.python));
      container.Append(strings_.Intern(labels.container));
    }
    Add("labels.pid", pid);
    Add("labels.tid", tid);
    Add("labels.comm", comm);
    Add("labels.thread", thread);
    Add("labels.python", python);
    Add("labels.container", container);
  }

  void EncodeEvents() {
    Column times, samples;
    Exceptions ticks;
    int64_t quantum = 0;
    for (const Recording::Event& event : recording_.events) {
      if (event.sample >= rank_.size()) continue;  // not an event of this profile
      const int64_t at = std::max<int64_t>(0, event.time_ns) / kQuantumNs;
      if (times.entries() == 0) first_quantum_ = quantum = at;
      if (event.ticks != 1) ticks.Append(times.entries(), event.ticks);
      times.Append(static_cast<uint64_t>(std::max<int64_t>(0, at - quantum)));
      last_quantum_ = quantum = std::max(quantum, at);
      samples.Append(rank_[event.sample]);
    }
    Add("events.time", times);
    Add("events.sample", samples);
    Add("ticks.at", ticks.steps());
    Add("ticks.count", ticks.values());
  }

  const Recording& recording_;
  PairNumbers* const pairs_;
  const Profile& profile_;
  const LocationOrder locations_;
  const Tree tree_;
  Strings strings_;
  std::vector<Section> sections_;
  std::string bytes_;           // of the sections since the last part
  std::vector<uint32_t> rank_;  // of each sample of the profile in the order of nodes
  int64_t first_quantum_ = 0;
  int64_t last_quantum_ = 0;
};

}  // namespace

PageData EncodePageData(const Recording& recording, absl::string_view name, PairNumbers* pairs) {
  return Encoder(recording, pairs).Encode(name);
}

}  // namespace profd
