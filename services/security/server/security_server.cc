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
// How far the head of the audit log may be behind.
constexpr absl::Duration kHeadInterval = absl::Seconds(2);

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
      tokens_(&sql_, storage, options.secret),
      rows_read_(metrics->Counter("adbms_security_rows_read_total",
                                  "Rows that clients read, as the detector counts them.")),
      detector_(Thresholds(options.config)) {
  // Counted from 0, so that the first one shows as an increase.
  for (const std::string_view kind : anomaly::kEventKinds) CountEvents(kind);
  for (const char* outcome : {"ok", "failed"}) CountLogins(outcome);
}

prometheus::Counter& SecurityServer::CountEvents(std::string_view kind) {
  return metrics_->Counter("adbms_security_events_total", "Security events.",
                           {{"kind", std::string(kind)}});
}

prometheus::Counter& SecurityServer::CountLogins(const std::string& outcome) {
  return metrics_->Counter("adbms_logins_total", "Logins.", {{"outcome", outcome}});
}

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
  audit::LogOptions log;
  log.directory = options.log_directory;
  log.head_path = options.audit_head_path;
  log.key = options.audit_key;
  ASSIGN_OR_RETURN(log.kept_heads, server->StoredHeads());
  ASSIGN_OR_RETURN(server->audit_, audit::AuditLog::Open(log));
  if (!server->audit_->tampering().empty()) {
    anomaly::Event event;
    event.at_us = absl::ToUnixMicros(absl::Now());
    event.kind = anomaly::kAuditTampered;
    event.detail = server->audit_->tampering();
    server->Store({event});
  }
  server->thread_ = std::thread([raw = server.get()] { raw->Run(); });
  return server;
}

SecurityServer::~SecurityServer() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<std::vector<audit::KeptHead>> SecurityServer::StoredHeads() {
  rpc::CallContext context;
  context.user = options_.superuser;
  ASSIGN_OR_RETURN(const auto stored, sql_.Run(context, "SELECT head FROM adbms.audit_heads"));
  std::vector<audit::KeptHead> heads;
  for (const auto& row : stored.rows) {
    const auto head = audit::ParseHead(storage::api::ToText(row[0]), options_.audit_key);
    // One of another key was of another data directory.
    if (head.ok()) heads.push_back({"the database", *head});
  }
  return heads;
}

absl::StatusOr<audit::Verification> SecurityServer::VerifyAudit() {
  ASSIGN_OR_RETURN(std::vector<audit::KeptHead> heads, StoredHeads());
  const auto head = audit::ReadHead(options_.audit_head_path, options_.audit_key);
  if (head.ok()) heads.push_back({options_.audit_head_path, *head});
  return audit::Verify(audit_->path(), heads);
}

void SecurityServer::KeepHeads() {
  (void)Append({});
  const auto head = audit_->WriteHead();
  if (!head.ok() || head->records == stored_records_) return;  // Or again in a moment.
  rpc::CallContext context;
  context.user = options_.superuser;
  context.deadline = absl::Now() + absl::Seconds(2);
  const std::vector<types::Value> signed_head = {
      types::Value::Text(audit::Sign(*head, options_.audit_key))};
  auto stored =
      sql_.Run(context, "UPDATE adbms.audit_heads SET head = $1 WHERE id = 1", signed_head);
  if (stored.ok() && stored->rows_affected == 0) {
    stored = sql_.Run(context, "INSERT INTO adbms.audit_heads VALUES (1, $1)", signed_head);
  }
  if (stored.ok()) stored_records_ = head->records;
}

void SecurityServer::Run() {
  for (;;) {
    bool stop;
    {
      absl::MutexLock lock(&mutex_);
      stop = mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kHeadInterval);
    }
    KeepHeads();
    if (stop) return;
  }
}

absl::Status SecurityServer::Append(std::vector<security::v1::AuditRecord> records) {
  absl::MutexLock lock(&audit_mutex_);
  const size_t own = unwritten_.size();
  if (missing_ > 0) {
    security::v1::AuditRecord gap;
    gap.set_at_us(absl::ToUnixMicros(absl::Now()));
    gap.set_event("dropped");
    gap.set_rows(missing_);
    gap.set_sqlstate("00000");
    unwritten_.push_back(std::move(gap));
  }
  for (auto& record : records) unwritten_.push_back(std::move(record));
  const absl::Status appended = audit_->Append(unwritten_);
  unwritten_.resize(appended.ok() ? 0 : own);
  if (appended.ok()) missing_ = 0;
  return appended;
}

absl::StatusOr<std::string> SecurityServer::VerifierOf(const rpc::CallContext& context,
                                                       const std::string& user) {
  ASSIGN_OR_RETURN(const authz::RolesPtr roles, roles_.Get(context));
  const auto found = roles->roles.find(user);
  const int64_t now_us = absl::ToUnixMicros(absl::Now()) - kPostgresEpochUs;
  // An expired password is a wrong one.
  if (found == roles->roles.end() || found->second.verifier.empty() ||
      found->second.valid_until_us < now_us) {
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
    CountEvents(event.kind).Increment();
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
                            const std::string& peer, const std::string& sqlstate,
                            const std::string& statement) {
  security::v1::AuditRecord record;
  record.set_statement(statement);
  record.set_at_us(absl::ToUnixMicros(absl::Now()));
  record.set_event(event);
  record.set_user(user);
  record.set_peer(peer);
  record.set_sqlstate(sqlstate);
  security::v1::ReportAuditRequest request;
  *request.add_records() = record;
  if (ReportAudit(rpc::CallContext(), request).ok()) return;
  absl::MutexLock lock(&audit_mutex_);
  if (unwritten_.size() < kUnwritten) {
    unwritten_.push_back(std::move(record));
  } else {
    ++missing_;
  }
}

absl::StatusOr<security::v1::ReportAuditResponse> SecurityServer::ReportAudit(
    const rpc::CallContext& context, const security::v1::ReportAuditRequest& request) {
  std::vector<security::v1::AuditRecord> kept;
  for (const security::v1::AuditRecord& record : request.records()) {
    // Reading is reported for the detector; it is no entry of the log.
    if (record.event() != "read") kept.push_back(record);
  }
  if (!kept.empty()) {
    const absl::Status appended = Append(std::move(kept));
    if (!appended.ok()) {
      logger_->Error("audit records could not be written",
                     {{"error", std::string(appended.message())}});
      return appended;
    }
  }
  std::vector<anomaly::Event> events;
  for (const security::v1::AuditRecord& record : request.records()) {
    Observe(record, &events);
    if (record.event() == "read") rows_read_.Increment(static_cast<double>(record.rows()));
    const bool failed = record.event() == "login_failed";
    if (failed || record.event() == "login") {
      CountLogins(failed ? "failed" : "ok").Increment();
    }
  }
  Store(events);
  return security::v1::ReportAuditResponse();
}

}  // namespace adbms::security::server
