// How far values of an ordering lie apart: PostgreSQL's in_range support functions (its manual,
// 38.16.3), for frames in RANGE mode with offsets. Immutable once made; not thread-safe.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/types/type.h"
#include "common/types/value.h"
#include "common/types/vector.h"

namespace adbms::storage::executor {

class RangeDistance {
 public:
  // For values of `type`; days and months of instants count in `zone`. Errors: 22013 when the
  // offset is negative. REQUIRES: `offset` is not NULL, of types::DistanceOf(type).
  static absl::StatusOr<RangeDistance> Create(types::TypeId type, const types::Value& offset,
                                              absl::TimeZone zone);

  // With sum = base - offset where `subtract`, else base + offset: whether value <= sum where
  // `less`, else value >= sum. A sum beyond all values is as if it were infinite, except for dates
  // and times, where it is error 22008. REQUIRES: neither row is NULL.
  absl::StatusOr<bool> Holds(const types::Vector& values, uint32_t value,
                             const types::Vector& bases, uint32_t base, bool subtract,
                             bool less) const;

 private:
  RangeDistance() = default;
  bool Integers(int64_t value, int64_t base, bool subtract, bool less) const;
  bool Floats(double value, double base, bool subtract, bool less) const;
  bool Numerics(const types::DecimalView& value, const types::DecimalView& base, bool subtract,
                bool less) const;
  bool Times(int64_t value, int64_t base, bool subtract, bool less) const;
  absl::StatusOr<bool> Instants(int64_t value, int64_t base, bool subtract, bool less) const;
  absl::StatusOr<bool> Intervals(const types::Interval& value, const types::Interval& base,
                                 bool subtract, bool less) const;

  types::TypeId type_ = types::TypeId::kUnspecified;
  int64_t integer_ = 0;
  double float_ = 0;
  types::Decimal numeric_;
  types::Interval interval_;
  types::Interval negated_;
  absl::TimeZone zone_;
};

}  // namespace adbms::storage::executor
