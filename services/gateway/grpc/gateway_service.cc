#include "services/gateway/grpc/gateway_service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/grpc/errors.h"
#include "services/gateway/grpc/statements.h"
#include "services/gateway/grpc/turn.h"
#include "services/gateway/policy/authorize.h"

namespace adbms::gateway::grpc_front {
namespace {

// Who takes or sends nothing for longer holds up nobody but a transaction, which must end.
constexpr absl::Duration kPatience = absl::Minutes(10);

absl::Status WrongDatabase(const std::string& database, const security::v1::TokenScope& scope) {
  return status::Error(
      status::sqlstate::kInsufficientPrivilege,
      absl::StrCat("permission denied for database \"", database, "\""),
      absl::StrCat("The token opens the database \"", scope.database(), "\" alone."));
}

}  // namespace

GatewayServiceImpl::GatewayServiceImpl(const session::Services& services, FrontOptions options)
    : services_(services),
      read_only_services_(services),
      options_(std::move(options)),
      sessions_(options_.max_sessions),
      outcomes_(telemetry::NewTraceId(), OutcomeLimits(), [] { return absl::Now(); }),
      watcher_(std::min(kPatience, options_.idle_timeout), [this] { sessions_.EndIdle(); }) {}

absl::StatusOr<rpc::User> GatewayServiceImpl::UserOf(const ::grpc::ServerContextBase& server) {
  ASSIGN_OR_RETURN(const Login login, Authenticate(server));
  const security::v1::Policy& policy = login.policy;
  rpc::User user{policy.role(), policy.superuser(), policy::MayMonitor(policy)};
  if (login.token.has_value()) {
    // What is not of one database, and what changes the system, its scope does not open.
    const security::v1::TokenScope& scope = login.token->scope();
    user.superuser = user.superuser && !scope.read_only() && scope.database().empty();
    user.monitor = user.monitor && scope.database().empty();
  }
  return user;
}

absl::StatusOr<std::unique_ptr<session::Session>> GatewayServiceImpl::NewSession(
    Login login, const std::string& database, const std::string& peer,
    const google::protobuf::Map<std::string, std::string>& settings) {
  session::SessionOptions options;
  options.user = login.policy.role();
  if (!database.empty()) options.database = database;
  bool reads_only = false;
  if (login.token.has_value()) {
    const security::v1::TokenScope& scope = login.token->scope();
    reads_only = scope.read_only();
    if (!scope.database().empty()) {
      if (!database.empty() && database != scope.database()) return WrongDatabase(database, scope);
      options.database = scope.database();
    }
  }
  options.peer = peer;
  options.policy = services_.policies->Hold(std::move(login.policy));
  options.settings.assign(settings.begin(), settings.end());
  if (reads_only) options.settings.emplace_back("default_transaction_read_only", "on");
  return session::Session::Open(reads_only ? read_only_services_.services() : services_,
                                std::move(options));
}

absl::StatusOr<std::shared_ptr<HeldSession>> GatewayServiceImpl::SessionOf(
    const ::grpc::ServerContextBase& server, const std::string& id) {
  std::shared_ptr<HeldSession> held = sessions_.Find(id, DigestOf(server));
  if (held != nullptr) {
    RETURN_IF_ERROR(CheckToken(server, held));
    return held;
  }
  // Who is nobody is not told about sessions.
  RETURN_IF_ERROR(Authenticate(server).status());
  return NoSuchSession();
}

absl::Status GatewayServiceImpl::Enter(const std::string& id, const std::string* database,
                                       Turn* turn) {
  const ::grpc::ServerContext& server = *turn->call().server();
  if (id.empty() && database != nullptr) {
    ASSIGN_OR_RETURN(Login login, Authenticate(server));
    ASSIGN_OR_RETURN(auto own, NewSession(std::move(login), *database, server.peer(), {}));
    turn->Own(std::move(own));
  } else {
    ASSIGN_OR_RETURN(auto held, SessionOf(server, id));
    RETURN_IF_ERROR(turn->Take(std::move(held)));
  }
  turn->Watch(&watcher_);
  return absl::OkStatus();
}

::grpc::Status GatewayServiceImpl::InSession(const char* method, ::grpc::ServerContext* server,
                                             const std::string& id, const std::string* database,
                                             const Run& run) {
  const absl::Time start = absl::Now();
  v1::TransactionStatus transaction = v1::TRANSACTION_STATUS_UNSPECIFIED;
  const auto serve = [&]() -> absl::Status {
    Turn turn(server);
    RETURN_IF_ERROR(Enter(id, database, &turn));
    const absl::Status status = run(turn);
    if (turn.held() == nullptr) return status;
    transaction = turn.transaction();
    // What the session kept in storage is lost: nobody can go on with it.
    if (status::HasSqlState(status, status::sqlstate::kAdminShutdown)) {
      turn.held()->Close();
      sessions_.Remove(id, turn.held()->identity().credentials);
    }
    return status;
  };
  const absl::Status status = serve();
  return Answer(method, start, status, transaction, server);
}

::grpc::Status GatewayServiceImpl::Answer(const char* method, absl::Time start,
                                          const absl::Status& status,
                                          v1::TransactionStatus transaction,
                                          ::grpc::ServerContext* server) {
  if (options_.metrics != nullptr) {
    options_.metrics->ObserveCall(method, status.ok(), absl::ToDoubleSeconds(absl::Now() - start));
  }
  return ToGrpc(status, transaction, server);
}

absl::Status GatewayServiceImpl::OpenHeld(::grpc::ServerContext* server,
                                          const v1::OpenSessionRequest& request,
                                          v1::OpenSessionResponse* response) {
  ASSIGN_OR_RETURN(Login login, Authenticate(*server));
  RETURN_IF_ERROR(sessions_.CheckRoom());
  HeldSession::Identity identity{telemetry::NewTraceId(), login.policy.role(), request.database(),
                                 DigestOf(*server)};
  if (login.token.has_value()) identity.expires = absl::FromUnixMicros(login.token->expires_us());
  ASSIGN_OR_RETURN(auto session, NewSession(std::move(login), request.database(), server->peer(),
                                            request.settings()));
  for (const auto& [name, value] : session->settings().Reported())
    (*response->mutable_settings())[name] = value;
  const absl::Duration wanted = absl::Milliseconds(request.idle_timeout_ms());
  const absl::Duration idle = wanted > absl::ZeroDuration()
                                  ? std::min(wanted, options_.idle_timeout)
                                  : options_.idle_timeout;
  response->set_session_id(identity.id);
  response->set_instance(outcomes_.instance());
  response->set_idle_timeout_ms(static_cast<uint32_t>(absl::ToInt64Milliseconds(idle)));
  return sessions_.Add(std::make_shared<HeldSession>(std::move(identity), idle, std::move(session),
                                                     services_.audit));
}

::grpc::Status GatewayServiceImpl::OpenSession(::grpc::ServerContext* server,
                                               const v1::OpenSessionRequest* request,
                                               v1::OpenSessionResponse* response) {
  const absl::Time start = absl::Now();
  const absl::Status status = OpenHeld(server, *request, response);
  return Answer("OpenSession", start, status, v1::TRANSACTION_STATUS_UNSPECIFIED, server);
}

::grpc::Status GatewayServiceImpl::CloseSession(::grpc::ServerContext* server,
                                                const v1::CloseSessionRequest* request,
                                                v1::CloseSessionResponse*) {
  const absl::Time start = absl::Now();
  auto held = SessionOf(*server, request->session_id());
  if (held.ok()) {
    (*held)->Close();
    sessions_.Remove(request->session_id(), (*held)->identity().credentials);
  }
  const absl::Status status = held.status();
  held = std::shared_ptr<HeldSession>();  // Rolls back before the caller is told.
  return Answer("CloseSession", start, status, v1::TRANSACTION_STATUS_UNSPECIFIED, server);
}

::grpc::Status GatewayServiceImpl::KeepAlive(::grpc::ServerContext* server,
                                             const v1::KeepAliveRequest* request,
                                             v1::KeepAliveResponse* response) {
  const absl::Time start = absl::Now();
  const auto held = SessionOf(*server, request->session_id());
  if (held.ok()) {
    const absl::Duration left = (*held)->Touch();
    response->set_expires_in_ms(static_cast<uint32_t>(absl::ToInt64Milliseconds(left)));
    const std::optional<char> transaction = (*held)->transaction_status();
    response->set_running(!transaction.has_value());
    if (transaction.has_value())
      response->set_transaction_status(TransactionStatusOf(*transaction));
  }
  return Answer("KeepAlive", start, held.status(), v1::TRANSACTION_STATUS_UNSPECIFIED, server);
}

::grpc::Status GatewayServiceImpl::Cancel(::grpc::ServerContext* server,
                                          const v1::CancelRequest* request,
                                          v1::CancelResponse* response) {
  const absl::Time start = absl::Now();
  const auto held = SessionOf(*server, request->session_id());
  if (held.ok()) response->set_running((*held)->Cancel());
  return Answer("Cancel", start, held.status(), v1::TRANSACTION_STATUS_UNSPECIFIED, server);
}

::grpc::Status GatewayServiceImpl::Begin(::grpc::ServerContext* server,
                                         const v1::BeginRequest* request,
                                         v1::BeginResponse* response) {
  return InSession(
      "Begin", server, request->session_id(), nullptr, [&](Turn& turn) -> absl::Status {
        if (turn.transaction() != v1::TRANSACTION_STATUS_IDLE) {
          return status::Error(status::sqlstate::kActiveTransaction,
                               "there is already a transaction in progress");
        }
        NoticeSink sink(turn.session());
        RETURN_IF_ERROR(grpc_front::Begin(turn.session(), request->transaction(), &sink));
        response->set_transaction_status(turn.transaction());
        return absl::OkStatus();
      });
}

::grpc::Status GatewayServiceImpl::Rollback(::grpc::ServerContext* server,
                                            const v1::RollbackRequest* request,
                                            v1::RollbackResponse* response) {
  return InSession("Rollback", server, request->session_id(), nullptr,
                   [&](Turn& turn) -> absl::Status {
                     NoticeSink sink(turn.session());
                     if (turn.transaction() != v1::TRANSACTION_STATUS_IDLE)
                       RETURN_IF_ERROR(turn.session()->Query("ROLLBACK", &sink));
                     response->set_transaction_status(turn.transaction());
                     return absl::OkStatus();
                   });
}

::grpc::Status GatewayServiceImpl::GetStatus(::grpc::ServerContext* server,
                                             const v1::GetStatusRequest*,
                                             v1::GetStatusResponse* response) {
  const absl::Time start = absl::Now();
  const auto policy = Authenticate(*server);
  if (policy.ok()) {
    options_.status(response);
    response->set_sessions(response->sessions() + static_cast<uint32_t>(sessions_.size()));
  }
  return Answer("GetStatus", start, policy.status(), v1::TRANSACTION_STATUS_UNSPECIFIED, server);
}

}  // namespace adbms::gateway::grpc_front
