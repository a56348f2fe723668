// Which changes may stand beside each other, and which change a statement's time is credited to.
// An action is narrow when it touches only the statements that it names (an index), system-wide
// when it may touch all (a setting). Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "adbms/orchestrator/v1/orchestrator.pb.h"

namespace adbms::orchestrator::workflow {

bool IsSystemWide(const module::v1::Proposal& proposal);

// Whether the time of the statement may change by it.
bool Touches(const module::v1::Proposal& proposal, uint64_t fingerprint);

// Whether the two could not be told apart: both narrow with a statement in common, or both
// system-wide. A narrow one beside a system-wide one can: its statements are left out of the
// other's measurement from then on, and it is compared with statements that the other touches too.
bool Excludes(const module::v1::Proposal& a, const module::v1::Proposal& b);

// What was changed when: an action's applying, and its undoing. Only of those that are measured.
struct Change {
  int64_t at_us = 0;
  const v1::Action* action = nullptr;
};
// Oldest first. `actions` must outlive the result.
std::vector<Change> ChangesOf(const std::vector<v1::Action>& actions);

// When the statement was last changed before `until_us`, other than by action `id`; 0: never. A
// comparison must not reach behind it: it would credit one action with the effect of another.
int64_t LastChangeBefore(const std::vector<Change>& changes, int64_t id, uint64_t fingerprint,
                         int64_t until_us);
// When a narrow action other than `id` first changed it after `from_us`; INT64_MAX: not yet.
int64_t FirstNarrowChangeAfter(const std::vector<Change>& changes, int64_t id, uint64_t fingerprint,
                               int64_t from_us);
// When something was last changed that the proposal could not be told apart from, or, for a narrow
// one, that touches a statement of its; 0: never.
int64_t LastDisturbance(const std::vector<Change>& changes, int64_t id,
                        const module::v1::Proposal& proposal, int64_t until_us);

}  // namespace adbms::orchestrator::workflow
