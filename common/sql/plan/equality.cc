// Whether two expressions are the same one.
#include <algorithm>
#include <unordered_map>

#include "common/sql/plan/logical.h"

namespace adbms::sql::plan {
namespace {

class Comparison {
 public:
  bool Same(const Expr& a, const Expr& b);

 private:
  bool Same(const ExprPtr& a, const ExprPtr& b) {
    return a == nullptr || b == nullptr ? a == b : Same(*a, *b);
  }
  bool Same(const SortKey& a, const SortKey& b) {
    return a.descending == b.descending && a.nulls_first == b.nulls_first &&
           Same(a.expression, b.expression);
  }
  bool Same(const AggregateCall& a, const AggregateCall& b) {
    return a.function == b.function && a.distinct == b.distinct && Same(a.filter, b.filter) &&
           Same(a.arguments, b.arguments) && Same(a.order_by, b.order_by);
  }
  bool Same(const WindowCall& a, const WindowCall& b) {
    return a.function == b.function && a.aggregate == b.aggregate && Same(a.filter, b.filter) &&
           Same(a.arguments, b.arguments);
  }
  bool Same(const SetFunction& a, const SetFunction& b) {
    return a.function == b.function && Same(a.arguments, b.arguments);
  }
  bool Same(const WindowFrame& a, const WindowFrame& b) {
    return a.mode == b.mode && a.start == b.start && a.end == b.end && a.exclusion == b.exclusion &&
           Same(a.start_offset, b.start_offset) && Same(a.end_offset, b.end_offset);
  }
  template <typename T>
  bool Same(const std::vector<T>& a, const std::vector<T>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](const T& x, const T& y) { return Same(x, y); });
  }
  bool Same(ColumnId a, ColumnId b) const {
    const auto own = columns_.find(a);
    return (own == columns_.end() ? a : own->second) == b;
  }
  bool Same(const RelPtr& a, const RelPtr& b) { return Same(*a, *b); }
  bool Same(const Rel& a, const Rel& b);

  // The subqueries' own columns: of `a`, and what they are in `b`.
  std::unordered_map<ColumnId, ColumnId> columns_;
};

bool Comparison::Same(const Expr& a, const Expr& b) {
  if (a.kind != b.kind || a.type != b.type || a.args.size() != b.args.size()) return false;
  switch (a.kind) {
    case Expr::Kind::kLiteral:
      return a.value == b.value;
    case Expr::Kind::kColumn:
      return Same(a.column, b.column);
    case Expr::Kind::kParameter:
      return a.parameter == b.parameter;
    case Expr::Kind::kSubquery:
      if (a.subquery != b.subquery || a.comparisons != b.comparisons || !Same(a.query, b.query))
        return false;
      break;
    default:
      break;
  }
  return a.function == b.function && a.is_explicit == b.is_explicit && a.logical == b.logical &&
         a.test == b.test && a.negated == b.negated && a.session == b.session &&
         a.null_row == b.null_row && Same(a.args, b.args);
}

bool Comparison::Same(const Rel& a, const Rel& b) {
  const auto reads_elsewhere = [](const Rel& rel) {
    return rel.kind == Rel::Kind::kCte || rel.kind == Rel::Kind::kWorkingTable ||
           rel.kind == Rel::Kind::kRecursiveUnion || rel.lock.has_value();
  };
  if (a.kind != b.kind || reads_elsewhere(a) || reads_elsewhere(b)) return false;
  if (a.output.size() != b.output.size() || !Same(a.inputs, b.inputs)) return false;
  for (size_t i = 0; i < a.output.size(); ++i) {
    const auto [own, is_new] = columns_.emplace(a.output[i], b.output[i]);
    if (!is_new && own->second != b.output[i]) return false;
  }
  return a.table == b.table && a.ordinals == b.ordinals && a.table_function == b.table_function &&
         a.ordinality == b.ordinality && a.keeps_empty == b.keeps_empty && a.lateral == b.lateral &&
         a.join_type == b.join_type && a.set_operation == b.set_operation && a.all == b.all &&
         Same(a.rows, b.rows) && Same(a.set_functions, b.set_functions) &&
         Same(a.conditions, b.conditions) && Same(a.expressions, b.expressions) &&
         Same(a.aggregates, b.aggregates) && Same(a.keys, b.keys) && Same(a.count, b.count) &&
         Same(a.offset, b.offset) && Same(a.ties, b.ties) && Same(a.frame, b.frame) &&
         Same(a.window_calls, b.window_calls);
}

}  // namespace

bool Equal(const Expr& a, const Expr& b) { return &a == &b || Comparison().Same(a, b); }

}  // namespace adbms::sql::plan
