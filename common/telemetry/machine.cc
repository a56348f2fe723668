#include "common/telemetry/machine.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace adbms::telemetry {
namespace {

// A file with one number; 0 without one (cgroups write "max" for no limit).
uint64_t NumberIn(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  uint64_t number = 0;
  if (!(file >> word) || !absl::SimpleAtoi(word, &number)) return 0;
  return number;
}

uint64_t MachineMemoryBytes(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  std::string name;
  uint64_t kilobytes = 0;
  std::string unit;
  while (file >> name >> kilobytes >> unit) {
    if (name == "MemTotal:") return kilobytes * 1024;
  }
  return 0;
}

// The least limit of the process's cgroup and those above it.
uint64_t CgroupLimitBytes(const std::string& root) {
  uint64_t least = 0;
  const auto consider = [&](const std::string& path) {
    const uint64_t limit = NumberIn(path);
    if (limit > 0 && (least == 0 || limit < least)) least = limit;
  };
  std::ifstream file(root + "/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    // "0::/path" in version 2, "9:memory:/path" in version 1.
    const size_t colon = line.find(':');
    const size_t second = colon == std::string::npos ? colon : line.find(':', colon + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(colon + 1, second - colon - 1);
    const bool v2 = controllers.empty();
    if (!v2 && !absl::StrContains(controllers, "memory")) continue;
    const std::string mount = root + (v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory");
    const char* const name = v2 ? "/memory.max" : "/memory.limit_in_bytes";
    std::string path = line.substr(second + 1);
    for (;;) {
      consider(mount + (path == "/" ? "" : path) + name);
      const size_t slash = path.rfind('/');
      if (path.empty() || slash == std::string::npos) break;
      path.resize(slash);
    }
  }
  return least;
}

}  // namespace

MachineCpu ReadMachineCpu() {
  MachineCpu cpu;
  std::ifstream file("/proc/stat");
  std::string line;
  const auto tick_us = static_cast<uint64_t>(1000000 / std::max(1L, ::sysconf(_SC_CLK_TCK)));
  while (std::getline(file, line) && absl::StartsWith(line, "cpu")) {
    std::istringstream fields(line);
    std::string name;
    uint64_t user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0;
    fields >> name >> user >> nice >> system >> idle >> wait >> irq >> soft >> steal;
    // What the hypervisor gave to others is time that this machine did not have.
    if (name == "cpu") {
      cpu.busy_us = (user + nice + system + irq + soft + steal) * tick_us;
    } else {
      ++cpu.cpus;
    }
  }
  return cpu;
}

uint64_t UsableMemoryBytes(const std::string& root) {
  const uint64_t machine = MachineMemoryBytes(root);
  const uint64_t limit = CgroupLimitBytes(root);
  if (limit == 0) return machine;
  return machine == 0 ? limit : std::min(machine, limit);
}

uint64_t UsableMemoryBytes() { return UsableMemoryBytes(""); }

}  // namespace adbms::telemetry
