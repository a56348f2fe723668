#include "services/orchestrator/workflow/refusals.h"

#include <algorithm>
#include <map>

#include "services/orchestrator/workflow/attribution.h"

namespace adbms::orchestrator::workflow {
namespace {

constexpr int64_t kMinuteUs = 60LL * 1000000;
constexpr int64_t kDayUs = 24 * 60 * kMinuteUs;
// After an end without a measurement; twice as long each time.
constexpr int64_t kSoonUs = 2 * kMinuteUs;
// What a person took back.
constexpr int64_t kUnwantedUs = 30 * kDayUs;
// Ends of the process while the same was applied, within a day, after which it is left alone.
constexpr size_t kMostInterruptions = 2;

// Until when a subject with this history (decided actions, newest first) is left alone.
int64_t BarredUntil(const std::vector<const v1::Action*>& history) {
  if (history.front()->state() == v1::ACTION_STATE_KEPT) return 0;  // Something new is wanted.
  const int64_t last_us = history.front()->decided_at_us();
  int64_t until_us = 0;
  size_t interrupted = 0;
  int64_t soon_us = kSoonUs;
  for (const v1::Action* action : history) {
    const int64_t at_us = action->decided_at_us();
    switch (action->outcome()) {
      case v1::OUTCOME_UNWANTED:
        until_us = std::max(until_us, at_us + kUnwantedUs);
        break;
      case v1::OUTCOME_LOST:
      case v1::OUTCOME_FAILED:
        until_us = std::max(until_us, at_us + kDayUs);
        break;
      case v1::OUTCOME_UNSPECIFIED:  // Decided before outcomes were recorded.
        if (action->state() != v1::ACTION_STATE_KEPT) until_us = std::max(until_us, at_us + kDayUs);
        break;
      case v1::OUTCOME_NOT_MEASURABLE:
      case v1::OUTCOME_LOAD_CHANGED:
        if (at_us < last_us - kDayUs) break;
        until_us = std::max(until_us, last_us + soon_us);
        soon_us = std::min(soon_us * 2, kDayUs);
        break;
      case v1::OUTCOME_INTERRUPTED:
        if (at_us >= last_us - kDayUs && ++interrupted == kMostInterruptions) {
          until_us = std::max(until_us, last_us + kDayUs);
        }
        break;
      default:
        break;
    }
  }
  return until_us;
}

bool IsUnwanted(const v1::Action& action, int64_t now_us) {
  return action.outcome() == v1::OUTCOME_UNWANTED && action.decided_at_us() > now_us - kUnwantedUs;
}

// The same kind of change to the same table, for nothing but statements that the other was for.
bool IsVariant(const module::v1::Proposal& proposal, const module::v1::Proposal& of) {
  if (proposal.kind() != of.kind() || proposal.table_id() != of.table_id() ||
      proposal.table_id() == 0 || proposal.affected_fingerprints().empty()) {
    return false;
  }
  return std::all_of(proposal.affected_fingerprints().begin(),
                     proposal.affected_fingerprints().end(), [&](uint64_t fingerprint) {
                       return std::find(of.affected_fingerprints().begin(),
                                        of.affected_fingerprints().end(),
                                        fingerprint) != of.affected_fingerprints().end();
                     });
}

// By kind and subject, the module's decided actions, newest first.
std::map<std::pair<std::string, std::string>, std::vector<const v1::Action*>> HistoryOf(
    const std::vector<v1::Action>& newest_first, const std::string& module) {
  std::map<std::pair<std::string, std::string>, std::vector<const v1::Action*>> history;
  for (const v1::Action& action : newest_first) {
    if (action.module() != module || IsPending(action.state())) continue;
    history[{action.proposal().kind(), action.proposal().subject()}].push_back(&action);
  }
  return history;
}

}  // namespace

bool IsPending(v1::ActionState state) {
  return state == v1::ACTION_STATE_PROPOSED || state == v1::ACTION_STATE_APPROVED ||
         state == v1::ACTION_STATE_APPLYING || state == v1::ACTION_STATE_VERIFYING;
}

Refusals RefusalsFor(const std::vector<v1::Action>& newest_first, const std::string& module,
                     int64_t now_us) {
  Refusals refusals;
  for (const auto& [key, history] : HistoryOf(newest_first, module)) {
    if (BarredUntil(history) > now_us) refusals.subjects.push_back(key.second);
  }
  for (const v1::Action& action : newest_first) {
    if (action.module() != module) continue;
    if (IsPending(action.state())) refusals.subjects.push_back(action.proposal().subject());
    if (IsUnwanted(action, now_us)) refusals.unwanted.push_back(action.proposal());
  }
  return refusals;
}

bool MayEnter(const std::vector<v1::Action>& newest_first, const std::string& module,
              const module::v1::Proposal& proposal, int64_t now_us) {
  for (const v1::Action& action : newest_first) {
    if (action.module() != module) continue;
    const module::v1::Proposal& other = action.proposal();
    if (IsUnwanted(action, now_us) && IsVariant(proposal, other)) return false;
    if (!IsPending(action.state())) continue;
    if (other.kind() == proposal.kind() && other.subject() == proposal.subject()) return false;
    const bool measured = proposal.verify_calls() > 0 && other.verify_calls() > 0;
    if (measured && action.state() != v1::ACTION_STATE_PROPOSED && Excludes(proposal, other)) {
      return false;
    }
  }
  const auto history = HistoryOf(newest_first, module);
  const auto found = history.find({proposal.kind(), proposal.subject()});
  return found == history.end() || BarredUntil(found->second) <= now_us;
}

}  // namespace adbms::orchestrator::workflow
