#include "services/security/authz/roles.h"

#include "common/sql/catalog_numbers.h"

namespace adbms::security::authz {
namespace {

constexpr int kColumnShift = 32;

void CollectMemberships(const Roles& roles, const std::string& role, bool inherited,
                        std::set<std::string>* seen) {
  if (!seen->insert(role).second) return;
  const auto attributes = roles.roles.find(role);
  if (inherited && attributes != roles.roles.end() && !attributes->second.inherits) return;
  const auto found = roles.member_of.find(role);
  if (found == roles.member_of.end()) return;
  for (const std::string& parent : found->second)
    CollectMemberships(roles, parent, inherited, seen);
}

// Of those of a name the later ones hold: a session takes them in order, without those for other
// databases.
void AddSettings(const Roles& roles, const std::string& name, security::v1::Policy* policy) {
  for (const bool own : {false, true}) {
    const std::string role = own ? name : "";
    for (const bool in_database : {false, true}) {
      for (auto found = roles.settings.lower_bound({role, ""});
           found != roles.settings.end() && found->first.first == role; ++found) {
        const uint32_t database_id = sql::DatabaseOfSetting(found->first.second);
        if ((database_id != 0) != in_database) continue;
        for (const auto& [setting, kept] : found->second) {
          security::v1::KeptSetting* added = policy->add_settings();
          added->set_name(setting);
          added->set_value(kept.value);
          added->set_database_id(database_id);
          added->set_source(own           ? in_database ? "database user" : "user"
                            : in_database ? "database"
                                          : "global");
        }
      }
    }
  }
}

}  // namespace

uint32_t TableOf(uint64_t object) { return static_cast<uint32_t>(object); }

uint64_t ObjectOf(const security::v1::TableGrant& grant) {
  return (uint64_t{grant.column()} << kColumnShift) | grant.table_id();
}

std::set<std::string> Roles::MembershipsOf(const std::string& role, bool inherited) const {
  std::set<std::string> seen;
  CollectMemberships(*this, role, inherited, &seen);
  return seen;
}

security::v1::Policy Roles::PolicyOf(const std::string& name) const {
  const Role& role = roles.at(name);
  security::v1::Policy policy;
  policy.set_role(name);
  policy.set_identity(role.identity);
  policy.set_version(version);
  policy.set_superuser(role.superuser);
  policy.set_create_role(role.create_role);
  policy.set_can_login(role.can_login);
  policy.set_create_db(role.create_db);
  policy.set_bypass_row_security(role.bypasses);
  const std::set<std::string> memberships = MembershipsOf(name, /*inherited=*/true);
  std::map<uint64_t, std::set<int>> merged;
  for (const auto& [key, privileges] : grants) {
    if (!key.first.empty() && !memberships.contains(key.first)) continue;
    merged[key.second].insert(privileges.begin(), privileges.end());
  }
  for (const std::string& membership : memberships) policy.add_member_of(membership);
  for (const std::string& membership : MembershipsOf(name, /*inherited=*/false))
    policy.add_may_become(membership);
  for (const auto& [table, privileges] : merged) {
    security::v1::TableGrant* grant = policy.add_grants();
    grant->set_table_id(TableOf(table));
    grant->set_column(static_cast<uint32_t>(table >> kColumnShift));
    for (const int privilege : privileges) {
      grant->add_privileges(static_cast<common::v1::Privilege>(privilege));
    }
  }
  AddSettings(*this, name, &policy);
  for (const DefaultGrant& given : default_grants) {
    if (given.maker != name) continue;
    security::v1::DefaultGrant* added = policy.add_default_grants();
    added->set_schema_id(given.schema_id);
    added->set_kind(given.kind);
    added->set_grantee(given.grantee);
    added->set_privilege(static_cast<common::v1::Privilege>(given.privilege));
  }
  return policy;
}

}  // namespace adbms::security::authz
