#include "common/sql/binder/binder.h"

namespace adbms::sql::binder {
namespace {

// PostgreSQL's FigureColnameInternal: the name and how good it is (0: none, 1: a default, 2: a real
// one).
int Figure(const Node* node, std::string* name) {
  if (node == nullptr) return 0;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF: {
      const PgQuery__ColumnRef& ref = *node->column_ref;
      for (size_t i = ref.n_fields; i-- > 0;) {
        const std::string_view field = parser::StringOf(ref.fields[i]);
        if (field.empty()) continue;
        *name = field;
        return 2;
      }
      return 0;
    }
    case PG_QUERY__NODE__NODE_A_INDIRECTION: {
      const PgQuery__AIndirection& indirection = *node->a_indirection;
      for (size_t i = indirection.n_indirection; i-- > 0;) {
        const std::string_view field = parser::StringOf(indirection.indirection[i]);
        if (field.empty()) continue;
        *name = field;
        return 2;
      }
      return Figure(indirection.arg, name);
    }
    case PG_QUERY__NODE__NODE_FUNC_CALL:
      *name = parser::StringOf(node->func_call->funcname[node->func_call->n_funcname - 1]);
      return 2;
    case PG_QUERY__NODE__NODE_A_EXPR:
      if (node->a_expr->kind != PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF) return 0;
      *name = "nullif";
      return 2;
    case PG_QUERY__NODE__NODE_TYPE_CAST: {
      const int strength = Figure(node->type_cast->arg, name);
      if (strength > 1) return strength;
      const PgQuery__TypeName& type = *node->type_cast->type_name;
      if (type.n_names == 0) return strength;
      *name = parser::StringOf(type.names[type.n_names - 1]);
      return 1;
    }
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
      return Figure(node->collate_clause->arg, name);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
      *name = "grouping";
      return 2;
    case PG_QUERY__NODE__NODE_SUB_LINK:
      switch (node->sub_link->sub_link_type) {
        case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
          *name = "exists";
          return 2;
        case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
          *name = "array";
          return 2;
        case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK: {
          const PgQuery__SelectStmt* select = node->sub_link->subselect->select_stmt;
          while (select->larg != nullptr) select = select->larg;
          if (select->n_target_list == 0) {
            if (select->n_values_lists > 0) *name = "column1";
            return select->n_values_lists > 0 ? 2 : 0;
          }
          const PgQuery__ResTarget& target = *select->target_list[0]->res_target;
          if (!parser::View(target.name).empty()) {
            *name = target.name;
            return 2;
          }
          // The subquery's column has its name by now, if only that one.
          if (Figure(target.val, name) == 0) *name = "?column?";
          return 2;
        }
        default:
          return 0;
      }
    case PG_QUERY__NODE__NODE_CASE_EXPR: {
      const int strength = Figure(node->case_expr->defresult, name);
      if (strength > 1) return strength;
      *name = "case";
      return 1;
    }
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
      *name = "array";
      return 2;
    case PG_QUERY__NODE__NODE_ROW_EXPR:
      *name = "row";
      return 2;
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
      *name = "coalesce";
      return 2;
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
      *name = node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST ? "greatest" : "least";
      return 2;
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION: {
      static constexpr const char* kNames[] = {
          "current_date",      "current_time",    "current_time",  "current_timestamp",
          "current_timestamp", "localtime",       "localtime",     "localtimestamp",
          "localtimestamp",    "current_role",    "current_user",  "user",
          "session_user",      "current_catalog", "current_schema"};
      *name =
          kNames[node->sqlvalue_function->op - PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE];
      return 2;
    }
    default:
      return 0;
  }
}

}  // namespace

std::string ColumnNameOf(const Node* node) {
  std::string name;
  return Figure(node, &name) > 0 ? name : "?column?";
}

}  // namespace adbms::sql::binder
