// Cycles on a real ledger: each "process" has its own registry, workload and cycle over one
// storage.
#pragma once

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "services/orchestrator/workflow/cycle.h"
#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"

namespace adbms::orchestrator::workflow {

inline constexpr uint64_t kStatement = 7;
inline constexpr uint64_t kCalls = 20;

// Proposes one action if it may; counts what it is asked to do.
class FakeModule : public api::Module {
 public:
  absl::StatusOr<module::v1::DescribeResponse> Describe(
      const rpc::CallContext&, const module::v1::DescribeRequest&) override {
    module::v1::DescribeResponse response;
    response.set_name(name);
    return response;
  }
  absl::StatusOr<module::v1::ObserveResponse> Observe(const rpc::CallContext&,
                                                      const module::v1::ObserveRequest&) override {
    return module::v1::ObserveResponse();
  }
  absl::StatusOr<module::v1::ProposeResponse> Propose(const rpc::CallContext&,
                                                      const module::v1::ProposeRequest&) override {
    module::v1::ProposeResponse response;
    if (proposes) *response.add_proposals() = proposal;
    return response;
  }
  absl::StatusOr<module::v1::ApplyResponse> Apply(const rpc::CallContext&,
                                                  const module::v1::ApplyRequest&) override {
    ++applied;
    return module::v1::ApplyResponse();
  }
  absl::StatusOr<module::v1::RevertResponse> Revert(const rpc::CallContext&,
                                                    const module::v1::RevertRequest&) override {
    if (away) return absl::UnavailableError("no route");
    ++reverted;
    return module::v1::RevertResponse();
  }
  absl::StatusOr<module::v1::ReportResponse> Report(const rpc::CallContext&,
                                                    const module::v1::ReportRequest&) override {
    return module::v1::ReportResponse();
  }

  absl::StatusOr<module::v1::ReconcileResponse> Reconcile(
      const rpc::CallContext&, const module::v1::ReconcileRequest& request) override {
    module::v1::ReconcileResponse response;
    for (const auto& action : request.actions()) {
      if (action.proposal().subject() != gone) continue;
      response.add_gone()->set_action_id(action.action_id());
    }
    return response;
  }

  std::string name = "fake";
  std::string gone;  // The subject of what a person has undone.
  module::v1::Proposal proposal;
  bool proposes = false;
  bool away = false;
  int applied = 0;
  int reverted = 0;
};

// One orchestrator process.
struct Process {
  Process(storage::api::SqlClient* sql, const common::v1::OrchestratorConfig& config)
      : ledger(sql),
        registry(sql, v1::AUTONOMY_AUTO),
        cycle(&registry, &ledger, &workload, &machine, logger.get(), &metrics, {config, 0}) {
    EXPECT_TRUE(ledger.Open(context).ok());
    EXPECT_TRUE(registry.Open(context).ok());
    cycle.Recover(context);
  }
  void Join(const std::shared_ptr<FakeModule>& module) {
    ASSERT_TRUE(registry.Add(context, module, "").ok());
  }
  std::vector<v1::Action> Propose(const std::shared_ptr<FakeModule>& module) {
    const auto entry = registry.Find(module->name);
    EXPECT_TRUE(entry.ok()) << entry.status();
    return cycle.ProposeFrom(context, *entry, {}, false, false, "auto");
  }
  // Executions of the statement, each of `us`, in a window that started `seconds_ago`.
  void Execute(int64_t us, uint64_t fingerprint = kStatement, int64_t seconds_ago = 0) {
    common::v1::WorkloadWindow window;
    window.set_source(1);
    window.set_sequence(++sequence);
    window.set_start_us(absl::ToUnixMicros(absl::Now() - absl::Seconds(seconds_ago)));
    window.set_end_us(window.start_us() + 1);
    common::v1::StatementWindow* const one = window.add_statements();
    one->set_fingerprint(fingerprint);
    one->set_calls(kCalls);
    one->set_total_us(static_cast<int64_t>(kCalls) * us);
    const double ms = static_cast<double>(us) / 1e3;
    one->set_sum_squares_ms2(static_cast<double>(kCalls) * ms * ms);
    ASSERT_TRUE(workload.Add(window).ok());
  }

  rpc::CallContext context;
  std::unique_ptr<telemetry::Logger> logger = telemetry::NullLog();
  prometheus::Registry prometheus;
  telemetry::ServiceMetrics metrics{"orchestrator", &prometheus};
  uint64_t sequence = 0;
  ledger::Ledger ledger;
  registry::ModuleRegistry registry;
  intake::WorkloadStore workload;
  intake::MachineLoad machine;
  Cycle cycle;
};

class CycleTest : public testing::Test {
 protected:
  void SetUp() override {
    storage::server::Options options;
    options.data_dir = directory_.path();
    options.block_cache_bytes = options.memtable_bytes = 16 << 20;
    auto storage = storage::server::StorageServer::Open(options);
    ASSERT_TRUE(storage.ok()) << storage.status();
    storage_ = *std::move(storage);
    sql_ = std::make_unique<storage::api::SqlClient>(storage_.get(), "adbms");
    config_.set_verification_timeout_ms(3600 * 1000);
    config_.set_minimum_measured_gain(0.05);
    module_->proposal.set_kind("change");
    module_->proposal.set_subject("subject");
    module_->proposal.set_statement("do it");
    module_->proposal.set_undo("undo it");
    module_->proposal.set_verify_calls(10);
    module_->proposal.set_predicted_gain(0.5);
    module_->proposal.add_affected_fingerprints(kStatement);
  }
  std::unique_ptr<Process> Start() { return std::make_unique<Process>(sql_.get(), config_); }
  // The only action, as a reader of the ledger finds it.
  v1::Action Stored() {
    ledger::Ledger reader(sql_.get());
    EXPECT_TRUE(reader.Open({}).ok());
    const auto action = reader.Get(1);
    EXPECT_TRUE(action.ok()) << action.status();
    return action.value_or(v1::Action());
  }
  // An action that is being measured, applied by a process that is gone.
  void LeaveVerifying(bool with_work_before) {
    module_->proposes = true;
    const auto process = Start();
    process->Join(module_);
    if (with_work_before) process->Execute(50000);
    process->cycle.Run({});
    ASSERT_EQ(Stored().state(), v1::ACTION_STATE_VERIFYING);
    ASSERT_TRUE(Stored().has_progress());
  }
  // An action that a process which is gone was applying for the nth time.
  void LeaveApplying(uint32_t attempts) {
    const auto process = Start();
    auto action = process->ledger.Add({}, "fake", module_->proposal, v1::ACTION_STATE_APPROVED,
                                      "auto", "approved");
    ASSERT_TRUE(action.ok()) << action.status();
    action->set_state(v1::ACTION_STATE_APPLYING);
    action->mutable_progress()->set_attempts(attempts);
    ASSERT_TRUE(process->ledger.Update({}, *action).ok());
  }

  storage::testing::TempDir directory_;
  std::unique_ptr<storage::server::StorageServer> storage_;
  std::unique_ptr<storage::api::SqlClient> sql_;
  common::v1::OrchestratorConfig config_;
  std::shared_ptr<FakeModule> module_ = std::make_shared<FakeModule>();
};

}  // namespace adbms::orchestrator::workflow
