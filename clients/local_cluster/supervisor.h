// Starts processes of a local cluster again that ended without being told to: at once the first
// time, then with a delay that doubles while they keep ending. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "clients/local_cluster/local_cluster.h"

namespace adbms::clients::local_cluster {

class Supervisor {
 public:
  // `tell` is given a line for a person each time that a process ends, and when it serves again.
  // `cluster` must outlive this.
  Supervisor(LocalCluster* cluster, std::function<void(const std::string&)> tell)
      : cluster_(cluster), tell_(std::move(tell)) {}

  // Looks for processes that have ended and starts those whose time has come. Never waits.
  void Look();

 private:
  struct Care {
    absl::Duration delay = absl::ZeroDuration();  // Before the next start.
    absl::Time start_at = absl::InfiniteFuture();
    absl::Time started_at = absl::InfinitePast();
    bool awaited = false;  // Started again and not serving yet.
  };
  void NoteEnd(const std::string& name, const std::string& how);

  LocalCluster* const cluster_;
  const std::function<void(const std::string&)> tell_;
  std::map<std::string, Care> care_;
};

}  // namespace adbms::clients::local_cluster
