// adbms playground, adbms demo, adbms verify-audit.
#include <atomic>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/cli/action_text.h"
#include "clients/cli/commands.h"
#include "clients/cli/server_access.h"
#include "clients/demo/demo.h"
#include "clients/local_cluster/local_cluster.h"
#include "clients/local_cluster/supervisor.h"
#include "common/lifecycle/secret_file.h"
#include "common/lifecycle/signals.h"
#include "common/status/macros.h"
#include "services/gateway/api/pages.h"
#include "services/security/audit/audit_log.h"

namespace adbms::clients::cli {
namespace {

constexpr absl::Duration kLookForSignals = absl::Milliseconds(100);

// Becomes true at SIGINT or SIGTERM. Called once, before any thread is started; the flag outlives
// the thread that sets it.
const std::atomic<bool>* StopFlag() {
  static std::atomic<bool> stop{false};
  lifecycle::BlockSignals();
  std::thread([] {
    lifecycle::WaitForStop();
    stop.store(true);
  }).detach();
  return &stop;
}

void PrintHowToConnect(const local_cluster::LocalCluster& cluster) {
  const local_cluster::Addresses addresses = cluster.addresses();
  const std::pair<std::string, std::string> tcp =
      absl::StrSplit(addresses.postgres, absl::MaxSplits(':', 1));
  const auto password = cluster.Password();
  const std::string authority = cluster.authority_file();
  std::cout << "\nSQL over TCP:     "
            << (password.ok() ? absl::StrCat("PGPASSWORD=", *password, " ") : "");
  if (authority.empty()) {
    std::cout << "psql -h " << tcp.first << " -p " << tcp.second << " -U adbms adbms\n";
  } else {
    std::cout << "psql \"host=" << tcp.first << " port=" << tcp.second
              << " user=adbms dbname=adbms sslmode=verify-full sslrootcert=" << authority << "\"\n";
  }
  const size_t slash = addresses.socket.rfind('/');
  if (slash != std::string::npos) {
    std::cout << "SQL over a socket: "
              << (password.ok() ? absl::StrCat("PGPASSWORD=", *password, " ") : "") << "psql -h "
              << addresses.socket.substr(0, slash) << " -p " << tcp.second << " -U adbms adbms\n";
  }
  std::cout << "this program:     adbms status --host " << addresses.grpc << " --data-dir "
            << cluster.data_dir() << (authority.empty() ? "" : " --tls-ca " + authority) << "\n"
            << "workload:         adbms workload load --pgwire " << addresses.postgres
            << " --data-dir " << cluster.data_dir() << "\n"
            << "metrics:          http" << (authority.empty() ? "" : "s") << "://" << addresses.http
            << "/metrics\n"
            << "data:             " << cluster.data_dir() << "\n\nrunning; Ctrl-C stops it"
            << std::endl;
}

absl::Status Playground(const Arguments& arguments) {
  const std::atomic<bool>* const stop = StopFlag();
  local_cluster::Options options;
  options.daemon = arguments.Get("--daemon");
  options.data_dir = arguments.Get("--data-dir");
  options.separate = arguments.Has("--separate");
  options.tls = arguments.Has("--tls");
  options.pgwire_listen = arguments.Get("--pgwire", options.pgwire_listen);
  options.grpc_listen = arguments.Get("--grpc", options.grpc_listen);
  options.settings = arguments.All("--set");
  std::cout << "starting " << (options.separate ? "seven processes" : "one process") << std::endl;
  ASSIGN_OR_RETURN(const auto cluster, local_cluster::LocalCluster::Start(options));
  PrintHowToConnect(*cluster);
  local_cluster::Supervisor supervisor(
      cluster.get(), [](const std::string& line) { std::cout << line << std::endl; });
  while (!stop->load()) {
    supervisor.Look();
    absl::SleepFor(kLookForSignals);
  }
  std::cout << "stopping" << std::endl;
  return absl::OkStatus();
}

absl::Status Demo(const Arguments& arguments) {
  demo::Options options;
  options.stop = StopFlag();
  options.cluster.daemon = arguments.Get("--daemon");
  options.cluster.data_dir = arguments.Get("--data-dir");
  options.action_table = ActionTable;
  ASSIGN_OR_RETURN(options.seconds, arguments.GetDouble("--seconds", 180, 30, 86400));
  ASSIGN_OR_RETURN(options.scale, arguments.GetDouble("--scale", options.scale, 0.01, 100));
  ASSIGN_OR_RETURN(const int64_t connections,
                   arguments.GetInt("--connections", options.connections, 1, 100));
  options.connections = static_cast<int>(connections);
  return demo::Run(options);
}

// The head that the daemon keeps beside its data, if it is there.
absl::Status AddKeptHead(const std::string& data_dir, const std::string& key,
                         std::vector<security::audit::KeptHead>* heads) {
  const std::string path = data_dir + "/audit_head";
  auto head = security::audit::ReadHead(path, key);
  if (absl::IsNotFound(head.status())) return absl::OkStatus();
  if (!head.ok()) {
    return absl::DataLossError(absl::StrCat(path, ": ", head.status().message()));
  }
  heads->push_back({path, *std::move(head)});
  return absl::OkStatus();
}

// The head that the database keeps.
absl::Status AddStoredHead(const Arguments& arguments, const std::string& key,
                           std::vector<security::audit::KeptHead>* heads) {
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  gateway::v1::ExecuteRequest request;
  request.set_sql("SELECT head FROM adbms.audit_heads");
  std::vector<std::string> lines;
  RETURN_IF_ERROR(server.Explain(server.Gateway()->Execute(
      server.Context(), request, [&](const gateway::v1::ExecuteResponse& part) {
        ASSIGN_OR_RETURN(const types::Batch rows, gateway::api::DecodePage(part.page()));
        for (uint32_t row = 0; row < rows.row_count; ++row)
          lines.emplace_back(rows.columns[0]->Get(row).bytes());
        return absl::OkStatus();
      })));
  for (const std::string& line : lines) {
    auto head = security::audit::ParseHead(line, key);
    if (!head.ok()) {
      return absl::DataLossError(absl::StrCat("the database: ", head.status().message()));
    }
    heads->push_back({"the database", *std::move(head)});
  }
  return absl::OkStatus();
}

absl::Status VerifyAudit(const Arguments& arguments) {
  namespace fs = std::filesystem;
  // By default logs are a directory of the data's.
  const std::string data_dir = arguments.Get(
      "--data-dir", fs::absolute(arguments.positional[0]).parent_path().parent_path().string());
  const bool asked = arguments.Has("--host") || arguments.Has("--grpc");
  std::vector<security::audit::KeptHead> heads;
  const auto key = lifecycle::ReadSecret(data_dir + "/audit_key");
  if (key.ok()) {
    RETURN_IF_ERROR(AddKeptHead(data_dir, *key, &heads));
    if (asked) RETURN_IF_ERROR(AddStoredHead(arguments, *key, &heads));
  } else if (asked || !absl::IsNotFound(key.status())) {
    return key.status();
  }
  ASSIGN_OR_RETURN(const auto found, security::audit::Verify(arguments.positional[0], heads));
  if (found.first_bad_line != 0) {
    return absl::DataLossError(
        absl::StrCat(arguments.positional[0], " line ", found.first_bad_line, ": ", found.problem));
  }
  std::cout << arguments.positional[0] << ": " << found.records << " records, the chain is whole\n";
  for (const auto& kept : heads) {
    std::cout << "it goes with the head of " << kept.head.records << " records kept in "
              << kept.where << "\n";
  }
  if (heads.empty()) {
    std::cout << "no signed head was found in " << data_dir
              << " (--data-dir): a cut end or a chain computed anew would not show\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddLocalCommands(std::vector<Command>* commands) {
  const Flag daemon = {"--daemon", "FILE", "the daemon's program (adbmsd beside this program)"};
  Command playground;
  playground.name = "playground";
  playground.summary = "start a database on this machine; stop it again at Ctrl-C";
  playground.details = "A process that ends by itself is started again, and that is said.";
  playground.uses_server = false;
  playground.flags = {{"--separate", "", "seven processes, one for each service, instead of one"},
                      {"--tls", "", "encrypt everything, with certificates made for it in DIR/tls"},
                      {"--data-dir", "DIR",
                       "keep the data there; default: a temporary directory, removed at the end"},
                      {"--pgwire", "HOST:PORT", "PostgreSQL wire address (a free port)"},
                      {"--grpc", "HOST:PORT", "address of the gRPC front (a free port)"},
                      {"--set", "KEY=VALUE", "a setting of the daemon", true},
                      daemon};
  playground.run = Playground;
  commands->push_back(std::move(playground));
  Command demo;
  demo.name = "demo";
  demo.summary = "show the autonomous cycle: a workload before and after";
  demo.details =
      "Starts a database in a temporary directory, loads the order-processing data set, runs the\n"
      "workload, lets the modules act while it goes on, and runs it again. Exit status 0 when at\n"
      "least one index was kept with a measured gain.";
  demo.uses_server = false;
  demo.flags = {{"--seconds", "N", "time for the workload's runs in all (180)"},
                {"--scale", "F", "size of the data set (1)"},
                {"--connections", "C", "connections of the workload (4)"},
                {"--data-dir", "DIR", "keep the data there; default: removed at the end"},
                daemon};
  demo.run = Demo;
  commands->push_back(std::move(demo));
  Command verify;
  verify.name = "verify-audit";
  verify.positional = "FILE";
  verify.summary = "check the chain of hashes of an audit log (<log directory>/audit.jsonl)";
  verify.details =
      "Also against the signed head in the data directory (--data-dir, by default the log's "
      "parent\n"
      "directory) and, with --host, against the one that the database keeps. Exit status 1 when\n"
      "something does not fit.";
  verify.minimum_positional = verify.maximum_positional = 1;
  verify.run = VerifyAudit;
  commands->push_back(std::move(verify));
}

}  // namespace adbms::clients::cli
