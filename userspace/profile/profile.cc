#include "userspace/profile/profile.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "userspace/profile/comments.h"

namespace profd {
namespace {

constexpr size_t kBlockFrames = 1 << 14;

int64_t SaturatingAdd(int64_t a, int64_t b) {
  if (b <= 0) return a;
  return a > std::numeric_limits<int64_t>::max() - b ? std::numeric_limits<int64_t>::max() : a + b;
}

uint64_t Pair(uint32_t high, uint32_t low) { return uint64_t{high} << 32 | low; }

}  // namespace

Profile::Limits Profile::Limits::OfWindow() {
  Limits limits;
  limits.samples /= 8;
  limits.frames /= 8;
  limits.function_bytes /= 4;
  limits.label_bytes /= 8;
  return limits;
}

Profile::Profile(const Limits& limits)
    : limits_(limits),
      sample_room_(limits.samples, limits.fair),
      stack_room_(limits.samples, limits.fair),
      frame_room_(limits.frames, limits.fair),
      location_room_(limits.locations, limits.fair),
      function_bytes_(limits.function_bytes, limits.fair),
      label_bytes_(limits.label_bytes, limits.fair) {}

size_t Profile::bytes() const {
  // Elements of vectors and hash tables, these half empty.
  constexpr size_t kOfFunction = 128;
  constexpr size_t kOfLocation = 96;
  constexpr size_t kOfStack = 64;
  constexpr size_t kOfSample = 80;
  return function_bytes_.used() + label_bytes_.used() + comment_bytes_ +
         frame_room_.used() * sizeof(uint32_t) + by_pointer_.size() * kOfFunction +
         frame_ids_.size() * kOfLocation + stacks_.size() * kOfStack + samples_.size() * kOfSample;
}

size_t Profile::ByContent::operator()(const Function* f) const {
  return absl::HashOf(f->kind, f->name, f->file, f->first_line);
}

bool Profile::ByContent::operator()(const Function* a, const Function* b) const {
  return a == b || (a->kind == b->kind && a->first_line == b->first_line && a->name == b->name &&
                    a->file == b->file);
}

bool Profile::InternFunction(const std::shared_ptr<const Function>& function, int64_t process,
                             uint32_t* id) {
  if (const auto known = by_pointer_.find(function.get()); known != by_pointer_.end()) {
    *id = known->second;
    return true;
  }
  const size_t bytes = sizeof(Function) + function->name.size() + function->file.size();
  if (!function_bytes_.Take(process, bytes)) return false;
  const auto [entry, is_new] =
      function_ids_.try_emplace(function.get(), static_cast<uint32_t>(functions_.size()));
  (is_new ? functions_ : duplicates_).push_back(function);
  by_pointer_.emplace(function.get(), entry->second);
  *id = entry->second;
  return true;
}

std::optional<uint32_t> Profile::InternLocation(const Frame& frame, int64_t process) {
  const FrameKey key{frame.function.get(), frame.line};
  if (const auto known = frame_ids_.find(key); known != frame_ids_.end()) return known->second;
  uint32_t function;
  if (!InternFunction(frame.function, process, &function)) return std::nullopt;
  if (!location_room_.Take(process, 1)) return std::nullopt;
  const int32_t line = std::max(frame.line, 0);
  const auto [entry, is_new] = location_ids_.try_emplace(
      Pair(function, static_cast<uint32_t>(line)), static_cast<uint32_t>(locations_.size()));
  if (is_new) locations_.push_back({function, line});
  frame_ids_.emplace(key, entry->second);
  return entry->second;
}

absl::Span<const uint32_t> Profile::Store(absl::Span<const uint32_t> locations) {
  if (block_size_ - block_used_ < locations.size()) {
    block_size_ = std::max(kBlockFrames, locations.size());
    blocks_.push_back(std::make_unique<uint32_t[]>(block_size_));
    block_used_ = 0;
  }
  uint32_t* const begin = blocks_.empty() ? nullptr : blocks_.back().get() + block_used_;
  std::copy(locations.begin(), locations.end(), begin);
  block_used_ += locations.size();
  return {begin, locations.size()};
}

Profile::StackId Profile::FullStack() {
  if (has_full_stack_) return full_stack_;
  // Bypasses the limits: it is one stack of one frame.
  auto function = std::make_shared<const Function>(
      Function{.kind = FrameKind::kMarker, .name = "[profile full]"});
  const uint32_t location = static_cast<uint32_t>(locations_.size());
  locations_.push_back({static_cast<uint32_t>(functions_.size()), 0});
  functions_.push_back(std::move(function));
  full_stack_ = static_cast<StackId>(stacks_.size());
  stacks_.push_back(Store({&location, 1}));
  has_full_stack_ = true;
  return full_stack_;
}

Profile::StackId Profile::InternStack(const Stack& stack, int64_t process) {
  const size_t depth = std::min(stack.size(), limits_.stack_frames);
  scratch_.clear();
  for (const Frame& frame : absl::MakeConstSpan(stack).first(depth)) {
    const std::optional<uint32_t> location = InternLocation(frame, process);
    if (!location.has_value()) return FullStack();
    scratch_.push_back(*location);
  }
  return InternCut(scratch_, depth < stack.size(), process);
}

Profile::StackId Profile::InternLocations(absl::Span<const uint32_t> stack, int64_t process) {
  const size_t depth = std::min(stack.size(), limits_.stack_frames);
  return InternCut(stack.first(depth), depth < stack.size(), process);
}

Profile::StackId Profile::InternCut(absl::Span<const uint32_t> stack, bool was_cut,
                                    int64_t process) {
  if (const auto known = stack_ids_.find(stack); known != stack_ids_.end()) return known->second;
  if (!frame_room_.Has(process, stack.size()) || !stack_room_.Take(process, 1)) {
    return FullStack();
  }
  frame_room_.Take(process, stack.size());
  if (was_cut) ++cut_stacks_;
  const absl::Span<const uint32_t> stored = Store(stack);
  const StackId id = static_cast<StackId>(stacks_.size());
  stacks_.push_back(stored);
  stack_ids_.emplace(stored, id);
  return id;
}

Profile::LabelsId Profile::InternLabels(const Labels& labels) {
  if (const auto known = labels_ids_.find(&labels); known != labels_ids_.end()) {
    return known->second;
  }
  const size_t bytes = sizeof(Labels) + labels.comm.size() + labels.thread.size() +
                       labels.python.size() + labels.container.size();
  const bool is_empty = labels == Labels();
  if (!is_empty && !label_bytes_.Take(labels.pid, bytes)) return InternLabels(Labels());
  const LabelsId id = static_cast<LabelsId>(labels_.size());
  labels_.push_back(std::make_unique<const Labels>(labels));
  labels_ids_.emplace(labels_.back().get(), id);
  return id;
}

bool Profile::NameThread(LabelsId id, absl::string_view thread) {
  std::unique_ptr<const Labels>& labels = labels_[static_cast<size_t>(id)];
  if (*labels == Labels()) return false;  // of whom there was no room for
  auto named = std::make_unique<Labels>(*labels);
  named->thread = std::string(thread);
  const size_t more = thread.size() - std::min(thread.size(), labels->thread.size());
  if (labels_ids_.contains(named.get()) || !label_bytes_.Take(labels->pid, more)) return false;
  labels_ids_.erase(labels.get());
  labels_ids_.emplace(named.get(), id);
  labels = std::move(named);
  return true;
}

uint32_t Profile::Add(StackId stack, LabelsId labels, int64_t count, int64_t cpu_ns,
                      int64_t wall_ns) {
  const auto key = [](StackId s, LabelsId l) {
    return Pair(static_cast<uint32_t>(s), static_cast<uint32_t>(l));
  };
  auto known = sample_ids_.find(key(stack, labels));
  if (known == sample_ids_.end()) {
    if (!sample_room_.Take(this->labels(labels).pid, 1)) {
      stack = FullStack();
      labels = InternLabels(Labels());
    }
    bool is_new;
    std::tie(known, is_new) =
        sample_ids_.try_emplace(key(stack, labels), static_cast<uint32_t>(samples_.size()));
    if (is_new) samples_.push_back({stack, labels});
  }
  Sample& sample = samples_[known->second];
  sample.count = SaturatingAdd(sample.count, count);
  sample.cpu_ns = SaturatingAdd(sample.cpu_ns, cpu_ns);
  sample.wall_ns = SaturatingAdd(sample.wall_ns, wall_ns);
  has_wall_ = has_wall_ || sample.wall_ns > 0;
  if (has_full_stack_ && stack == full_stack_) {
    collapsed_samples_ = SaturatingAdd(collapsed_samples_, count);
  }
  return known->second;
}

std::vector<bool> Profile::HaveSource() const {
  std::vector<bool> have;
  for (const auto& function : functions_) {
    have.push_back(function->kind == FrameKind::kPython ||
                   (function->kind == FrameKind::kNative && function->first_line > 0));
  }
  for (const Location& location : locations_) {
    const bool is_native = functions_[location.function]->kind == FrameKind::kNative;
    if (is_native && location.line > 0) have[location.function] = true;
  }
  return have;
}

std::vector<std::string> Profile::CommentsWithCounts() const {
  std::vector<std::string> lines = comments_;
  const std::pair<const char*, int64_t> counts[] = {{kCollapsedSamplesComment, collapsed_samples_},
                                                    {kCutStacksComment, cut_stacks_},
                                                    {kCommentsDroppedComment, comments_dropped_}};
  for (const auto& [name, count] : counts) {
    if (count > 0) lines.push_back(FormatComment({name, {}, absl::StrCat(count)}));
  }
  return lines;
}

bool Profile::AddComment(absl::string_view line) {
  if (comments_.size() >= limits_.comments ||
      line.size() > limits_.comment_bytes - comment_bytes_) {
    ++comments_dropped_;
    return false;
  }
  comment_bytes_ += line.size();
  comments_.emplace_back(line);
  return true;
}

}  // namespace profd
