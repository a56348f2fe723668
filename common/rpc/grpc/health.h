// grpc.health.v1 of one process. gRPC's own implementation brings polling threads with it
// (completion_loop.h says why there must be none).
#pragma once

#include <list>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/grpc/completion_loop.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace adbms::rpc {

// Thread-safe.
class HealthService
    : public grpc::health::v1::Health::WithAsyncMethod_Watch<grpc::health::v1::Health::Service> {
 public:
  HealthService();
  ~HealthService() override;

  // Takes calls of Watch from now on; the server has started.
  void Accept(grpc::ServerCompletionQueue* queue);
  // Check and the watchers learn of it.
  void SetServing(bool serving);
  // Ends the calls of Watch, so that the server can end.
  void EndWatches();
  // Waits until they are over, that which was asked for and never came too; the server is ending.
  void AwaitEnd();

  grpc::Status Check(grpc::ServerContext* server,
                     const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* response) override;

 private:
  class Watcher;

  absl::Mutex mutex_;
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  // The first waits for the next call, unless ending.
  std::list<std::unique_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::rpc
