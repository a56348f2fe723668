// CREATE INDEX: keys that are columns or expressions, and the rows that have entries.
#include <set>

#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/table_expressions.h"
#include "common/sql/plan/immutability.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::IndexDescriptor;
using common::v1::IndexExpression;
using plan::Expr;
using plan::ExprPtr;

}  // namespace

absl::Status DdlBinder::CheckIndexKind(const PgQuery__IndexStmt& create) const {
  if (create.nulls_not_distinct) return Unsupported(-1, "NULLS NOT DISTINCT");
  return absl::OkStatus();
}

// How a key is ordered, and compared by which operators.
absl::Status DdlBinder::CheckIndexElement(const PgQuery__IndexElem& element) const {
  const bool descending = element.ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
  const bool nulls_first = element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;
  const bool nulls_last = element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST;
  if ((descending && nulls_last) || (!descending && nulls_first))
    return Unsupported(-1, "an index with this order of NULLs");
  return absl::OkStatus();
}

absl::StatusOr<IndexExpression> DdlBinder::KeepExpression(const TableExpressions& expressions,
                                                          const ExprPtr& e,
                                                          const std::string& what) const {
  if (!plan::IsImmutable(e))
    return status::Error("42P17", absl::StrCat("functions in ", what, " must be marked IMMUTABLE"));
  IndexExpression kept;
  ASSIGN_OR_RETURN(*kept.mutable_bound(), expressions.Encode(e));
  // What reads it later does so with the usual limit.
  if (common::v1::Expression parsed; !parsed.ParseFromString(kept.bound()))
    return Unsupported(-1, absl::StrCat("an ", what, " of so many levels"));
  *kept.mutable_type() = types::ToProto(e->type);
  for (const uint32_t ordinal : expressions.OrdinalsOf(e)) kept.add_columns(ordinal);
  return kept;
}

absl::StatusOr<std::string> DdlBinder::AddIndexKey(const PgQuery__IndexElem& element,
                                                   const std::string& method, const Table& table,
                                                   IndexDescriptor* index) {
  const std::string name(parser::View(element.name));
  uint32_t ordinal = kExpressionKey;
  std::string label = name;
  Type type;
  if (name.empty()) {
    TableExpressions expressions(input_, tree_, table);
    ASSIGN_OR_RETURN(ExprPtr e, expressions.Bind(element.expr, "index expression"));
    ASSIGN_OR_RETURN(e, expressions.binder().Resolved(e));
    type = e->type;
    if (e->kind == Expr::Kind::kColumn) {  // (a) is the column a.
      ordinal = expressions.OrdinalsOf(e).front();
    } else {
      ASSIGN_OR_RETURN(*index->add_expressions(),
                       KeepExpression(expressions, e, "index expression"));
    }
    label = binder::ColumnNameOf(element.expr);
    if (label == "?column?") label = "expr";
  } else {
    bool known = false;
    for (const auto& column : table.columns()) known |= !column.dropped() && column.name() == name;
    if (!known)
      return ErrorAt(sqlstate::kUndefinedColumn, -1,
                     absl::StrCat("column \"", name, "\" does not exist"));
    ASSIGN_OR_RETURN(ordinal, ColumnNamed(table, name, -1));
    type = types::FromProto(table.columns(static_cast<int>(ordinal)).type());
  }
  RETURN_IF_ERROR(AddOperatorClass(element, method, type, index));
  RETURN_IF_ERROR(AddSortKey(element, table, type, index, &ordinal));
  index->add_columns(ordinal);
  index->add_descending(element.ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC);
  return label;
}

absl::Status DdlBinder::AddSortKey(const PgQuery__IndexElem& element, const Table& table,
                                   const Type& type, IndexDescriptor* index,
                                   uint32_t* ordinal) const {
  TableExpressions expressions(input_, tree_, table);
  ExprPtr e;
  if (*ordinal != kExpressionKey) {
    e = plan::MakeColumn(expressions.columns()[*ordinal], type);
  } else {
    ASSIGN_OR_RETURN(e, expressions.Bind(element.expr, "index expression"));
    ASSIGN_OR_RETURN(e, expressions.binder().Resolved(e));
  }
  if (element.n_collation > 0) {
    ASSIGN_OR_RETURN(
        e, expressions.binder().WithCollation(e, {element.collation, element.n_collation}, -1));
  }
  const bool ordered = index->method() == IndexDescriptor::METHOD_UNSPECIFIED &&
                       element.n_opclass == 0 &&
                       (!index->unique() || types::IsNondeterministic(e->type.collation));
  if (!ordered) return absl::OkStatus();
  ASSIGN_OR_RETURN(const ExprPtr key, expressions.binder().Ordered(e));
  if (key == e) return absl::OkStatus();
  if (*ordinal == kExpressionKey) index->mutable_expressions()->RemoveLast();
  ASSIGN_OR_RETURN(*index->add_expressions(), KeepExpression(expressions, key, "index expression"));
  *ordinal = kExpressionKey;
  return absl::OkStatus();
}

absl::Status DdlBinder::AddPredicate(const Node* where, const Table& table,
                                     IndexDescriptor* index) {
  if (where == nullptr) return absl::OkStatus();
  TableExpressions expressions(input_, tree_, table);
  ASSIGN_OR_RETURN(ExprPtr e, expressions.Bind(where, "index predicate"));
  ASSIGN_OR_RETURN(e, expressions.binder().AsCondition(e, "WHERE"));
  ASSIGN_OR_RETURN(*index->mutable_predicate(), KeepExpression(expressions, e, "index predicate"));
  return absl::OkStatus();
}

absl::Status DdlBinder::CreateIndex(const PgQuery__IndexStmt& create) {
  ASSIGN_OR_RETURN(const Table* table, Resolve(*create.relation));
  if (!table->view_sql().empty() || table->has_sequence())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("cannot create index on relation \"", table->name(), "\""));
  RETURN_IF_ERROR(CheckIndexKind(create));
  if (table->has_partition_key() && create.concurrent)
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   absl::StrCat("cannot create index on partitioned table \"", table->name(),
                                "\" concurrently"));
  common::v1::CreateIndex statement;
  statement.set_only(table->has_partition_key() && !create.relation->inh);
  statement.set_table_id(table->table_id());
  statement.set_if_not_exists(create.if_not_exists);
  IndexDescriptor* index = statement.mutable_index();
  index->set_unique(create.unique);
  const std::string method(parser::View(create.access_method));
  RETURN_IF_ERROR(CheckIndexMethod(create, method, index));
  // As PostgreSQL names them: keys of one name are numbered.
  std::set<std::string> labels;
  std::string columns;
  const auto add_label = [&](const std::string& label) {
    std::string unique = label;
    for (int i = 1; !labels.insert(unique).second; ++i) unique = absl::StrCat(label, i);
    absl::StrAppend(&columns, columns.empty() ? "" : "_", unique);
  };
  for (const Node* node : NodeList(create.index_params, create.n_index_params)) {
    ASSIGN_OR_RETURN(const std::string label,
                     AddIndexKey(*node->index_elem, method, *table, index));
    add_label(label);
  }
  for (const Node* node :
       NodeList(create.index_including_params, create.n_index_including_params)) {
    const std::string name(parser::View(node->index_elem->name));
    if (name.empty())
      return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                     "expressions are not supported in included columns");
    ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(*table, name, -1));
    index->add_include(ordinal);
    add_label(name);
  }
  RETURN_IF_ERROR(AddPredicate(create.where_clause, *table, index));
  if (table->has_partition_key() && index->unique()) {
    Table keyed = *table;
    *keyed.add_indexes() = *index;
    RETURN_IF_ERROR(CheckKeysHavePartitionKey(keyed));
  }
  const std::string name(parser::View(create.idxname));
  index->set_name(name.empty() ? ChooseName(table->name(), columns, "idx", *table) : name);
  *Add()->mutable_create_index() = std::move(statement);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
