// How statements stand in the audit log: with what they are about, without constants and secrets.
#pragma once

#include <string>
#include <string_view>

#include "common/sql/sql.h"

namespace adbms::gateway::session {

// Of a change of roles or rights: the objects, the grantees, the options; of a password only that
// one was given.
std::string AuditText(const sql::RoleStatement& role);
// Constants lifted out, except of changes of the catalog, whose text is what they change.
std::string AuditText(const sql::Statement& statement);
// Of a text that may not even parse: nothing that could be a secret is left in it.
std::string AuditText(std::string_view sql);

}  // namespace adbms::gateway::session
