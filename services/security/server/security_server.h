// The security service. Keeps no state of its own but caches; its log of audit records is a file,
// whose signed head it keeps in another one and in adbms.audit_heads, a few seconds behind.
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/config.pb.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "services/security/anomaly/detector.h"
#include "services/security/api/security.h"
#include "services/security/api/tokens.h"
#include "services/security/audit/audit_log.h"
#include "services/security/authn/login_throttle.h"
#include "services/security/authz/role_store.h"
#include "services/security/authz/token_store.h"
#include "services/storage/api/sql_client.h"

namespace adbms::security::server {

struct Options {
  common::v1::SecurityConfig config;
  std::string log_directory;
  std::string superuser = "adbms";
  std::string superuser_verifier;  // Used only in an empty database.
  std::string secret;              // For answers to unknown users.
  std::string audit_head_path;     // Of the audit log's signed head.
  std::string audit_key;           // That signs it.
};

class SecurityServer : public api::Security, public api::Tokens {
 public:
  // Makes roles and tables where they are missing. All pointers must outlive the server.
  static absl::StatusOr<std::unique_ptr<SecurityServer>> Open(storage::api::Storage* storage,
                                                              telemetry::Logger* logger,
                                                              telemetry::ServiceMetrics* metrics,
                                                              const Options& options);

  ~SecurityServer() override;

  // Checks the audit log against its heads. Errors: NOT_FOUND, and those of storage.
  absl::StatusOr<audit::Verification> VerifyAudit();
  // The detector judges by these thresholds from now on.
  void SetConfig(const common::v1::SecurityConfig& config);

  absl::StatusOr<security::v1::StartScramResponse> StartScram(
      const rpc::CallContext& context, const security::v1::StartScramRequest& request) override;
  absl::StatusOr<security::v1::FinishScramResponse> FinishScram(
      const rpc::CallContext& context, const security::v1::FinishScramRequest& request) override;
  absl::StatusOr<security::v1::AuthenticateResponse> Authenticate(
      const rpc::CallContext& context, const security::v1::AuthenticateRequest& request) override;
  // Tokens (token_calls.cc).
  absl::StatusOr<security::v1::AuthenticateTokenResponse> AuthenticateToken(
      const rpc::CallContext& context,
      const security::v1::AuthenticateTokenRequest& request) override;
  absl::StatusOr<security::v1::IssueTokenResponse> IssueToken(
      const rpc::CallContext& context, const security::v1::IssueTokenRequest& request) override;
  absl::StatusOr<security::v1::ListTokensResponse> ListTokens(
      const rpc::CallContext& context, const security::v1::ListTokensRequest& request) override;
  absl::StatusOr<security::v1::RevokeTokenResponse> RevokeToken(
      const rpc::CallContext& context, const security::v1::RevokeTokenRequest& request) override;
  absl::StatusOr<security::v1::GetPolicyResponse> GetPolicy(
      const rpc::CallContext& context, const security::v1::GetPolicyRequest& request) override;
  absl::StatusOr<security::v1::ChangeRolesResponse> ChangeRoles(
      const rpc::CallContext& context, const security::v1::ChangeRolesRequest& request) override;
  absl::StatusOr<security::v1::ReportAuditResponse> ReportAudit(
      const rpc::CallContext& context, const security::v1::ReportAuditRequest& request) override;

 private:
  static constexpr int kMostSleepers = 32;
  static constexpr size_t kUnwritten = 10000;

  SecurityServer(storage::api::Storage* storage, telemetry::Logger* logger,
                 telemetry::ServiceMetrics* metrics, const Options& options);

  absl::StatusOr<std::string> VerifierOf(const rpc::CallContext& context, const std::string& user);
  absl::StatusOr<security::v1::Policy> Admit(const rpc::CallContext& context,
                                             const std::string& user, const std::string& peer);
  // How long the attempt waits. Errors: RESOURCE_EXHAUSTED, which is recorded as a failed login.
  absl::StatusOr<absl::Duration> Throttle(const std::string& user, const std::string& peer);
  // Of a caller whose front cannot wait by itself; only so many wait at once.
  absl::Status Sleep(absl::Duration wait, const std::string& peer);
  absl::Status Refused(const absl::Status& status, const std::string& user,
                       const std::string& peer);
  absl::StatusOr<security::v1::Policy> PolicyOf(const rpc::CallContext& context,
                                                const std::string& user);
  absl::StatusOr<std::vector<audit::KeptHead>> StoredHeads();
  // Writes what came, after what could not be written before. Errors: UNAVAILABLE.
  absl::Status Append(std::vector<security::v1::AuditRecord> records);
  void Run();
  void KeepHeads();
  void Record(const std::string& event, const std::string& user, const std::string& peer,
              const std::string& sqlstate, const std::string& statement = "");
  // A token that is none. What was never issued here is recorded once a second, with how often.
  void RecordInvalid(const std::string& role, const std::string& peer);
  void Observe(const security::v1::AuditRecord& record, std::vector<anomaly::Event>* events);
  void Store(const std::vector<anomaly::Event>& events);
  prometheus::Counter& CountEvents(std::string_view kind);
  prometheus::Counter& CountLogins(const std::string& outcome);

  const Options options_;
  telemetry::Logger* const logger_;
  telemetry::ServiceMetrics* const metrics_;
  storage::api::SqlClient sql_;
  authz::RoleStore roles_;
  authz::TokenStore tokens_;
  std::unique_ptr<audit::AuditLog> audit_;
  authn::LoginThrottle throttle_;
  prometheus::Counter& rows_read_;
  absl::Mutex mutex_;
  anomaly::Detector detector_ ABSL_GUARDED_BY(mutex_);
  int sleepers_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time invalid_recorded_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  uint64_t invalid_unrecorded_ ABSL_GUARDED_BY(mutex_) = 0;
  // Records of the service's own that wait for the disk, and how many did not even find room here.
  absl::Mutex audit_mutex_;
  std::vector<security::v1::AuditRecord> unwritten_ ABSL_GUARDED_BY(audit_mutex_);
  uint64_t missing_ ABSL_GUARDED_BY(audit_mutex_) = 0;
  uint64_t stored_records_ = 0;  // Of the head in the database; the thread's.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace adbms::security::server
