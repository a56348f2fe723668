#include "services/storage/txn/constraint_errors.h"

#include "common/sql/explain/deparse.h"
#include "common/status/failing_row.h"
#include "common/status/sql_error.h"
#include "common/types/text_io.h"
#include "services/storage/catalog/identifier_text.h"

namespace adbms::storage::txn {
namespace {

namespace sqlstate = status::sqlstate;
constexpr size_t kShownBytes = 64;
constexpr size_t kMaxKeyBytes = 8191;

void AppendValue(const types::Vector& vector, uint32_t row, size_t limit, std::string* out) {
  if (vector.is_null(row)) {
    out->append("null");
    return;
  }
  std::string text;
  types::FormatText(vector, row, types::TextOptions(), &text);
  if (text.size() > limit) {
    size_t end = limit;
    while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
    text.resize(end);
    text.append("...");
  }
  out->append(text);
}

absl::Status Violation(std::string_view state, std::string message, std::string detail,
                       const catalog::TableEntry& table, std::string column,
                       std::string constraint) {
  status::SqlError error;
  error.sqlstate = std::string(state);
  error.message = std::move(message);
  error.detail = std::move(detail);
  error.schema = table.descriptor.schema();
  error.table = table.descriptor.name();
  error.column = std::move(column);
  error.constraint = std::move(constraint);
  return status::ToStatus(error);
}

// A key's name in messages: a column, or the text of an index's expression.
std::string KeyName(const catalog::TableEntry& table, uint32_t ordinal) {
  if (ordinal < table.layout.names.size()) return table.layout.names[ordinal];
  size_t position = ordinal - table.layout.names.size();
  for (const auto& index : table.descriptor.indexes()) {
    const auto count = static_cast<size_t>(index.expressions_size());
    if (position < count) {
      return sql::explain::DeparseKey(
          index.expressions(static_cast<int>(position)),
          [&](uint32_t column) { return catalog::QuoteIdentifier(table.layout.names[column]); },
          /*pretty=*/true);
    }
    position -= count;
  }
  return "?";
}

}  // namespace

namespace {

// The error with the row that it is about.
absl::Status OfRow(absl::Status error, const catalog::TableEntry& table, codec::Columns columns,
                   uint32_t row) {
  status::FailingRow values;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!table.layout.live[i]) continue;
    std::string value;
    AppendValue(*columns[i], row, kShownBytes, &value);
    values.emplace_back(table.layout.names[i], std::move(value));
  }
  return status::WithFailingRow(std::move(error), values);
}

}  // namespace

std::string DescribeRow(const catalog::TableEntry& table, codec::Columns columns, uint32_t row) {
  std::string text = "(";
  bool first = true;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!table.layout.live[i]) continue;
    if (!first) text += ", ";
    first = false;
    AppendValue(*columns[i], row, kShownBytes, &text);
  }
  return text + ")";
}

std::string DescribeKey(const catalog::TableEntry& table, const std::vector<uint32_t>& ordinals,
                        codec::Columns columns, uint32_t row) {
  std::string names = "(";
  std::string values = "(";
  for (size_t i = 0; i < ordinals.size(); ++i) {
    if (i > 0) {
      names += ", ";
      values += ", ";
    }
    names += KeyName(table, ordinals[i]);
    AppendValue(*columns[ordinals[i]], row, SIZE_MAX - 4, &values);
  }
  return names + ")=" + values + ")";
}

absl::Status UniqueViolation(const catalog::TableEntry& table, std::string_view constraint,
                             const std::vector<uint32_t>& ordinals, codec::Columns columns,
                             uint32_t row) {
  const std::string name(constraint);
  return Violation(
      sqlstate::kUniqueViolation, "duplicate key value violates unique constraint \"" + name + "\"",
      "Key " + DescribeKey(table, ordinals, columns, row) + " already exists.", table, {}, name);
}

absl::Status ExclusionViolation(const catalog::TableEntry& table, std::string_view constraint,
                                const std::vector<uint32_t>& ordinals, codec::Columns stored,
                                codec::Columns other, bool building) {
  const std::string name = "\"" + std::string(constraint) + "\"";
  return Violation("23P01",
                   building ? "could not create exclusion constraint " + name
                            : "conflicting key value violates exclusion constraint " + name,
                   "Key " + DescribeKey(table, ordinals, stored, 0) + " conflicts with " +
                       (building ? "key " : "existing key ") +
                       DescribeKey(table, ordinals, other, 0) + ".",
                   table, {}, std::string(constraint));
}

absl::Status NotNullViolation(const catalog::TableEntry& table, uint32_t ordinal,
                              codec::Columns columns, uint32_t row) {
  const std::string& column = table.layout.names[ordinal];
  return OfRow(Violation(sqlstate::kNotNullViolation,
                         "null value in column \"" + column + "\" of relation \"" +
                             table.descriptor.name() + "\" violates not-null constraint",
                         "Failing row contains " + DescribeRow(table, columns, row) + ".", table,
                         column, {}),
               table, columns, row);
}

absl::Status CheckViolation(const catalog::TableEntry& table, const std::string& constraint,
                            codec::Columns columns, uint32_t row) {
  return OfRow(Violation(sqlstate::kCheckViolation,
                         "new row for relation \"" + table.descriptor.name() +
                             "\" violates check constraint \"" + constraint + "\"",
                         "Failing row contains " + DescribeRow(table, columns, row) + ".", table,
                         {}, constraint),
               table, columns, row);
}

absl::Status ViewCheckViolation(const catalog::TableEntry& table, const std::string& view,
                                codec::Columns columns, uint32_t row) {
  return OfRow(
      Violation("44000", "new row violates check option for view \"" + view + "\"",
                "Failing row contains " + DescribeRow(table, columns, row) + ".", table, {}, {}),
      table, columns, row);
}

absl::Status CheckKeySize(std::string_view key, std::string_view relation) {
  if (key.size() <= kMaxKeyBytes) return absl::OkStatus();
  return status::Error(sqlstate::kProgramLimitExceeded,
                       "index row size " + std::to_string(key.size()) + " exceeds maximum " +
                           std::to_string(kMaxKeyBytes) + " for index \"" + std::string(relation) +
                           "\"",
                       {}, "Index a hash or a prefix of the value instead.");
}

}  // namespace adbms::storage::txn
