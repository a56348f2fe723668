// GatewayServiceImpl's calls about prepared statements and portals.
#include <set>
#include <utility>

#include "common/status/macros.h"
#include "services/gateway/grpc/descriptions.h"
#include "services/gateway/grpc/errors.h"
#include "services/gateway/grpc/gateway_service.h"
#include "services/gateway/grpc/turn.h"
#include "services/gateway/grpc/values.h"

namespace adbms::gateway::grpc_front {

::grpc::Status GatewayServiceImpl::Prepare(::grpc::ServerContext* server,
                                           const v1::PrepareRequest* request,
                                           v1::PrepareResponse* response) {
  return InSession(
      "Prepare", server, request->session_id(), nullptr, [&](Turn& turn) -> absl::Status {
        session::Session* const session = turn.session();
        const auto prepare = [&]() -> absl::Status {
          std::set<std::string>& names = turn.held()->statements();
          std::erase_if(names, [&](const auto& one) { return !session->FindStatement(one).ok(); });
          if (!request->name().empty() && names.size() >= kMostStatements)
            return TooManyKept("prepared statements", kMostStatements);
          ASSIGN_OR_RETURN(auto declared, DeclaredTypes(request->parameter_types(), session));
          if (request->name().empty()) session->CloseStatement("");
          RETURN_IF_ERROR(session->Prepare(request->name(), request->sql(), std::move(declared)));
          if (!request->name().empty()) names.insert(request->name());
          ASSIGN_OR_RETURN(const auto* prepared, session->FindStatement(request->name()));
          *response->mutable_description() = DescribeStatement(*prepared);
          return absl::OkStatus();
        };
        const absl::Status status = prepare();
        if (!status.ok()) session->Fail();
        return status;
      });
}

::grpc::Status GatewayServiceImpl::Describe(::grpc::ServerContext* server,
                                            const v1::DescribeRequest* request,
                                            v1::DescribeResponse* response) {
  return InSession(
      "Describe", server, request->session_id(), nullptr, [&](Turn& turn) -> absl::Status {
        ASSIGN_OR_RETURN(const auto* prepared, turn.session()->FindStatement(request->name()));
        *response->mutable_description() = DescribeStatement(*prepared);
        return absl::OkStatus();
      });
}

::grpc::Status GatewayServiceImpl::ClosePrepared(::grpc::ServerContext* server,
                                                 const v1::ClosePreparedRequest* request,
                                                 v1::ClosePreparedResponse*) {
  return InSession("ClosePrepared", server, request->session_id(), nullptr, [&](Turn& turn) {
    turn.session()->CloseStatement(request->name());
    turn.held()->statements().erase(request->name());
    return absl::OkStatus();
  });
}

::grpc::Status GatewayServiceImpl::ClosePortal(::grpc::ServerContext* server,
                                               const v1::ClosePortalRequest* request,
                                               v1::ClosePortalResponse*) {
  return InSession("ClosePortal", server, request->session_id(), nullptr, [&](Turn& turn) {
    turn.session()->ClosePortal(request->portal());
    turn.held()->portals().erase(request->portal());
    return absl::OkStatus();
  });
}

}  // namespace adbms::gateway::grpc_front
