// Plans as a module of the orchestrator: takes in what gateways have measured of several plans of a
// statement, and proposes to run it on the best one. Thread-safe.
#pragma once

#include <deque>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/workload.pb.h"
#include "services/optimizer/plan_choice/plan_choices.h"
#include "services/orchestrator/api/module.h"

namespace adbms::optimizer::plan_choice {

class PlanChoiceModule : public orchestrator::api::Module {
 public:
  // `choices` must outlive this.
  explicit PlanChoiceModule(PlanChoices* choices) : choices_(choices) {}

  absl::StatusOr<module::v1::DescribeResponse> Describe(
      const rpc::CallContext& context, const module::v1::DescribeRequest& request) override;
  absl::StatusOr<module::v1::ObserveResponse> Observe(
      const rpc::CallContext& context, const module::v1::ObserveRequest& request) override;
  absl::StatusOr<module::v1::ProposeResponse> Propose(
      const rpc::CallContext& context, const module::v1::ProposeRequest& request) override;
  absl::StatusOr<module::v1::ApplyResponse> Apply(const rpc::CallContext& context,
                                                  const module::v1::ApplyRequest& request) override;
  absl::StatusOr<module::v1::RevertResponse> Revert(
      const rpc::CallContext& context, const module::v1::RevertRequest& request) override;
  absl::StatusOr<module::v1::ReportResponse> Report(
      const rpc::CallContext& context, const module::v1::ReportRequest& request) override;

 private:
  // Findings that wait to be proposed; more and the oldest go.
  static constexpr size_t kMaxFindings = 256;

  PlanChoices* const choices_;
  absl::Mutex mutex_;
  std::deque<common::v1::PlanFinding> findings_ ABSL_GUARDED_BY(mutex_);
  uint64_t trials_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t regressions_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace adbms::optimizer::plan_choice
