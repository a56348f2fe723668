// Two runs of the same workload side by side.
#pragma once

#include <string>

#include "clients/workload/runner.h"

namespace adbms::clients::demo {

// Statement, calls, mean and p95 of both, and how many times faster the mean became.
std::string Compare(const workload::RunResult& before, const workload::RunResult& after);

}  // namespace adbms::clients::demo
