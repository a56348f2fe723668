#include "services/gateway/grpc/gateway_service.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/grpc/call.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"

namespace adbms::gateway::grpc_front {
namespace {

// Rows gathered in one message.
constexpr uint32_t kRowsPerMessage = 512;

class StreamSink : public session::ResultSink {
 public:
  explicit StreamSink(::grpc::ServerWriter<v1::ExecuteResponse>* writer) : writer_(writer) {}

  absl::Status BeginRows(const session::OutputColumns& columns) override {
    v1::ExecuteResponse response;
    for (const auto& column : columns) {
      v1::Column* target = response.mutable_header()->add_columns();
      target->set_name(column.name());
      *target->mutable_type() = column.type();
    }
    response.mutable_header();
    return Write(response);
  }

  absl::Status Rows(const types::Batch& batch) override {
    for (uint32_t start = 0; start < batch.row_count; start += kRowsPerMessage) {
      v1::ExecuteResponse response;
      const uint32_t end = std::min(batch.row_count, start + kRowsPerMessage);
      for (uint32_t row = start; row < end; ++row) {
        v1::Row* target = response.mutable_rows()->add_rows();
        for (const auto& column : batch.columns) {
          *target->add_values() = types::ToProto(column->Get(row));
        }
      }
      RETURN_IF_ERROR(Write(response));
    }
    return absl::OkStatus();
  }

  absl::Status Complete(std::string_view command_tag) override {
    v1::ExecuteResponse response;
    response.mutable_completion()->set_command_tag(std::string(command_tag));
    return Write(response);
  }

  absl::Status Empty() override { return Complete(""); }
  void Notice(std::string_view, const status::SqlError&) override {}
  void ParameterStatus(std::string_view, std::string_view) override {}
  absl::Status BeginCopyIn(int, bool) override { return status::NotSupported("COPY over gRPC"); }
  absl::StatusOr<bool> ReadCopyData(std::string*) override {
    return status::NotSupported("COPY over gRPC");
  }
  absl::Status BeginCopyOut(int, bool) override { return status::NotSupported("COPY over gRPC"); }
  absl::Status CopyData(std::string_view) override {
    return status::NotSupported("COPY over gRPC");
  }
  absl::Status EndCopyOut() override { return status::NotSupported("COPY over gRPC"); }

 private:
  absl::Status Write(const v1::ExecuteResponse& response) {
    if (writer_->Write(response)) return absl::OkStatus();
    return absl::CancelledError("the caller is gone");
  }
  ::grpc::ServerWriter<v1::ExecuteResponse>* const writer_;
};

}  // namespace

GatewayServiceImpl::GatewayServiceImpl(const session::Services& services, FrontOptions options)
    : services_(services), options_(std::move(options)) {}

absl::StatusOr<security::v1::Policy> GatewayServiceImpl::Authenticate(
    const ::grpc::ServerContextBase& server) {
  security::v1::AuthenticateRequest request;
  if (!rpc::BasicCredentials(server, request.mutable_user(), request.mutable_password())) {
    return status::Error(status::sqlstate::kInvalidAuthorization, "no credentials given", "",
                         "Send metadata authorization: Basic base64(user:password).");
  }
  request.set_peer(server.peer());
  rpc::CallContext context;
  context.user = request.user();
  ASSIGN_OR_RETURN(auto response, services_.security->Authenticate(context, request));
  return std::move(*response.mutable_policy());
}

absl::StatusOr<rpc::User> GatewayServiceImpl::UserOf(const ::grpc::ServerContextBase& server) {
  ASSIGN_OR_RETURN(const security::v1::Policy policy, Authenticate(server));
  return rpc::User{policy.role(), policy.superuser(), policy::MayMonitor(policy)};
}

absl::StatusOr<std::unique_ptr<session::Session>> GatewayServiceImpl::NewSession(
    security::v1::Policy policy, const std::string& database, const std::string& peer) {
  session::SessionOptions options;
  options.user = policy.role();
  if (!database.empty()) options.database = database;
  options.peer = peer;
  options.policy = services_.policies->Hold(std::move(policy));
  return session::Session::Open(services_, std::move(options));
}

::grpc::Status GatewayServiceImpl::Answer(const char* method, absl::Time start,
                                          const absl::Status& status,
                                          ::grpc::ServerContext* server) {
  if (options_.metrics != nullptr) {
    options_.metrics->ObserveCall(method, status.ok(), absl::ToDoubleSeconds(absl::Now() - start));
  }
  return rpc::ToGrpc(status, server);
}

void GatewayServiceImpl::DropIdle() {
  std::vector<std::shared_ptr<Held>> idle;
  absl::MutexLock lock(&mutex_);
  const absl::Time oldest = absl::Now() - options_.idle_timeout;
  for (auto i = sessions_.begin(); i != sessions_.end();) {
    if (i->second->last_use < oldest && i->second.use_count() == 1) {
      idle.push_back(std::move(i->second));
      i = sessions_.erase(i);
    } else {
      ++i;
    }
  }
}

::grpc::Status GatewayServiceImpl::OpenSession(::grpc::ServerContext* server,
                                               const v1::OpenSessionRequest* request,
                                               v1::OpenSessionResponse* response) {
  DropIdle();
  const absl::Time start = absl::Now();
  const auto open = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(auto policy, Authenticate(*server));
    auto held = std::make_shared<Held>();
    held->user = policy.role();
    held->last_use = absl::Now();
    ASSIGN_OR_RETURN(auto session,
                     NewSession(std::move(policy), request->database(), server->peer()));
    {
      absl::MutexLock lock(&held->mutex);
      held->session = std::move(session);
    }
    absl::MutexLock lock(&mutex_);
    if (sessions_.size() >= options_.max_sessions) {
      return status::Error(status::sqlstate::kTooManyConnections,
                           "sorry, too many clients already");
    }
    response->set_session_id(telemetry::NewTraceId());
    sessions_[response->session_id()] = std::move(held);
    return absl::OkStatus();
  };
  return Answer("OpenSession", start, open(), server);
}

::grpc::Status GatewayServiceImpl::CloseSession(::grpc::ServerContext* server,
                                                const v1::CloseSessionRequest* request,
                                                v1::CloseSessionResponse*) {
  const absl::Time start = absl::Now();
  const auto close = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const auto policy, Authenticate(*server));
    std::shared_ptr<Held> held;
    absl::MutexLock lock(&mutex_);
    const auto found = sessions_.find(request->session_id());
    if (found == sessions_.end() || found->second->user != policy.role()) {
      return absl::NotFoundError("no such session");
    }
    held = std::move(found->second);
    sessions_.erase(found);
    return absl::OkStatus();
  };
  return Answer("CloseSession", start, close(), server);
}

absl::Status GatewayServiceImpl::Run(session::Session* session, ::grpc::ServerContext* server,
                                     const v1::ExecuteRequest& request,
                                     ::grpc::ServerWriter<v1::ExecuteResponse>* writer) {
  StreamSink sink(writer);
  if (request.parameters().empty()) return session->Query(request.sql(), &sink);
  std::vector<types::Value> parameters;
  std::vector<types::Type> parameter_types;
  for (const auto& datum : request.parameters()) {
    ASSIGN_OR_RETURN(types::Value value, types::FromProto(datum));
    parameter_types.push_back(value.type());
    parameters.push_back(std::move(value));
  }
  const auto run = [&]() -> absl::Status {
    session->CloseStatement("");
    session->ClosePortal("");
    RETURN_IF_ERROR(session->Prepare("", request.sql(), std::move(parameter_types)));
    ASSIGN_OR_RETURN(const auto* prepared, session->FindStatement(""));
    if (prepared->returns_rows) RETURN_IF_ERROR(sink.BeginRows(prepared->columns));
    RETURN_IF_ERROR(session->Bind("", "", std::move(parameters)));
    bool suspended = false;
    // The header went out above; BeginRows of the execution itself is not wanted again.
    class Quiet : public StreamSink {
     public:
      using StreamSink::StreamSink;
      absl::Status BeginRows(const session::OutputColumns&) override { return absl::OkStatus(); }
    };
    Quiet quiet(writer);
    return session->Execute("", 0, /*alone=*/true, &quiet, &suspended);
  };
  absl::Status status = run();
  if (!status.ok()) session->Fail();
  const absl::Status synced = session->Sync();
  return status.ok() ? synced : status;
}

::grpc::Status GatewayServiceImpl::Execute(::grpc::ServerContext* server,
                                           const v1::ExecuteRequest* request,
                                           ::grpc::ServerWriter<v1::ExecuteResponse>* writer) {
  const absl::Time start = absl::Now();
  const auto execute = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(auto policy, Authenticate(*server));
    if (request->session_id().empty()) {
      ASSIGN_OR_RETURN(const auto session, NewSession(std::move(policy), "", server->peer()));
      return Run(session.get(), server, *request, writer);
    }
    std::shared_ptr<Held> held;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = sessions_.find(request->session_id());
      if (found == sessions_.end() || found->second->user != policy.role()) {
        return absl::NotFoundError("no such session");
      }
      held = found->second;
      held->last_use = absl::Now();
    }
    absl::MutexLock lock(&held->mutex);
    return Run(held->session.get(), server, *request, writer);
  };
  return Answer("Execute", start, execute(), server);
}

::grpc::Status GatewayServiceImpl::GetStatus(::grpc::ServerContext* server,
                                             const v1::GetStatusRequest*,
                                             v1::GetStatusResponse* response) {
  const absl::Time start = absl::Now();
  const auto policy = Authenticate(*server);
  if (policy.ok()) options_.status(response);
  return Answer("GetStatus", start, policy.status(), server);
}

}  // namespace adbms::gateway::grpc_front
