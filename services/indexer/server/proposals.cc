#include "services/indexer/server/proposals.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/types/type.h"
#include "services/indexer/server/index_change.h"

namespace adbms::indexer::server {
namespace {

using candidates::Candidate;
using common::v1::TableDescriptor;

constexpr uint32_t kVerifyCalls = 12;

std::string Prefix(const std::string& database) {
  return database.empty() ? std::string() : database + ".";
}

// Creates the indexes; undone by dropping them in the other order.
indexer::v1::IndexChange ChangeOf(const candidates::Bundle& bundle, const TableDescriptor& table,
                                  const std::string& database) {
  indexer::v1::IndexChange change;
  change.set_database(database);
  for (const Candidate& one : bundle) *change.add_apply() = CreateDdl(one, table);
  for (auto one = change.apply().rbegin(); one != change.apply().rend(); ++one)
    *change.add_undo() = DropDdl(table.schema(), one->create_index().index().name());
  return change;
}

}  // namespace

Refusals::Refusals(const module::v1::ProposeRequest& request) : request_(request) {
  for (const module::v1::Proposal& one : request.unwanted()) {
    const auto change = FromPayload(one.payload());
    if (!change.ok()) continue;
    for (const auto& ddl : change->apply()) {
      if (ddl.has_create_index())
        unwanted_.emplace(ddl.create_index().table_id(),
                          candidates::LeadingColumns(ddl.create_index().index()));
    }
  }
}

bool Refusals::Has(const std::string& subject) const {
  const auto& refused = request_.refused_subjects();
  return std::find(refused.begin(), refused.end(), subject) != refused.end();
}

bool Refusals::Concerns(const std::string& subject) const {
  const auto& refused = request_.refused_subjects();
  return std::any_of(refused.begin(), refused.end(), [&](const std::string& one) {
    const std::vector<std::string> parts = absl::StrSplit(one, " and ");
    return one == subject || std::find(parts.begin(), parts.end(), subject) != parts.end();
  });
}

bool Refusals::IsUnwanted(const Candidate& candidate) const {
  return unwanted_.contains({candidate.table_id, candidates::LeadingColumns(candidate.index)});
}

std::string SubjectOf(const candidates::Bundle& bundle, const TableDescriptor& table,
                      const std::string& database) {
  return absl::StrJoin(bundle, " and ", [&](std::string* out, const Candidate& one) {
    absl::StrAppend(out, Prefix(database), candidates::Describe(one, table));
  });
}

module::v1::Proposal Unindexable(const TableDescriptor& table, uint32_t column,
                                 const std::string& database,
                                 const std::vector<uint64_t>& fingerprints) {
  const auto& descriptor = table.columns(static_cast<int>(column));
  const std::string subject =
      absl::StrCat(Prefix(database), table.schema() == "public" ? "" : table.schema() + ".",
                   table.name(), "(", descriptor.name(), ")");
  module::v1::Proposal proposal;
  proposal.set_kind(kCreateKind);
  proposal.set_subject(subject);
  proposal.set_table_id(table.table_id());
  proposal.set_refused(true);
  proposal.set_statement(absl::StrCat("CREATE INDEX ON ",
                                      candidates::QuoteIdentifier(table.schema()), ".",
                                      candidates::QuoteIdentifier(table.name()), " (",
                                      candidates::QuoteIdentifier(descriptor.name()), ")"));
  proposal.set_reason(absl::StrCat(
      fingerprints.size(), fingerprints.size() == 1 ? " statement filters" : " statements filter",
      " on ", subject, ", but type ", types::Format(types::FromProto(descriptor.type())),
      " has no order that an index could keep; store what is searched for in a column of its own"));
  for (const uint64_t fingerprint : fingerprints) proposal.add_affected_fingerprints(fingerprint);
  return proposal;
}

module::v1::Proposal Creation(const selection::Choice& choice, const TableDescriptor& table,
                              const std::string& database,
                              const std::map<uint64_t, double>& calls) {
  std::vector<std::string> creates;
  std::vector<std::string> drops;
  for (const Candidate& one : choice.indexes) {
    const std::string name = IndexName(one, table);
    creates.push_back(candidates::CreateStatement(one, table, name));
    drops.push_back(DropStatement(table.schema(), name));
  }
  double affected_calls = 0;
  for (const uint64_t fingerprint : choice.affected) {
    const auto found = calls.find(fingerprint);
    if (found != calls.end()) affected_calls += found->second;
  }
  module::v1::Proposal proposal;
  proposal.set_kind(kCreateKind);
  proposal.set_subject(SubjectOf(choice.indexes, table, database));
  proposal.set_table_id(table.table_id());
  proposal.set_statement(absl::StrJoin(creates, "; "));
  proposal.set_undo(absl::StrJoin(drops, "; "));
  proposal.set_payload(Payload(ChangeOf(choice.indexes, table, database)));
  proposal.set_predicted_gain(std::min(1.0, choice.gain()));
  proposal.set_estimated_bytes(choice.bytes);
  proposal.set_verify_calls(kVerifyCalls);
  for (const uint64_t fingerprint : choice.affected)
    proposal.add_affected_fingerprints(fingerprint);
  proposal.set_reason(absl::StrFormat(
      "%d statement%s (%.0f executions, %.2f s) search, join or order by %s; what-if plans expect "
      "%.0f %% less time, upkeep for writes counted, for about %.1f MiB",
      choice.affected.size(), choice.affected.size() == 1 ? "" : "s", affected_calls,
      choice.seconds_affected, choice.indexes.size() > 1 ? "these, which help together" : "this",
      choice.gain() * 100, static_cast<double>(choice.bytes) / 1048576.0));
  return proposal;
}

std::string DropSubject(const TableDescriptor& table, const std::string& index,
                        const std::string& database, bool superfluous) {
  return absl::StrCat(superfluous ? "superfluous " : "unused ", Prefix(database), table.schema(),
                      ".", index);
}

module::v1::Proposal Drop(const common::v1::IndexDescriptor& index, const TableDescriptor& table,
                          const std::string& database) {
  const Candidate candidate = candidates::From(table.table_id(), index);
  indexer::v1::IndexChange change;
  change.set_database(database);
  *change.add_apply() = DropDdl(table.schema(), index.name());
  *change.add_undo() = CreateDdl(candidate, table);
  change.mutable_undo(0)->mutable_create_index()->mutable_index()->set_name(index.name());
  module::v1::Proposal proposal;
  proposal.set_kind(kDropKind);
  proposal.set_table_id(table.table_id());
  proposal.set_statement(DropStatement(table.schema(), index.name()));
  proposal.set_undo(candidates::CreateStatement(candidate, table, index.name()));
  proposal.set_payload(Payload(change));
  proposal.set_verify_calls(kVerifyCalls);
  return proposal;
}

}  // namespace adbms::indexer::server
