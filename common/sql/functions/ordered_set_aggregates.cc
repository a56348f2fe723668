#include "common/sql/functions/ordered_set_aggregates.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/datetime_arithmetic.h"
#include "common/sql/functions/polymorphic.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Value;
using types::Vector;

// The group's values without NULLs, as they came.
struct Sorted {
  std::vector<Value> values;
  Value fraction;  // Of percentiles: float8, or an array of it.
};

class OrderedSetAggregate : public Aggregate {
 public:
  // `value`: which argument is the sorted one.
  explicit OrderedSetAggregate(size_t value) : value_(value) {}

  size_t state_size() const override { return sizeof(Sorted*); }
  void Initialize(char* state) const override { std::memset(state, 0, sizeof(Sorted*)); }

  absl::Status Update(const std::vector<const Vector*>& arguments, uint32_t rows,
                      char* const* states) const override {
    for (uint32_t row = 0; row < rows; ++row) {
      Sorted*& sorted = At(states[row]);
      if (sorted == nullptr) {
        sorted = new Sorted();
        if (value_ > 0) sorted->fraction = arguments[0]->Get(row);
      }
      if (!arguments[value_]->is_null(row)) sorted->values.push_back(arguments[value_]->Get(row));
    }
    return absl::OkStatus();
  }

  int64_t GrowthOf(const std::vector<const Vector*>& arguments, uint32_t rows,
                   char* const* states) const override {
    // A vector that grows has twice the room.
    auto bytes = static_cast<int64_t>(2 * sizeof(Value) * rows);
    if (!arguments[value_]->has_strings()) return bytes;
    for (uint32_t row = 0; row < rows; ++row) {
      if (!arguments[value_]->is_null(row))
        bytes += static_cast<int64_t>(arguments[value_]->string(row).size());
    }
    return bytes;
  }

  absl::Status Finalize(const char* state, Vector* result, uint32_t row) const override {
    const Sorted* sorted = At(const_cast<char*>(state));
    if (sorted == nullptr || sorted->values.empty()) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    return Result(*sorted, result, row);
  }

  void Destroy(char* state) const override {
    delete At(state);
    At(state) = nullptr;
  }

 private:
  static Sorted*& At(char* state) { return *reinterpret_cast<Sorted**>(state); }
  virtual absl::Status Result(const Sorted& sorted, Vector* result, uint32_t row) const = 0;

  const size_t value_;
};

class Mode : public OrderedSetAggregate {
 public:
  Mode() : OrderedSetAggregate(0) {}

 private:
  absl::Status Result(const Sorted& sorted, Vector* result, uint32_t row) const override {
    // The first of the longest runs.
    size_t best = 0;
    size_t best_length = 0;
    for (size_t begin = 0; begin < sorted.values.size();) {
      size_t end = begin + 1;
      while (end < sorted.values.size() &&
             types::CompareValues(sorted.values[begin], sorted.values[end]) == 0)
        ++end;
      if (end - begin > best_length) {
        best = begin;
        best_length = end - begin;
      }
      begin = end;
    }
    result->Set(row, sorted.values[best]);
    return absl::OkStatus();
  }
};

// Of one fraction, or of an array of them.
class Percentile : public OrderedSetAggregate {
 public:
  Percentile(TypeId element, bool of_many)
      : OrderedSetAggregate(1), element_(element), of_many_(of_many) {}

 private:
  absl::Status Result(const Sorted& sorted, Vector* result, uint32_t row) const override {
    if (sorted.fraction.is_null()) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    if (!of_many_) {
      ASSIGN_OR_RETURN(const Value value, Checked(sorted.values, sorted.fraction.float_value()));
      result->Set(row, value);
      return absl::OkStatus();
    }
    const types::ArrayView fractions(sorted.fraction.bytes(), types::ArrayOf(TypeId::kFloat8));
    types::ArrayBuilder builder(types::ArrayOf(element_));
    for (uint32_t i = 0; i < fractions.size(); ++i) {
      if (fractions.is_null(i)) {
        builder.AddNull();
        continue;
      }
      ASSIGN_OR_RETURN(const Value value, Checked(sorted.values, fractions.Get(i).float_value()));
      builder.Add(value);
    }
    return StoreArray(builder.Finish(fractions.shape()), row, result);
  }

  absl::StatusOr<Value> Checked(const std::vector<Value>& values, double fraction) const {
    if (!(fraction >= 0 && fraction <= 1))
      return status::Error(status::sqlstate::kNumericOutOfRange,
                           absl::StrFormat("percentile value %g is not between 0 and 1", fraction));
    return At(values, fraction);
  }

  virtual absl::StatusOr<Value> At(const std::vector<Value>& values, double fraction) const = 0;

  const TypeId element_;
  const bool of_many_;
};

// The first value that at least that part of the rows does not exceed.
class PercentileDisc : public Percentile {
 public:
  using Percentile::Percentile;

 private:
  absl::StatusOr<Value> At(const std::vector<Value>& values, double fraction) const override {
    const double rank = std::ceil(fraction * static_cast<double>(values.size()));
    return values[rank < 1 ? 0 : static_cast<size_t>(rank) - 1];
  }
};

absl::StatusOr<Value> Between(const Value& below, const Value& above, double part) {
  if (below.type().id != TypeId::kInterval)
    return Value::Float(TypeId::kFloat8,
                        below.float_value() + part * (above.float_value() - below.float_value()));
  ASSIGN_OR_RETURN(types::Interval span, NegateInterval(below.interval()));
  ASSIGN_OR_RETURN(span, AddIntervals(above.interval(), span));
  ASSIGN_OR_RETURN(span, MultiplyInterval(span, part));
  ASSIGN_OR_RETURN(span, AddIntervals(span, below.interval()));
  return Value::OfInterval(span);
}

// Between two values in proportion.
class PercentileCont : public Percentile {
 public:
  using Percentile::Percentile;

 private:
  absl::StatusOr<Value> At(const std::vector<Value>& values, double fraction) const override {
    const double position = fraction * static_cast<double>(values.size() - 1);
    const Value& below = values[static_cast<size_t>(std::floor(position))];
    const Value& above = values[static_cast<size_t>(std::ceil(position))];
    const double part = position - std::floor(position);
    return part == 0 ? below : Between(below, above, part);
  }
};

}  // namespace

bool IsOrderedSetAggregate(std::string_view name) {
  return name == "percentile_cont" || name == "percentile_disc" || name == "mode";
}

bool IsHypotheticalSetAggregate(std::string_view name) {
  return name == "rank" || name == "dense_rank" || name == "percent_rank" || name == "cume_dist";
}

void AddOrderedSetAggregates(CatalogBuilder& builder) {
  const TypeId number = TypeId::kFloat8;
  const TypeId numbers = types::ArrayOf(number);
  for (const TypeId element : {number, TypeId::kInterval}) {
    for (const bool of_many : {false, true})
      builder.AddAggregate("percentile_cont", {of_many ? numbers : number, element},
                           of_many ? types::ArrayOf(element) : element, [element, of_many] {
                             return std::make_unique<PercentileCont>(element, of_many);
                           });
  }
  for (const TypeId element : ElementTypes()) {
    if (!types::IsComparable(element)) continue;
    builder.AddAggregate("mode", {element}, element, [] { return std::make_unique<Mode>(); });
    builder.aggregates.back().polymorphism = PolymorphismOf("E", element, false);
    for (const bool of_many : {false, true}) {
      builder.AddAggregate("percentile_disc", {of_many ? numbers : number, element},
                           of_many ? types::ArrayOf(element) : element, [element, of_many] {
                             return std::make_unique<PercentileDisc>(element, of_many);
                           });
      builder.aggregates.back().polymorphism = PolymorphismOf(".E", element, false);
    }
  }
}

}  // namespace adbms::sql::functions
