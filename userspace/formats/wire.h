// Protobuf's wire format, field by field and without an object for each message.
// https://protobuf.dev/programming-guides/encoding/
#ifndef PROFD_USERSPACE_FORMATS_WIRE_H_
#define PROFD_USERSPACE_FORMATS_WIRE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace profd {

// Walks the fields of one message. After Next() is false, ok() tells its end from damage.
class WireReader {
 public:
  enum class Type : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  explicit WireReader(absl::string_view message) : rest_(message) {}

  bool Next() {
    if (rest_.empty() || !ok_) return false;
    uint64_t tag;
    ok_ = ReadVarint(&rest_, &tag) && tag >> 3 != 0 && tag >> 3 < (1u << 29) && ReadValue(tag & 7);
    if (!ok_) return false;
    field_ = static_cast<uint32_t>(tag >> 3);
    return true;
  }
  bool ok() const { return ok_; }

  uint32_t field() const { return field_; }
  bool is(uint32_t field, Type type) const { return field_ == field && type_ == type; }
  Type type() const { return type_; }
  uint64_t number() const { return number_; }         // of a varint or a fixed-width field
  absl::string_view bytes() const { return bytes_; }  // a view into the message

  // Takes a varint off the front.
  static bool ReadVarint(absl::string_view* in, uint64_t* value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64 && !in->empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(in->front());
      in->remove_prefix(1);
      *value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  // Little-endian, as on the wire.
  static uint64_t LoadFixed(absl::string_view in, size_t width) {
    uint64_t value = 0;
    for (size_t i = 0; i < width; ++i) {
      value |= uint64_t{static_cast<unsigned char>(in[i])} << (8 * i);
    }
    return value;
  }

 private:
  bool ReadValue(uint64_t type) {
    type_ = static_cast<Type>(type);
    if (type_ == Type::kVarint) return ReadVarint(&rest_, &number_);
    uint64_t length = 0;
    if (type_ == Type::kBytes) {
      if (!ReadVarint(&rest_, &length)) return false;
    } else if (type_ == Type::kFixed64 || type_ == Type::kFixed32) {
      length = type_ == Type::kFixed64 ? 8 : 4;
    } else {
      return false;  // groups, and types that do not exist
    }
    if (length > rest_.size()) return false;
    bytes_ = rest_.substr(0, length);
    rest_.remove_prefix(length);
    if (type_ != Type::kBytes) number_ = LoadFixed(bytes_, bytes_.size());
    return true;
  }

  absl::string_view rest_;
  absl::string_view bytes_;
  uint64_t number_ = 0;
  uint32_t field_ = 0;
  Type type_ = Type::kVarint;
  bool ok_ = true;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_WIRE_H_
