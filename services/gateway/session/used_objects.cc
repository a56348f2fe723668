// What a change of the catalog is made of, and whether one may use it.
#include <vector>

#include "common/status/macros.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

using common::v1::DdlStatement;

namespace {

// The functions that the statement calls, and those that what it makes will call for whoever uses
// it.
std::vector<uint32_t> CalledFunctions(const DdlStatement& ddl) {
  std::vector<uint32_t> ids;
  const auto& aggregate = ddl.create_function().function().aggregate();
  for (const auto* part : {&aggregate.transition(), &aggregate.final(), &aggregate.combine()}) {
    if (part->function_id() != 0) ids.push_back(part->function_id());
  }
  if (!ddl.has_create_table() && !ddl.has_alter_table() && !ddl.has_create_index() &&
      !ddl.has_create_trigger() && !ddl.has_create_operator() && !ddl.has_create_type() &&
      !ddl.has_alter_type())
    return ids;
  for (const common::v1::ResolvedObject& object : ddl.resolution().objects()) {
    if (object.kind() == common::v1::ResolvedObject::KIND_FUNCTION && object.object_id() != 0)
      ids.push_back(object.object_id());
  }
  return ids;
}

}  // namespace

absl::Status Session::AuthorizeUses(const DdlStatement& ddl, const sql::Catalog& catalog) {
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  for (const common::v1::ResolvedObject& object : ddl.resolution().objects()) {
    if (object.kind() != common::v1::ResolvedObject::KIND_TYPE || object.object_id() == 0) continue;
    const auto* type = catalog.FindType(object.object_id());
    if (type != nullptr) RETURN_IF_ERROR(policy::AuthorizeType(*policy, *type));
  }
  for (const uint32_t id : CalledFunctions(ddl)) {
    const auto* function = catalog.FindFunction(id);
    if (function != nullptr) RETURN_IF_ERROR(policy::AuthorizeFunction(*policy, *function));
  }
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
