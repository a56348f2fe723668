// CREATE TYPE … AS (…) and ALTER TYPE … ATTRIBUTE.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/row_types.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::CompositeField;
using common::v1::DeclaredType;
using common::v1::TypeDescriptor;
using Fields = google::protobuf::RepeatedPtrField<CompositeField>;

// Whole rows have one level more, and so has a row of them.
constexpr int kMaxAttributeDepth = types::kMaxRowDepth - 2;

std::vector<std::string> NamesOf(const PgQuery__RangeVar& range) {
  std::vector<std::string> names;
  if (!parser::View(range.schemaname).empty()) names.emplace_back(range.schemaname);
  names.emplace_back(range.relname);
  return names;
}

int PositionOf(const Fields& fields, std::string_view name) {
  for (int i = 0; i < fields.size(); ++i) {
    if (fields[i].name() == name) return i;
  }
  return -1;
}

absl::Status TooMany() {
  return status::Error("54011",
                       absl::StrCat("tables can have at most ", types::kMaxAttributes, " columns"));
}

bool IsObjectNumber(TypeId id) {
  if (types::IsArray(id)) id = types::ElementOf(id);
  return id == TypeId::kRegclass || id == TypeId::kRegtype || id == TypeId::kRegnamespace ||
         id == TypeId::kRegproc;
}

}  // namespace

absl::Status DdlBinder::CheckColumnType(const Type& type, const std::string& column,
                                        int location) const {
  const types::DeclaredType* const row = types::CompositeOf(type);
  const bool record = types::HoldsRow(type.id) && (row == nullptr || row->is_anonymous());
  if (record || type.id == TypeId::kVoid || type.id == TypeId::kUnknown ||
      type.id == TypeId::kUnspecified)
    return ErrorAt(sqlstate::kInvalidTableDefinition, location,
                   absl::StrCat("column \"", column, "\" has pseudo-type ", types::Format(type)));
  if (row == nullptr || !TableOfRowType(row->definition.oid()).has_value()) return absl::OkStatus();
  return ErrorAt(sqlstate::kFeatureNotSupported, location,
                 absl::StrCat("column \"", column, "\" of the row type of \"",
                              row->definition.name(), "\" is not supported"),
                 "CREATE TYPE … AS (…) with the same fields, and use that.");
}

absl::StatusOr<CompositeField> DdlBinder::FieldOf(const PgQuery__ColumnDef& definition) {
  const std::string name(parser::View(definition.colname));
  ASSIGN_OR_RETURN(Type type, Binder(input_, tree_).ResolveType(*definition.type_name));
  RETURN_IF_ERROR(CheckColumnType(type, name, -1));
  ASSIGN_OR_RETURN(type, Collated(type, definition.coll_clause));
  if (IsObjectNumber(type.id))
    return ErrorAt(
        sqlstate::kFeatureNotSupported, -1,
        absl::StrCat("attribute \"", name, "\" of type ", types::Format(type), " is not supported"),
        "Use oid, or text.");
  const types::DeclaredType* const row = types::CompositeOf(type);
  if (row != nullptr && row->depth >= kMaxAttributeDepth)
    return status::Error(
        sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
        absl::StrCat("Composite types can be nested ", kMaxAttributeDepth, " deep."));
  CompositeField field;
  field.set_name(name);
  *field.mutable_type() = types::ToProto(type);
  return field;
}

absl::Status DdlBinder::CreateComposite(const PgQuery__CompositeTypeStmt& create) {
  const std::vector<std::string> names = NamesOf(*create.typevar);
  ASSIGN_OR_RETURN(const std::string schema, NewTypeSchema(names));
  TypeDescriptor type;
  type.set_owner(input_.current_user);
  DeclaredType* declared = type.mutable_declared();
  declared->set_kind(DeclaredType::KIND_COMPOSITE);
  declared->set_schema(schema);
  declared->set_name(names.back());
  if (create.n_coldeflist > types::kMaxAttributes) return TooMany();
  std::set<std::string> known;
  for (const Node* node : NodeList(create.coldeflist, create.n_coldeflist)) {
    ASSIGN_OR_RETURN(CompositeField field, FieldOf(*node->column_def));
    if (!known.insert(field.name()).second)
      return ErrorAt(sqlstate::kDuplicateColumn, -1,
                     absl::StrCat("column \"", field.name(), "\" specified more than once"));
    *declared->add_fields() = std::move(field);
  }
  *Add()->mutable_create_type()->mutable_type() = std::move(type);
  return absl::OkStatus();
}

absl::StatusOr<const TypeDescriptor*> DdlBinder::FindComposite(
    const PgQuery__RangeVar& name) const {
  const std::vector<std::string> names = NamesOf(name);
  const auto wrong = [&] {
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", names.back(), "\" is not a composite type"));
  };
  const std::string schema = names.size() > 1 ? names[0] : std::string();
  if (input_.catalog->ResolveTable(schema, names.back(), input_.search_path) != nullptr)
    return wrong();
  const TypeDescriptor* type =
      input_.catalog->ResolveType(schema, names.back(), input_.search_path);
  if (type == nullptr)
    return ErrorAt(sqlstate::kUndefinedTable, -1,
                   absl::StrCat("relation \"", schema.empty() ? "" : schema + ".", names.back(),
                                "\" does not exist"));
  if (type->declared().kind() != DeclaredType::KIND_COMPOSITE) return wrong();
  return type;
}

absl::Status DdlBinder::AlterComposite(const PgQuery__AlterTableStmt& alter) {
  const auto found = FindComposite(*alter.relation);
  if (!found.ok()) {
    const bool missing = status::HasSqlState(found.status(), sqlstate::kUndefinedTable);
    return alter.missing_ok && missing ? absl::OkStatus() : found.status();
  }
  const TypeDescriptor& type = **found;
  const std::string& type_name = type.declared().name();
  Fields fields = type.declared().fields();
  const auto position = [&](std::string_view name) -> absl::StatusOr<int> {
    const int at = PositionOf(fields, name);
    if (at >= 0) return at;
    return ErrorAt(sqlstate::kUndefinedColumn, -1,
                   absl::StrCat("column \"", std::string(name), "\" of relation \"", type_name,
                                "\" does not exist"));
  };
  for (const Node* node : NodeList(alter.cmds, alter.n_cmds)) {
    const PgQuery__AlterTableCmd& command = *node->alter_table_cmd;
    switch (command.subtype) {
      case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: {
        ASSIGN_OR_RETURN(CompositeField field, FieldOf(*command.def->column_def));
        if (PositionOf(fields, field.name()) >= 0)
          return ErrorAt(sqlstate::kDuplicateColumn, -1,
                         absl::StrCat("column \"", field.name(), "\" of relation \"", type_name,
                                      "\" already exists"));
        if (fields.size() >= static_cast<int>(types::kMaxAttributes)) return TooMany();
        *fields.Add() = std::move(field);
        break;
      }
      case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: {
        if (command.missing_ok && PositionOf(fields, parser::View(command.name)) < 0) break;
        ASSIGN_OR_RETURN(const int at, position(parser::View(command.name)));
        fields.DeleteSubrange(at, 1);
        break;
      }
      case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: {
        ASSIGN_OR_RETURN(const int at, position(parser::View(command.name)));
        PgQuery__ColumnDef definition = *command.def->column_def;
        definition.colname = command.name;
        ASSIGN_OR_RETURN(fields[at], FieldOf(definition));
        break;
      }
      case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner:
        AlterDeclared(type)->set_owner(RoleOf(*command.newowner));
        return absl::OkStatus();
      default:
        return Unsupported(-1, "this change of a composite type");
    }
  }
  common::v1::AlterAttributes* change = AlterDeclared(type)->mutable_attributes();
  *change->mutable_fields() = std::move(fields);
  *change->mutable_before() = type.declared().fields();
  return absl::OkStatus();
}

absl::Status DdlBinder::RenameAttribute(const PgQuery__RenameStmt& rename) {
  ASSIGN_OR_RETURN(const TypeDescriptor* type, FindComposite(*rename.relation));
  Fields fields = type->declared().fields();
  const std::string from(parser::View(rename.subname));
  const std::string to(parser::View(rename.newname));
  const int at = PositionOf(fields, from);
  if (at < 0)
    return ErrorAt(sqlstate::kUndefinedColumn, -1,
                   absl::StrCat("column \"", from, "\" does not exist"));
  if (PositionOf(fields, to) >= 0)
    return ErrorAt(sqlstate::kDuplicateColumn, -1,
                   absl::StrCat("column \"", to, "\" of relation \"", type->declared().name(),
                                "\" already exists"));
  fields[at].set_name(to);
  common::v1::AlterAttributes* change = AlterDeclared(*type)->mutable_attributes();
  *change->mutable_fields() = std::move(fields);
  *change->mutable_before() = type->declared().fields();
  change->set_keeps_values(true);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
