// ANALYZE and VACUUM: of the tables that one owns, the others are skipped with a warning.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using common::v1::TableDescriptor;

constexpr std::string_view kWarning = "01000";

// Empty when the role may, or why the table is skipped.
std::string ReasonToSkip(const security::v1::Policy& policy, const TableDescriptor& table,
                         bool vacuum) {
  const char* verb = vacuum ? "vacuum" : "analyze";
  const bool system = policy::IsSystemSchema(table.schema());
  if (system ? policy.superuser() : policy::Owns(policy, table.owner())) return "";
  return absl::StrCat("skipping \"", table.name(), "\" --- only ",
                      system ? "superuser" : "table or database owner", " can ", verb, " it");
}

absl::Status CheckColumns(const TableDescriptor& table, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto& columns = table.columns();
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& column) {
      return !column.dropped() && column.name() == name;
    });
    if (found == columns.end())
      return status::Error(
          status::sqlstate::kUndefinedColumn,
          absl::StrCat("column \"", name, "\" of relation \"", table.name(), "\" does not exist"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Session::RunAnalyze(const sql::Statement& statement, ResultSink* sink) {
  const sql::AnalyzeStatement& analyze = statement.analyze;
  if (analyze.vacuum && in_transaction()) {
    return status::Error(status::sqlstate::kActiveTransaction,
                         "VACUUM cannot run inside a transaction block");
  }
  for (int attempt = 0;; ++attempt) {
    const absl::Status status = AnalyzeTables(analyze, sink);
    if (status.ok()) return sink->Complete(statement.command_tag);
    if (!status::HasSqlState(status, status::sqlstate::kStalePlan)) return status;
    if (attempt == storage::api::kStaleRetries) {
      return status::Error(status::sqlstate::kSerializationFailure,
                           "the tables were changed again and again", {}, "Try again.");
    }
  }
}

absl::Status Session::AnalyzeTables(const sql::AnalyzeStatement& analyze, ResultSink* sink) {
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  std::vector<const TableDescriptor*> named;
  for (size_t i = 0; i < analyze.tables.size(); ++i) {
    const auto& name = analyze.tables[i];
    const auto* table = catalog->ResolveTable(name.schema(), name.name(), settings_.search_path());
    if (table == nullptr) {
      return status::Error(status::sqlstate::kUndefinedTable,
                           absl::StrCat("relation \"", name.name(), "\" does not exist"));
    }
    RETURN_IF_ERROR(
        policy::AuthorizeSchema(*policy, *catalog, table->schema(), common::v1::PRIVILEGE_USAGE));
    named.push_back(table);
    if (i < analyze.columns.size()) RETURN_IF_ERROR(CheckColumns(*table, analyze.columns[i]));
  }
  if (analyze.tables.empty()) {
    for (const TableDescriptor& table : catalog->snapshot().tables()) {
      if (table.view_sql().empty() && !table.is_virtual() &&
          !sql::IsOtherTemporarySchema(table.schema(), settings_.search_path()) &&
          (policy->superuser() || !policy::IsSystemSchema(table.schema())))
        named.push_back(&table);
    }
  }
  std::vector<uint32_t> ids;
  std::vector<storage::api::TableVersion> versions;
  std::vector<std::string> skipped;
  for (const TableDescriptor* table : named) {
    const std::string skip = ReasonToSkip(*policy, *table, analyze.vacuum);
    if (!skip.empty()) {
      skipped.push_back(skip);
    } else if (!table->is_virtual()) {
      ids.push_back(table->table_id());
      versions.emplace_back(table->table_id(), table->schema_version());
    }
  }
  if (analyze.analyze && !ids.empty()) {
    BufferOpenResults();
    RETURN_IF_ERROR(storage_->Analyze(Context(), versions));
    services_.plan_cache->ClearTables(services_.catalog->RefreshStatistics(Context()));
    services_.plan_cache->ClearTables(ids);
  }
  for (const std::string& warning : skipped) sink->Notice("WARNING", kWarning, warning);
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
