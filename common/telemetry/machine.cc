#include "common/telemetry/machine.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

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

// Visits the directories of the process's cgroup and those above it, of the hierarchy that has
// `controller`.
void ForEachCgroup(const std::string& root, const std::string& controller,
                   const std::function<void(const std::string& directory, bool v2)>& visit) {
  std::ifstream file(root + "/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    // "0::/path" in version 2, "9:memory:/path" in version 1.
    const size_t colon = line.find(':');
    const size_t second = colon == std::string::npos ? colon : line.find(':', colon + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(colon + 1, second - colon - 1);
    const bool v2 = controllers.empty();
    const std::vector<std::string> names = absl::StrSplit(controllers, ',');
    if (!v2 && std::find(names.begin(), names.end(), controller) == names.end()) continue;
    const std::string mount = root + "/sys/fs/cgroup" + (v2 ? "" : "/" + controller);
    std::string path = line.substr(second + 1);
    for (;;) {
      visit(mount + (path == "/" ? "" : path), v2);
      const size_t slash = path.rfind('/');
      if (path.empty() || slash == std::string::npos) break;
      path.resize(slash);
    }
  }
}

// The least limit of the process's cgroup and those above it.
uint64_t CgroupLimitBytes(const std::string& root) {
  uint64_t least = 0;
  ForEachCgroup(root, "memory", [&](const std::string& directory, bool v2) {
    const uint64_t limit = NumberIn(directory + (v2 ? "/memory.max" : "/memory.limit_in_bytes"));
    if (limit > 0 && (least == 0 || limit < least)) least = limit;
  });
  return least;
}

// The least share of CPU time that they leave, in cores; 0: all.
double CgroupCores(const std::string& root) {
  double least = 0;
  ForEachCgroup(root, "cpu", [&](const std::string& directory, bool v2) {
    uint64_t quota = 0;
    uint64_t period = 0;
    if (v2) {
      std::ifstream file(directory + "/cpu.max");
      std::string word;
      if (!(file >> word >> period) || !absl::SimpleAtoi(word, &quota)) return;
    } else {
      quota = NumberIn(directory + "/cpu.cfs_quota_us");  // -1 is no number.
      period = NumberIn(directory + "/cpu.cfs_period_us");
    }
    if (quota == 0 || period == 0) return;
    const double cores = static_cast<double>(quota) / static_cast<double>(period);
    if (least == 0 || cores < least) least = cores;
  });
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

uint32_t UsableCores(const std::string& root, uint32_t machine) {
  const double limit = CgroupCores(root);
  const auto cores = static_cast<uint32_t>(std::ceil(limit));
  return std::max<uint32_t>(limit == 0 ? machine : std::min(machine, cores), 1);
}

uint32_t UsableCores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  const bool known = ::sched_getaffinity(0, sizeof(allowed), &allowed) == 0;
  return UsableCores(
      "", known ? static_cast<uint32_t>(CPU_COUNT(&allowed)) : std::thread::hardware_concurrency());
}

uint64_t UsableMemoryBytes() { return UsableMemoryBytes(""); }

}  // namespace adbms::telemetry
