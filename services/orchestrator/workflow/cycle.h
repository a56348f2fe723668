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

namespace adbms::orchestrator::workflow {

// What the measurement of an action says.
struct Measurement {
  bool enough = false;  // Executions before and after suffice for a verdict.
  double gain =
      0;  // 1 - time after / time before, over the affected statements, weighted by calls after.
  double uncertainty = 0;  // One standard error of the gain.
  uint64_t calls_before = 0;
  uint64_t calls_after = 0;
  size_t statements = 0;
};

// Latency of the affected statements (empty: of all that ran) from `before_from_us` until the
// action was applied, against after it.
Measurement Measure(const intake::WorkloadStore& workload, const v1::Action& action,
                    int64_t before_from_us, int64_t now_us);

// When the last change before `until_us` to what these statements meet was made or undone, other
// than by action `id`; 0 without any. A comparison must not reach behind it: it would credit one
// action with the effect of another.
int64_t LastChangeBefore(const std::vector<v1::Action>& actions, const v1::Action& action,
                         int64_t until_us);

struct CycleOptions {
  common::v1::OrchestratorConfig config;
  uint64_t index_budget_bytes = 0;
};

class Cycle {
 public:
  // All pointers must outlive this.
  Cycle(registry::ModuleRegistry* registry, ledger::Ledger* ledger, intake::WorkloadStore* workload,
        telemetry::Logger* logger, telemetry::ServiceMetrics* metrics, const CycleOptions& options);

  // After a restart: actions that were being applied are undone or failed, so that nothing
  // half-done stays.
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
  bool MayApplyNow(const v1::Action& action, int64_t now_us) const;
  void Decided(const v1::Action& action);

  registry::ModuleRegistry* const registry_;
  ledger::Ledger* const ledger_;
  intake::WorkloadStore* const workload_;
  telemetry::Logger* const logger_;
  telemetry::ServiceMetrics* const metrics_;
  const CycleOptions options_;
  absl::Mutex mutex_;  // Held through a whole operation but for the module's part of Apply.
};

}  // namespace adbms::orchestrator::workflow
