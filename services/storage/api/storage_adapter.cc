#include <map>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/grpc/service_access.h"
#include "common/rpc/grpc/tls.h"
#include "common/status/macros.h"
#include "services/storage/api/plan_store.h"
#include "services/storage/api/session_hub.h"
#include "services/storage/api/session_table.h"
#include "services/storage/api/storage_grpc.h"

namespace adbms::storage::api {
namespace {

class StorageAdapter : public StorageService, public ServedStorage, public SessionHub::Owner {
 public:
  StorageAdapter(Storage* implementation, rpc::ServerSide side)
      : implementation_(implementation), side_(std::move(side)), metrics_(side_.metrics) {}
  grpc::Service* service() override { return this; }

  void Accept(grpc::ServerCompletionQueue* queue) override {
    absl::MutexLock lock(&mutex_);
    if (queue_ == nullptr) queue_ = queue;
    auto hub = std::make_unique<SessionHub>(implementation_, &plans_, &service_plans_, &sessions_,
                                            &metrics_, this, this, queue);
    if (draining_) hub->Drain();
    SessionHub* const key = hub.get();
    hubs_[key] = std::move(hub);
  }
  void AwaitEnd() override {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](std::map<SessionHub*, std::unique_ptr<SessionHub>>* hubs) { return hubs->empty(); },
        &hubs_));
  }
  grpc::Status OnOpened(const grpc::ServerContext& server, ServiceRights* rights) override {
    Accept(queue_);
    if (rpc::IsEncrypted(server)) *rights = ServiceRights(rpc::ServicesOf(rpc::PeerUris(server)));
    rpc::CallContext unused;
    const absl::Status admitted =
        rpc::Admit(server, side_.secret, side_.user_of,
                   rpc::MethodIn(v1::SessionRequests::descriptor()->file(), "Sessions"), &unused);
    if (admitted.ok()) return grpc::Status::OK;
    return {static_cast<grpc::StatusCode>(admitted.code()),
            std::string(admitted.message().data(), admitted.message().size())};
  }
  void OnOver(SessionHub* hub) override {
    absl::MutexLock lock(&mutex_);
    hubs_.erase(hub);
  }

  void Drain() override {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    for (const auto& [key, hub] : hubs_) hub->Drain();
  }

  grpc::Status CancelStatement(grpc::ServerContext* server,
                               const v1::CancelStatementRequest* request,
                               v1::CancelStatementResponse* response) override {
    return rpc::Serve(side_, "CancelStatement", server, response,
                      [&](const rpc::CallContext&) -> absl::StatusOr<v1::CancelStatementResponse> {
                        if (!sessions_.Cancel(request->session_id())) {
                          return absl::NotFoundError("there is no such session");
                        }
                        return v1::CancelStatementResponse();
                      });
  }
  grpc::Status GetCatalog(grpc::ServerContext* server, const v1::GetCatalogRequest* request,
                          v1::GetCatalogResponse* response) override {
    return rpc::Serve(
        side_, "GetCatalog", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<v1::GetCatalogResponse> {
          v1::GetCatalogResponse answer;
          const std::string database =
              request->database().empty() ? std::string(kSystemDatabase) : request->database();
          ASSIGN_OR_RETURN(const auto catalog, implementation_->GetCatalogOf(
                                                   context, database, request->known_version()));
          if (catalog != nullptr) *answer.mutable_catalog() = *catalog;
          return answer;
        });
  }
  grpc::Status GetStatistics(grpc::ServerContext* server, const v1::GetStatisticsRequest* request,
                             v1::GetStatisticsResponse* response) override {
    return rpc::Serve(
        side_, "GetStatistics", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<v1::GetStatisticsResponse> {
          v1::GetStatisticsResponse answer;
          ASSIGN_OR_RETURN(const auto statistics,
                           implementation_->GetStatistics(context, request->known_version()));
          if (statistics != nullptr) *answer.mutable_statistics() = *statistics;
          return answer;
        });
  }
  grpc::Status GetMetrics(grpc::ServerContext* server, const v1::GetMetricsRequest*,
                          v1::GetMetricsResponse* response) override {
    return rpc::Serve(
        side_, "GetMetrics", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<v1::GetMetricsResponse> {
          v1::GetMetricsResponse answer;
          ASSIGN_OR_RETURN(*answer.mutable_metrics(), implementation_->GetMetrics(context));
          return answer;
        });
  }
  grpc::Status ListKnobs(grpc::ServerContext* server, const v1::ListKnobsRequest*,
                         v1::ListKnobsResponse* response) override {
    return rpc::Serve(side_, "ListKnobs", server, response, [&](const rpc::CallContext& context) {
      return implementation_->ListKnobs(context);
    });
  }
  grpc::Status SetKnob(grpc::ServerContext* server, const v1::SetKnobRequest* request,
                       v1::SetKnobResponse* response) override {
    return rpc::Serve(side_, "SetKnob", server, response,
                      [&](const rpc::CallContext& context) -> absl::StatusOr<v1::SetKnobResponse> {
                        v1::SetKnobResponse answer;
                        ASSIGN_OR_RETURN(
                            *answer.mutable_knob(),
                            implementation_->SetKnob(context, request->name(), request->value()));
                        return answer;
                      });
  }

 private:
  Storage* const implementation_;
  const rpc::ServerSide side_;
  const SessionMetrics metrics_;
  PlanStore plans_;
  PlanStore service_plans_;
  SessionTable sessions_;
  absl::Mutex mutex_;
  grpc::ServerCompletionQueue* queue_ = nullptr;  // Set once.
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<SessionHub*, std::unique_ptr<SessionHub>> hubs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<ServedStorage> NewStorageAdapter(Storage* implementation, rpc::ServerSide side) {
  return std::make_unique<StorageAdapter>(implementation, std::move(side));
}

}  // namespace adbms::storage::api
