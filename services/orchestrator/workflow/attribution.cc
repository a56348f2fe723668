#include "services/orchestrator/workflow/attribution.h"

#include <algorithm>

namespace adbms::orchestrator::workflow {
namespace {

bool Names(const module::v1::Proposal& proposal, uint64_t fingerprint) {
  const auto& named = proposal.affected_fingerprints();
  return std::find(named.begin(), named.end(), fingerprint) != named.end();
}

bool Shares(const module::v1::Proposal& a, const module::v1::Proposal& b) {
  return std::any_of(a.affected_fingerprints().begin(), a.affected_fingerprints().end(),
                     [&](uint64_t fingerprint) { return Names(b, fingerprint); });
}

}  // namespace

bool IsSystemWide(const module::v1::Proposal& proposal) {
  return proposal.scope() == module::v1::SCOPE_SYSTEM || proposal.affected_fingerprints().empty();
}

bool Touches(const module::v1::Proposal& proposal, uint64_t fingerprint) {
  return IsSystemWide(proposal) || Names(proposal, fingerprint);
}

bool Excludes(const module::v1::Proposal& a, const module::v1::Proposal& b) {
  if (IsSystemWide(a) != IsSystemWide(b)) return false;
  return IsSystemWide(a) || Shares(a, b);
}

std::vector<Change> ChangesOf(const std::vector<v1::Action>& actions) {
  std::vector<Change> changes;
  for (const v1::Action& action : actions) {
    if (action.proposal().verify_calls() == 0) continue;
    if (action.applied_at_us() != 0) changes.push_back({action.applied_at_us(), &action});
    const bool undone = action.state() == v1::ACTION_STATE_REVERTED && action.applied_at_us() != 0;
    if (undone) changes.push_back({action.decided_at_us(), &action});
  }
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return a.at_us < b.at_us; });
  return changes;
}

int64_t LastChangeBefore(const std::vector<Change>& changes, int64_t id, uint64_t fingerprint,
                         int64_t until_us) {
  int64_t last_us = 0;
  for (const Change& change : changes) {
    if (change.at_us >= until_us) break;
    if (change.action->id() != id && Touches(change.action->proposal(), fingerprint)) {
      last_us = change.at_us;
    }
  }
  return last_us;
}

int64_t FirstNarrowChangeAfter(const std::vector<Change>& changes, int64_t id, uint64_t fingerprint,
                               int64_t from_us) {
  for (const Change& change : changes) {
    const module::v1::Proposal& proposal = change.action->proposal();
    if (change.at_us > from_us && change.action->id() != id && !IsSystemWide(proposal) &&
        Names(proposal, fingerprint)) {
      return change.at_us;
    }
  }
  return INT64_MAX;
}

int64_t LastDisturbance(const std::vector<Change>& changes, int64_t id,
                        const module::v1::Proposal& proposal, int64_t until_us) {
  int64_t last_us = 0;
  for (const Change& change : changes) {
    if (change.at_us >= until_us) break;
    const module::v1::Proposal& other = change.action->proposal();
    const bool system_over_narrow = IsSystemWide(other) && !IsSystemWide(proposal);
    if (change.action->id() != id && (Excludes(proposal, other) || system_over_narrow)) {
      last_us = change.at_us;
    }
  }
  return last_us;
}

}  // namespace adbms::orchestrator::workflow
