// SIGTERM, SIGINT and SIGHUP as conditions to wait for. Call BlockSignals before any thread is
// started.
#pragma once

namespace adbms::lifecycle {

// What the process was asked to do: SIGTERM and SIGINT, or SIGHUP.
enum class Request { kStop, kReload };

// SIGTERM and SIGINT are delivered only to the functions below; SIGPIPE is ignored.
void BlockSignals();
// The same for SIGHUP, which else ends the process.
void BlockReload();
// Returns when the process is asked to stop.
void WaitForStop();
// Returns when the process is asked for something. REQUIRES: BlockReload.
Request WaitForRequest();
// From now on a second request, or `seconds` passing, ends the process at once with status 1.
void EnforceDeadline(int seconds);

}  // namespace adbms::lifecycle
