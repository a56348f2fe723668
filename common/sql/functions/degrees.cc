// Trigonometric functions in degrees, exact where their values are, and the inverse hyperbolic
// ones.
#include <cmath>
#include <limits>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kRadians = 0.0174532925199432957692;

absl::Status OutOfRange() {
  return status::Error(status::sqlstate::kNumericOutOfRange, "input is out of range");
}

// Of [0, 90]: scaled so that 0, 30 (60) and 90 come out exactly, and smoothly between them.
double SineTo30(double x) {
  static const double at30 = std::sin(30 * kRadians);
  return std::sin(x * kRadians) / at30 / 2;
}
double CosineTo60(double x) {
  static const double at60 = 1 - std::cos(60 * kRadians);
  return 1 - (1 - std::cos(x * kRadians)) / at60 / 2;
}
double SineOf(double x) { return x <= 30 ? SineTo30(x) : CosineTo60(90 - x); }
double CosineOf(double x) { return x <= 60 ? CosineTo60(x) : SineTo30(90 - x); }

// An angle as one of [0, 90] and the signs that its sine and cosine have.
struct Folded {
  double angle;
  double sine_sign = 1;
  double cosine_sign = 1;
};
Folded Fold(double x) {
  Folded folded{std::fmod(x, 360)};
  if (folded.angle < 0) {
    folded.angle = -folded.angle;
    folded.sine_sign = -1;
  }
  if (folded.angle > 180) {
    folded.angle = 360 - folded.angle;
    folded.sine_sign = -folded.sine_sign;
  }
  if (folded.angle > 90) {
    folded.angle = 180 - folded.angle;
    folded.cosine_sign = -1;
  }
  return folded;
}

double TangentScale() {
  static const double scale = SineOf(45) / CosineOf(45);
  return scale;
}

// What no angle is: NaN stays, infinities are errors.
template <double (*kFunction)(double)>
absl::StatusOr<double> OfAngle(double x) {
  if (std::isnan(x)) return kNan;
  if (std::isinf(x)) return OutOfRange();
  return kFunction(x);
}
double Sind(double x) {
  const Folded folded = Fold(x);
  return folded.sine_sign * SineOf(folded.angle);
}
double Cosd(double x) {
  const Folded folded = Fold(x);
  return folded.cosine_sign * CosineOf(folded.angle);
}
double Tand(double x) {
  const Folded folded = Fold(x);
  const double value = folded.sine_sign * folded.cosine_sign *
                       (SineOf(folded.angle) / CosineOf(folded.angle) / TangentScale());
  return value == 0 ? 0 : value;
}
double Cotd(double x) {
  const Folded folded = Fold(x);
  const double value = folded.sine_sign * folded.cosine_sign *
                       (CosineOf(folded.angle) / SineOf(folded.angle) * TangentScale());
  return value == 0 ? 0 : value;
}

double ArcSineOf(double x) {  // Of [0, 1]
  if (x <= 0.5) return std::asin(x) / std::asin(0.5) * 30;
  return 90 - std::acos(x) / std::acos(0.5) * 60;
}
double ArcCosineOf(double x) {
  if (x <= 0.5) return 90 - std::asin(x) / std::asin(0.5) * 30;
  return std::acos(x) / std::acos(0.5) * 60;
}
absl::StatusOr<double> Asind(double x) {
  if (std::isnan(x)) return kNan;
  if (x < -1 || x > 1) return OutOfRange();
  return x >= 0 ? ArcSineOf(x) : -ArcSineOf(-x);
}
absl::StatusOr<double> Acosd(double x) {
  if (std::isnan(x)) return kNan;
  if (x < -1 || x > 1) return OutOfRange();
  return x >= 0 ? ArcCosineOf(x) : 90 + ArcSineOf(-x);
}
double Atand(double x) { return std::atan(x) / std::atan(1.0) * 45; }
double Atan2d(double y, double x) { return std::atan2(y, x) / std::atan(1.0) * 45; }

absl::StatusOr<double> Acosh(double x) {
  if (x < 1) return OutOfRange();
  return std::acosh(x);
}
absl::StatusOr<double> Atanh(double x) {
  if (x < -1 || x > 1) return OutOfRange();
  if (x == 1 || x == -1) return x * std::numeric_limits<double>::infinity();
  return std::atanh(x);
}

}  // namespace

void AddDegrees(CatalogBuilder& builder) {
  const types::TypeId number = types::TypeId::kFloat8;
  const auto add = [&](const char* name, Kernel kernel) {
    builder.AddFunction(name, {number}, number, kernel);
  };
  add("sind", Map<OfAngle<Sind>>);
  add("cosd", Map<OfAngle<Cosd>>);
  add("tand", Map<OfAngle<Tand>>);
  add("cotd", Map<OfAngle<Cotd>>);
  add("asind", Map<Asind>);
  add("acosd", Map<Acosd>);
  add("atand", Map<Atand>);
  builder.AddFunction("atan2d", {number, number}, number, Map<Atan2d>);
  add("asinh", Map<[](double x) { return std::asinh(x); }>);
  add("acosh", Map<Acosh>);
  add("atanh", Map<Atanh>);
}

}  // namespace adbms::sql::functions
