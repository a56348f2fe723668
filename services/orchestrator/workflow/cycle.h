// The autonomous cycle: observe → propose → approve → apply → verify → keep or revert. One caller
// at a time: the holder of the lease; calls exclude each other.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/config.pb.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "services/orchestrator/intake/machine_load.h"
#include "services/orchestrator/intake/workload_store.h"
#include "services/orchestrator/ledger/ledger.h"
#include "services/orchestrator/registry/module_registry.h"
#include "services/orchestrator/workflow/verification.h"

namespace adbms::orchestrator::workflow {

struct CycleOptions {
  common::v1::OrchestratorConfig config;
  uint64_t index_budget_bytes = 0;
  // Actions that a round applies go on threads of their own, so that a long index build keeps
  // neither verdicts nor other modules waiting. At most this many at once; 0: the round waits.
  size_t appliers = 0;
};

class Cycle {
 public:
  // All pointers must outlive this.
  Cycle(registry::ModuleRegistry* registry, ledger::Ledger* ledger, intake::WorkloadStore* workload,
        intake::MachineLoad* machine, telemetry::Logger* logger, telemetry::ServiceMetrics* metrics,
        const CycleOptions& options);
  // Stops.
  ~Cycle();

  // Verdicts follow `config` from now on.
  void SetConfig(const common::v1::OrchestratorConfig& config);
  // After a restart, or when another orchestrator held the lease: what is being measured is given
  // its whole time again, for nobody has measured meanwhile.
  void Recover(const rpc::CallContext& context);
  // One round. What it did, a line each.
  std::vector<std::string> Run(const rpc::CallContext& context);
  // Hands new windows to the modules.
  void Observe(const rpc::CallContext& context);
  // Asks one module for proposals within the scope, enters and, where it may, applies them. What a
  // person asked for (on_demand) is applied before this returns.
  std::vector<v1::Action> ProposeFrom(const rpc::CallContext& context,
                                      const registry::RegisteredModule& module,
                                      const std::vector<uint32_t>& table_ids, bool on_demand,
                                      bool dry_run, const std::string& initiator);
  // Ends what another process left half applied: it is undone or, where there is nothing to undo,
  // applied once more. A module that is out of reach is waited for.
  std::vector<std::string> Settle(const rpc::CallContext& context);
  // Asks the modules what of theirs no longer stands, because a person undid it past the ledger,
  // and takes that for the person's word.
  std::vector<std::string> Reconcile(const rpc::CallContext& context);
  // Decides on what is being verified.
  std::vector<std::string> Verify(const rpc::CallContext& context);
  // Cancels what is being applied in the background and waits for it. What was cancelled stays
  // "applying" in the ledger: the next process settles it.
  void Stop();

  absl::StatusOr<v1::Action> Approve(const rpc::CallContext& context, int64_t id,
                                     const std::string& initiator);
  absl::StatusOr<v1::Action> Revert(const rpc::CallContext& context, int64_t id,
                                    const std::string& initiator);

 private:
  // What a round knows of all actions, for one decision.
  struct Knowledge {
    std::vector<v1::Action> actions;  // Newest first.
    std::vector<Change> changes;
  };
  std::unique_ptr<Knowledge> Know() const;
  Evidence EvidenceFrom(const Knowledge& knowledge, int64_t now_us) const;

  // Applying in three steps; the middle one is without the lock, however long (an index build): the
  // action's state excludes others meanwhile, and people can approve and revert what is not
  // concerned.
  absl::Status BeginApplying(const rpc::CallContext& context, v1::Action* action)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static absl::StatusOr<module::v1::ApplyResponse> CallApply(const rpc::CallContext& context,
                                                             api::Module* module,
                                                             const v1::Action& action);
  absl::StatusOr<v1::Action> FinishApplying(
      const rpc::CallContext& context, v1::Action action,
      const absl::StatusOr<module::v1::ApplyResponse>& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<v1::Action> Apply(const rpc::CallContext& context, v1::Action action)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the action as it is being applied; applied when there are no threads for it.
  absl::StatusOr<v1::Action> ApplyBeside(const rpc::CallContext& context, v1::Action action)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasRoomToApply() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::StatusOr<v1::Action> Undo(const rpc::CallContext& context, v1::Action action,
                                  const std::string& initiator, const std::string& why,
                                  v1::Outcome outcome);
  // Enters that the action has ended. False: the ledger could not be written.
  bool Decide(const rpc::CallContext& context, v1::ActionState state, v1::Outcome outcome,
              const std::string& verdict, v1::Action* action);
  // The line to tell when the action has come to an end; empty while its module is waited for.
  std::string SettleOne(const rpc::CallContext& context, v1::Action action)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The line to tell when a verdict was found; empty: it is too early.
  std::string VerifyOne(const rpc::CallContext& context, const Evidence& evidence,
                        v1::Action action) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The time by which an action is decided that begins to be measured or settled now.
  int64_t DeadlineFrom(int64_t now_us) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayApplyNow(const v1::Action& action, int64_t now_us) const;
  void Decided(const v1::Action& action);
  // adbms_actions_total of one module and state.
  prometheus::Counter& Actions(const std::string& module, v1::ActionState state) const;
  // Has every module's actions counted from 0, so that the first one shows as an increase.
  void CountFromZero() const;

  registry::ModuleRegistry* const registry_;
  ledger::Ledger* const ledger_;
  intake::WorkloadStore* const workload_;
  intake::MachineLoad* const machine_;
  telemetry::Logger* const logger_;
  telemetry::ServiceMetrics* const metrics_;
  const uint64_t index_budget_bytes_;
  const size_t appliers_;
  const std::shared_ptr<rpc::Cancellation> stop_;  // Shared with calls that are under way.
  absl::Mutex mutex_;  // Held through a whole operation but for a module's part of it.
  common::v1::OrchestratorConfig config_ ABSL_GUARDED_BY(mutex_);
  std::set<int64_t> applying_ ABSL_GUARDED_BY(mutex_);  // Actions that this process is applying.
  struct Applier {
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> done;  // Set by the thread as its last act.
  };
  std::vector<Applier> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::orchestrator::workflow
