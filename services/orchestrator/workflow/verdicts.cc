// How actions end: verdicts by measurement, what was left half done, what a person undid.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "services/orchestrator/workflow/cycle.h"

namespace adbms::orchestrator::workflow {
namespace {

// Standard errors that a loss must exceed to be undone at once, before the wanted number of
// executions.
constexpr double kCertainLoss = 3;
// Standard errors by which a gain must differ from the wanted one to be taken as certain.
constexpr double kCertain = 2;
// Without certainty the verdict waits for this many times the wanted executions.
constexpr uint64_t kPatience = 20;
// Statements that have not run for this long are not waited for.
constexpr int64_t kQuietUs = 30LL * 1000000;
// What a change that promises statements nothing (dropping an index, better estimates) may cost
// them before it counts as a loss.
constexpr double kTolerated = 0.05;
// For so long after such a change plans are made anew and caches fill: that is not what it costs.
constexpr int64_t kSettlingUs = 5LL * 1000000;
// Attempts to apply what has nothing to undo: one that takes the process with it is not repeated
// for ever.
constexpr uint32_t kMostAttempts = 2;

int64_t NowUs() { return absl::ToUnixMicros(absl::Now()); }

std::string Percent(double fraction) { return absl::StrFormat("%.1f %%", fraction * 100); }

// Whether all that is asked of it is to do no harm to statements.
bool PromisesNothing(const module::v1::Proposal& proposal) {
  return proposal.predicted_gain() <= 0 || proposal.measure() == module::v1::MEASURE_ESTIMATES;
}

std::string Describe(const Measurement& found) {
  std::string text = absl::StrFormat("%s over %d executions before and %d after of %d statement%s",
                                     Percent(found.gain), found.calls_before, found.calls_after,
                                     found.statements, found.statements == 1 ? "" : "s");
  if (found.control_statements > 0) {
    absl::StrAppendFormat(&text, ", against %d other%s that took %.2f times as long as before",
                          found.control_statements, found.control_statements == 1 ? "" : "s",
                          found.drift);
  }
  return text;
}

}  // namespace

bool Cycle::Decide(const rpc::CallContext& context, v1::ActionState state, v1::Outcome outcome,
                   const std::string& verdict, v1::Action* action) {
  action->set_state(state);
  action->set_outcome(outcome);
  action->set_verdict(verdict);
  action->set_decided_at_us(NowUs());
  action->clear_progress();
  if (!ledger_->Update(context, *action).ok()) return false;
  Decided(*action);
  return true;
}

void Cycle::Recover(const rpc::CallContext& context) {
  absl::MutexLock lock(&mutex_);
  const int64_t now_us = NowUs();
  for (v1::Action action : ledger_->InState(v1::ACTION_STATE_VERIFYING)) {
    if (!action.has_progress()) continue;
    action.mutable_progress()->set_deadline_us(
        std::max(action.progress().deadline_us(), DeadlineFrom(now_us)));
    (void)ledger_->Update(context, action);
  }
}

absl::StatusOr<v1::Action> Cycle::Undo(const rpc::CallContext& context, v1::Action action,
                                       const std::string& initiator, const std::string& why,
                                       v1::Outcome outcome) {
  ASSIGN_OR_RETURN(const auto entry, registry_->Find(action.module()));
  module::v1::RevertRequest request;
  request.set_action_id(action.id());
  *request.mutable_proposal() = action.proposal();
  request.set_reason(why);
  request.set_measured_gain(action.measured_gain());
  RETURN_IF_ERROR(entry.module->Revert(context, request).status());
  action.set_initiator(initiator);
  if (!Decide(context, v1::ACTION_STATE_REVERTED, outcome, why, &action)) {
    return absl::UnavailableError("the ledger could not be written");
  }
  return action;
}

std::vector<std::string> Cycle::Settle(const rpc::CallContext& context) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> lines;
  for (const v1::Action& action : ledger_->InState(v1::ACTION_STATE_APPLYING)) {
    if (applying_.count(action.id()) > 0) continue;
    std::string line = SettleOne(context, action);
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::string Cycle::SettleOne(const rpc::CallContext& context, v1::Action action) {
  const std::string why = "a process ended while it was applied";
  const int64_t now_us = NowUs();
  const std::string what = absl::StrCat("action ", action.id(), ": ");
  if (action.proposal().undo().empty() && action.progress().attempts() < kMostAttempts) {
    action.set_state(v1::ACTION_STATE_APPROVED);
    action.set_verdict(absl::StrCat("approved once more: ", why));
    if (!ledger_->Update(context, action).ok()) return "";
    return what + action.verdict();
  }
  absl::Status undone = absl::FailedPreconditionError("there is nothing to undo");
  if (!action.proposal().undo().empty()) {
    undone = Undo(context, action, action.initiator(),
                  absl::StrCat("undone: ", why, "; it may be tried again"), v1::OUTCOME_INTERRUPTED)
                 .status();
    if (undone.ok()) return absl::StrCat(what, "undone: ", why);
    const bool away =
        absl::IsNotFound(undone) || absl::IsUnavailable(undone) || absl::IsDeadlineExceeded(undone);
    if (away && action.progress().deadline_us() == 0) {
      action.mutable_progress()->set_deadline_us(DeadlineFrom(now_us));
      action.set_verdict(absl::StrCat(why, "; its module is waited for to undo it"));
      (void)ledger_->Update(context, action);
    }
    if (away && now_us < action.progress().deadline_us()) return "";
  }
  const std::string verdict = absl::StrCat(why, "; undoing failed: ", undone.message());
  if (!Decide(context, v1::ACTION_STATE_FAILED, v1::OUTCOME_FAILED, verdict, &action)) return "";
  return what + action.verdict();
}

std::vector<std::string> Cycle::Reconcile(const rpc::CallContext& context) {
  std::vector<std::string> lines;
  const std::vector<v1::Action> kept = ledger_->InState(v1::ACTION_STATE_KEPT);
  const std::vector<v1::Action> verifying = ledger_->InState(v1::ACTION_STATE_VERIFYING);
  for (const registry::RegisteredModule& entry : registry_->List()) {
    module::v1::ReconcileRequest request;
    for (const std::vector<v1::Action>* actions : {&kept, &verifying}) {
      for (const v1::Action& action : *actions) {
        if (action.module() != entry.name || action.proposal().undo().empty()) continue;
        module::v1::AppliedAction* applied = request.add_actions();
        applied->set_action_id(action.id());
        *applied->mutable_proposal() = action.proposal();
      }
    }
    if (request.actions_size() == 0) continue;
    if (!registry_->MayAsk(entry.name)) continue;
    const auto response = entry.module->Reconcile(entry.Bounded(context), request);
    if (!response.ok()) continue;
    absl::MutexLock lock(&mutex_);
    for (const module::v1::GoneAction& gone : response->gone()) {
      auto action = ledger_->Get(gone.action_id());
      if (!action.ok() || action->module() != entry.name) continue;
      const bool stands =
          action->state() == v1::ACTION_STATE_KEPT || action->state() == v1::ACTION_STATE_VERIFYING;
      if (!stands) continue;
      // Another entry of the ledger may have done it, or a part of it.
      const std::vector<std::string> undo = absl::StrSplit(action->proposal().undo(), "; ");
      const auto successor = std::find_if(kept.begin(), kept.end(), [&](const v1::Action& other) {
        return other.id() > action->id() && other.module() == action->module() &&
               std::find(undo.begin(), undo.end(), other.proposal().statement()) != undo.end();
      });
      const bool ours = successor != kept.end();
      if (!ours) action->set_initiator("user");
      const std::string verdict =
          ours ? absl::StrCat("superseded by action ", successor->id())
               : absl::StrCat("undone past the ledger: ", gone.reason(),
                              "; neither it nor a variant is proposed for a month");
      if (Decide(context, v1::ACTION_STATE_REVERTED,
                 ours ? v1::OUTCOME_SUPERSEDED : v1::OUTCOME_UNWANTED, verdict, &*action)) {
        lines.push_back(absl::StrCat("action ", action->id(), ": ", verdict));
      }
    }
  }
  return lines;
}

std::vector<std::string> Cycle::Verify(const rpc::CallContext& context) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> lines;
  const auto knowledge = Know();
  const Evidence evidence = EvidenceFrom(*knowledge, NowUs());
  for (v1::Action& action : ledger_->InState(v1::ACTION_STATE_VERIFYING)) {
    std::string line = VerifyOne(context, evidence, std::move(action));
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::string Cycle::VerifyOne(const rpc::CallContext& context, const Evidence& evidence,
                             v1::Action action) {
  const module::v1::Proposal& proposal = action.proposal();
  const Measurement found = Measure(evidence, action);
  const bool asks_little = PromisesNothing(proposal);
  const double wanted = asks_little ? -kTolerated : config_.minimum_measured_gain();
  const bool certain = std::abs(found.gain - wanted) > kCertain * found.uncertainty;
  const bool enough = found.enough && (certain || asks_little ||
                                       found.calls_after >= WantedCalls(action) * kPatience);
  const bool certain_loss = found.statements > 0 && found.gain + kCertainLoss * found.uncertainty <
                                                        (asks_little ? -kTolerated : 0);
  const int64_t deadline_us = action.has_progress() ? action.progress().deadline_us()
                                                    : DeadlineFrom(action.applied_at_us());
  if (asks_little && evidence.now_us - action.applied_at_us() < kSettlingUs) return "";
  const bool ended =
      evidence.now_us > deadline_us || NoLongerMeasurable(evidence, action, kQuietUs);
  if (!enough && !certain_loss && !ended) return "";
  const bool measured = found.enough || certain_loss;
  const bool same_load = found.load_change.empty();
  const bool time = proposal.measure() != module::v1::MEASURE_ESTIMATES;
  v1::Outcome outcome = v1::OUTCOME_GAINED;
  std::string why;
  if (measured && same_load) {
    if (time) action.set_measured_gain(found.gain);
    // Nobody is accused on what the machine's weather may have made.
    const bool proven = found.gain + kCertain * found.uncertainty < wanted;
    const bool kept = found.enough && (asks_little ? !proven : found.gain >= wanted);
    outcome = kept ? v1::OUTCOME_GAINED : proven ? v1::OUTCOME_LOST : v1::OUTCOME_NOT_MEASURABLE;
    why = absl::StrCat(!kept ? (asks_little ? "taken back: cost its statements more than is "
                                              "tolerated: gained "
                                            : "taken back: gained only ")
                       : asks_little ? "kept: its statements were not harmed: gained "
                                     : "kept: gained ",
                       Describe(found));
  } else if (asks_little) {
    why = absl::StrCat("kept: nothing speaks against it; ",
                       measured ? found.load_change : WhyNotMeasured(action, found));
  } else if (measured && !IsSystemWide(proposal) &&
             found.rows_gain >= std::max(config_.minimum_measured_gain(), kTolerated)) {
    const bool faster = found.gain >= wanted;
    if (faster) action.set_measured_gain(found.gain);
    why = absl::StrCat("kept: its statements read ", Percent(found.rows_gain), " fewer rows",
                       faster ? absl::StrCat(" and gained ", Describe(found)) : "",
                       "; the load changed meanwhile: ", found.load_change);
  } else if (measured) {
    outcome = v1::OUTCOME_LOAD_CHANGED;
    why = absl::StrCat("taken back: the load changed, so that it cannot be judged: ",
                       found.load_change);
  } else {
    outcome = v1::OUTCOME_NOT_MEASURABLE;
    why = absl::StrCat("taken back: not measurable: ", WhyNotMeasured(action, found));
  }
  if (outcome == v1::OUTCOME_GAINED) {
    if (!Decide(context, v1::ACTION_STATE_KEPT, outcome, why, &action)) return "";
  } else {
    const auto undone = Undo(context, action, action.initiator(), why, outcome);
    if (!undone.ok()) {
      logger_->Error(
          "an action could not be undone",
          {{"id", absl::StrCat(action.id())}, {"error", std::string(undone.status().message())}});
      return "";
    }
    action = *undone;
  }
  return absl::StrCat("action ", action.id(), " ", action.proposal().subject(), ": ",
                      action.verdict());
}

absl::StatusOr<v1::Action> Cycle::Revert(const rpc::CallContext& context, int64_t id,
                                         const std::string& initiator) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(v1::Action action, ledger_->Get(id));
  switch (action.state()) {
    case v1::ACTION_STATE_PROPOSED:
    case v1::ACTION_STATE_APPROVED:
      action.set_initiator(initiator);
      if (!Decide(context, v1::ACTION_STATE_REVERTED, v1::OUTCOME_UNWANTED,
                  absl::StrCat("withdrawn by ", initiator, " before it was applied"), &action)) {
        return absl::UnavailableError("the ledger could not be written");
      }
      return action;
    case v1::ACTION_STATE_VERIFYING:
    case v1::ACTION_STATE_KEPT:
      if (action.proposal().undo().empty()) {
        return absl::FailedPreconditionError(
            absl::StrCat("action ", id, " (", action.proposal().statement(),
                         ") changed nothing that could be undone"));
      }
      return Undo(context, action, initiator, absl::StrCat("reverted by ", initiator),
                  v1::OUTCOME_UNWANTED);
    default:
      return absl::FailedPreconditionError(
          absl::StrCat("action ", id, " is ", ledger::StateName(action.state())));
  }
}

}  // namespace adbms::orchestrator::workflow
