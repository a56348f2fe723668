// CREATE TYPE … AS ENUM, ALTER TYPE, DROP TYPE and DROP DOMAIN.
#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/type_mentions.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::DeclaredType;
using common::v1::TypeDescriptor;

constexpr size_t kLongestLabel = 63;

absl::Status CheckLabel(const std::string& label) {
  if (label.size() <= kLongestLabel) return absl::OkStatus();
  return status::Error("42602", absl::StrCat("invalid enum label \"", label, "\""),
                       absl::StrCat("Labels must be ", kLongestLabel, " bytes or less."));
}

std::vector<std::string> NamesOf(const Node* node) {
  if (node->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
    return parser::StringsOf({node->type_name->names, node->type_name->n_names});
  return parser::StringsOf({node->list->items, node->list->n_items});
}

// What the names mean if it is built in.
std::optional<TypeId> BuiltIn(const std::vector<std::string>& names) {
  if (names.size() > 1 && names[names.size() - 2] != "pg_catalog") return std::nullopt;
  return types::FromName(names.back());
}

// Whether the name is that of the multirange that comes with the range.
bool IsMultirangeOf(const TypeDescriptor& type, const std::string& name) {
  return type.declared().has_range() && type.declared().range().multirange_name() == name &&
         type.declared().name() != name;
}

std::string Shown(const std::vector<std::string>& names) {
  return names.size() > 1 ? absl::StrCat(names[names.size() - 2], ".", names.back()) : names.back();
}

}  // namespace

absl::StatusOr<std::string> DdlBinder::NewTypeSchema(const std::vector<std::string>& names) const {
  PgQuery__RangeVar range = PG_QUERY__RANGE_VAR__INIT;
  std::string schema = names.size() > 1 ? names[names.size() - 2] : std::string();
  range.schemaname = schema.data();
  range.location = -1;
  return TargetSchema(range);
}

absl::StatusOr<const TypeDescriptor*> DdlBinder::FindType(
    const std::vector<std::string>& names) const {
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : std::string();
  if (const auto built_in = BuiltIn(names))
    return ErrorAt(sqlstate::kInsufficientPrivilege, -1,
                   absl::StrCat("must be owner of type ", types::Format({*built_in, 0})));
  const TypeDescriptor* type =
      input_.catalog->ResolveType(schema, names.back(), input_.search_path);
  if (type != nullptr && IsMultirangeOf(*type, names.back()))
    return Unsupported(
        -1, absl::StrCat("changing the multirange type \"", names.back(), "\" without its range"));
  if (type == nullptr && !schema.empty() && !input_.catalog->HasSchema(schema))
    return ErrorAt(sqlstate::kInvalidSchemaName, -1,
                   absl::StrCat("schema \"", schema, "\" does not exist"));
  if (type == nullptr &&
      input_.catalog->ResolveTable(schema, names.back(), input_.search_path) != nullptr)
    return Unsupported(-1, absl::StrCat("changing the row type of \"", names.back(), "\""));
  if (type == nullptr)
    return ErrorAt(sqlstate::kUndefinedObject, -1,
                   absl::StrCat("type \"", Shown(names), "\" does not exist"));
  return type;
}

absl::Status DdlBinder::CreateEnum(const PgQuery__CreateEnumStmt& create) {
  const std::vector<std::string> names = parser::StringsOf({create.type_name, create.n_type_name});
  ASSIGN_OR_RETURN(const std::string schema, NewTypeSchema(names));
  TypeDescriptor* type = Add()->mutable_create_type()->mutable_type();
  type->set_owner(input_.current_user);
  DeclaredType* declared = type->mutable_declared();
  declared->set_kind(DeclaredType::KIND_ENUM);
  declared->set_schema(schema);
  declared->set_name(names.back());
  std::set<std::string> known;
  for (const std::string& label : parser::StringsOf({create.vals, create.n_vals})) {
    RETURN_IF_ERROR(CheckLabel(label));
    if (!known.insert(label).second)
      return status::Error(
          sqlstate::kUniqueViolation,
          "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"",
          absl::StrCat("The label \"", label, "\" is given twice."));
    declared->add_labels()->set_name(label);
  }
  return absl::OkStatus();
}

common::v1::AlterType* DdlBinder::AlterDeclared(const TypeDescriptor& type) {
  auto* alter = Add()->mutable_alter_type();
  alter->set_type_oid(type.declared().oid());
  alter->set_catalog_version(input_.catalog->version());
  return alter;
}

absl::Status DdlBinder::AlterEnum(const PgQuery__AlterEnumStmt& alter) {
  const std::vector<std::string> names = parser::StringsOf({alter.type_name, alter.n_type_name});
  if (const auto built_in = BuiltIn(names))
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat(types::Format({*built_in, 0}), " is not an enum"));
  ASSIGN_OR_RETURN(const TypeDescriptor* type, FindType(names));
  if (type->declared().kind() != DeclaredType::KIND_ENUM)
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat(types::Format(types::TypeOf(types::Intern(type->declared()))),
                                " is not an enum"));
  const std::string from(parser::View(alter.old_val));
  const std::string to(parser::View(alter.new_val));
  RETURN_IF_ERROR(CheckLabel(to));
  common::v1::AlterType* change = AlterDeclared(*type);
  change->set_if_exists(alter.skip_if_new_val_exists);
  if (alter.old_val != nullptr && *alter.old_val != '\0') {
    const std::string use = LabelUse(type->declared(), from, *input_.catalog);
    if (!use.empty())
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat("renaming a value that ", use, " names is not supported"),
                           {}, "Drop that first, and make it again with the new name.");
    change->mutable_rename_value()->set_from(from);
    change->mutable_rename_value()->set_to(to);
    return absl::OkStatus();
  }
  common::v1::AddEnumValue* value = change->mutable_add_value();
  value->set_label(to);
  const std::string neighbor(parser::View(alter.new_val_neighbor));
  value->set_has_neighbor(!neighbor.empty());
  value->set_neighbor(neighbor);
  value->set_before(!alter.new_val_is_after);
  return absl::OkStatus();
}

absl::StatusOr<common::v1::AlterType*> DdlBinder::MoveType(const Node* object, bool domain,
                                                           const char* what) {
  const std::vector<std::string> names = NamesOf(object);
  ASSIGN_OR_RETURN(const TypeDescriptor* type, FindType(names));
  if (domain && type->declared().kind() != DeclaredType::KIND_DOMAIN)
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat(types::QuotedName(names.back()), " is not a domain"));
  if (what != nullptr && !MentionsOf(type->declared(), *input_.catalog).empty())
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat(what, " a type that a view, default or check names is not supported"), {},
        "Drop that first, and make it again with the new name.");
  return AlterDeclared(*type);
}

absl::Status DdlBinder::RenameType(const PgQuery__RenameStmt& rename) {
  const bool domain = rename.rename_type != PG_QUERY__OBJECT_TYPE__OBJECT_TYPE;
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT) {
    ASSIGN_OR_RETURN(common::v1::AlterType * alter, MoveType(rename.object, true, nullptr));
    alter->mutable_rename_check()->set_from(std::string(parser::View(rename.subname)));
    alter->mutable_rename_check()->set_to(std::string(parser::View(rename.newname)));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(common::v1::AlterType * alter, MoveType(rename.object, domain, "renaming"));
  alter->set_rename(std::string(parser::View(rename.newname)));
  return absl::OkStatus();
}

absl::Status DdlBinder::SetTypeSchema(const PgQuery__AlterObjectSchemaStmt& move) {
  const std::string schema(parser::View(move.newschema));
  const bool domain = move.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
  ASSIGN_OR_RETURN(common::v1::AlterType * alter, MoveType(move.object, domain, "moving"));
  if (!input_.catalog->HasSchema(schema))
    return ErrorAt(sqlstate::kInvalidSchemaName, -1,
                   absl::StrCat("schema \"", schema, "\" does not exist"));
  alter->set_schema(schema);
  return absl::OkStatus();
}

absl::Status DdlBinder::SetTypeOwner(const PgQuery__AlterOwnerStmt& change) {
  const bool domain = change.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
  ASSIGN_OR_RETURN(common::v1::AlterType * alter, MoveType(change.object, domain, nullptr));
  alter->set_owner(RoleOf(*change.newowner));
  return absl::OkStatus();
}

absl::Status DdlBinder::DropTypes(const PgQuery__DropStmt& drop) {
  common::v1::DropType* statement = Add()->mutable_drop_type();
  statement->set_if_exists(drop.missing_ok);
  statement->set_cascade(drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
  statement->set_domain(drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN);
  statement->set_catalog_version(input_.catalog->version());
  for (const Node* node : NodeList(drop.objects, drop.n_objects)) {
    const std::vector<std::string> names = NamesOf(node);
    if (const auto built_in = BuiltIn(names))
      return ErrorAt("2BP01", -1,
                     absl::StrCat("cannot drop type ", types::Format({*built_in, 0}),
                                  " because it is required by the database system"));
    const TypeDescriptor* const range = input_.catalog->ResolveType(
        names.size() > 1 ? names[names.size() - 2] : "", names.back(), input_.search_path);
    if (range != nullptr && IsMultirangeOf(*range, names.back()))
      return status::Error(
          "2BP01",
          absl::StrCat("cannot drop type ", types::QuotedName(names.back()), " because type ",
                       types::QuotedName(range->declared().name()), " requires it"),
          {},
          absl::StrCat("You can drop type ", types::QuotedName(range->declared().name()),
                       " instead."));
    common::v1::RelationName* name = statement->add_types();
    name->set_name(names.back());
    const absl::StatusOr<const TypeDescriptor*> found = FindType(names);
    if (found.ok()) {
      name->set_schema((*found)->declared().schema());
      for (const auto& mention : MentionsOf((*found)->declared(), *input_.catalog))
        *statement->add_mentions() = mention;
      continue;
    }
    const bool missing = status::HasSqlState(found.status(), sqlstate::kUndefinedObject) ||
                         status::HasSqlState(found.status(), sqlstate::kInvalidSchemaName);
    if (!missing || !drop.missing_ok) return found.status();
    if (names.size() > 1) name->set_schema(names[names.size() - 2]);
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
