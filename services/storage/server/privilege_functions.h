// has_table_privilege and its kin: what roles may do, by the rules that the gateway enforces, read
// from the tables in which security keeps roles and grants. Thread-safe.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"
#include "services/storage/catalog/catalog_state.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

// One question's surroundings.
struct PrivilegeQuestion {
  txn::Shared* shared;
  const catalog::CatalogState& catalog;
  const sql::functions::EvaluationContext& session;
  // [role,] object, privileges; roles and objects by name or oid.
  const std::vector<types::Value>& arguments;
};

// NULL for an object or role whose oid does not exist. Errors: 42704 no such role, 42P01, 3F000,
// 3D000 no such object, 42703 no such column, 22023 unknown privilege.
absl::StatusOr<types::Value> HasTablePrivilege(const PrivilegeQuestion& question);
// `question.arguments` as for tables.
absl::StatusOr<types::Value> HasSequencePrivilege(const PrivilegeQuestion& question);
absl::StatusOr<types::Value> HasAnyColumnPrivilege(const PrivilegeQuestion& question);
absl::StatusOr<types::Value> HasColumnPrivilege(const PrivilegeQuestion& question);
absl::StatusOr<types::Value> HasSchemaPrivilege(const PrivilegeQuestion& question);
absl::StatusOr<types::Value> HasDatabasePrivilege(const PrivilegeQuestion& question);
absl::StatusOr<types::Value> HasFunctionPrivilege(const PrivilegeQuestion& question);
absl::StatusOr<types::Value> HasTypePrivilege(const PrivilegeQuestion& question);
// Whether the table's policies are for the session's user.
absl::StatusOr<types::Value> RowSecurityActive(const PrivilegeQuestion& question);
absl::StatusOr<types::Value> HasRole(const PrivilegeQuestion& question);

// Whether the session's user has one of the privileges ("USAGE,UPDATE") on a table or sequence.
absl::StatusOr<bool> MayUseTable(const PrivilegeQuestion& question,
                                 const catalog::TableEntry& table, std::string_view privileges);

// The role and all that it is a member of.
std::set<std::string> RolesOf(txn::Shared* shared, const std::string& role);

// Whether the role may see what others do. False for one that does not exist.
bool MayMonitor(txn::Shared* shared, const catalog::CatalogState& catalog, const std::string& role);

// Whether one role may cancel what sessions of the other do: its own role's, one's whose member it
// is, and, as a superuser, everybody's. Errors: 42501.
absl::Status MaySignal(txn::Shared* shared, const catalog::CatalogState& catalog,
                       const std::string& role, const std::string& other, bool terminates);

}  // namespace adbms::storage::server
