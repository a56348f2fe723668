// SET ROLE and SET SESSION AUTHORIZATION: who the session acts as. Both are settings, so that
// transactions and savepoints take them back like any other.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

constexpr char kRole[] = "role";
constexpr char kSessionAuthorization[] = "session_authorization";

bool Named(std::string_view setting, const char* name) {
  return absl::EqualsIgnoreCase(absl::string_view(setting.data(), setting.size()), name);
}

absl::Status Denied(absl::string_view what) {
  return status::Error(status::sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied to set ", what));
}

}  // namespace

bool Session::IsIdentity(std::string_view setting) {
  return Named(setting, kRole) || Named(setting, kSessionAuthorization);
}

absl::StatusOr<std::shared_ptr<policy::HeldPolicy>> Session::PolicyOfRole(const std::string& role) {
  auto held = services_.policies->HoldOf(Context(), role);
  if (absl::IsNotFound(held.status())) {
    return status::Error(status::sqlstate::kInvalidParameterValue,
                         absl::StrCat("role \"", role, "\" does not exist"));
  }
  return held;
}

absl::Status Session::ChangeIdentity(std::string_view setting,
                                     const std::optional<std::string>& value, bool is_local) {
  const bool is_role = Named(setting, kRole);
  // It acts as somebody else than it has been set to: as the owner of a function.
  const std::string& own =
      settings_.role() == kNoRole ? settings_.session_authorization() : settings_.role();
  if (current_user_ != own)
    return status::Error(
        status::sqlstate::kInsufficientPrivilege,
        absl::StrCat("cannot set parameter \"", is_role ? kRole : kSessionAuthorization,
                     "\" within security-definer function"));
  // What RESET brings back was allowed when the session began.
  std::string role = value.value_or(settings_.ResetOf(is_role ? kRole : kSessionAuthorization));
  if (is_role && absl::EqualsIgnoreCase(role, kNoRole)) role = kNoRole;
  const bool known = !value.has_value() && roles_.contains(role);
  if (!known && (role != kNoRole || !is_role)) {
    ASSIGN_OR_RETURN(auto held, PolicyOfRole(role));
    // As PostgreSQL 15: what the session's user may become, not the role that it is now; and whose
    // session it may be is asked of who logged in.
    ASSIGN_OR_RETURN(const auto asking, (is_role ? session_policy_ : options_.policy)->Get());
    const auto& roles = asking->may_become();
    const bool member = std::find(roles.begin(), roles.end(), role) != roles.end();
    if (is_role && !asking->superuser() && !member)
      return Denied(absl::StrCat("role \"", role, "\""));
    if (!is_role && !asking->superuser() && role != options_.user)
      return Denied(absl::StrCat("session authorization \"", role, "\""));
    roles_[role] = std::move(held);
  }
  if (!is_role) RETURN_IF_ERROR(settings_.Set(kRole, kNoRole, is_local));
  RETURN_IF_ERROR(settings_.Set(is_role ? kRole : kSessionAuthorization, role, is_local));
  AdoptIdentity();
  return absl::OkStatus();
}

void Session::AdoptIdentity() {
  if (adopted_ == settings_.identity_changes()) return;
  adopted_ = settings_.identity_changes();
  const std::string& role = settings_.role();
  ActAs(settings_.session_authorization(),
        role == kNoRole ? settings_.session_authorization() : role);
}

void Session::ActAs(const std::string& session_user, const std::string& current_user) {
  session_user_ = session_user;
  session_policy_ = roles_[session_user];
  current_user_ = current_user;
  policy_ = roles_[current_user];
  ++identity_;
  const auto policy = policy_->Get();
  const bool superuser = policy.ok() && (*policy)->superuser();
  settings_.SetRole(current_user_, superuser);
  settings_.Force("is_superuser", superuser ? "on" : "off");
}

}  // namespace adbms::gateway::session
