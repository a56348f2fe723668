#include "common/telemetry/machine.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace adbms::telemetry {
namespace {

// A tree of the kernel's files, made for the test.
class Root {
 public:
  Root() : path_(testing::TempDir() + "/machine_root") { std::filesystem::remove_all(path_); }
  ~Root() { std::filesystem::remove_all(path_); }
  void Write(const std::string& file, const std::string& text) const {
    const std::filesystem::path path = path_ + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

constexpr char kMemory[] = "MemTotal:       1048576 kB\nMemFree:  5 kB\n";
constexpr uint64_t kGiB = uint64_t{1} << 30;

TEST(UsableMemory, IsTheMachinesWithoutALimit) {
  Root root;
  root.Write("/proc/meminfo", kMemory);
  root.Write("/proc/self/cgroup", "0::/user.slice\n");
  root.Write("/sys/fs/cgroup/user.slice/memory.max", "max\n");
  EXPECT_EQ(UsableMemoryBytes(root.path()), kGiB);
}

TEST(UsableMemory, IsTheLeastLimitOnTheWayUp) {
  Root root;
  root.Write("/proc/meminfo", kMemory);
  root.Write("/proc/self/cgroup", "0::/a/b\n");
  root.Write("/sys/fs/cgroup/a/memory.max", "268435456\n");
  root.Write("/sys/fs/cgroup/a/b/memory.max", "536870912\n");
  EXPECT_EQ(UsableMemoryBytes(root.path()), kGiB / 4);
}

TEST(UsableMemory, VersionOneHasItsOwnPlace) {
  Root root;
  root.Write("/proc/meminfo", kMemory);
  root.Write("/proc/self/cgroup", "4:cpu,cpuacct:/x\n9:memory:/docker/x\n");
  root.Write("/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "134217728\n");
  root.Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(UsableMemoryBytes(root.path()), kGiB / 8);
}

TEST(UsableMemory, IsZeroWhereNobodyTells) {
  Root root;
  EXPECT_EQ(UsableMemoryBytes(root.path()), 0u);
}

TEST(UsableCores, IsTheLeastShareOnTheWayUpRoundedUp) {
  Root root;
  root.Write("/proc/self/cgroup", "0::/a/b\n");
  EXPECT_EQ(UsableCores(root.path(), 8), 8u);
  root.Write("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
  EXPECT_EQ(UsableCores(root.path(), 8), 8u);
  root.Write("/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  root.Write("/sys/fs/cgroup/a/b/cpu.max", "600000 100000\n");
  EXPECT_EQ(UsableCores(root.path(), 8), 2u);
  EXPECT_EQ(UsableCores(root.path(), 1), 1u);
}

TEST(UsableCores, VersionOneHasItsOwnPlace) {
  Root root;
  root.Write("/proc/self/cgroup", "4:cpuset:/y\n5:cpu,cpuacct:/x\n");
  root.Write("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1\n");
  root.Write("/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(UsableCores(root.path(), 4), 4u);
  root.Write("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "50000\n");
  EXPECT_EQ(UsableCores(root.path(), 4), 1u);
}

TEST(UsableCores, IsOneAtLeast) { EXPECT_GE(UsableCores(), 1u); }

TEST(MachineCpu, Grows) {
  const MachineCpu before = ReadMachineCpu();
  ASSERT_GT(before.cpus, 0u);
  // Work until the kernel's clock, which ticks a hundred times a second, has seen some.
  volatile uint64_t work = 0;
  while (ReadMachineCpu().busy_us <= before.busy_us) {
    for (int i = 0; i < 1000000; ++i) work = work + 1;
  }
  SUCCEED();
}

}  // namespace
}  // namespace adbms::telemetry
