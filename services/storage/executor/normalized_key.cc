#include "services/storage/executor/normalized_key.h"

#include <algorithm>

namespace adbms::storage::executor {
namespace {

using types::Physical;

constexpr char kNullFirst = 0;
constexpr char kNotNull = 1;
constexpr char kNullLast = 2;
constexpr size_t kWord = sizeof(uint64_t);
constexpr size_t kLengthBytes = sizeof(uint32_t);

bool HasFixedWidth(Physical physical) {
  return physical != Physical::kString && physical != Physical::kDecimal;
}

}  // namespace

KeyEncoder::KeyEncoder(const std::vector<types::Type>& types, std::vector<SortColumn> columns) {
  size_t width = 0;
  for (const SortColumn& column : columns) {
    const types::Type type = types[column.column];
    columns_.push_back({column.column,
                        {type, column.descending, false},
                        column.nulls_first ? kNullFirst : kNullLast});
    const Physical physical = types::PhysicalOf(type.id);
    short_ = short_ && HasFixedWidth(physical);
    width += 1 + types::WidthOf(physical);
  }
  short_ = short_ && width <= 2 * kWord;
}

size_t KeyEncoder::KeyBound(const types::Batch& rows, uint32_t row) const {
  size_t bytes = columns_.size();
  for (const Column& column : columns_) {
    const types::Vector& values = *rows.columns[column.index];
    if (!values.is_null(row)) bytes += codec::KeyBound(values, row, column.form);
  }
  return bytes;
}

size_t KeyEncoder::Bytes(const types::Batch& rows) const {
  if (short_) return 0;
  // One more word: each key is written whole before it is known that its prefix is all of it.
  size_t bytes = rows.row_count * kLengthBytes + kWord;
  for (uint32_t row = 0; row < rows.row_count; ++row) bytes += KeyBound(rows, row);
  return bytes;
}

bool KeyEncoder::LengthsFit(const types::Batch& rows) const {
  if (Bytes(rows) <= UINT32_MAX) return true;
  for (uint32_t row = 0; row < rows.row_count; ++row) {
    if (KeyBound(rows, row) > UINT32_MAX) return false;
  }
  return true;
}

char* KeyEncoder::Write(const types::Batch& rows, uint32_t row, char* out) const {
  for (const Column& column : columns_) {
    const types::Vector& values = *rows.columns[column.index];
    const bool null = values.is_null(row);
    *out++ = null ? column.null_byte : kNotNull;
    if (!null) out = codec::WriteKey(values, row, column.form, out);
  }
  return out;
}

void KeyEncoder::Encode(const types::Batch& rows, uint32_t batch, char* bytes,
                        SortItem* items) const {
  for (uint32_t row = 0; row < rows.row_count; ++row) {
    SortItem& item = items[row];
    item.position = PositionOf(batch, row);
    if (short_) {
      char key[2 * kWord] = {};
      Write(rows, row, key);
      item.prefix = LoadBigEndian(key);
      item.second = LoadBigEndian(key + kWord);
      continue;
    }
    char* const begin = bytes + kLengthBytes;
    char* const end = Write(rows, row, begin);
    const auto size = static_cast<size_t>(end - begin);
    if (size < kWord) std::memset(end, 0, kWord - size);
    item.prefix = LoadBigEndian(begin);
    item.key = nullptr;
    if (size <= kWord) continue;
    const auto length = static_cast<uint32_t>(size);
    std::memcpy(bytes, &length, kLengthBytes);
    item.key = bytes;
    bytes = end;
  }
}

}  // namespace adbms::storage::executor
