// Estimates of rows over ANALYZE statistics, by PostgreSQL 15's formulas. One object for one
// statement; not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/sql/plan/planning_policy.h"
#include "services/optimizer/cost/plan_time_values.h"
#include "services/optimizer/cost/statistics_view.h"

namespace adbms::optimizer::cost {

class StatisticsEstimator : public sql::plan::CardinalityEstimator {
 public:
  // Both are borrowed.
  StatisticsEstimator(const StatisticsView* statistics, const PlanTimeValues* values,
                      std::string time_zone)
      : statistics_(statistics), values_(values), time_zone_(std::move(time_zone)) {}

  double TableRows(const common::v1::TableDescriptor& table) const override;
  double RowBytes(const common::v1::TableDescriptor& table) const override;
  double DistinctValues(const sql::plan::Query& query, sql::plan::ColumnId column,
                        double rows) const override;
  double Selectivity(const sql::plan::Query& query,
                     const sql::plan::Expr& condition) const override;
  double Selectivity(const sql::plan::Query& query,
                     const std::vector<sql::plan::ExprPtr>& conditions) const override;
  double Groups(const sql::plan::Query& query, const std::vector<sql::plan::ExprPtr>& keys,
                double rows) const override;
  double JoinRows(const sql::plan::Query& query, common::v1::JoinType type, const JoinSides& sides,
                  const std::vector<sql::plan::ExprPtr>& conditions) const override;

 private:
  // A column of a table, as statistics know it. `view` is null without statistics.
  struct Known {
    const common::v1::TableDescriptor* table = nullptr;
    const TableView* table_view = nullptr;
    const ColumnView* view = nullptr;
    uint32_t ordinal = 0;
    double rows = 0;
    double distinct = 0;  // Of the whole table, at least 1.
  };
  std::optional<Known> Look(const sql::plan::Query& query, sql::plan::ColumnId column) const;

  double OfCall(const sql::plan::Query& query, const sql::plan::Expr& call) const;
  double OfComparison(const sql::plan::Query& query, const std::string& name, const Known& column,
                      const sql::plan::ExprPtr& value) const;
  double OfPattern(const sql::plan::Query& query, const sql::plan::Expr& call,
                   const Known& column) const;
  double OfColumnPair(const Known& a, const Known& b) const;
  double OfTest(const sql::plan::Query& query, const sql::plan::Expr& test) const;
  double OfInList(const sql::plan::Query& query, const sql::plan::Expr& list) const;
  double OfLogical(const sql::plan::Query& query, const sql::plan::Expr& logical) const;
  // From the column's values as a sample; nullopt when that says nothing.
  std::optional<double> Sampled(const sql::plan::Query& query,
                                const sql::plan::Expr& condition) const;
  // Multiplies what several equalities that cover a unique key say; marks them as used.
  double UniqueKeys(const sql::plan::Query& query,
                    const std::vector<sql::plan::ExprPtr>& conditions,
                    std::vector<bool>* used) const;
  // Bounds on one column as one range; marks them as used.
  double Ranges(const sql::plan::Query& query, const std::vector<sql::plan::ExprPtr>& conditions,
                std::vector<bool>* used) const;

  const StatisticsView* const statistics_;
  const PlanTimeValues* const values_;
  const std::string time_zone_;
};

}  // namespace adbms::optimizer::cost
