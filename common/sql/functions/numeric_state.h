// What aggregates of numeric keep. All of it may begin as zero bytes, on any 8-byte boundary.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/functions/aggregate_state.h"
#include "common/types/decimal.h"
#include "common/types/wide_decimal.h"

namespace adbms::sql::functions {

inline int64_t BytesOf(const types::DecimalView& value) {
  return value.is_wide() ? static_cast<int64_t>(value.form().size()) : 0;
}

// An aggregate whose states grow with wide values alone.
template <typename Policy>
class NumericAggregate : public PolicyAggregate<Policy> {
 public:
  int64_t GrowthOf(const std::vector<const types::Vector*>& arguments, uint32_t rows,
                   char* const* states) const override {
    if (!arguments[0]->has_strings()) return 0;
    return PolicyAggregate<Policy>::GrowthOf(arguments, rows, states);
  }
};

// A decimal that has its form to itself. Set to 0 it holds no memory.
class StoredDecimal {
 public:
  types::DecimalView Get() const {
    types::DecimalView value;
    std::memcpy(static_cast<void*>(&value), bytes_, sizeof(value));
    return value;
  }
  void Set(const types::DecimalView& value);

 private:
  alignas(8) char bytes_[sizeof(types::DecimalView)];
};

// A sum and, perhaps, a sum of squares: exact. Both add up in 128 bits while values have the same
// scale and those suffice; what does not fit goes over to integers of any size.
template <bool kSquares>
class NumericSums {
 public:
  void Add(const types::DecimalView& value) {
    ++count_;
    if (!value.is_narrow() || value.scale() != scale_ || !AddUnscaled(value.unscaled()))
        [[unlikely]]
      AddOther(value);
  }
  // Of an integer type.
  void Add(int64_t value) { Add(types::DecimalView(value, 0)); }
  void Combine(const NumericSums& other);
  // False where the sums of what is left are not known.
  bool Remove(const types::DecimalView& value) {
    if (rest_ != nullptr || !value.is_narrow() || value.scale() != scale_) return false;
    __int128 sum;
    if (kSquares || __builtin_sub_overflow(__int128{sum_}, value.unscaled(), &sum)) return false;
    sum_ = sum;
    // With nothing left the scale is unknown.
    if (--count_ == 0) scale_ = 0;
    return true;
  }
  void Destroy();
  // Bytes that the value may add.
  int64_t GrowthOf(const types::DecimalView& value) const;

  int64_t count() const { return count_; }
  // NaN or an infinity, if one came or came of those that did.
  types::DecimalView special() const;
  // REQUIRES: special() is 0.
  types::WideDecimal sum() const;
  types::WideDecimal squares() const;
  // Errors: 22003.
  absl::StatusOr<types::Decimal> total() const;

 private:
  struct Rest;

  bool AddUnscaled(__int128 unscaled) {
    __int128 sum;
    if (__builtin_add_overflow(__int128{sum_}, unscaled, &sum)) return false;
    if constexpr (kSquares) {
      __int128 square;
      if (__builtin_mul_overflow(unscaled, unscaled, &square) ||
          __builtin_add_overflow(__int128{squares_}, square, &square)) {
        return false;
      }
      squares_ = square;
    }
    sum_ = sum;
    return true;
  }
  void AddOther(const types::DecimalView& value);
  // Moves what has added up in 128 bits to the rest.
  void Flush();
  Rest& rest();

  PackedInt128 sum_;
  PackedInt128 squares_;
  int64_t count_;
  Rest* rest_;
  int16_t scale_;  // Of sum_; squares_ has twice that.
};

}  // namespace adbms::sql::functions
