// What the machine has and does, as the kernel tells: memory that this process may use, CPU time
// spent by everybody. Thread-safe.
#pragma once

#include <cstdint>
#include <string>

namespace adbms::telemetry {

// CPU time that all processes of the machine have used since it started, and its processors; zeros
// where the kernel does not tell.
struct MachineCpu {
  uint64_t busy_us = 0;
  uint32_t cpus = 0;
};
MachineCpu ReadMachineCpu();

// Memory that this process may use: the machine's, or its cgroup's limit (version 1 or 2) where
// that is less; 0 where the kernel does not tell.
uint64_t UsableMemoryBytes();

// The same from files under `root` instead of /: what a test can say.
uint64_t UsableMemoryBytes(const std::string& root);

// Cores that this process may keep busy: those it may run on, or its cgroup's share of CPU time
// where that is less, rounded up; 1 at least.
uint32_t UsableCores();

// The same of a machine of so many cores, and files under `root`.
uint32_t UsableCores(const std::string& root, uint32_t machine);

}  // namespace adbms::telemetry
