// jsonb in its binary form, and reading it.
//
// The form, version 1. Numbers are little endian and unaligned. A value is read from its back: its
// last byte is a tag, version in the high four bits, kind in the low four. How long a value is, is
// known from outside, so a value inside another one is cut out, or put in, as plain bytes.
//
//   null, false, true      tag (0, 1, 2)
//   number without point   ASCII digits, no leading zero; tag (3, and 4 when negative; zero never
//   is) number with a point    ASCII digits, the first of them not 0 unless all are; i32 exponent e
//   of
//                          0.d1d2… · 10^e (0 for zero); u16 digits after the point, as written;
//                          tag (5, and 6 when negative). Zeros follow the digits where its text
//                          would otherwise be longer by more than kNumberPadding: a value's text
//                          is never much longer than its bytes
//   string                 UTF-8 without zero bytes; tag (7)
//   array                  the elements' values; for each u32 where it ends, from the array's
//                          first byte; u32 how many; u16 depth; tag (8)
//   object                 the members' values, by key; their keys, in the same order, which is by
//                          length, then bytes, none twice; for each value u32 where it ends, for
//                          each key likewise, both from the object's first byte; u32 how many;
//                          u16 depth; tag (9)
//
// Depth is 1 for a container of scalars only, and greater than that of every container inside; at
// most kDeepestJson.
//
// So an element is found in constant time, a member in O(log n), and neither reads the rest. The
// form keeps what PostgreSQL keeps: not the order of members nor spaces, but the scale of numbers;
// equal values may therefore have different bytes: compare with jsonb_order.h.
//
// Bytes from outside (disk aside, which is trusted to be what was written) go through
// ValidateJsonb. Reading checks all bounds nevertheless: what does not fit reads as null, and
// recursion over a value is bounded by its depth, whatever the bytes are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/types/jsonb_number.h"

namespace adbms::types {

// How deep arrays and objects may lie in each other, in json too.
inline constexpr int kDeepestJson = 1001;
// A string's, and a container's, size at most, as in PostgreSQL.
inline constexpr size_t kLargestJsonb = 0x0FFFFFFF;
inline constexpr size_t kNumberPadding = 64;

// In PostgreSQL's order.
enum class JsonbKind : uint8_t { kNull, kString, kNumber, kBool, kArray, kObject };

// What the last byte says. For those who make the form.
enum class JsonbTag : uint8_t {
  kNull,
  kFalse,
  kTrue,
  kInteger,
  kNegativeInteger,
  kNumber,
  kNegativeNumber,
  kString,
  kArray,
  kObject,
};
inline constexpr uint8_t kJsonbVersion = 1;
constexpr char JsonbTagByte(JsonbTag tag) {
  return static_cast<char>(kJsonbVersion << 4 | static_cast<uint8_t>(tag));
}

// A view of one value; the bytes must outlive it. Cheap to copy. Thread-safe.
class Jsonb {
 public:
  // null.
  Jsonb() = default;
  // What `bytes` hold; null when they are malformed.
  explicit Jsonb(std::string_view bytes) : Jsonb(bytes, kDeepestJson) {}

  JsonbKind kind() const { return kind_; }
  bool IsContainer() const { return kind_ >= JsonbKind::kArray; }
  std::string_view bytes() const { return bytes_; }

  // REQUIRES for the following: the kind.
  bool bool_value() const { return tag() == JsonbTag::kTrue; }
  std::string_view text() const { return bytes_.substr(0, bytes_.size() - 1); }
  JsonbNumber number() const;

  // Elements or members; 0 for scalars.
  uint32_t size() const { return size_; }
  // 0 for scalars.
  int depth() const { return depth_; }
  // An array's element, an object's value. REQUIRES: i < size().
  Jsonb At(uint32_t i) const;
  // REQUIRES: an object, i < size().
  std::string_view Key(uint32_t i) const;
  // Where `key` is in an object; nothing in anything else.
  std::optional<uint32_t> Position(std::string_view key) const;
  std::optional<Jsonb> Find(std::string_view key) const;

 private:
  Jsonb(std::string_view bytes, int deepest);
  JsonbTag tag() const { return static_cast<JsonbTag>(bytes_.back() & 0x0f); }
  void ReadContainer(int deepest);
  std::string_view Slice(uint32_t table, uint32_t i, uint32_t first) const;
  uint32_t EndAt(uint32_t table, uint32_t i) const;

  static constexpr char kNullByte = JsonbTagByte(JsonbTag::kNull);

  std::string_view bytes_{&kNullByte, 1};
  JsonbKind kind_ = JsonbKind::kNull;
  uint16_t depth_ = 0;
  uint32_t size_ = 0;
  uint32_t tables_ = 0;  // Where a container's ends begin.
};

// By length, then bytes: how the members of an object are sorted. Negative, 0 or positive.
int CompareJsonbKeys(std::string_view a, std::string_view b);

// Whether all of `bytes` is one value in the form above. Errors: XX001. Takes time in proportion to
// the bytes.
absl::Status ValidateJsonb(std::string_view bytes);

}  // namespace adbms::types
