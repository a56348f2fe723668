// Arrays in their binary form: a reader, a builder, their order and their text.
//
// Layout, little endian, unaligned:
//   u8  dimensions, 0 to 6; 0: the empty array
//   u8  flags, 1: a NULL bitmap is there, 2: of numeric, with a wide one among them
//   dimensions times: u32 length, i32 lower bound
//   NULL bitmap: a bit an element, least significant first, 1: NULL; ceil(n / 8) bytes
//   the n elements, the last dimension running fastest:
//     of fixed width: n times its form (element_form.h); zeros where NULL
//     of string types and with flag 2: n times u32, where the element ends, counted from the first
//     one's begin; then
//       the bytes of all, each in its type's physical form, or numeric's element form
// int2vector and oidvector have the same form, with one dimension that begins at 0.
// Equal arrays of numbers of different scale, of char(n) or jsonb may have different bytes: compare
// with CompareArrays. Pure functions; a view borrows its bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/type.h"
#include "common/types/value.h"
#include "common/types/vector.h"

namespace adbms::types {

struct TextOptions;

inline constexpr int kMaxDimensions = 6;
// PostgreSQL's: what fits into 1 GB of pointers.
inline constexpr uint32_t kMaxArraySize = 134217727;

// Errors of arrays that are too large, 54000.
absl::Status TooManyElements();
absl::Status TooManyDimensions(int64_t dimensions);

struct ArrayShape {
  int dimensions = 0;
  std::array<uint32_t, kMaxDimensions> lengths = {};
  std::array<int32_t, kMaxDimensions> lowers = {};

  // One dimension from `lower`; none for no elements.
  static ArrayShape OfLength(uint32_t length, int32_t lower = 1);
  uint32_t length(int dimension) const { return lengths[static_cast<size_t>(dimension)]; }
  int32_t lower(int dimension) const { return lowers[static_cast<size_t>(dimension)]; }
  // The last subscript.
  int64_t upper(int dimension) const { return int64_t{lower(dimension)} + length(dimension) - 1; }
  // Adds a dimension inside the others. REQUIRES: dimensions < kMaxDimensions.
  void Add(uint32_t length, int32_t lower);
  // How many elements it has; kMaxArraySize + 1 for more than that.
  uint64_t size() const;
  // Errors: 54000 for too many elements or bounds beyond int4.
  absl::Status Check() const;

  friend bool operator==(const ArrayShape& a, const ArrayShape& b);
};

// Reads an array. Bytes that are none read as the empty array, or as one whose elements are empty,
// never beyond their end.
class ArrayView {
 public:
  // `array` is the array's type.
  ArrayView(std::string_view bytes, TypeId array);

  const ArrayShape& shape() const { return shape_; }
  TypeId element() const { return element_; }
  uint32_t size() const { return size_; }
  bool has_nulls() const { return nulls_ != nullptr; }
  bool is_null(uint32_t i) const {
    return nulls_ != nullptr && ((static_cast<uint8_t>(nulls_[i >> 3]) >> (i & 7)) & 1) != 0;
  }
  // The element's bytes in the layout above. REQUIRES: !is_null(i).
  std::string_view bytes(uint32_t i) const;
  // Into a row of a vector of the element's type; strings are borrowed.
  void Load(uint32_t i, Vector* out, uint32_t row) const;
  Value Get(uint32_t i) const;
  // All elements, which borrow their strings.
  Vector Elements() const { return Elements({element_, 0}); }
  // The same, as values of `type`, whose id is element()'s.
  Vector Elements(const Type& type) const;

 private:
  friend bool IsWellFormedArray(std::string_view, TypeId);

  TypeId element_;
  Physical physical_;
  ArrayShape shape_;
  uint32_t size_ = 0;
  const char* nulls_ = nullptr;
  std::string_view data_;  // From the first element, or the first end.
  bool variable_ = false;  // The elements have ends.
  bool valid_ = false;
};

// Whether bytes from elsewhere are such an array, element by element.
bool IsWellFormedArray(std::string_view bytes, TypeId array);

// Makes an array, element by element.
class ArrayBuilder {
 public:
  // `array` is the array's type.
  explicit ArrayBuilder(TypeId array);

  void AddNull();
  // Of the element's type, or NULL.
  void Add(const Value& value);
  void Add(const Vector& values, uint32_t row);
  void Add(const ArrayView& other, uint32_t i);
  // A string type's physical form.
  void AddBytes(std::string_view bytes);

  uint32_t size() const { return size_; }
  // Bytes held, about.
  size_t bytes() const {
    return data_.capacity() + ends_.capacity() * sizeof(uint32_t) + size_ / 8;
  }
  // One dimension.
  std::string Finish() const;
  // REQUIRES: shape.size() == size().
  std::string Finish(const ArrayShape& shape) const;

 private:
  // Counts what was added to data_ as an element.
  void EndElement();

  TypeId array_;
  Physical physical_;
  bool variable_ = false;
  uint32_t size_ = 0;
  std::vector<bool> nulls_;  // As far as the last NULL.
  std::vector<uint32_t> ends_;
  std::string data_;
};

// Elements of the same type, neither of them NULL, in its default order.
int CompareElements(const ArrayView& a, uint32_t i, const ArrayView& b, uint32_t j);
// PostgreSQL's order: element by element, NULL last, then by number, dimensions and bounds.
int CompareArrays(std::string_view a, std::string_view b, TypeId array);
// See AppendOrderKey in form.h.
void AppendArrayKey(std::string_view bytes, TypeId array, std::string* out);

// array_in and array_out; of int2vector and oidvector theirs. The modifier applies to elements.
// Errors: 22P02, 2202E, 54000, and the elements' own.
absl::StatusOr<std::string> ParseArray(std::string_view text, const Type& array,
                                       const TextOptions& options);
void FormatArray(std::string_view bytes, const Type& array, const TextOptions& options,
                 std::string* out);

// A text or NULL.
struct ArrayElement {
  std::string text;
  bool null = false;
};
// The elements of a text[] of whatever dimensions, and one of one dimension.
std::vector<ArrayElement> TextElements(std::string_view text_array);
std::string TextArray(const std::vector<ArrayElement>& elements);

}  // namespace adbms::types
