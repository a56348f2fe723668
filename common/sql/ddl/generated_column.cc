// GENERATED ALWAYS AS (…) STORED.
#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/table_expressions.h"
#include "common/sql/parser/type_name.h"
#include "common/sql/plan/immutability.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::ColumnDescriptor;
using common::v1::ForeignKeyDescriptor;
using plan::Expr;
using plan::ExprPtr;

constexpr char kGenerationExpression[] = "column generation expression";

bool Sets(common::v1::ReferentialAction action) {
  return action == common::v1::REFERENTIAL_ACTION_SET_NULL ||
         action == common::v1::REFERENTIAL_ACTION_SET_DEFAULT;
}

}  // namespace

absl::StatusOr<const PgQuery__Constraint*> DdlBinder::GenerationOf(
    const PgQuery__ColumnDef& definition, const std::string& table_name) const {
  const PgQuery__Constraint* generation = nullptr;
  bool has_default = parser::SerialType(*definition.type_name).has_value();
  bool is_identity = false;
  for (const Node* node : NodeList(definition.constraints, definition.n_constraints)) {
    const PgQuery__Constraint& constraint = *node->constraint;
    const auto refuse = [&](const char* what) {
      return ErrorAt(sqlstate::kSyntaxError, constraint.location,
                     absl::StrCat(what, " specified for column \"", definition.colname,
                                  "\" of table \"", table_name, "\""));
    };
    if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED) {
      if (generation != nullptr) return refuse("multiple generation clauses");
      generation = &constraint;
    }
    has_default |= constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT;
    is_identity |= constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY;
    if (generation != nullptr && has_default)
      return refuse("both default and generation expression");
    if (generation != nullptr && is_identity)
      return refuse("both identity and generation expression");
  }
  return generation;
}

absl::Status DdlBinder::BindGenerated(const PgQuery__ColumnDef& definition, uint32_t ordinal,
                                      Table* table) const {
  ASSIGN_OR_RETURN(const PgQuery__Constraint* const generation,
                   GenerationOf(definition, table->name()));
  if (generation == nullptr) return absl::OkStatus();
  ColumnDescriptor* column = table->mutable_columns(static_cast<int>(ordinal));
  TableExpressions expressions(input_, tree_, *table);
  ASSIGN_OR_RETURN(ExprPtr e, expressions.Bind(generation->raw_expr, kGenerationExpression));
  // Those of a new table are not bound yet: what the statement says counts.
  const Expr* generated = nullptr;
  plan::Walk(e, [&](const Expr& part) {
    if (part.kind != Expr::Kind::kColumn || generated != nullptr) return;
    for (size_t i = 0; i < expressions.columns().size(); ++i) {
      if (expressions.columns()[i] == part.column &&
          table->columns(static_cast<int>(i)).has_generated())
        generated = &part;
    }
  });
  if (generated != nullptr) {
    std::string name;
    for (size_t i = 0; i < expressions.columns().size(); ++i) {
      if (expressions.columns()[i] == generated->column)
        name = table->columns(static_cast<int>(i)).name();
    }
    status::SqlError error;
    error.sqlstate = "42P17";
    error.message =
        absl::StrCat("cannot use generated column \"", name, "\" in ", kGenerationExpression);
    error.detail = "A generated column cannot reference another generated column.";
    error.position = parser::CharacterPosition(tree_.parse->text(), generated->location);
    return status::ToStatus(error);
  }
  const Type type = types::FromProto(column->type());
  const Type from = e->type;
  ASSIGN_OR_RETURN(const ExprPtr value, expressions.binder().TryAssign(e, type));
  if (value == nullptr)
    return status::Error(
        sqlstate::kDatatypeMismatch,
        absl::StrCat("column \"", column->name(), "\" is of type ", types::Format({type.id, 0}),
                     " but default expression is of type ", types::Format(from)),
        {}, "You will need to rewrite or cast the expression.");
  if (!plan::IsImmutable(value))
    return status::Error("42P17", "generation expression is not immutable");
  ASSIGN_OR_RETURN(*column->mutable_generated(),
                   KeepExpression(expressions, value, kGenerationExpression));
  return absl::OkStatus();
}

absl::Status DdlBinder::BindAllGenerated(NodeList elements, Table* table) const {
  std::vector<std::pair<const PgQuery__ColumnDef*, uint32_t>> generated;
  for (const Node* node : elements) {
    if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF) continue;
    ASSIGN_OR_RETURN(const PgQuery__Constraint* const generation,
                     GenerationOf(*node->column_def, table->name()));
    if (generation == nullptr) continue;
    ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(*table, node->column_def->colname, -1));
    generated.emplace_back(node->column_def, ordinal);
    table->mutable_columns(static_cast<int>(ordinal))->mutable_generated();
  }
  for (const auto& [definition, ordinal] : generated)
    RETURN_IF_ERROR(BindGenerated(*definition, ordinal, table));
  return absl::OkStatus();
}

absl::Status DdlBinder::CheckGeneratedKey(const Table& table,
                                          const ForeignKeyDescriptor& key) const {
  for (const uint32_t ordinal : key.columns()) {
    if (!table.columns(static_cast<int>(ordinal)).has_generated()) continue;
    const auto refuse = [&](const char* action) {
      return ErrorAt(
          sqlstate::kSyntaxError, -1,
          absl::StrCat("invalid ", action,
                       " action for foreign key constraint containing generated column"));
    };
    if (Sets(key.on_update()) || key.on_update() == common::v1::REFERENTIAL_ACTION_CASCADE)
      return refuse("ON UPDATE");
    if (Sets(key.on_delete())) return refuse("ON DELETE");
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::DropExpression(const PgQuery__AlterTableCmd& command, const Table& table) {
  const std::string name(parser::View(command.name));
  ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(table, name, -1));
  if (!table.columns(static_cast<int>(ordinal)).has_generated() && !command.missing_ok)
    return ErrorAt(sqlstate::kObjectNotInPrerequisiteState, -1,
                   absl::StrCat("column \"", name, "\" of relation \"", table.name(),
                                "\" is not a stored generated column"));
  Alter(table, command.missing_ok)->set_drop_expression(ordinal);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
