// What the orchestrator is told of executions.
#include "services/gateway/workload/workload_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace adbms::gateway::workload {
namespace {

class MockOrchestrator : public orchestrator::api::Orchestrator {
 public:
  template <typename T>
  using Answer = absl::StatusOr<T>;
  using Context = rpc::CallContext;

  MOCK_METHOD(Answer<orchestrator::v1::ReportWindowResponse>, ReportWindow,
              (const Context&, const orchestrator::v1::ReportWindowRequest&), (override));
  MOCK_METHOD(absl::Status, RunAllTables,
              (const Context&, const orchestrator::v1::RunAllTablesRequest&, const Progress&),
              (override));
  MOCK_METHOD(Answer<orchestrator::v1::ListActionsResponse>, ListActions,
              (const Context&, const orchestrator::v1::ListActionsRequest&), (override));
  MOCK_METHOD(Answer<orchestrator::v1::ApproveActionResponse>, ApproveAction,
              (const Context&, const orchestrator::v1::ApproveActionRequest&), (override));
  MOCK_METHOD(Answer<orchestrator::v1::RevertActionResponse>, RevertAction,
              (const Context&, const orchestrator::v1::RevertActionRequest&), (override));
  MOCK_METHOD(Answer<orchestrator::v1::ListModulesResponse>, ListModules,
              (const Context&, const orchestrator::v1::ListModulesRequest&), (override));
  MOCK_METHOD(Answer<orchestrator::v1::SetAutonomyResponse>, SetAutonomy,
              (const Context&, const orchestrator::v1::SetAutonomyRequest&), (override));
  MOCK_METHOD(Answer<orchestrator::v1::RegisterModuleResponse>, RegisterModule,
              (const Context&, const orchestrator::v1::RegisterModuleRequest&), (override));
  MOCK_METHOD(Answer<orchestrator::v1::UnregisterModuleResponse>, UnregisterModule,
              (const Context&, const orchestrator::v1::UnregisterModuleRequest&), (override));
};

// The windows that an orchestrator is sent, as it closes.
class Windows {
 public:
  Windows() {
    ON_CALL(orchestrator, ReportWindow)
        .WillByDefault(
            [this](const rpc::CallContext&,
                   const auto& request) -> absl::StatusOr<orchestrator::v1::ReportWindowResponse> {
              absl::MutexLock lock(&mutex_);
              windows_.push_back(request.window());
              orchestrator::v1::ReportWindowResponse response;
              response.set_plan_trials(true);
              return response;
            });
  }
  common::v1::WorkloadWindow Next() {
    absl::MutexLock lock(&mutex_);
    const auto some = [this] { return taken_ < windows_.size(); };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&some), absl::Seconds(20))) return {};
    return windows_[taken_++];
  }

  ::testing::NiceMock<MockOrchestrator> orchestrator;

 private:
  absl::Mutex mutex_;
  std::vector<common::v1::WorkloadWindow> windows_;
  size_t taken_ = 0;
};

std::shared_ptr<const common::v1::Plan> PlanOf(uint64_t shape) {
  auto plan = std::make_shared<common::v1::Plan>();
  plan->set_shape_hash(shape);
  return plan;
}

Execution ExecutionOf(const std::shared_ptr<const common::v1::Plan>& plan, int64_t us) {
  Execution execution;
  execution.fingerprint = 42;
  execution.elapsed_us = us;
  execution.rows = 3;
  execution.plan = &plan;
  return execution;
}

TEST(WorkloadRecorderTest, TimesAreThoseOfThePlanThatTookThem) {
  Windows windows;
  WorkloadRecorder recorder(&windows.orchestrator, absl::Milliseconds(50),
                            [](const common::v1::Plan& plan, const std::string&) {
                              return absl::StrCat("plan ", plan.shape_hash());
                            });
  const auto one = PlanOf(1);
  const auto two = PlanOf(2);
  uint64_t fast = 0;
  uint64_t slow = 0;
  std::string text_of_two;
  const auto count = [&](const common::v1::WorkloadWindow& window) {
    for (const auto& statement : window.statements()) {
      for (const auto& plan : statement.plans()) {
        (plan.shape_hash() == 1 ? fast : slow) += plan.calls();
        if (plan.shape_hash() == 2) text_of_two += plan.plan_text();
        EXPECT_EQ(plan.total_us(),
                  static_cast<int64_t>(plan.calls()) * (plan.shape_hash() == 1 ? 1000 : 64000));
        EXPECT_EQ(plan.rows(), 3 * plan.calls());
        uint64_t sketched = 0;
        for (const uint32_t bucket : plan.buckets()) sketched += bucket;
        EXPECT_EQ(sketched, plan.calls());
        EXPECT_EQ(plan.first_bucket(),
                  telemetry::TimeSketch::BucketOf(plan.shape_hash() == 1 ? 1000 : 64000));
      }
    }
  };
  for (int i = 0; i < 10; ++i) recorder.Record(ExecutionOf(one, 1000));
  recorder.Record(ExecutionOf(two, 64000));
  while (fast + slow < 11) count(windows.Next());
  recorder.Record(ExecutionOf(two, 64000));
  while (fast + slow < 12) count(windows.Next());
  EXPECT_EQ(fast, 10u);
  EXPECT_EQ(slow, 2u);
  // Told once.
  EXPECT_EQ(text_of_two, "plan 2");
  // The orchestrator allows it.
  EXPECT_TRUE(recorder.plan_trials());
}

TEST(WorkloadRecorderTest, PlansAndFindingsAreBoundedAndCounted) {
  Windows windows;
  {
    WorkloadRecorder recorder(&windows.orchestrator, absl::Hours(1));
    EXPECT_FALSE(recorder.plan_trials());
    for (uint64_t shape = 1; shape <= 20; ++shape)
      recorder.Record(ExecutionOf(PlanOf(shape), 1000));
    for (int i = 0; i < 1000; ++i) recorder.RecordFinding(common::v1::PlanFinding());
  }
  const common::v1::WorkloadWindow window = windows.Next();
  ASSERT_EQ(window.statements_size(), 1);
  EXPECT_EQ(window.statements(0).calls(), 20u);
  EXPECT_EQ(window.statements(0).plans_size(), 8);
  EXPECT_EQ(window.statements(0).unshaped_calls(), 12u);
  EXPECT_EQ(static_cast<uint64_t>(window.plan_findings_size()) + window.dropped(), 1000u);
  EXPECT_GT(window.dropped(), 0u);
}

}  // namespace
}  // namespace adbms::gateway::workload
