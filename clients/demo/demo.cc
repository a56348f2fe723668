#include "clients/demo/demo.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/demo/comparison.h"
#include "clients/terminal/live_line.h"
#include "clients/workload/loader.h"
#include "clients/workload/report.h"
#include "clients/workload/runner.h"
#include "common/rpc/call_context.h"
#include "common/status/macros.h"
#include "services/orchestrator/api/orchestrator_grpc.h"

namespace adbms::clients::demo {
namespace {

using orchestrator::v1::Action;
using orchestrator::v1::Autonomy;

// The only setting that differs from the defaults, so that three minutes hold enough cycles.
constexpr char kShortCycle[] = "orchestrator.cycle_ms=1s";
// The modules whose effect is shown.
constexpr const char* kModules[] = {"indexer", "tuner"};
// Of the time, for the run before and again for the run after.
constexpr double kMeasuredShare = 1.0 / 6;
// The autonomous phase ends early when nothing was decided or begun for so long.
constexpr double kQuietSeconds = 20;

class Demonstration {
 public:
  explicit Demonstration(const Options& options) : options_(options) {}

  absl::Status Run() {
    RETURN_IF_ERROR(Start());
    RETURN_IF_ERROR(SetModules(orchestrator::v1::AUTONOMY_OBSERVE));
    RETURN_IF_ERROR(LoadData());
    Title("the workload before: no index but the primary keys, default memory");
    ASSIGN_OR_RETURN(const auto before, RunWorkload(options_.seconds * kMeasuredShare, 1, nullptr));
    std::cout << workload::ToTable(before);
    RETURN_IF_ERROR(SetModules(orchestrator::v1::AUTONOMY_AUTO));
    Title("the modules act while the workload goes on");
    RETURN_IF_ERROR(LetModulesAct());
    RETURN_IF_ERROR(SetModules(orchestrator::v1::AUTONOMY_OBSERVE));
    Title("the workload after");
    ASSIGN_OR_RETURN(const auto after, RunWorkload(options_.seconds * kMeasuredShare, 1, nullptr));
    Title("before and after");
    std::cout << Compare(before, after);
    return Conclude();
  }

 private:
  static void Title(const std::string& text) { std::cout << "\n== " << text << " ==" << std::endl; }

  bool Stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  absl::Status Start() {
    local_cluster::Options cluster = options_.cluster;
    cluster.settings.push_back(kShortCycle);
    ASSIGN_OR_RETURN(cluster_, local_cluster::LocalCluster::Start(cluster));
    ASSIGN_OR_RETURN(connection_.password, cluster_->Password());
    connection_.address = cluster_->addresses().postgres;
    orchestrator_ = orchestrator::api::NewOrchestratorClient(
        cluster_->addresses().grpc, rpc::Credentials::User(connection_.user, connection_.password));
    std::cout << "adbmsd runs in " << cluster_->data_dir() << " with default settings and "
              << kShortCycle << "; PostgreSQL wire at " << connection_.address << std::endl;
    return absl::OkStatus();
  }

  static rpc::CallContext Context() {
    rpc::CallContext context;
    context.user = "adbms";
    return context;
  }

  absl::Status SetModules(Autonomy autonomy) {
    for (const char* name : kModules) {
      orchestrator::v1::SetAutonomyRequest request;
      request.set_module(name);
      request.set_autonomy(autonomy);
      RETURN_IF_ERROR(orchestrator_->SetAutonomy(Context(), request).status());
    }
    return absl::OkStatus();
  }

  absl::Status LoadData() {
    Title(absl::StrFormat("loading the order-processing data set, scale %g", options_.scale));
    const workload::Dataset dataset(options_.scale, 1);
    workload::LoadOptions load;
    load.connection = connection_;
    terminal::LiveLine line;
    return workload::Load(dataset, load, [&](const workload::LoadProgress& progress) {
      if (line.in_place() || progress.table_done) line.Show(workload::ToLine(progress));
      if (progress.table_done) line.Finish();
    });
  }

  // `ends_early` is asked each second.
  absl::StatusOr<workload::RunResult> RunWorkload(double seconds, uint64_t seed,
                                                  const std::function<bool()>& ends_early) {
    workload::RunOptions run;
    run.connection = connection_;
    run.seconds = seconds;
    run.seed = seed;
    run.connections = options_.connections;
    std::atomic<bool> stop{false};
    run.stop = &stop;
    terminal::LiveLine line;
    absl::Status cluster_status;
    auto result = workload::Run(run, [&](const workload::Sample& sample) {
      // On a file, every fifth second tells enough.
      if (line.in_place() || static_cast<int64_t>(sample.at_seconds + 0.5) % 5 == 0) {
        line.Show(workload::ToLine(sample));
      }
      const std::string died = cluster_->WhichDied();
      if (!died.empty()) cluster_status = absl::UnavailableError("a process ended: " + died);
      if (Stopped() || !died.empty() || (ends_early != nullptr && ends_early())) stop.store(true);
    });
    line.Finish();
    RETURN_IF_ERROR(cluster_status);
    if (Stopped()) return absl::CancelledError("stopped");
    return result;
  }

  absl::StatusOr<std::vector<Action>> Actions() const {
    ASSIGN_OR_RETURN(const auto listed, orchestrator_->ListActions(Context(), {}));
    std::vector<Action> actions(listed.actions().begin(), listed.actions().end());
    std::reverse(actions.begin(), actions.end());
    return actions;
  }

  static bool IsOpen(const Action& action) {
    return action.state() == orchestrator::v1::ACTION_STATE_APPROVED ||
           action.state() == orchestrator::v1::ACTION_STATE_APPLYING ||
           action.state() == orchestrator::v1::ACTION_STATE_VERIFYING;
  }

  // Actions of a module kept with a measured gain.
  static size_t Kept(const std::vector<Action>& actions, const std::string& module) {
    return static_cast<size_t>(
        std::count_if(actions.begin(), actions.end(), [&](const Action& action) {
          return action.module() == module &&
                 action.state() == orchestrator::v1::ACTION_STATE_KEPT &&
                 action.has_measured_gain() && action.measured_gain() > 0;
        }));
  }

  absl::Status LetModulesAct() {
    std::string last_seen;
    absl::Time last_change = absl::Now();
    const auto settled = [&] {
      const auto actions = Actions();
      if (!actions.ok()) return false;
      std::string seen;
      bool open = false;
      for (const Action& action : *actions) {
        absl::StrAppend(&seen, action.id(), ":", action.state(), " ");
        open |= IsOpen(action);
      }
      if (seen != last_seen) last_change = absl::Now();
      last_seen = seen;
      const bool enough = Kept(*actions, "indexer") > 0 && Kept(*actions, "tuner") > 0;
      return enough && !open && absl::Now() - last_change > absl::Seconds(kQuietSeconds);
    };
    return RunWorkload(options_.seconds * (1 - 2 * kMeasuredShare), 2, settled).status();
  }

  absl::Status Conclude() {
    ASSIGN_OR_RETURN(const auto actions, Actions());
    Title("what the modules did, and what it measurably gained");
    std::cout << options_.action_table(actions);
    std::string report;
    orchestrator::v1::RunAllTablesRequest request;
    request.set_initiator("demo");
    RETURN_IF_ERROR(orchestrator_->RunAllTables(
        Context(), request, [&](const orchestrator::v1::RunAllTablesResponse& step) {
          if (!step.report_directory().empty()) report = step.report_directory();
        }));
    ASSIGN_OR_RETURN(report, KeepReport(report));
    std::cout << "\nreport of a run over all tables: " << report << std::endl;
    const size_t indexes = Kept(actions, "indexer");
    const size_t memory = Kept(actions, "tuner");
    std::cout << indexes << " indexes and " << memory
              << " changes of memory were kept with a measured gain" << std::endl;
    // A busy machine may leave memory undecided, and then says so; what an index gains does not
    // drown in that.
    if (memory == 0) std::cout << WhyNoMemory(actions) << std::endl;
    if (indexes > 0) return absl::OkStatus();
    return absl::UnknownError("no index was kept with a measured gain in this run");
  }

  static std::string WhyNoMemory(const std::vector<Action>& actions) {
    std::string why;
    for (const Action& action : actions) {
      if (action.module() != "tuner") continue;
      absl::StrAppend(&why, why.empty() ? "" : "\n", "memory: action ", action.id(), ": ",
                      action.verdict());
    }
    return why.empty() ? "memory: the tuner saw no share that is too small" : why;
  }

  // A temporary data directory goes away at the end; its report is copied out of it, beside it.
  absl::StatusOr<std::string> KeepReport(const std::string& report) const {
    if (!options_.cluster.data_dir.empty()) return report;
    std::error_code error;
    const std::filesystem::path kept = std::filesystem::temp_directory_path(error) /
                                       "adbms-demo-reports" /
                                       std::filesystem::path(report).filename();
    std::filesystem::create_directories(kept, error);
    if (!error) {
      std::filesystem::copy(report, kept, std::filesystem::copy_options::recursive, error);
    }
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot copy the report to ", kept.string(), ": ", error.message()));
    }
    return kept.string();
  }

  const Options& options_;
  std::unique_ptr<local_cluster::LocalCluster> cluster_;
  workload::ConnectionOptions connection_;
  std::unique_ptr<orchestrator::api::Orchestrator> orchestrator_;
};

}  // namespace

absl::Status Run(const Options& options) { return Demonstration(options).Run(); }

}  // namespace adbms::clients::demo
