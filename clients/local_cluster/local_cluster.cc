#include "clients/local_cluster/local_cluster.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "clients/local_cluster/cluster_certificates.h"
#include "common/lifecycle/secret_file.h"
#include "common/status/macros.h"

namespace adbms::clients::local_cluster {
namespace {

constexpr char kReady[] = "adbmsd ready";
constexpr char kAll[] = "all";
// Longest directory whose unix sockets still fit into sun_path.
constexpr size_t kLongestSocketDirectory = 80;

std::string BesideThisProgram() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "adbmsd").string();
}

// "127.0.0.1:0" with the port filled in.
std::string WithPort(const std::string& address, int port) {
  if (!absl::EndsWith(address, ":0")) return address;
  return absl::StrCat(address.substr(0, address.size() - 1), port);
}

// Below the ports that Linux gives to outgoing connections, one of which could take a port between
// its choice here and the process that is to listen on it.
constexpr int kFirstPort = 20000;
constexpr int kLastPort = 32000;

std::string ValueOf(const std::string& ready_line, const std::string& name) {
  for (absl::string_view part : absl::StrSplit(ready_line, ' ')) {
    if (absl::StartsWith(part, name + "=")) return std::string(part.substr(name.size() + 1));
  }
  return "";
}

}  // namespace

absl::StatusOr<std::vector<int>> FreePorts(int count) {
  std::vector<int> sockets;
  std::vector<int> ports;
  absl::BitGen random;
  int port = absl::Uniform(random, kFirstPort, kLastPort);
  for (int tried = kFirstPort; tried < kLastPort && ports.size() < static_cast<size_t>(count);
       ++tried) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) break;
    sockets.push_back(fd);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
      ports.push_back(port);
    }
    port = port + 1 < kLastPort ? port + 1 : kFirstPort;
  }
  for (const int fd : sockets) close(fd);
  if (ports.size() < static_cast<size_t>(count)) {
    return absl::UnavailableError(
        absl::StrCat("no free port between ", kFirstPort, " and ", kLastPort));
  }
  return ports;
}

LocalCluster::LocalCluster(Options options) : options_(std::move(options)) {}

LocalCluster::~LocalCluster() {
  StopAll();
  if (!temporary_) return;
  std::error_code error;
  std::filesystem::remove_all(options_.data_dir, error);
}

absl::StatusOr<std::unique_ptr<LocalCluster>> LocalCluster::Start(const Options& options) {
  auto cluster = std::unique_ptr<LocalCluster>(new LocalCluster(options));
  RETURN_IF_ERROR(cluster->StartAll());
  return cluster;
}

absl::Status LocalCluster::StartAll() {
  if (options_.daemon.empty()) options_.daemon = BesideThisProgram();
  if (options_.data_dir.empty()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "adbms-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      return absl::UnavailableError(absl::StrCat("no temporary directory: ", std::strerror(errno)));
    }
    options_.data_dir = pattern;
    temporary_ = true;
  }
  std::error_code error;
  options_.data_dir = std::filesystem::absolute(options_.data_dir).string();
  std::filesystem::create_directories(options_.data_dir + "/run", error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot make ", options_.data_dir, "/run: ", error.message()));
  }
  names_ = {kAll};
  if (options_.separate) {
    names_ = {"storage", "security", "optimizer", "tuner", "indexer", "orchestrator", "gateway"};
  }
  if (options_.tls) RETURN_IF_ERROR(MakeCertificates(TlsDirectory(), names_));
  RETURN_IF_ERROR(PickPorts());
  // Storage first: the others wait for it, and it makes the secret that all share.
  RETURN_IF_ERROR(Spawn(names_[0]));
  RETURN_IF_ERROR(AwaitReady(names_[0]));
  for (size_t i = 1; i < names_.size(); ++i) RETURN_IF_ERROR(Spawn(names_[i]));
  for (size_t i = 1; i < names_.size(); ++i) RETURN_IF_ERROR(AwaitReady(names_[i]));
  return absl::OkStatus();
}

absl::Status LocalCluster::PickPorts() {
  // Fixed before the start, so that a restarted process is where the others look for it.
  ASSIGN_OR_RETURN(const std::vector<int> ports, FreePorts(3 + static_cast<int>(names_.size())));
  pgwire_listen_ = WithPort(options_.pgwire_listen, ports[0]);
  grpc_listen_ = WithPort(options_.grpc_listen, ports[1]);
  http_listen_ = WithPort(options_.http_listen, ports[2]);
  if (!options_.separate) return absl::OkStatus();
  for (size_t i = 0; i < names_.size(); ++i) {
    cluster_addresses_[names_[i]] = absl::StrCat("127.0.0.1:", ports[3 + i]);
  }
  return absl::OkStatus();
}

std::vector<std::string> LocalCluster::CommandOf(const std::string& name) const {
  std::vector<std::string> command = {options_.daemon, "--target=" + name, "--data-dir",
                                      options_.data_dir};
  const auto set = [&](const std::string& key, const std::string& value) {
    command.push_back(absl::StrCat("--set=", key, "=", value));
  };
  set("gateway.pgwire.listen", pgwire_listen_);
  set("gateway.grpc.listen", grpc_listen_);
  set("gateway.http.listen", http_listen_);
  const std::string run = options_.data_dir + "/run";
  if (run.size() <= kLongestSocketDirectory) set("gateway.pgwire.socket_dir", run);
  for (const auto& [service, address] : cluster_addresses_) {
    if (service == name) {
      set("cluster.listen", address);
    } else if (service != "gateway") {
      set("cluster." + service, address);
    }
  }
  if (options_.tls) {
    for (const std::string& setting : TlsSettings(TlsDirectory(), name))
      command.push_back("--set=" + setting);
  }
  for (const std::string& setting : options_.settings) command.push_back("--set=" + setting);
  return command;
}

absl::Status LocalCluster::Spawn(const std::string& name) {
  ChildProcess::Options child;
  child.command = CommandOf(name);
  child.environment = options_.environment;
  child.stderr_file = absl::StrCat(options_.data_dir, "/run/", name, ".stderr");
  ASSIGN_OR_RETURN(auto process, ChildProcess::Start(child));
  std::ofstream(absl::StrCat(options_.data_dir, "/run/", name, ".pid")) << process->pid() << "\n";
  absl::MutexLock lock(&mutex_);
  running_[name] = std::move(process);
  return absl::OkStatus();
}

absl::Status LocalCluster::AwaitReady(const std::string& name) {
  ChildProcess* process = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    process = running_[name].get();
  }
  const auto line = process->WaitForLine(kReady, absl::Now() + options_.start_timeout);
  if (!line.ok()) {
    return absl::Status(line.status().code(),
                        absl::StrCat("adbmsd --target=", name, ": ", line.status().message()));
  }
  if (name != kAll && name != "gateway") return absl::OkStatus();
  absl::MutexLock lock(&mutex_);
  addresses_ = {ValueOf(*line, "postgres"), ValueOf(*line, "socket"), ValueOf(*line, "grpc"),
                ValueOf(*line, "http")};
  return absl::OkStatus();
}

Addresses LocalCluster::addresses() const {
  absl::MutexLock lock(&mutex_);
  return addresses_;
}

absl::StatusOr<std::string> LocalCluster::Password() const {
  for (const std::string& variable : options_.environment) {
    constexpr absl::string_view kName = "ADBMS_PASSWORD=";
    if (absl::StartsWith(variable, kName)) return variable.substr(kName.size());
  }
  auto stored = lifecycle::ReadSecret(options_.data_dir + "/initial_password");
  const char* const given = std::getenv("ADBMS_PASSWORD");
  if (!stored.ok() && given != nullptr) return std::string(given);
  return stored;
}

absl::Status LocalCluster::Stop(const std::string& name, bool at_once) {
  std::unique_ptr<ChildProcess> process;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = running_.find(name);
    if (found == running_.end()) {
      return absl::NotFoundError(absl::StrCat("no process \"", name, "\" runs"));
    }
    process = std::move(found->second);
    running_.erase(found);
  }
  if (at_once) process->Signal(SIGKILL);
  process->Terminate(options_.stop_timeout);
  std::error_code error;
  std::filesystem::remove(absl::StrCat(options_.data_dir, "/run/", name, ".pid"), error);
  return absl::OkStatus();
}

absl::Status LocalCluster::Restart(const std::string& name, bool at_once) {
  RETURN_IF_ERROR(Stop(name, at_once));
  RETURN_IF_ERROR(Spawn(name));
  return AwaitReady(name);
}

void LocalCluster::StopAll() {
  for (auto name = names_.rbegin(); name != names_.rend(); ++name) {
    (void)Stop(*name, /*at_once=*/false);
  }
}

std::map<std::string, std::string> LocalCluster::Ended() const {
  absl::MutexLock lock(&mutex_);
  std::map<std::string, std::string> ended;
  for (const auto& [name, process] : running_) {
    if (process->running()) continue;
    const std::string errors = process->ErrorOutput();
    ended[name] = absl::StrCat(process->HowItEnded(), errors.empty() ? "" : ": ", errors);
  }
  return ended;
}

absl::Status LocalCluster::StartAgain(const std::string& name) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = running_.find(name);
    if (found == running_.end()) return absl::NotFoundError(absl::StrCat("no process ", name));
    if (found->second->running()) return absl::OkStatus();
  }
  return Spawn(name);
}

bool LocalCluster::IsReady(const std::string& name) {
  ChildProcess* process = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = running_.find(name);
    if (found == running_.end()) return false;
    process = found->second.get();
  }
  return process->running() && process->WaitForLine(kReady, absl::InfinitePast()).ok();
}

std::string LocalCluster::WhichDied() const {
  const std::map<std::string, std::string> ended = Ended();
  return ended.empty() ? "" : absl::StrCat(ended.begin()->first, ": ", ended.begin()->second);
}

}  // namespace adbms::clients::local_cluster
