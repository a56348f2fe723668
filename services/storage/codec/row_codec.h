// Stored rows: a header, an optional null bitmap, fixed-width columns at offsets known from the
// types, then variable-width columns behind an offset array; one column is read without the others.
// Layout: KEYS.md. Immutable and thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/types/value.h"
#include "common/types/vector.h"

namespace adbms::storage::codec {

inline constexpr uint8_t kRowVersion = 1;

class RowLayout {
 public:
  RowLayout() = default;
  explicit RowLayout(std::vector<types::Type> types);

  const std::vector<types::Type>& types() const { return types_; }
  // Appends row `row` of `columns` (all of the layout's, in order; a null pointer stands for NULL).
  void Append(std::span<const types::Vector* const> columns, uint32_t row, std::string* out) const;

 private:
  friend class RowDecoder;
  struct Slot {
    bool fixed;
    uint32_t position;  // Byte offset in the fixed part, or position among variable columns.
    uint32_t width;
  };
  std::vector<types::Type> types_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> fixed_bytes_;     // By number of columns: size of the fixed part.
  std::vector<uint32_t> variable_count_;  // By number of columns.
};

// Reads chosen columns of stored rows into vectors.
class RowDecoder {
 public:
  RowDecoder() = default;
  // `missing`: by ordinal, what rows shorter than the layout have. Borrowed, as is `layout`.
  RowDecoder(const RowLayout* layout, std::vector<uint32_t> columns,
             const std::vector<types::Value>* missing);

  const std::vector<uint32_t>& columns() const { return columns_; }
  // Into row `row` of `out[i]` for columns()[i]. The vectors are sized and row `row` is valid.
  // Strings are copied into the vectors' arenas. Errors: XX001.
  absl::Status Decode(std::string_view bytes, uint32_t row, types::Vector* const* out) const;

 private:
  struct Field {
    uint32_t column;
    uint32_t position;  // As RowLayout::Slot.
    types::Physical form;
  };
  const RowLayout* layout_ = nullptr;
  std::vector<uint32_t> columns_;
  std::vector<Field> fields_;  // By position in columns_.
  const std::vector<types::Value>* missing_ = nullptr;
};

}  // namespace adbms::storage::codec
