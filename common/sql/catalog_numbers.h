// Numbers that objects of the system have in every database.
#pragma once

#include <cstdint>

namespace adbms::sql {

// pg_database.oid of the one database.
inline constexpr uint32_t kDatabaseOid = 16383;
// pg_namespace.oid of public.
inline constexpr uint32_t kPublicSchemaOid = 2200;

}  // namespace adbms::sql
