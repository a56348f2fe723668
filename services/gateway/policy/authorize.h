// What a policy allows: PostgreSQL's rules, with PostgreSQL's messages. Every statement is checked
// here against the objects that it was bound to. Thread-safe.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "adbms/security/v1/security.pb.h"
#include "common/sql/sql.h"
#include "common/sql/system_relations.h"
#include "services/gateway/policy/policy_cache.h"

namespace adbms::gateway::policy {

// The policy of a role that the statement acts for. Errors: NOT_FOUND without such a role.
using PolicyOf = std::function<absl::StatusOr<PolicyPtr>(const std::string& role)>;

// Whether the plan may be run by the role of `policy`: each table is checked for the role that the
// plan names for it, and what the system keeps to itself for both. `*version`: of the oldest policy
// that was looked at. Errors: 42501, those of `policy_of`, ADB01 when a table is gone.
absl::Status Authorize(const security::v1::Policy& policy, const common::v1::Plan& plan,
                       const sql::Catalog& catalog, const PolicyOf& policy_of, uint64_t* version);
// EXECUTE, which PUBLIC has unless it was revoked.
absl::Status AuthorizeFunction(const security::v1::Policy& policy,
                               const common::v1::FunctionDescriptor& function);
// USAGE, likewise.
absl::Status AuthorizeType(const security::v1::Policy& policy,
                           const common::v1::TypeDescriptor& type);
absl::Status AuthorizeTable(const security::v1::Policy& policy,
                            const common::v1::TableDescriptor& table,
                            common::v1::Privilege privilege);

// The same where the columns will do.
absl::Status AuthorizeColumns(const security::v1::Policy& policy,
                              const common::v1::TableDescriptor& table,
                              const common::v1::ColumnUse& use);

// `privilege`: USAGE or CREATE. Errors: 42501.
absl::Status AuthorizeSchema(const security::v1::Policy& policy,
                             const common::v1::SchemaDescriptor& schema,
                             common::v1::Privilege privilege);
// As above, by name; OK where there is no such schema: storage says so.
absl::Status AuthorizeSchema(const security::v1::Policy& policy, const sql::Catalog& catalog,
                             const std::string& name, common::v1::Privilege privilege);
// Errors: 42501 "must be owner of schema".
absl::Status AuthorizeSchemaOwner(const security::v1::Policy& policy, const sql::Catalog& catalog,
                                  const std::string& name);
// CREATE: who may make schemas. Errors: 42501.
absl::Status AuthorizeDatabase(const security::v1::Policy& policy,
                               const common::v1::DatabaseDescriptor& database,
                               common::v1::Privilege privilege);
// Errors: 42501.
absl::Status AuthorizeDatabaseOwner(const security::v1::Policy& policy,
                                    const common::v1::DatabaseDescriptor& database);
// Whether it is a database's public, which everybody may use unless that is revoked. That of adbms
// has it granted.
bool IsOpenToAll(const sql::Catalog& catalog, const common::v1::SchemaDescriptor& schema);
// Whether the role may make objects another role's. Errors: 42501 "must be member of role".
absl::Status AuthorizeRole(const security::v1::Policy& policy, const std::string& role);

// Reading or writing a file of the machine, which superusers may. Errors: 42501.
absl::Status AuthorizeServerFile(const security::v1::Policy& policy, bool read);

// Whether the role is the superuser, or a member of the owner.
bool Owns(const security::v1::Policy& policy, const std::string& owner);
// Whether the role may see what others do: a superuser, or a member of `adbms_monitor`.
bool MayMonitor(const security::v1::Policy& policy);

// Whether the schema is the system's own.
bool IsSystemSchema(const std::string& name);

}  // namespace adbms::gateway::policy
