// SIGTERM, SIGINT and SIGHUP as conditions to wait for. Call BlockSignals before any thread is started.
#pragma once

namespace adbms::lifecycle {

// What the process was asked to do: SIGTERM and SIGINT, or SIGHUP.
enum class Request { kStop, kReload };

// The signals are delivered only to WaitForRequest; SIGPIPE is ignored.
void BlockSignals();
// Returns when the process is asked for something.
Request WaitForRequest();
// From now on a second request, or `seconds` passing, ends the process at once with status 1.
void EnforceDeadline(int seconds);

}  // namespace adbms::lifecycle
