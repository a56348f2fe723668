#include "services/gateway/session/copied_rows.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/triggers.h"
#include "common/sql/catalog/partition_tree.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/quoted_identifier.h"
#include "services/gateway/session/row_buffer.h"

namespace adbms::gateway::session {
namespace {

using common::v1::TableDescriptor;

// No table of a program has it: it is not to be found by chance.
constexpr char kName[] = "copied rows";

}  // namespace

bool FiresForCopy(const sql::Catalog& catalog, const TableDescriptor& table, bool is_replica) {
  bool fires = false;
  const auto look = [&](const TableDescriptor& one) {
    for (const auto& trigger : one.triggers())
      fires |= sql::binder::Fires(trigger, sql::binder::TriggerEvent::kInsert, {}, is_replica);
  };
  look(table);
  if (table.has_partition_key()) sql::ForEachPartition(catalog, table, look);
  return fires;
}

CopiedRows::CopiedRows(const TableDescriptor& table, Insert insert) : insert_(std::move(insert)) {
  std::vector<std::string> columns;
  for (const auto& column : table.columns()) {
    if (column.dropped()) continue;
    rows_.names.push_back(column.name());
    rows_.types.push_back(types::FromProto(column.type()));
    if (!column.has_generated()) columns.push_back(QuoteIdentifier(column.name()));
  }
  const std::string list = absl::StrJoin(columns, ", ");
  sql_ = absl::StrCat("INSERT INTO ", QuoteIdentifier(table.schema()), ".",
                      QuoteIdentifier(table.name()), " (", list,
                      ") OVERRIDING SYSTEM VALUE SELECT ", list, " FROM ", QuoteIdentifier(kName));
}

absl::Status CopiedRows::Write(const types::Batch& batch) {
  types::Batch copy = CopyOf(batch, 0);
  rows_.bytes += BytesOf(copy);
  if (rows_.bytes > RowBuffer::kMaxBytes)
    return status::Error(status::sqlstate::kOutOfMemory,
                         "the rows that are copied into a table with triggers are too large", {},
                         "Copy them in parts.");
  rows_.size += copy.row_count;
  rows_.batches.push_back(std::move(copy));
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> CopiedRows::Finish() { return insert_(sql_, kName, std::move(rows_)); }

}  // namespace adbms::gateway::session
