// What is not to be proposed (again), and for how long. How an action ended decides: what was
// measured and lost is left alone for a day, what could not be measured for minutes (longer each
// time), what a person took back for a month, with its variants. Pure functions over the ledger.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adbms/orchestrator/v1/orchestrator.pb.h"

namespace adbms::orchestrator::workflow {

// Proposed, approved, being applied or being measured.
bool IsPending(v1::ActionState state);

// What a module is told with the question for proposals.
struct Refusals {
  std::vector<std::string> subjects;           // Not to be proposed now.
  std::vector<module::v1::Proposal> unwanted;  // Taken back by a person.
};
// `newest_first`: the ledger.
Refusals RefusalsFor(const std::vector<v1::Action>& newest_first, const std::string& module,
                     int64_t now_us);

// Whether the module may enter the proposal: nothing pending is in its way (the same subject, or a
// change of the module's own that it could not be told apart from), and neither it nor what it is
// a variant of was refused.
bool MayEnter(const std::vector<v1::Action>& newest_first, const std::string& module,
              const module::v1::Proposal& proposal, int64_t now_us);

}  // namespace adbms::orchestrator::workflow
