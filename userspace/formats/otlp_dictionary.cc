#include "userspace/formats/otlp_dictionary.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "userspace/formats/otlp_names.h"
#include "userspace/formats/wire.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

// Fields, by message of proto/opentelemetry/profiles.proto.
enum Table : uint32_t {
  kMappings = 1,
  kLocations = 2,
  kFunctions = 3,
  kStrings = 5,
  kAttributes = 6,
  kStacks = 7,
};

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("OTLP: ", what));
}

absl::Status NoEntry(absl::string_view table, uint64_t index, size_t size) {
  return Malformed(absl::StrCat(table, " ", index, " of ", size));
}

int Line(uint64_t line) {
  return line > uint64_t{std::numeric_limits<int>::max()} ? 0 : static_cast<int>(line);
}

std::string Clean(absl::string_view text) {
  return ToUtf8(text, std::max<size_t>(text.size() * 3, 3));
}

// Calls `visit(value)` for a varint field and for each varint of a packed one.
template <typename Visit>
absl::Status ForEachVarint(const WireReader& field, const Visit& visit) {
  if (field.type() == WireReader::Type::kVarint) return visit(field.number());
  if (field.type() != WireReader::Type::kBytes) return Malformed("damaged list");
  absl::string_view packed = field.bytes();
  while (!packed.empty()) {
    uint64_t value;
    if (!WireReader::ReadVarint(&packed, &value)) return Malformed("damaged list");
    if (absl::Status s = visit(value); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status OtlpDictionary::Read(absl::string_view bytes) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.type() != WireReader::Type::kBytes) continue;
    if (reader.field() != kStrings && reader.field() != kAttributes &&
        reader.bytes().size() > options_.max_entry_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("OTLP: entry of ", reader.bytes().size(), " bytes"));
    }
    if (absl::Status s = ReadEntry(reader.field(), reader.bytes()); !s.ok()) return s;
    if (absl::Status s = CountEntry(); !s.ok()) return s;
  }
  if (!reader.ok()) return Malformed("damaged dictionary");
  for (AttributeEntry& attribute : attributes_) {
    absl::Status s = ReadOtlpValue(attribute.any_value, *this, &attribute.value);
    if (!s.ok()) return s;
  }
  for (const absl::string_view location : locations_) {
    if (absl::Status s = ReadLocation(location); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status OtlpDictionary::ReadEntry(uint32_t table, absl::string_view entry) {
  switch (table) {
    case kStrings:
      strings_.push_back(entry);
      return absl::OkStatus();
    case kAttributes:
      return ReadAttribute(entry);
    case kLocations:
      locations_.push_back(entry);
      return absl::OkStatus();
    case kStacks:
      stacks_.push_back(entry);
      return absl::OkStatus();
    case kMappings:
    case kFunctions:
      break;
    default:
      return absl::OkStatus();
  }
  uint64_t numbers[5] = {};  // by field
  WireReader reader(entry);
  while (reader.Next()) {
    if (reader.type() == WireReader::Type::kVarint && reader.field() < 5) {
      numbers[reader.field()] = reader.number();
    }
  }
  if (!reader.ok()) return Malformed("damaged entry");
  if (table == kMappings) {
    mappings_.push_back(numbers[4]);
  } else {
    functions_.push_back({numbers[1] != 0 ? numbers[1] : numbers[2], numbers[3], numbers[4]});
  }
  return absl::OkStatus();
}

absl::Status OtlpDictionary::ReadAttribute(absl::string_view entry) {
  AttributeEntry& attribute = attributes_.emplace_back();
  WireReader reader(entry);
  while (reader.Next()) {
    if (reader.is(1, WireReader::Type::kVarint)) attribute.key = reader.number();
    if (reader.is(2, WireReader::Type::kBytes)) attribute.any_value = reader.bytes();
  }
  return reader.ok() ? absl::OkStatus() : Malformed("damaged attribute");
}

absl::Status OtlpDictionary::String(uint64_t index, absl::string_view* text) const {
  if (index >= strings_.size()) return NoEntry("string", index, strings_.size());
  *text = strings_[index];
  return absl::OkStatus();
}

absl::Status OtlpDictionary::ReadLocation(absl::string_view entry) {
  uint64_t mapping = 0;
  uint64_t address = 0;
  FrameKind kind = FrameKind::kNative;
  WireReader reader(entry);
  while (reader.Next()) {
    if (reader.is(1, WireReader::Type::kVarint)) mapping = reader.number();
    if (reader.is(2, WireReader::Type::kVarint)) address = reader.number();
    if (reader.field() == 4) {
      absl::Status s = ForEachVarint(reader, [&](uint64_t id) { return KindOf(id, &kind); });
      if (!s.ok()) return s;
    }
  }
  if (!reader.ok()) return Malformed("damaged location");
  const size_t begin = frames_.size();
  for (WireReader lines(entry); lines.Next();) {
    if (!lines.is(3, WireReader::Type::kBytes)) continue;
    if (absl::Status s = CountEntry(); !s.ok()) return s;
    if (absl::Status s = MakeFrame(lines.bytes(), kind, mapping, &frames_.emplace_back());
        !s.ok()) {
      return s;
    }
  }
  if (frames_.size() == begin) {
    Function unnamed{.kind = kind, .name = absl::StrCat("0x", absl::Hex(address))};
    absl::string_view object;
    if (absl::Status s = ObjectOf(mapping, &object); !s.ok()) return s;
    if (kind == FrameKind::kNative) unnamed.file = Clean(object);
    made_bytes_ += sizeof(unnamed) + unnamed.file.size();
    frames_.push_back({std::make_shared<const Function>(std::move(unnamed)), 0});
  }
  location_frames_.emplace_back(begin, frames_.size());
  if (made_bytes_ > options_.limits.function_bytes) {
    return absl::ResourceExhaustedError("OTLP: too many bytes of functions");
  }
  return absl::OkStatus();
}

// Empty: the mapping is not known.
absl::Status OtlpDictionary::ObjectOf(uint64_t mapping, absl::string_view* file) const {
  if (mapping == 0) return absl::OkStatus();
  if (mapping >= mappings_.size()) return NoEntry("mapping", mapping, mappings_.size());
  return String(mappings_[mapping], file);
}

absl::Status OtlpDictionary::MakeFrame(absl::string_view line, FrameKind kind, uint64_t mapping,
                                       Frame* frame) {
  uint64_t id = 0;
  WireReader reader(line);
  while (reader.Next()) {
    if (reader.is(1, WireReader::Type::kVarint)) id = reader.number();
    if (reader.is(2, WireReader::Type::kVarint)) frame->line = Line(reader.number());
  }
  if (!reader.ok()) return Malformed("damaged line");
  std::shared_ptr<const Function>& made = made_[{id, kind, mapping}];
  if (made == nullptr) {
    if (id >= functions_.size()) return NoEntry("function", id, functions_.size());
    const FunctionEntry& entry = functions_[id];
    absl::string_view name, file;
    if (absl::Status s = String(entry.name, &name); !s.ok()) return s;
    if (absl::Status s = String(entry.file, &file); !s.ok()) return s;
    absl::string_view object;
    if (absl::Status s = ObjectOf(mapping, &object); !s.ok()) return s;
    if (kind == FrameKind::kNative && !object.empty()) file = object;
    Function function{kind, Clean(name), Clean(file), Line(entry.first_line)};
    made_bytes_ += sizeof(function) + function.name.size() + function.file.size();
    if (made_bytes_ > options_.limits.function_bytes) {
      return absl::ResourceExhaustedError("OTLP: too many bytes of functions");
    }
    made = std::make_shared<const Function>(std::move(function));
  }
  frame->function = made;
  return absl::OkStatus();
}

absl::Status OtlpDictionary::KindOf(uint64_t attribute, FrameKind* kind) const {
  if (attribute >= attributes_.size()) return NoEntry("attribute", attribute, attributes_.size());
  const auto& [key_index, any_value, value] = attributes_[attribute];
  absl::string_view key;
  if (absl::Status s = String(key_index, &key); !s.ok()) return s;
  if (key != otlp::kFrameType) return absl::OkStatus();
  for (const auto& type : otlp::kFrameTypes) {
    if (type.name == value.text) *kind = type.kind;
  }
  return absl::OkStatus();
}

absl::Status OtlpDictionary::ReadStack(uint64_t index, Stack* stack) const {
  stack->clear();
  if (index == 0) return absl::OkStatus();
  if (index >= stacks_.size()) return NoEntry("stack", index, stacks_.size());
  const size_t max_depth = options_.limits.stack_frames + 1;
  WireReader reader(stacks_[index]);
  while (reader.Next()) {
    if (reader.field() != 1) continue;
    absl::Status s = ForEachVarint(reader, [&](uint64_t id) {
      if (id >= location_frames_.size()) {
        return NoEntry("location", id, location_frames_.size());
      }
      const auto [begin, end] = location_frames_[id];
      const size_t taken = std::min(end - begin, max_depth - stack->size());
      const auto first = frames_.begin() + static_cast<ptrdiff_t>(begin);
      stack->insert(stack->end(), first, first + static_cast<ptrdiff_t>(taken));
      return absl::OkStatus();
    });
    if (!s.ok()) return s;
  }
  return reader.ok() ? absl::OkStatus() : Malformed("damaged stack");
}

absl::Status OtlpDictionary::AddLabel(uint64_t attribute, Labels* labels) {
  if (attribute >= attributes_.size()) return NoEntry("attribute", attribute, attributes_.size());
  absl::string_view key;
  if (absl::Status s = String(attributes_[attribute].key, &key); !s.ok()) return s;
  SetOtlpLabel(key, attributes_[attribute].value, &texts_, labels);
  return absl::OkStatus();
}

absl::Status OtlpDictionary::AddComments(uint64_t attribute, Profile* profile) {
  if (attribute >= attributes_.size()) return NoEntry("attribute", attribute, attributes_.size());
  absl::string_view key;
  if (absl::Status s = String(attributes_[attribute].key, &key); !s.ok()) return s;
  if (key != otlp::kComments) return absl::OkStatus();
  WireReader lines(attributes_[attribute].value.array);
  while (lines.Next()) {
    if (!lines.is(1, WireReader::Type::kBytes)) continue;
    OtlpValue line;
    if (absl::Status s = ReadOtlpValue(lines.bytes(), *this, &line); !s.ok()) return s;
    if (absl::Status s = CountEntry(); !s.ok()) return s;
    profile->AddComment(texts_.Of(line.text));
  }
  return lines.ok() ? absl::OkStatus() : Malformed("damaged comments");
}

absl::Status ReadOtlpValue(absl::string_view any_value, const OtlpDictionary& dictionary,
                           OtlpValue* value) {
  WireReader reader(any_value);
  while (reader.Next()) {
    if (reader.is(1, WireReader::Type::kBytes)) value->text = reader.bytes();
    if (reader.is(5, WireReader::Type::kBytes)) value->array = reader.bytes();
    if (reader.is(3, WireReader::Type::kVarint)) {
      value->number = static_cast<int64_t>(reader.number());
    }
    if (reader.is(8, WireReader::Type::kVarint)) {
      if (absl::Status s = dictionary.String(reader.number(), &value->text); !s.ok()) return s;
    }
  }
  return reader.ok() ? absl::OkStatus() : Malformed("damaged value");
}

void SetOtlpLabel(absl::string_view key, const OtlpValue& value, Utf8Texts* texts, Labels* labels) {
  for (const NumberField& field : otlp::kNumberLabels) {
    if (key == field.name) labels->*field.value = value.number;
  }
  for (const TextField& field : otlp::kTextLabels) {
    if (key == field.name) labels->*field.value = texts->Of(value.text);
  }
}

}  // namespace profd
