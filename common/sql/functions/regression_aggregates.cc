// Aggregates over pairs (y, x): corr, covar_…, regr_…. Sums of squares are kept about the mean as
// values come (Youngs and Cramer, Technometrics 1971), which is how PostgreSQL rounds too.
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "common/sql/functions/aggregate_state.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Vector;

struct Pairs {
  double n, sum_x, sum_xx, sum_y, sum_yy, sum_xy;

  absl::Status Add(double y, double x) {
    const double before_x = sum_x;
    const double before_y = sum_y;
    n += 1;
    sum_x += x;
    sum_y += y;
    if (n > 1) {
      const double by_x = x * n - sum_x;
      const double by_y = y * n - sum_y;
      const double scale = 1 / (n * (n - 1));
      sum_xx += by_x * by_x * scale;
      sum_yy += by_y * by_y * scale;
      sum_xy += by_x * by_y * scale;
      const bool overflowed = std::isinf(sum_x) || std::isinf(sum_xx) || std::isinf(sum_y) ||
                              std::isinf(sum_yy) || std::isinf(sum_xy);
      if (!overflowed) return absl::OkStatus();
      const bool finite = std::isfinite(before_x) && std::isfinite(before_y) && std::isfinite(x) &&
                          std::isfinite(y);
      if (finite)
        return status::Error(status::sqlstate::kNumericOutOfRange, "value out of range: overflow");
      constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
      if (std::isinf(sum_xx)) sum_xx = kNan;
      if (std::isinf(sum_yy)) sum_yy = kNan;
      if (std::isinf(sum_xy)) sum_xy = kNan;
      return absl::OkStatus();
    }
    // What is not finite has no distance to a mean.
    if (!std::isfinite(x)) sum_xx = sum_xy = std::numeric_limits<double>::quiet_NaN();
    if (!std::isfinite(y)) sum_yy = sum_xy = std::numeric_limits<double>::quiet_NaN();
    return absl::OkStatus();
  }
};

using Answer = std::optional<double> (*)(const Pairs&);

template <Answer kAnswer>
class PairAggregate : public Aggregate {
 public:
  size_t state_size() const override { return sizeof(Pairs); }
  void Initialize(char* state) const override { std::memset(state, 0, sizeof(Pairs)); }
  absl::Status Update(const std::vector<const Vector*>& arguments, uint32_t rows,
                      char* const* states) const override {
    for (uint32_t row = 0; row < rows; ++row) {
      if (arguments[0]->is_null(row) || arguments[1]->is_null(row)) continue;
      absl::Status status =
          reinterpret_cast<Pairs*>(states[row])
              ->Add(arguments[0]->data<double>()[row], arguments[1]->data<double>()[row]);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  absl::Status Finalize(const char* state, Vector* result, uint32_t row) const override {
    const std::optional<double> answer = kAnswer(*reinterpret_cast<const Pairs*>(state));
    if (!answer.has_value()) {
      result->SetNull(row);
    } else if (result->physical() == types::Physical::kInt64) {
      result->data<int64_t>()[row] = static_cast<int64_t>(*answer);
    } else {
      result->data<double>()[row] = *answer;
    }
    return absl::OkStatus();
  }
};

std::optional<double> When(bool known, double value) {
  return known ? std::optional(value) : std::nullopt;
}

std::optional<double> Count(const Pairs& p) { return p.n; }
std::optional<double> SumXx(const Pairs& p) { return When(p.n >= 1, p.sum_xx); }
std::optional<double> SumYy(const Pairs& p) { return When(p.n >= 1, p.sum_yy); }
std::optional<double> SumXy(const Pairs& p) { return When(p.n >= 1, p.sum_xy); }
std::optional<double> MeanX(const Pairs& p) { return When(p.n >= 1, p.sum_x / p.n); }
std::optional<double> MeanY(const Pairs& p) { return When(p.n >= 1, p.sum_y / p.n); }
std::optional<double> CovariancePopulation(const Pairs& p) {
  return When(p.n >= 1, p.sum_xy / p.n);
}
std::optional<double> CovarianceSample(const Pairs& p) {
  return When(p.n >= 2, p.sum_xy / (p.n - 1));
}
std::optional<double> Correlation(const Pairs& p) {
  return When(p.n >= 1 && p.sum_xx != 0 && p.sum_yy != 0,
              p.sum_xy / std::sqrt(p.sum_xx * p.sum_yy));
}
std::optional<double> Determination(const Pairs& p) {
  if (p.n < 1 || p.sum_xx == 0) return std::nullopt;
  return p.sum_yy == 0 ? 1.0 : (p.sum_xy * p.sum_xy) / (p.sum_xx * p.sum_yy);
}
std::optional<double> Slope(const Pairs& p) {
  return When(p.n >= 1 && p.sum_xx != 0, p.sum_xy / p.sum_xx);
}
std::optional<double> Intercept(const Pairs& p) {
  return When(p.n >= 1 && p.sum_xx != 0, (p.sum_y - p.sum_x * p.sum_xy / p.sum_xx) / p.n);
}

}  // namespace

void AddRegressionAggregates(CatalogBuilder& builder) {
  const TypeId number = TypeId::kFloat8;
  const auto add = [&](const char* name, auto create, TypeId result = TypeId::kFloat8) {
    builder.AddAggregate(name, {number, number}, result, create);
  };
  add("regr_count", Make<PairAggregate<Count>>, TypeId::kInt8);
  add("regr_sxx", Make<PairAggregate<SumXx>>);
  add("regr_syy", Make<PairAggregate<SumYy>>);
  add("regr_sxy", Make<PairAggregate<SumXy>>);
  add("regr_avgx", Make<PairAggregate<MeanX>>);
  add("regr_avgy", Make<PairAggregate<MeanY>>);
  add("regr_r2", Make<PairAggregate<Determination>>);
  add("regr_slope", Make<PairAggregate<Slope>>);
  add("regr_intercept", Make<PairAggregate<Intercept>>);
  add("covar_pop", Make<PairAggregate<CovariancePopulation>>);
  add("covar_samp", Make<PairAggregate<CovarianceSample>>);
  add("corr", Make<PairAggregate<Correlation>>);
}

}  // namespace adbms::sql::functions
