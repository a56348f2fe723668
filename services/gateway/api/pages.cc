#include "services/gateway/api/pages.h"

#include <bit>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"
#include "common/types/datetime.h"

namespace adbms::gateway::api {
namespace {

static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(types::Interval) == 16);

constexpr size_t kUuidBytes = 16;
// PostgreSQL's ranges: 4714-11-24 BC up to 5874897 and 294276 AD, counted from 2000-01-01.
constexpr int32_t kFirstDay = -2451545;
constexpr int32_t kLastDay = 2145031948;
constexpr int64_t kFirstMicrosecond = int64_t{kFirstDay} * types::kMicrosecondsPerDay;
constexpr int64_t kEndMicrosecond = int64_t{9223371331200000000};

bool HasOffsets(v1::Encoding encoding) {
  return encoding == v1::ENCODING_TEXT || encoding == v1::ENCODING_BYTES;
}

// Bytes of a value; 0: any number.
size_t WidthOf(v1::Encoding encoding) {
  switch (encoding) {
    case v1::ENCODING_BOOL:
      return 1;
    case v1::ENCODING_INT16:
      return 2;
    case v1::ENCODING_INT32:
    case v1::ENCODING_FLOAT32:
    case v1::ENCODING_DATE:
      return 4;
    case v1::ENCODING_INT64:
    case v1::ENCODING_FLOAT64:
    case v1::ENCODING_TIME:
    case v1::ENCODING_TIMESTAMP:
    case v1::ENCODING_TIMESTAMPTZ:
      return 8;
    case v1::ENCODING_INTERVAL:
    case v1::ENCODING_UUID:
      return 16;
    default:
      return 0;
  }
}

// Text types whose text is what lies in the vector.
bool LiesAsText(types::TypeId type) {
  return type == types::TypeId::kText || type == types::TypeId::kVarchar ||
         type == types::TypeId::kBpchar || type == types::TypeId::kName ||
         type == types::TypeId::kJson || type == types::TypeId::kUnknown;
}

void AppendOffset(size_t size, std::string* offsets) {
  const auto offset = static_cast<uint32_t>(size);
  offsets->append(reinterpret_cast<const char*>(&offset), sizeof(offset));
}

void MarkNulls(const types::Vector& vector, uint32_t begin, uint32_t end, uint32_t rows_before,
               std::string* nulls) {
  bool any = !nulls->empty();
  for (uint32_t row = begin; row < end && !any; ++row) any = vector.is_null(row);
  if (!any) return;
  nulls->resize((rows_before + (end - begin) + 7) / 8, '\0');
  for (uint32_t row = begin; row < end; ++row) {
    if (!vector.is_null(row)) continue;
    const uint32_t at = rows_before + row - begin;
    (*nulls)[at / 8] = static_cast<char>((*nulls)[at / 8] | (1 << (at % 8)));
  }
}

void AppendFixed(const types::Vector& vector, uint32_t begin, uint32_t end, size_t width,
                 std::string* values) {
  const size_t before = values->size();
  values->append(vector.data<char>() + begin * width, (end - begin) * width);
  if (!vector.may_have_nulls()) return;
  for (uint32_t row = begin; row < end; ++row) {
    if (vector.is_null(row)) std::memset(values->data() + before + (row - begin) * width, 0, width);
  }
}

void AppendUuids(const types::Vector& vector, uint32_t begin, uint32_t end, std::string* values) {
  for (uint32_t row = begin; row < end; ++row) {
    if (vector.is_null(row)) {
      values->append(kUuidBytes, '\0');
    } else {
      values->append(vector.string(row));
    }
  }
}

void AppendTexts(const types::Vector& vector, uint32_t begin, uint32_t end, bool as_it_lies,
                 const types::TextOptions& options, v1::PageColumn* column) {
  std::string* const values = column->mutable_values();
  std::string* const offsets = column->mutable_offsets();
  if (offsets->empty()) AppendOffset(0, offsets);
  for (uint32_t row = begin; row < end; ++row) {
    if (!vector.is_null(row)) {
      if (as_it_lies) {
        values->append(vector.string(row));
      } else {
        types::FormatText(vector, row, options, values);
      }
    }
    AppendOffset(values->size(), offsets);
  }
}

absl::Status Malformed(absl::string_view what) {
  return status::Error(status::sqlstate::kProtocolViolation,
                       absl::StrCat("malformed page: ", what));
}

absl::Status OutOfRange(absl::string_view what) {
  return status::Error(status::sqlstate::kDatetimeOverflow, absl::StrCat(what, " out of range"));
}

absl::Status CheckDates(const types::Vector& vector) {
  for (uint32_t row = 0; row < vector.size(); ++row) {
    const int32_t days = vector.data<int32_t>()[row];
    if (types::IsFiniteDate(days) && (days < kFirstDay || days > kLastDay))
      return OutOfRange("date");
  }
  return absl::OkStatus();
}

absl::Status CheckTimestamps(const types::Vector& vector) {
  for (uint32_t row = 0; row < vector.size(); ++row) {
    const int64_t us = vector.data<int64_t>()[row];
    if (types::IsFiniteTimestamp(us) && (us < kFirstMicrosecond || us >= kEndMicrosecond))
      return OutOfRange("timestamp");
  }
  return absl::OkStatus();
}

absl::Status CheckTimes(const types::Vector& vector) {
  for (uint32_t row = 0; row < vector.size(); ++row) {
    const int64_t us = vector.data<int64_t>()[row];
    if (us < 0 || us > types::kMicrosecondsPerDay) return OutOfRange("time");
  }
  return absl::OkStatus();
}

// Of an encoding with a width, but for UUID.
absl::Status DecodeFixed(const v1::PageColumn& column, types::Vector* vector) {
  if (!column.values().empty())
    std::memcpy(vector->data<char>(), column.values().data(), column.values().size());
  switch (column.encoding()) {
    case v1::ENCODING_BOOL:
      for (const char value : column.values()) {
        if (value != 0 && value != 1) return Malformed("a boolean is 0 or 1");
      }
      return absl::OkStatus();
    case v1::ENCODING_DATE:
      return CheckDates(*vector);
    case v1::ENCODING_TIME:
      return CheckTimes(*vector);
    case v1::ENCODING_TIMESTAMP:
    case v1::ENCODING_TIMESTAMPTZ:
      return CheckTimestamps(*vector);
    default:
      return absl::OkStatus();
  }
}

absl::Status DecodeTexts(const v1::PageColumn& column, uint32_t rows, types::Vector* vector) {
  if (column.offsets().size() != (size_t{rows} + 1) * sizeof(uint32_t))
    return Malformed("there are not row_count + 1 offsets");
  const auto offset_of = [&column](uint32_t row) {
    uint32_t offset;
    std::memcpy(&offset, column.offsets().data() + size_t{row} * sizeof(offset), sizeof(offset));
    return offset;
  };
  if (offset_of(0) != 0 || offset_of(rows) != column.values().size())
    return Malformed("the offsets do not span the values");
  const bool text = column.encoding() == v1::ENCODING_TEXT;
  uint32_t begin = 0;
  for (uint32_t row = 0; row < rows; ++row) {
    const uint32_t end = offset_of(row + 1);
    if (end < begin || end > column.values().size()) return Malformed("an offset descends");
    const std::string_view bytes = std::string_view(column.values()).substr(begin, end - begin);
    if (text) RETURN_IF_ERROR(types::ValidateUtf8(bytes));
    vector->data<std::string_view>()[row] = vector->arena()->Add(bytes);
    begin = end;
  }
  return absl::OkStatus();
}

absl::StatusOr<types::VectorPtr> DecodeColumn(const v1::PageColumn& column, uint32_t rows) {
  const std::optional<types::TypeId> type = TypeOfEncoding(column.encoding());
  if (!type.has_value()) return Malformed("an unknown encoding");
  if (!HasOffsets(column.encoding()) &&
      (column.values().size() != rows * WidthOf(column.encoding()) || !column.offsets().empty()))
    return Malformed("the values are not row_count times their width");
  if (!column.nulls().empty() && column.nulls().size() != (size_t{rows} + 7) / 8)
    return Malformed("nulls is not ceil(row_count / 8) bytes");
  // Before anything is made of that many rows they have proved to be there.
  if (HasOffsets(column.encoding()) && column.offsets().size() / sizeof(uint32_t) <= rows)
    return Malformed("there are not row_count + 1 offsets");
  auto vector = std::make_shared<types::Vector>(types::Type{*type, 0});
  vector->Resize(rows);
  if (HasOffsets(column.encoding())) {
    RETURN_IF_ERROR(DecodeTexts(column, rows, vector.get()));
  } else if (column.encoding() == v1::ENCODING_UUID) {
    for (uint32_t row = 0; row < rows; ++row) {
      vector->data<std::string_view>()[row] = vector->arena()->Add(
          std::string_view(column.values()).substr(row * kUuidBytes, kUuidBytes));
    }
  } else {
    RETURN_IF_ERROR(DecodeFixed(column, vector.get()));
  }
  for (uint32_t row = 0; row < rows && !column.nulls().empty(); ++row) {
    if ((static_cast<uint8_t>(column.nulls()[row / 8]) >> (row % 8)) & 1) vector->SetNull(row);
  }
  return vector;
}

}  // namespace

v1::Encoding EncodingOf(types::TypeId type) {
  switch (type) {
    case types::TypeId::kBool:
      return v1::ENCODING_BOOL;
    case types::TypeId::kInt2:
      return v1::ENCODING_INT16;
    case types::TypeId::kInt4:
      return v1::ENCODING_INT32;
    case types::TypeId::kInt8:
    case types::TypeId::kOid:
      return v1::ENCODING_INT64;
    case types::TypeId::kFloat4:
      return v1::ENCODING_FLOAT32;
    case types::TypeId::kFloat8:
      return v1::ENCODING_FLOAT64;
    case types::TypeId::kDate:
      return v1::ENCODING_DATE;
    case types::TypeId::kTime:
      return v1::ENCODING_TIME;
    case types::TypeId::kTimestamp:
      return v1::ENCODING_TIMESTAMP;
    case types::TypeId::kTimestamptz:
      return v1::ENCODING_TIMESTAMPTZ;
    case types::TypeId::kInterval:
      return v1::ENCODING_INTERVAL;
    case types::TypeId::kUuid:
      return v1::ENCODING_UUID;
    case types::TypeId::kBytea:
      return v1::ENCODING_BYTES;
    default:
      return v1::ENCODING_TEXT;
  }
}

std::optional<types::TypeId> TypeOfEncoding(v1::Encoding encoding) {
  switch (encoding) {
    case v1::ENCODING_BOOL:
      return types::TypeId::kBool;
    case v1::ENCODING_INT16:
      return types::TypeId::kInt2;
    case v1::ENCODING_INT32:
      return types::TypeId::kInt4;
    case v1::ENCODING_INT64:
      return types::TypeId::kInt8;
    case v1::ENCODING_FLOAT32:
      return types::TypeId::kFloat4;
    case v1::ENCODING_FLOAT64:
      return types::TypeId::kFloat8;
    case v1::ENCODING_DATE:
      return types::TypeId::kDate;
    case v1::ENCODING_TIME:
      return types::TypeId::kTime;
    case v1::ENCODING_TIMESTAMP:
      return types::TypeId::kTimestamp;
    case v1::ENCODING_TIMESTAMPTZ:
      return types::TypeId::kTimestamptz;
    case v1::ENCODING_INTERVAL:
      return types::TypeId::kInterval;
    case v1::ENCODING_UUID:
      return types::TypeId::kUuid;
    case v1::ENCODING_BYTES:
      return types::TypeId::kBytea;
    case v1::ENCODING_TEXT:
      return types::TypeId::kText;
    default:
      return std::nullopt;
  }
}

void PageBuilder::Add(const types::Batch& batch, uint32_t begin, uint32_t end) {
  const uint32_t rows_before = page_.row_count();
  page_.set_row_count(rows_before + (end - begin));
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const types::Vector& vector = *batch.columns[i];
    v1::PageColumn* const column = static_cast<size_t>(page_.columns_size()) > i
                                       ? page_.mutable_columns(static_cast<int>(i))
                                       : page_.add_columns();
    const v1::Encoding encoding = EncodingOf(vector.type().id);
    column->set_encoding(encoding);
    const size_t before = column->values().size() + column->offsets().size();
    if (HasOffsets(encoding)) {
      const types::TypeId type = vector.type().id;
      AppendTexts(vector, begin, end, LiesAsText(type) || type == types::TypeId::kBytea, *options_,
                  column);
    } else if (encoding == v1::ENCODING_UUID) {
      AppendUuids(vector, begin, end, column->mutable_values());
    } else {
      AppendFixed(vector, begin, end, WidthOf(encoding), column->mutable_values());
    }
    bytes_ += column->values().size() + column->offsets().size() - before;
    MarkNulls(vector, begin, end, rows_before, column->mutable_nulls());
  }
}

v1::Page PageBuilder::Take() {
  for (v1::PageColumn& column : *page_.mutable_columns()) {
    // Where the last rows of many had no NULLs.
    if (!column.nulls().empty()) column.mutable_nulls()->resize((page_.row_count() + 7) / 8, '\0');
  }
  v1::Page taken;
  taken.Swap(&page_);
  bytes_ = 0;
  return taken;
}

absl::StatusOr<types::Batch> DecodePage(const v1::Page& page) {
  types::Batch batch;
  batch.row_count = page.row_count();
  for (const v1::PageColumn& column : page.columns()) {
    ASSIGN_OR_RETURN(types::VectorPtr vector, DecodeColumn(column, page.row_count()));
    batch.columns.push_back(std::move(vector));
  }
  return batch;
}

}  // namespace adbms::gateway::api
