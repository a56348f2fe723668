// Api's route to the orchestrator: how much a module may do by itself. Everything else is steered
// by SQL.
#include <httplib.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/sql_error.h"
#include "common/telemetry/log.h"
#include "services/gateway/console/api.h"
#include "services/gateway/console/replies.h"
#include "services/gateway/console/turn.h"
#include "services/gateway/grpc/audited_orchestrator.h"

namespace adbms::gateway::console {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

int HttpStatusOf(const absl::Status& error) {
  if (absl::IsNotFound(error)) return 404;
  if (absl::IsInvalidArgument(error)) return 400;
  return 503;
}

}  // namespace

void Api::SetAutonomy(const httplib::Request& request, httplib::Response* response) {
  const Turn turn(this);
  if (!turn.Check(response)) return;
  orchestrator::v1::SetAutonomyRequest change;
  const absl::Status read = ReadBody(request, &change);
  if (!read.ok()) return ReplyError(400, read, response);
  const std::shared_ptr<SignIn> sender = Sender(request, /*use=*/true);
  if (sender == nullptr) return Refuse(401, "sign in first", response);
  const auto policy = sender->policy()->Get();
  if (!policy.ok()) return ReplyError(503, policy.status(), response);
  if (!(*policy)->superuser()) {
    return ReplyError(403,
                      status::Error(status::sqlstate::kInsufficientPrivilege,
                                    "permission denied to change what modules do by themselves", "",
                                    "Only superusers may."),
                      response);
  }
  if (services_.orchestrator == nullptr) {
    return ReplyError(
        503,
        status::Error(status::sqlstate::kCannotConnectNow, "the orchestrator is not configured"),
        response);
  }
  grpc_front::AuditedOrchestrator orchestrator(services_.orchestrator, services_.audit);
  rpc::CallContext context;
  context.user = sender->role();
  context.trace_id = telemetry::NewTraceId();
  context.deadline = absl::Now() + kPatience;
  const auto changed = orchestrator.SetAutonomy(context, change);
  if (!changed.ok()) return ReplyError(HttpStatusOf(changed.status()), changed.status(), response);
  ReplyJson(200, "{}", response);
}

}  // namespace adbms::gateway::console
