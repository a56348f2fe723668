// Who may read the system's own tables and views: what the gateway enforces and
// has_table_privilege() answers.
#pragma once

#include <string_view>

#include "adbms/common/v1/catalog.pb.h"

namespace adbms::sql {

// The schema in which the services keep what they know.
inline constexpr std::string_view kSystemSchema = "adbms";
// The role whose members see what all users do; it is there from the start.
inline constexpr std::string_view kMonitorRole = "adbms_monitor";

enum class Audience { kEverybody, kMonitors, kSuperusers };

// REQUIRES: `table` is in schema adbms, or virtual and no sequence. A table that the services make
// is for monitors unless it is named here: most tell of statements, roles or grants of others.
inline Audience AudienceOf(const common::v1::TableDescriptor& table) {
  const std::string_view name = table.name();
  if (table.schema() == kSystemSchema) {
    if (name == "roles" || name == "audit_log") return Audience::kSuperusers;
    return table.is_virtual() ? Audience::kEverybody : Audience::kMonitors;
  }
  // As PostgreSQL 15 revokes them from PUBLIC.
  const bool secret = table.schema() == "pg_catalog" &&
                      (name == "pg_authid" || name == "pg_statistic" || name == "pg_user_mapping");
  return secret ? Audience::kSuperusers : Audience::kEverybody;
}

}  // namespace adbms::sql
