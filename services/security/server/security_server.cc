#include "services/security/server/security_server.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/security/authn/scram.h"

namespace adbms::security::server {
namespace {

constexpr int64_t kPostgresEpochUs = 946684800000000;

anomaly::DetectorOptions Thresholds(const common::v1::SecurityConfig& config) {
  return {.failed_logins = static_cast<int>(config.failed_login_threshold()),
          .sprayed_roles = config.sprayed_roles_threshold(),
          .row_sigma = config.row_anomaly_sigma()};
}

}  // namespace

SecurityServer::SecurityServer(storage::api::Storage* storage, telemetry::Logger* logger,
                               telemetry::ServiceMetrics* metrics, const Options& options)
    : options_(options),
      logger_(logger),
      metrics_(metrics),
      sql_(storage, options.superuser),
      roles_(&sql_, storage),
      detector_(Thresholds(options.config)) {}

void SecurityServer::SetConfig(const common::v1::SecurityConfig& config) {
  absl::MutexLock lock(&mutex_);
  detector_.SetOptions(Thresholds(config));
}

absl::StatusOr<std::unique_ptr<SecurityServer>> SecurityServer::Open(
    storage::api::Storage* storage, telemetry::Logger* logger, telemetry::ServiceMetrics* metrics,
    const Options& options) {
  auto server =
      std::unique_ptr<SecurityServer>(new SecurityServer(storage, logger, metrics, options));
  rpc::CallContext context;
  context.user = options.superuser;
  RETURN_IF_ERROR(server->roles_.Bootstrap(context, options.superuser, options.superuser_verifier));
  ASSIGN_OR_RETURN(server->audit_, audit::AuditLog::Open(options.log_directory));
  return server;
}

absl::StatusOr<std::string> SecurityServer::VerifierOf(const rpc::CallContext& context,
                                                       const std::string& user) {
  ASSIGN_OR_RETURN(const authz::RolesPtr roles, roles_.Get(context));
  const auto found = roles->roles.find(user);
  if (found == roles->roles.end() || found->second.verifier.empty()) {
    return authn::MockVerifier(user, options_.secret);
  }
  return found->second.verifier;
}

absl::StatusOr<security::v1::Policy> SecurityServer::PolicyOf(const rpc::CallContext& context,
                                                              const std::string& user) {
  ASSIGN_OR_RETURN(const authz::RolesPtr roles, roles_.Get(context));
  if (!roles->roles.contains(user)) {
    return absl::NotFoundError(absl::StrCat("role \"", user, "\" does not exist"));
  }
  security::v1::Policy policy = roles->PolicyOf(user);
  policy.set_lease_ms(options_.config.policy_lease_ms());
  absl::MutexLock lock(&mutex_);
  policy.set_flagged(detector_.IsFlagged(user, absl::ToUnixMicros(absl::Now())));
  return policy;
}

absl::StatusOr<security::v1::Policy> SecurityServer::Admit(const rpc::CallContext& context,
                                                           const std::string& user,
                                                           const std::string& peer) {
  ASSIGN_OR_RETURN(const authz::RolesPtr roles, roles_.Get(context));
  const auto found = roles->roles.find(user);
  if (found == roles->roles.end()) {
    return Refused(status::Error(status::sqlstate::kInvalidAuthorization,
                                 absl::StrCat("role \"", user, "\" does not exist")),
                   user, peer);
  }
  if (!found->second.can_login) {
    return Refused(status::Error(status::sqlstate::kInvalidAuthorization,
                                 absl::StrCat("role \"", user, "\" is not permitted to log in")),
                   user, peer);
  }
  throttle_.Succeeded(user, authn::HostOf(peer), absl::Now());
  Record("login", user, peer, "00000");
  return PolicyOf(context, user);
}

absl::Status SecurityServer::Refused(const absl::Status& status, const std::string& user,
                                     const std::string& peer) {
  throttle_.Failed(user, authn::HostOf(peer), absl::Now());
  Record("login_failed", user, peer, status::FromStatus(status).sqlstate);
  return status;
}

absl::StatusOr<absl::Duration> SecurityServer::Throttle(const std::string& user,
                                                        const std::string& peer) {
  auto wait = throttle_.Enter(user, authn::HostOf(peer), absl::Now());
  if (!wait.ok()) {
    Record("login_failed", user, peer, std::string(status::sqlstate::kConfigurationLimit));
  }
  return wait;
}

absl::StatusOr<security::v1::StartScramResponse> SecurityServer::StartScram(
    const rpc::CallContext& context, const security::v1::StartScramRequest& request) {
  ASSIGN_OR_RETURN(const absl::Duration wait, Throttle(request.user(), request.peer()));
  ASSIGN_OR_RETURN(const std::string verifier, VerifierOf(context, request.user()));
  ASSIGN_OR_RETURN(authn::Challenge challenge, authn::Start(request.client_first(), verifier));
  security::v1::StartScramResponse response;
  response.set_server_first(std::move(challenge.server_first));
  response.set_conversation(absl::StrCat(request.user(), "\n", challenge.conversation));
  response.set_delay_ms(absl::ToInt64Milliseconds(wait));
  return response;
}

absl::StatusOr<security::v1::FinishScramResponse> SecurityServer::FinishScram(
    const rpc::CallContext& context, const security::v1::FinishScramRequest& request) {
  const size_t split = request.conversation().find('\n');
  if (split == std::string::npos) {
    return status::Error(status::sqlstate::kProtocolViolation, "the conversation was lost");
  }
  const std::string user = request.conversation().substr(0, split);
  ASSIGN_OR_RETURN(const std::string verifier, VerifierOf(context, user));
  auto proof = authn::Finish(std::string_view(request.conversation()).substr(split + 1),
                             request.client_final(), verifier, user);
  if (!proof.ok()) return Refused(proof.status(), user, request.peer());
  security::v1::FinishScramResponse response;
  response.set_server_final(*std::move(proof));
  ASSIGN_OR_RETURN(*response.mutable_policy(), Admit(context, user, request.peer()));
  return response;
}

absl::Status SecurityServer::Sleep(absl::Duration wait, const std::string& peer) {
  {
    absl::MutexLock lock(&mutex_);
    if (sleepers_ >= kMostSleepers) {
      return status::Error(status::sqlstate::kConfigurationLimit,
                           absl::StrCat("too many login attempts are waiting, also of ", peer), "",
                           "Try again later.");
    }
    ++sleepers_;
  }
  absl::SleepFor(wait);
  absl::MutexLock lock(&mutex_);
  --sleepers_;
  return absl::OkStatus();
}

absl::StatusOr<security::v1::AuthenticateResponse> SecurityServer::Authenticate(
    const rpc::CallContext& context, const security::v1::AuthenticateRequest& request) {
  security::v1::AuthenticateResponse response;
  ASSIGN_OR_RETURN(const absl::Duration wait, Throttle(request.user(), request.peer()));
  if (wait > absl::ZeroDuration()) RETURN_IF_ERROR(Sleep(wait, request.peer()));
  ASSIGN_OR_RETURN(const std::string verifier, VerifierOf(context, request.user()));
  if (!authn::VerifyPassword(request.password(), verifier)) {
    return Refused(status::Error(status::sqlstate::kInvalidPassword,
                                 absl::StrCat("password authentication failed for user \"",
                                              request.user(), "\"")),
                   request.user(), request.peer());
  }
  ASSIGN_OR_RETURN(*response.mutable_policy(), Admit(context, request.user(), request.peer()));
  return response;
}

absl::StatusOr<security::v1::GetPolicyResponse> SecurityServer::GetPolicy(
    const rpc::CallContext& context, const security::v1::GetPolicyRequest& request) {
  security::v1::GetPolicyResponse response;
  ASSIGN_OR_RETURN(*response.mutable_policy(), PolicyOf(context, request.user()));
  return response;
}

absl::StatusOr<security::v1::ChangeRolesResponse> SecurityServer::ChangeRoles(
    const rpc::CallContext& context, const security::v1::ChangeRolesRequest& request) {
  return roles_.Change(context, request);
}

void SecurityServer::Observe(const security::v1::AuditRecord& record,
                             std::vector<anomaly::Event>* events) {
  absl::MutexLock lock(&mutex_);
  for (anomaly::Event& event : detector_.Observe(record)) events->push_back(std::move(event));
}

void SecurityServer::Store(const std::vector<anomaly::Event>& events) {
  rpc::CallContext context;
  context.user = options_.superuser;
  for (const anomaly::Event& event : events) {
    metrics_->Counter("adbms_security_events_total", "Security events.", {{"kind", event.kind}})
        .Increment();
    logger_->Warn("security event",
                  {{"kind", event.kind}, {"role", event.user}, {"detail", event.detail}});
    const auto stored =
        sql_.Run(context, "INSERT INTO adbms.security_events VALUES ($1, $2, $3, $4, $5)",
                 {types::Value::Int(types::TypeId::kTimestamptz, event.at_us - kPostgresEpochUs),
                  types::Value::Text(event.kind), types::Value::Text(event.user),
                  types::Value::Float(types::TypeId::kFloat8, event.score),
                  types::Value::Text(event.detail)});
    if (!stored.ok()) {
      logger_->Error("a security event could not be stored",
                     {{"error", std::string(stored.status().message())}});
    }
  }
}

void SecurityServer::Record(const std::string& event, const std::string& user,
                            const std::string& peer, const std::string& sqlstate) {
  security::v1::AuditRecord record;
  record.set_at_us(absl::ToUnixMicros(absl::Now()));
  record.set_event(event);
  record.set_user(user);
  record.set_peer(peer);
  record.set_sqlstate(sqlstate);
  security::v1::ReportAuditRequest request;
  *request.add_records() = std::move(record);
  (void)ReportAudit(rpc::CallContext(), request);
}

absl::StatusOr<security::v1::ReportAuditResponse> SecurityServer::ReportAudit(
    const rpc::CallContext& context, const security::v1::ReportAuditRequest& request) {
  std::vector<security::v1::AuditRecord> kept;
  std::vector<anomaly::Event> events;
  for (const security::v1::AuditRecord& record : request.records()) {
    Observe(record, &events);
    const bool failed = record.event() == "login_failed";
    if (failed || record.event() == "login") {
      metrics_->Counter("adbms_logins_total", "Logins.", {{"outcome", failed ? "failed" : "ok"}})
          .Increment();
    }
    // Reading is reported for the detector; it is no entry of the log.
    if (record.event() != "read") kept.push_back(record);
  }
  if (!kept.empty()) {
    const absl::Status appended = audit_->Append(kept);
    if (!appended.ok()) {
      logger_->Error("audit records could not be written",
                     {{"error", std::string(appended.message())}});
      return appended;
    }
  }
  Store(events);
  return security::v1::ReportAuditResponse();
}

}  // namespace adbms::security::server
