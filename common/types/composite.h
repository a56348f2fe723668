// Rows as values: a reader, a builder, their order and their text.
//
// Layout, little endian, unaligned:
//   u16 fields
//   fields times: u8 type id
//   NULL bitmap: a bit a field, least significant first, 1: NULL; ceil(fields / 8) bytes
//   fields times: u32, where the field ends, counted from the first one's begin
//   the fields, each as element_form.h has it; nothing where NULL
// So comparing and checking rows takes no definition. Pure functions; a view borrows its bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/types/type.h"
#include "common/types/vector.h"

namespace adbms::types {

struct TextOptions;

// Reads a row. Bytes that are none read as a row without fields, never beyond their end.
class CompositeView {
 public:
  explicit CompositeView(std::string_view bytes);

  uint32_t size() const { return size_; }
  TypeId type(uint32_t i) const { return static_cast<TypeId>(types_[i]); }
  bool is_null(uint32_t i) const {
    return ((static_cast<uint8_t>(nulls_[i >> 3]) >> (i & 7)) & 1) != 0;
  }
  // The field's bytes. REQUIRES: i < size() and !is_null(i).
  std::string_view bytes(uint32_t i) const;
  // Into a row of a vector of the field's type; strings are borrowed. NULL when there is no such
  // field, or it is of another type.
  void Load(uint32_t i, Vector* out, uint32_t row) const;
  // The field's type as `row` defines it, or as far as the bytes say.
  Type TypeOf(uint32_t i, const Type& row) const;
  // The field, alone in a vector; its strings are borrowed.
  Vector Field(uint32_t i, const Type& row) const;

 private:
  friend bool IsWellFormedComposite(std::string_view);

  uint32_t size_ = 0;
  const uint8_t* types_ = nullptr;
  const char* nulls_ = nullptr;
  std::string_view ends_;
  std::string_view data_;
  bool valid_ = false;
};

// Whether bytes from elsewhere are such a row, field by field. False, too, for one that is nested
// deeper than any type is.
bool IsWellFormedComposite(std::string_view bytes);

// Makes a row, field by field.
class CompositeBuilder {
 public:
  void AddNull(TypeId type);
  // Of the vector's type, or NULL.
  void Add(const Vector& values, uint32_t row) { Add(values, row, values.type().id); }
  // As one of another type of the same physical form; NULL where it has another.
  void Add(const Vector& values, uint32_t row, TypeId type);

  uint32_t size() const { return static_cast<uint32_t>(ends_.size()); }
  std::string Finish() const;

 private:
  std::string types_;
  std::vector<bool> nulls_;
  std::vector<uint32_t> ends_;
  std::string data_;
};

// PostgreSQL's order: field by field, NULL last and equal to itself, then by the number of fields.
int CompareComposites(std::string_view a, std::string_view b);
// See AppendOrderKey in form.h.
void AppendCompositeKey(std::string_view bytes, std::string* out);

// record_in and record_out. What is read has not been held against the domains in it. Errors:
// 22P02, the fields' own, 0A000 for an anonymous row.
absl::StatusOr<std::string> ParseComposite(std::string_view text, const Type& row,
                                           const TextOptions& options);
void FormatComposite(std::string_view bytes, const Type& row, const TextOptions& options,
                     std::string* out);
// Why values of the type cannot be read as a whole; OK if they can.
absl::Status CheckReadable(const Type& row);

}  // namespace adbms::types
