// The command line against a real daemon in one process.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "clients/local_cluster/local_cluster.h"

namespace adbms::clients::cli {
namespace {

struct Outcome {
  int status = -1;
  std::string output;  // Standard output and standard error.
};

class CommandLine : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    local_cluster::Options options;
    options.settings = {"orchestrator.cycle_ms=200ms"};
    auto started = local_cluster::LocalCluster::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    cluster_ = started->release();
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }

  // Runs adbms, which is built beside this test.
  static Outcome Run(const std::string& arguments) {
    const auto self = std::filesystem::read_symlink("/proc/self/exe");
    const std::string command =
        (self.parent_path() / "adbms").string() + " " + arguments + " 2>&1 < /dev/null";
    Outcome outcome;
    FILE* const pipe = popen(command.c_str(), "r");
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
      outcome.output.append(buffer, n);
    }
    outcome.status = WEXITSTATUS(pclose(pipe));
    return outcome;
  }
  static Outcome RunHere(const std::string& arguments) {
    return Run(arguments + " --host " + cluster_->addresses().grpc + " --data-dir " +
               cluster_->data_dir());
  }
  static std::string Pgwire() { return " --pgwire " + cluster_->addresses().postgres; }

  static local_cluster::LocalCluster* cluster_;
};

local_cluster::LocalCluster* CommandLine::cluster_ = nullptr;

testing::AssertionResult Says(const Outcome& outcome, const std::string& text) {
  if (outcome.output.find(text) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "no \"" << text << "\" in: " << outcome.output;
}

TEST_F(CommandLine, StatusShowsEveryService) {
  const Outcome outcome = RunHere("status");
  EXPECT_EQ(outcome.status, 0);
  for (const char* service :
       {"storage", "security", "optimizer", "tuner", "indexer", "orchestrator", "gateway"}) {
    EXPECT_TRUE(Says(outcome, service));
  }
}

TEST_F(CommandLine, SqlPrintsRowsAndErrors) {
  const Outcome rows = RunHere("sql 'SELECT 6 * 7 AS answer'");
  EXPECT_EQ(rows.status, 0);
  EXPECT_TRUE(Says(rows, "answer\n------\n    42\nSELECT 1\n"));
  const Outcome error = RunHere("sql 'SELECT * FROM absent'");
  EXPECT_EQ(error.status, 1);
  EXPECT_TRUE(Says(error, "relation \"absent\" does not exist"));
}

TEST_F(CommandLine, ModulesAreListedAndSet) {
  EXPECT_TRUE(Says(RunHere("modules"), "indexer"));
  EXPECT_TRUE(Says(RunHere("modules set tuner observe"), "tuner is set to observe"));
  EXPECT_TRUE(Says(RunHere("modules"), "observe"));
  EXPECT_EQ(RunHere("modules set tuner auto").status, 0);
  EXPECT_EQ(RunHere("modules set tuner sometimes").status, 2);
  const Outcome absent = RunHere("modules set absent auto");
  EXPECT_EQ(absent.status, 1);
  EXPECT_TRUE(Says(absent, "there is no module \"absent\""));
}

TEST_F(CommandLine, WorkloadThenActionsAndRunAllTables) {
  ASSERT_TRUE(Says(RunHere("workload load --scale 0.01" + Pgwire()), "loaded"));
  const Outcome again = RunHere("workload load --scale 0.01" + Pgwire());
  EXPECT_EQ(again.status, 1);
  EXPECT_TRUE(Says(again, "already exists"));
  const Outcome run = RunHere("workload run --seconds 2 --connections 2" + Pgwire());
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_TRUE(Says(run, "customer_by_email"));
  EXPECT_FALSE(Says(run, "first error"));
  const Outcome all = RunHere("run-all-tables --dry-run");
  EXPECT_EQ(all.status, 0) << all.output;
  EXPECT_TRUE(Says(all, "public.orders"));
  const size_t at = all.output.find("report: ");
  ASSERT_NE(at, std::string::npos);
  std::string directory = all.output.substr(at + 8);
  directory.resize(directory.find('\n'));
  EXPECT_TRUE(std::filesystem::is_directory(directory));
  EXPECT_TRUE(Says(RunHere("actions"), "statistics"));
  EXPECT_TRUE(Says(RunHere("actions --json --limit 1"), "\"module\""));
}

TEST_F(CommandLine, AuditLogVerifies) {
  EXPECT_TRUE(Says(Run("verify-audit " + cluster_->data_dir() + "/logs/audit.jsonl"),
                   "the chain is whole"));
  EXPECT_EQ(Run("verify-audit /nowhere").status, 1);
}

TEST_F(CommandLine, FailuresAreClear) {
  const Outcome unreachable = Run("status --host 127.0.0.1:1");
  EXPECT_EQ(unreachable.status, 1);
  EXPECT_TRUE(Says(unreachable, "no database answers at 127.0.0.1:1"));
  EXPECT_EQ(Run("nothing").status, 2);
  EXPECT_EQ(RunHere("revert 999999").status, 1);
  EXPECT_EQ(RunHere("revert x").status, 2);
  EXPECT_EQ(Run("status --password wrong --host " + cluster_->addresses().grpc).status, 1);
}

TEST_F(CommandLine, KilledProcessIsNoticedAndRestartsWhereItWas) {
  const std::string before = cluster_->addresses().postgres;
  ASSERT_TRUE(cluster_->Restart("all", /*at_once=*/true).ok());
  EXPECT_EQ(cluster_->addresses().postgres, before);
  EXPECT_EQ(cluster_->WhichDied(), "");
  EXPECT_EQ(RunHere("status").status, 0);
}

TEST(LocalCluster, SaysWhyAProcessDidNotStart) {
  local_cluster::Options options;
  options.settings = {"storage.no_such_setting=1"};
  const auto started = local_cluster::LocalCluster::Start(options);
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.status().message().find("no_such_setting"), absl::string_view::npos)
      << started.status();
}

TEST(LocalCluster, SevenProcesses) {
  local_cluster::Options options;
  options.separate = true;
  auto cluster = local_cluster::LocalCluster::Start(options);
  ASSERT_TRUE(cluster.ok()) << cluster.status();
  EXPECT_EQ((*cluster)->processes().size(), 7u);
  ASSERT_TRUE((*cluster)->Stop("indexer", /*at_once=*/true).ok());
  EXPECT_FALSE((*cluster)->Stop("indexer", /*at_once=*/true).ok());
}

}  // namespace
}  // namespace adbms::clients::cli
