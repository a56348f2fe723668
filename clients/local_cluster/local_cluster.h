// A database of real adbmsd processes on this machine, in a directory of its own: everything in one
// process, or one process for each service. For playgrounds, demonstrations and integration tests.
// Thread-safe but for Start. The destructor stops every process.
//
// In the directory: the daemon's data, run/<service>.pid and run/<service>.stderr.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "clients/local_cluster/child_process.h"

namespace adbms::clients::local_cluster {

struct Options {
  std::string daemon;     // Path of adbmsd; empty: beside this program.
  std::string data_dir;   // Kept at the end; empty: a temporary directory, removed at the end.
  bool separate = false;  // A process for each service.
  // TLS everywhere, mutual between services; the certificates are in <data_dir>/tls, made where
  // they are missing.
  bool tls = false;
  std::string pgwire_listen = "127.0.0.1:0";
  std::string grpc_listen = "127.0.0.1:0";
  std::string http_listen = "127.0.0.1:0";
  std::vector<std::string> settings;  // "key=value" for --set of every process; win over the above.
  std::vector<std::string> environment;  // "NAME=value".
  absl::Duration start_timeout = absl::Seconds(60);
  absl::Duration stop_timeout = absl::Seconds(20);
};

// Where the fronts are.
struct Addresses {
  std::string postgres;  // host:port
  std::string socket;    // Path of the unix socket; may be empty.
  std::string grpc;      // host:port of the gateway's front.
  std::string http;      // host:port
};

class LocalCluster {
 public:
  // Serving when it returns. Errors: those of the process that did not start, with the end of what
  // it wrote to standard error.
  static absl::StatusOr<std::unique_ptr<LocalCluster>> Start(const Options& options);
  ~LocalCluster();

  Addresses addresses() const;
  // Where services serve each other, by name; the gateway is not among them. Empty in one process.
  const std::map<std::string, std::string>& cluster_addresses() const { return cluster_addresses_; }
  const std::string& data_dir() const { return options_.data_dir; }
  // The authority that clients believe; empty without TLS.
  std::string authority_file() const { return options_.tls ? TlsDirectory() + "/ca.crt" : ""; }
  // The superuser's. Errors: NOT_FOUND when it was given through ADBMS_PASSWORD and is not here.
  absl::StatusOr<std::string> Password() const;
  // Names of the processes in the order of their start: services, or "all".
  const std::vector<std::string>& processes() const { return names_; }

  // Ends one process: SIGKILL when `at_once`, otherwise SIGTERM; returns when it is gone. Errors:
  // NOT_FOUND.
  absl::Status Stop(const std::string& name, bool at_once);
  // Stops it and starts it again where it was; serving when it returns.
  absl::Status Restart(const std::string& name, bool at_once);
  // What has ended without being told, by name: "signal 9: last words".
  std::map<std::string, std::string> Ended() const;
  // Starts a process that has ended where it was; returns at once, see IsReady.
  absl::Status StartAgain(const std::string& name);
  // Whether the process has said that it serves.
  bool IsReady(const std::string& name);
  // Ends all in reverse order. Called by the destructor.
  void StopAll();
  // "storage: signal 9" for a process that ended without being told; empty while all run.
  std::string WhichDied() const;

 private:
  explicit LocalCluster(Options options);
  absl::Status StartAll();
  absl::Status PickPorts();
  std::string TlsDirectory() const { return options_.data_dir + "/tls"; }
  std::vector<std::string> CommandOf(const std::string& name) const;
  absl::Status Spawn(const std::string& name);
  absl::Status AwaitReady(const std::string& name);

  Options options_;
  bool temporary_ = false;
  std::vector<std::string> names_;
  std::map<std::string, std::string> cluster_addresses_;  // By service, when separate.
  std::string pgwire_listen_;
  std::string grpc_listen_;
  std::string http_listen_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::unique_ptr<ChildProcess>> running_ ABSL_GUARDED_BY(mutex_);
  Addresses addresses_ ABSL_GUARDED_BY(mutex_);
};

// `count` ports of 127.0.0.1 that are free now, all different.
absl::StatusOr<std::vector<int>> FreePorts(int count);

}  // namespace adbms::clients::local_cluster
