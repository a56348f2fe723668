// Hypothetical-set aggregates: where a row would stand among those of its group. They are counts of
// the rows that sort before it, so that nothing is sorted.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/functions/ordered_set_aggregates.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::LogicalExpression;
using common::v1::TestExpression;
namespace sqlstate = status::sqlstate;

constexpr Type kFloatType{TypeId::kFloat8, 0};

ExprPtr Null(const ExprPtr& e, bool is) {
  return plan::MakeTest(is ? TestExpression::KIND_IS_NULL : TestExpression::KIND_IS_NOT_NULL, {e});
}

ExprPtr One() { return plan::MakeLiteral(types::Value::Int(TypeId::kInt8, 1)); }

}  // namespace

absl::StatusOr<ExprPtr> Binder::SortsBefore(const std::vector<ExprPtr>& left,
                                            const std::vector<ExprPtr>& right,
                                            const std::vector<OrderItem>& order, size_t from) {
  const ExprPtr& a = left[from];
  const ExprPtr& b = right[from];
  const bool nulls_first = order[from].nulls_first;
  ASSIGN_OR_RETURN(ExprPtr less, Operator(order[from].descending ? ">" : "<", a, b, -1));
  const ExprPtr by_null =
      plan::MakeLogical(LogicalExpression::KIND_AND, {Null(a, nulls_first), Null(b, !nulls_first)});
  std::vector<ExprPtr> either = {std::move(less), by_null};
  if (from + 1 < left.size()) {
    ASSIGN_OR_RETURN(ExprPtr next, SortsBefore(left, right, order, from + 1));
    ASSIGN_OR_RETURN(ExprPtr equal, Operator("=", a, b, -1));
    const ExprPtr both_null =
        plan::MakeLogical(LogicalExpression::KIND_AND, {Null(a, true), Null(b, true)});
    const ExprPtr same =
        plan::MakeLogical(LogicalExpression::KIND_OR, {std::move(equal), both_null});
    either.push_back(plan::MakeLogical(LogicalExpression::KIND_AND, {same, std::move(next)}));
  }
  return plan::MakeLogical(LogicalExpression::KIND_OR, std::move(either));
}

absl::StatusOr<ExprPtr> Binder::BindHypothetical(const PgQuery__FuncCall& call,
                                                 const std::string& name, Scope* scope) {
  if (call.over != nullptr)
    return ErrorAt(sqlstate::kFeatureNotSupported, call.location,
                   absl::StrCat("OVER is not supported for ordered-set aggregate ", name));
  if (call.func_variadic) return Unsupported(call.location, "VARIADIC");
  const SeriesRefusal no_sets(
      scope, "aggregate function calls cannot contain set-returning function calls");
  GroupingState* const inner = scope->grouping;
  const bool nested = inner != nullptr && inner->inside_aggregate;
  if (inner != nullptr) inner->inside_aggregate = true;
  std::vector<ExprPtr> row;
  std::vector<OrderItem> order;
  ExprPtr filter;
  const auto bind = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(row, BindExprs({call.args, call.n_args}, scope));
    ASSIGN_OR_RETURN(order, BindOrderBy({call.agg_order, call.n_agg_order}, scope, {}, false));
    if (call.agg_filter == nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(filter, BindExpr(call.agg_filter, scope));
    ASSIGN_OR_RETURN(filter, ToBoolean(filter, "FILTER"));
    return absl::OkStatus();
  };
  const absl::Status bound = bind();
  if (inner != nullptr) inner->inside_aggregate = nested;
  RETURN_IF_ERROR(bound);
  plan::ColumnSet used;
  for (const ExprPtr& arg : row) plan::CollectColumns(*arg, &used);
  if (filter != nullptr) plan::CollectColumns(*filter, &used);
  for (const OrderItem& item : order) plan::CollectColumns(*item.expression, &used);
  ASSIGN_OR_RETURN(GroupingState* const grouping,
                   AggregateOwner(used, nested, call.location, scope));
  if (row.size() != order.size()) {
    std::vector<std::string> shown;
    for (const ExprPtr& arg : row) shown.push_back(types::Format(arg->type));
    for (const OrderItem& item : order) shown.push_back(types::Format(item.expression->type));
    std::string list;
    for (const std::string& type : shown) absl::StrAppend(&list, list.empty() ? "" : ", ", type);
    return ErrorAt(
        sqlstate::kUndefinedFunction, call.location,
        absl::StrCat("function ", name, "(", list, ") does not exist"),
        absl::StrCat("To use the hypothetical-set aggregate ", name,
                     ", the number of hypothetical direct arguments (here ", row.size(),
                     ") must match the number of ordering columns (here ", order.size(), ")."));
  }
  std::vector<ExprPtr> keys;
  for (size_t i = 0; i < row.size(); ++i) {
    if (!plan::ColumnsOf(row[i]).empty())
      return ErrorAt(sqlstate::kFeatureNotSupported, row[i]->location,
                     "a column in front of WITHIN GROUP is not supported",
                     "Give a constant or a parameter.");
    ExprPtr key = order[i].expression;
    RETURN_IF_ERROR(Unify({&key, &row[i]}, "WITHIN GROUP").status());
    keys.push_back(std::move(key));
  }
  // The number of the rows for which the condition is true; null: of all.
  const auto count = [&](ExprPtr condition) -> absl::StatusOr<ExprPtr> {
    plan::AggregateCall counted;
    ASSIGN_OR_RETURN(counted.function,
                     ChooseAggregate("count", true, &counted.arguments, call.location));
    counted.filter = std::move(condition);
    if (filter != nullptr)
      counted.filter = counted.filter == nullptr ? filter : plan::MakeAnd({filter, counted.filter});
    return AddAggregate(std::move(counted), "count", grouping, call.location);
  };
  ASSIGN_OR_RETURN(const ExprPtr before, SortsBefore(keys, row, order, 0));
  if (name == "dense_rank") {
    plan::AggregateCall distinct;
    std::vector<Target> fields;
    for (const ExprPtr& key : keys) fields.push_back({key, "f"});
    ASSIGN_OR_RETURN(ExprPtr whole, MakeTargetRow(fields, {}, call.location));
    distinct.arguments = {std::move(whole)};
    ASSIGN_OR_RETURN(distinct.function,
                     ChooseAggregate("count", false, &distinct.arguments, call.location));
    distinct.distinct = true;
    distinct.filter = filter == nullptr ? before : plan::MakeAnd({filter, before});
    return Operator("+", AddAggregate(std::move(distinct), name, grouping, call.location), One(),
                    call.location);
  }
  if (name == "rank") {
    ASSIGN_OR_RETURN(ExprPtr smaller, count(before));
    return Operator("+", std::move(smaller), One(), call.location);
  }
  const auto as_float = [](ExprPtr e) { return plan::MakeCast(std::move(e), kFloatType, true); };
  ASSIGN_OR_RETURN(const ExprPtr all, count(nullptr));
  if (name == "percent_rank") {
    ASSIGN_OR_RETURN(ExprPtr smaller, count(before));
    const ExprPtr none = plan::MakeLiteral(types::Value::Int(TypeId::kInt8, 0));
    ASSIGN_OR_RETURN(ExprPtr empty, Operator("=", all, none, call.location));
    ASSIGN_OR_RETURN(ExprPtr part,
                     Operator("/", as_float(std::move(smaller)), as_float(all), call.location));
    return plan::MakeCase(
        kFloatType, {std::move(empty), plan::MakeLiteral(types::Value::Float(TypeId::kFloat8, 0)),
                     std::move(part)});
  }
  ASSIGN_OR_RETURN(const ExprPtr after, SortsBefore(row, keys, order, 0));
  ASSIGN_OR_RETURN(ExprPtr up_to, count(plan::MakeTest(TestExpression::KIND_IS_NOT_TRUE, {after})));
  ASSIGN_OR_RETURN(up_to, Operator("+", std::move(up_to), One(), call.location));
  ASSIGN_OR_RETURN(ExprPtr with_it, Operator("+", all, One(), call.location));
  return Operator("/", as_float(std::move(up_to)), as_float(std::move(with_it)), call.location);
}

}  // namespace adbms::sql::binder
