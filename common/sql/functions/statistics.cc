// stddev and variance. double precision: the Youngs-Cramer recurrence, as PostgreSQL; integers and
// numeric: exact sums while they fit in 38 digits, 113-bit floating point beyond.
#include <cmath>

#include "common/sql/functions/aggregate_state.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/types/decimal_math.h"

namespace adbms::sql::functions {
namespace {

using types::Decimal;
using types::TypeId;
using types::Vector;

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

struct ExactState {
  PackedInt128 sum;
  PackedInt128 squares;
  int64_t count;
  double mean;  // For the inexact way.
  double distances;
  int16_t sum_scale;
  int16_t squares_scale;
  bool nan;
  bool inexact;
};

Decimal ToDecimal(const Decimal& value) { return value; }
Decimal ToDecimal(int64_t value) { return Decimal::FromInt(value); }

bool AddSums(ExactState& state, const Decimal& more, const Decimal& more_squares) {
  const auto sum = types::Add(Decimal{state.sum, state.sum_scale, false}, more);
  const auto squares = types::Add(Decimal{state.squares, state.squares_scale, false}, more_squares);
  if (!sum.ok() || !squares.ok()) return false;
  state.sum = sum->unscaled;
  state.sum_scale = sum->scale;
  state.squares = squares->unscaled;
  state.squares_scale = squares->scale;
  return true;
}

bool AddExact(ExactState& state, const Decimal& value) {
  const int squares_scale = value.scale * 2;
  if (squares_scale > Decimal::kMaxDigits) return false;
  __int128 square;
  if (__builtin_mul_overflow(value.unscaled, value.unscaled, &square)) return false;
  return AddSums(state, value, Decimal{square, static_cast<int16_t>(squares_scale), false});
}

template <bool kSample, bool kDeviation, typename T>
struct ExactSpread {
  using State = ExactState;
  using Input = T;
  static void Add(State& state, const T& input) {
    const Decimal value = ToDecimal(input);
    ++state.count;
    if (value.nan) state.nan = true;
    if (state.nan) return;
    const double number = value.ToDouble();
    const double distance = number - state.mean;
    state.mean += distance / static_cast<double>(state.count);
    state.distances += distance * (number - state.mean);
    if (!state.inexact && !AddExact(state, value)) state.inexact = true;
  }

  // The inexact part as Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for
  // Computing Sample Variances", 1979.
  static void Combine(State& state, State& other) {
    if (other.count == 0) return;
    const auto count = static_cast<double>(state.count);
    const auto more = static_cast<double>(other.count);
    const double distance = other.mean - state.mean;
    state.distances += other.distances + distance * distance * count * more / (count + more);
    state.mean += distance * more / (count + more);
    state.count += other.count;
    state.nan |= other.nan;
    if (state.inexact || other.inexact ||
        !AddSums(state, Decimal{other.sum, other.sum_scale, false},
                 Decimal{other.squares, other.squares_scale, false})) {
      state.inexact = true;
    }
  }

  static absl::StatusOr<Decimal> Exact(const State& state) {
    const Decimal count = Decimal::FromInt(state.count);
    const Decimal divisor_factor = Decimal::FromInt(kSample ? state.count - 1 : state.count);
    auto total = types::Multiply(Decimal{state.squares, state.squares_scale, false}, count);
    if (!total.ok()) return total.status();
    const Decimal sum{state.sum, state.sum_scale, false};
    auto square = types::Multiply(sum, sum);
    if (!square.ok()) return square.status();
    if (square->scale != sum.scale * 2 || total->scale != state.squares_scale) {
      return absl::OutOfRangeError("rounded");
    }
    auto numerator = types::Subtract(*total, *square);
    if (!numerator.ok()) return numerator.status();
    if (numerator->unscaled <= 0) return Decimal::FromInt(0);
    auto divisor = types::Multiply(count, divisor_factor);
    if (!divisor.ok()) return divisor.status();
    const int scale = types::DivisionScale(*numerator, *divisor);
    auto variance = types::DivideToScale(*numerator, *divisor, scale);
    if (!variance.ok() || !kDeviation) return variance;
    return types::SquareRootToScale(*variance, scale);
  }

  static absl::Status Finish(const State& state, Vector* result, uint32_t row) {
    if (state.count == 0 || (kSample && state.count < 2)) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    auto& out = result->data<Decimal>()[row];
    if (state.nan) {
      out = Decimal{0, 0, true};
      return absl::OkStatus();
    }
    if (!state.inexact) {
      if (auto exact = Exact(state); exact.ok()) {
        out = *exact;
        return absl::OkStatus();
      }
    }
    const auto divisor = static_cast<double>(kSample ? state.count - 1 : state.count);
    const double variance = state.distances / divisor;
    auto rounded = Decimal::FromDouble(kDeviation ? std::sqrt(variance) : variance);
    if (!rounded.ok()) return rounded.status();
    out = *rounded;
    return absl::OkStatus();
  }
};

template <template <bool, bool, typename> typename Spread, typename T>
void AddSpreads(CatalogBuilder& builder, TypeId id, TypeId result) {
  for (const char* name : {"stddev", "stddev_samp"}) {
    builder.AddAggregate(name, {id}, result, Make<PolicyAggregate<Spread<true, true, T>>>);
  }
  for (const char* name : {"variance", "var_samp"}) {
    builder.AddAggregate(name, {id}, result, Make<PolicyAggregate<Spread<true, false, T>>>);
  }
  builder.AddAggregate("stddev_pop", {id}, result, Make<PolicyAggregate<Spread<false, true, T>>>);
  builder.AddAggregate("var_pop", {id}, result, Make<PolicyAggregate<Spread<false, false, T>>>);
}

}  // namespace

void AddStatisticalAggregates(CatalogBuilder& builder) {
  AddSpreads<FloatSpread, float>(builder, TypeId::kFloat4, TypeId::kFloat8);
  AddSpreads<FloatSpread, double>(builder, TypeId::kFloat8, TypeId::kFloat8);
  AddSpreads<ExactSpread, int16_t>(builder, TypeId::kInt2, TypeId::kNumeric);
  AddSpreads<ExactSpread, int32_t>(builder, TypeId::kInt4, TypeId::kNumeric);
  AddSpreads<ExactSpread, int64_t>(builder, TypeId::kInt8, TypeId::kNumeric);
  AddSpreads<ExactSpread, Decimal>(builder, TypeId::kNumeric, TypeId::kNumeric);
}

}  // namespace adbms::sql::functions
