// The tables of OTLP profiles, read into frames and labels.
#ifndef PROFD_USERSPACE_FORMATS_OTLP_DICTIONARY_H_
#define PROFD_USERSPACE_FORMATS_OTLP_DICTIONARY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "userspace/formats/otlp.h"
#include "userspace/profile/label_names.h"
#include "userspace/profile/profile.h"
#include "userspace/profile/utf8.h"

namespace profd {

class OtlpDictionary;

// What an AnyValue holds: views into the message.
struct OtlpValue {
  absl::string_view text;   // of its string
  absl::string_view array;  // an ArrayValue
  int64_t number = 0;
};
absl::Status ReadOtlpValue(absl::string_view any_value, const OtlpDictionary& dictionary,
                           OtlpValue* value);
// Sets what a key and its value say of a sample; other keys change nothing.
void SetOtlpLabel(absl::string_view key, const OtlpValue& value, Utf8Texts* texts, Labels* labels);

// A message of two bytes takes eighty as an object: the tables are therefore never parsed as one
// message, but one entry at a time. Keeps views into `bytes`.
class OtlpDictionary {
 public:
  explicit OtlpDictionary(const OtlpDecodeOptions& options) : options_(options) {}

  absl::Status Read(absl::string_view bytes);

  absl::Status String(uint64_t index, absl::string_view* text) const;
  // Replaces *stack; at most one frame more than the limit, which lets a profile count the cut.
  absl::Status ReadStack(uint64_t index, Stack* stack) const;
  // Sets what the attribute says of the sample; an attribute of another kind changes nothing.
  absl::Status AddLabel(uint64_t attribute, Labels* labels);
  // Adds the lines that a profile's attribute holds, where it is one of comments.
  absl::Status AddComments(uint64_t attribute, Profile* profile);

  size_t stacks() const { return stacks_.size(); }
  Utf8Texts* texts() { return &texts_; }

  // Counts what other tables hold against the same limit.
  absl::Status CountEntry() {
    if (++entries_ <= options_.max_entries) return absl::OkStatus();
    return absl::ResourceExhaustedError("OTLP: too many entries");
  }

 private:
  struct FunctionEntry {
    uint64_t name = 0;
    uint64_t file = 0;
    uint64_t first_line = 0;
  };

  struct AttributeEntry {
    uint64_t key = 0;
    absl::string_view any_value;
    OtlpValue value;  // once the strings are known
  };

  absl::Status ReadEntry(uint32_t table, absl::string_view entry);
  absl::Status ReadLocation(absl::string_view entry);
  absl::Status MakeFrame(absl::string_view line, FrameKind kind, uint64_t mapping, Frame* frame);
  absl::Status ObjectOf(uint64_t mapping, absl::string_view* file) const;
  absl::Status ReadAttribute(absl::string_view entry);
  absl::Status KindOf(uint64_t attribute, FrameKind* kind) const;

  const OtlpDecodeOptions& options_;
  size_t entries_ = 0;
  size_t made_bytes_ = 0;
  Utf8Texts texts_{kMaxTextBytes};  // of labels and comments
  std::vector<absl::string_view> strings_;
  std::vector<uint64_t> mappings_;  // file names
  std::vector<FunctionEntry> functions_;
  std::vector<AttributeEntry> attributes_;
  std::vector<absl::string_view> locations_;
  std::vector<absl::string_view> stacks_;
  std::vector<std::pair<size_t, size_t>> location_frames_;  // ranges of frames_
  std::vector<Frame> frames_;
  // (function, kind, mapping) to what was made of it.
  absl::flat_hash_map<std::tuple<uint64_t, FrameKind, uint64_t>, std::shared_ptr<const Function>>
      made_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_OTLP_DICTIONARY_H_
