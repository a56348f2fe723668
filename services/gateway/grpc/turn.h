// A session while a call has it. On the thread of the call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adbms/gateway/v1/gateway.grpc.pb.h"
#include "common/status/macros.h"
#include "services/gateway/grpc/call_watcher.h"
#include "services/gateway/grpc/errors.h"
#include "services/gateway/grpc/gateway_service.h"
#include "services/gateway/grpc/session_table.h"

namespace adbms::gateway::grpc_front {

class GatewayServiceImpl::Turn {
 public:
  explicit Turn(::grpc::ServerContext* server) : call_(server) {}
  ~Turn() {
    watch_.reset();
    if (held_ != nullptr) held_->Leave();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  RunningCall& call() { return call_; }
  session::Session* session() const { return held_ != nullptr ? held_->session() : own_.get(); }
  // Null: the session is this call's own.
  HeldSession* held() const { return held_.get(); }
  std::string session_id() const { return held_ == nullptr ? "" : held_->identity().id; }
  // Whose idempotency keys they are.
  std::string owner() const {
    const session::SessionOptions& options = session()->options();
    return absl::StrCat(options.user, std::string(1, '\0'), options.database);
  }
  v1::TransactionStatus transaction() const {
    return TransactionStatusOf(session()->transaction_status());
  }
  // Errors: 08003.
  absl::Status Take(std::shared_ptr<HeldSession> held) {
    RETURN_IF_ERROR(held->Enter(&call_));
    held_ = std::move(held);
    return absl::OkStatus();
  }
  void Own(std::unique_ptr<session::Session> session) { own_ = std::move(session); }
  void Watch(CallWatcher* watcher) {
    watch_.emplace(watcher, &call_, [this] { session()->Cancel(); });
  }
  // A message to the caller. `last`: it goes with the call's end, at once. Errors: CANCELLED.
  absl::Status Write(const v1::ExecuteResponse& response,
                     ::grpc::ServerWriter<v1::ExecuteResponse>* writer, bool last = false) {
    call_.BeginWait();
    ::grpc::WriteOptions options;
    if (last) options.set_last_message();
    const bool written = writer->Write(response, options);
    call_.EndWait();
    return written ? absl::OkStatus() : absl::CancelledError("the caller is gone");
  }

 private:
  RunningCall call_;
  std::shared_ptr<HeldSession> held_;
  std::unique_ptr<session::Session> own_;
  std::optional<CallWatcher::Watch> watch_;
};

}  // namespace adbms::gateway::grpc_front
