// Whom a table's policies are for (PostgreSQL manual, "Row Security Policies").
#pragma once

#include <string>

#include "absl/status/status.h"
#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"

namespace adbms::sql {

// Whether the role has the rights of the other one.
bool HasRightsOf(const common::v1::RoleFacts& facts, const std::string& role);
// Whether they are for the role: not for its owner unless they are forced, nor for who bypasses
// them.
bool IsSecuredFor(const common::v1::TableDescriptor& table, const common::v1::RoleFacts& facts);
// 42501, for a role that they are for and that has row_security = off.
absl::Status WouldBeFiltered(const common::v1::TableDescriptor& table,
                             const common::v1::RoleFacts& facts);

}  // namespace adbms::sql
