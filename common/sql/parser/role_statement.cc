#include "common/sql/parser/role_statement.h"

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::parser {

std::string RoleName(const PgQuery__RoleSpec& role) {
  switch (role.roletype) {
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC:
      return {};
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_ROLE:
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_USER:
      return "current_user";
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER:
      return "session_user";
    default:
      return std::string(View(role.rolename));
  }
}

namespace {

absl::Status ReadOptions(NodeList options, RoleStatement* role) {
  for (const Node* item : options) {
    const PgQuery__DefElem& option = *item->def_elem;
    const std::string_view name = View(option.defname);
    const bool on = option.arg == nullptr ||
                    option.arg->node_case != PG_QUERY__NODE__NODE_BOOLEAN ||
                    option.arg->boolean->boolval;
    if (name == "password") {
      role->password = option.arg == nullptr ? "" : std::string(StringOf(option.arg));
    } else if (name == "canlogin") {
      role->login = on;
    } else if (name == "superuser") {
      role->superuser = on;
    } else if (name == "createrole") {
      role->create_role = on;
    } else if (name == "createdb") {
      role->create_db = on;
    } else if (name == "bypassrls") {
      role->bypass_row_security = on;
    } else if (name == "inherit") {
      role->inherit = on;
    } else if (name == "validUntil") {
      role->valid_until = std::string(StringOf(option.arg));
    } else if (name == "addroleto" || name == "rolemembers" || name == "adminmembers") {
      std::vector<std::string>& roles = name == "addroleto" ? role->member_of : role->members;
      for (const Node* one : NodeList(option.arg->list->items, option.arg->list->n_items))
        roles.push_back(RoleName(*one->role_spec));
    } else if (name == "connectionlimit") {
      const bool none =
          option.arg->node_case == PG_QUERY__NODE__NODE_INTEGER && option.arg->integer->ival == -1;
      if (!none) return status::NotSupported("a role's CONNECTION LIMIT");
    } else if (name != "isreplication" || on) {
      return status::NotSupported(
          absl::StrCat("role option ", absl::string_view(name.data(), name.size())));
    }
  }
  return absl::OkStatus();
}

// As RoleStatement.object_kind.
char ObjectKindOf(PgQuery__ObjectType type) {
  switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
    case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE:
      return 'f';
    case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN:
      return 'T';
    default:
      return 0;
  }
}

absl::Status ClassifyGrant(const PgQuery__GrantStmt& node, RoleStatement* role);

absl::Status ClassifyDefaults(const PgQuery__AlterDefaultPrivilegesStmt& node,
                              RoleStatement* role) {
  for (const Node* item : NodeList(node.options, node.n_options)) {
    const PgQuery__DefElem& option = *item->def_elem;
    const NodeList list(option.arg->list->items, option.arg->list->n_items);
    if (View(option.defname) == "schemas") {
      role->schemas = StringsOf(list);
    } else {
      for (const Node* one : list) role->makers.push_back(RoleName(*one->role_spec));
    }
  }
  return ClassifyGrant(*node.action, role);
}

absl::Status ClassifyGrant(const PgQuery__GrantStmt& node, RoleStatement* role) {
  role->kind = node.is_grant ? RoleStatement::Kind::kGrant : RoleStatement::Kind::kRevoke;
  if (node.grant_option) return status::NotSupported("GRANT OPTION");
  for (const Node* grantee : NodeList(node.grantees, node.n_grantees))
    role->roles.push_back(RoleName(*grantee->role_spec));
  for (const Node* privilege : NodeList(node.privileges, node.n_privileges)) {
    const PgQuery__AccessPriv& access = *privilege->access_priv;
    role->privilege_columns.push_back(StringsOf({access.cols, access.n_cols}));
    const std::string_view name = View(access.priv_name);
    // ALL (…)
    if (!name.empty()) role->privileges.emplace_back(name);
  }
  const NodeList objects(node.objects, node.n_objects);
  if (node.targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_DEFAULTS) {
    switch (node.objtype) {
      case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
        role->default_kind = 'r';
        return absl::OkStatus();
      case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
        role->default_kind = 'S';
        return absl::OkStatus();
      case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
        role->default_kind = 'n';
        return absl::OkStatus();
      case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
      case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE:
        role->default_kind = 'f';
        return absl::OkStatus();
      case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
        role->default_kind = 'T';
        return absl::OkStatus();
      default:
        return status::NotSupported("ALTER DEFAULT PRIVILEGES of objects of this kind");
    }
  }
  role->all_in_schema = node.targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA;
  role->on_sequences = node.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE;
  role->object_kind = ObjectKindOf(node.objtype);
  const bool relations = node.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE || role->on_sequences;
  if (role->all_in_schema || node.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
    if (role->all_in_schema && !relations && role->object_kind == 0)
      return status::NotSupported("GRANT on all objects of this kind");
    role->schemas = StringsOf(objects);
    return absl::OkStatus();
  }
  if (node.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE) {
    role->databases = StringsOf(objects);
    return absl::OkStatus();
  }
  if (role->object_kind != 0) return absl::OkStatus();
  if (!relations) return status::NotSupported("GRANT and REVOKE on objects of this kind");
  for (const Node* object : objects) {
    common::v1::RelationName name;
    name.set_schema(std::string(View(object->range_var->schemaname)));
    name.set_name(object->range_var->relname);
    role->tables.push_back(std::move(name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ClassifyRole(const Node& node, Statement* out) {
  out->statement_class = StatementClass::kRole;
  RoleStatement& role = out->role;
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_CREATE_ROLE_STMT: {
      const PgQuery__CreateRoleStmt& create = *node.create_role_stmt;
      role.kind = RoleStatement::Kind::kCreate;
      out->command_tag = "CREATE ROLE";
      role.roles = {create.role};
      if (create.stmt_type == PG_QUERY__ROLE_STMT_TYPE__ROLESTMT_USER) role.login = true;
      return ReadOptions({create.options, create.n_options}, &role);
    }
    case PG_QUERY__NODE__NODE_ALTER_ROLE_STMT: {
      const PgQuery__AlterRoleStmt& alter = *node.alter_role_stmt;
      role.kind = RoleStatement::Kind::kAlter;
      out->command_tag = "ALTER ROLE";
      role.roles = {RoleName(*alter.role)};
      return ReadOptions({alter.options, alter.n_options}, &role);
    }
    case PG_QUERY__NODE__NODE_DROP_ROLE_STMT: {
      const PgQuery__DropRoleStmt& drop = *node.drop_role_stmt;
      role.kind = RoleStatement::Kind::kDrop;
      out->command_tag = "DROP ROLE";
      role.if_exists = drop.missing_ok;
      for (const Node* name : NodeList(drop.roles, drop.n_roles))
        role.roles.push_back(RoleName(*name->role_spec));
      return absl::OkStatus();
    }
    case PG_QUERY__NODE__NODE_GRANT_STMT:
      out->command_tag = node.grant_stmt->is_grant ? "GRANT" : "REVOKE";
      return ClassifyGrant(*node.grant_stmt, &role);
    case PG_QUERY__NODE__NODE_ALTER_DEFAULT_PRIVILEGES_STMT:
      out->command_tag = "ALTER DEFAULT PRIVILEGES";
      return ClassifyDefaults(*node.alter_default_privileges_stmt, &role);
    default: {
      const PgQuery__GrantRoleStmt& grant = *node.grant_role_stmt;
      role.kind =
          grant.is_grant ? RoleStatement::Kind::kGrantRole : RoleStatement::Kind::kRevokeRole;
      out->command_tag = grant.is_grant ? "GRANT ROLE" : "REVOKE ROLE";
      if (grant.admin_opt) return status::NotSupported("ADMIN OPTION");
      for (const Node* name : NodeList(grant.granted_roles, grant.n_granted_roles))
        role.granted_roles.emplace_back(View(name->access_priv->priv_name));
      for (const Node* name : NodeList(grant.grantee_roles, grant.n_grantee_roles))
        role.roles.push_back(RoleName(*name->role_spec));
      return absl::OkStatus();
    }
  }
}

}  // namespace adbms::sql::parser
