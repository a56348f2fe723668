// Unary calls between services over gRPC: the context travels as metadata, errors keep their
// SQLSTATE, every call has a deadline. The only place that turns grpc::Status into absl::Status and
// back.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/call_context.h"
#include "common/rpc/grpc/access.h"
#include "common/telemetry/metrics.h"

namespace adbms::rpc {

// Deadline of a call whose context has none.
inline constexpr absl::Duration kDefaultTimeout = absl::Seconds(30);

absl::Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context);
grpc::Status ToGrpc(const absl::Status& status, grpc::ServerContext* context);

// Fills deadline (the context's, or now + kDefaultTimeout; `bounded` false leaves streams without
// one), trace id, user and credentials.
void Prepare(const CallContext& context, const Credentials& credentials,
             grpc::ClientContext* client, bool bounded = true);

// The context of an incoming call. Cancellation by the peer is seen by Check() of long calls
// through `cancellation`, which the caller may poll the ServerContext into.
CallContext FromServer(const grpc::ServerContext& server);

// What every adapter needs.
struct ServerSide {
  std::string secret;  // Empty: calls are not checked (never across processes).
  telemetry::ServiceMetrics* metrics = nullptr;  // Not owned; may be null.
  // On the port that clients reach: tells by a call's credentials which user of the database calls.
  // Nobody else is let in there. Null: the cluster's own port, for services and modules.
  UserOf user_of = nullptr;
};

// A channel to host:port by the credentials' way, reconnecting quickly; idempotent calls are
// retried by `Call`.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const Credentials& credentials = std::string());

// Calls `method` of `stub`. With `idempotent`, UNAVAILABLE is retried twice with backoff within the
// deadline.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(
    Stub* stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    const CallContext& context, const Credentials& credentials, const Request& request,
    bool idempotent, const std::pair<std::string, std::string>& metadata = {}) {
  for (int attempt = 0;; ++attempt) {
    grpc::ClientContext client;
    Prepare(context, credentials, &client);
    if (!metadata.second.empty()) client.AddMetadata(metadata.first, metadata.second);
    Response response;
    const grpc::Status status = (stub->*method)(&client, request, &response);
    if (status.ok()) return response;
    const bool again = idempotent && attempt < 2 &&
                       status.error_code() == grpc::StatusCode::UNAVAILABLE && context.Check().ok();
    if (!again) return FromGrpc(status, client);
    absl::SleepFor(absl::Milliseconds(20 << attempt));
  }
}

// Serves one call of the method `name` of the service that `Response` stands in a file with: lets
// in whom the contract names, counts and times it, converts the error. For a call of a user the
// context's user is that one.
template <typename Response, typename Method>
grpc::Status Serve(const ServerSide& side, const char* name, grpc::ServerContext* server,
                   Response* response, const Method& method) {
  const absl::Time start = absl::Now();
  CallContext context = FromServer(*server);
  const absl::Status admitted = Admit(*server, side.secret, side.user_of,
                                      MethodIn(Response::descriptor()->file(), name), &context);
  if (!admitted.ok()) return ToGrpc(admitted, server);
  auto result = method(std::as_const(context));
  if (side.metrics != nullptr) {
    side.metrics->ObserveCall(name, result.ok(), absl::ToDoubleSeconds(absl::Now() - start));
  }
  if (!result.ok()) return ToGrpc(result.status(), server);
  *response = *std::move(result);
  return grpc::Status::OK;
}

}  // namespace adbms::rpc
