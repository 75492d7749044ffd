// One window of samples, interned: equal functions, locations, stacks and label sets are stored
// once, and equal (stack, labels) are added up. Not thread-safe.
#ifndef PROFD_USERSPACE_PROFILE_PROFILE_H_
#define PROFD_USERSPACE_PROFILE_PROFILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "symbolizer/frame.h"
#include "userspace/profile/fair_pot.h"

namespace profd {

// Where a sample was taken. 0 and "" mean absent. PIDs and TIDs are the initial namespace's.
struct Labels {
  int64_t pid = 0;
  int64_t tid = 0;
  std::string comm;       // of the process
  std::string thread;     // the thread's own name
  std::string python;     // version of the interpreter
  std::string container;  // container ID

  friend bool operator==(const Labels&, const Labels&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Labels& l) {
    return H::combine(std::move(h), l.pid, l.tid, l.comm, l.thread, l.python, l.container);
  }
};

struct Window {
  absl::Time start;
  absl::Duration duration;  // time the samplers were enabled, not time since `start`
  int64_t period_ns = 0;    // CPU time between two samples
};

class Profile {
 public:
  // Indices into this profile only.
  enum class StackId : uint32_t {};
  enum class LabelsId : uint32_t {};

  // What hostile processes cannot make grow further. Past a limit, weight is kept under the one
  // stack [profile full], past that of samples or labels without labels: totals stay right.
  // Of a reader, with room for a fleet's day.
  struct Limits {
    size_t samples = 8 << 20;         // distinct (stack, labels)
    size_t frames = 256 << 20;        // of all distinct stacks together
    size_t locations = 4 << 20;       // distinct (function, line)
    size_t stack_frames = 4096;       // of one stack; the outermost are cut off
    size_t function_bytes = 1 << 30;  // names and files
    size_t label_bytes = 512 << 20;
    size_t comments = 100'000;
    size_t comment_bytes = 16 << 20;
    bool fair = false;  // to each process: see FairPot

    // Of what is sampled: a quarter to an eighth of what grows with it.
    static Limits OfWindow();
  };

  struct Location {
    uint32_t function = 0;  // index into functions()
    int32_t line = 0;       // 0: unknown
    friend bool operator==(const Location&, const Location&) = default;
  };

  struct Sample {
    StackId stack;
    LabelsId labels;
    int64_t count = 0;
    int64_t cpu_ns = 0;
    int64_t wall_ns = 0;  // 0 in a profile of CPU time alone
  };

  Profile() : Profile(Limits()) {}
  explicit Profile(const Limits& limits);
  Profile(Profile&&) = default;
  Profile& operator=(Profile&&) = default;

  // An equal stack yields the same id. The profile keeps the functions alive. What is new is on the
  // account of `process`, a PID; 0: on nobody's.
  StackId InternStack(const Stack& stack, int64_t process = 0);
  // The same in two steps, for callers that remember what a frame's index into locations() was.
  // nullopt: no room for a further location; the stack is then FullStack().
  std::optional<uint32_t> InternLocation(const Frame& frame, int64_t process = 0);
  StackId InternLocations(absl::Span<const uint32_t> stack, int64_t process = 0);
  // [profile full]
  StackId FullStack();
  LabelsId InternLabels(const Labels& labels);
  // From now on the labels, and all samples that have them, say this thread. False: other labels
  // say all of that already, or there is no room; nothing has changed then.
  bool NameThread(LabelsId id, absl::string_view thread);

  // Adds weight to (stack, labels); negative weights count as 0, sums stop at INT64_MAX. Returns
  // the index into samples() of what it was added to.
  uint32_t Add(StackId stack, LabelsId labels, int64_t count, int64_t cpu_ns, int64_t wall_ns = 0);
  uint32_t Add(StackId stack, const Labels& labels, int64_t count, int64_t cpu_ns,
               int64_t wall_ns = 0) {
    return Add(stack, InternLabels(labels), count, cpu_ns, wall_ns);
  }

  void set_window(const Window& window) { window_ = window; }
  const Window& window() const { return window_; }

  // One line of text; see comments.h for the format of ours. False when the profile is full of
  // them: then it is counted in comments_dropped().
  bool AddComment(absl::string_view line);

  // In the order of first sight, so that equal input makes equal files.
  absl::Span<const Sample> samples() const { return samples_; }
  // Some sample has wall time: it is a profile of waiting, too.
  bool has_wall() const { return has_wall_; }
  absl::Span<const std::string> comments() const { return comments_; }
  absl::Span<const std::shared_ptr<const Function>> functions() const { return functions_; }
  absl::Span<const Location> locations() const { return locations_; }
  size_t stack_count() const { return stacks_.size(); }
  // Leaf first, indices into locations(); valid while the profile lives, also when it moves.
  absl::Span<const uint32_t> stack(StackId id) const { return stacks_[static_cast<size_t>(id)]; }
  const Labels& labels(LabelsId id) const { return *labels_[static_cast<size_t>(id)]; }

  // Samples (by their count) that a limit put under [profile full], and stacks cut short.
  int64_t collapsed_samples() const { return collapsed_samples_; }
  int64_t cut_stacks() const { return cut_stacks_; }
  int64_t comments_dropped() const { return comments_dropped_; }
  // Of functions(): whether `file` is source, as of Python's and, from other writers, of those
  // whose lines are known. Else a native function's is the object that holds it.
  std::vector<bool> HaveSource() const;
  // comments() and a line for each of these three that is not 0.
  std::vector<std::string> CommentsWithCounts() const;
  // About what it holds in memory.
  size_t bytes() const;

 private:
  struct ByContent {
    size_t operator()(const Function* f) const;
    bool operator()(const Function* a, const Function* b) const;
  };
  struct FrameKey {
    const Function* function;
    int line;
    friend bool operator==(const FrameKey&, const FrameKey&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const FrameKey& k) {
      return H::combine(std::move(h), k.function, k.line);
    }
  };

  // False: no room for a further function.
  bool InternFunction(const std::shared_ptr<const Function>& function, int64_t process,
                      uint32_t* id);
  StackId InternCut(absl::Span<const uint32_t> stack, bool was_cut, int64_t process);
  absl::Span<const uint32_t> Store(absl::Span<const uint32_t> locations);

  Limits limits_;
  Window window_;

  std::vector<std::shared_ptr<const Function>> functions_;
  std::vector<Location> locations_;
  std::vector<absl::Span<const uint32_t>> stacks_;
  std::vector<std::unique_ptr<const Labels>> labels_;
  std::vector<Sample> samples_;
  std::vector<std::string> comments_;

  absl::flat_hash_map<const Function*, uint32_t, ByContent, ByContent> function_ids_;
  // Copies of a known function that other processes brought: kept, so that `by_pointer_` and
  // `frame_ids_` never see an address twice with another meaning.
  std::vector<std::shared_ptr<const Function>> duplicates_;
  absl::flat_hash_map<const Function*, uint32_t> by_pointer_;
  absl::flat_hash_map<FrameKey, uint32_t> frame_ids_;
  absl::flat_hash_map<uint64_t, uint32_t> location_ids_;  // function << 32 | line
  absl::flat_hash_map<absl::Span<const uint32_t>, StackId> stack_ids_;
  struct LabelsByContent {
    size_t operator()(const Labels* l) const { return absl::Hash<Labels>()(*l); }
    bool operator()(const Labels* a, const Labels* b) const { return *a == *b; }
  };
  absl::flat_hash_map<const Labels*, LabelsId, LabelsByContent, LabelsByContent> labels_ids_;
  absl::flat_hash_map<uint64_t, uint32_t> sample_ids_;  // stack << 32 | labels

  // Stacks' locations, in blocks that never move.
  std::vector<std::unique_ptr<uint32_t[]>> blocks_;
  size_t block_used_ = 0;
  size_t block_size_ = 0;

  std::vector<uint32_t> scratch_;
  FairPot sample_room_;
  FairPot stack_room_;
  FairPot frame_room_;
  FairPot location_room_;
  FairPot function_bytes_;
  FairPot label_bytes_;
  size_t comment_bytes_ = 0;
  int64_t collapsed_samples_ = 0;
  int64_t cut_stacks_ = 0;
  int64_t comments_dropped_ = 0;
  bool has_full_stack_ = false;
  bool has_wall_ = false;
  StackId full_stack_ = {};
};

}  // namespace profd

#endif  // PROFD_USERSPACE_PROFILE_PROFILE_H_
