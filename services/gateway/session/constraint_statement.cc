// SET CONSTRAINTS.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/deferred_triggers.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using common::v1::TableDescriptor;

struct Found {
  uint32_t table_id = 0;
  bool deferrable = false;
  uint32_t trigger_id = 0;  // Of a constraint trigger.
};

// The constraints of that name in a schema.
std::vector<Found> FindConstraints(const sql::Catalog& catalog, const std::string& schema,
                                   const std::string& name) {
  std::vector<Found> found;
  for (const TableDescriptor& table : catalog.snapshot().tables()) {
    if (table.schema() != schema) continue;
    const auto add = [&](bool is_it, common::v1::Deferral deferral) {
      if (is_it) found.push_back({table.table_id(), deferral != common::v1::DEFERRAL_UNSPECIFIED});
    };
    add(table.primary_key_size() > 0 && table.primary_key_name() == name,
        common::v1::DEFERRAL_UNSPECIFIED);
    for (const auto& index : table.indexes())
      add(index.is_constraint() && index.name() == name, index.deferral());
    for (const auto& check : table.checks())
      add(check.name() == name, common::v1::DEFERRAL_UNSPECIFIED);
    for (const auto& key : table.foreign_keys()) add(key.name() == name, key.deferral());
    for (const auto& trigger : table.triggers()) {
      if (!trigger.is_constraint()) continue;
      add(trigger.name() == name, trigger.deferral());
      if (trigger.name() == name) found.back().trigger_id = trigger.trigger_id();
    }
  }
  return found;
}

// As PostgreSQL: every one of the name in the first schema of the path that has one.
absl::Status Resolve(const common::v1::RelationName& constraint, const sql::Catalog& catalog,
                     const std::vector<std::string>& search_path,
                     storage::v1::SetConstraintsRequest* request, std::vector<uint32_t>* triggers) {
  if (!constraint.schema().empty() && !catalog.HasSchema(constraint.schema())) {
    return status::Error(status::sqlstate::kInvalidSchemaName,
                         absl::StrCat("schema \"", constraint.schema(), "\" does not exist"));
  }
  const std::vector<std::string> path =
      constraint.schema().empty() ? search_path : std::vector<std::string>{constraint.schema()};
  for (const std::string& schema : path) {
    bool any = false;
    for (const Found& found : FindConstraints(catalog, schema, constraint.name())) {
      any = true;
      if (!found.deferrable) {
        if (!request->deferred()) continue;  // It is immediate anyway.
        return status::Error(
            status::sqlstate::kWrongObjectType,
            absl::StrCat("constraint \"", constraint.name(), "\" is not deferrable"));
      }
      if (found.trigger_id != 0) {
        triggers->push_back(found.trigger_id);
        continue;
      }
      auto* added = request->add_constraints();
      added->set_table_id(found.table_id);
      added->set_name(constraint.name());
    }
    if (any) return absl::OkStatus();
  }
  return status::Error(status::sqlstate::kUndefinedObject,
                       absl::StrCat("constraint \"", constraint.name(), "\" does not exist"));
}

}  // namespace

absl::Status Session::RunSetConstraints(const sql::Statement& statement, ResultSink* sink) {
  const bool in_block =
      state_ == TransactionState::kExplicit || state_ == TransactionState::kImplicit;
  if (!in_block)
    sink->Notice("WARNING", "25P01", "SET CONSTRAINTS can only be used in transaction blocks");
  storage::v1::SetConstraintsRequest request;
  request.set_deferred(statement.set_constraints.deferred);
  std::vector<uint32_t> triggers;
  if (!statement.set_constraints.constraints.empty()) {
    ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
    ASSIGN_OR_RETURN(const auto policy, policy_->Get());
    for (const auto& constraint : statement.set_constraints.constraints) {
      if (!constraint.schema().empty())
        RETURN_IF_ERROR(policy::AuthorizeSchema(*policy, *catalog, constraint.schema(),
                                                common::v1::PRIVILEGE_USAGE));
      RETURN_IF_ERROR(Resolve(constraint, *catalog, settings_.search_path(), &request, &triggers));
    }
  }
  BufferOpenResults();
  // Of named constraints that are never deferred there is nothing to set.
  const bool none = !statement.set_constraints.constraints.empty() && request.constraints().empty();
  if (in_block && !none) RETURN_IF_ERROR(storage_->SetConstraints(Context(), request));
  if (!in_block) return sink->Complete(statement.command_tag);
  if (deferred_ == nullptr) deferred_ = std::make_unique<DeferredTriggers>();
  if (statement.set_constraints.constraints.empty()) deferred_->SetAll(request.deferred());
  for (const uint32_t trigger : triggers) deferred_->Set(trigger, request.deferred());
  if (!request.deferred()) RETURN_IF_ERROR(FireDeferred(/*all=*/false, sink));
  return sink->Complete(statement.command_tag);
}

}  // namespace adbms::gateway::session
