// ANALYZE statistics as the estimator reads them: values decoded and ordered once, looked up by
// table and column. Immutable.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "common/types/value.h"

namespace adbms::optimizer::cost {

// One column's distribution.
struct ColumnView {
  types::Type type;
  double null_fraction = 0;
  double distinct = 0;  // Non-NULL values; 0: unknown.
  double correlation = 0;
  struct Common {
    types::Value value;
    double fraction;  // Of all rows.
  };
  std::vector<Common> common;  // Ascending by value.
  double common_fraction = 0;  // Sum.
  double least_common = 0;     // The smallest of the fractions; 0 without any.
  // Bounds of equi-depth buckets over the values that are not common; ascending.
  std::vector<types::Value> bounds;

  // Fraction of rows that are neither NULL nor common.
  double rest() const;
  // Distinct values among them, at least 1.
  double rest_distinct() const;
};

struct TableView {
  double rows = 0;       // Now, by storage's running estimate.
  double row_bytes = 0;  // Average.
  bool analyzed = false;
  std::map<uint32_t, ColumnView> columns;  // By ordinal.
};

class StatisticsView {
 public:
  // `snapshot` may be null. Values that do not decode are left out.
  explicit StatisticsView(const common::v1::StatisticsSnapshot* snapshot);
  // Null when nothing is known.
  const TableView* Find(uint32_t table_id) const;
  uint64_t version() const { return version_; }

 private:
  std::map<uint32_t, TableView> tables_;
  uint64_t version_ = 0;
};

// As CompareValues, also across types whose values have one order (numbers; date and timestamps);
// nullopt when they have none. REQUIRES: neither is NULL.
std::optional<int> CompareLoosely(const types::Value& a, const types::Value& b);

// Where `value` lies between `low` and `high`, 0 to 1; 0.5 when the type cannot be interpolated.
double PositionBetween(const types::Value& value, const types::Value& low,
                       const types::Value& high);

}  // namespace adbms::optimizer::cost
