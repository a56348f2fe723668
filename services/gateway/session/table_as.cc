// CREATE TABLE … AS: the query is planned for its columns, the table is created with them, and the
// query's rows are inserted, in one transaction.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/type.h"
#include "services/gateway/session/inner_sink.h"
#include "services/gateway/session/quoted_identifier.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

// Takes the number of rows from the command tag.
class CountingSink : public InnerSink {
 public:
  using InnerSink::InnerSink;
  absl::Status Complete(std::string_view tag) override {
    rows_ = std::string(tag.substr(tag.rfind(' ') + 1));
    return absl::OkStatus();
  }
  // Of "INSERT 0 5" the 5.
  const std::string& rows() const { return rows_; }

 private:
  std::string rows_;
};

// The definitions of the table's columns. Errors: 42601 for too many names.
absl::StatusOr<std::string> Definitions(const sql::TableAsStatement& table,
                                        const OutputColumns& output) {
  if (table.columns.size() > static_cast<size_t>(output.size()))
    return status::Error(status::sqlstate::kSyntaxError, "too many column names were specified");
  std::string columns;
  for (int i = 0; i < output.size(); ++i) {
    const auto at = static_cast<size_t>(i);
    types::Type type = types::FromProto(output[i].type());
    if (type.id == types::TypeId::kUnknown) type = {types::TypeId::kText, 0};
    const std::string& name = at < table.columns.size() ? table.columns[at] : output[i].name();
    absl::StrAppend(&columns, i > 0 ? ", " : "", QuoteIdentifier(name), " ", types::Format(type));
  }
  return columns;
}

// An error of the query, pointing into the statement that it is a part of.
absl::Status Shifted(const absl::Status& status, const sql::Statement& statement) {
  status::SqlError error = status::FromStatus(status);
  if (error.position == 0) return status;
  for (int i = 0; i < statement.table_as.query_offset; ++i)
    error.position += (statement.text[static_cast<size_t>(i)] & 0xc0) != 0x80;
  return status::ToStatus(error);
}

}  // namespace

absl::Status Session::RunTableAs(const sql::Statement& statement, ResultSink* sink) {
  const sql::TableAsStatement& table = statement.table_as;
  const bool own_transaction = !in_transaction();
  RETURN_IF_ERROR(BeginImplicit());
  PlanQuery query;
  query.sql = table.query;
  query.cacheable = false;
  query.multi_statement = true;
  const auto plan = MakePlan(query);
  if (!plan.ok()) return Shifted(plan.status(), statement);
  ASSIGN_OR_RETURN(const std::string columns, Definitions(table, (*plan)->columns));
  const std::string name =
      absl::StrCat(table.schema.empty() ? "" : QuoteIdentifier(table.schema) + ".",
                   QuoteIdentifier(table.table));
  CountingSink inner(sink);
  ASSIGN_OR_RETURN(const auto create,
                   sql::Parse(absl::StrCat("CREATE TABLE ", name, " (", columns, ")")));
  const absl::Status created = RunDdl(create.front(), &inner);
  const bool exists = status::HasSqlState(created, status::sqlstate::kDuplicateTable);
  if (exists && table.if_not_exists) {
    sink->Notice("NOTICE", status::sqlstate::kDuplicateTable,
                 status::FromStatus(created).message + ", skipping");
  } else {
    RETURN_IF_ERROR(created);
    if (table.with_data) {
      // By its name: the table that is new may have come before one that the query means.
      ASSIGN_OR_RETURN(const auto again, MakePlan(query));
      if (again->table_ids != (*plan)->table_ids)
        return status::Error(status::sqlstate::kFeatureNotSupported,
                             "a new table that hides one which its query reads is not supported",
                             "", "Name the tables in the query with their schemas.");
      ASSIGN_OR_RETURN(const auto insert,
                       sql::Parse(absl::StrCat("INSERT INTO ", name, " ", table.query)));
      RETURN_IF_ERROR(RunStatement(insert.front(), /*alone=*/false, &inner));
    }
  }
  if (own_transaction && state_ == TransactionState::kImplicit)
    RETURN_IF_ERROR(EndTransaction(/*commit=*/true));
  const bool filled = table.with_data && !exists;
  return sink->Complete(filled ? absl::StrCat("SELECT ", inner.rows())
                               : std::string("CREATE TABLE AS"));
}

}  // namespace adbms::gateway::session
