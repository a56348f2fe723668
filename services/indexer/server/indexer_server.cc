#include "services/indexer/server/indexer_server.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/indexer/server/index_change.h"

namespace adbms::indexer::server {
namespace {

using candidates::Candidate;

constexpr char kCreate[] = "create_index";
constexpr char kDrop[] = "drop_index";
// A statement is worth looking at from this much time and so many executions on.
constexpr double kLeastSeconds = 0.05;
constexpr double kLeastCalls = 3;
constexpr size_t kStatementsAtOnce = 40;
constexpr uint32_t kVerifyCalls = 12;

// Table and what the first key is about of the indexes that a person does not want.
using Wants = std::set<std::pair<uint32_t, std::vector<uint32_t>>>;

Wants UnwantedKeys(const module::v1::ProposeRequest& request) {
  Wants keys;
  for (const module::v1::Proposal& one : request.unwanted()) {
    const auto change = FromPayload(one.payload());
    if (!change.ok()) continue;
    for (const auto& ddl : change->apply()) {
      if (ddl.has_create_index())
        keys.emplace(ddl.create_index().table_id(),
                     candidates::LeadingColumns(ddl.create_index().index()));
    }
  }
  return keys;
}

bool Contains(const google::protobuf::RepeatedPtrField<std::string>& list,
              const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// "orders(a) and orders(b)".
std::string SubjectOf(const candidates::Bundle& bundle, const common::v1::TableDescriptor& table) {
  return absl::StrJoin(bundle, " and ", [&](std::string* out, const Candidate& one) {
    out->append(candidates::Describe(one, table));
  });
}

// Whether what made the index is among the subjects, alone or with others.
bool IsAmong(const google::protobuf::RepeatedPtrField<std::string>& subjects,
             const std::string& subject) {
  return std::any_of(subjects.begin(), subjects.end(), [&](const std::string& one) {
    const std::vector<std::string> parts = absl::StrSplit(one, " and ");
    return one == subject || std::find(parts.begin(), parts.end(), subject) != parts.end();
  });
}

// Whether the table's index of that name is still being judged.
bool IsPending(const std::string& name, const common::v1::TableDescriptor& table,
               const module::v1::ProposeRequest& request) {
  for (const auto& index : table.indexes()) {
    if (index.name() != name) continue;
    return IsAmong(request.refused_subjects(),
                   candidates::Describe(candidates::From(table.table_id(), index), table));
  }
  return false;
}

// Creates the indexes; undone by dropping them in the other order.
indexer::v1::IndexChange Creation(const candidates::Bundle& bundle,
                                  const common::v1::TableDescriptor& table) {
  indexer::v1::IndexChange change;
  for (const Candidate& one : bundle) *change.add_apply() = CreateDdl(one, table);
  for (auto one = change.apply().rbegin(); one != change.apply().rend(); ++one)
    *change.add_undo() = DropDdl(table.schema(), one->create_index().index().name());
  return change;
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
  response.add_action_kinds(kCreate);
  response.add_action_kinds(kDrop);
  response.set_order(30);
  return response;
}

absl::StatusOr<module::v1::ObserveResponse> IndexerServer::Observe(
    const rpc::CallContext&, const module::v1::ObserveRequest& request) {
  for (const auto& window : request.windows()) history_.Add(window);
  return module::v1::ObserveResponse();
}

absl::StatusOr<View> IndexerServer::Look(const rpc::CallContext& context) {
  View view;
  ASSIGN_OR_RETURN(auto snapshot, storage_->GetCatalog(context, 0));
  view.catalog = std::make_shared<const sql::Catalog>(std::move(snapshot));
  ASSIGN_OR_RETURN(view.statistics, storage_->GetStatistics(context, 0));
  if (view.statistics == nullptr) {
    view.statistics = std::make_shared<const common::v1::StatisticsSnapshot>();
  }
  return view;
}

absl::StatusOr<module::v1::ProposeResponse> IndexerServer::Propose(
    const rpc::CallContext& context, const module::v1::ProposeRequest& request) {
  module::v1::ProposeResponse response;
  if (history_.TakeFreshWindows() == 0 && !request.on_demand()) return response;
  ASSIGN_OR_RETURN(const View view, Look(context));
  history_.NoteIndexes(view.catalog->snapshot());
  std::vector<Observed> statements;
  std::map<uint64_t, double> calls;
  for (workload::Statement& statement : history_.Statements()) {
    calls[statement.fingerprint] = statement.calls;
    const bool worth = statement.seconds >= kLeastSeconds && statement.calls >= kLeastCalls;
    if (worth && !statement.samples.empty()) {
      statements.push_back({{statement.fingerprint, statement.samples.back(), statement.seconds},
                            std::move(statement.samples)});
    }
  }
  selection::WriteLoad writes;
  writes.rows_by_table = history_.RowsWritten();
  std::sort(statements.begin(), statements.end(),
            [](const Observed& a, const Observed& b) { return a.work.seconds > b.work.seconds; });
  if (statements.size() > kStatementsAtOnce) statements.resize(kStatementsAtOnce);
  const std::vector<uint32_t> scope(request.table_ids().begin(), request.table_ids().end());
  Analysis analysis = Analyze(view, statements, scope);
  for (const auto& [column, fingerprints] : analysis.unindexable) {
    const auto* table = view.catalog->FindTable(column.first);
    const auto& descriptor = table->columns(static_cast<int>(column.second));
    const std::string subject = absl::StrCat(table->name(), "(", descriptor.name(), ")");
    if (Contains(request.refused_subjects(), subject)) continue;
    module::v1::Proposal* proposal = response.add_proposals();
    proposal->set_kind(kCreate);
    proposal->set_subject(subject);
    proposal->set_table_id(column.first);
    proposal->set_refused(true);
    proposal->set_statement(absl::StrCat("CREATE INDEX ON ",
                                         candidates::QuoteIdentifier(table->schema()), ".",
                                         candidates::QuoteIdentifier(table->name()), " (",
                                         candidates::QuoteIdentifier(descriptor.name()), ")"));
    proposal->set_reason(absl::StrCat(
        fingerprints.size(), fingerprints.size() == 1 ? " statement filters" : " statements filter",
        " on ", subject, ", but type ", types::Format(types::FromProto(descriptor.type())),
        " has no order that an index could keep; store what is searched for in a column of its "
        "own"));
    for (const uint64_t fingerprint : fingerprints) {
      proposal->add_affected_fingerprints(fingerprint);
    }
  }
  const auto unwanted = UnwantedKeys(request);
  std::erase_if(analysis.candidates, [&](const candidates::Bundle& bundle) {
    const auto* table = view.catalog->FindTable(bundle.front().table_id);
    return Contains(request.refused_subjects(), SubjectOf(bundle, *table)) ||
           std::any_of(bundle.begin(), bundle.end(), [&](const Candidate& one) {
             return unwanted.contains({one.table_id, candidates::LeadingColumns(one.index)});
           });
  });
  uint64_t used_bytes = 0;
  ASSIGN_OR_RETURN(const auto metrics, storage_->GetMetrics(context));
  for (const auto& usage : metrics.index_usage()) {
    const auto* table = view.catalog->FindTable(usage.table_id());
    if (table == nullptr) continue;
    for (const auto& index : table->indexes()) {
      if (index.index_id() == usage.index_id() && index.created_by() == kIndexer) {
        used_bytes += usage.size_bytes();
      }
    }
  }
  const uint64_t budget = request.storage_budget_bytes() == 0 ? config_.storage_budget_bytes()
                                                              : request.storage_budget_bytes();
  selection::Limits limits;
  limits.maximum = std::max<uint32_t>(1, request.maximum());
  limits.minimum_gain = config_.minimum_gain();
  limits.storage_budget_bytes = used_bytes >= budget ? 1 : budget - used_bytes;
  ASSIGN_OR_RETURN(const auto choices,
                   selection::Select(context, optimizer_, *view.catalog, *view.statistics,
                                     analysis.work, analysis.candidates, writes, limits));
  for (const selection::Choice& choice : choices) {
    const auto* table = view.catalog->FindTable(choice.indexes.front().table_id);
    const indexer::v1::IndexChange change = Creation(choice.indexes, *table);
    std::vector<std::string> creates;
    std::vector<std::string> drops;
    for (const Candidate& one : choice.indexes) {
      const std::string name = IndexName(one, *table);
      creates.push_back(candidates::CreateStatement(one, *table, name));
      drops.push_back(DropStatement(table->schema(), name));
    }
    double affected_calls = 0;
    for (const uint64_t fingerprint : choice.affected) affected_calls += calls[fingerprint];
    module::v1::Proposal* proposal = response.add_proposals();
    proposal->set_kind(kCreate);
    proposal->set_subject(SubjectOf(choice.indexes, *table));
    proposal->set_table_id(table->table_id());
    proposal->set_statement(absl::StrJoin(creates, "; "));
    proposal->set_undo(absl::StrJoin(drops, "; "));
    proposal->set_payload(Payload(change));
    proposal->set_predicted_gain(std::min(1.0, choice.gain()));
    proposal->set_estimated_bytes(choice.bytes);
    proposal->set_verify_calls(kVerifyCalls);
    for (const uint64_t fingerprint : choice.affected) {
      proposal->add_affected_fingerprints(fingerprint);
    }
    proposal->set_reason(absl::StrFormat(
        "%d statement%s (%.0f executions, %.2f s) search, join or order by %s; what-if "
        "plans expect %.0f %% less time, upkeep for writes counted, for about %.1f MiB",
        choice.affected.size(), choice.affected.size() == 1 ? "" : "s", affected_calls,
        choice.seconds_affected, choice.indexes.size() > 1 ? "these, which help together" : "this",
        choice.gain() * 100, static_cast<double>(choice.bytes) / 1048576.0));
  }
  ProposeDrops(view, metrics, request, &response);
  return response;
}

void IndexerServer::ProposeDrops(const View& view, const storage::v1::EngineMetrics& metrics,
                                 const module::v1::ProposeRequest& request,
                                 module::v1::ProposeResponse* response) {
  const int64_t now_us = absl::ToUnixMicros(absl::Now());
  const int64_t patience_us = static_cast<int64_t>(config_.drop_unused_after_ms()) * 1000;
  absl::MutexLock lock(&mutex_);
  unused_.Note(metrics, now_us);
  for (const auto& table : view.catalog->snapshot().tables()) {
    for (const auto& index : table.indexes()) {
      if (!upkeep::IsOwn(index)) continue;
      const Candidate candidate = candidates::From(table.table_id(), index);
      // What is not settled yet may be taken back, and then serves for nothing.
      if (IsAmong(request.refused_subjects(), candidates::Describe(candidate, table))) continue;
      const std::string server = upkeep::ServedBy(index, table);
      const int64_t unused_us = unused_.UnusedForUs(index.index_id(), now_us);
      if (server.empty() && unused_us < patience_us) continue;
      if (!server.empty() && IsPending(server, table, request)) continue;
      const std::string subject = absl::StrCat(server.empty() ? "unused " : "superfluous ",
                                               table.schema(), ".", index.name());
      if (Contains(request.refused_subjects(), subject)) continue;
      indexer::v1::IndexChange change;
      *change.add_apply() = DropDdl(table.schema(), index.name());
      *change.add_undo() = CreateDdl(candidate, table);
      change.mutable_undo(0)->mutable_create_index()->mutable_index()->set_name(index.name());
      module::v1::Proposal* proposal = response->add_proposals();
      proposal->set_kind(kDrop);
      proposal->set_subject(subject);
      proposal->set_table_id(table.table_id());
      proposal->set_statement(DropStatement(table.schema(), index.name()));
      proposal->set_undo(candidates::CreateStatement(candidate, table, index.name()));
      proposal->set_payload(Payload(change));
      if (server.empty()) {
        proposal->set_reason(absl::StrCat("no plan has used it for ",
                                          absl::FormatDuration(absl::Microseconds(unused_us)),
                                          ", and every write keeps it up"));
        continue;
      }
      proposal->set_reason(
          absl::StrCat(server, " serves for all that it does, and every write ", "keeps both up"));
      // Its statements go on with the other index, and must not be the worse for it.
      proposal->set_verify_calls(kVerifyCalls);
      for (const workload::Statement& statement : history_.Statements()) {
        const auto& tables = statement.table_ids;
        if (statement.calls >= 1 &&
            std::find(tables.begin(), tables.end(), table.table_id()) != tables.end()) {
          proposal->add_affected_fingerprints(statement.fingerprint);
        }
      }
      if (proposal->affected_fingerprints().empty()) proposal->set_verify_calls(0);
    }
  }
}

absl::StatusOr<module::v1::ReconcileResponse> IndexerServer::Reconcile(
    const rpc::CallContext& context, const module::v1::ReconcileRequest& request) {
  module::v1::ReconcileResponse response;
  ASSIGN_OR_RETURN(const View view, Look(context));
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
      const auto* table = view.catalog->FindTable(index.table_id());
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

absl::Status IndexerServer::Run(const rpc::CallContext& context, common::v1::DdlStatement ddl) {
  if (ddl.has_drop_index()) {
    ASSIGN_OR_RETURN(const auto catalog, storage_->GetCatalog(context, 0));
    RETURN_IF_ERROR(NameOwnIndexes(*catalog, &ddl));
  }
  ASSIGN_OR_RETURN(const auto session, storage_->OpenSession(context));
  return session->ExecuteDdl(context, ddl).status();
}

absl::Status IndexerServer::RunAll(
    const rpc::CallContext& context,
    const google::protobuf::RepeatedPtrField<common::v1::DdlStatement>& list,
    const google::protobuf::RepeatedPtrField<common::v1::DdlStatement>& undo) {
  for (int i = 0; i < list.size(); ++i) {
    const absl::Status status = Run(context, list.Get(i));
    if (status.ok()) continue;
    // The first that was done is the last to be undone.
    for (int done = undo.size() - i; i > 0 && done < undo.size(); ++done)
      Run(context, undo.Get(done)).IgnoreError();
    return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<module::v1::ApplyResponse> IndexerServer::Apply(
    const rpc::CallContext& context, const module::v1::ApplyRequest& request) {
  ASSIGN_OR_RETURN(const auto change, FromPayload(request.proposal().payload()));
  RETURN_IF_ERROR(RunAll(context, change.apply(), change.undo()));
  return module::v1::ApplyResponse();
}

absl::StatusOr<module::v1::RevertResponse> IndexerServer::Revert(
    const rpc::CallContext& context, const module::v1::RevertRequest& request) {
  ASSIGN_OR_RETURN(const auto change, FromPayload(request.proposal().payload()));
  // Each is idempotent, and is done whatever became of the others.
  absl::Status status;
  for (const auto& ddl : change.undo()) status.Update(Run(context, ddl));
  RETURN_IF_ERROR(status);
  return module::v1::RevertResponse();
}

absl::StatusOr<module::v1::ReportResponse> IndexerServer::Report(
    const rpc::CallContext& context, const module::v1::ReportRequest& request) {
  module::v1::ReportResponse response;
  ASSIGN_OR_RETURN(const View view, Look(context));
  ASSIGN_OR_RETURN(const auto metrics, storage_->GetMetrics(context));
  for (const auto& table : view.catalog->snapshot().tables()) {
    if (std::find(request.table_ids().begin(), request.table_ids().end(), table.table_id()) ==
        request.table_ids().end()) {
      continue;
    }
    for (const auto& index : table.indexes()) {
      storage::v1::IndexUsage usage;
      for (const auto& one : metrics.index_usage()) {
        if (one.index_id() == index.index_id()) usage = one;
      }
      module::v1::Finding* finding = response.add_findings();
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
        finding = response.add_findings();
        finding->set_table_id(table.table_id());
        finding->set_severity("advice");
        finding->set_text(absl::StrCat("index ", index.name(), " is a prefix of ", other.name(),
                                       ", which can serve in its place"));
      }
    }
  }
  return response;
}

absl::StatusOr<indexer::v1::RecommendResponse> IndexerServer::Recommend(
    const rpc::CallContext& context, const indexer::v1::RecommendRequest& request) {
  std::vector<Observed> statements;
  double total = 0;
  for (const auto& statement : request.statements()) {
    const double weight = statement.weight() == 0 ? 1 : statement.weight();
    if (!(weight > 0)) return absl::InvalidArgumentError("a statement's weight is negative");
    statements.push_back(
        {{sql::Fingerprint(statement.sql()), statement.sql(), weight}, {statement.sql()}});
    total += weight;
  }
  ASSIGN_OR_RETURN(const View view, Look(context));
  const Analysis analysis = Analyze(view, statements, {});
  selection::Limits limits;
  limits.storage_budget_bytes = request.storage_budget_bytes();
  limits.minimum_gain = config_.minimum_gain();
  ASSIGN_OR_RETURN(
      const auto choices,
      selection::Select(context, optimizer_, *view.catalog, *view.statistics, analysis.work,
                        analysis.candidates, selection::WriteLoad(), limits));
  indexer::v1::RecommendResponse response;
  double before = total;
  for (const selection::Choice& choice : choices) {
    const double after = before - choice.seconds_saved;
    for (const Candidate& one : choice.indexes) {
      const auto* table = view.catalog->FindTable(one.table_id);
      indexer::v1::Recommendation* recommendation = response.add_recommendations();
      recommendation->set_statement(
          candidates::CreateStatement(one, *table, IndexName(one, *table)));
      recommendation->set_cost_before(before);
      recommendation->set_cost_after(after);
      recommendation->set_estimated_bytes(choice.bytes / choice.indexes.size());
      recommendation->set_reason(absl::StrCat(choice.affected.size(), " of ", statements.size(),
                                              " statements use ",
                                              SubjectOf(choice.indexes, *table)));
    }
    before = after;
  }
  return response;
}

}  // namespace adbms::indexer::server
