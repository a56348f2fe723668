// The ledger of autonomous actions: the table adbms.actions, written through storage, each entry
// chained to the one before by a SHA-256 over its immutable fields. One writer at a time (the lease
// holder). Thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/orchestrator/v1/orchestrator.pb.h"
#include "services/storage/api/sql_client.h"

namespace adbms::orchestrator::ledger {

// "proposed", "kept", …
std::string StateName(v1::ActionState state);
v1::ActionState StateFromName(const std::string& name);
// "gained", "lost", "load changed", …; empty while it is not decided.
std::string OutcomeName(v1::Outcome outcome);
// "statement time" or "row estimates": what the action's gains are fractions of.
std::string MeasureName(module::v1::Measure measure);

class Ledger {
 public:
  // `sql` must outlive this.
  explicit Ledger(storage::api::SqlClient* sql) : sql_(sql) {}

  // Makes the table where it is missing and reads it.
  absl::Status Open(const rpc::CallContext& context);
  // Enters a proposal in the given state (proposed, approved or refused); id and hash are set.
  absl::StatusOr<v1::Action> Add(const rpc::CallContext& context, const std::string& module,
                                 const module::v1::Proposal& proposal, v1::ActionState state,
                                 const std::string& initiator, const std::string& verdict);
  // Writes the mutable fields: state, outcome, statement and undo as applied, gains, verdict,
  // times, initiator, progress.
  absl::Status Update(const rpc::CallContext& context, const v1::Action& action);
  // NOT_FOUND.
  absl::StatusOr<v1::Action> Get(int64_t id) const;
  // Newest first.
  std::vector<v1::Action> List(size_t limit) const;
  std::vector<v1::Action> InState(v1::ActionState state) const;
  // Reads what is stored: the first entry whose hash does not follow from the one before, or that
  // is missing at the end; 0: the chain is whole.
  absl::StatusOr<int64_t> FirstBrokenEntry(const rpc::CallContext& context) const;

 private:
  storage::api::SqlClient* const sql_;
  mutable absl::Mutex mutex_;
  std::map<int64_t, v1::Action> actions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::orchestrator::ledger
