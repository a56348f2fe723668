// What a planner decides, apart from how plans are put together. The physical builder asks these
// interfaces; rules of thumb stand behind them by default, statistics, search and learned models in
// the optimizer service. Implementations are const and need no locking while one plan is built.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/sql/plan/logical.h"

namespace adbms::sql::plan {

// Estimates of rows.
class CardinalityEstimator {
 public:
  virtual ~CardinalityEstimator() = default;
  // Rows of a table now.
  virtual double TableRows(const common::v1::TableDescriptor& table) const = 0;
  // Average width in bytes.
  virtual double RowBytes(const common::v1::TableDescriptor& table) const = 0;
  // Distinct values of a column among `rows` rows.
  virtual double DistinctValues(const Query& query, ColumnId column, double rows) const = 0;
  // Fraction of rows for which the condition is true, 0 to 1. Conditions on two relations are join
  // conditions.
  virtual double Selectivity(const Query& query, const Expr& condition) const = 0;
  // Fraction for a conjunction; the default multiplies, and counts a lower and an upper bound as
  // one range.
  virtual double Selectivity(const Query& query, const std::vector<ExprPtr>& conditions) const = 0;
  // Groups of `rows` rows by the keys (none: one group), at least 1. By default the product of the
  // keys' distinct values, at most `rows`.
  virtual double Groups(const Query& query, const std::vector<ExprPtr>& keys, double rows) const;
  // Rows of a join, at least 1. By default from the conditions' selectivity.
  struct JoinSides {
    ColumnSet left_columns;
    double left_rows = 0;
    double right_rows = 0;
  };
  virtual double JoinRows(const Query& query, common::v1::JoinType type, const JoinSides& sides,
                          const std::vector<ExprPtr>& conditions) const;
};

// A condition as in plan.proto's IndexScan.ItemCondition.
struct ItemCondition {
  uint32_t key = 0;
  std::string operator_name;
  ExprPtr operand;
};

// One way to read a table.
struct AccessPath {
  bool sequential = true;
  uint32_t index_id = 0;
  const common::v1::IndexDescriptor* index = nullptr;  // Null: primary key (or sequential).
  std::vector<ExprPtr> equal;                          // As in plan.proto's IndexScan.
  ExprPtr lower, upper;
  bool lower_inclusive = false, upper_inclusive = false;
  std::vector<ExprPtr> any_of;
  std::vector<ItemCondition> items;  // Of an inverted index; otherwise none.
  bool descending = false;
  bool index_only = false;
  bool unique = false;            // At most one row.
  bool ordered = false;           // Delivers the order that was asked for.
  std::vector<ExprPtr> matched;   // Conditions that the path answers.
  std::vector<ExprPtr> residual;  // The rest.
  std::vector<std::pair<ColumnId, bool>>
      ordering;           // Columns (true: descending) in whose order rows come.
  double index_rows = 0;  // Entries visited; of an inverted index, rows.
  double rows = 0;        // Rows emitted.
  double cost = 0;
  // What a policy with learned corrections adds: the rows before correction, and the features from
  // which they were corrected (see plan.proto's Operator).
  std::optional<double> uncorrected_rows;
  std::vector<float> features;

  // How often it positions an iterator. A condition on items asks for a few of them.
  double seeks() const {
    if (sequential) return 0;
    constexpr double kItems = 4;
    return std::max(
        {1.0, static_cast<double>(any_of.size()), kItems * static_cast<double>(items.size())});
  }
};

// What a reader of a table wants.
struct ScanRequest {
  const Rel* scan = nullptr;
  std::vector<SortKey> order;   // Wanted order, in terms of the scan's columns; empty: any.
  std::optional<double> limit;  // Rows wanted, when known.
};

// A tree of joins over a graph's relations.
struct JoinTree {
  int relation = -1;  // A leaf, or
  std::unique_ptr<JoinTree> left, right;
};

// Inner joins to be ordered.
struct JoinGraph {
  std::vector<RelPtr> relations;    // In text order, filters included.
  std::vector<double> rows;         // Estimates, as many.
  std::vector<double> costs;        // To read each once, as many.
  std::vector<ColumnSet> columns;   // What each produces.
  std::vector<ExprPtr> conditions;  // Each over two relations or more.
  std::vector<ColumnSet> condition_columns;
};

enum class JoinMethod { kHash, kLookup, kNestedLoop };

// What a look-up into a key or an index costs a join.
struct LookupCost {
  double rows = 1;       // Found by one look-up.
  bool unique = false;   // By a whole unique key.
  bool fetches = false;  // Each row found costs a fetch.
};

// A join whose method is to be chosen.
struct JoinRequest {
  common::v1::JoinType type = common::v1::JOIN_TYPE_INNER;
  double left_rows = 0, right_rows = 0;
  double right_cost = 0;    // To read the right side once.
  bool has_keys = false;    // Hash join possible.
  bool has_lookup = false;  // Lookup join possible, and
  LookupCost lookup;        // ... what one look-up costs.
};

class PlanningPolicy {
 public:
  virtual ~PlanningPolicy() = default;
  virtual const CardinalityEstimator& estimator() const = 0;
  // Completes cost of each path and picks one (`paths` is not empty).
  virtual size_t ChooseAccessPath(const Query& query, const ScanRequest& request,
                                  std::vector<AccessPath>* paths) const = 0;
  virtual std::unique_ptr<JoinTree> OrderJoins(const Query& query,
                                               const JoinGraph& graph) const = 0;
  virtual JoinMethod ChooseJoinMethod(const JoinRequest& request) const = 0;
  // What plans say of their origin.
  virtual common::v1::PlannerKind kind() const = 0;
  virtual uint64_t statistics_version() const = 0;
};

// Costs in plan.proto's unit, shared by policies so that plans compare. Measured on this executor
// with everything in memory, where a unit is about 10 us (order-processing data set at scale 1).
struct CostConstants {
  double scan_row = 0.02;      // Decode a row that lies next to the last one.
  double fetch_row = 0.4;      // Get a row through an index entry.
  double get_row = 0.2;        // Get the one row of a whole unique key.
  double seek = 0.7;           // Position an iterator.
  double filter_row = 0.0025;  // Evaluate a condition.
  double hash_build_row = 0.012;
  double hash_probe_row = 0.006;
  double pair_row = 0.0008;  // Compare a pair in a nested loop.
  double sort_row = 0.004;   // Times log2(rows).
  double emit_row = 0.002;
  double program_call = 5;  // Run a function beside the statement.
};
inline constexpr CostConstants kCost;

// The cost of a join beyond its inputs'. One set of formulas for the builder and every policy.
double HashJoinCost(double probe_rows, double build_rows, double result_rows);
double NestedLoopCost(double left_rows, double right_rows);
double LookupJoinCost(double left_rows, const LookupCost& lookup, double result_rows);
// Sorts `rows`, of which the first `kept` are wanted.
double SortCost(double rows, double kept);

}  // namespace adbms::sql::plan
