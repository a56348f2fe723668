// CatalogDraft: policies and row security, which are part of their table's descriptor.
#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::PolicyCondition;
using common::v1::PolicyDescriptor;
using common::v1::TableDescriptor;

namespace {

PolicyDescriptor* PolicyNamed(const std::string& name, TableDescriptor* table) {
  for (PolicyDescriptor& policy : *table->mutable_policies()) {
    if (policy.name() == name) return &policy;
  }
  return nullptr;
}

absl::Status NoPolicy(const std::string& name, const TableDescriptor& table) {
  return status::Error(sqlstate::kUndefinedObject, "policy " + Quoted(name) + " for table " +
                                                       Quoted(table.name()) + " does not exist");
}

absl::Status Exists(const std::string& name, const TableDescriptor& table) {
  return status::Error(sqlstate::kDuplicateObject, "policy " + Quoted(name) + " for table " +
                                                       Quoted(table.name()) + " already exists");
}

absl::Status CheckIsTable(const TableDescriptor& table) {
  if (IsSystemTable(table))
    return status::Error(sqlstate::kInsufficientPrivilege,
                         "permission denied: " + Quoted(table.name()) + " is a system catalog");
  if (table.has_sequence() || !table.view_sql().empty() || table.has_materialized_view())
    return status::Error(sqlstate::kWrongObjectType, Quoted(table.name()) + " is not a table");
  return absl::OkStatus();
}

// They are asked, and their violations told, in the order of their names.
void SortByName(TableDescriptor* table) {
  std::sort(table->mutable_policies()->begin(), table->mutable_policies()->end(),
            [](const auto& a, const auto& b) { return a.name() < b.name(); });
}

v1::DdlResult Changed(uint32_t id) {
  v1::DdlResult result;
  result.set_object_id(id);
  result.set_changed(true);
  return result;
}

bool AnyCondition(const PolicyDescriptor& policy,
                  const std::function<bool(const PolicyCondition&)>& holds) {
  return holds(policy.using_()) || holds(policy.check());
}

}  // namespace

absl::Status CatalogDraft::CheckPolicySources(const PolicyDescriptor& policy) const {
  for (const PolicyCondition* condition : {&policy.using_(), &policy.check()}) {
    for (const auto& used : condition->relations()) {
      if (state_->Find(used.table_id()) == nullptr)
        return status::Error(
            sqlstate::kUndefinedTable,
            "a relation that policy " + Quoted(policy.name()) + " reads does not exist");
    }
    for (const uint32_t id : condition->function_ids()) {
      if (state_->FindFunction(id) == nullptr)
        return status::Error(
            sqlstate::kUndefinedFunction,
            "a function that policy " + Quoted(policy.name()) + " calls does not exist");
    }
  }
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::CreatePolicy(const common::v1::CreatePolicy& statement) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  RETURN_IF_ERROR(CheckIsTable(table));
  PolicyDescriptor policy = statement.policy();
  if (PolicyNamed(policy.name(), &table) != nullptr) return Exists(policy.name(), table);
  RETURN_IF_ERROR(CheckPolicySources(policy));
  ASSIGN_OR_RETURN(const uint32_t id, catalog_->AllocateId());
  policy.set_policy_id(id);
  *table.add_policies() = std::move(policy);
  SortByName(&table);
  RETURN_IF_ERROR(PutTable(std::move(table)));
  return Changed(id);
}

CatalogDraft::Result CatalogDraft::AlterPolicy(const common::v1::AlterPolicy& statement) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  PolicyDescriptor* before = PolicyNamed(statement.name(), &table);
  if (before == nullptr) return NoPolicy(statement.name(), table);
  PolicyDescriptor policy = statement.policy();
  if (policy.name() != statement.name() && PolicyNamed(policy.name(), &table) != nullptr)
    return Exists(policy.name(), table);
  RETURN_IF_ERROR(CheckPolicySources(policy));
  policy.set_policy_id(before->policy_id());
  policy.set_comment(before->comment());
  const uint32_t id = before->policy_id();
  *before = std::move(policy);
  SortByName(&table);
  RETURN_IF_ERROR(PutTable(std::move(table)));
  return Changed(id);
}

CatalogDraft::Result CatalogDraft::DropPolicy(const common::v1::DropPolicy& statement) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  auto* const policies = table.mutable_policies();
  const auto found = std::find_if(policies->begin(), policies->end(), [&](const auto& policy) {
    return policy.name() == statement.name();
  });
  if (found == policies->end()) {
    if (!statement.if_exists()) return NoPolicy(statement.name(), table);
    v1::DdlResult result;
    result.add_notices("policy " + Quoted(statement.name()) + " for relation " +
                       Quoted(table.name()) + " does not exist, skipping");
    return result;
  }
  const uint32_t id = found->policy_id();
  policies->erase(found);
  RETURN_IF_ERROR(PutTable(std::move(table)));
  return Changed(id);
}

absl::Status CatalogDraft::SetRowSecurity(const common::v1::SetRowSecurity& change,
                                          TableDescriptor* table) {
  if (change.has_enabled()) table->set_row_security(change.enabled());
  if (change.has_forced()) table->set_force_row_security(change.forced());
  return absl::OkStatus();
}

absl::StatusOr<bool> CatalogDraft::DropPoliciesWith(
    const std::string& what, const std::function<bool(const PolicyCondition&)>& depends,
    bool cascade, TableDescriptor* table, v1::DdlResult* result) {
  google::protobuf::RepeatedPtrField<PolicyDescriptor> kept;
  for (const PolicyDescriptor& policy : table->policies()) {
    if (!AnyCondition(policy, depends)) {
      *kept.Add() = policy;
      continue;
    }
    const std::string text = "policy " + policy.name() + " on table " + table->name();
    if (!cascade)
      return status::Error("2BP01", "cannot drop " + what + " because other objects depend on it",
                           text + " depends on " + what,
                           "Use DROP ... CASCADE to drop the dependent objects too.");
    result->add_dropped(text);
  }
  const bool dropped = kept.size() < table->policies_size();
  table->mutable_policies()->Swap(&kept);
  return dropped;
}

absl::Status CatalogDraft::DropPoliciesOn(TableDescriptor* table, uint32_t ordinal, bool cascade,
                                          v1::DdlResult* result) {
  return DropPoliciesWith(
             "column " + table->columns(static_cast<int>(ordinal)).name() + " of table " +
                 table->name(),
             [ordinal](const PolicyCondition& condition) {
               return Contains(condition.columns(), ordinal);
             },
             cascade, table, result)
      .status();
}

absl::Status CatalogDraft::DropPoliciesThat(
    const std::string& what, const std::function<bool(const PolicyCondition&)>& depends,
    const std::vector<uint32_t>& dropping, bool cascade, v1::DdlResult* result) {
  const CatalogState::TableMap tables = state_->tables();
  for (const auto& [id, entry] : tables) {
    if (entry->descriptor.policies_size() == 0 || state_->Find(id) == nullptr ||
        std::find(dropping.begin(), dropping.end(), id) != dropping.end())
      continue;
    TableDescriptor changed = entry->descriptor;
    ASSIGN_OR_RETURN(const bool dropped,
                     DropPoliciesWith(what, depends, cascade, &changed, result));
    if (dropped) RETURN_IF_ERROR(PutTable(std::move(changed)));
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
