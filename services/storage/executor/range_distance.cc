#include "services/storage/executor/range_distance.h"

#include <cmath>

#include "common/sql/functions/datetime_arithmetic.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/distance.h"

namespace adbms::storage::executor {
namespace {

using types::DecimalView;
using types::Interval;
using types::TypeId;
using types::Vector;

absl::Status Negative() {
  return status::Error(status::sqlstate::kInvalidFrameOffset,
                       "invalid preceding or following size in window function");
}

template <typename T>
bool Holds(const T& value, const T& sum, bool less) {
  const auto order = types::Compare(value, sum);
  return less ? order <= 0 : order >= 0;
}

int64_t MidnightOf(int32_t days) {
  if (days == types::kDateInfinity) return types::kTimestampInfinity;
  if (days == types::kDateMinusInfinity) return types::kTimestampMinusInfinity;
  int64_t us;
  const bool over = __builtin_mul_overflow(int64_t{days}, types::kMicrosecondsPerDay, &us);
  return !over ? us : days < 0 ? types::kTimestampMinusInfinity : types::kTimestampInfinity;
}

int64_t IntegerAt(const Vector& column, uint32_t row) {
  switch (column.physical()) {
    case types::Physical::kInt16:
      return column.data<int16_t>()[row];
    case types::Physical::kInt32:
      return column.data<int32_t>()[row];
    default:
      return column.data<int64_t>()[row];
  }
}

}  // namespace

absl::StatusOr<RangeDistance> RangeDistance::Create(TypeId type, const types::Value& offset,
                                                    absl::TimeZone zone) {
  RangeDistance distance;
  distance.type_ = type;
  distance.zone_ = zone;
  bool negative = false;
  switch (types::DistanceOf(type)) {
    case TypeId::kInt8:
      distance.integer_ = offset.int_value();
      negative = distance.integer_ < 0;
      break;
    case TypeId::kFloat8:
      distance.float_ = offset.float_value();
      negative = std::isnan(distance.float_) || distance.float_ < 0;
      break;
    case TypeId::kNumeric:
      distance.numeric_ = offset.decimal();
      negative = distance.numeric_.is_nan() || distance.numeric_.Sign() < 0;
      break;
    default:
      distance.interval_ = offset.interval();
      // Of a time of day, days and months are not looked at.
      negative = type == TypeId::kTime ? distance.interval_.microseconds < 0
                                       : types::Compare(distance.interval_, Interval{}) < 0;
      if (!negative && type != TypeId::kTime) {
        ASSIGN_OR_RETURN(distance.negated_, sql::functions::NegateInterval(distance.interval_));
      }
  }
  if (negative) return Negative();
  return distance;
}

bool RangeDistance::Integers(int64_t value, int64_t base, bool subtract, bool less) const {
  int64_t sum;
  if (subtract ? __builtin_sub_overflow(base, integer_, &sum)
               : __builtin_add_overflow(base, integer_, &sum))
    return subtract ? !less : less;
  return less ? value <= sum : value >= sum;
}

// NaN comes after everything else, and is nowhere near it. What is infinite stays so, even when
// the offset is infinite as well.
bool RangeDistance::Floats(double value, double base, bool subtract, bool less) const {
  if (std::isnan(value)) return std::isnan(base) || !less;
  if (std::isnan(base)) return less;
  if (std::isinf(float_) && std::isinf(base) && (subtract ? base > 0 : base < 0)) return true;
  const double sum = subtract ? base - float_ : base + float_;
  return less ? value <= sum : value >= sum;
}

bool RangeDistance::Numerics(const DecimalView& value, const DecimalView& base, bool subtract,
                             bool less) const {
  if (value.is_nan()) return base.is_nan() || !less;
  if (base.is_nan()) return less;
  if (numeric_.is_infinite() && base.is_infinite() && (base.Sign() > 0) == subtract) return true;
  const auto sum = subtract ? types::Subtract(base, numeric_) : types::Add(base, numeric_);
  if (!sum.ok()) return subtract ? !less : less;
  return executor::Holds<DecimalView>(value, *sum, less);
}

bool RangeDistance::Times(int64_t value, int64_t base, bool subtract, bool less) const {
  int64_t sum;
  if (subtract ? __builtin_sub_overflow(base, interval_.microseconds, &sum)
               : __builtin_add_overflow(base, interval_.microseconds, &sum))
    return subtract ? !less : less;
  return less ? value <= sum : value >= sum;
}

absl::StatusOr<bool> RangeDistance::Instants(int64_t value, int64_t base, bool subtract,
                                             bool less) const {
  const Interval& offset = subtract ? negated_ : interval_;
  int64_t sum = 0;
  if (type_ == TypeId::kTimestamptz) {
    ASSIGN_OR_RETURN(sum, sql::functions::AddToTimestamptz(base, offset, zone_));
  } else {
    ASSIGN_OR_RETURN(sum, sql::functions::AddToTimestamp(base, offset));
  }
  return less ? value <= sum : value >= sum;
}

absl::StatusOr<bool> RangeDistance::Intervals(const Interval& value, const Interval& base,
                                              bool subtract, bool less) const {
  ASSIGN_OR_RETURN(const Interval sum,
                   sql::functions::AddIntervals(base, subtract ? negated_ : interval_));
  return executor::Holds(value, sum, less);
}

absl::StatusOr<bool> RangeDistance::Holds(const Vector& values, uint32_t value, const Vector& bases,
                                          uint32_t base, bool subtract, bool less) const {
  switch (type_) {
    case TypeId::kFloat4:
      return Floats(values.data<float>()[value], bases.data<float>()[base], subtract, less);
    case TypeId::kFloat8:
      return Floats(values.data<double>()[value], bases.data<double>()[base], subtract, less);
    case TypeId::kNumeric:
      return Numerics(values.data<DecimalView>()[value], bases.data<DecimalView>()[base], subtract,
                      less);
    case TypeId::kDate:
      return Instants(MidnightOf(values.data<int32_t>()[value]),
                      MidnightOf(bases.data<int32_t>()[base]), subtract, less);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return Instants(values.data<int64_t>()[value], bases.data<int64_t>()[base], subtract, less);
    case TypeId::kTime:
      return Times(values.data<int64_t>()[value], bases.data<int64_t>()[base], subtract, less);
    case TypeId::kInterval:
      return Intervals(values.data<Interval>()[value], bases.data<Interval>()[base], subtract,
                       less);
    default:
      return Integers(IntegerAt(values, value), IntegerAt(bases, base), subtract, less);
  }
}

}  // namespace adbms::storage::executor
