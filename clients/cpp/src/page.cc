// Pages both ways, and rows as a view of them.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "adbms/result.h"
#include "src/rpc.h"

namespace adbms {
namespace {

static_assert(std::endian::native == std::endian::little, "pages are little endian");

// 2000-01-01, from where the server counts.
constexpr Date kEpoch = Date(std::chrono::days(10957));

std::size_t WidthOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kBool:
      return 1;
    case Encoding::kInt16:
      return 2;
    case Encoding::kInt32:
    case Encoding::kFloat32:
    case Encoding::kDate:
      return 4;
    case Encoding::kInt64:
    case Encoding::kFloat64:
    case Encoding::kTime:
    case Encoding::kTimestamp:
    case Encoding::kTimestamptz:
      return 8;
    case Encoding::kInterval:
    case Encoding::kUuid:
      return 16;
    case Encoding::kBytes:
    case Encoding::kText:
      break;
  }
  return 0;
}

bool IsFloating(Encoding encoding) {
  return encoding == Encoding::kFloat32 || encoding == Encoding::kFloat64;
}

}  // namespace

struct Page::Content {
  std::shared_ptr<const std::vector<Column>> columns;
  internal::pb::Page page;
  // Values whose place in the message is not aligned as their type wants it.
  std::vector<std::vector<std::uint64_t>> aligned;
};

std::uint32_t Page::row_count() const { return content_->page.row_count(); }
const std::vector<Column>& Page::columns() const { return *content_->columns; }
Encoding Page::encoding(std::size_t column) const {
  return static_cast<Encoding>(content_->page.columns(static_cast<int>(column)).encoding());
}

bool Page::is_null(std::size_t column, std::uint32_t row) const {
  const std::string& nulls = content_->page.columns(static_cast<int>(column)).nulls();
  return !nulls.empty() && ((static_cast<std::uint8_t>(nulls[row / 8]) >> (row % 8)) & 1) != 0;
}

const void* Page::Fixed(std::size_t column, std::size_t width, bool floating) const {
  const Encoding own = encoding(column);
  if (WidthOf(own) != width || IsFloating(own) != floating)
    Throw("22023", "the column's values are of another type: " + columns()[column].type_name);
  const auto& aligned = content_->aligned[column];
  if (!aligned.empty()) return aligned.data();
  return content_->page.columns(static_cast<int>(column)).values().data();
}

std::string_view Page::bytes(std::size_t column, std::uint32_t row) const {
  const internal::pb::PageColumn& part = content_->page.columns(static_cast<int>(column));
  const std::string_view values = part.values();
  const std::size_t width = WidthOf(encoding(column));
  if (width > 0) return values.substr(row * width, width);
  std::uint32_t span[2];
  std::memcpy(span, part.offsets().data() + row * sizeof(std::uint32_t), sizeof(span));
  return values.substr(span[0], span[1] - span[0]);
}

std::size_t Row::index(std::string_view name) const {
  for (std::size_t i = 0; i < page_.columns().size(); ++i)
    if (page_.columns()[i].name == name) return i;
  Throw("42703", "the result has no column \"" + std::string(name) + "\"");
}

void Row::CheckNotNull(std::size_t column) const {
  if (is_null(column))
    Throw("22002", "column \"" + page_.columns()[column].name + "\" is NULL",
          "Ask for a std::optional.");
}

namespace {

[[noreturn]] void WrongType(const Column& column) {
  Throw("22023", "column \"" + column.name + "\" is of type " + column.type_name,
        "Ask for a type that holds it, or for std::string.");
}

template <typename T>
T ReadAs(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

}  // namespace

std::int64_t Row::ReadInteger(std::size_t column) const {
  CheckNotNull(column);
  const std::string_view bytes = page_.bytes(column, row_);
  switch (page_.encoding(column)) {
    case Encoding::kInt16:
      return ReadAs<std::int16_t>(bytes);
    case Encoding::kInt32:
      return ReadAs<std::int32_t>(bytes);
    case Encoding::kInt64:
      return ReadAs<std::int64_t>(bytes);
    default:
      WrongType(page_.columns()[column]);
  }
}

void Row::Read(std::size_t column, bool* value) const {
  CheckNotNull(column);
  if (page_.encoding(column) != Encoding::kBool) WrongType(page_.columns()[column]);
  *value = page_.bytes(column, row_)[0] != 0;
}

void Row::Read(std::size_t column, float* value) const {
  CheckNotNull(column);
  if (page_.encoding(column) != Encoding::kFloat32) WrongType(page_.columns()[column]);
  *value = ReadAs<float>(page_.bytes(column, row_));
}

void Row::Read(std::size_t column, double* value) const {
  CheckNotNull(column);
  const std::string_view bytes = page_.bytes(column, row_);
  switch (page_.encoding(column)) {
    case Encoding::kFloat32:
      *value = ReadAs<float>(bytes);
      return;
    case Encoding::kFloat64:
      *value = ReadAs<double>(bytes);
      return;
    case Encoding::kInt16:
    case Encoding::kInt32:
      *value = static_cast<double>(ReadInteger(column));
      return;
    default:
      WrongType(page_.columns()[column]);
  }
}

void Row::Read(std::size_t column, std::string_view* value) const {
  CheckNotNull(column);
  if (page_.encoding(column) != Encoding::kText) WrongType(page_.columns()[column]);
  *value = page_.bytes(column, row_);
}

void Row::Read(std::size_t column, std::string* value) const {
  std::string_view text;
  Read(column, &text);
  *value = text;
}

void Row::Read(std::size_t column, Bytes* value) const {
  CheckNotNull(column);
  if (page_.encoding(column) != Encoding::kBytes) WrongType(page_.columns()[column]);
  const std::string_view bytes = page_.bytes(column, row_);
  value->assign(bytes.begin(), bytes.end());
}

void Row::Read(std::size_t column, Date* value) const {
  CheckNotNull(column);
  if (page_.encoding(column) != Encoding::kDate) WrongType(page_.columns()[column]);
  const auto days = ReadAs<std::int32_t>(page_.bytes(column, row_));
  if (days == std::numeric_limits<std::int32_t>::max() ||
      days == std::numeric_limits<std::int32_t>::min())
    Throw("22008", "an infinite date", "Cast it to text.");
  *value = kEpoch + std::chrono::days(days);
}

void Row::Read(std::size_t column, Timestamp* value) const {
  CheckNotNull(column);
  const Encoding encoding = page_.encoding(column);
  if (encoding != Encoding::kTimestamp && encoding != Encoding::kTimestamptz)
    WrongType(page_.columns()[column]);
  const auto us = ReadAs<std::int64_t>(page_.bytes(column, row_));
  if (us == std::numeric_limits<std::int64_t>::max() ||
      us == std::numeric_limits<std::int64_t>::min())
    Throw("22008", "an infinite timestamp", "Cast it to text.");
  *value = Timestamp(kEpoch) + std::chrono::microseconds(us);
}

void Row::Read(std::size_t column, std::chrono::microseconds* value) const {
  CheckNotNull(column);
  if (page_.encoding(column) != Encoding::kTime) WrongType(page_.columns()[column]);
  *value = std::chrono::microseconds(ReadAs<std::int64_t>(page_.bytes(column, row_)));
}

void Row::Read(std::size_t column, Interval* value) const {
  CheckNotNull(column);
  if (page_.encoding(column) != Encoding::kInterval) WrongType(page_.columns()[column]);
  const std::string_view bytes = page_.bytes(column, row_);
  value->microseconds = ReadAs<std::int64_t>(bytes);
  value->days = ReadAs<std::int32_t>(bytes.substr(8));
  value->months = ReadAs<std::int32_t>(bytes.substr(12));
}

void Row::Read(std::size_t column, Uuid* value) const {
  CheckNotNull(column);
  if (page_.encoding(column) != Encoding::kUuid) WrongType(page_.columns()[column]);
  std::memcpy(value->data(), page_.bytes(column, row_).data(), value->size());
}

void Row::Read(std::size_t column, Numeric* value) const { Read(column, &value->text); }

std::size_t Result::size() const {
  std::size_t rows = 0;
  for (const Page& page : pages) rows += page.row_count();
  return rows;
}

Row Result::at(std::size_t row) const {
  for (const Page& page : pages) {
    if (row < page.row_count()) return Row(page, static_cast<std::uint32_t>(row));
    row -= page.row_count();
  }
  throw std::out_of_range("a row beside the result");
}

namespace internal {

Page PageOf(std::shared_ptr<const std::vector<Column>> columns, pb::Page page) {
  auto content = std::make_shared<Page::Content>();
  const auto bad = [] { Throw("08P01", "the server has sent what is no page"); };
  const std::uint64_t rows = page.row_count();
  if (static_cast<std::size_t>(page.columns_size()) != columns->size()) bad();
  content->aligned.resize(columns->size());
  for (int i = 0; i < page.columns_size(); ++i) {
    const pb::PageColumn& part = page.columns(i);
    if (!part.nulls().empty() && part.nulls().size() != (rows + 7) / 8) bad();
    const auto encoding = static_cast<Encoding>(part.encoding());
    const std::size_t width = WidthOf(encoding);
    if (width > 0) {
      if (part.values().size() != rows * width) bad();
      if (reinterpret_cast<std::uintptr_t>(part.values().data()) % alignof(std::uint64_t) != 0) {
        content->aligned[i].resize((part.values().size() + 7) / 8);
        std::memcpy(content->aligned[i].data(), part.values().data(), part.values().size());
      }
      continue;
    }
    if (encoding != Encoding::kText && encoding != Encoding::kBytes)
      Throw("0A000", "an encoding that this client does not know", "Use a newer client.");
    if (part.offsets().size() != (rows + 1) * sizeof(std::uint32_t)) bad();
    std::uint32_t before = 0;
    for (std::uint64_t row = 0; row <= rows; ++row) {
      std::uint32_t offset;
      std::memcpy(&offset, part.offsets().data() + row * sizeof(offset), sizeof(offset));
      if (offset < before || offset > part.values().size()) bad();
      before = offset;
    }
  }
  content->columns = std::move(columns);
  content->page.Swap(&page);
  return Page(std::move(content));
}

namespace {

template <typename T>
void Append(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Whether all values that are not NULL are of the kind, and there is one.
template <typename Kind>
bool AreAll(std::span<const Values> rows, std::size_t column) {
  bool any = false;
  for (const Values& row : rows) {
    if (row[column].is_null()) continue;
    if (!std::holds_alternative<Kind>(row[column].data())) return false;
    any = true;
  }
  return any;
}

template <typename Kind>
void AppendAll(std::span<const Values> rows, std::size_t column, std::string* out) {
  for (const Values& row : rows) {
    const auto* value = std::get_if<Kind>(&row[column].data());
    Append(value == nullptr ? Kind() : *value, out);
  }
}

void AppendPieces(std::span<const Values> rows, std::size_t column, bool bytes,
                  pb::PageColumn* part) {
  Append(std::uint32_t{0}, part->mutable_offsets());
  for (const Values& row : rows) {
    const Value& value = row[column];
    if (bytes && !value.is_null()) {
      const Bytes& piece = std::get<Bytes>(value.data());
      part->mutable_values()->append(piece.begin(), piece.end());
    } else if (!value.is_null()) {
      part->mutable_values()->append(value.text());
    }
    Append(static_cast<std::uint32_t>(part->values().size()), part->mutable_offsets());
  }
}

}  // namespace

pb::Page PageOfRows(std::span<const Values> rows) {
  pb::Page page;
  page.set_row_count(static_cast<std::uint32_t>(rows.size()));
  if (rows.empty()) return page;
  const std::size_t width = rows.front().size();
  for (const Values& row : rows)
    if (row.size() != width) Throw("42601", "rows of different lengths");
  for (std::size_t column = 0; column < width; ++column) {
    pb::PageColumn* const part = page.add_columns();
    if (AreAll<std::int64_t>(rows, column)) {
      part->set_encoding(pb::ENCODING_INT64);
      AppendAll<std::int64_t>(rows, column, part->mutable_values());
    } else if (AreAll<double>(rows, column)) {
      part->set_encoding(pb::ENCODING_FLOAT64);
      AppendAll<double>(rows, column, part->mutable_values());
    } else if (AreAll<bool>(rows, column)) {
      part->set_encoding(pb::ENCODING_BOOL);
      AppendAll<bool>(rows, column, part->mutable_values());
    } else {
      const bool bytes = AreAll<Bytes>(rows, column);
      part->set_encoding(bytes ? pb::ENCODING_BYTES : pb::ENCODING_TEXT);
      AppendPieces(rows, column, bytes, part);
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (!rows[row][column].is_null()) continue;
      std::string* const nulls = part->mutable_nulls();
      nulls->resize((rows.size() + 7) / 8, '\0');
      (*nulls)[row / 8] = static_cast<char>((*nulls)[row / 8] | (1 << (row % 8)));
    }
  }
  return page;
}

std::uint32_t CommonOid(std::span<const Values> rows, std::size_t column) {
  constexpr std::uint32_t kNumbers[] = {23, 20, 1700};  // int4, int8, numeric: the wider later.
  const auto rank = [&kNumbers](std::uint32_t oid) {
    return std::find(std::begin(kNumbers), std::end(kNumbers), oid) - std::begin(kNumbers);
  };
  std::optional<std::uint32_t> common;
  for (const Values& row : rows) {
    if (row[column].is_null()) continue;
    const std::uint32_t oid = row[column].oid();
    if (!common.has_value() || *common == oid) {
      common = oid;
    } else if (rank(oid) < 3 && rank(*common) < 3) {
      common = kNumbers[std::max(rank(oid), rank(*common))];
    } else {
      return 0;
    }
  }
  return common.value_or(0);
}

}  // namespace internal
}  // namespace adbms
