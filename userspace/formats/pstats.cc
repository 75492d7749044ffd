#include "userspace/formats/pstats.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "userspace/formats/frame_text.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

constexpr size_t kMaxNameBytes = 4096;

// marshal's encoding, from what all versions read. CPython: Python/marshal.c.
class Marshal {
 public:
  void BeginDict() { out_ += '{'; }
  void EndDict() { out_ += '0'; }
  void Tuple(uint32_t size) {
    out_ += '(';
    Fixed(size, 4);
  }
  void Text(absl::string_view text) {
    out_ += 'u';
    Fixed(text.size(), 4);
    out_.append(text.data(), text.size());
  }
  void Float(double value) {
    out_ += 'g';
    Fixed(std::bit_cast<uint64_t>(value), 8);
  }
  // Not negative.
  void Int(int64_t value) {
    if (value <= std::numeric_limits<int32_t>::max()) {
      out_ += 'i';
      Fixed(static_cast<uint64_t>(value), 4);
      return;
    }
    std::string digits;  // of 15 bits
    uint32_t count = 0;
    for (auto rest = static_cast<uint64_t>(value); rest != 0; rest >>= 15, ++count) {
      digits += static_cast<char>(rest & 0xff);
      digits += static_cast<char>(rest >> 8 & 0x7f);
    }
    out_ += 'l';
    Fixed(count, 4);
    out_ += digits;
  }
  std::string Take() { return std::move(out_); }

 private:
  void Fixed(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i) & 0xff);
  }
  std::string out_;
};

struct Weight {
  int64_t samples = 0;
  int64_t self_ns = 0;
  int64_t cumulative_ns = 0;
  size_t last_sample = 0;  // that it was counted for, from 1 on

  void Add(const Profile::Sample& sample, size_t number, bool is_leaf) {
    if (is_leaf) self_ns += TimeNs(sample);
    if (std::exchange(last_sample, number) == number) return;
    samples += sample.count;
    cumulative_ns += TimeNs(sample);
  }
  void Write(Marshal* out) const {
    out->Int(samples);
    out->Int(samples);
    out->Float(static_cast<double>(self_ns) / 1e9);
    out->Float(static_cast<double>(cumulative_ns) / 1e9);
  }
};

struct Entry {
  Weight weight;
  std::map<uint32_t, Weight> callers;
};

using Key = std::tuple<std::string, int, std::string>;

Key KeyOf(const Function& function) {
  absl::string_view file = function.file;
  if (file.empty()) {
    const bool is_code = function.kind == FrameKind::kPython || function.kind == FrameKind::kNative;
    file = function.kind == FrameKind::kKernel ? "[kernel]" : is_code ? kUnnamed : "~";
  }
  absl::string_view name = function.name;
  if (name.empty()) name = kUnnamed;
  return {ToUtf8(file, kMaxNameBytes), std::max(function.first_line, 0),
          ToUtf8(name, kMaxNameBytes)};
}

void WriteKey(const Key& key, Marshal* out) {
  out->Tuple(3);
  out->Text(std::get<0>(key));
  out->Int(std::get<1>(key));
  out->Text(std::get<2>(key));
}

}  // namespace

std::string EncodePstats(const Profile& profile) {
  // Functions that differ in nothing that pstats shows are one.
  std::map<Key, uint32_t> ids;
  std::vector<const Key*> keys;
  std::vector<uint32_t> id_of_location;
  for (const Profile::Location& location : profile.locations()) {
    const auto [entry, is_new] = ids.try_emplace(KeyOf(*profile.functions()[location.function]),
                                                 static_cast<uint32_t>(keys.size()));
    if (is_new) keys.push_back(&entry->first);
    id_of_location.push_back(entry->second);
  }
  std::vector<Entry> entries(keys.size());
  size_t number = 0;
  for (const Profile::Sample& sample : profile.samples()) {
    ++number;
    const absl::Span<const uint32_t> stack = profile.stack(sample.stack);
    for (size_t i = 0; i < stack.size(); ++i) {
      Entry& entry = entries[id_of_location[stack[i]]];
      entry.weight.Add(sample, number, i == 0);
      if (i + 1 == stack.size()) break;
      entry.callers[id_of_location[stack[i + 1]]].Add(sample, number, i == 0);
    }
  }
  Marshal out;
  out.BeginDict();
  for (size_t i = 0; i < entries.size(); ++i) {
    WriteKey(*keys[i], &out);
    out.Tuple(5);
    entries[i].weight.Write(&out);
    out.BeginDict();
    for (const auto& [caller, weight] : entries[i].callers) {
      WriteKey(*keys[caller], &out);
      out.Tuple(4);
      weight.Write(&out);
    }
    out.EndDict();
  }
  out.EndDict();
  return out.Take();
}

}  // namespace profd
