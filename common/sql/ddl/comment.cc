// COMMENT ON.
#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/parser/database_name.h"
#include "common/sql/parser/program_objects.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;

// "a.b.c" as schema and name.
struct QualifiedName {
  std::string schema;
  std::string name;
};
QualifiedName NameOf(const std::vector<std::string>& parts, size_t count) {
  QualifiedName result{{}, parts[count - 1]};
  if (count > 1) result.schema = parts[count - 2];
  return result;
}

const char* WordFor(PgQuery__ObjectType type) {
  switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
      return "view";
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
      return "materialized view";
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
      return "sequence";
    default:
      return "table";
  }
}

}  // namespace

absl::StatusOr<const DdlBinder::Table*> DdlBinder::CommentTarget(
    const std::vector<std::string>& parts, size_t count) const {
  if (count == 3)
    RETURN_IF_ERROR(parser::CheckDatabase(parts[0], parts[1], parts[2], input_.database));
  const QualifiedName name = NameOf(parts, count);
  const Table* table = input_.catalog->ResolveTable(name.schema, name.name, input_.search_path);
  if (table == nullptr)
    return ErrorAt(
        sqlstate::kUndefinedTable, -1,
        absl::StrCat("relation \"",
                     name.schema.empty() ? name.name : absl::StrCat(name.schema, ".", name.name),
                     "\" does not exist"));
  return table;
}

absl::StatusOr<const DdlBinder::Table*> DdlBinder::TableOfPart(
    const PgQuery__DropStmt& drop, std::string* name, common::v1::DdlStatement* statement) {
  const Node* object = drop.objects[0];
  std::vector<std::string> parts = parser::StringsOf({object->list->items, object->list->n_items});
  *name = parts.back();
  parts.pop_back();
  const auto table = CommentTarget(parts, parts.size());
  if (table.ok() || !drop.missing_ok) return table;
  auto* missing = statement->mutable_resolution()->add_objects();
  missing->set_kind(common::v1::ResolvedObject::KIND_RELATION);
  missing->set_name(parts.back());
  if (parts.size() > 1) missing->set_schema(parts[parts.size() - 2]);
  return nullptr;
}

absl::Status DdlBinder::Comment(const PgQuery__CommentStmt& comment) {
  if (parser::IsRoutine(comment.objtype)) {
    ASSIGN_OR_RETURN(const auto* function,
                     FindFunction(comment.objtype, *comment.object->object_with_args));
    auto* statement = Add()->mutable_comment();
    statement->set_text(std::string(parser::View(comment.comment)));
    statement->set_function_id(function->function_id());
    return absl::OkStatus();
  }
  if (comment.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR) {
    ASSIGN_OR_RETURN(const auto* op, FindOperator(*comment.object->object_with_args));
    auto* statement = Add()->mutable_comment();
    statement->set_text(std::string(parser::View(comment.comment)));
    statement->set_operator_id(op->operator_id());
    return absl::OkStatus();
  }
  std::vector<std::string> parts;
  if (comment.object->node_case == PG_QUERY__NODE__NODE_LIST) {
    parts = parser::StringsOf({comment.object->list->items, comment.object->list->n_items});
  } else if (comment.object->node_case == PG_QUERY__NODE__NODE_STRING) {
    parts = {std::string(parser::StringOf(comment.object))};
  } else if (comment.object->node_case == PG_QUERY__NODE__NODE_TYPE_NAME) {
    const PgQuery__TypeName& name = *comment.object->type_name;
    parts = parser::StringsOf({name.names, name.n_names});
  }
  auto* statement = Add()->mutable_comment();
  statement->set_text(std::string(parser::View(comment.comment)));
  switch (comment.objtype) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
      statement->set_schema(parts.at(0));
      return absl::OkStatus();
    case PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE:
      statement->set_database(parts.at(0));
      return input_.catalog->DatabaseNamed(parts.at(0)).status();
    case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: {
      ASSIGN_OR_RETURN(const common::v1::TypeDescriptor* type, FindType(parts));
      if (comment.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN &&
          type->declared().kind() != common::v1::DeclaredType::KIND_DOMAIN)
        return ErrorAt(sqlstate::kWrongObjectType, -1,
                       absl::StrCat("\"", parts.back(), "\" is not a domain"));
      statement->set_type_oid(type->declared().oid());
      return absl::OkStatus();
    }
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE: {
      ASSIGN_OR_RETURN(const Table* table, CommentTarget(parts, parts.size()));
      const std::string wanted = WordFor(comment.objtype);
      const std::string actual = table->has_sequence()            ? "sequence"
                                 : table->has_materialized_view() ? "materialized view"
                                 : !table->view_sql().empty()     ? "view"
                                                                  : "table";
      if (wanted != actual)
        return ErrorAt(sqlstate::kWrongObjectType, -1,
                       absl::StrCat("\"", table->name(), "\" is not a ", wanted));
      statement->set_table_id(table->table_id());
      return absl::OkStatus();
    }
    case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN: {
      if (parts.size() < 2)
        return ErrorAt(sqlstate::kSyntaxError, -1, "column name must be qualified");
      ASSIGN_OR_RETURN(const Table* table, CommentTarget(parts, parts.size() - 1));
      ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(*table, parts.back(), -1));
      statement->set_table_id(table->table_id());
      statement->set_column(ordinal);
      return absl::OkStatus();
    }
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT: {
      ASSIGN_OR_RETURN(const Table* table, CommentTarget(parts, parts.size() - 1));
      statement->set_table_id(table->table_id());
      statement->set_constraint(parts.back());
      return absl::OkStatus();
    }
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
      return CommentOnIndex(parts, statement);
    case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
      return CommentOnTrigger(std::move(parts), statement);
    case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
      return CommentOnPolicy(std::move(parts), statement);
    default:
      return Unsupported(-1, "COMMENT on this kind of object");
  }
}

absl::Status DdlBinder::CommentOnTrigger(std::vector<std::string> parts,
                                         common::v1::Comment* statement) const {
  const std::string name = parts.back();
  parts.pop_back();
  ASSIGN_OR_RETURN(const Table* table, CommentTarget(parts, parts.size()));
  for (const auto& trigger : table->triggers()) {
    if (trigger.name() != name) continue;
    statement->set_table_id(table->table_id());
    statement->set_trigger(name);
    return absl::OkStatus();
  }
  return NoTrigger(name, *table);
}

absl::Status DdlBinder::CommentOnIndex(const std::vector<std::string>& parts,
                                       common::v1::Comment* statement) const {
  const QualifiedName name = NameOf(parts, parts.size());
  ASSIGN_OR_RETURN(const IndexReference index, ResolveIndex(name.schema, name.name));
  statement->set_table_id(index.table->table_id());
  statement->set_index(index.name);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
