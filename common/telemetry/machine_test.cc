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
