// Numbers that objects of the system have.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace adbms::sql {

// pg_database.oid of adbms, which has the system's own tables.
inline constexpr uint32_t kDatabaseOid = 16383;
// pg_namespace.oid of public, in adbms.
inline constexpr uint32_t kPublicSchemaOid = 2200;

// How adbms.role_settings names a database: by its number, as names change hands; adbms by its
// name.
inline std::string SettingKeyOf(uint32_t database_id) {
  if (database_id == 0) return "";
  return database_id == kDatabaseOid ? "adbms" : std::to_string(database_id);
}
inline uint32_t DatabaseOfSetting(const std::string& key) {
  if (key.empty()) return 0;
  return key == "adbms" ? kDatabaseOid
                        : static_cast<uint32_t>(std::strtoul(key.c_str(), nullptr, 10));
}

}  // namespace adbms::sql
