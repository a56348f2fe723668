// Composite values: there is no such type, but what yields one is known by its fields, which can be
// selected here or by the query around.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

namespace sqlstate = status::sqlstate;

// The composite column that the name means, or null.
const ScopeColumn* FindComposite(const PgQuery__ColumnRef& ref, const Scope* scope) {
  const std::string_view name = parser::StringOf(ref.fields[ref.n_fields - 1]);
  const std::string_view relation =
      ref.n_fields > 1 ? parser::StringOf(ref.fields[ref.n_fields - 2]) : std::string_view();
  for (const Scope* level = scope; level != nullptr; level = level->parent) {
    for (const ScopeItem& item : level->items) {
      const bool visible =
          ref.n_fields > 1 ? item.relation_visible && item.alias == relation : item.columns_visible;
      if (!visible) continue;
      for (const ScopeColumn& column : item.columns) {
        if (column.name == name) return column.fields.empty() ? nullptr : &column;
      }
    }
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<std::optional<std::vector<ScopeColumn>>> Binder::BindComposite(const Node* node,
                                                                              Scope* scope) {
  using Fields = std::optional<std::vector<ScopeColumn>>;
  if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
    const ScopeColumn* column = FindComposite(*node->column_ref, scope);
    return column == nullptr ? Fields() : Fields(column->fields);
  }
  if (!CallsRecordFunction(node)) return Fields();
  const PgQuery__FuncCall& call = *node->func_call;
  const std::string name = FunctionName(parser::StringsOf({call.funcname, call.n_funcname}));
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindExprs({call.args, call.n_args}, scope));
  ASSIGN_OR_RETURN(const std::vector<ColumnId> columns,
                   BindSeries(name, std::move(args), call.location, scope));
  std::vector<ScopeColumn> fields;
  for (const ColumnId id : columns)
    fields.push_back({query_->columns[id].name, id, query_->columns[id].type, {}});
  return Fields(std::move(fields));
}

absl::Status Binder::AddFields(const std::string& name, const std::vector<ScopeColumn>& fields,
                               int location, Scope* scope, std::vector<Target>* targets) {
  if (!scope->composites)
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   absl::StrCat("the composite column \"", name, "\" is not supported here"),
                   "Select its fields, as in (f(x)).*, or call the function in FROM.");
  const auto composite = std::make_shared<const std::string>(name);
  for (const ScopeColumn& field : fields)
    targets->push_back(
        {plan::MakeColumn(field.id, field.type, location), field.name, 0, composite});
  return absl::OkStatus();
}

absl::StatusOr<ExprPtr> Binder::FieldOf(const std::vector<ScopeColumn>& fields,
                                        const std::string& name, int location) {
  for (const ScopeColumn& field : fields) {
    if (field.name == name) return plan::MakeColumn(field.id, field.type, location);
  }
  return ErrorAt(sqlstate::kUndefinedColumn, location,
                 absl::StrCat("could not identify column \"", name, "\" in record data type"));
}

}  // namespace adbms::sql::binder
