// Observing, proposing and applying; verdicts are in verdicts.cc.
#include "services/orchestrator/workflow/cycle.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/lifecycle/thread.h"
#include "common/status/macros.h"
#include "services/orchestrator/workflow/refusals.h"

namespace adbms::orchestrator::workflow {
namespace {

// Time that statements run undisturbed before the next change to them: what "before" means for it.
constexpr int64_t kBaselineUs = 5LL * 1000000;
constexpr uint32_t kMaxProposals = 8;
// What applying may take: an index over a large table.
constexpr absl::Duration kApplyTimeout = absl::Hours(6);
// Entries of the ledger that a decision looks at.
constexpr size_t kKnownActions = 10000;

int64_t NowUs() { return absl::ToUnixMicros(absl::Now()); }

}  // namespace

Cycle::Cycle(registry::ModuleRegistry* registry, ledger::Ledger* ledger,
             intake::WorkloadStore* workload, intake::MachineLoad* machine,
             telemetry::Logger* logger, telemetry::ServiceMetrics* metrics,
             const CycleOptions& options)
    : registry_(registry),
      ledger_(ledger),
      workload_(workload),
      machine_(machine),
      logger_(logger),
      metrics_(metrics),
      index_budget_bytes_(options.index_budget_bytes),
      appliers_(options.appliers),
      stop_(std::make_shared<rpc::Cancellation>()),
      config_(options.config) {}

Cycle::~Cycle() { Stop(); }

void Cycle::Stop() {
  stop_->Cancel();
  std::vector<Applier> threads;
  {
    absl::MutexLock lock(&mutex_);
    threads.swap(threads_);
  }
  for (Applier& applier : threads) applier.thread.join();
}

void Cycle::SetConfig(const common::v1::OrchestratorConfig& config) {
  absl::MutexLock lock(&mutex_);
  config_ = config;
}

prometheus::Counter& Cycle::Actions(const std::string& module, v1::ActionState state) const {
  return metrics_->Counter("adbms_actions_total", "Autonomous actions by the state they came to.",
                           {{"module", module}, {"state", ledger::StateName(state)}});
}

void Cycle::CountFromZero() const {
  for (const registry::RegisteredModule& entry : registry_->List()) {
    for (const v1::ActionState state :
         {v1::ACTION_STATE_REFUSED, v1::ACTION_STATE_VERIFYING, v1::ACTION_STATE_KEPT,
          v1::ACTION_STATE_REVERTED, v1::ACTION_STATE_FAILED}) {
      Actions(entry.name, state);
    }
  }
}

void Cycle::Decided(const v1::Action& action) {
  Actions(action.module(), action.state()).Increment();
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

std::unique_ptr<Cycle::Knowledge> Cycle::Know() const {
  auto knowledge = std::make_unique<Knowledge>();
  knowledge->actions = ledger_->List(kKnownActions);
  knowledge->changes = ChangesOf(knowledge->actions);
  return knowledge;
}

Evidence Cycle::EvidenceFrom(const Knowledge& knowledge, int64_t now_us) const {
  return {*workload_, *machine_, knowledge.changes, now_us};
}

void Cycle::Observe(const rpc::CallContext& context) {
  registry_->Refresh(context);
  CountFromZero();
  const auto windows = workload_->TakeNew();
  if (windows.empty()) return;
  module::v1::ObserveRequest request;
  request.mutable_windows()->Add(windows.begin(), windows.end());
  for (const registry::RegisteredModule& entry : registry_->List()) {
    if (entry.autonomy == v1::AUTONOMY_OFF || !registry_->MayAsk(entry.name)) continue;
    registry_->SetHealthy(entry.name, entry.module->Observe(entry.Bounded(context), request).ok());
  }
}

bool Cycle::MayApplyNow(const v1::Action& action, int64_t now_us) const {
  // Two changes that touch the same statements would be measured as one. What the statements' plans
  // do not see (statistics) does not wait.
  const module::v1::Proposal& proposal = action.proposal();
  if (proposal.verify_calls() == 0) return true;
  for (const v1::ActionState state : {v1::ACTION_STATE_APPLYING, v1::ACTION_STATE_VERIFYING}) {
    for (const v1::Action& other : ledger_->InState(state)) {
      if (other.proposal().verify_calls() > 0 && Excludes(proposal, other.proposal())) return false;
    }
  }
  // In the order of their approval.
  for (const v1::Action& other : ledger_->InState(v1::ACTION_STATE_APPROVED)) {
    if (other.id() < action.id() && Excludes(proposal, other.proposal())) return false;
  }
  const auto knowledge = Know();
  return LastDisturbance(knowledge->changes, action.id(), proposal, now_us) + kBaselineUs <= now_us;
}

bool Cycle::HasRoomToApply() const { return appliers_ == 0 || applying_.size() < appliers_; }

std::vector<v1::Action> Cycle::ProposeFrom(const rpc::CallContext& context,
                                           const registry::RegisteredModule& entry,
                                           const std::vector<uint32_t>& table_ids, bool on_demand,
                                           bool dry_run, const std::string& initiator) {
  std::vector<v1::Action> entered;
  if (entry.autonomy < v1::AUTONOMY_RECOMMEND || !registry_->MayAsk(entry.name)) return entered;
  module::v1::ProposeRequest request;
  request.mutable_table_ids()->Add(table_ids.begin(), table_ids.end());
  request.set_maximum(kMaxProposals);
  request.set_storage_budget_bytes(index_budget_bytes_);
  request.set_on_demand(on_demand);
  Refusals refusals = RefusalsFor(ledger_->List(kKnownActions), entry.name, NowUs());
  for (std::string& subject : refusals.subjects) {
    request.add_refused_subjects(std::move(subject));
  }
  for (module::v1::Proposal& one : refusals.unwanted) *request.add_unwanted() = std::move(one);
  const auto response = entry.module->Propose(entry.Bounded(context), request);
  registry_->SetHealthy(entry.name, response.ok());
  if (!response.ok()) {
    logger_->Warn("a module could not propose",
                  {{"module", entry.name}, {"error", std::string(response.status().message())}});
    return entered;
  }
  absl::MutexLock lock(&mutex_);
  // Without threads one change a round, so that long ones do not keep verdicts waiting.
  bool applied_one = appliers_ == 0 && !ledger_->InState(v1::ACTION_STATE_APPROVED).empty();
  for (const module::v1::Proposal& proposal : response->proposals()) {
    if (!MayEnter(ledger_->List(kKnownActions), entry.name, proposal, NowUs())) continue;
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
    // What a person asked for is done now; the rest as there is room, and stays approved until.
    const bool now =
        on_demand || proposal.verify_calls() == 0 || (!applied_one && HasRoomToApply());
    if (state == v1::ACTION_STATE_APPROVED && now && MayApplyNow(*action, NowUs())) {
      applied_one |= appliers_ == 0 && proposal.verify_calls() > 0;
      const bool wait = on_demand || proposal.verify_calls() == 0;
      auto applied = wait ? Apply(context, *action) : ApplyBeside(context, *action);
      if (applied.ok()) action = *std::move(applied);
    }
    entered.push_back(*std::move(action));
  }
  return entered;
}

absl::Status Cycle::BeginApplying(const rpc::CallContext& context, v1::Action* action) {
  action->set_state(v1::ACTION_STATE_APPLYING);
  action->set_verdict("being applied");
  action->mutable_progress()->set_attempts(action->progress().attempts() + 1);
  RETURN_IF_ERROR(ledger_->Update(context, *action));
  applying_.insert(action->id());
  return absl::OkStatus();
}

absl::StatusOr<module::v1::ApplyResponse> Cycle::CallApply(const rpc::CallContext& context,
                                                           api::Module* module,
                                                           const v1::Action& action) {
  module::v1::ApplyRequest request;
  request.set_action_id(action.id());
  *request.mutable_proposal() = action.proposal();
  rpc::CallContext patient = context;
  patient.deadline = absl::Now() + kApplyTimeout;
  return module->Apply(patient, request);
}

absl::StatusOr<v1::Action> Cycle::FinishApplying(
    const rpc::CallContext& context, v1::Action action,
    const absl::StatusOr<module::v1::ApplyResponse>& response) {
  applying_.erase(action.id());
  // Nobody knows how far it came: it is settled when module and storage are back.
  const bool interrupted =
      !response.ok() && (stop_->cancelled() || absl::IsUnavailable(response.status()));
  if (interrupted) return response.status();
  if (!response.ok()) {
    const std::string why = absl::StrCat("could not be applied: ", response.status().message());
    if (!Decide(context, v1::ACTION_STATE_FAILED, v1::OUTCOME_FAILED, why, &action)) {
      return absl::UnavailableError("the ledger could not be written");
    }
    return action;
  }
  const int64_t now_us = NowUs();
  action.set_applied_at_us(now_us);
  module::v1::Proposal* proposal = action.mutable_proposal();
  if (!response->statement().empty()) proposal->set_statement(response->statement());
  if (!response->undo().empty()) proposal->set_undo(response->undo());
  if (!response->payload().empty()) proposal->set_payload(response->payload());
  // A part of a time is no more than all of it.
  const bool told = response->has_measured_gain() && std::isfinite(response->measured_gain()) &&
                    response->measured_gain() <= 1;
  if (told) action.set_measured_gain(response->measured_gain());
  if (proposal->verify_calls() == 0) {
    const std::string verdict = told
                                    ? absl::StrFormat("done; the module measured a gain of %.1f %%",
                                                      response->measured_gain() * 100)
                                    : "done; nothing to compare";
    if (!Decide(context, v1::ACTION_STATE_KEPT, v1::OUTCOME_GAINED, verdict, &action)) {
      return absl::UnavailableError("the ledger could not be written");
    }
    return action;
  }
  action.set_state(v1::ACTION_STATE_VERIFYING);
  action.set_verdict("applied, being measured");
  action.mutable_progress()->set_deadline_us(DeadlineFrom(now_us));
  const auto knowledge = Know();
  RecordBaseline(EvidenceFrom(*knowledge, now_us), &action);
  RETURN_IF_ERROR(ledger_->Update(context, action));
  Decided(action);
  return action;
}

absl::StatusOr<v1::Action> Cycle::Apply(const rpc::CallContext& context, v1::Action action) {
  ASSIGN_OR_RETURN(const auto entry, registry_->Find(action.module()));
  RETURN_IF_ERROR(BeginApplying(context, &action));
  mutex_.Unlock();
  const auto response = CallApply(context, entry.module.get(), action);
  mutex_.Lock();
  return FinishApplying(context, std::move(action), response);
}

absl::StatusOr<v1::Action> Cycle::ApplyBeside(const rpc::CallContext& context, v1::Action action) {
  if (appliers_ == 0) return Apply(context, std::move(action));
  ASSIGN_OR_RETURN(const auto entry, registry_->Find(action.module()));
  RETURN_IF_ERROR(BeginApplying(context, &action));
  std::erase_if(threads_, [](Applier& applier) {
    if (!applier.done->load()) return false;
    applier.thread.join();
    return true;
  });
  rpc::CallContext own;
  own.user = context.user;
  own.cancellation = stop_;
  const auto done = std::make_shared<std::atomic<bool>>(false);
  auto thread = lifecycle::StartThread([this, own, module = entry.module, action, done] {
    const auto response = CallApply(own, module.get(), action);
    absl::MutexLock lock(&mutex_);
    const auto applied = FinishApplying(own, action, response);
    if (!applied.ok()) {
      logger_->Warn(
          "an action could not be applied",
          {{"id", absl::StrCat(action.id())}, {"error", std::string(applied.status().message())}});
    }
    done->store(true);
  });
  if (!thread.ok()) {
    // As when the module could not be reached.
    RETURN_IF_ERROR(FinishApplying(context, action, thread.status()).status());
    return thread.status();
  }
  threads_.push_back({*std::move(thread), done});
  return action;
}

std::vector<std::string> Cycle::Run(const rpc::CallContext& context) {
  std::vector<std::string> lines;
  const auto tell = [&](std::vector<std::string> more) {
    for (std::string& line : more) lines.push_back(std::move(line));
  };
  Observe(context);
  tell(Settle(context));
  tell(Reconcile(context));
  tell(Verify(context));
  {
    absl::MutexLock lock(&mutex_);
    for (const v1::Action& action : ledger_->InState(v1::ACTION_STATE_APPROVED)) {
      if (!HasRoomToApply()) break;
      if (!MayApplyNow(action, NowUs())) continue;
      const auto applied = ApplyBeside(context, action);
      if (applied.ok()) {
        lines.push_back(absl::StrCat("action ", action.id(), ": ", applied->verdict()));
      }
      if (appliers_ == 0) break;
    }
  }
  for (const registry::RegisteredModule& entry : registry_->List()) {
    if (entry.autonomy < v1::AUTONOMY_RECOMMEND) continue;
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

}  // namespace adbms::orchestrator::workflow
