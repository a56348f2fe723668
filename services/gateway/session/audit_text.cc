#include "services/gateway/session/audit_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/gateway/session/statement_text.h"

namespace adbms::gateway::session {
namespace {

using Kind = sql::RoleStatement::Kind;

std::string Grantees(const std::vector<std::string>& roles) {
  return absl::StrJoin(roles, ", ", [](std::string* out, const std::string& role) {
    absl::StrAppend(out, role.empty() ? "PUBLIC" : role);
  });
}

std::string Objects(const sql::RoleStatement& role) {
  if (!role.databases.empty()) {
    return absl::StrCat("DATABASE ", absl::StrJoin(role.databases, ", "));
  }
  if (!role.schemas.empty()) {
    const char* const what = !role.all_in_schema ? "SCHEMA "
                             : role.on_sequences ? "ALL SEQUENCES IN SCHEMA "
                                                 : "ALL TABLES IN SCHEMA ";
    return absl::StrCat(what, absl::StrJoin(role.schemas, ", "));
  }
  return absl::StrCat(
      role.on_sequences ? "SEQUENCE " : "TABLE ",
      absl::StrJoin(role.tables, ", ", [](std::string* out, const common::v1::RelationName& name) {
        absl::StrAppend(out, name.schema(), name.schema().empty() ? "" : ".", name.name());
      }));
}

std::string Options(const sql::RoleStatement& role) {
  std::string text;
  const auto add = [&text](const std::optional<bool>& option, const char* name) {
    if (option.has_value()) absl::StrAppend(&text, *option ? " " : " NO", name);
  };
  add(role.login, "LOGIN");
  add(role.superuser, "SUPERUSER");
  add(role.create_role, "CREATEROLE");
  add(role.create_db, "CREATEDB");
  add(role.inherit, "INHERIT");
  add(role.bypass_row_security, "BYPASSRLS");
  if (role.password.has_value()) {
    absl::StrAppend(&text, role.password->empty() ? " PASSWORD NULL" : " PASSWORD (not shown)");
  }
  return text;
}

bool LooksLikeRoleStatement(std::string_view sql) {
  const absl::string_view text(sql.data(), sql.size());
  return absl::StrContains(absl::AsciiStrToLower(text), "password");
}

// SELECT (a, b), UPDATE
std::string Privileges(const sql::RoleStatement& role) {
  std::vector<std::string> shown;
  const size_t count = std::max(role.privileges.size(), role.privilege_columns.size());
  for (size_t i = 0; i < count; ++i) {
    shown.push_back(i < role.privileges.size() ? absl::AsciiStrToUpper(role.privileges[i]) : "ALL");
    if (i < role.privilege_columns.size() && !role.privilege_columns[i].empty())
      absl::StrAppend(&shown.back(), " (", absl::StrJoin(role.privilege_columns[i], ", "), ")");
  }
  return shown.empty() ? "ALL" : absl::StrJoin(shown, ", ");
}

}  // namespace

std::string AuditText(const sql::RoleStatement& role) {
  const std::string privileges = Privileges(role);
  const std::string roles = absl::StrJoin(role.roles, ", ");
  switch (role.kind) {
    case Kind::kCreate:
      return absl::StrCat("CREATE ROLE ", roles, Options(role));
    case Kind::kAlter:
      return absl::StrCat("ALTER ROLE ", roles, Options(role));
    case Kind::kDrop:
      return absl::StrCat("DROP ROLE ", role.if_exists ? "IF EXISTS " : "", roles);
    case Kind::kGrant:
      return absl::StrCat("GRANT ", privileges, " ON ", Objects(role), " TO ",
                          Grantees(role.roles));
    case Kind::kRevoke:
      return absl::StrCat("REVOKE ", privileges, " ON ", Objects(role), " FROM ",
                          Grantees(role.roles));
    case Kind::kGrantRole:
      return absl::StrCat("GRANT ", absl::StrJoin(role.granted_roles, ", "), " TO ", roles);
    case Kind::kRevokeRole:
      return absl::StrCat("REVOKE ", absl::StrJoin(role.granted_roles, ", "), " FROM ", roles);
    case Kind::kSet: {
      const bool of_database = role.roles.empty() && !role.database.empty();
      const std::string whose =
          of_database ? absl::StrCat("DATABASE ", role.database)
                      : absl::StrCat("ROLE ", role.roles.empty() ? "ALL" : roles,
                                     role.database.empty() ? "" : " IN DATABASE ", role.database);
      return absl::StrCat("ALTER ", whose, role.set.reset ? " RESET " : " SET ", role.set.name,
                          role.set.reset ? "" : " = ", absl::StrJoin(role.set.values, ", "));
    }
  }
  return "";
}

std::string AuditText(std::string_view sql) {
  sql::ScannedStatement scanned;
  if (sql::ScanLiterals(sql, &scanned)) {
    uint32_t parameters = 0;
    sql::ForEachParameter(sql, [&](const sql::ParameterUse& use) {
      parameters = std::max(parameters, static_cast<uint32_t>(use.number));
      return true;
    });
    return Readable(scanned.key, parameters);
  }
  return LooksLikeRoleStatement(sql) ? "(a statement with a password)" : std::string(sql);
}

std::string AuditText(const sql::Statement& statement) {
  switch (statement.statement_class) {
    case sql::StatementClass::kRole:
      return AuditText(statement.role);
    case sql::StatementClass::kDdl:
      return std::string(statement.text);
    default:
      return AuditText(statement.text);
  }
}

}  // namespace adbms::gateway::session
