#include "services/optimizer/statistics_upkeep/statistics_module.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"

namespace adbms::optimizer::statistics_upkeep {
namespace {

constexpr char kKind[] = "analyze";
// Rows that must have come or gone, beside a fifth of the table.
constexpr double kLeastChange = 500;

// Whether the statistics no longer describe the table. `live_rows` is storage's running estimate.
bool IsStale(const common::v1::TableStatistics& statistics, std::string* why) {
  if (statistics.estimated()) {
    if (statistics.row_count() < 1) return false;
    *why = absl::StrFormat("the table (about %.0f rows) has no statistics", statistics.row_count());
    return true;
  }
  const double change = std::abs(statistics.live_rows() - statistics.row_count());
  if (change < kLeastChange || change < statistics.row_count() / 5) return false;
  *why = absl::StrFormat("the table has about %.0f rows now, its statistics are of %.0f",
                         statistics.live_rows(), statistics.row_count());
  return true;
}

}  // namespace

absl::StatusOr<module::v1::DescribeResponse> StatisticsModule::Describe(
    const rpc::CallContext&, const module::v1::DescribeRequest&) {
  module::v1::DescribeResponse response;
  response.set_name("statistics");
  response.set_description("Keeps the planner's statistics fresh.");
  response.set_version("1");
  response.add_action_kinds(kKind);
  response.set_order(10);
  return response;
}

absl::StatusOr<module::v1::ObserveResponse> StatisticsModule::Observe(
    const rpc::CallContext&, const module::v1::ObserveRequest&) {
  return module::v1::ObserveResponse();
}

absl::StatusOr<std::vector<StatisticsModule::DatabaseCatalog>> StatisticsModule::Catalogs(
    const rpc::CallContext& context) {
  ASSIGN_OR_RETURN(const auto system, storage_->GetCatalog(context, 0));
  std::vector<DatabaseCatalog> catalogs = {{std::string(storage::api::kSystemDatabase), system}};
  for (const common::v1::DatabaseDescriptor& database : system->databases()) {
    if (database.database_id() == system->database_id()) continue;
    auto catalog = storage_->GetCatalogOf(context, database.name(), 0);
    // One that was dropped meanwhile is left out.
    if (catalog.ok()) catalogs.push_back({database.name(), *std::move(catalog)});
  }
  return catalogs;
}

absl::StatusOr<module::v1::ProposeResponse> StatisticsModule::Propose(
    const rpc::CallContext& context, const module::v1::ProposeRequest& request) {
  module::v1::ProposeResponse response;
  ASSIGN_OR_RETURN(const auto catalogs, Catalogs(context));
  ASSIGN_OR_RETURN(const auto statistics, storage_->GetStatistics(context, 0));
  std::map<uint32_t, const common::v1::TableStatistics*> by_table;
  for (const auto& one : statistics->tables()) by_table[one.table_id()] = &one;
  for (const auto& [database, catalog] : catalogs) {
    const std::string prefix =
        database == storage::api::kSystemDatabase ? "" : absl::StrCat(database, ".");
    for (const auto& table : catalog->tables()) {
      if (response.proposals_size() >= static_cast<int>(request.maximum())) break;
      const bool in_scope = request.table_ids().empty() ||
                            std::find(request.table_ids().begin(), request.table_ids().end(),
                                      table.table_id()) != request.table_ids().end();
      const bool users = !table.is_virtual() && table.view_sql().empty() &&
                         !table.has_partition_key() && table.schema() != "adbms" &&
                         !sql::IsTemporarySchema(table.schema());
      const auto found = by_table.find(table.table_id());
      std::string why;
      if (!in_scope || !users || found == by_table.end() || !IsStale(*found->second, &why))
        continue;
      module::v1::Proposal* proposal = response.add_proposals();
      proposal->set_kind(kKind);
      proposal->set_subject(absl::StrCat(prefix, table.schema(), ".", table.name()));
      proposal->set_table_id(table.table_id());
      proposal->set_statement(absl::StrCat("ANALYZE ", table.schema(), ".", table.name()));
      proposal->set_reason(why);
    }
  }
  return response;
}

absl::StatusOr<module::v1::ApplyResponse> StatisticsModule::Apply(
    const rpc::CallContext& context, const module::v1::ApplyRequest& request) {
  const uint32_t table_id = request.proposal().table_id();
  ASSIGN_OR_RETURN(const auto catalogs, Catalogs(context));
  std::string database(storage::api::kSystemDatabase);
  for (const auto& [name, catalog] : catalogs) {
    const auto& tables = catalog->tables();
    if (std::any_of(tables.begin(), tables.end(),
                    [&](const auto& table) { return table.table_id() == table_id; }))
      database = name;
  }
  ASSIGN_OR_RETURN(const auto session, storage_->OpenSessionIn(context, database));
  RETURN_IF_ERROR(session->Analyze(context, {table_id}));
  return module::v1::ApplyResponse();
}

absl::StatusOr<module::v1::RevertResponse> StatisticsModule::Revert(
    const rpc::CallContext&, const module::v1::RevertRequest&) {
  return absl::FailedPreconditionError("statistics describe the data; there is nothing to undo");
}

absl::StatusOr<module::v1::ReportResponse> StatisticsModule::Report(
    const rpc::CallContext& context, const module::v1::ReportRequest& request) {
  module::v1::ReportResponse response;
  ASSIGN_OR_RETURN(const auto statistics, storage_->GetStatistics(context, 0));
  ASSIGN_OR_RETURN(const auto catalog, storage_->GetCatalog(context, 0));
  std::map<uint32_t, std::string> names;
  for (const auto& table : catalog->tables()) {
    names[table.table_id()] = absl::StrCat(table.schema(), ".", table.name());
  }
  for (const auto& one : statistics->tables()) {
    if (std::find(request.table_ids().begin(), request.table_ids().end(), one.table_id()) ==
        request.table_ids().end()) {
      continue;
    }
    module::v1::Finding* finding = response.add_findings();
    finding->set_table_id(one.table_id());
    finding->set_severity("info");
    finding->set_text(
        one.estimated()
            ? absl::StrFormat("%s: about %.0f rows, not analyzed", names[one.table_id()],
                              one.row_count())
            : absl::StrFormat(
                  "%s: %.0f rows of %.0f bytes, analyzed %s", names[one.table_id()],
                  one.row_count(), one.average_row_bytes(),
                  absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(one.analyzed_at_us()),
                                   absl::UTCTimeZone())));
  }
  return response;
}

}  // namespace adbms::optimizer::statistics_upkeep
