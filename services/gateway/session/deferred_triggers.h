// Constraint triggers that wait for the end of their transaction, and what SET CONSTRAINTS says of
// them. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/sql/sql.h"
#include "services/gateway/session/trigger_call.h"

namespace adbms::gateway::session {

class DeferredTriggers {
 public:
  struct Waiting {
    sql::CatalogPtr catalog;  // That the call's table and trigger are of.
    TriggerCall call;
    uint64_t serial = 0;    // Session::serial_ when it began to wait,
    uint64_t fired_at = 0;  // and when it fired; 0: it waits.
  };

  // Errors: 53200 when too much waits.
  absl::Status Add(Waiting waiting);
  // SET CONSTRAINTS: of all, or of one trigger.
  void SetAll(bool deferred);
  void Set(uint32_t trigger_id, bool deferred) { modes_[trigger_id] = deferred; }
  bool IsDeferred(const common::v1::TriggerDescriptor& trigger) const;
  // The first that waits, and (unless `all`) whose constraint is not deferred any more; null: none.
  Waiting* Next(bool all);
  // Whether one of the table's waits.
  bool WaitsFor(uint32_t table_id) const;
  // What began to wait since is forgotten, what fired since waits again.
  void RollBackTo(uint64_t serial);
  // The transaction is over.
  void Clear();

 private:
  std::deque<Waiting> queue_;  // Calls stay where they are while they run.
  uint64_t bytes_ = 0;
  std::optional<bool> all_;
  std::map<uint32_t, bool> modes_;  // By trigger.
};

}  // namespace adbms::gateway::session
