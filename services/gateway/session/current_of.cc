// WHERE CURRENT OF: the row of a table on which a cursor stands.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/cursor_sink.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

namespace {

absl::Status InvalidState(const std::string& cursor, const std::string& what) {
  return status::Error("24000", absl::StrCat("cursor \"", cursor, "\" ", what));
}

// Which of the query's tables is meant. Errors: 24000.
absl::StatusOr<const common::v1::CursorRow*> RowOf(const common::v1::Plan& plan,
                                                   const std::string& cursor, uint32_t table_id,
                                                   const std::string& table) {
  bool locks = false;
  for (const common::v1::CursorRow& row : plan.cursor_rows()) locks |= row.locked();
  const common::v1::CursorRow* found = nullptr;
  bool several = false;
  for (const common::v1::CursorRow& row : plan.cursor_rows()) {
    if (row.table_id() != table_id || row.locked() != locks) continue;
    several |= found != nullptr;
    found = &row;
  }
  if (locks && found == nullptr)
    return InvalidState(
        cursor,
        absl::StrCat("does not have a FOR UPDATE/SHARE reference to table \"", table, "\""));
  if (locks && several)
    return InvalidState(
        cursor, absl::StrCat("has multiple FOR UPDATE/SHARE references to table \"", table, "\""));
  if (found == nullptr || several || (!locks && !found->alone()))
    return InvalidState(cursor,
                        absl::StrCat("is not a simply updatable scan of table \"", table, "\""));
  return found;
}

}  // namespace

absl::Status CursorSink::Remember(const types::Batch& batch) {
  if (!portal_.turns || portal_.scroll || portal_.rows.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(portal_.passed.Append(batch));
  if (portal_.passed.bytes() > kMaxPassedBytes || portal_.passed.size() > kMaxPassedRows) {
    portal_.turns = false;
    portal_.passed = RowBuffer();
  }
  return absl::OkStatus();
}

absl::Status CursorSink::Rows(const types::Batch& batch) {
  RETURN_IF_ERROR(Remember(batch));
  const size_t width = portal_.statement->plan->columns.size();
  if (batch.columns.size() <= width || batch.row_count == 0) return sink()->Rows(batch);
  portal_.row_keys.clear();
  for (size_t i = width; i < batch.columns.size(); ++i)
    portal_.row_keys.push_back(batch.columns[i]->Get(batch.row_count - 1));
  types::Batch shown = batch;
  shown.columns.resize(width);
  return sink()->Rows(shown);
}

absl::Status Session::FindCurrentRow(const common::v1::Plan& plan,
                                     const common::v1::ProgramCall& call,
                                     std::vector<types::Value>* parameters) {
  ASSIGN_OR_RETURN(const std::vector<types::Value> arguments,
                   ProgramArguments(plan, call, *parameters));
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, ProgramCatalog());
  const auto* table = catalog->FindTable(call.current_of_table());
  if (table == nullptr)
    return status::Error(status::sqlstate::kStalePlan, "the plan's table is not there any more");
  if (arguments[0].is_null())
    return status::Error(status::sqlstate::kInvalidCursorName, "cursor variable is null");
  const std::string name(arguments[0].bytes());
  const Portal* const cursor = FindCursor(name);
  if (cursor == nullptr)
    return status::Error(status::sqlstate::kInvalidCursorName,
                         absl::StrCat("cursor \"", name, "\" does not exist"));
  const auto& open = cursor->statement->plan;
  if (open == nullptr || open->plan->kind() != common::v1::STATEMENT_KIND_SELECT)
    return InvalidState(name, "is not a SELECT query");
  if (cursor->held) return InvalidState(name, "is held from a previous transaction");
  ASSIGN_OR_RETURN(const common::v1::CursorRow* row,
                   RowOf(*open->plan, name, table->table_id(), table->name()));
  if (!cursor->on_row) return InvalidState(name, "is not positioned on a row");
  const size_t first = row->column() - static_cast<size_t>(open->columns.size());
  for (uint32_t i = 0; i < call.parameters(); ++i) {
    const auto& column = open->plan->root().output(static_cast<int>(row->column() + i));
    const auto& wanted = plan.parameter_types(static_cast<int>(parameters->size()));
    if (first + i >= cursor->row_keys.size() || column.type().id() != wanted.id())
      return InvalidState(
          name, absl::StrCat("is not a simply updatable scan of table \"", table->name(), "\""));
    types::Value key = cursor->row_keys[first + i];
    key.set_type(types::FromProto(wanted));
    parameters->push_back(std::move(key));
  }
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
