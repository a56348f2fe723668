#include "services/security/authz/role_store.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/settings/setting_table.h"
#include "common/sql/catalog_numbers.h"
#include "common/sql/system_relations.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/security/authn/scram.h"
#include "services/security/authz/dependents.h"
#include "services/security/authz/role_tables.h"

namespace adbms::security::authz {
namespace {

using storage::api::SqlClient;
using types::Value;
using Request = security::v1::ChangeRolesRequest;

absl::Status NoSuchRole(const std::string& name) {
  return status::Error(status::sqlstate::kUndefinedObject,
                       absl::StrCat("role \"", name, "\" does not exist"));
}

absl::Status ApplyOptions(const Request& request, Role* role) {
  if (request.has_superuser()) role->superuser = request.superuser();
  if (request.has_login()) role->can_login = request.login();
  if (request.has_create_role()) role->create_role = request.create_role();
  if (request.has_create_db()) role->create_db = request.create_db();
  if (request.has_bypass_row_security()) role->bypasses = request.bypass_row_security();
  if (request.has_inherit()) role->inherits = request.inherit();
  if (request.has_valid_until_us()) role->valid_until_us = request.valid_until_us();
  if (!request.has_password()) return absl::OkStatus();
  if (request.password().empty()) {
    role->verifier.clear();
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(role->verifier, authn::MakeVerifier(request.password()));
  return absl::OkStatus();
}

}  // namespace

absl::Status RoleStore::Bootstrap(const rpc::CallContext& context, const std::string& superuser,
                                  const std::string& verifier) {
  for (const char* table : RoleTables()) RETURN_IF_ERROR(sql_->Run(context, table).status());
  ASSIGN_OR_RETURN(const auto present, sql_->Run(context, "SELECT count(*) FROM adbms.roles"));
  if (present.rows[0][0].int_value() == 0)
    RETURN_IF_ERROR(AddSuperuser(context, superuser, verifier));
  RETURN_IF_ERROR(AddMonitorRole(context));
  // As PostgreSQL 15: everybody may use public, its owner alone creates in it. Once, as it may be
  // revoked: the row stays.
  ASSIGN_OR_RETURN(const auto opened,
                   sql_->Run(context, "SELECT count(*) FROM adbms.policy_version WHERE id = 2"));
  if (opened.rows[0][0].int_value() > 0) return absl::OkStatus();
  return sql_->RunTransaction(context,
                              {{"INSERT INTO adbms.grants VALUES ('', $1, $2)",
                                {Value::Int(types::TypeId::kInt8, sql::kPublicSchemaOid),
                                 Value::Int(types::TypeId::kInt4, common::v1::PRIVILEGE_USAGE)}},
                               {"INSERT INTO adbms.policy_version VALUES (2, 1)", {}}});
}

absl::Status RoleStore::AddSuperuser(const rpc::CallContext& context, const std::string& superuser,
                                     const std::string& verifier) {
  Role role;
  role.superuser = role.can_login = role.create_role = role.create_db = role.bypasses = true;
  role.verifier = verifier;
  return sql_->RunTransaction(context, {PutRole(superuser, role, false),
                                        {"INSERT INTO adbms.policy_version VALUES (1, 1)", {}}});
}

absl::Status RoleStore::AddMonitorRole(const rpc::CallContext& context) {
  const std::string name(sql::kMonitorRole);
  ASSIGN_OR_RETURN(
      const auto present,
      sql_->Run(context, "SELECT count(*) FROM adbms.roles WHERE name = $1", {Value::Text(name)}));
  if (present.rows[0][0].int_value() > 0) return absl::OkStatus();
  return sql_->RunTransaction(
      context, {PutRole(name, Role(), false),
                {"UPDATE adbms.policy_version SET version = version + 1 WHERE id = 1", {}}});
}

absl::Status RoleStore::CheckHasNothing(const rpc::CallContext& context, const Roles& roles,
                                        const std::string& name, bool creates) const {
  std::set<uint32_t> granted;
  for (const auto& [key, privileges] : roles.grants) {
    if (!creates && key.first == name && !privileges.empty()) granted.insert(TableOf(key.second));
  }
  ASSIGN_OR_RETURN(const auto system, storage_->GetCatalog(context, 0));
  if (system == nullptr) return absl::InternalError("storage gave no catalog");
  std::vector<std::string> objects = DatabasesOf(*system, name, granted);
  for (const common::v1::DatabaseDescriptor& database : system->databases()) {
    auto catalog = storage_->GetCatalogOf(context, database.name(), 0);
    // One that was dropped just now has nothing any more.
    if (status::HasSqlState(catalog.status(), status::sqlstate::kInvalidCatalogName)) continue;
    RETURN_IF_ERROR(catalog.status());
    std::vector<std::string> inside = OwnedBy(**catalog, name);
    const std::vector<std::string> privileges = Named(**catalog, granted);
    inside.insert(inside.end(), privileges.begin(), privileges.end());
    if (database.database_id() == system->database_id()) {
      objects.insert(objects.end(), inside.begin(), inside.end());
    } else if (!inside.empty()) {
      objects.push_back(absl::StrCat(inside.size(), inside.size() == 1 ? " object" : " objects",
                                     " in database ", database.name()));
    }
  }
  if (objects.empty()) return absl::OkStatus();
  return status::Error(
      "2BP01",
      creates
          ? absl::StrCat("role \"", name,
                         "\" cannot be created because an earlier one of that name owns objects")
          : absl::StrCat("role \"", name, "\" cannot be dropped because some objects depend on it"),
      absl::StrJoin(objects, "\n"));
}

absl::StatusOr<uint64_t> RoleStore::StoredVersion(const rpc::CallContext& context) {
  ASSIGN_OR_RETURN(const auto result,
                   sql_->Run(context, "SELECT version FROM adbms.policy_version WHERE id = 1"));
  if (result.rows.empty()) return 0;
  return static_cast<uint64_t>(result.rows[0][0].int_value());
}

absl::StatusOr<RolesPtr> RoleStore::Load(const rpc::CallContext& context) {
  auto roles = std::make_shared<Roles>();
  // The version first: a change in between is seen again at the next look.
  ASSIGN_OR_RETURN(roles->version, StoredVersion(context));
  ASSIGN_OR_RETURN(const auto names,
                   sql_->Run(context,
                             "SELECT name, is_superuser, can_login, create_role, create_db, "
                             "verifier, inherits, valid_until, bypasses, identity FROM "
                             "adbms.roles"));
  for (const auto& row : names.rows) {
    Role role;
    role.superuser = row[1].bool_value();
    role.can_login = row[2].bool_value();
    role.create_role = row[3].bool_value();
    role.create_db = row[4].bool_value();
    if (!row[5].is_null()) role.verifier = std::string(row[5].bytes());
    role.inherits = row[6].bool_value();
    if (!row[7].is_null()) role.valid_until_us = row[7].int_value();
    role.bypasses = row[8].bool_value();
    role.identity = static_cast<uint64_t>(row[9].int_value());
    roles->roles.emplace(std::string(row[0].bytes()), std::move(role));
  }
  ASSIGN_OR_RETURN(const auto members,
                   sql_->Run(context, "SELECT role, member FROM adbms.role_members"));
  for (const auto& row : members.rows) {
    roles->member_of[std::string(row[1].bytes())].insert(std::string(row[0].bytes()));
  }
  ASSIGN_OR_RETURN(const auto grants,
                   sql_->Run(context, "SELECT grantee, table_id, privilege FROM adbms.grants"));
  for (const auto& row : grants.rows) {
    roles->grants[{std::string(row[0].bytes()), static_cast<uint64_t>(row[1].int_value())}].insert(
        static_cast<int>(row[2].int_value()));
  }
  ASSIGN_OR_RETURN(
      const auto settings,
      sql_->Run(context, "SELECT role, database, name, value, position FROM adbms.role_settings"));
  for (const auto& row : settings.rows) {
    roles->settings[{std::string(row[0].bytes()), std::string(row[1].bytes())}].emplace(
        row[2].bytes(), KeptValue{std::string(row[3].bytes()), row[4].int_value()});
  }
  ASSIGN_OR_RETURN(
      const auto defaults,
      sql_->Run(context,
                "SELECT maker, schema_id, kind, grantee, privilege FROM adbms.default_grants"));
  for (const auto& row : defaults.rows) {
    roles->default_grants.insert({std::string(row[0].bytes()),
                                  static_cast<uint32_t>(row[1].int_value()),
                                  std::string(row[2].bytes()), std::string(row[3].bytes()),
                                  static_cast<int>(row[4].int_value())});
  }
  return RolesPtr(std::move(roles));
}

absl::StatusOr<RolesPtr> RoleStore::Get(const rpc::CallContext& context) {
  RolesPtr current;
  {
    absl::MutexLock lock(&mutex_);
    current = roles_;
  }
  if (current != nullptr) {
    ASSIGN_OR_RETURN(const uint64_t version, StoredVersion(context));
    if (version == current->version) return current;
  }
  ASSIGN_OR_RETURN(RolesPtr fresh, Load(context));
  absl::MutexLock lock(&mutex_);
  if (roles_ == nullptr || roles_->version <= fresh->version) roles_ = fresh;
  return fresh;
}

namespace {

// As PostgreSQL 15: one's own role's, with CREATEROLE those of roles that are no superusers.
absl::Status CheckMaySet(const Roles& roles, const Role& who, const Request& request) {
  const char* refused = nullptr;
  if (request.roles().empty()) {
    if (request.owns_database()) return absl::OkStatus();
    refused = "must be superuser to alter settings globally";
  } else {
    const auto target = roles.roles.find(request.roles(0));
    if (target == roles.roles.end()) return NoSuchRole(request.roles(0));
    if (target->second.superuser) {
      refused = "must be superuser to alter superusers";
    } else if (!who.create_role && request.roles(0) != request.user()) {
      refused = "permission denied";
    }
  }
  if (refused == nullptr) return absl::OkStatus();
  return status::Error(status::sqlstate::kInsufficientPrivilege, refused);
}

}  // namespace

absl::StatusOr<std::vector<SqlClient::Step>> RoleStore::SettingSteps(const Roles& roles,
                                                                     const Request& request) {
  const std::string role = request.roles().empty() ? "" : request.roles(0);
  if (!role.empty() && !roles.roles.contains(role)) return NoSuchRole(role);
  std::vector<SqlClient::Step> steps;
  const Value role_value = Value::Text(role);
  const std::string key = sql::SettingKeyOf(request.database_id());
  const Value database = Value::Text(key);
  int64_t position = 1;  // Behind all that are there.
  bool is_there = false;
  const auto found = roles.settings.find({role, key});
  if (found != roles.settings.end()) {
    // RESET ALL leaves what its user may not set.
    const bool superuser = roles.roles.at(request.user()).superuser;
    for (const auto& [name, kept] : found->second) {
      position = std::max(position, kept.position + 1);
      is_there = is_there || name == request.setting();
      const settings::SettingDefinition* definition = settings::FindSetting(name);
      const bool own =
          definition != nullptr && definition->context == settings::SettingContext::kUser;
      if (request.setting().empty() ? !superuser && !own : name != request.setting()) continue;
      if (request.has_value()) continue;
      steps.push_back(
          {"DELETE FROM adbms.role_settings WHERE role = $1 AND database = $2 AND name = $3",
           {role_value, database, Value::Text(name)}});
    }
  }
  if (request.has_value()) {
    std::vector<Value> values = {role_value, database, Value::Text(request.setting()),
                                 Value::Text(request.value())};
    if (!is_there) values.push_back(Value::Int(types::TypeId::kInt8, position));
    steps.push_back({is_there ? "UPDATE adbms.role_settings SET value = $4 WHERE role = $1 AND "
                                "database = $2 AND name = $3"
                              : "INSERT INTO adbms.role_settings (role, database, name, value, "
                                "position) VALUES ($1, $2, $3, $4, $5)",
                     std::move(values)});
  }
  return steps;
}

absl::Status RoleStore::CheckMayChange(const Roles& roles, const Request& request) const {
  const auto found = roles.roles.find(request.user());
  if (found == roles.roles.end()) return NoSuchRole(request.user());
  const Role& who = found->second;
  if (who.superuser) return absl::OkStatus();
  if (request.kind() == Request::KIND_SET) return CheckMaySet(roles, who, request);
  const bool grants =
      request.kind() == Request::KIND_GRANT || request.kind() == Request::KIND_REVOKE;
  if (grants) return absl::OkStatus();  // The gateway has checked that the user owns the tables.
  const bool own_password =
      request.kind() == Request::KIND_ALTER && request.roles_size() == 1 &&
      request.roles(0) == request.user() && request.has_password() && !request.has_login() &&
      !request.has_superuser() && !request.has_create_role() && !request.has_create_db() &&
      !request.has_inherit() && !request.has_valid_until_us() && !request.has_bypass_row_security();
  if (own_password) return absl::OkStatus();
  if (request.has_bypass_row_security())
    return status::Error(status::sqlstate::kInsufficientPrivilege,
                         request.kind() == Request::KIND_CREATE
                             ? "must be superuser to create bypassrls users"
                             : "must be superuser to change bypassrls attribute");
  bool touches_superuser = request.has_superuser() && request.superuser();
  for (const std::string& name : request.roles()) {
    const auto target = roles.roles.find(name);
    if (target != roles.roles.end() && target->second.superuser) touches_superuser = true;
  }
  const auto joins = [&](const auto& names) {
    for (const std::string& name : names) {
      const auto target = roles.roles.find(name);
      if (target != roles.roles.end() && target->second.superuser) touches_superuser = true;
    }
  };
  joins(request.granted_roles());
  joins(request.member_of());
  if (!who.create_role || touches_superuser) {
    return status::Error(status::sqlstate::kInsufficientPrivilege,
                         touches_superuser ? "must be superuser to change superusers"
                                           : "permission denied to change roles");
  }
  return absl::OkStatus();
}

namespace {

bool Contains(const google::protobuf::RepeatedField<int>& privileges, int privilege) {
  return std::find(privileges.begin(), privileges.end(), privilege) != privileges.end();
}

// What says that PUBLIC has not what it has by default.
int RevocationOf(int privilege) {
  switch (privilege) {
    case common::v1::PRIVILEGE_CONNECT:
      return common::v1::PRIVILEGE_NO_PUBLIC_CONNECT;
    case common::v1::PRIVILEGE_TEMPORARY:
      return common::v1::PRIVILEGE_NO_PUBLIC_TEMPORARY;
    case common::v1::PRIVILEGE_EXECUTE:
      return common::v1::PRIVILEGE_NO_PUBLIC_EXECUTE;
    default:
      return common::v1::PRIVILEGE_NO_PUBLIC_USAGE;
  }
}

// Of no role before: sessions tell by it whether their role is still the one that they began with.
uint64_t NewIdentity() {
  absl::BitGen generator;
  return absl::Uniform<uint64_t>(absl::IntervalClosed, generator, 1, INT64_MAX);
}

bool IsAdministrator(const Role& role) { return role.superuser && role.can_login; }

// There is no single-user mode to give the right back in.
absl::Status CheckAdministratorLeft(const Roles& roles, const std::string& without) {
  for (const auto& [name, role] : roles.roles) {
    if (name != without && IsAdministrator(role)) return absl::OkStatus();
  }
  return status::Error(status::sqlstate::kObjectNotInPrerequisiteState,
                       absl::StrCat("role \"", without, "\" is the last superuser that can log in"),
                       {}, "Make another role a superuser with LOGIN first.");
}

}  // namespace

namespace {

SqlClient::Step NextVersion() {
  return {"UPDATE adbms.policy_version SET version = version + 1 WHERE id = 1", {}};
}

// Puts or takes one privilege on an object.
void SetGrant(const std::string& name, uint64_t object, int privilege, bool puts, Roles* roles,
              std::vector<SqlClient::Step>* steps) {
  std::set<int>& held = roles->grants[{name, object}];
  if (held.contains(privilege) == puts) return;
  if (puts)
    held.insert(privilege);
  else
    held.erase(privilege);
  steps->push_back(
      {puts ? "INSERT INTO adbms.grants VALUES ($1, $2, $3)"
            : "DELETE FROM adbms.grants WHERE grantee = $1 AND table_id = $2 AND privilege = $3",
       {Value::Text(name), Value::Int(types::TypeId::kInt8, static_cast<int64_t>(object)),
        Value::Int(types::TypeId::kInt4, privilege)}});
}

// The role is gone.
void Forget(const std::string& name, Roles* roles) {
  roles->roles.erase(name);
  roles->member_of.erase(name);
  for (auto& [member, above] : roles->member_of) above.erase(name);
  std::erase_if(roles->default_grants,
                [&](const auto& one) { return one.maker == name || one.grantee == name; });
  std::erase_if(roles->grants, [&](const auto& grant) { return grant.first.first == name; });
  std::erase_if(roles->settings, [&](const auto& one) { return one.first.first == name; });
}

// As SettingSteps has it.
void KeepSetting(const Request& request, Roles* roles) {
  const std::string role = request.roles().empty() ? "" : request.roles(0);
  auto& kept = roles->settings[{role, sql::SettingKeyOf(request.database_id())}];
  if (request.has_value()) {
    const auto before = kept.find(request.setting());
    int64_t position = 1;
    for (const auto& [name, one] : kept) position = std::max(position, one.position + 1);
    kept[request.setting()] = {request.value(),
                               before == kept.end() ? position : before->second.position};
  } else if (request.setting().empty()) {
    kept.clear();
  } else {
    kept.erase(request.setting());
  }
}

}  // namespace

absl::StatusOr<security::v1::ChangeRolesResponse> RoleStore::Change(const rpc::CallContext& context,
                                                                    const Request& request) {
  ASSIGN_OR_RETURN(const RolesPtr current, Get(context));
  Roles roles = *current;
  for (const Request& before : request.before()) {
    std::vector<SqlClient::Step> made;
    security::v1::ChangeRolesResponse told;
    RETURN_IF_ERROR(Plan(context, before, &roles, &made, &told));
  }
  std::vector<SqlClient::Step> steps;
  security::v1::ChangeRolesResponse response;
  RETURN_IF_ERROR(Plan(context, request, &roles, &steps, &response));
  if (!request.plan()) return Make(context, *current, std::move(steps), std::move(response));
  response.set_version(current->version);
  if (!steps.empty()) steps.push_back(NextVersion());
  for (const SqlClient::Step& step : steps) {
    security::v1::RoleStep* planned = response.add_steps();
    planned->set_sql(step.sql);
    for (const Value& parameter : step.parameters)
      *planned->add_parameters() = types::ToProto(parameter);
  }
  return response;
}

absl::Status RoleStore::JoinRoles(const Request& request, const std::string& name, Roles* roles,
                                  std::vector<SqlClient::Step>* steps) {
  const auto join = [&](const std::string& role, const std::string& member) -> absl::Status {
    for (const std::string& one : {role, member}) {
      if (!roles->roles.contains(one)) return NoSuchRole(one);
    }
    if (roles->MembershipsOf(role, /*inherited=*/false).contains(member))
      return status::Error(
          "0LP01", absl::StrCat("role \"", role, "\" is a member of role \"", member, "\""));
    if (!roles->member_of[member].insert(role).second) return absl::OkStatus();
    steps->push_back({"INSERT INTO adbms.role_members VALUES ($1, $2)",
                      {Value::Text(role), Value::Text(member)}});
    return absl::OkStatus();
  };
  for (const std::string& role : request.member_of()) RETURN_IF_ERROR(join(role, name));
  for (const std::string& member : request.members()) RETURN_IF_ERROR(join(name, member));
  return absl::OkStatus();
}

absl::Status RoleStore::ChangeDefaults(const Request& request, const std::string& grantee,
                                       Roles* roles, std::vector<SqlClient::Step>* steps) {
  const bool grants = request.kind() == Request::KIND_GRANT;
  for (const std::string& maker : request.defaults().makers()) {
    if (!roles->roles.contains(maker)) return NoSuchRole(maker);
    for (const security::v1::TableGrant& grant : request.grants()) {
      for (const int asked : grant.privileges()) {
        const bool of_public = grantee.empty() && Contains(grant.privileges_of_public(), asked);
        const int privilege = of_public ? RevocationOf(asked) : asked;
        const bool puts = grants != of_public;
        const Roles::DefaultGrant given{maker, grant.table_id(), request.defaults().kind(), grantee,
                                        privilege};
        const bool changed = puts ? roles->default_grants.insert(given).second
                                  : roles->default_grants.erase(given) > 0;
        if (!changed) continue;
        steps->push_back(
            {puts ? "INSERT INTO adbms.default_grants VALUES ($1, $2, $3, $4, $5)"
                  : "DELETE FROM adbms.default_grants WHERE maker = $1 AND schema_id = $2 AND "
                    "kind = $3 AND grantee = $4 AND privilege = $5",
             {Value::Text(maker), Value::Int(types::TypeId::kInt8, grant.table_id()),
              Value::Text(given.kind), Value::Text(grantee),
              Value::Int(types::TypeId::kInt4, privilege)}});
      }
    }
  }
  return absl::OkStatus();
}

absl::Status RoleStore::Plan(const rpc::CallContext& context, const Request& request, Roles* roles,
                             std::vector<SqlClient::Step>* steps,
                             security::v1::ChangeRolesResponse* response) const {
  RETURN_IF_ERROR(CheckMayChange(*roles, request));
  if (request.kind() == Request::KIND_SET) {
    ASSIGN_OR_RETURN(*steps, SettingSteps(*roles, request));
    KeepSetting(request, roles);
    return absl::OkStatus();
  }
  const bool creates = request.kind() == Request::KIND_CREATE;
  for (const std::string& name : request.roles()) {
    const auto found = roles->roles.find(name);
    const bool exists = found != roles->roles.end();
    if (creates && exists) {
      return status::Error(status::sqlstate::kDuplicateObject,
                           absl::StrCat("role \"", name, "\" already exists"));
    }
    if (!creates && !exists && !(name.empty() && request.kind() != Request::KIND_DROP)) {
      if (request.kind() == Request::KIND_DROP && request.if_exists()) {
        response->add_notices(absl::StrCat("role \"", name, "\" does not exist, skipping"));
        continue;
      }
      return NoSuchRole(name);
    }
    switch (request.kind()) {
      case Request::KIND_CREATE: {
        if (name.empty() || name.size() > 63 || name.rfind("pg_", 0) == 0 || name == "public") {
          return status::Error("42939", absl::StrCat("role name \"", name, "\" is reserved"));
        }
        RETURN_IF_ERROR(CheckHasNothing(context, *roles, name, /*creates=*/true));
        Role role;
        role.identity = NewIdentity();
        RETURN_IF_ERROR(ApplyOptions(request, &role));
        steps->push_back(PutRole(name, role, false));
        roles->roles[name] = role;
        RETURN_IF_ERROR(JoinRoles(request, name, roles, steps));
        break;
      }
      case Request::KIND_ALTER: {
        if (name == sql::kMonitorRole) {
          return status::Error("42939", absl::StrCat("role name \"", name, "\" is reserved"));
        }
        Role role = found->second;
        RETURN_IF_ERROR(ApplyOptions(request, &role));
        if (IsAdministrator(found->second) && !IsAdministrator(role))
          RETURN_IF_ERROR(CheckAdministratorLeft(*roles, name));
        steps->push_back(PutRole(name, role, true));
        roles->roles[name] = role;
        break;
      }
      case Request::KIND_DROP:
        if (name == request.user()) {
          return status::Error(status::sqlstate::kObjectInUse, "current user cannot be dropped");
        }
        if (name == sql::kMonitorRole) {
          return status::Error("2BP01",
                               absl::StrCat("cannot drop role ", name,
                                            " because it is required by the database system"));
        }
        RETURN_IF_ERROR(CheckHasNothing(context, *roles, name, /*creates=*/false));
        steps->push_back({"DELETE FROM adbms.roles WHERE name = $1", {Value::Text(name)}});
        steps->push_back({"DELETE FROM adbms.grants WHERE grantee = $1", {Value::Text(name)}});
        steps->push_back({"DELETE FROM adbms.role_settings WHERE role = $1", {Value::Text(name)}});
        // One that comes later under the name is somebody else.
        steps->push_back({"DELETE FROM adbms.tokens WHERE role = $1", {Value::Text(name)}});
        steps->push_back({"DELETE FROM adbms.default_grants WHERE maker = $1 OR grantee = $1",
                          {Value::Text(name)}});
        steps->push_back(
            {"DELETE FROM adbms.role_members WHERE member = $1 OR role = $1", {Value::Text(name)}});
        Forget(name, roles);
        break;
      case Request::KIND_GRANT:
      case Request::KIND_REVOKE:
        if (request.has_defaults()) {
          RETURN_IF_ERROR(ChangeDefaults(request, name, roles, steps));
          break;
        }
        for (const security::v1::TableGrant& grant : request.grants()) {
          for (const int asked : grant.privileges()) {
            int privilege = asked;
            bool puts = request.kind() == Request::KIND_GRANT;
            if (name.empty() && Contains(grant.privileges_of_public(), asked)) {
              privilege = RevocationOf(asked);
              puts = !puts;
            }
            SetGrant(name, ObjectOf(grant), privilege, puts, roles, steps);
            if (puts || grant.column() != 0) continue;
            // Who has not the whole has no column of it.
            std::vector<uint64_t> columns;
            for (const auto& [held, privileges] : roles->grants) {
              if (held.first == name && TableOf(held.second) == grant.table_id() &&
                  held.second != grant.table_id())
                columns.push_back(held.second);
            }
            for (const uint64_t column : columns)
              SetGrant(name, column, privilege, false, roles, steps);
          }
        }
        break;
      case Request::KIND_GRANT_ROLE:
      case Request::KIND_REVOKE_ROLE:
        for (const std::string& granted : request.granted_roles()) {
          if (!roles->roles.contains(granted)) return NoSuchRole(granted);
          if (request.kind() == Request::KIND_GRANT_ROLE &&
              roles->MembershipsOf(granted, /*inherited=*/false).contains(name)) {
            return status::Error(
                "0LP01", absl::StrCat("role \"", granted, "\" is a member of role \"", name, "\""));
          }
          std::set<std::string>& held = roles->member_of[name];
          const bool has = held.contains(granted);
          const std::vector<Value> key = {Value::Text(granted), Value::Text(name)};
          if (request.kind() == Request::KIND_GRANT_ROLE && !has) {
            held.insert(granted);
            steps->push_back({"INSERT INTO adbms.role_members VALUES ($1, $2)", key});
          } else if (request.kind() == Request::KIND_REVOKE_ROLE && has) {
            held.erase(granted);
            steps->push_back(
                {"DELETE FROM adbms.role_members WHERE role = $1 AND member = $2", key});
          }
        }
        break;
      default:
        return absl::InvalidArgumentError("the kind of role change is missing");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<security::v1::ChangeRolesResponse> RoleStore::Make(
    const rpc::CallContext& context, const Roles& roles, std::vector<SqlClient::Step> steps,
    security::v1::ChangeRolesResponse response) {
  response.set_version(roles.version);
  if (steps.empty()) return response;
  steps.push_back(NextVersion());
  RETURN_IF_ERROR(sql_->RunTransaction(context, steps));
  ASSIGN_OR_RETURN(const RolesPtr fresh, Get(context));
  response.set_version(fresh->version);
  return response;
}

}  // namespace adbms::security::authz
