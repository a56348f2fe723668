// Classification of role and privilege statements.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/sql.h"

namespace adbms::sql::parser {

// `node` is CREATE/ALTER/DROP ROLE, GRANT or REVOKE. Errors: 0A000.
absl::Status ClassifyRole(const Node& node, Statement* statement);

// A role's name; empty: PUBLIC. The reserved words stand for themselves; the gateway resolves them.
std::string RoleName(const PgQuery__RoleSpec& role);

}  // namespace adbms::sql::parser
