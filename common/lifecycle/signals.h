// SIGTERM and SIGINT as a condition to wait for. Call BlockSignals before any thread is started.
#pragma once

namespace adbms::lifecycle {

// SIGTERM and SIGINT are delivered only to WaitForStop; SIGPIPE is ignored.
void BlockSignals();
// Returns when the process is asked to stop.
void WaitForStop();
// From now on a second request, or `seconds` passing, ends the process at once with status 1.
void EnforceDeadline(int seconds);

}  // namespace adbms::lifecycle
