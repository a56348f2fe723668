#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/status/macros.h"
#include "services/storage/api/remote_session.h"
#include "services/storage/api/storage_grpc.h"

namespace adbms::storage::api {
namespace {

using Stub = v1::StorageService::Stub;

class StorageClient : public Storage {
 public:
  StorageClient(const std::string& address, const rpc::Credentials& credentials,
                rpc::CompletionLoop* loop)
      : credentials_(credentials),
        loop_(loop),
        stub_(v1::StorageService::NewStub(rpc::OpenChannel(address, credentials))),
        watcher_(stub_.get(), credentials_) {}

  absl::StatusOr<std::unique_ptr<Session>> OpenSessionIn(const rpc::CallContext&,
                                                         const std::string& database) override {
    return std::make_unique<RemoteSession>([this] { return Channel(); }, &watcher_, database);
  }
  absl::StatusOr<PreparedPlanPtr> Prepare(const rpc::CallContext&,
                                          std::shared_ptr<const common::v1::Plan> plan) override {
    return std::make_shared<const RemotePlan>(std::move(plan));
  }
  absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalogOf(
      const rpc::CallContext& context, const std::string& database,
      uint64_t known_version) override {
    v1::GetCatalogRequest request;
    request.set_database(database);
    request.set_known_version(known_version);
    ASSIGN_OR_RETURN(auto response, rpc::Call(stub_.get(), &Stub::GetCatalog, context, credentials_,
                                              request, true));
    if (!response.has_catalog()) return nullptr;
    return std::make_shared<const common::v1::CatalogSnapshot>(
        std::move(*response.mutable_catalog()));
  }
  absl::StatusOr<std::shared_ptr<const common::v1::StatisticsSnapshot>> GetStatistics(
      const rpc::CallContext& context, uint64_t known_version) override {
    v1::GetStatisticsRequest request;
    request.set_known_version(known_version);
    ASSIGN_OR_RETURN(auto response, rpc::Call(stub_.get(), &Stub::GetStatistics, context,
                                              credentials_, request, true));
    if (!response.has_statistics()) return nullptr;
    return std::make_shared<const common::v1::StatisticsSnapshot>(
        std::move(*response.mutable_statistics()));
  }
  absl::StatusOr<v1::EngineMetrics> GetMetrics(const rpc::CallContext& context) override {
    ASSIGN_OR_RETURN(auto response, rpc::Call(stub_.get(), &Stub::GetMetrics, context, credentials_,
                                              v1::GetMetricsRequest(), true));
    return std::move(*response.mutable_metrics());
  }
  absl::StatusOr<v1::ListKnobsResponse> ListKnobs(const rpc::CallContext& context) override {
    return rpc::Call(stub_.get(), &Stub::ListKnobs, context, credentials_, v1::ListKnobsRequest(),
                     true);
  }
  absl::StatusOr<v1::Knob> SetKnob(const rpc::CallContext& context, const std::string& name,
                                   int64_t value) override {
    v1::SetKnobRequest request;
    request.set_name(name);
    request.set_value(value);
    ASSIGN_OR_RETURN(auto response,
                     rpc::Call(stub_.get(), &Stub::SetKnob, context, credentials_, request, true));
    return std::move(*response.mutable_knob());
  }

 private:
  // All sessions share it; one that has broken is replaced.
  std::shared_ptr<SessionChannel> Channel() {
    absl::MutexLock lock(&mutex_);
    if (channel_ == nullptr || channel_->broken()) {
      channel_ = std::make_shared<SessionChannel>(stub_.get(), credentials_, loop_);
    }
    return channel_;
  }

  const rpc::Credentials credentials_;
  rpc::CompletionLoop* const loop_;
  const std::unique_ptr<Stub> stub_;
  CancelWatcher watcher_;
  absl::Mutex mutex_;
  std::shared_ptr<SessionChannel> channel_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Storage> NewStorageClient(const std::string& address,
                                          const rpc::Credentials& credentials,
                                          rpc::CompletionLoop* loop) {
  return std::make_unique<StorageClient>(address, credentials, loop);
}

}  // namespace adbms::storage::api
