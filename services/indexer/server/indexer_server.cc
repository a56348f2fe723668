#include "services/indexer/server/indexer_server.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/indexer/server/index_change.h"

namespace adbms::indexer::server {
namespace {

using candidates::Candidate;
using selection::Scene;

// A statement is worth looking at from this much time and so many executions on.
constexpr double kLeastSeconds = 0.05;
constexpr double kLeastCalls = 3;
constexpr size_t kStatementsAtOnce = 40;

std::string SystemIfEmpty(const std::string& database) {
  return database.empty() ? std::string(storage::api::kSystemDatabase) : database;
}

// Whether the table's index of that name is still being judged.
bool IsPending(const std::string& name, const common::v1::TableDescriptor& table,
               const std::string& database, const Refusals& refusals) {
  for (const auto& index : table.indexes()) {
    if (index.name() == name)
      return refusals.Concerns(
          SubjectOf({candidates::From(table.table_id(), index)}, table, database));
  }
  return false;
}

// Bytes of the indexer's own indexes.
uint64_t BytesOfOwn(const std::vector<Scene>& scenes, const storage::v1::EngineMetrics& metrics) {
  uint64_t bytes = 0;
  for (const auto& usage : metrics.index_usage()) {
    for (const Scene& scene : scenes) {
      const auto* table = scene.catalog->FindTable(usage.table_id());
      if (table == nullptr) continue;
      for (const auto& index : table->indexes()) {
        if (index.index_id() == usage.index_id() && index.created_by() == kIndexer)
          bytes += usage.size_bytes();
      }
    }
  }
  return bytes;
}

}  // namespace

IndexerServer::IndexerServer(storage::api::Storage* storage, optimizer::api::Optimizer* optimizer,
                             const common::v1::IndexerConfig& config)
    : storage_(storage), optimizer_(optimizer), config_(config) {}

absl::StatusOr<module::v1::DescribeResponse> IndexerServer::Describe(
    const rpc::CallContext&, const module::v1::DescribeRequest&) {
  module::v1::DescribeResponse response;
  response.set_name(kIndexer);
  response.set_description(
      "Builds the indexes that the workload wants and drops those it does not.");
  response.set_version("1");
  response.add_action_kinds(kCreateKind);
  response.add_action_kinds(kDropKind);
  response.set_order(30);
  return response;
}

absl::StatusOr<module::v1::ObserveResponse> IndexerServer::Observe(
    const rpc::CallContext&, const module::v1::ObserveRequest& request) {
  for (const auto& window : request.windows()) history_.Add(window);
  return module::v1::ObserveResponse();
}

absl::StatusOr<std::vector<Scene>> IndexerServer::Look(const rpc::CallContext& context) {
  ASSIGN_OR_RETURN(auto statistics, storage_->GetStatistics(context, 0));
  if (statistics == nullptr) statistics = std::make_shared<const common::v1::StatisticsSnapshot>();
  ASSIGN_OR_RETURN(const auto system, storage_->GetCatalog(context, 0));
  std::vector<Scene> scenes = {{"", std::make_shared<const sql::Catalog>(system), statistics}};
  for (const common::v1::DatabaseDescriptor& database : system->databases()) {
    if (database.database_id() == system->database_id()) continue;
    auto catalog = storage_->GetCatalogOf(context, database.name(), 0);
    // One that was dropped meanwhile is left out.
    if (catalog.ok())
      scenes.push_back(
          {database.name(), std::make_shared<const sql::Catalog>(*std::move(catalog)), statistics});
  }
  return scenes;
}

absl::StatusOr<module::v1::ProposeResponse> IndexerServer::Propose(
    const rpc::CallContext& context, const module::v1::ProposeRequest& request) {
  module::v1::ProposeResponse response;
  if (history_.TakeFreshWindows() == 0 && !request.on_demand()) return response;
  ASSIGN_OR_RETURN(const std::vector<Scene> scenes, Look(context));
  std::vector<std::shared_ptr<const common::v1::CatalogSnapshot>> catalogs;
  for (const Scene& scene : scenes) {
    // Borrowed from the scene.
    catalogs.emplace_back(scene.catalog, &scene.catalog->snapshot());
  }
  history_.NoteIndexes(catalogs);
  ASSIGN_OR_RETURN(const auto metrics, storage_->GetMetrics(context));
  const uint64_t used_bytes = BytesOfOwn(scenes, metrics);
  const uint64_t budget = request.storage_budget_bytes() == 0 ? config_.storage_budget_bytes()
                                                              : request.storage_budget_bytes();
  selection::Limits limits;
  limits.maximum = std::max<uint32_t>(1, request.maximum());
  limits.minimum_gain = config_.minimum_gain();
  limits.storage_budget_bytes = used_bytes >= budget ? 1 : budget - used_bytes;
  const Refusals refusals(request);
  for (const Scene& scene : scenes)
    RETURN_IF_ERROR(ProposeFor(context, scene, request, refusals, &limits, &response));
  ProposeDrops(scenes, metrics, refusals, &response);
  return response;
}

std::vector<Observed> IndexerServer::WorthLookingAt(const std::string& database,
                                                    std::map<uint64_t, double>* calls) const {
  std::vector<Observed> statements;
  for (workload::Statement& statement : history_.Statements()) {
    if (statement.database != database) continue;
    (*calls)[statement.fingerprint] = statement.calls;
    if (statement.seconds < kLeastSeconds || statement.calls < kLeastCalls ||
        statement.samples.empty())
      continue;
    Observed& one = statements.emplace_back();
    one.work.fingerprint = statement.fingerprint;
    one.work.sql = statement.samples.back();
    one.work.search_path = std::move(statement.search_path);
    one.work.seconds = statement.seconds;
    one.samples = std::move(statement.samples);
  }
  std::sort(statements.begin(), statements.end(),
            [](const Observed& a, const Observed& b) { return a.work.seconds > b.work.seconds; });
  if (statements.size() > kStatementsAtOnce) statements.resize(kStatementsAtOnce);
  return statements;
}

absl::Status IndexerServer::ProposeFor(const rpc::CallContext& context, const Scene& scene,
                                       const module::v1::ProposeRequest& request,
                                       const Refusals& refusals, selection::Limits* limits,
                                       module::v1::ProposeResponse* response) {
  std::map<uint64_t, double> calls;
  const std::vector<Observed> statements = WorthLookingAt(scene.database, &calls);
  if (statements.empty() || limits->maximum == 0) return absl::OkStatus();
  const std::vector<uint32_t> scope(request.table_ids().begin(), request.table_ids().end());
  Analysis analysis = Analyze(scene, statements, scope);
  for (const auto& [column, fingerprints] : analysis.unindexable) {
    module::v1::Proposal refused = Unindexable(*scene.catalog->FindTable(column.first),
                                               column.second, scene.database, fingerprints);
    if (!refusals.Has(refused.subject())) *response->add_proposals() = std::move(refused);
  }
  std::erase_if(analysis.candidates, [&](const candidates::Bundle& bundle) {
    const auto* table = scene.catalog->FindTable(bundle.front().table_id);
    return refusals.Has(SubjectOf(bundle, *table, scene.database)) ||
           std::any_of(bundle.begin(), bundle.end(),
                       [&](const Candidate& one) { return refusals.IsUnwanted(one); });
  });
  selection::WriteLoad writes;
  writes.rows_by_table = history_.RowsWritten();
  ASSIGN_OR_RETURN(const auto choices, selection::Select(context, optimizer_, scene, analysis.work,
                                                         analysis.candidates, writes, *limits));
  for (const selection::Choice& choice : choices) {
    const auto* table = scene.catalog->FindTable(choice.indexes.front().table_id);
    *response->add_proposals() = Creation(choice, *table, scene.database, calls);
    --limits->maximum;
    limits->storage_budget_bytes = limits->storage_budget_bytes > choice.bytes
                                       ? limits->storage_budget_bytes - choice.bytes
                                       : 1;
  }
  return absl::OkStatus();
}

void IndexerServer::ProposeDrops(const std::vector<Scene>& scenes,
                                 const storage::v1::EngineMetrics& metrics,
                                 const Refusals& refusals, module::v1::ProposeResponse* response) {
  const int64_t now_us = absl::ToUnixMicros(absl::Now());
  absl::MutexLock lock(&mutex_);
  unused_.Note(metrics, now_us);
  for (const Scene& scene : scenes) {
    for (const auto& table : scene.catalog->snapshot().tables()) {
      for (const auto& index : table.indexes()) {
        if (upkeep::IsOwn(index))
          ProposeDrop(index, table, scene.database, now_us, refusals, response);
      }
    }
  }
}

void IndexerServer::ProposeDrop(const common::v1::IndexDescriptor& index,
                                const common::v1::TableDescriptor& table,
                                const std::string& database, int64_t now_us,
                                const Refusals& refusals, module::v1::ProposeResponse* response) {
  // What is not settled yet may be taken back, and then serves for nothing.
  if (refusals.Concerns(SubjectOf({candidates::From(table.table_id(), index)}, table, database)))
    return;
  const std::string server = upkeep::ServedBy(index, table);
  const int64_t unused_us = unused_.UnusedForUs(index.index_id(), now_us);
  const int64_t patience_us = static_cast<int64_t>(config_.drop_unused_after_ms()) * 1000;
  if (server.empty() ? unused_us < patience_us : IsPending(server, table, database, refusals))
    return;
  const std::string subject = DropSubject(table, index.name(), database, !server.empty());
  if (refusals.Has(subject)) return;
  module::v1::Proposal* proposal = response->add_proposals();
  *proposal = Drop(index, table, database);
  proposal->set_subject(subject);
  if (server.empty()) {
    proposal->set_verify_calls(0);
    proposal->set_reason(absl::StrCat("no plan has used it for ",
                                      absl::FormatDuration(absl::Microseconds(unused_us)),
                                      ", and every write keeps it up"));
    return;
  }
  proposal->set_reason(
      absl::StrCat(server, " serves for all that it does, and every write keeps both up"));
  // Its statements go on with the other index, and must not be the worse for it.
  for (const workload::Statement& statement : history_.Statements()) {
    const auto& tables = statement.table_ids;
    if (statement.calls >= 1 &&
        std::find(tables.begin(), tables.end(), table.table_id()) != tables.end())
      proposal->add_affected_fingerprints(statement.fingerprint);
  }
  if (proposal->affected_fingerprints().empty()) proposal->set_verify_calls(0);
}

absl::StatusOr<module::v1::ReconcileResponse> IndexerServer::Reconcile(
    const rpc::CallContext& context, const module::v1::ReconcileRequest& request) {
  module::v1::ReconcileResponse response;
  ASSIGN_OR_RETURN(const std::vector<Scene> scenes, Look(context));
  const auto find = [&](uint32_t table_id) -> const common::v1::TableDescriptor* {
    for (const Scene& scene : scenes) {
      if (const auto* table = scene.catalog->FindTable(table_id)) return table;
    }
    return nullptr;
  };
  const auto gone = [&](int64_t id, const std::string& why) {
    module::v1::GoneAction* one = response.add_gone();
    one->set_action_id(id);
    one->set_reason(why);
  };
  for (const module::v1::AppliedAction& action : request.actions()) {
    const auto change = FromPayload(action.proposal().payload());
    if (!change.ok()) continue;
    const bool created = change->apply(0).has_create_index();
    for (const auto& ddl : created ? change->apply() : change->undo()) {
      const common::v1::CreateIndex& index = ddl.create_index();
      const auto* table = find(index.table_id());
      if (table == nullptr) {
        if (created) gone(action.action_id(), "its table was dropped");
        break;
      }
      const bool stands =
          std::any_of(table->indexes().begin(), table->indexes().end(),
                      [&](const auto& one) { return one.name() == index.index().name(); });
      if (stands == created) continue;
      gone(action.action_id(), created ? "the index was dropped" : "the index was made again");
      break;
    }
  }
  return response;
}

absl::Status IndexerServer::Run(const rpc::CallContext& context, const std::string& database,
                                common::v1::DdlStatement ddl) {
  if (ddl.has_drop_index()) {
    const auto catalog = storage_->GetCatalogOf(context, SystemIfEmpty(database), 0);
    // With the database went what was in it.
    if (status::HasSqlState(catalog.status(), status::sqlstate::kInvalidCatalogName))
      return absl::OkStatus();
    RETURN_IF_ERROR(catalog.status());
    RETURN_IF_ERROR(NameOwnIndexes(**catalog, &ddl));
  }
  ASSIGN_OR_RETURN(const auto session, storage_->OpenSessionIn(context, SystemIfEmpty(database)));
  return session->ExecuteDdl(context, ddl).status();
}

absl::StatusOr<module::v1::ApplyResponse> IndexerServer::Apply(
    const rpc::CallContext& context, const module::v1::ApplyRequest& request) {
  ASSIGN_OR_RETURN(const auto change, FromPayload(request.proposal().payload()));
  for (int i = 0; i < change.apply_size(); ++i) {
    const absl::Status status = Run(context, change.database(), change.apply(i));
    if (status.ok()) continue;
    // What was done goes: the first that was done is the last to be undone.
    for (int done = change.undo_size() - i; done < change.undo_size(); ++done)
      Run(context, change.database(), change.undo(done)).IgnoreError();
    return status;
  }
  return module::v1::ApplyResponse();
}

absl::StatusOr<module::v1::RevertResponse> IndexerServer::Revert(
    const rpc::CallContext& context, const module::v1::RevertRequest& request) {
  ASSIGN_OR_RETURN(const auto change, FromPayload(request.proposal().payload()));
  // Each is idempotent, and is done whatever became of the others.
  absl::Status status;
  for (const auto& ddl : change.undo()) status.Update(Run(context, change.database(), ddl));
  RETURN_IF_ERROR(status);
  return module::v1::RevertResponse();
}

absl::StatusOr<module::v1::ReportResponse> IndexerServer::Report(
    const rpc::CallContext& context, const module::v1::ReportRequest& request) {
  module::v1::ReportResponse response;
  ASSIGN_OR_RETURN(const std::vector<Scene> scenes, Look(context));
  ASSIGN_OR_RETURN(const auto metrics, storage_->GetMetrics(context));
  for (const Scene& scene : scenes) ReportOn(scene, metrics, request, &response);
  return response;
}

void IndexerServer::ReportOn(const Scene& scene, const storage::v1::EngineMetrics& metrics,
                             const module::v1::ReportRequest& request,
                             module::v1::ReportResponse* response) const {
  for (const auto& table : scene.catalog->snapshot().tables()) {
    if (std::find(request.table_ids().begin(), request.table_ids().end(), table.table_id()) ==
        request.table_ids().end()) {
      continue;
    }
    for (const auto& index : table.indexes()) {
      storage::v1::IndexUsage usage;
      for (const auto& one : metrics.index_usage()) {
        if (one.index_id() == index.index_id()) usage = one;
      }
      module::v1::Finding* finding = response->add_findings();
      finding->set_table_id(table.table_id());
      finding->set_severity(usage.scans() == 0 ? "advice" : "info");
      finding->set_text(absl::StrFormat(
          "index %s on %s.%s%s: %d scans, %d entries read, %d written, %.1f MiB", index.name(),
          table.schema(), table.name(),
          index.created_by().empty() ? "" : absl::StrCat(" (made by the ", index.created_by(), ")"),
          usage.scans(), usage.entries_read(), usage.entries_written(),
          static_cast<double>(usage.size_bytes()) / 1048576.0));
      for (const auto& other : table.indexes()) {
        const bool shorter =
            index.columns_size() < other.columns_size() ||
            (index.columns_size() == other.columns_size() && index.index_id() > other.index_id());
        const bool prefix = index.index_id() != other.index_id() && shorter && !index.unique() &&
                            !index.is_constraint() && candidates::Serves(other, index);
        if (!prefix) continue;
        finding = response->add_findings();
        finding->set_table_id(table.table_id());
        finding->set_severity("advice");
        finding->set_text(absl::StrCat("index ", index.name(), " is a prefix of ", other.name(),
                                       ", which can serve in its place"));
      }
    }
  }
}

absl::StatusOr<indexer::v1::RecommendResponse> IndexerServer::Recommend(
    const rpc::CallContext& context, const indexer::v1::RecommendRequest& request) {
  std::vector<Observed> statements;
  double total = 0;
  for (const auto& statement : request.statements()) {
    const double weight = statement.weight() == 0 ? 1 : statement.weight();
    if (!(weight > 0)) return absl::InvalidArgumentError("a statement's weight is negative");
    Observed& one = statements.emplace_back();
    one.work.fingerprint = sql::Fingerprint(statement.sql());
    one.work.sql = statement.sql();
    one.work.seconds = weight;
    total += weight;
  }
  ASSIGN_OR_RETURN(const std::vector<Scene> scenes, Look(context));
  const Scene& scene = scenes.front();
  const Analysis analysis = Analyze(scene, statements, {});
  selection::Limits limits;
  limits.storage_budget_bytes = request.storage_budget_bytes();
  limits.minimum_gain = config_.minimum_gain();
  ASSIGN_OR_RETURN(const auto choices,
                   selection::Select(context, optimizer_, scene, analysis.work, analysis.candidates,
                                     selection::WriteLoad(), limits));
  indexer::v1::RecommendResponse response;
  double before = total;
  for (const selection::Choice& choice : choices) {
    const double after = before - choice.seconds_saved;
    for (const Candidate& one : choice.indexes) {
      const auto* table = scene.catalog->FindTable(one.table_id);
      indexer::v1::Recommendation* recommendation = response.add_recommendations();
      recommendation->set_statement(
          candidates::CreateStatement(one, *table, IndexName(one, *table)));
      recommendation->set_cost_before(before);
      recommendation->set_cost_after(after);
      recommendation->set_estimated_bytes(choice.bytes / choice.indexes.size());
      recommendation->set_reason(absl::StrCat(choice.affected.size(), " of ", statements.size(),
                                              " statements use ",
                                              SubjectOf(choice.indexes, *table, "")));
    }
    before = after;
  }
  return response;
}

}  // namespace adbms::indexer::server
