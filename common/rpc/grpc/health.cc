#include "common/rpc/grpc/health.h"

namespace adbms::rpc {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// One call of Watch. All methods need the service's mutex but the completions, which take it.
class HealthService::Watcher {
 public:
  Watcher(HealthService* service, grpc::ServerCompletionQueue* queue)
      : service_(service), queue_(queue), writer_(&server_) {
    server_.AsyncNotifyWhenDone(&ended_);
    service->RequestWatch(&server_, &request_, &writer_, queue, queue, &called_);
  }

  // Tells the caller what it does not know yet.
  void Tell() {
    if (!open_ || writing_ || finish_sent_) return;
    if (service_->ending_) {
      finish_sent_ = finishing_ = true;
      return writer_.Finish(grpc::Status::OK, &finished_);
    }
    HealthCheckResponse response;
    response.set_status(!request_.service().empty() ? HealthCheckResponse::SERVICE_UNKNOWN
                        : service_->serving_        ? HealthCheckResponse::SERVING
                                                    : HealthCheckResponse::NOT_SERVING);
    if (response.status() == told_) return;
    told_ = response.status();
    writing_ = true;
    writer_.Write(response, &written_);
  }

 private:
  void OnCalled(bool ok) {
    absl::MutexLock lock(&service_->mutex_);
    // Of a call that never came, `ended_` is not told either.
    if (!ok) return Remove();
    open_ = true;
    Tell();
    if (!service_->ending_) {
      service_->watchers_.push_front(std::make_unique<Watcher>(service_, queue_));
    }
  }
  void OnWritten(bool) { OnDone(&writing_); }
  void OnFinished(bool) { OnDone(&finishing_); }
  void OnEnded(bool) { OnDone(&open_); }
  // What `under_way` says is over.
  void OnDone(bool* under_way) {
    absl::MutexLock lock(&service_->mutex_);
    *under_way = false;
    Tell();
    if (!open_ && !writing_ && !finishing_) Remove();
  }
  void Remove() {
    service_->watchers_.remove_if([this](const auto& watcher) { return watcher.get() == this; });
  }

  HealthService* const service_;
  grpc::ServerCompletionQueue* const queue_;
  grpc::ServerContext server_;
  HealthCheckRequest request_;
  grpc::ServerAsyncWriter<HealthCheckResponse> writer_;
  Completion called_ = Completion::To<&Watcher::OnCalled>(this);
  Completion written_ = Completion::To<&Watcher::OnWritten>(this);
  Completion finished_ = Completion::To<&Watcher::OnFinished>(this);
  Completion ended_ = Completion::To<&Watcher::OnEnded>(this);
  int told_ = HealthCheckResponse::UNKNOWN;
  bool open_ = false;  // Called, and not ended.
  bool writing_ = false;
  bool finishing_ = false;
  bool finish_sent_ = false;
};

HealthService::HealthService() = default;

HealthService::~HealthService() = default;

void HealthService::AwaitEnd() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](std::list<std::unique_ptr<Watcher>>* watchers) { return watchers->empty(); },
      &watchers_));
}

void HealthService::Accept(grpc::ServerCompletionQueue* queue) {
  absl::MutexLock lock(&mutex_);
  watchers_.push_front(std::make_unique<Watcher>(this, queue));
}

void HealthService::SetServing(bool serving) {
  absl::MutexLock lock(&mutex_);
  serving_ = serving;
  for (const auto& watcher : watchers_) watcher->Tell();
}

void HealthService::EndWatches() {
  absl::MutexLock lock(&mutex_);
  ending_ = true;
  for (const auto& watcher : watchers_) watcher->Tell();
}

grpc::Status HealthService::Check(grpc::ServerContext*, const HealthCheckRequest* request,
                                  HealthCheckResponse* response) {
  if (!request->service().empty()) {
    return {grpc::StatusCode::NOT_FOUND, "unknown service: " + request->service()};
  }
  absl::MutexLock lock(&mutex_);
  response->set_status(serving_ ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING);
  return grpc::Status::OK;
}

}  // namespace adbms::rpc
