#include "services/optimizer/plan_choice/plan_choice_module.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"

namespace adbms::optimizer::plan_choice {
namespace {

using common::v1::PlanArm;
using common::v1::PlanFinding;

constexpr char kKind[] = "plan_choice";
// Executions after which a choice is judged.
constexpr uint32_t kVerifyCalls = 20;
// How long a plan that lost is left alone.
constexpr absl::Duration kRefusedFor = absl::Hours(24);

const PlanArm* ArmOf(const PlanFinding& finding, uint64_t shape) {
  for (const PlanArm& arm : finding.arms()) {
    if (arm.shape_hash() == shape) return &arm;
  }
  return nullptr;
}

std::string Described(const PlanArm& arm) {
  return absl::StrFormat("%.2f ms over %d executions", arm.mean_us() / 1e3, arm.calls());
}

std::string ReasonFor(const PlanFinding& finding, const PlanArm& worse, const PlanArm& best) {
  if (finding.kind() == PlanFinding::KIND_REGRESSION) {
    return absl::StrFormat(
        "a new plan took %s, the one known before %s; gateways went back to that at once",
        Described(worse), Described(best));
  }
  return absl::StrFormat(
      "the plan %s took %s, the default plan %s; trying cost %.0f ms, %.1f %% of the statement's "
      "time meanwhile",
      best.origin(), Described(best), Described(worse),
      static_cast<double>(finding.regret_us()) / 1e3,
      100.0 * static_cast<double>(finding.regret_us()) /
          std::max(1.0, static_cast<double>(finding.observed_us())));
}

// What the finding says is gained, 0 to 1.
double GainOf(const PlanArm& worse, const PlanArm& best) {
  return worse.mean_us() <= 0 ? 0 : std::clamp(1 - best.mean_us() / worse.mean_us(), 0.0, 1.0);
}

std::string SubjectOf(const PlanFinding& finding) {
  std::string subject = absl::StrCat("statement ", Hexadecimal(finding.fingerprint()));
  if (finding.region() != 0)
    absl::StrAppend(&subject, " with the values ", Hexadecimal(finding.region()));
  return subject;
}

module::v1::Proposal ProposalFor(const PlanFinding& finding, const PlanArm& worse,
                                 const PlanArm& best) {
  module::v1::Proposal proposal;
  proposal.set_kind(kKind);
  proposal.set_subject(SubjectOf(finding));
  if (finding.table_ids_size() == 1) proposal.set_table_id(finding.table_ids(0));
  const std::string who = SubjectOf(finding);
  proposal.set_statement(
      absl::StrCat("run ", who, " on plan ", Hexadecimal(finding.best_shape()),
                   best.origin().empty() ? "" : absl::StrCat(" (", best.origin(), ")")));
  proposal.set_undo(absl::StrCat("run ", who, " on the default plan"));
  proposal.set_reason(
      absl::StrCat(finding.normalized_sql(), ": ", ReasonFor(finding, worse, best)));
  proposal.set_predicted_gain(GainOf(worse, best));
  proposal.add_affected_fingerprints(finding.fingerprint());
  proposal.set_scope(module::v1::SCOPE_STATEMENTS);
  // Gateways are back on the old plan already: there is nothing to be compared with.
  if (finding.kind() == PlanFinding::KIND_TRIAL) proposal.set_verify_calls(kVerifyCalls);
  proposal.set_payload(finding.SerializeAsString());
  return proposal;
}

absl::StatusOr<PlanFinding> FindingIn(const module::v1::Proposal& proposal) {
  PlanFinding finding;
  if (proposal.kind() != kKind || !finding.ParseFromString(proposal.payload()))
    return absl::InvalidArgumentError("the proposal names no plan");
  return finding;
}

}  // namespace

absl::StatusOr<module::v1::DescribeResponse> PlanChoiceModule::Describe(
    const rpc::CallContext&, const module::v1::DescribeRequest&) {
  module::v1::DescribeResponse response;
  response.set_name("plans");
  response.set_description("Runs repeated statements on the plan that has proved fastest.");
  response.set_version("1");
  response.add_action_kinds(kKind);
  response.set_order(45);
  return response;
}

absl::StatusOr<module::v1::ObserveResponse> PlanChoiceModule::Observe(
    const rpc::CallContext& context, const module::v1::ObserveRequest& request) {
  for (const common::v1::WorkloadWindow& window : request.windows()) {
    for (const PlanFinding& finding : window.plan_findings()) {
      std::vector<uint64_t> losers;
      for (const PlanArm& arm : finding.arms()) {
        const bool lost = arm.shape_hash() != finding.best_shape() &&
                          arm.shape_hash() != finding.default_shape() && arm.calls() > 0;
        if (lost) losers.push_back(arm.shape_hash());
      }
      // Forgetting them costs another trial, no more.
      (void)choices_->Refuse(context, {finding.template_key(), finding.region()}, losers,
                             finding.normalized_sql(), "it lost a trial",
                             absl::Now() + kRefusedFor);
      absl::MutexLock lock(&mutex_);
      ++(finding.kind() == PlanFinding::KIND_TRIAL ? trials_ : regressions_);
      if (finding.best_shape() == finding.default_shape()) continue;
      std::erase_if(findings_, [&](const PlanFinding& other) {
        return other.template_key() == finding.template_key() && other.region() == finding.region();
      });
      if (findings_.size() >= kMaxFindings) findings_.pop_front();
      findings_.push_back(finding);
    }
  }
  return module::v1::ObserveResponse();
}

absl::StatusOr<module::v1::ProposeResponse> PlanChoiceModule::Propose(
    const rpc::CallContext&, const module::v1::ProposeRequest& request) {
  module::v1::ProposeResponse response;
  const auto wanted = [&](const PlanFinding& finding) {
    const auto& tables = request.table_ids();
    const auto& refused = request.refused_subjects();
    const bool in_scope =
        tables.empty() || std::any_of(tables.begin(), tables.end(), [&](uint32_t table) {
          return std::find(finding.table_ids().begin(), finding.table_ids().end(), table) !=
                 finding.table_ids().end();
        });
    return in_scope &&
           std::find(refused.begin(), refused.end(), SubjectOf(finding)) == refused.end();
  };
  absl::MutexLock lock(&mutex_);
  std::vector<std::pair<double, module::v1::Proposal>> proposals;
  for (const PlanFinding& finding : findings_) {
    const PlanArm* worse = ArmOf(finding, finding.default_shape());
    const PlanArm* best = ArmOf(finding, finding.best_shape());
    const Subject subject{finding.template_key(), finding.region()};
    if (worse == nullptr || best == nullptr || !wanted(finding) ||
        choices_->ChosenFor(subject) == finding.best_shape())
      continue;
    proposals.emplace_back(
        static_cast<double>(worse->calls()) * (worse->mean_us() - best->mean_us()),
        ProposalFor(finding, *worse, *best));
  }
  std::stable_sort(proposals.begin(), proposals.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (auto& [saved, proposal] : proposals) {
    if (response.proposals_size() >= static_cast<int>(request.maximum())) break;
    *response.add_proposals() = std::move(proposal);
  }
  return response;
}

absl::StatusOr<module::v1::ApplyResponse> PlanChoiceModule::Apply(
    const rpc::CallContext& context, const module::v1::ApplyRequest& request) {
  ASSIGN_OR_RETURN(const PlanFinding finding, FindingIn(request.proposal()));
  RETURN_IF_ERROR(choices_->Choose(context, {finding.template_key(), finding.region()},
                                   finding.best_shape(), finding.normalized_sql(),
                                   absl::StrCat("action ", request.action_id())));
  module::v1::ApplyResponse response;
  const PlanArm* worse = ArmOf(finding, finding.default_shape());
  const PlanArm* best = ArmOf(finding, finding.best_shape());
  if (finding.kind() == PlanFinding::KIND_REGRESSION && worse != nullptr && best != nullptr)
    response.set_measured_gain(GainOf(*worse, *best));
  return response;
}

absl::StatusOr<module::v1::RevertResponse> PlanChoiceModule::Revert(
    const rpc::CallContext& context, const module::v1::RevertRequest& request) {
  ASSIGN_OR_RETURN(const PlanFinding finding, FindingIn(request.proposal()));
  RETURN_IF_ERROR(choices_->TakeBack(context, {finding.template_key(), finding.region()},
                                     finding.best_shape(), request.reason(),
                                     absl::Now() + kRefusedFor));
  absl::MutexLock lock(&mutex_);
  std::erase_if(findings_, [&](const PlanFinding& other) {
    return other.template_key() == finding.template_key() && other.region() == finding.region();
  });
  return module::v1::RevertResponse();
}

absl::StatusOr<module::v1::ReportResponse> PlanChoiceModule::Report(
    const rpc::CallContext&, const module::v1::ReportRequest&) {
  module::v1::ReportResponse response;
  google::protobuf::RepeatedPtrField<v1::PlanChoice> chosen;
  choices_->List(&chosen);
  module::v1::Finding* finding = response.add_findings();
  finding->set_severity("info");
  absl::MutexLock lock(&mutex_);
  finding->set_text(absl::StrFormat(
      "%d statements run on another plan than the default one; %d comparisons of plans and %d "
      "regressions were seen",
      chosen.size(), trials_, regressions_));
  return response;
}

}  // namespace adbms::optimizer::plan_choice
