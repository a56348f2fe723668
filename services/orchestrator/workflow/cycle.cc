#include "services/orchestrator/workflow/cycle.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"

namespace adbms::orchestrator::workflow {
namespace {

// How far back the "before" of a comparison reaches.
constexpr int64_t kBeforeUs = 600LL * 1000000;
// A refused or undone subject is not tried again before this.
constexpr int64_t kForgetUs = 24LL * 3600 * 1000000;
// Standard errors that a loss must exceed to be undone at once, before the wanted number of
// executions.
constexpr double kCertainLoss = 3;
// Standard errors by which a gain must differ from the wanted one to be taken as certain.
constexpr double kCertain = 2;
// Without certainty the verdict waits for this many times the wanted executions.
constexpr uint64_t kPatience = 20;
// Time that statements run undisturbed before the next change to them: what "before" means for it.
constexpr int64_t kBaselineUs = 5LL * 1000000;
// Actions that a look for the last change reaches back.
constexpr size_t kRecentActions = 200;
constexpr uint32_t kMaxProposals = 8;
// What applying may take: an index over a large table.
constexpr absl::Duration kApplyTimeout = absl::Hours(6);
// Attempts to apply what has nothing to undo: one that takes the process with it is not repeated
// for ever.
constexpr uint32_t kMostAttempts = 2;

int64_t NowUs() { return absl::ToUnixMicros(absl::Now()); }

std::string Percent(double fraction) { return absl::StrFormat("%.1f %%", fraction * 100); }

// The start of what the action is compared with.
int64_t BeforeFrom(const ledger::Ledger& ledger, const v1::Action& action) {
  const int64_t change_us =
      LastChangeBefore(ledger.List(kRecentActions), action, action.applied_at_us());
  return std::max(change_us, action.applied_at_us() - kBeforeUs);
}

bool IsPending(v1::ActionState state) {
  return state == v1::ACTION_STATE_PROPOSED || state == v1::ACTION_STATE_APPROVED ||
         state == v1::ACTION_STATE_APPLYING || state == v1::ACTION_STATE_VERIFYING;
}

}  // namespace

Cycle::Cycle(registry::ModuleRegistry* registry, ledger::Ledger* ledger,
             intake::WorkloadStore* workload, telemetry::Logger* logger,
             telemetry::ServiceMetrics* metrics, const CycleOptions& options)
    : registry_(registry),
      ledger_(ledger),
      workload_(workload),
      logger_(logger),
      metrics_(metrics),
      index_budget_bytes_(options.index_budget_bytes),
      config_(options.config) {}

void Cycle::SetConfig(const common::v1::OrchestratorConfig& config) {
  absl::MutexLock lock(&mutex_);
  config_ = config;
}

void Cycle::Decided(const v1::Action& action) {
  metrics_
      ->Counter("adbms_actions_total", "Autonomous actions by the state they came to.",
                {{"module", action.module()}, {"state", ledger::StateName(action.state())}})
      .Increment();
  logger_->Info("action", {{"id", absl::StrCat(action.id())},
                           {"module", action.module()},
                           {"kind", action.proposal().kind()},
                           {"subject", action.proposal().subject()},
                           {"state", ledger::StateName(action.state())},
                           {"verdict", action.verdict()}});
}

int64_t Cycle::DeadlineFrom(int64_t now_us) const {
  return now_us + int64_t{config_.verification_timeout_ms()} * 1000;
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
  const std::string why = "the process ended while it was applied";
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
    undone = Undo(context, action, "auto", why, 0).status();
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
  action.set_state(v1::ACTION_STATE_FAILED);
  action.set_verdict(absl::StrCat(why, "; undoing failed: ", undone.message()));
  action.set_decided_at_us(now_us);
  action.clear_progress();
  if (ledger_->Update(context, action).ok()) Decided(action);
  return what + action.verdict();
}

void Cycle::Observe(const rpc::CallContext& context) {
  registry_->Refresh(context);
  const auto windows = workload_->TakeNew();
  if (windows.empty()) return;
  module::v1::ObserveRequest request;
  request.mutable_windows()->Add(windows.begin(), windows.end());
  for (const registry::RegisteredModule& entry : registry_->List()) {
    if (entry.autonomy == v1::AUTONOMY_OFF) continue;
    registry_->SetHealthy(entry.name, entry.module->Observe(context, request).ok());
  }
}

bool Cycle::MayApplyNow(const v1::Action& action, int64_t now_us) const {
  // Two changes that touch the same statements would be measured as one. What the statements' plans
  // do not see (statistics) does not wait.
  if (action.proposal().verify_calls() == 0) return true;
  for (const v1::ActionState state : {v1::ACTION_STATE_APPLYING, v1::ACTION_STATE_VERIFYING}) {
    for (const v1::Action& other : ledger_->InState(state)) {
      if (Overlap(action, other)) return false;
    }
  }
  // In the order of their approval: one that concerns all statements would never get its turn else.
  for (const v1::Action& other : ledger_->InState(v1::ACTION_STATE_APPROVED)) {
    if (other.id() < action.id() && Overlap(action, other)) return false;
  }
  return LastChangeBefore(ledger_->List(kRecentActions), action, now_us) + kBaselineUs <= now_us;
}

std::vector<v1::Action> Cycle::ProposeFrom(const rpc::CallContext& context,
                                           const registry::RegisteredModule& entry,
                                           const std::vector<uint32_t>& table_ids, bool on_demand,
                                           bool dry_run, const std::string& initiator) {
  absl::MutexLock lock(&mutex_);
  std::vector<v1::Action> entered;
  // What was approved earlier comes first.
  bool applied_one = !ledger_->InState(v1::ACTION_STATE_APPROVED).empty();
  if (entry.autonomy < v1::AUTONOMY_RECOMMEND) return entered;
  module::v1::ProposeRequest request;
  request.mutable_table_ids()->Add(table_ids.begin(), table_ids.end());
  request.set_maximum(kMaxProposals);
  request.set_storage_budget_bytes(index_budget_bytes_);
  request.set_on_demand(on_demand);
  const int64_t now_us = NowUs();
  for (const v1::Action& action : ledger_->List(10000)) {
    if (action.module() != entry.name) continue;
    const bool undone = action.state() == v1::ACTION_STATE_REVERTED ||
                        action.state() == v1::ACTION_STATE_FAILED ||
                        action.state() == v1::ACTION_STATE_REFUSED;
    if (undone && action.decided_at_us() > now_us - kForgetUs) {
      request.add_refused_subjects(action.proposal().subject());
    }
    if (IsPending(action.state())) request.add_refused_subjects(action.proposal().subject());
  }
  const auto response = entry.module->Propose(context, request);
  registry_->SetHealthy(entry.name, response.ok());
  if (!response.ok()) {
    logger_->Warn("a module could not propose",
                  {{"module", entry.name}, {"error", std::string(response.status().message())}});
    return entered;
  }
  for (const module::v1::Proposal& proposal : response->proposals()) {
    if (ledger_->Blocks(entry.name, proposal.kind(), proposal.subject(), now_us, kForgetUs)) {
      continue;
    }
    const bool automatic = entry.autonomy == v1::AUTONOMY_AUTO && !dry_run;
    const v1::ActionState state = proposal.refused() ? v1::ACTION_STATE_REFUSED
                                  : automatic        ? v1::ACTION_STATE_APPROVED
                                                     : v1::ACTION_STATE_PROPOSED;
    const std::string verdict = proposal.refused() ? proposal.reason()
                                : automatic        ? "approved by the module's autonomy"
                                                   : "waits for approval";
    auto action = ledger_->Add(context, entry.name, proposal, state, initiator, verdict);
    if (!action.ok()) {
      logger_->Error("the ledger could not be written",
                     {{"error", std::string(action.status().message())}});
      return entered;
    }
    if (proposal.refused()) Decided(*action);
    // What a person asked for is done now; else one change a cycle, so that long ones do not keep
    // verdicts waiting, and the rest stays approved.
    const bool now = on_demand || !applied_one || proposal.verify_calls() == 0;
    if (state == v1::ACTION_STATE_APPROVED && now && MayApplyNow(*action, NowUs())) {
      applied_one |= proposal.verify_calls() > 0;
      auto applied = Apply(context, *action);
      if (applied.ok()) action = *std::move(applied);
    }
    entered.push_back(*std::move(action));
  }
  return entered;
}

absl::StatusOr<v1::Action> Cycle::Apply(const rpc::CallContext& context, v1::Action action) {
  ASSIGN_OR_RETURN(const auto entry, registry_->Find(action.module()));
  action.set_state(v1::ACTION_STATE_APPLYING);
  action.set_verdict("being applied");
  action.mutable_progress()->set_attempts(action.progress().attempts() + 1);
  RETURN_IF_ERROR(ledger_->Update(context, action));
  module::v1::ApplyRequest request;
  request.set_action_id(action.id());
  *request.mutable_proposal() = action.proposal();
  rpc::CallContext patient = context;
  patient.deadline = absl::Now() + kApplyTimeout;
  applying_.insert(action.id());
  mutex_.Unlock();
  const auto response = entry.module->Apply(patient, request);
  mutex_.Lock();
  applying_.erase(action.id());
  const int64_t now_us = NowUs();
  action.set_applied_at_us(now_us);
  if (!response.ok()) {
    action.set_state(v1::ACTION_STATE_FAILED);
    action.set_verdict(absl::StrCat("could not be applied: ", response.status().message()));
    action.set_decided_at_us(now_us);
  } else {
    module::v1::Proposal* proposal = action.mutable_proposal();
    if (!response->statement().empty()) proposal->set_statement(response->statement());
    if (!response->undo().empty()) proposal->set_undo(response->undo());
    if (!response->payload().empty()) proposal->set_payload(response->payload());
    const bool informs = proposal->verify_calls() == 0;
    action.set_state(informs ? v1::ACTION_STATE_KEPT : v1::ACTION_STATE_VERIFYING);
    action.set_verdict(informs ? "done; nothing to compare" : "applied, being measured");
    if (informs && response->has_measured_gain()) {
      action.set_measured_gain(response->measured_gain());
      action.set_verdict(
          absl::StrCat("done; the module measured a gain of ", Percent(response->measured_gain())));
    }
    if (informs) {
      action.set_decided_at_us(now_us);
    } else {
      action.mutable_progress()->set_deadline_us(DeadlineFrom(now_us));
      RecordBaseline(*workload_, BeforeFrom(*ledger_, action), &action);
    }
  }
  if (action.decided_at_us() != 0) action.clear_progress();
  RETURN_IF_ERROR(ledger_->Update(context, action));
  Decided(action);
  return action;
}

absl::StatusOr<v1::Action> Cycle::Undo(const rpc::CallContext& context, v1::Action action,
                                       const std::string& initiator, const std::string& why,
                                       double measured_gain) {
  ASSIGN_OR_RETURN(const auto entry, registry_->Find(action.module()));
  module::v1::RevertRequest request;
  request.set_action_id(action.id());
  *request.mutable_proposal() = action.proposal();
  request.set_reason(why);
  request.set_measured_gain(measured_gain);
  RETURN_IF_ERROR(entry.module->Revert(context, request).status());
  action.set_state(v1::ACTION_STATE_REVERTED);
  action.set_verdict(why);
  action.set_initiator(initiator);
  action.set_decided_at_us(NowUs());
  action.clear_progress();
  RETURN_IF_ERROR(ledger_->Update(context, action));
  Decided(action);
  return action;
}

std::vector<std::string> Cycle::Verify(const rpc::CallContext& context) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> lines;
  const int64_t now_us = NowUs();
  for (v1::Action action : ledger_->InState(v1::ACTION_STATE_VERIFYING)) {
    const Measurement found = Measure(*workload_, action, BeforeFrom(*ledger_, action), now_us);
    const uint64_t wanted = WantedCalls(action);
    const bool certain =
        std::abs(found.gain - config_.minimum_measured_gain()) > kCertain * found.uncertainty;
    const bool enough = found.enough && (certain || found.calls_after >= wanted * kPatience);
    const bool certain_loss =
        found.statements > 0 && found.gain + kCertainLoss * found.uncertainty < 0;
    const int64_t deadline_us = action.has_progress() ? action.progress().deadline_us()
                                                      : DeadlineFrom(action.applied_at_us());
    const bool timed_out = now_us > deadline_us;
    const std::string evidence = absl::StrFormat(
        "%s over %d executions before and %d after of %d statement%s", Percent(found.gain),
        found.calls_before, found.calls_after, found.statements, found.statements == 1 ? "" : "s");
    if (!enough && !certain_loss && !timed_out) continue;
    if (found.statements > 0) action.set_measured_gain(found.gain);
    if ((enough || (timed_out && found.enough)) && found.gain >= config_.minimum_measured_gain()) {
      action.set_state(v1::ACTION_STATE_KEPT);
      action.set_verdict(absl::StrCat("kept: gained ", evidence));
      action.set_decided_at_us(now_us);
      action.clear_progress();
      if (ledger_->Update(context, action).ok()) Decided(action);
    } else {
      const std::string why =
          found.enough || certain_loss
              ? absl::StrCat("taken back: gained only ", evidence)
              : absl::StrCat("taken back: could not be measured: ", WhyNotMeasured(action, found));
      auto undone = Undo(context, action, action.initiator(), why, found.gain);
      if (!undone.ok()) {
        logger_->Error(
            "an action could not be undone",
            {{"id", absl::StrCat(action.id())}, {"error", std::string(undone.status().message())}});
        continue;
      }
      action = *std::move(undone);
    }
    lines.push_back(absl::StrCat("action ", action.id(), " ", action.proposal().subject(), ": ",
                                 action.verdict()));
  }
  return lines;
}

std::vector<std::string> Cycle::Run(const rpc::CallContext& context) {
  std::vector<std::string> lines;
  Observe(context);
  for (std::string& line : Settle(context)) lines.push_back(std::move(line));
  for (std::string& line : Verify(context)) lines.push_back(std::move(line));
  {
    absl::MutexLock lock(&mutex_);
    for (const v1::Action& action : ledger_->InState(v1::ACTION_STATE_APPROVED)) {
      if (!MayApplyNow(action, NowUs())) continue;
      const auto applied = Apply(context, action);
      if (applied.ok()) {
        lines.push_back(absl::StrCat("action ", action.id(), ": ", applied->verdict()));
      }
      break;
    }
  }
  for (const registry::RegisteredModule& entry : registry_->List()) {
    if (entry.autonomy < v1::AUTONOMY_RECOMMEND) continue;
    // Not knowing of what waits to be applied, it would propose variants of that.
    const std::vector<v1::Action> waiting = ledger_->InState(v1::ACTION_STATE_APPROVED);
    if (std::any_of(waiting.begin(), waiting.end(),
                    [&](const v1::Action& one) { return one.module() == entry.name; })) {
      continue;
    }
    for (const v1::Action& action : ProposeFrom(context, entry, {}, false, false, "auto")) {
      lines.push_back(absl::StrCat("action ", action.id(), " ", action.proposal().statement(), ": ",
                                   action.verdict()));
    }
  }
  return lines;
}

absl::StatusOr<v1::Action> Cycle::Approve(const rpc::CallContext& context, int64_t id,
                                          const std::string& initiator) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(v1::Action action, ledger_->Get(id));
  if (action.state() != v1::ACTION_STATE_PROPOSED) {
    return absl::FailedPreconditionError(
        absl::StrCat("action ", id, " is ", ledger::StateName(action.state()), ", not proposed"));
  }
  action.set_state(v1::ACTION_STATE_APPROVED);
  action.set_initiator(initiator);
  action.set_verdict("approved");
  RETURN_IF_ERROR(ledger_->Update(context, action));
  if (!MayApplyNow(action, NowUs())) return action;
  return Apply(context, action);
}

absl::StatusOr<v1::Action> Cycle::Revert(const rpc::CallContext& context, int64_t id,
                                         const std::string& initiator) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(v1::Action action, ledger_->Get(id));
  switch (action.state()) {
    case v1::ACTION_STATE_PROPOSED:
    case v1::ACTION_STATE_APPROVED:
      action.set_state(v1::ACTION_STATE_REVERTED);
      action.set_initiator(initiator);
      action.set_verdict(absl::StrCat("withdrawn by ", initiator, " before it was applied"));
      action.set_decided_at_us(NowUs());
      RETURN_IF_ERROR(ledger_->Update(context, action));
      Decided(action);
      return action;
    case v1::ACTION_STATE_VERIFYING:
    case v1::ACTION_STATE_KEPT:
      if (action.proposal().undo().empty()) {
        return absl::FailedPreconditionError(
            absl::StrCat("action ", id, " (", action.proposal().statement(),
                         ") changed nothing that could be undone"));
      }
      return Undo(context, action, initiator, absl::StrCat("reverted by ", initiator),
                  action.measured_gain());
    default:
      return absl::FailedPreconditionError(
          absl::StrCat("action ", id, " is ", ledger::StateName(action.state())));
  }
}

}  // namespace adbms::orchestrator::workflow
