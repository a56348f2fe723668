// Security as a module of the orchestrator: checks roles, grants and events and says what a person
// should look at. It proposes no changes: rights are a person's decision. Thread-safe.
#pragma once

#include <functional>
#include <utility>

#include "services/orchestrator/api/module.h"
#include "services/security/audit/audit_log.h"
#include "services/storage/api/sql_client.h"

namespace adbms::security::compliance {

class ComplianceModule : public orchestrator::api::Module {
 public:
  using VerifyAudit = std::function<absl::StatusOr<audit::Verification>()>;
  // `storage` must outlive this; `verify_audit` checks the audit log.
  ComplianceModule(storage::api::Storage* storage, VerifyAudit verify_audit)
      : sql_(storage, "adbms"), verify_audit_(std::move(verify_audit)) {}

  absl::StatusOr<module::v1::DescribeResponse> Describe(
      const rpc::CallContext& context, const module::v1::DescribeRequest& request) override;
  absl::StatusOr<module::v1::ObserveResponse> Observe(
      const rpc::CallContext& context, const module::v1::ObserveRequest& request) override;
  absl::StatusOr<module::v1::ProposeResponse> Propose(
      const rpc::CallContext& context, const module::v1::ProposeRequest& request) override;
  absl::StatusOr<module::v1::ApplyResponse> Apply(const rpc::CallContext& context,
                                                  const module::v1::ApplyRequest& request) override;
  absl::StatusOr<module::v1::RevertResponse> Revert(
      const rpc::CallContext& context, const module::v1::RevertRequest& request) override;
  absl::StatusOr<module::v1::ReportResponse> Report(
      const rpc::CallContext& context, const module::v1::ReportRequest& request) override;

 private:
  storage::api::SqlClient sql_;
  const VerifyAudit verify_audit_;
};

}  // namespace adbms::security::compliance
