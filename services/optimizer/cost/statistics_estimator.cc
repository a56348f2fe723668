#include "services/optimizer/cost/statistics_estimator.h"

#include <algorithm>
#include <cmath>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/default_planner/access_paths.h"
#include "common/sql/default_planner/heuristic_estimator.h"
#include "services/optimizer/cost/sampled_condition.h"
#include "services/optimizer/cost/selectivity.h"

namespace adbms::optimizer::cost {
namespace {

using common::v1::JoinType;
using common::v1::LogicalExpression;
using common::v1::TestExpression;
using sql::default_planner::StripRelabel;
using sql::plan::Expr;
using sql::plan::ExprPtr;
using sql::plan::Query;

constexpr double kDefaultRows = 1000;
// From a sample of fewer values nothing is concluded (histogram_selectivity).
constexpr size_t kLeastSample = 10;
constexpr size_t kWholeSample = 100;
// Groups by several columns of one table are taken to be at most this share of its rows.
constexpr double kGroupsShare = 0.1;

bool IsRangeName(const std::string& name) {
  return name == "<" || name == "<=" || name == ">" || name == ">=";
}

std::string Flip(const std::string& name) {
  if (name == "<") return ">";
  if (name == "<=") return ">=";
  if (name == ">") return "<";
  if (name == ">=") return "<=";
  return name;
}

// column op value, from the column's side; `value` has no column of the same relation by
// construction of conditions.
struct Sides {
  sql::plan::ColumnId column;
  std::string name;
  ExprPtr value;
};

std::optional<Sides> SidesOf(const Expr& e) {
  if (e.kind != Expr::Kind::kCall || !e.function->is_operator || e.args.size() != 2) {
    return std::nullopt;
  }
  const Expr& left = StripRelabel(*e.args[0]);
  if (left.kind == Expr::Kind::kColumn) return Sides{left.column, e.function->name, e.args[1]};
  const Expr& right = StripRelabel(*e.args[1]);
  if (right.kind == Expr::Kind::kColumn) {
    return Sides{right.column, Flip(e.function->name), e.args[0]};
  }
  return std::nullopt;
}

const ColumnView kNothing;

// The column that the key turns from a timestamp into its day; null for any other key.
const Expr* DayOf(const Expr& key) {
  if (key.kind != Expr::Kind::kCast || key.type.id != types::TypeId::kDate) return nullptr;
  const Expr& inner = StripRelabel(*key.args[0]);
  const bool stamp =
      inner.type.id == types::TypeId::kTimestamp || inner.type.id == types::TypeId::kTimestamptz;
  return stamp && inner.kind == Expr::Kind::kColumn ? &inner : nullptr;
}

// Days from the first to the last value that statistics know.
double DaysOf(const ColumnView& view) {
  constexpr double kDayUs = 86400e6;
  std::vector<double> ends;
  for (const auto* bound : {view.bounds.empty() ? nullptr : &view.bounds.front(),
                            view.bounds.empty() ? nullptr : &view.bounds.back(),
                            view.common.empty() ? nullptr : &view.common.front().value,
                            view.common.empty() ? nullptr : &view.common.back().value}) {
    if (bound != nullptr) ends.push_back(static_cast<double>(bound->int_value()));
  }
  if (ends.empty()) return kDefaultDistinct;
  const auto [first, last] = std::minmax_element(ends.begin(), ends.end());
  return (*last - *first) / kDayUs + 1;
}

}  // namespace

double StatisticsEstimator::TableRows(const common::v1::TableDescriptor& table) const {
  const TableView* view = statistics_->Find(table.table_id());
  return view == nullptr ? kDefaultRows : std::max(1.0, view->rows);
}

double StatisticsEstimator::RowBytes(const common::v1::TableDescriptor& table) const {
  const TableView* view = statistics_->Find(table.table_id());
  if (view != nullptr && view->row_bytes > 0) return view->row_bytes;
  return 8.0 * std::max(1, table.columns_size());
}

std::optional<StatisticsEstimator::Known> StatisticsEstimator::Look(
    const Query& query, sql::plan::ColumnId column) const {
  const sql::plan::ColumnInfo& info = query.columns[column];
  if (info.table_id == 0 || info.column_number == 0) return std::nullopt;
  Known known;
  for (const sql::plan::TableUse& use : query.tables) {
    if (use.table->table_id() == info.table_id) known.table = use.table;
  }
  if (known.table == nullptr) return std::nullopt;
  known.ordinal = info.column_number - 1;
  known.rows = TableRows(*known.table);
  known.table_view = statistics_->Find(info.table_id);
  if (known.table_view != nullptr) {
    const auto found = known.table_view->columns.find(known.ordinal);
    if (found != known.table_view->columns.end()) known.view = &found->second;
  }
  const auto alone = [&](const auto& columns) {
    return columns.size() == 1 && columns.Get(0) == known.ordinal;
  };
  bool unique = alone(known.table->primary_key());
  for (const auto& index : known.table->indexes()) {
    unique |= index.unique() && sql::IsPlain(index) && alone(index.columns());
  }
  const double nulls = known.view == nullptr ? 0 : known.view->null_fraction;
  if (unique) {
    known.distinct = known.rows * (1 - nulls);
  } else if (known.view != nullptr && known.view->distinct > 0) {
    known.distinct = known.view->distinct;
  } else {
    known.distinct =
        info.type.id == types::TypeId::kBool ? 2 : std::min(known.rows, kDefaultDistinct);
  }
  known.distinct = std::max(1.0, std::min(known.distinct, known.rows));
  return known;
}

double StatisticsEstimator::DistinctValues(const Query& query, sql::plan::ColumnId column,
                                           double rows) const {
  const auto known = Look(query, column);
  if (known.has_value()) return DistinctAmong(known->distinct, known->rows, rows);
  if (query.columns[column].type.id == types::TypeId::kBool) return std::min(rows, 2.0);
  return std::clamp(rows, 1.0, kDefaultDistinct);
}

double StatisticsEstimator::OfComparison(const Query& query, const std::string& name,
                                         const Known& column, const ExprPtr& value) const {
  const bool equality = name == "=" || name == "<>";
  const auto known = values_->Find(value);
  const ColumnView* view = column.view;
  if (equality) {
    double equal = 1 / column.distinct;
    const bool unique = column.distinct >= column.rows;
    if (known.has_value() && known->is_null()) return 0;
    if (view != nullptr && !unique) {
      const LiteralMode mode = values_->ModeOf(value);
      equal = known.has_value()              ? EqualTo(*view, *known)
              : mode == LiteralMode::kMost   ? EqualToMostCommon(*view)
              : mode == LiteralMode::kFewest ? EqualToRarest(*view)
                                             : EqualToUnknown(*view);
    }
    const double nulls = view == nullptr ? 0 : view->null_fraction;
    return name == "=" ? equal : std::max(0.0, 1 - equal - nulls);
  }
  if (known.has_value() && known->is_null()) return 0;
  if (view != nullptr && !known.has_value() && values_->ModeOf(value) == LiteralMode::kMost)
    return 1 - view->null_fraction;
  if (view == nullptr || !known.has_value()) return kDefaultInequality;
  return name[0] == '<' ? Below(*view, *known, name == "<=")
                        : InRange(*view, &*known, /*low_inclusive=*/name == ">=", nullptr, false);
}

double StatisticsEstimator::OfPattern(const Query& query, const Expr& call,
                                      const Known& column) const {
  const std::string& name = call.function->name;
  const bool negated = name[0] == '!';
  const auto pattern = values_->Find(call.args[1]);
  double selectivity = kDefaultMatch;
  if (column.view != nullptr && pattern.has_value() && !pattern->is_null()) {
    const ColumnView& view = *column.view;
    const bool like = name == "~~" || name == "!~~";
    const double guessed = like ? Matches(view, pattern->bytes()) : kDefaultMatch;
    selectivity = guessed;
    const ExprPtr condition = values_->Substitute(std::make_shared<const Expr>(call));
    const Expr& argument = StripRelabel(*call.args[0]);
    const auto sample = condition == nullptr ? std::nullopt
                                             : SampleCondition(condition, argument.column,
                                                               query.columns[argument.column].type,
                                                               view, time_zone_);
    if (sample.has_value()) {
      const double nulls = view.null_fraction;
      // The sampler has evaluated the operator itself, so a negated one counts the others.
      double histogram = negated ? 1 - sample->histogram : sample->histogram;
      const double common = negated ? view.common_fraction - sample->common : sample->common;
      const double share = view.rest() > 0 ? std::min(1.0, guessed / (1 - nulls)) : 0;
      if (sample->bounds < kLeastSample) {
        histogram = share;
      } else if (sample->bounds < kWholeSample) {
        const double weight = static_cast<double>(sample->bounds) / kWholeSample;
        histogram = histogram * weight + share * (1 - weight);
      } else if (histogram == 0) {
        // The sample is too coarse to see it.
        histogram = std::min(share, 0.5 / static_cast<double>(sample->bounds));
      }
      selectivity = std::clamp(common + view.rest() * histogram, 0.0, 1 - nulls);
    }
  }
  if (!negated) return selectivity;
  const double nulls = column.view == nullptr ? 0 : column.view->null_fraction;
  return std::max(0.0, 1 - selectivity - nulls);
}

double StatisticsEstimator::OfColumnPair(const Known& a, const Known& b) const {
  return EqualJoin(a.view == nullptr ? kNothing : *a.view, a.distinct,
                   b.view == nullptr ? kNothing : *b.view, b.distinct);
}

std::optional<double> StatisticsEstimator::Sampled(const Query& query, const Expr& e) const {
  const auto shared = std::make_shared<const Expr>(e);
  if (sql::plan::HasSubquery(shared) || sql::plan::IsVolatile(ExprPtr(shared))) return std::nullopt;
  const sql::plan::ColumnSet columns = sql::plan::ColumnsOf(shared);
  if (columns.size() != 1) return std::nullopt;
  const auto known = Look(query, *columns.begin());
  if (!known.has_value() || known->view == nullptr) return std::nullopt;
  const ExprPtr condition = values_->Substitute(shared);
  if (condition == nullptr) return std::nullopt;
  const ColumnView& view = *known->view;
  const auto sample = SampleCondition(condition, *columns.begin(),
                                      query.columns[*columns.begin()].type, view, time_zone_);
  if (!sample.has_value()) return std::nullopt;
  if (view.rest() > 0.01 && sample->bounds < kLeastSample) return std::nullopt;
  double histogram = sample->histogram;
  if (sample->bounds > 0) {
    const double least = 0.5 / static_cast<double>(sample->bounds);
    histogram = std::clamp(histogram, least, 1 - least);
  }
  return std::clamp(
      sample->common + view.rest() * histogram + (sample->on_null ? view.null_fraction : 0), 0.0,
      1.0);
}

double StatisticsEstimator::OfCall(const Query& query, const Expr& e) const {
  const std::string& name = e.function->name;
  const bool pattern = name == "~~" || name == "~~*" || name == "~" || name == "~*" ||
                       name == "!~~" || name == "!~~*" || name == "!~" || name == "!~*";
  if (const auto sides = SidesOf(e)) {
    const auto column = Look(query, sides->column);
    const Expr& other = StripRelabel(*sides->value);
    if (name == "=" && other.kind == Expr::Kind::kColumn) {
      const auto theirs = Look(query, other.column);
      if (column.has_value() && theirs.has_value()) return OfColumnPair(*column, *theirs);
      const auto& only = column.has_value() ? column : theirs;
      return 1 / (only.has_value() ? std::max(only->distinct, 1.0) : kDefaultDistinct);
    }
    if (column.has_value() && (name == "=" || name == "<>" || IsRangeName(name))) {
      return OfComparison(query, sides->name, *column, sides->value);
    }
    const bool of_left = StripRelabel(*e.args[0]).kind == Expr::Kind::kColumn;
    if (column.has_value() && pattern && of_left) return OfPattern(query, e, *column);
  }
  if (const auto sampled = Sampled(query, e)) return *sampled;
  if (name == "=") return kDefaultEqual;
  if (name == "<>") return 1 - kDefaultEqual;
  if (pattern) return name[0] == '!' ? 1 - kDefaultMatch : kDefaultMatch;
  if (sql::default_planner::IsContainmentName(name)) return sql::default_planner::kDefaultContained;
  return kDefaultInequality;
}

double StatisticsEstimator::OfTest(const Query& query, const Expr& e) const {
  const Expr& argument = StripRelabel(*e.args[0]);
  const auto known =
      argument.kind == Expr::Kind::kColumn ? Look(query, argument.column) : std::optional<Known>();
  if (e.test == TestExpression::KIND_IS_NULL || e.test == TestExpression::KIND_IS_NOT_NULL) {
    double nulls = kDefaultEqual;
    if (known.has_value() && known->view != nullptr) nulls = known->view->null_fraction;
    if (argument.kind == Expr::Kind::kColumn && query.columns[argument.column].not_null) nulls = 0;
    return e.test == TestExpression::KIND_IS_NULL ? nulls : 1 - nulls;
  }
  if (const auto sampled = Sampled(query, e)) return *sampled;
  switch (e.test) {
    case TestExpression::KIND_DISTINCT:
      return 1 - kDefaultEqual;
    case TestExpression::KIND_NOT_DISTINCT:
      return kDefaultEqual;
    case TestExpression::KIND_IS_TRUE:
      return Selectivity(query, *e.args[0]);
    case TestExpression::KIND_IS_NOT_TRUE:
      return 1 - Selectivity(query, *e.args[0]);
    default:
      return 0.5;
  }
}

double StatisticsEstimator::OfInList(const Query& query, const Expr& e) const {
  const Expr& argument = StripRelabel(*e.args[0]);
  const auto known =
      argument.kind == Expr::Kind::kColumn ? Look(query, argument.column) : std::optional<Known>();
  double found = 0;
  for (size_t i = 1; i < e.args.size(); ++i) {
    found += known.has_value() ? OfComparison(query, "=", *known, e.args[i]) : kDefaultEqual;
  }
  const double nulls = known.has_value() && known->view != nullptr ? known->view->null_fraction : 0;
  found = std::min(found, 1 - nulls);
  return e.negated ? std::max(0.0, 1 - found - nulls) : found;
}

double StatisticsEstimator::OfLogical(const Query& query, const Expr& e) const {
  if (e.logical == LogicalExpression::KIND_AND) return Selectivity(query, e.args);
  if (e.logical == LogicalExpression::KIND_NOT) {
    const Expr& inner = StripRelabel(*e.args[0]);
    double nulls = 0;
    if (inner.kind == Expr::Kind::kColumn) {
      const auto known = Look(query, inner.column);
      if (known.has_value() && known->view != nullptr) nulls = known->view->null_fraction;
    }
    return std::max(0.0, 1 - Selectivity(query, *e.args[0]) - nulls);
  }
  // Equalities with one column exclude each other; others are taken as independent.
  std::map<sql::plan::ColumnId, double> equal;
  double none = 1;
  for (const ExprPtr& arg : e.args) {
    const auto sides = SidesOf(*arg);
    const double one = Selectivity(query, *arg);
    if (sides.has_value() && sides->name == "=" &&
        StripRelabel(*sides->value).kind != Expr::Kind::kColumn) {
      equal[sides->column] += one;
    } else {
      none *= 1 - one;
    }
  }
  for (const auto& [column, sum] : equal) none *= 1 - std::min(1.0, sum);
  return 1 - none;
}

double StatisticsEstimator::Selectivity(const Query& query, const Expr& e) const {
  double result = 0.5;
  switch (e.kind) {
    case Expr::Kind::kLiteral:
      return !e.value.is_null() && e.type.id == types::TypeId::kBool && e.value.bool_value() ? 1.0
                                                                                             : 0.0;
    case Expr::Kind::kColumn: {
      const auto known = Look(query, e.column);
      if (known.has_value() && known->view != nullptr && known->view->distinct > 0)
        result = EqualTo(*known->view, types::Value::Bool(true));
      break;
    }
    case Expr::Kind::kCall:
      result = OfCall(query, e);
      break;
    case Expr::Kind::kLogical:
      result = OfLogical(query, e);
      break;
    case Expr::Kind::kTest:
      result = OfTest(query, e);
      break;
    case Expr::Kind::kInList:
      result = OfInList(query, e);
      break;
    default:
      result = Sampled(query, e).value_or(0.5);
      break;
  }
  return std::clamp(result, 0.0, 1.0);
}

double StatisticsEstimator::Ranges(const Query& query, const std::vector<ExprPtr>& conditions,
                                   std::vector<bool>* used) const {
  struct Bound {
    size_t at;
    std::string name;
    ExprPtr value;
  };
  std::map<sql::plan::ColumnId, std::vector<Bound>> bounds;
  for (size_t i = 0; i < conditions.size(); ++i) {
    if ((*used)[i]) continue;
    auto sides = SidesOf(*conditions[i]);
    if (!sides.has_value() || !IsRangeName(sides->name)) continue;
    if (!sql::plan::IsRowIndependent(sides->value)) continue;
    bounds[sides->column].push_back({i, sides->name, sides->value});
  }
  double result = 1;
  for (const auto& [column, list] : bounds) {
    const bool low =
        std::any_of(list.begin(), list.end(), [](auto& b) { return b.name[0] == '>'; });
    const bool high =
        std::any_of(list.begin(), list.end(), [](auto& b) { return b.name[0] == '<'; });
    if (!low || !high) continue;
    for (const Bound& bound : list) (*used)[bound.at] = true;
    const auto known = Look(query, column);
    std::optional<types::Value> lower;
    std::optional<types::Value> upper;
    bool lower_inclusive = false;
    bool upper_inclusive = false;
    bool whole = known.has_value() && known->view != nullptr;
    double unknown = kDefaultRange;
    for (const Bound& bound : list) {
      auto value = values_->Find(bound.value);
      if (!value.has_value()) {
        if (whole && values_->ModeOf(bound.value) == LiteralMode::kMost)
          unknown = 1 - known->view->null_fraction;
        whole = false;
        continue;
      }
      // Of several bounds on one side the last one stands for all; they are rare.
      if (bound.name[0] == '>') {
        lower = *std::move(value);
        lower_inclusive = bound.name.size() == 2;
      } else {
        upper = *std::move(value);
        upper_inclusive = bound.name.size() == 2;
      }
    }
    result *=
        whole ? InRange(*known->view, &*lower, lower_inclusive, &*upper, upper_inclusive) : unknown;
  }
  return result;
}

double StatisticsEstimator::UniqueKeys(const Query& query, const std::vector<ExprPtr>& conditions,
                                       std::vector<bool>* used) const {
  // Equalities between columns of two tables, by the pair of tables.
  struct Equality {
    size_t at;
    Known mine, theirs;
  };
  std::map<std::pair<uint32_t, uint32_t>, std::vector<Equality>> pairs;
  for (size_t i = 0; i < conditions.size(); ++i) {
    const auto sides = SidesOf(*conditions[i]);
    if (!sides.has_value() || sides->name != "=") continue;
    const Expr& other = StripRelabel(*sides->value);
    if (other.kind != Expr::Kind::kColumn) continue;
    const auto a = Look(query, sides->column);
    const auto b = Look(query, other.column);
    if (!a.has_value() || !b.has_value()) continue;
    pairs[{a->table->table_id(), b->table->table_id()}].push_back({i, *a, *b});
    pairs[{b->table->table_id(), a->table->table_id()}].push_back({i, *b, *a});
  }
  double result = 1;
  for (const auto& entry : pairs) {
    const std::vector<Equality>& list = entry.second;
    if (list.size() < 2) continue;
    const common::v1::TableDescriptor& table = *list.front().mine.table;
    const auto covered = [&](const auto& key) {
      if (key.size() < 2) return;
      std::vector<const Equality*> found;
      for (const uint32_t ordinal : key) {
        const auto it = std::find_if(list.begin(), list.end(), [&](const Equality& one) {
          return one.mine.ordinal == ordinal && !(*used)[one.at];
        });
        if (it == list.end()) return;
        found.push_back(&*it);
      }
      for (const Equality* one : found) {
        (*used)[one->at] = true;
        if (one->theirs.view != nullptr) result *= 1 - one->theirs.view->null_fraction;
      }
      result /= found.front()->mine.rows;
    };
    covered(table.primary_key());
    for (const auto& index : table.indexes()) {
      if (index.unique() && sql::IsPlain(index)) covered(index.columns());
    }
  }
  return result;
}

namespace {

// A lower and an upper bound of one expression, of which no statistics tell, are one range.
double ExpressionRanges(const std::vector<ExprPtr>& conditions, std::vector<bool>* used) {
  const auto is_bound = [&](size_t i) {
    const Expr& e = *conditions[i];
    return !(*used)[i] && e.kind == Expr::Kind::kCall && e.args.size() == 2 &&
           IsRangeName(e.function->name) && e.args[0]->kind != Expr::Kind::kColumn &&
           !sql::plan::IsRowIndependent(e.args[0]) && sql::plan::IsRowIndependent(e.args[1]);
  };
  double result = 1;
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (!is_bound(i)) continue;
    for (size_t j = i + 1; j < conditions.size(); ++j) {
      if (!is_bound(j) || !sql::plan::Equal(*conditions[i]->args[0], *conditions[j]->args[0]) ||
          conditions[i]->function->name[0] == conditions[j]->function->name[0])
        continue;
      (*used)[i] = (*used)[j] = true;
      result *= kDefaultRange;
      break;
    }
  }
  return result;
}

}  // namespace

double StatisticsEstimator::Selectivity(const Query& query,
                                        const std::vector<ExprPtr>& conditions) const {
  std::vector<bool> used(conditions.size(), false);
  double result = 1;
  if (conditions.size() > 1) {
    result *= UniqueKeys(query, conditions, &used);
    result *= Ranges(query, conditions, &used);
    result *= ExpressionRanges(conditions, &used);
  }
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (!used[i]) result *= Selectivity(query, *conditions[i]);
  }
  return std::clamp(result, 0.0, 1.0);
}

double StatisticsEstimator::Groups(const Query& query, const std::vector<ExprPtr>& keys,
                                   double rows) const {
  struct OfTable {
    double groups = 1;
    double rows = 1;
    int columns = 0;
  };
  std::map<uint32_t, OfTable> tables;
  sql::plan::ColumnSet seen;
  double result = 1;
  for (const ExprPtr& key : keys) {
    if (key->type.id == types::TypeId::kBool && key->kind != Expr::Kind::kColumn) {
      result *= 2;
      continue;
    }
    // An expression has at most as many values as its columns.
    const sql::plan::ColumnSet columns = sql::plan::ColumnsOf(key);
    if (columns.empty() && !sql::plan::IsRowIndependent(key)) result *= kDefaultDistinct;
    for (const sql::plan::ColumnId column : columns) {
      if (!seen.insert(column).second) continue;
      const auto known = Look(query, column);
      if (!known.has_value()) {
        result *= DistinctValues(query, column, rows);
        continue;
      }
      OfTable& table = tables[known->table->table_id()];
      const bool nulls = known->view != nullptr && known->view->null_fraction > 0;
      double distinct = known->distinct;
      if (DayOf(*key) != nullptr && known->view != nullptr)
        distinct = std::min(distinct, DaysOf(*known->view));
      table.groups *= distinct + (nulls ? 1 : 0);
      table.rows = known->rows;
      ++table.columns;
    }
  }
  for (auto& [id, table] : tables) {
    if (table.columns > 1) {
      table.groups = std::min(table.groups, std::max(1.0, table.rows * kGroupsShare));
    }
    result *= DistinctAmong(table.groups, table.rows, rows);
  }
  return std::max(1.0, std::min(result, rows));
}

double StatisticsEstimator::JoinRows(const Query& query, JoinType type, const JoinSides& sides,
                                     const std::vector<ExprPtr>& conditions) const {
  const bool semi = type == common::v1::JOIN_TYPE_SEMI;
  const bool anti =
      type == common::v1::JOIN_TYPE_ANTI || type == common::v1::JOIN_TYPE_ANTI_NULL_AWARE;
  if (!semi && !anti) return CardinalityEstimator::JoinRows(query, type, sides, conditions);
  // The share of left rows that have a match.
  double share = 1;
  for (const ExprPtr& condition : conditions) {
    const auto equality = SidesOf(*condition);
    const Expr* other = equality.has_value() ? &StripRelabel(*equality->value) : nullptr;
    if (other == nullptr || equality->name != "=" || other->kind != Expr::Kind::kColumn) {
      share *= std::min(1.0, sides.right_rows * Selectivity(query, *condition));
      continue;
    }
    sql::plan::ColumnId mine = equality->column;
    sql::plan::ColumnId theirs = other->column;
    if (!sides.left_columns.contains(mine)) std::swap(mine, theirs);
    const auto left = Look(query, mine);
    const double left_distinct =
        left.has_value() ? left->distinct : DistinctValues(query, mine, sides.left_rows);
    const double nulls = left.has_value() && left->view != nullptr ? left->view->null_fraction : 0;
    share *= SemiJoin(nulls, left_distinct, DistinctValues(query, theirs, sides.right_rows));
  }
  const double matched = sides.left_rows * share;
  return std::max(1.0, semi ? matched : sides.left_rows - matched);
}

}  // namespace adbms::optimizer::cost
