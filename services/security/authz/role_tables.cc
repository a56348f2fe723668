#include "services/security/authz/role_tables.h"

namespace adbms::security::authz {
namespace {

using storage::api::SqlClient;
using types::Value;

const char* const kTables[] = {
    "CREATE TABLE IF NOT EXISTS adbms.roles (name text PRIMARY KEY, is_superuser boolean NOT NULL, "
    "can_login boolean NOT NULL, create_role boolean NOT NULL, create_db boolean NOT NULL, "
    "verifier text)",
    // Of older directories.
    "ALTER TABLE adbms.roles ADD COLUMN IF NOT EXISTS inherits boolean NOT NULL DEFAULT true",
    "ALTER TABLE adbms.roles ADD COLUMN IF NOT EXISTS valid_until timestamptz",
    "ALTER TABLE adbms.roles ADD COLUMN IF NOT EXISTS bypasses boolean NOT NULL DEFAULT false",
    "ALTER TABLE adbms.roles ADD COLUMN IF NOT EXISTS identity bigint NOT NULL DEFAULT 0",
    "CREATE TABLE IF NOT EXISTS adbms.role_members (role text, member text, "
    "PRIMARY KEY (role, member))",
    "CREATE TABLE IF NOT EXISTS adbms.grants (grantee text, table_id bigint, privilege integer, "
    "PRIMARY KEY (grantee, table_id, privilege))",
    "CREATE TABLE IF NOT EXISTS adbms.role_settings (role text, database text, name text, "
    "value text NOT NULL, PRIMARY KEY (role, database, name))",
    "ALTER TABLE adbms.role_settings ADD COLUMN IF NOT EXISTS position bigint NOT NULL DEFAULT 0",
    "CREATE TABLE IF NOT EXISTS adbms.default_grants (maker text, schema_id bigint, kind text, "
    "grantee text, privilege integer, PRIMARY KEY (maker, schema_id, kind, grantee, privilege))",
    "CREATE TABLE IF NOT EXISTS adbms.policy_version (id integer PRIMARY KEY, version bigint NOT "
    "NULL)",
    "CREATE TABLE IF NOT EXISTS adbms.tokens (id text PRIMARY KEY, role text NOT NULL, "
    "digest text NOT NULL, read_only boolean NOT NULL, database text NOT NULL, "
    "issued timestamptz NOT NULL, expires timestamptz NOT NULL, revoked timestamptz, "
    "issuer text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS adbms.security_events (at timestamptz, kind text, role text, "
    "score double precision, detail text)",
    "CREATE TABLE IF NOT EXISTS adbms.audit_heads (id integer PRIMARY KEY, head text NOT NULL)",
};

}  // namespace

std::span<const char* const> RoleTables() { return kTables; }

SqlClient::Step PutRole(const std::string& name, const Role& role, bool update) {
  const Value verifier =
      role.verifier.empty() ? Value::Null({types::TypeId::kText, 0}) : Value::Text(role.verifier);
  const Value until = role.valid_until_us == INT64_MAX
                          ? Value::Null({types::TypeId::kTimestamptz, 0})
                          : Value::Int(types::TypeId::kTimestamptz, role.valid_until_us);
  return {update ? "UPDATE adbms.roles SET is_superuser = $2, can_login = $3, create_role = $4, "
                   "create_db = $5, verifier = $6, inherits = $7, valid_until = $8, bypasses = "
                   "$9, identity = $10 WHERE name = $1"
                 : "INSERT INTO adbms.roles (name, is_superuser, can_login, create_role, "
                   "create_db, verifier, inherits, valid_until, bypasses, identity) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
          {Value::Text(name), Value::Bool(role.superuser), Value::Bool(role.can_login),
           Value::Bool(role.create_role), Value::Bool(role.create_db), verifier,
           Value::Bool(role.inherits), until, Value::Bool(role.bypasses),
           Value::Int(types::TypeId::kInt8, static_cast<int64_t>(role.identity))}};
}

}  // namespace adbms::security::authz
