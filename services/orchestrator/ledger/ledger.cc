#include "services/orchestrator/ledger/ledger.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"

namespace adbms::orchestrator::ledger {
namespace {

using types::TypeId;
using types::Value;

constexpr int64_t kPostgresEpochUs = 946684800000000;

constexpr struct {
  v1::ActionState state;
  const char* name;
} kStates[] = {
    {v1::ACTION_STATE_PROPOSED, "proposed"}, {v1::ACTION_STATE_APPROVED, "approved"},
    {v1::ACTION_STATE_APPLYING, "applying"}, {v1::ACTION_STATE_VERIFYING, "verifying"},
    {v1::ACTION_STATE_KEPT, "kept"},         {v1::ACTION_STATE_REVERTED, "reverted"},
    {v1::ACTION_STATE_FAILED, "failed"},     {v1::ACTION_STATE_REFUSED, "refused"},
};

constexpr struct {
  v1::Outcome outcome;
  const char* name;
} kOutcomes[] = {
    {v1::OUTCOME_GAINED, "gained"},
    {v1::OUTCOME_LOST, "lost"},
    {v1::OUTCOME_NOT_MEASURABLE, "not measurable"},
    {v1::OUTCOME_LOAD_CHANGED, "load changed"},
    {v1::OUTCOME_INTERRUPTED, "interrupted"},
    {v1::OUTCOME_UNWANTED, "unwanted"},
    {v1::OUTCOME_SUPERSEDED, "superseded"},
    {v1::OUTCOME_FAILED, "failed"},
};

constexpr char kStatementTime[] = "statement time";
constexpr char kEstimates[] = "row estimates";
constexpr char kSystemScope[] = "system";
constexpr char kStatementScope[] = "statements";

constexpr char kCreate[] =
    "CREATE TABLE IF NOT EXISTS adbms.actions (id bigint PRIMARY KEY, proposed_at timestamptz NOT "
    "NULL, module text NOT NULL, kind text NOT NULL, subject text NOT NULL, state text NOT NULL, "
    "statement text, undo text, reason text, predicted_gain double precision, measured_gain double "
    "precision, initiator text, verdict text, table_id bigint, applied_at timestamptz, decided_at "
    "timestamptz, affected text, payload bytea, verify_calls integer, hash text NOT NULL, progress "
    "bytea, outcome text, measure text, scope text)";
// Tables that were made before there were such columns.
constexpr const char* kAddColumns[] = {
    "ALTER TABLE adbms.actions ADD COLUMN IF NOT EXISTS progress bytea",
    "ALTER TABLE adbms.actions ADD COLUMN IF NOT EXISTS outcome text",
    "ALTER TABLE adbms.actions ADD COLUMN IF NOT EXISTS measure text",
    "ALTER TABLE adbms.actions ADD COLUMN IF NOT EXISTS scope text",
};
constexpr char kSelect[] =
    "SELECT id, proposed_at, module, kind, subject, state, statement, undo, reason, "
    "predicted_gain, measured_gain, initiator, verdict, table_id, applied_at, decided_at, "
    "affected, payload, verify_calls, hash, progress, outcome, measure, scope FROM "
    "adbms.actions ORDER BY id";
constexpr char kInsert[] =
    "INSERT INTO adbms.actions VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
    "$14, $15, $16, $17, $18, $19, $20, NULL, $21, $22, $23)";
constexpr char kUpdate[] =
    "UPDATE adbms.actions SET state = $2, statement = $3, undo = $4, measured_gain = $5, initiator "
    "= $6, verdict = $7, applied_at = $8, decided_at = $9, payload = $10, progress = $11, "
    "outcome = $12 WHERE id = $1";

Value Timestamp(int64_t unix_us) {
  if (unix_us == 0) return Value::Null({TypeId::kTimestamptz, 0});
  return Value::Int(TypeId::kTimestamptz, unix_us - kPostgresEpochUs);
}

int64_t UnixMicros(const Value& value) {
  return value.is_null() ? 0 : value.int_value() + kPostgresEpochUs;
}

Value Gain(const v1::Action& action) {
  if (!action.has_measured_gain()) return Value::Null({TypeId::kFloat8, 0});
  return Value::Float(TypeId::kFloat8, action.measured_gain());
}

Value OutcomeOf(const v1::Action& action) {
  if (action.outcome() == v1::OUTCOME_UNSPECIFIED) return Value::Null({TypeId::kText, 0});
  return Value::Text(OutcomeName(action.outcome()));
}

v1::Outcome OutcomeFromName(const std::string& name) {
  for (const auto& entry : kOutcomes) {
    if (name == entry.name) return entry.outcome;
  }
  return v1::OUTCOME_UNSPECIFIED;
}

Value Progress(const v1::Action& action) {
  if (!action.has_progress()) return Value::Null({TypeId::kBytea, 0});
  return Value::String({TypeId::kBytea, 0}, action.progress().SerializeAsString());
}

std::string JoinFingerprints(const module::v1::Proposal& proposal) {
  std::string text;
  for (const uint64_t fingerprint : proposal.affected_fingerprints()) {
    absl::StrAppend(&text, text.empty() ? "" : " ", absl::Hex(fingerprint, absl::kZeroPad16));
  }
  return text;
}

std::string Text(const Value& value) {
  return value.is_null() ? std::string() : std::string(value.bytes());
}

std::string HashOf(const std::string& previous, const v1::Action& action) {
  const module::v1::Proposal& proposal = action.proposal();
  // Length-prefixed, so that no two entries have the same bytes.
  std::string bytes = previous;
  for (const std::string& part : {absl::StrCat(action.id()), absl::StrCat(action.proposed_at_us()),
                                  action.module(), proposal.kind(), proposal.subject(),
                                  proposal.reason(), absl::StrCat(proposal.predicted_gain())}) {
    absl::StrAppend(&bytes, part.size(), ":", part);
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), sizeof(digest)));
}

v1::Action FromRow(const std::vector<Value>& row) {
  v1::Action action;
  module::v1::Proposal* proposal = action.mutable_proposal();
  action.set_id(row[0].int_value());
  action.set_proposed_at_us(UnixMicros(row[1]));
  action.set_module(Text(row[2]));
  proposal->set_kind(Text(row[3]));
  proposal->set_subject(Text(row[4]));
  action.set_state(StateFromName(Text(row[5])));
  proposal->set_statement(Text(row[6]));
  proposal->set_undo(Text(row[7]));
  proposal->set_reason(Text(row[8]));
  if (!row[9].is_null()) proposal->set_predicted_gain(row[9].float_value());
  if (!row[10].is_null()) action.set_measured_gain(row[10].float_value());
  action.set_initiator(Text(row[11]));
  action.set_verdict(Text(row[12]));
  if (!row[13].is_null()) proposal->set_table_id(static_cast<uint32_t>(row[13].int_value()));
  action.set_applied_at_us(UnixMicros(row[14]));
  action.set_decided_at_us(UnixMicros(row[15]));
  const std::string affected = Text(row[16]);
  for (absl::string_view part : absl::StrSplit(affected, ' ', absl::SkipEmpty())) {
    uint64_t fingerprint = 0;
    if (absl::SimpleHexAtoi(part, &fingerprint)) proposal->add_affected_fingerprints(fingerprint);
  }
  proposal->set_payload(Text(row[17]));
  if (!row[18].is_null()) proposal->set_verify_calls(static_cast<uint32_t>(row[18].int_value()));
  action.set_hash(Text(row[19]));
  action.set_outcome(OutcomeFromName(Text(row[21])));
  proposal->set_measure(Text(row[22]) == kEstimates ? module::v1::MEASURE_ESTIMATES
                                                    : module::v1::MEASURE_STATEMENT_TIME);
  proposal->set_scope(Text(row[23]) == kSystemScope ? module::v1::SCOPE_SYSTEM
                                                    : module::v1::SCOPE_UNSPECIFIED);
  // Damage is as good as nothing known: verification then says so.
  if (!row[20].is_null() && !action.mutable_progress()->ParseFromString(Text(row[20]))) {
    action.clear_progress();
  }
  return action;
}

}  // namespace

std::string StateName(v1::ActionState state) {
  for (const auto& entry : kStates) {
    if (entry.state == state) return entry.name;
  }
  return "unknown";
}

std::string OutcomeName(v1::Outcome outcome) {
  for (const auto& entry : kOutcomes) {
    if (entry.outcome == outcome) return entry.name;
  }
  return "";
}

std::string MeasureName(module::v1::Measure measure) {
  return measure == module::v1::MEASURE_ESTIMATES ? kEstimates : kStatementTime;
}

v1::ActionState StateFromName(const std::string& name) {
  for (const auto& entry : kStates) {
    if (name == entry.name) return entry.state;
  }
  return v1::ACTION_STATE_UNSPECIFIED;
}

absl::Status Ledger::Open(const rpc::CallContext& context) {
  RETURN_IF_ERROR(sql_->Run(context, kCreate).status());
  for (const char* column : kAddColumns) RETURN_IF_ERROR(sql_->Run(context, column).status());
  ASSIGN_OR_RETURN(const auto rows, sql_->Run(context, kSelect));
  absl::MutexLock lock(&mutex_);
  actions_.clear();
  for (const auto& row : rows.rows) {
    v1::Action action = FromRow(row);
    const int64_t id = action.id();
    actions_.emplace(id, std::move(action));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Action> Ledger::Add(const rpc::CallContext& context, const std::string& module,
                                       const module::v1::Proposal& proposal, v1::ActionState state,
                                       const std::string& initiator, const std::string& verdict) {
  absl::MutexLock lock(&mutex_);
  v1::Action action;
  std::string previous;
  if (!actions_.empty()) {
    action.set_id(actions_.rbegin()->first + 1);
    previous = actions_.rbegin()->second.hash();
  } else {
    action.set_id(1);
  }
  action.set_proposed_at_us(absl::ToUnixMicros(absl::Now()));
  action.set_module(module);
  *action.mutable_proposal() = proposal;
  action.set_state(state);
  action.set_initiator(initiator);
  action.set_verdict(verdict);
  if (state == v1::ACTION_STATE_REFUSED) {
    action.set_decided_at_us(action.proposed_at_us());
    action.set_outcome(v1::OUTCOME_FAILED);
  }
  action.set_hash(HashOf(previous, action));
  RETURN_IF_ERROR(
      sql_->Run(context, kInsert,
                {Value::Int(TypeId::kInt8, action.id()),
                 Timestamp(action.proposed_at_us()),
                 Value::Text(module),
                 Value::Text(proposal.kind()),
                 Value::Text(proposal.subject()),
                 Value::Text(StateName(state)),
                 Value::Text(proposal.statement()),
                 Value::Text(proposal.undo()),
                 Value::Text(proposal.reason()),
                 Value::Float(TypeId::kFloat8, proposal.predicted_gain()),
                 Gain(action),
                 Value::Text(initiator),
                 Value::Text(verdict),
                 Value::Int(TypeId::kInt8, proposal.table_id()),
                 Timestamp(0),
                 Timestamp(action.decided_at_us()),
                 Value::Text(JoinFingerprints(proposal)),
                 Value::String({TypeId::kBytea, 0}, proposal.payload()),
                 Value::Int(TypeId::kInt4, proposal.verify_calls()),
                 Value::Text(action.hash()),
                 OutcomeOf(action),
                 Value::Text(MeasureName(proposal.measure())),
                 Value::Text(proposal.scope() == module::v1::SCOPE_SYSTEM ? kSystemScope
                                                                          : kStatementScope)})
          .status());
  actions_.emplace(action.id(), action);
  return action;
}

absl::Status Ledger::Update(const rpc::CallContext& context, const v1::Action& action) {
  absl::MutexLock lock(&mutex_);
  const auto found = actions_.find(action.id());
  if (found == actions_.end()) return absl::NotFoundError("no such action");
  RETURN_IF_ERROR(
      sql_->Run(context, kUpdate,
                {Value::Int(TypeId::kInt8, action.id()), Value::Text(StateName(action.state())),
                 Value::Text(action.proposal().statement()), Value::Text(action.proposal().undo()),
                 Gain(action), Value::Text(action.initiator()), Value::Text(action.verdict()),
                 Timestamp(action.applied_at_us()), Timestamp(action.decided_at_us()),
                 Value::String({TypeId::kBytea, 0}, action.proposal().payload()), Progress(action),
                 OutcomeOf(action)})
          .status());
  found->second = action;
  return absl::OkStatus();
}

absl::StatusOr<v1::Action> Ledger::Get(int64_t id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = actions_.find(id);
  if (found == actions_.end()) return absl::NotFoundError(absl::StrCat("there is no action ", id));
  return found->second;
}

std::vector<v1::Action> Ledger::List(size_t limit) const {
  absl::MutexLock lock(&mutex_);
  std::vector<v1::Action> actions;
  for (auto i = actions_.rbegin(); i != actions_.rend() && actions.size() < limit; ++i) {
    actions.push_back(i->second);
  }
  return actions;
}

std::vector<v1::Action> Ledger::InState(v1::ActionState state) const {
  absl::MutexLock lock(&mutex_);
  std::vector<v1::Action> actions;
  for (const auto& [id, action] : actions_) {
    if (action.state() == state) actions.push_back(action);
  }
  return actions;
}

absl::StatusOr<int64_t> Ledger::FirstBrokenEntry(const rpc::CallContext& context) const {
  ASSIGN_OR_RETURN(const auto rows, sql_->Run(context, kSelect));
  std::string previous;
  int64_t last = 0;
  for (const auto& row : rows.rows) {
    const v1::Action action = FromRow(row);
    last = action.id();
    if (HashOf(previous, action) != action.hash()) return last;
    previous = action.hash();
  }
  // Entries cut off at the end break no link; we still know of them.
  absl::MutexLock lock(&mutex_);
  const auto missing = actions_.upper_bound(last);
  return missing == actions_.end() ? 0 : missing->first;
}

}  // namespace adbms::orchestrator::ledger
