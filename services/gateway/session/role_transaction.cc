#include "services/gateway/session/role_transaction.h"

#include "common/status/macros.h"
#include "common/types/value.h"

namespace adbms::gateway::session {

absl::StatusOr<std::unique_ptr<RoleTransaction>> RoleTransaction::Begin(
    const rpc::CallContext& context, storage::api::Storage* storage, const std::string& user,
    const std::vector<std::string>& savepoints) {
  auto made = std::unique_ptr<RoleTransaction>(new RoleTransaction(storage, user));
  ASSIGN_OR_RETURN(made->session_, storage->OpenSession(context));
  RETURN_IF_ERROR(made->session_->Begin(context, {}));
  for (const std::string& name : savepoints) RETURN_IF_ERROR(made->Savepoint(context, name));
  return made;
}

absl::Status RoleTransaction::Make(const rpc::CallContext& context,
                                   const security::v1::ChangeRolesRequest& request,
                                   const security::v1::ChangeRolesResponse& planned) {
  for (const security::v1::RoleStep& step : planned.steps()) {
    std::vector<types::Value> parameters;
    for (const common::v1::Datum& parameter : step.parameters()) {
      ASSIGN_OR_RETURN(types::Value value, types::FromProto(parameter));
      parameters.push_back(std::move(value));
    }
    RETURN_IF_ERROR(sql_.RunIn(context, session_.get(), step.sql(), parameters).status());
  }
  changes_.push_back(request);
  changes_.back().clear_before();
  return absl::OkStatus();
}

absl::Status RoleTransaction::Savepoint(const rpc::CallContext& context, const std::string& name) {
  RETURN_IF_ERROR(session_->Savepoint(context, name));
  savepoints_.emplace_back(name, changes_.size());
  return absl::OkStatus();
}

absl::Status RoleTransaction::Release(const rpc::CallContext& context, const std::string& name) {
  RETURN_IF_ERROR(session_->Release(context, name));
  while (!savepoints_.empty()) {
    const bool found = savepoints_.back().first == name;
    savepoints_.pop_back();
    if (found) break;
  }
  return absl::OkStatus();
}

absl::Status RoleTransaction::RollbackTo(const rpc::CallContext& context, const std::string& name) {
  RETURN_IF_ERROR(session_->RollbackTo(context, name));
  while (!savepoints_.empty() && savepoints_.back().first != name) savepoints_.pop_back();
  if (!savepoints_.empty()) changes_.resize(savepoints_.back().second);
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
