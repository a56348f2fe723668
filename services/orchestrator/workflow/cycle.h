// The autonomous cycle: observe → propose → approve → apply → verify → keep or revert. One caller
// at a time: the holder of the lease; calls exclude each other.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/config.pb.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "services/orchestrator/intake/workload_store.h"
#include "services/orchestrator/ledger/ledger.h"
#include "services/orchestrator/registry/module_registry.h"
#include "services/orchestrator/workflow/verification.h"

namespace adbms::orchestrator::workflow {

struct CycleOptions {
  common::v1::OrchestratorConfig config;
  uint64_t index_budget_bytes = 0;
};

class Cycle {
 public:
  // All pointers must outlive this.
  Cycle(registry::ModuleRegistry* registry, ledger::Ledger* ledger, intake::WorkloadStore* workload,
        telemetry::Logger* logger, telemetry::ServiceMetrics* metrics, const CycleOptions& options);

  // Verdicts follow `config` from now on.
  void SetConfig(const common::v1::OrchestratorConfig& config);
  // After a restart, or when another orchestrator held the lease: what is being measured is given
  // its whole time again, for nobody has measured meanwhile.
  void Recover(const rpc::CallContext& context);
  // One round. What it did, a line each.
  std::vector<std::string> Run(const rpc::CallContext& context);
  // Hands new windows to the modules.
  void Observe(const rpc::CallContext& context);
  // Asks one module for proposals within the scope, enters and, where it may, applies them.
  std::vector<v1::Action> ProposeFrom(const rpc::CallContext& context,
                                      const registry::RegisteredModule& module,
                                      const std::vector<uint32_t>& table_ids, bool on_demand,
                                      bool dry_run, const std::string& initiator);
  // Ends what another process left half applied: it is undone or, where there is nothing to undo,
  // applied once more. A module that is out of reach is waited for.
  std::vector<std::string> Settle(const rpc::CallContext& context);
  // Decides on what is being verified.
  std::vector<std::string> Verify(const rpc::CallContext& context);

  absl::StatusOr<v1::Action> Approve(const rpc::CallContext& context, int64_t id,
                                     const std::string& initiator);
  absl::StatusOr<v1::Action> Revert(const rpc::CallContext& context, int64_t id,
                                    const std::string& initiator);

 private:
  // The module works without the lock, however long (an index build): the action's state excludes
  // others meanwhile, and people can approve and revert what is not concerned.
  absl::StatusOr<v1::Action> Apply(const rpc::CallContext& context, v1::Action action)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<v1::Action> Undo(const rpc::CallContext& context, v1::Action action,
                                  const std::string& initiator, const std::string& why,
                                  double measured_gain);
  // The line to tell when the action has come to an end; empty while its module is waited for.
  std::string SettleOne(const rpc::CallContext& context, v1::Action action)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The time by which an action is decided that begins to be measured or settled now.
  int64_t DeadlineFrom(int64_t now_us) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayApplyNow(const v1::Action& action, int64_t now_us) const;
  void Decided(const v1::Action& action);

  registry::ModuleRegistry* const registry_;
  ledger::Ledger* const ledger_;
  intake::WorkloadStore* const workload_;
  telemetry::Logger* const logger_;
  telemetry::ServiceMetrics* const metrics_;
  const uint64_t index_budget_bytes_;
  absl::Mutex mutex_;  // Held through a whole operation but for the module's part of Apply.
  common::v1::OrchestratorConfig config_ ABSL_GUARDED_BY(mutex_);
  std::set<int64_t> applying_ ABSL_GUARDED_BY(mutex_);  // Actions that this process is applying.
};

}  // namespace adbms::orchestrator::workflow
