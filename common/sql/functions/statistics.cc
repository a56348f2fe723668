// stddev and variance. double precision: the Youngs-Cramer recurrence, as PostgreSQL; integers and
// numeric: exact sums.
#include <cmath>
#include <type_traits>
#include <utility>

#include "common/sql/functions/aggregate_state.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/numeric_state.h"
#include "common/status/macros.h"
#include "common/types/decimal_math.h"

namespace adbms::sql::functions {
namespace {

using types::BigInteger;
using types::Decimal;
using types::DecimalView;
using types::TypeId;
using types::Vector;
using types::WideDecimal;

template <bool kSample, bool kDeviation, typename T>
struct FloatSpread {
  struct State {
    double count;
    double sum;
    double squares;  // Sum of squared distances from the mean.
  };
  using Input = T;
  static void Add(State& state, T input) {
    const double value = input;
    const double before = state.count;
    state.count += 1;
    state.sum += value;
    if (before > 0) {
      const double distance = value * state.count - state.sum;
      state.squares += distance * distance / (state.count * before);
    } else if (std::isnan(value) || std::isinf(value)) {
      state.squares = std::nan("");
    }
  }
  // As float8_combine of PostgreSQL.
  static void Combine(State& state, State& other) {
    if (other.count == 0) return;
    if (state.count == 0) {
      state = other;
      return;
    }
    const double distance = state.sum / state.count - other.sum / other.count;
    const double count = state.count + other.count;
    state.squares += other.squares + state.count * other.count * distance * distance / count;
    state.sum += other.sum;
    state.count = count;
  }
  static absl::Status Finish(const State& state, Vector* result, uint32_t row) {
    if (state.count == 0 || (kSample && state.count < 2)) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    const double variance = state.squares / (kSample ? state.count - 1 : state.count);
    result->data<double>()[row] = kDeviation ? std::sqrt(variance) : variance;
    return absl::OkStatus();
  }
};

template <bool kSample, bool kDeviation, typename T>
struct ExactSpread {
  using State = NumericSums<true>;
  using Input = T;
  static void Add(State& state, const T& input) { state.Add(input); }
  static void Combine(State& state, State& other) { state.Combine(other); }
  static int64_t GrowthOf(const State& state,
                          const DecimalView& value) requires std::is_same_v<T, DecimalView> {
    return state.GrowthOf(value);
  }
  static void Destroy(State& state) { state.Destroy(); }

  static absl::StatusOr<Decimal> Spread(const State& state) {
    if (!state.special().is_finite()) return DecimalView::NaN();
    const WideDecimal sum = state.sum();
    WideDecimal numerator = state.squares();
    numerator.unscaled *= BigInteger(state.count());
    numerator.RescaleTo(2 * sum.scale);
    numerator.unscaled -= sum.unscaled * sum.unscaled;
    if (numerator.unscaled.Sign() <= 0) return Decimal();
    WideDecimal divisor{state.count(), 0};
    divisor.unscaled *= BigInteger(kSample ? state.count() - 1 : state.count());
    const int scale = types::DivisionScale(numerator, divisor);
    ASSIGN_OR_RETURN(Decimal variance, types::DivideToScale(std::move(numerator), divisor, scale));
    if (!kDeviation) return variance;
    return types::SquareRootToScale(variance, scale);
  }

  static absl::Status Finish(const State& state, Vector* result, uint32_t row) {
    if (state.count() == 0 || (kSample && state.count() < 2)) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Decimal spread, Spread(state));
    result->SetDecimal(row, spread);
    return absl::OkStatus();
  }
};

template <template <bool, bool, typename> typename Spread, typename T>
void AddSpreads(CatalogBuilder& builder, TypeId id, TypeId result) {
  for (const char* name : {"stddev", "stddev_samp"}) {
    builder.AddAggregate(name, {id}, result, Make<NumericAggregate<Spread<true, true, T>>>);
  }
  for (const char* name : {"variance", "var_samp"}) {
    builder.AddAggregate(name, {id}, result, Make<NumericAggregate<Spread<true, false, T>>>);
  }
  builder.AddAggregate("stddev_pop", {id}, result, Make<NumericAggregate<Spread<false, true, T>>>);
  builder.AddAggregate("var_pop", {id}, result, Make<NumericAggregate<Spread<false, false, T>>>);
}

}  // namespace

void AddStatisticalAggregates(CatalogBuilder& builder) {
  AddSpreads<FloatSpread, float>(builder, TypeId::kFloat4, TypeId::kFloat8);
  AddSpreads<FloatSpread, double>(builder, TypeId::kFloat8, TypeId::kFloat8);
  AddSpreads<ExactSpread, int16_t>(builder, TypeId::kInt2, TypeId::kNumeric);
  AddSpreads<ExactSpread, int32_t>(builder, TypeId::kInt4, TypeId::kNumeric);
  AddSpreads<ExactSpread, int64_t>(builder, TypeId::kInt8, TypeId::kNumeric);
  AddSpreads<ExactSpread, DecimalView>(builder, TypeId::kNumeric, TypeId::kNumeric);
}

}  // namespace adbms::sql::functions
