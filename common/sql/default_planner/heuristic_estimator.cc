#include "common/sql/default_planner/heuristic_estimator.h"

#include <algorithm>
#include <cmath>

namespace adbms::sql::default_planner {
namespace {

using common::v1::LogicalExpression;
using common::v1::TestExpression;
using plan::Expr;
using plan::ExprPtr;

// PostgreSQL's selfuncs.h.
constexpr double kDefaultEqual = 0.005;
constexpr double kDefaultInequality = 1.0 / 3;
constexpr double kDefaultRange = 0.005;
constexpr double kDefaultMatch = 0.005;
constexpr double kDefaultRows = 1000;

const Expr& StripCast(const Expr& e) {
  return e.kind == Expr::Kind::kCast ? StripCast(*e.args[0]) : e;
}

bool IsBound(const Expr& e, bool lower) {
  if (e.kind != Expr::Kind::kCall || !e.function->is_operator || e.args.size() != 2) return false;
  const std::string& name = e.function->name;
  const bool column_left = StripCast(*e.args[0]).kind == Expr::Kind::kColumn;
  if (name == ">" || name == ">=") return lower == column_left;
  if (name == "<" || name == "<=") return lower != column_left;
  return false;
}

}  // namespace

const common::v1::TableStatistics* HeuristicEstimator::Find(uint32_t table_id) const {
  if (statistics_ == nullptr) return nullptr;
  for (const auto& table : statistics_->tables()) {
    if (table.table_id() == table_id) return &table;
  }
  return nullptr;
}

bool IsContainmentName(std::string_view operator_name) {
  constexpr std::string_view kNames[] = {"@>", "<@", "&&", "?", "?|", "?&", "@?", "@@", "%"};
  return std::find(std::begin(kNames), std::end(kNames), operator_name) != std::end(kNames);
}

double HeuristicEstimator::TableRows(const common::v1::TableDescriptor& table) const {
  const auto* statistics = Find(table.table_id());
  return statistics == nullptr ? kDefaultRows : std::max(1.0, statistics->row_count());
}

double HeuristicEstimator::RowBytes(const common::v1::TableDescriptor& table) const {
  const auto* statistics = Find(table.table_id());
  if (statistics != nullptr && statistics->average_row_bytes() > 0)
    return statistics->average_row_bytes();
  return 8.0 * std::max(1, table.columns_size());
}

double HeuristicEstimator::DistinctValues(const plan::Query& query, plan::ColumnId column,
                                          double rows) const {
  const plan::ColumnInfo& info = query.columns[column];
  if (info.table_id != 0) {
    if (const auto* statistics = Find(info.table_id)) {
      for (const auto& of_column : statistics->columns()) {
        if (of_column.column() + 1 == info.column_number && of_column.distinct_count() > 0)
          return std::clamp(of_column.distinct_count(), 1.0, std::max(1.0, rows));
      }
    }
  }
  if (info.type.id == types::TypeId::kBool) return std::min(rows, 2.0);
  return std::clamp(rows, 1.0, 200.0);
}

double HeuristicEstimator::Selectivity(const plan::Query& query, const Expr& e) const {
  switch (e.kind) {
    case Expr::Kind::kLiteral:
      return !e.value.is_null() && e.type.id == types::TypeId::kBool && e.value.bool_value() ? 1.0
                                                                                             : 0.0;
    case Expr::Kind::kCall: {
      const std::string& name = e.function->name;
      if (name == "=" && e.args.size() == 2) {
        const Expr& a = StripCast(*e.args[0]);
        const Expr& b = StripCast(*e.args[1]);
        if (a.kind == Expr::Kind::kColumn && b.kind == Expr::Kind::kColumn) {
          // A join on a table's own key finds one row.
          double distinct = 200;
          for (const Expr* side : {&a, &b}) {
            const plan::ColumnInfo& info = query.columns[side->column];
            for (const plan::TableUse& use : query.tables) {
              if (use.table->table_id() != info.table_id) continue;
              const double rows = TableRows(*use.table);
              const bool key = use.table->primary_key_size() == 1 &&
                               use.table->primary_key(0) + 1 == info.column_number;
              distinct = std::max(
                  distinct, key ? rows : std::min(rows, DistinctValues(query, side->column, rows)));
            }
          }
          return 1.0 / distinct;
        }
        const Expr& column = a.kind == Expr::Kind::kColumn ? a : b;
        if (column.kind == Expr::Kind::kColumn) {
          for (const plan::TableUse& use : query.tables) {
            const plan::ColumnInfo& info = query.columns[column.column];
            if (use.table->table_id() != info.table_id) continue;
            const double rows = TableRows(*use.table);
            if (use.table->primary_key_size() == 1 &&
                use.table->primary_key(0) + 1 == info.column_number)
              return 1.0 / rows;
            if (const auto* statistics = Find(info.table_id);
                statistics && statistics->columns_size() > 0)
              return 1.0 / DistinctValues(query, column.column, rows);
          }
        }
        return kDefaultEqual;
      }
      if (name == "<>") return 1 - kDefaultEqual;
      if (name == "<" || name == ">" || name == "<=" || name == ">=") return kDefaultInequality;
      if (name == "~~" || name == "~~*" || name == "~" || name == "~*") return kDefaultMatch;
      if (name == "!~~" || name == "!~~*" || name == "!~" || name == "!~*")
        return 1 - kDefaultMatch;
      if (IsContainmentName(name)) return kDefaultContained;
      return kDefaultInequality;
    }
    case Expr::Kind::kLogical: {
      if (e.logical == LogicalExpression::KIND_NOT) return 1 - Selectivity(query, *e.args[0]);
      if (e.logical == LogicalExpression::KIND_AND) return Selectivity(query, e.args);
      double none = 1;
      for (const ExprPtr& arg : e.args) none *= 1 - Selectivity(query, *arg);
      return 1 - none;
    }
    case Expr::Kind::kTest:
      if (e.test == TestExpression::KIND_IS_NULL) return kDefaultEqual;
      if (e.test == TestExpression::KIND_IS_NOT_NULL) return 1 - kDefaultEqual;
      if (e.test == TestExpression::KIND_DISTINCT) return 1 - kDefaultEqual;
      if (e.test == TestExpression::KIND_NOT_DISTINCT) return kDefaultEqual;
      return 0.5;
    case Expr::Kind::kInList: {
      const double one = std::min(1.0, kDefaultEqual * static_cast<double>(e.args.size() - 1));
      return e.negated ? 1 - one : one;
    }
    default:
      return 0.5;
  }
}

double HeuristicEstimator::Selectivity(const plan::Query& query,
                                       const std::vector<ExprPtr>& conditions) const {
  double result = 1;
  std::vector<bool> used(conditions.size(), false);
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (used[i]) continue;
    // A lower and an upper bound on one column are one range.
    for (size_t j = i + 1; j < conditions.size() && !used[i]; ++j) {
      const bool pair = (IsBound(*conditions[i], true) && IsBound(*conditions[j], false)) ||
                        (IsBound(*conditions[i], false) && IsBound(*conditions[j], true));
      if (!pair || used[j] || plan::ColumnsOf(conditions[i]) != plan::ColumnsOf(conditions[j]) ||
          plan::ColumnsOf(conditions[i]).size() != 1)
        continue;
      used[i] = used[j] = true;
      result *= kDefaultRange;
    }
    if (!used[i]) result *= Selectivity(query, *conditions[i]);
  }
  return std::clamp(result, 0.0, 1.0);
}

}  // namespace adbms::sql::default_planner
