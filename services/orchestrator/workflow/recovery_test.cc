// What a restarted orchestrator makes of actions under way, on a real ledger: each "process" has
// its own registry, workload and cycle over one storage.
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include "absl/time/clock.h"
#include "services/orchestrator/workflow/cycle.h"
#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"

namespace adbms::orchestrator::workflow {
namespace {

constexpr uint64_t kStatement = 7;
constexpr uint64_t kCalls = 20;

// Proposes one action if it may; counts what it is asked to do.
class FakeModule : public api::Module {
 public:
  absl::StatusOr<module::v1::DescribeResponse> Describe(
      const rpc::CallContext&, const module::v1::DescribeRequest&) override {
    module::v1::DescribeResponse response;
    response.set_name("fake");
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
        cycle(&registry, &ledger, &workload, logger.get(), &metrics, {config, 0}) {
    EXPECT_TRUE(ledger.Open(context).ok());
    EXPECT_TRUE(registry.Open(context).ok());
    cycle.Recover(context);
  }
  void Join(const std::shared_ptr<FakeModule>& module) {
    ASSERT_TRUE(registry.Add(context, module, "").ok());
  }
  // Executions of the statement, each of `us`, in a window that starts now.
  void Execute(int64_t us) {
    common::v1::WorkloadWindow window;
    window.set_source(1);
    window.set_sequence(++sequence);
    window.set_start_us(absl::ToUnixMicros(absl::Now()));
    window.set_end_us(window.start_us() + 1);
    common::v1::StatementWindow* const one = window.add_statements();
    one->set_fingerprint(kStatement);
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
  Cycle cycle;
};

class RecoveryTest : public testing::Test {
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

TEST_F(RecoveryTest, WhatHelpedIsKeptOnFiguresFromBeforeTheRestart) {
  LeaveVerifying(true);
  const auto process = Start();
  process->Join(module_);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_VERIFYING) << "nothing has run since";
  process->Execute(1000);
  process->cycle.Verify({});
  const v1::Action kept = Stored();
  EXPECT_EQ(kept.state(), v1::ACTION_STATE_KEPT) << kept.verdict();
  EXPECT_NEAR(kept.measured_gain(), 0.98, 1e-6);
  EXPECT_NE(kept.verdict().find("20 executions before and 20 after"), std::string::npos)
      << kept.verdict();
  EXPECT_FALSE(kept.has_progress());
  EXPECT_EQ(module_->reverted, 0);
}

TEST_F(RecoveryTest, WhatDidNotHelpIsTakenBackOnThem) {
  LeaveVerifying(true);
  const auto process = Start();
  process->Join(module_);
  process->Execute(60000);
  process->cycle.Verify({});
  const v1::Action undone = Stored();
  EXPECT_EQ(undone.state(), v1::ACTION_STATE_REVERTED);
  EXPECT_NEAR(undone.measured_gain(), -0.2, 1e-6);
  EXPECT_EQ(module_->reverted, 1);
}

TEST_F(RecoveryTest, ADeadlineThatPassedWhileNobodyMeasuredIsGivenAgain) {
  LeaveVerifying(true);
  {
    ledger::Ledger ledger(sql_.get());
    ASSERT_TRUE(ledger.Open({}).ok());
    v1::Action action = *ledger.Get(1);
    action.mutable_progress()->set_deadline_us(1);
    ASSERT_TRUE(ledger.Update({}, action).ok());
  }
  const auto process = Start();
  process->Join(module_);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_VERIFYING);
  EXPECT_GT(Stored().progress().deadline_us(), absl::ToUnixMicros(absl::Now()));
}

TEST_F(RecoveryTest, WithoutFiguresFromBeforeItSaysSo) {
  config_.set_verification_timeout_ms(0);
  LeaveVerifying(false);
  const auto process = Start();
  process->Join(module_);
  process->Execute(1000);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_REVERTED);
  EXPECT_NE(Stored().verdict().find("had not run often enough before it"), std::string::npos)
      << Stored().verdict();
}

TEST_F(RecoveryTest, WithoutARecordItSaysSo) {
  config_.set_verification_timeout_ms(0);
  LeaveVerifying(true);
  ASSERT_TRUE(sql_->Run({}, "UPDATE adbms.actions SET progress = NULL").ok());
  const auto process = Start();
  process->Join(module_);
  process->Execute(1000);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_REVERTED);
  EXPECT_NE(Stored().verdict().find("outlived a restart"), std::string::npos) << Stored().verdict();
}

TEST_F(RecoveryTest, WhatWasHalfAppliedIsUndone) {
  LeaveApplying(1);
  const auto process = Start();
  process->Join(module_);
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_REVERTED);
  EXPECT_EQ(module_->reverted, 1);
  EXPECT_EQ(module_->applied, 0);
}

TEST_F(RecoveryTest, AModuleThatIsAwayIsWaitedForToUndo) {
  LeaveApplying(1);
  const auto process = Start();
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_APPLYING) << "the module has not joined yet";
  module_->away = true;
  process->Join(module_);
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_APPLYING) << "the module cannot be reached";
  module_->away = false;
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_REVERTED);
  EXPECT_EQ(module_->reverted, 1);
}

TEST_F(RecoveryTest, AModuleThatStaysAwayIsNotWaitedForForEver) {
  config_.set_verification_timeout_ms(0);
  LeaveApplying(1);
  const auto process = Start();
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_FAILED);
  EXPECT_NE(Stored().verdict().find("undoing failed"), std::string::npos) << Stored().verdict();
}

TEST_F(RecoveryTest, WhatHasNothingToUndoIsDoneOnceMore) {
  module_->proposal.clear_undo();
  module_->proposal.set_verify_calls(0);
  LeaveApplying(1);
  const auto process = Start();
  process->Join(module_);
  process->cycle.Run({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_KEPT) << Stored().verdict();
  EXPECT_EQ(module_->applied, 1);
  EXPECT_EQ(module_->reverted, 0);
}

TEST_F(RecoveryTest, WhatEndsTheProcessTwiceIsNotTriedAThirdTime) {
  module_->proposal.clear_undo();
  LeaveApplying(2);
  const auto process = Start();
  process->Join(module_);
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_FAILED);
  EXPECT_EQ(module_->applied, 0);
}

}  // namespace
}  // namespace adbms::orchestrator::workflow
