#include "services/storage/server/privilege_rows.h"

#include <set>
#include <utility>

#include "common/sql/temporary_schema.h"
#include "services/storage/server/privilege_functions.h"

namespace adbms::storage::server {
namespace {

using common::v1::Privilege;
using common::v1::TableDescriptor;
using types::Value;

struct Shown {
  Privilege privilege;
  const char* name;
  bool of_columns;
};
// TRIGGER is the owner's alone.
constexpr Shown kShown[] = {{common::v1::PRIVILEGE_INSERT, "INSERT", true},
                            {common::v1::PRIVILEGE_SELECT, "SELECT", true},
                            {common::v1::PRIVILEGE_UPDATE, "UPDATE", true},
                            {common::v1::PRIVILEGE_DELETE, "DELETE", false},
                            {common::v1::PRIVILEGE_TRUNCATE, "TRUNCATE", false},
                            {common::v1::PRIVILEGE_REFERENCES, "REFERENCES", true},
                            {common::v1::PRIVILEGE_OWNER, "TRIGGER", false}};

using Privileges = std::set<int64_t>;
// By grantee ("": everybody).
using Grants = std::map<std::string, Privileges>;

// The system's tables are of who made the cluster.
std::string OwnerOf(const TableDescriptor& table) {
  return table.owner().empty() ? "postgres" : table.owner();
}

class PrivilegeRows {
 public:
  // `of_roles`: only what roles that the session's user has the rights of gave or were given.
  PrivilegeRows(const RowSource& source, RowBuilder* rows, bool of_roles)
      : source_(source), rows_(rows), of_roles_(of_roles) {
    for (const auto& row :
         ReadSystemTable(source.shared, "grants", {"grantee", "table_id", "privilege"}))
      grants_[static_cast<uint64_t>(row[1].int_value())][std::string(row[0].bytes())].insert(
          row[2].int_value());
  }

  void Tables() {
    ForEachTable([this](const TableDescriptor& table, const Grants& grants) {
      for (const auto& [grantee, privileges] : grants) {
        for (const Shown& shown : kShown) {
          if (!privileges.contains(shown.privilege) || !Row(table, grantee, shown)) continue;
          rows_->Set("with_hierarchy",
                     shown.privilege == common::v1::PRIVILEGE_SELECT ? "YES" : "NO");
        }
      }
    });
  }

  void Columns() {
    ForEachTable([this](const TableDescriptor& table, const Grants& of_table) {
      for (int i = 0; i < table.columns_size(); ++i) {
        if (table.columns(i).dropped()) continue;
        Grants grants = of_table;
        for (const auto& [grantee, privileges] :
             On((uint64_t{static_cast<uint32_t>(i) + 1} << 32) | table.table_id()))
          grants[grantee].insert(privileges.begin(), privileges.end());
        for (const auto& [grantee, privileges] : grants) {
          for (const Shown& shown : kShown) {
            if (!shown.of_columns || !privileges.contains(shown.privilege) ||
                !Row(table, grantee, shown))
              continue;
            rows_->Set("column_name", table.columns(i).name());
          }
        }
      }
    });
  }

 private:
  const Grants& On(uint64_t object) const {
    static const auto* const kNone = new Grants();
    const auto found = grants_.find(object);
    return found == grants_.end() ? *kNone : found->second;
  }

  // With what its owner has.
  template <typename Visit>
  void ForEachTable(Visit visit) {
    for (const auto& [id, entry] : source_.catalog->tables()) {
      const TableDescriptor& table = entry->descriptor;
      if (table.has_sequence() || table.has_materialized_view() ||
          sql::IsOtherTemporarySchema(table.schema(), source_.session->search_path))
        continue;
      Grants grants = On(id);
      for (const Shown& shown : kShown) grants[OwnerOf(table)].insert(shown.privilege);
      visit(table, grants);
    }
  }

  // Whether the session's user, or else the one named, has the rights of the other.
  bool HasRights(const std::string& role, const std::string& of) {
    const auto [known, added] = has_rights_.try_emplace({role, of}, false);
    if (!added) return known->second;
    std::vector<Value> arguments = {Value::Text(of), Value::Text("USAGE")};
    if (!role.empty()) arguments.insert(arguments.begin(), Value::Text(role));
    const auto has = HasRole({source_.shared, *source_.catalog, *source_.session, arguments});
    return known->second = has.ok() && !has->is_null() && has->bool_value();
  }

  bool Row(const TableDescriptor& table, const std::string& grantee, const Shown& shown) {
    const std::string owner = OwnerOf(table);
    const bool everybody = grantee.empty();
    if (!(everybody && !of_roles_) && !HasRights("", owner) &&
        (everybody || !HasRights("", grantee)))
      return false;
    const std::string& database = source_.session->current_database;
    rows_->Row()
        .Set("grantor", owner)
        .Set("grantee", everybody ? std::string("PUBLIC") : grantee)
        .Set("table_catalog", database.empty() ? std::string("postgres") : database)
        .Set("table_schema", ShownSchema(table.schema()))
        .Set("table_name", table.name())
        .Set("privilege_type", shown.name)
        .Set("is_grantable", !everybody && HasRights(grantee, owner) ? "YES" : "NO");
    return true;
  }

  const RowSource& source_;
  RowBuilder* const rows_;
  const bool of_roles_;
  // A column's number is above the 32 bits of its table's.
  std::map<uint64_t, Grants> grants_;
  std::map<std::pair<std::string, std::string>, bool> has_rights_;
};

}  // namespace

void FillTablePrivileges(const RowSource& source, RowBuilder* rows) {
  PrivilegeRows(source, rows, false).Tables();
}

void FillRoleTableGrants(const RowSource& source, RowBuilder* rows) {
  PrivilegeRows(source, rows, true).Tables();
}

void FillColumnPrivileges(const RowSource& source, RowBuilder* rows) {
  PrivilegeRows(source, rows, false).Columns();
}

void FillRoleColumnGrants(const RowSource& source, RowBuilder* rows) {
  PrivilegeRows(source, rows, true).Columns();
}

}  // namespace adbms::storage::server
