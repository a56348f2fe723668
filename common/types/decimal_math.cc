#include "common/types/decimal_math.h"

#include <algorithm>
#include <cmath>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

#ifdef __clang__
// glibc has them for every compiler; its headers declare them for GCC alone.
extern "C" {
__float128 powf128(__float128, __float128);
__float128 roundf128(__float128);
__float128 sqrtf128(__float128);
__float128 expf128(__float128);
__float128 logf128(__float128);
}
#endif

namespace adbms::types {
namespace {

constexpr int kSignificantDigits = 16;
constexpr std::string_view kInvalidArgumentForLog = "2201E";
constexpr std::string_view kInvalidArgumentForPower = "2201F";
constexpr double kLog10OfE = 0.434294481903252;
constexpr double kExpLimit = 6000;

// floor(value) and whether something was cut off.
int128 FloorOf(const Decimal& value, bool* inexact) {
  const int128 power = PowerOfTen(value.scale);
  int128 quotient = value.unscaled / power;
  const int128 remainder = value.unscaled % power;
  if (remainder < 0) --quotient;
  *inexact = remainder != 0;
  return quotient;
}

// Power of ten of the leading digit, rounded down to PostgreSQL's base-10000 weight.
int Weight(const Decimal& value) {
  const int exponent = DigitCount(value.unscaled) - value.scale - 1;
  return exponent >= 0 ? exponent / 4 : -((-exponent + 3) / 4);
}

// PostgreSQL's estimate_ln_dweight: the decimal weight of ln(value).
int LnWeight(const Decimal& value) {
  const double number = value.ToDouble();
  if (number <= 0) return 0;
  double ln;
  if (number >= 0.9 && number <= 1.1) {
    ln = static_cast<double>(ToQuad(value) - Quad{1});
    if (ln == 0) return 0;
    const double magnitude = std::fabs(ln);
    return static_cast<int>(std::floor(std::log10(magnitude)));
  }
  ln = std::log(number);
  return static_cast<int>(std::log10(std::fabs(ln)));
}

int ClampScale(int scale) { return std::clamp(scale, 0, Decimal::kMaxDigits); }

absl::Status CheckLogArgument(const Decimal& value) {
  if (value.unscaled < 0) {
    return status::Error(kInvalidArgumentForLog, "cannot take logarithm of a negative number");
  }
  if (value.unscaled == 0) {
    return status::Error(kInvalidArgumentForLog, "cannot take logarithm of zero");
  }
  return absl::OkStatus();
}

// base^exponent by squaring, exact while it fits; false when a product had to be rounded.
bool ExactPower(const Decimal& base, int64_t exponent, Decimal* result) {
  Decimal power = base;
  Decimal product = Decimal::FromInt(1);
  while (true) {
    if ((exponent & 1) != 0) {
      int128 unscaled;
      if (product.scale + power.scale > Decimal::kMaxDigits ||
          __builtin_mul_overflow(product.unscaled, power.unscaled, &unscaled) ||
          DigitCount(unscaled) >= Decimal::kMaxDigits) {
        return false;
      }
      product.unscaled = unscaled;
      product.scale = static_cast<int16_t>(product.scale + power.scale);
    }
    exponent >>= 1;
    if (exponent == 0) break;
    int128 square;
    if (power.scale * 2 > Decimal::kMaxDigits ||
        __builtin_mul_overflow(power.unscaled, power.unscaled, &square)) {
      return false;
    }
    power = Decimal{square, static_cast<int16_t>(power.scale * 2), false};
  }
  *result = product;
  return true;
}

absl::StatusOr<Decimal> IntegerPower(const Decimal& base, int64_t exponent) {
  const int scale = std::max(kSignificantDigits, int{base.scale});
  Decimal exact;
  if (ExactPower(base, std::abs(exponent), &exact)) {
    if (exponent < 0) return DivideToScale(Decimal::FromInt(1), exact, scale);
    const int room = Decimal::kMaxDigits - (DigitCount(exact.unscaled) - exact.scale);
    return exact.Rescale(std::clamp(scale, 0, std::max(room, 0)));
  }
  return FromQuad(powf128(ToQuad(base), static_cast<Quad>(exponent)), scale);
}

}  // namespace

Quad ToQuad(const Decimal& value) {
  if (value.nan) return static_cast<Quad>(std::nan(""));
  return static_cast<Quad>(value.unscaled) / static_cast<Quad>(PowerOfTen(value.scale));
}

absl::StatusOr<Decimal> FromQuad(Quad value, int scale) {
  if (value != value) return Decimal{0, 0, true};
  const Quad limit = static_cast<Quad>(PowerOfTen(Decimal::kMaxDigits));
  for (scale = ClampScale(scale); scale >= 0; --scale) {
    const Quad scaled = roundf128(value * static_cast<Quad>(PowerOfTen(scale)));
    if (scaled < limit && scaled > -limit) {
      return Decimal{static_cast<int128>(scaled), static_cast<int16_t>(scale), false};
    }
  }
  return NumericOverflow();
}

absl::StatusOr<Decimal> Round(const Decimal& value, int digits) {
  if (value.nan) return value;
  if (digits >= 0) {
    const int room = Decimal::kMaxDigits - std::max(DigitCount(value.unscaled) - value.scale, 0);
    if (digits > value.scale) digits = std::min(digits, std::max(room, int{value.scale}));
    return value.Rescale(digits);
  }
  if (digits < -Decimal::kMaxDigits) return Decimal{0, 0, false};
  return value.Fit(1000, digits);
}

absl::StatusOr<Decimal> Truncate(const Decimal& value, int digits) {
  if (value.nan) return value;
  if (digits >= value.scale) return Round(value, digits);
  const int64_t drop = int64_t{value.scale} - digits;
  if (drop > Decimal::kMaxDigits) {
    return Decimal{0, static_cast<int16_t>(std::max(digits, 0)), false};
  }
  int128 unscaled = value.unscaled / PowerOfTen(static_cast<int>(drop));
  if (digits < 0) unscaled *= PowerOfTen(-digits);
  return Decimal{unscaled, static_cast<int16_t>(std::max(digits, 0)), false};
}

Decimal Floor(const Decimal& value) {
  if (value.nan) return value;
  bool inexact;
  return Decimal{FloorOf(value, &inexact), 0, false};
}

Decimal Ceiling(const Decimal& value) {
  if (value.nan) return value;
  bool inexact;
  const int128 floor = FloorOf(value, &inexact);
  return Decimal{inexact ? floor + 1 : floor, 0, false};
}

int Sign(const Decimal& value) { return value.unscaled < 0 ? -1 : (value.unscaled > 0 ? 1 : 0); }

Decimal TrimScale(const Decimal& value) {
  Decimal result = value;
  while (result.scale > 0 && result.unscaled % 10 == 0) {
    result.unscaled /= 10;
    --result.scale;
  }
  return result;
}

absl::StatusOr<Decimal> SquareRootToScale(const Decimal& value, int scale) {
  if (value.nan) return value;
  if (value.unscaled < 0) {
    return status::Error(kInvalidArgumentForPower, "cannot take square root of a negative number");
  }
  return FromQuad(sqrtf128(ToQuad(value)), scale);
}

absl::StatusOr<Decimal> SquareRoot(const Decimal& value) {
  const int weight = value.unscaled == 0 ? 0 : Weight(value);
  const int root_weight = (weight + 1) * 4 / 2 - 1;
  return SquareRootToScale(value,
                           std::max({kSignificantDigits - root_weight, int{value.scale}, 0}));
}

absl::StatusOr<Decimal> Exp(const Decimal& value) {
  if (value.nan) return value;
  // PostgreSQL's own limit (numeric.c, exp_var).
  if (value.ToDouble() >= kExpLimit) {
    return status::Error(status::sqlstate::kNumericOutOfRange, "value overflows numeric format");
  }
  const double weight = std::clamp(value.ToDouble() * kLog10OfE, -2000.0, 2000.0);
  const int scale = kSignificantDigits - static_cast<int>(weight);
  return FromQuad(expf128(ToQuad(value)), std::max(scale, int{value.scale}));
}

absl::StatusOr<Decimal> Ln(const Decimal& value) {
  if (value.nan) return value;
  RETURN_IF_ERROR(CheckLogArgument(value));
  return FromQuad(logf128(ToQuad(value)),
                  std::max(kSignificantDigits - LnWeight(value), int{value.scale}));
}

absl::StatusOr<Decimal> Log(const Decimal& base, const Decimal& value) {
  if (base.nan || value.nan) return Decimal{0, 0, true};
  RETURN_IF_ERROR(CheckLogArgument(base));
  RETURN_IF_ERROR(CheckLogArgument(value));
  const Quad divisor = logf128(ToQuad(base));
  if (divisor == Quad{0}) {
    return status::Error(status::sqlstate::kDivisionByZero, "division by zero");
  }
  const int weight = LnWeight(value) - LnWeight(base);
  return FromQuad(logf128(ToQuad(value)) / divisor,
                  std::max({kSignificantDigits - weight, int{base.scale}, int{value.scale}}));
}

absl::StatusOr<Decimal> Power(const Decimal& base, const Decimal& exponent) {
  if (base.nan || exponent.nan) {
    const bool one = !base.nan && Compare(base, Decimal::FromInt(1)) == 0;
    const bool zeroth = !exponent.nan && exponent.unscaled == 0;
    if (one || zeroth) return Decimal::FromInt(1);
    return Decimal{0, 0, true};
  }
  if (base.unscaled == 0 && exponent.unscaled < 0) {
    return status::Error(kInvalidArgumentForPower, "zero raised to a negative power is undefined");
  }
  bool fractional;
  const int128 whole = FloorOf(exponent, &fractional);
  if (!fractional && whole <= INT32_MAX && whole >= INT32_MIN) {
    return IntegerPower(base, static_cast<int64_t>(whole));
  }
  if (base.unscaled < 0 && fractional) {
    return status::Error(kInvalidArgumentForPower,
                         "a negative number raised to a non-integer power yields a complex result");
  }
  if (base.unscaled == 0) return Decimal{0, kSignificantDigits, false};
  const double weight = std::clamp(
      std::log(std::fabs(base.ToDouble())) * exponent.ToDouble() * kLog10OfE, -2000.0, 2000.0);
  const int scale = kSignificantDigits - static_cast<int>(weight);
  return FromQuad(powf128(ToQuad(base), ToQuad(exponent)),
                  std::max({scale, int{base.scale}, int{exponent.scale}}));
}

}  // namespace adbms::types
