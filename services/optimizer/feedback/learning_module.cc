#include "services/optimizer/feedback/learning_module.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status/macros.h"

namespace adbms::optimizer::feedback {
namespace {

constexpr char kUse[] = "use_model";
constexpr char kDrop[] = "drop_model";
constexpr char kSubject[] = "cardinality_model";
// Executions after which it counts as harmless to what runs.
constexpr uint32_t kVerifyCalls = 20;

absl::StatusOr<int64_t> VersionOf(const module::v1::Proposal& proposal) {
  int64_t version = 0;
  if (!absl::SimpleAtoi(proposal.payload(), &version))
    return absl::InvalidArgumentError("the proposal names no model");
  return version;
}

}  // namespace

absl::StatusOr<module::v1::DescribeResponse> LearningModule::Describe(
    const rpc::CallContext&, const module::v1::DescribeRequest&) {
  module::v1::DescribeResponse response;
  response.set_name("optimizer");
  response.set_description("Learns to correct the planner's cardinalities from rows counted.");
  response.set_version("1");
  response.add_action_kinds(kUse);
  response.add_action_kinds(kDrop);
  response.set_order(40);
  return response;
}

absl::StatusOr<module::v1::ObserveResponse> LearningModule::Observe(
    const rpc::CallContext&, const module::v1::ObserveRequest& request) {
  for (const auto& window : request.windows()) learner_->Observe(window);
  return module::v1::ObserveResponse();
}

absl::StatusOr<module::v1::ProposeResponse> LearningModule::Propose(
    const rpc::CallContext&, const module::v1::ProposeRequest& request) {
  module::v1::ProposeResponse response;
  if (!learner_->progress().enabled || request.maximum() == 0) return response;
  const auto live = learner_->live();
  const auto suspension = learner_->suspension();
  if (live.has_value() && suspension.has_value()) {
    module::v1::Proposal* proposal = response.add_proposals();
    proposal->set_kind(kDrop);
    proposal->set_subject(kSubject);
    proposal->set_statement(absl::StrCat("plan without cardinality model ", live->version));
    proposal->set_reason(
        absl::StrCat("cardinality model ", live->version, " is out of calibration: ", *suspension));
    proposal->set_payload(absl::StrCat(live->version));
    return response;
  }
  const auto candidate = learner_->candidate();
  const auto& refused = request.refused_subjects();
  if (!candidate.has_value() ||
      std::find(refused.begin(), refused.end(), kSubject) != refused.end()) {
    return response;
  }
  module::v1::Proposal* proposal = response.add_proposals();
  proposal->set_kind(kUse);
  proposal->set_subject(kSubject);
  proposal->set_statement(absl::StrCat("plan with cardinality model ", candidate->version));
  proposal->set_undo(absl::StrCat("plan without cardinality model ", candidate->version));
  proposal->set_reason(absl::StrFormat("model %d learned from %d scans; %s", candidate->version,
                                       candidate->training_rows, candidate->reason));
  proposal->set_predicted_gain(1 - candidate->corrected_q_error / candidate->uncorrected_q_error);
  proposal->set_measure(module::v1::MEASURE_ESTIMATES);
  proposal->set_scope(module::v1::SCOPE_SYSTEM);
  proposal->set_verify_calls(kVerifyCalls);
  proposal->set_payload(absl::StrCat(candidate->version));
  return response;
}

absl::StatusOr<module::v1::ApplyResponse> LearningModule::Apply(
    const rpc::CallContext& context, const module::v1::ApplyRequest& request) {
  ASSIGN_OR_RETURN(const int64_t version, VersionOf(request.proposal()));
  module::v1::ApplyResponse response;
  if (request.proposal().kind() == kDrop) {
    RETURN_IF_ERROR(learner_->SwitchOff(context, version, request.proposal().reason()));
    return response;
  }
  if (request.proposal().kind() != kUse)
    return absl::InvalidArgumentError("the optimizer knows no such kind of action");
  ASSIGN_OR_RETURN(const double gain, learner_->GoLive(context, version));
  response.set_measured_gain(gain);
  return response;
}

absl::StatusOr<module::v1::RevertResponse> LearningModule::Revert(
    const rpc::CallContext& context, const module::v1::RevertRequest& request) {
  if (request.proposal().kind() != kUse)
    return absl::FailedPreconditionError(
        "a model that was out of calibration is not brought back; a new one is trained");
  ASSIGN_OR_RETURN(const int64_t version, VersionOf(request.proposal()));
  RETURN_IF_ERROR(learner_->SwitchOff(context, version, request.reason()));
  return module::v1::RevertResponse();
}

absl::StatusOr<module::v1::ReportResponse> LearningModule::Report(
    const rpc::CallContext&, const module::v1::ReportRequest&) {
  module::v1::ReportResponse response;
  const CardinalityLearner::Progress progress = learner_->progress();
  const auto live = learner_->live();
  module::v1::Finding* finding = response.add_findings();
  finding->set_severity("info");
  if (!progress.enabled) {
    finding->set_text("learned cardinality is switched off (optimizer.learned_cardinality)");
  } else if (!live.has_value()) {
    finding->set_text(
        absl::StrFormat("no cardinality model in use; %d scans observed", progress.taken));
  } else {
    finding->set_text(absl::StrFormat(
        "cardinality model %d, %d templates: q-error %.2f over its last %d predictions, %.2f "
        "without it",
        live->version, progress.templates, progress.calibration.corrected_q_error(),
        progress.calibration.size(), progress.calibration.uncorrected_q_error()));
  }
  const auto suspension = learner_->suspension();
  if (suspension.has_value()) {
    module::v1::Finding* warning = response.add_findings();
    warning->set_severity("warning");
    warning->set_text(absl::StrCat("cardinality model not used: ", *suspension));
  }
  return response;
}

}  // namespace adbms::optimizer::feedback
