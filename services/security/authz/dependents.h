// What in the catalog depends on a role, in PostgreSQL's words for the DETAIL of 2BP01.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"

namespace adbms::security::authz {

// "owner of table t" for what the role owns.
std::vector<std::string> OwnedBy(const common::v1::CatalogSnapshot& catalog,
                                 const std::string& role);

// "owner of database d", and "privileges for database d" for those with these numbers.
std::vector<std::string> DatabasesOf(const common::v1::CatalogSnapshot& catalog,
                                     const std::string& role, const std::set<uint32_t>& granted);

// "privileges for table t" for the objects with these numbers; the others are gone.
std::vector<std::string> Named(const common::v1::CatalogSnapshot& catalog,
                               const std::set<uint32_t>& objects);

}  // namespace adbms::security::authz
