#include "common/rpc/grpc/call.h"

#include "absl/strings/cord.h"
#include "common/status/sql_error.h"

namespace adbms::rpc {
namespace {

constexpr char kErrorKey[] = "adbms-error-bin";
constexpr char kTraceKey[] = "adbms-trace-id";
constexpr char kUserKey[] = "adbms-user";

std::string Metadata(const grpc::ServerContextBase& server, const char* key) {
  const auto found = server.client_metadata().find(key);
  if (found == server.client_metadata().end()) return "";
  return {found->second.data(), found->second.size()};
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) return absl::OkStatus();
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto found = trailing.find(kErrorKey);
  if (found != trailing.end()) {
    const absl::Status error =
        status::Decode(std::string_view(found->second.data(), found->second.size()));
    // The code as it was given: errors that are not SQL's (NOT_FOUND) have no SQLSTATE to tell it.
    absl::Status exact(static_cast<absl::StatusCode>(status.error_code()), error.message());
    error.ForEachPayload([&exact](absl::string_view url, const absl::Cord& payload) {
      exact.SetPayload(url, payload);
    });
    return exact;
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

grpc::Status ToGrpc(const absl::Status& status, grpc::ServerContext* context) {
  if (status.ok()) return grpc::Status::OK;
  context->AddTrailingMetadata(kErrorKey, status::Encode(status));
  const std::string message(status.message().data(), status.message().size());
  return {static_cast<grpc::StatusCode>(status.code()), message};
}

void Prepare(const CallContext& context, const Credentials& credentials,
             grpc::ClientContext* client, bool bounded) {
  if (bounded) {
    const bool given = context.deadline != absl::InfiniteFuture();
    client->set_deadline(
        absl::ToChronoTime(given ? context.deadline : absl::Now() + kDefaultTimeout));
  }
  credentials.Attach(client);
  if (!context.trace_id.empty()) client->AddMetadata(kTraceKey, context.trace_id);
  if (!context.user.empty()) client->AddMetadata(kUserKey, context.user);
}

CallContext FromServer(const grpc::ServerContext& server) {
  CallContext context;
  const auto deadline = server.deadline();
  if (deadline != std::chrono::system_clock::time_point::max()) {
    context.deadline = absl::FromChrono(deadline);
  }
  context.trace_id = Metadata(server, kTraceKey);
  context.user = Metadata(server, kUserKey);
  return context;
}

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const Credentials& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  // What an attempt has; on a busy machine an answer takes its time, a handshake more.
  const bool shakes_hands = credentials.channel() != nullptr;
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, shakes_hands ? 2000 : 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(
      address,
      credentials.channel() == nullptr ? grpc::InsecureChannelCredentials() : credentials.channel(),
      arguments);
}

}  // namespace adbms::rpc
