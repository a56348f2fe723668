// EXCLUDE constraints.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/table_expressions.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/range.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::IndexDescriptor;
using functions::Function;
using plan::ExprPtr;

// Those that PostgreSQL has and an ordered index can stand for.
bool IsKnownMethod(std::string_view method) {
  return method.empty() || method == "gist" || method == "spgist" || method == "btree" ||
         method == "hash";
}

// What PostgreSQL's operators of the type are declared to take.
std::string SideOf(const Type& type) {
  if (types::IsRange(type.id)) return "anyrange";
  if (types::IsMultirange(type.id)) return "anymultirange";
  if (types::IsArray(type.id)) return "anyarray";
  return types::Format(type);
}

}  // namespace

absl::StatusOr<const Function*> DdlBinder::ExclusionOperator(NodeList names, const Type& type,
                                                             const Table& table) const {
  const std::string symbol(parser::StringOf(names.back()));
  const std::string value =
      absl::StrCat("CAST(NULL AS ", types::Format({type.id, 0, type.declared}), ")");
  std::shared_ptr<const parser::ParseTree> parse;
  ASSIGN_OR_RETURN(
      const Node* node,
      ParseExpression(absl::StrCat(value, " OPERATOR(pg_catalog.", symbol, ") ", value), &parse));
  TableExpressions expressions(input_, tree_, table);
  ASSIGN_OR_RETURN(const ExprPtr e, expressions.Bind(node, "exclusion constraint"));
  const Function* const found = e->kind == plan::Expr::Kind::kCall ? e->function : nullptr;
  if (found == nullptr || found->result != TypeId::kBool || found->arguments.size() != 2 ||
      found->arguments[0] != found->arguments[1] || e->args[0]->type.id != type.id)
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   absl::StrCat("operator ", symbol, " of type ", types::Format(type),
                                " in an exclusion constraint is not supported"));
  if (found->name != "&&" && found->commutator != found->name) {
    const std::string side = SideOf(type);
    return status::Error(
        sqlstate::kWrongObjectType,
        absl::StrCat("operator ", symbol, "(", side, ",", side, ") is not commutative"),
        "Only commutative operators can be used in exclusion constraints.");
  }
  return found;
}

absl::Status DdlBinder::AddExclusion(const PgQuery__Constraint& constraint,
                                     common::v1::Deferral deferral, Table* table) {
  const std::string_view method = parser::View(constraint.access_method);
  if (table->has_partition_key())
    return ErrorAt(sqlstate::kFeatureNotSupported, constraint.location,
                   "exclusion constraints are not supported on partitioned tables");
  if (!IsKnownMethod(method))
    return ErrorAt(
        method == "gin" || method == "brin" ? sqlstate::kFeatureNotSupported
                                            : sqlstate::kUndefinedObject,
        constraint.location,
        method == "gin" || method == "brin"
            ? absl::StrCat("access method \"", std::string(method),
                           "\" does not support exclusion constraints")
            : absl::StrCat("access method \"", std::string(method), "\" does not exist"));
  IndexDescriptor index;
  std::string columns;
  for (const Node* node : NodeList(constraint.exclusions, constraint.n_exclusions)) {
    PgQuery__IndexElem element = *node->list->items[0]->index_elem;
    // An R-tree's classes are not those of the index that stands for it.
    element.n_opclass = 0;
    ASSIGN_OR_RETURN(const std::string label, AddIndexKey(element, "", *table, &index));
    absl::StrAppend(&columns, columns.empty() ? "" : "_", label);
    const uint32_t ordinal = index.columns(index.columns_size() - 1);
    const Type type = types::FromProto(ordinal == kExpressionKey
                                           ? index.expressions(index.expressions_size() - 1).type()
                                           : table->columns(static_cast<int>(ordinal)).type());
    const Node* const name = node->list->items[1];
    ASSIGN_OR_RETURN(const Function* const found,
                     ExclusionOperator({name->list->items, name->list->n_items}, type, *table));
    index.add_exclusion_operators(found->signature);
  }
  for (const Node* node : NodeList(constraint.including, constraint.n_including)) {
    ASSIGN_OR_RETURN(const uint32_t ordinal,
                     ColumnNamed(*table, std::string(parser::StringOf(node)), -1));
    index.add_include(ordinal);
  }
  RETURN_IF_ERROR(AddPredicate(constraint.where_clause, *table, &index));
  const std::string name(parser::View(constraint.conname));
  index.set_name(name.empty() ? ChooseName(table->name(), columns, "excl", *table) : name);
  index.set_deferral(deferral);
  index.set_is_constraint(true);
  index.set_state(IndexDescriptor::STATE_PUBLIC);
  *table->add_indexes() = std::move(index);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
