// Mathematical functions of double precision and numeric.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/decimal_math.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::Decimal;
using types::DecimalView;
using types::TypeId;
namespace sqlstate = status::sqlstate;

const TypeId kFloat8 = TypeId::kFloat8;
const TypeId kNumeric = TypeId::kNumeric;
const TypeId kInt4 = TypeId::kInt4;

constexpr double kPi = 3.14159265358979323846;

absl::Status OutOfDomain() { return Error(sqlstate::kNumericOutOfRange, "input is out of range"); }
absl::Status Overflow() {
  return Error(sqlstate::kNumericOutOfRange, "value out of range: overflow");
}

absl::StatusOr<double> Sqrt(double x) {
  if (x < 0) return Error("2201F", "cannot take square root of a negative number");
  return std::sqrt(x);
}
absl::StatusOr<double> Exp(double x) {
  const double result = std::exp(x);
  if (std::isinf(result) && !std::isinf(x)) return Overflow();
  if (result == 0 && !std::isinf(x)) {
    return Error(sqlstate::kNumericOutOfRange, "value out of range: underflow");
  }
  return result;
}
absl::Status CheckLog(double x) {
  if (x == 0) return Error("2201E", "cannot take logarithm of zero");
  if (x < 0) return Error("2201E", "cannot take logarithm of a negative number");
  return absl::OkStatus();
}
absl::StatusOr<double> Ln(double x) {
  RETURN_IF_ERROR(CheckLog(x));
  return std::log(x);
}
absl::StatusOr<double> Log10(double x) {
  RETURN_IF_ERROR(CheckLog(x));
  return std::log10(x);
}
absl::StatusOr<double> PowerOf(double base, double exponent) {
  if (base == 0 && exponent < 0) {
    return Error("2201F", "zero raised to a negative power is undefined");
  }
  if (base < 0 && !std::isinf(exponent) && std::floor(exponent) != exponent) {
    return Error("2201F",
                 "a negative number raised to a non-integer power yields a complex result");
  }
  const double result = std::pow(base, exponent);
  if (std::isinf(result) && !std::isinf(base) && !std::isinf(exponent)) return Overflow();
  if (result == 0 && base != 0 && !std::isinf(base) && !std::isinf(exponent)) {
    return Error(sqlstate::kNumericOutOfRange, "value out of range: underflow");
  }
  return result;
}
template <double (*kFunction)(double)>
absl::StatusOr<double> OnUnitInterval(double x) {
  if (x < -1 || x > 1) return OutOfDomain();
  return kFunction(x);
}
template <double (*kFunction)(double)>
absl::StatusOr<double> OfFinite(double x) {
  if (std::isinf(x)) return OutOfDomain();
  return kFunction(x);
}
double SignOf(double x) { return x > 0 ? 1 : (x < 0 ? -1 : 0); }
double Degrees(double x) { return x / kPi * 180; }
double Radians(double x) { return x / 180 * kPi; }
double Cosine(double x) { return std::cos(x); }
double Sine(double x) { return std::sin(x); }
double Tangent(double x) { return std::tan(x); }
double Cotangent(double x) { return 1 / std::tan(x); }
double ArcSine(double x) { return std::asin(x); }
double ArcCosine(double x) { return std::acos(x); }

std::mt19937_64& Generator() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return generator;
}
double Random() { return static_cast<double>(Generator()() >> 11) * 0x1p-53; }

absl::StatusOr<Decimal> Log10Numeric(const DecimalView& x) {
  return types::Log(Decimal::FromInt(10), x);
}
absl::StatusOr<Decimal> RoundTo(const DecimalView& x, int32_t digits) {
  return types::Round(x, digits);
}
absl::StatusOr<Decimal> TruncateTo(const DecimalView& x, int32_t digits) {
  return types::Truncate(x, digits);
}
absl::StatusOr<Decimal> RoundWhole(const DecimalView& x) { return types::Round(x, 0); }
absl::StatusOr<Decimal> TruncateWhole(const DecimalView& x) { return types::Truncate(x, 0); }

template <typename T>
absl::StatusOr<T> Gcd(T a, T b) {
  using Unsigned = std::make_unsigned_t<T>;
  const auto magnitude = [](T x) {
    return x < 0 ? Unsigned(0) - static_cast<Unsigned>(x) : static_cast<Unsigned>(x);
  };
  const Unsigned result = std::gcd(magnitude(a), magnitude(b));
  if (result > static_cast<Unsigned>(std::numeric_limits<T>::max())) {
    return Error(sqlstate::kNumericOutOfRange,
                 std::string(sizeof(T) == 4 ? "integer" : "bigint") + " out of range");
  }
  return static_cast<T>(result);
}
template <typename T>
absl::StatusOr<T> Lcm(T a, T b) {
  if (a == 0 || b == 0) return T{0};
  ASSIGN_OR_RETURN(const T divisor, Gcd<T>(a, b));
  T product;
  if (__builtin_mul_overflow(static_cast<T>(a / divisor), b, &product) ||
      product == std::numeric_limits<T>::min()) {
    return Error(sqlstate::kNumericOutOfRange,
                 std::string(sizeof(T) == 4 ? "integer" : "bigint") + " out of range");
  }
  return product < 0 ? static_cast<T>(-product) : product;
}

absl::Status BucketError(std::string_view message) { return Error("2201G", message); }

absl::StatusOr<int32_t> PastLastBucket(int32_t count) {
  if (count == std::numeric_limits<int32_t>::max()) {
    return Error(sqlstate::kNumericOutOfRange, "integer out of range");
  }
  return count + 1;
}

absl::StatusOr<int32_t> WidthBucket(double operand, double low, double high, int32_t count) {
  if (count <= 0) return BucketError("count must be greater than zero");
  if (std::isnan(operand) || std::isnan(low) || std::isnan(high)) {
    return BucketError("operand, lower bound, and upper bound cannot be NaN");
  }
  if (std::isinf(low) || std::isinf(high)) {
    return BucketError("lower and upper bounds must be finite");
  }
  if (low == high) return BucketError("lower bound cannot equal upper bound");
  const bool ascending = low < high;
  if (ascending ? operand < low : operand > low) return 0;
  if (ascending ? operand >= high : operand <= high) return PastLastBucket(count);
  // Halved where the difference itself would overflow.
  const double scale = std::isinf(high - low) ? 0.5 : 1;
  const double part = (operand * scale - low * scale) / (high * scale - low * scale);
  return std::min(static_cast<int32_t>(count * part), count - 1) + 1;
}
absl::StatusOr<int32_t> WidthBucketNumeric(const DecimalView& operand, const DecimalView& low,
                                           const DecimalView& high, int32_t count) {
  if (count <= 0) return BucketError("count must be greater than zero");
  if (operand.is_nan() || low.is_nan() || high.is_nan()) {
    return BucketError("operand, lower bound, and upper bound cannot be NaN");
  }
  if (low.is_infinite() || high.is_infinite()) {
    return BucketError("lower and upper bounds must be finite");
  }
  const auto order = types::Compare(low, high);
  if (order == 0) return BucketError("lower bound cannot equal upper bound");
  const bool ascending = order < 0;
  if (ascending ? types::Compare(operand, low) < 0 : types::Compare(operand, low) > 0) return 0;
  if (ascending ? types::Compare(operand, high) >= 0 : types::Compare(operand, high) <= 0) {
    return PastLastBucket(count);
  }
  ASSIGN_OR_RETURN(const Decimal distance, types::Subtract(operand, low));
  ASSIGN_OR_RETURN(const Decimal scaled, types::Multiply(distance, Decimal::FromInt(count)));
  ASSIGN_OR_RETURN(const Decimal width, types::Subtract(high, low));
  ASSIGN_OR_RETURN(const Decimal bucket, types::DivideWhole(scaled, width));
  ASSIGN_OR_RETURN(const int64_t number, bucket.ToInt64());
  return static_cast<int32_t>(number) + 1;
}

void AddFloats(CatalogBuilder& builder) {
  const auto add = [&](std::string_view name, Kernel kernel) {
    builder.AddFunction(name, {kFloat8}, kFloat8, kernel);
  };
  constexpr auto kCeil = [](double x) { return std::ceil(x); };
  constexpr auto kSqrt = Sqrt;
  add("ceil", Map<kCeil>);
  add("ceiling", Map<kCeil>);
  add("floor", Map<[](double x) { return std::floor(x); }>);
  add("round", Map<[](double x) { return std::rint(x); }>);
  add("trunc", Map<[](double x) { return std::trunc(x); }>);
  add("sign", Map<SignOf>);
  add("sqrt", Map<Sqrt>);
  add("cbrt", Map<[](double x) { return std::cbrt(x); }>);
  add("exp", Map<Exp>);
  add("ln", Map<Ln>);
  add("log", Map<Log10>);
  add("log10", Map<Log10>);
  add("degrees", Map<Degrees>);
  add("radians", Map<Radians>);
  add("sin", Map<OfFinite<Sine>>);
  add("cos", Map<OfFinite<Cosine>>);
  add("tan", Map<OfFinite<Tangent>>);
  add("cot", Map<OfFinite<Cotangent>>);
  add("asin", Map<OnUnitInterval<ArcSine>>);
  add("acos", Map<OnUnitInterval<ArcCosine>>);
  add("atan", Map<[](double x) { return std::atan(x); }>);
  add("sinh", Map<[](double x) { return std::sinh(x); }>);
  add("cosh", Map<[](double x) { return std::cosh(x); }>);
  add("tanh", Map<[](double x) { return std::tanh(x); }>);
  builder.AddFunction("atan2", {kFloat8, kFloat8}, kFloat8,
                      Map<[](double y, double x) { return std::atan2(y, x); }>);
  builder.AddFunction("pi", {}, kFloat8, Map<[]() { return kPi; }>);
  builder.AddFunction("random", {}, kFloat8, Map<Random>, kVolatile);
  builder.AddOperator("|/", {kFloat8}, kFloat8, Map<kSqrt>);
  builder.AddOperator("||/", {kFloat8}, kFloat8, Map<[](double x) { return std::cbrt(x); }>);
  builder.AddOperator("^", {kFloat8, kFloat8}, kFloat8, Map<PowerOf>);
  for (const char* name : {"power", "pow"}) {
    builder.AddFunction(name, {kFloat8, kFloat8}, kFloat8, Map<PowerOf>);
    builder.AddFunction(name, {kNumeric, kNumeric}, kNumeric, Map<types::Power>);
  }
  builder.AddOperator("^", {kNumeric, kNumeric}, kNumeric, Map<types::Power>);
}

void AddNumerics(CatalogBuilder& builder) {
  const auto add = [&](std::string_view name, Kernel kernel) {
    builder.AddFunction(name, {kNumeric}, kNumeric, kernel);
  };
  add("ceil", Map<types::Ceiling>);
  add("ceiling", Map<types::Ceiling>);
  add("floor", Map<types::Floor>);
  add("round", Map<RoundWhole>);
  add("trunc", Map<TruncateWhole>);
  add("sign", Map<types::SignOf>);
  add("sqrt", Map<types::SquareRoot>);
  add("exp", Map<types::Exp>);
  add("ln", Map<types::Ln>);
  add("log", Map<Log10Numeric>);
  add("log10", Map<Log10Numeric>);
  add("trim_scale", Map<types::TrimScale>);
  builder.AddFunction("scale", {kNumeric}, kInt4, Map<[](const DecimalView& x) {
                        return x.is_finite() ? std::optional<int32_t>(x.scale()) : std::nullopt;
                      }>);
  builder.AddFunction("min_scale", {kNumeric}, kInt4, Map<[](const DecimalView& x) {
                        return x.is_finite() ? std::optional<int32_t>(types::LeastScale(x))
                                             : std::nullopt;
                      }>);
  builder.AddFunction("round", {kNumeric, kInt4}, kNumeric, Map<RoundTo>);
  builder.AddFunction("trunc", {kNumeric, kInt4}, kNumeric, Map<TruncateTo>);
  builder.AddFunction("log", {kNumeric, kNumeric}, kNumeric, Map<types::Log>);
  builder.AddFunction("div", {kNumeric, kNumeric}, kNumeric, Map<types::DivideWhole>);
  builder.AddFunction("gcd", {kNumeric, kNumeric}, kNumeric, Map<types::GreatestCommonDivisor>);
  builder.AddFunction("lcm", {kNumeric, kNumeric}, kNumeric, Map<types::LeastCommonMultiple>);
  builder.AddFunction("factorial", {TypeId::kInt8}, kNumeric, Map<types::Factorial>);
  builder.AddFunction("width_bucket", {kNumeric, kNumeric, kNumeric, kInt4}, kInt4,
                      Map<WidthBucketNumeric>);
  builder.AddFunction("width_bucket", {kFloat8, kFloat8, kFloat8, kInt4}, kInt4, Map<WidthBucket>);
}

}  // namespace

void AddMath(CatalogBuilder& builder) {
  AddFloats(builder);
  AddNumerics(builder);
  builder.AddFunction("gcd", {kInt4, kInt4}, kInt4, Map<Gcd<int32_t>>);
  builder.AddFunction("gcd", {TypeId::kInt8, TypeId::kInt8}, TypeId::kInt8, Map<Gcd<int64_t>>);
  builder.AddFunction("lcm", {kInt4, kInt4}, kInt4, Map<Lcm<int32_t>>);
  builder.AddFunction("lcm", {TypeId::kInt8, TypeId::kInt8}, TypeId::kInt8, Map<Lcm<int64_t>>);
}

}  // namespace adbms::sql::functions
