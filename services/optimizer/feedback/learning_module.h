// The optimizer as a module of the orchestrator: takes in what executions report, proposes to use a
// model that has proved itself and to drop one that no longer holds. Thread-safe.
#pragma once

#include "services/optimizer/feedback/cardinality_learner.h"
#include "services/orchestrator/api/module.h"

namespace adbms::optimizer::feedback {

class LearningModule : public orchestrator::api::Module {
 public:
  // `learner` must outlive this.
  explicit LearningModule(CardinalityLearner* learner) : learner_(learner) {}

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
  CardinalityLearner* const learner_;
};

}  // namespace adbms::optimizer::feedback
