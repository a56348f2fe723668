// pg_policy and pg_policies.
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/pg_catalog_rows.h"
#include "services/storage/server/virtual_rows.h"

namespace adbms::storage::server {
namespace {

using common::v1::PolicyDescriptor;
using common::v1::TableDescriptor;

const char* CommandWord(const std::string& command) {
  return command == "r"   ? "SELECT"
         : command == "a" ? "INSERT"
         : command == "w" ? "UPDATE"
         : command == "d" ? "DELETE"
                          : "ALL";
}

template <typename Visit>
void ForEachPolicy(const RowSource& source, Visit visit) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    for (const PolicyDescriptor& policy : entry->descriptor.policies())
      visit(entry->descriptor, policy);
  }
}

void FillPolicy(const RowSource& source, RowBuilder* rows) {
  ForEachPolicy(source, [rows](const TableDescriptor& table, const PolicyDescriptor& policy) {
    std::vector<std::string> roles;
    for (const std::string& role : policy.roles()) roles.push_back(std::to_string(RoleOid(role)));
    // Zero stands for PUBLIC.
    if (roles.empty()) roles.push_back("0");
    rows->Row()
        .Set("oid", int64_t{policy.policy_id()})
        .Set("polname", policy.name())
        .Set("polrelid", int64_t{table.table_id()})
        .Set("polcmd", policy.command())
        .SetBool("polpermissive", !policy.restrictive())
        .Set("polroles", ArrayText(roles));
    if (policy.has_using_()) rows->Set("polqual", ConditionDefinition(table, policy.using_()));
    if (policy.has_check()) rows->Set("polwithcheck", ConditionDefinition(table, policy.check()));
  });
}

void FillPolicies(const RowSource& source, RowBuilder* rows) {
  ForEachPolicy(source, [rows](const TableDescriptor& table, const PolicyDescriptor& policy) {
    const std::vector<std::string> roles(policy.roles().begin(), policy.roles().end());
    rows->Row()
        .Set("schemaname", ShownSchema(table.schema()))
        .Set("tablename", table.name())
        .Set("policyname", policy.name())
        .Set("permissive", policy.restrictive() ? "RESTRICTIVE" : "PERMISSIVE")
        .Set("roles", roles.empty() ? std::string("{public}") : ArrayText(roles))
        .Set("cmd", CommandWord(policy.command()));
    if (policy.has_using_()) rows->Set("qual", ConditionDefinition(table, policy.using_()));
    if (policy.has_check()) rows->Set("with_check", ConditionDefinition(table, policy.check()));
  });
}

}  // namespace

void AddPolicyFills(RowFillMap* fills) {
  fills->emplace("pg_catalog.pg_policy", FillPolicy);
  fills->emplace("pg_catalog.pg_policies", FillPolicies);
}

}  // namespace adbms::storage::server
