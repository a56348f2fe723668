// How roles and what belongs to them are kept: the tables, and how a role is written.
#pragma once

#include <span>
#include <string>

#include "services/security/authz/roles.h"
#include "services/storage/api/sql_client.h"

namespace adbms::security::authz {

// What makes them, also in a directory that an older version has written.
std::span<const char* const> RoleTables();
// A new row, or what an `update` makes of the one that there is.
storage::api::SqlClient::Step PutRole(const std::string& name, const Role& role, bool update);

}  // namespace adbms::security::authz
