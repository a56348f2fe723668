// Charts of a report, as SVG in HTML: nothing is loaded from anywhere. Pure functions.
#pragma once

#include <string>

#include "services/orchestrator/report/run_report.h"

namespace adbms::orchestrator::report {

// Statements a second and their mean time, with the actions where they were applied. Empty when
// nothing ran.
std::string LoadChart(const RunReport& report);
// Of each action that was measured the gain that was predicted and the measured one. Empty when
// there is none.
std::string GainChart(const RunReport& report);

}  // namespace adbms::orchestrator::report
