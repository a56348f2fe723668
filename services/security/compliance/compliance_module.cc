#include "services/security/compliance/compliance_module.h"

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"

namespace adbms::security::compliance {
namespace {

absl::Status NothingToChange() {
  return absl::FailedPreconditionError(
      "security proposes no changes; rights are a person's decision");
}

}  // namespace

absl::StatusOr<module::v1::DescribeResponse> ComplianceModule::Describe(
    const rpc::CallContext&, const module::v1::DescribeRequest&) {
  module::v1::DescribeResponse response;
  response.set_name("security");
  response.set_description("Checks roles, grants, the audit log and security events.");
  response.set_version("1");
  response.set_order(20);
  return response;
}

absl::StatusOr<module::v1::ObserveResponse> ComplianceModule::Observe(
    const rpc::CallContext&, const module::v1::ObserveRequest&) {
  return module::v1::ObserveResponse();
}

absl::StatusOr<module::v1::ProposeResponse> ComplianceModule::Propose(
    const rpc::CallContext&, const module::v1::ProposeRequest&) {
  return module::v1::ProposeResponse();
}

absl::StatusOr<module::v1::ApplyResponse> ComplianceModule::Apply(const rpc::CallContext&,
                                                                  const module::v1::ApplyRequest&) {
  return NothingToChange();
}

absl::StatusOr<module::v1::RevertResponse> ComplianceModule::Revert(
    const rpc::CallContext&, const module::v1::RevertRequest&) {
  return NothingToChange();
}

absl::StatusOr<module::v1::ReportResponse> ComplianceModule::Report(
    const rpc::CallContext& context, const module::v1::ReportRequest&) {
  module::v1::ReportResponse response;
  const auto add = [&](const char* severity, std::string text) {
    module::v1::Finding* finding = response.add_findings();
    finding->set_severity(severity);
    finding->set_text(std::move(text));
  };
  ASSIGN_OR_RETURN(const auto roles,
                   sql_.Run(context,
                            "SELECT name, is_superuser, can_login, verifier IS NULL FROM "
                            "adbms.roles ORDER BY name"));
  size_t superusers = 0;
  for (const auto& row : roles.rows) {
    superusers += row[1].bool_value();
    if (row[2].bool_value() && row[3].bool_value()) {
      add("info", absl::StrCat("role ", storage::api::ToText(row[0]),
                               " may log in but has no password: only the unix socket lets it in"));
    }
  }
  add(superusers > 2 ? "warning" : "info",
      absl::StrCat(roles.rows.size(), " roles, ", superusers, " of them superusers"));
  ASSIGN_OR_RETURN(const auto open_grants,
                   sql_.Run(context, "SELECT count(*) FROM adbms.grants WHERE grantee = ''"));
  if (open_grants.rows[0][0].int_value() > 0) {
    add("warning",
        absl::StrCat(open_grants.rows[0][0].int_value(), " privileges are granted to PUBLIC"));
  }
  ASSIGN_OR_RETURN(const auto events,
                   sql_.Run(context,
                            "SELECT kind, role, count(*) FROM adbms.security_events GROUP "
                            "BY kind, role ORDER BY kind, role"));
  for (const auto& row : events.rows) {
    add("warning",
        absl::StrCat(row[2].int_value(), " security events of kind ", storage::api::ToText(row[0]),
                     " about role ", storage::api::ToText(row[1])));
  }
  const auto verified = verify_audit_();
  if (verified.ok()) {
    add(verified->first_bad_line == 0 ? "info" : "warning",
        verified->first_bad_line == 0
            ? absl::StrCat("the audit log's hash chain is whole over ", verified->records,
                           " records")
            : absl::StrCat("the audit log is broken at line ", verified->first_bad_line, ": ",
                           verified->problem));
  }
  return response;
}

}  // namespace adbms::security::compliance
