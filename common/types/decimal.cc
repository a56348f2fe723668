#include "common/types/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/decimal_math.h"
#include "common/types/wide_decimal.h"

namespace adbms::types {
namespace {

using Quad = __float128;

constexpr std::array<int128, DecimalView::kMaxDigits + 1> MakePowers() {
  std::array<int128, DecimalView::kMaxDigits + 1> powers{};
  powers[0] = 1;
  for (int i = 1; i <= DecimalView::kMaxDigits; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<int128, DecimalView::kMaxDigits + 1> kPowers = MakePowers();
constexpr int128 kLimit = DecimalView::kLimit;
constexpr int kMaxDigits = DecimalView::kMaxDigits;

uint128 Magnitude(int128 value) {
  return value < 0 ? -static_cast<uint128>(value) : static_cast<uint128>(value);
}

bool IsBelowLimit(int128 value) { return value < kLimit && value > -kLimit; }
bool FitsInt64(int128 value) { return value == static_cast<int64_t>(value); }

// value / 10^digits, rounded half away from zero; digits may exceed 38.
int128 DropDigits(int128 value, int digits) {
  if (digits <= 0) return value;
  if (digits > kMaxDigits) return 0;
  const int128 power = kPowers[digits];
  if (FitsInt64(value) && digits <= 18) {
    const auto narrow = static_cast<int64_t>(value);
    const auto divisor = static_cast<int64_t>(power);
    const int64_t remainder = narrow % divisor;
    const int64_t quotient = narrow / divisor;
    if (std::abs(remainder) >= divisor - std::abs(remainder)) {
      return quotient + (narrow < 0 ? -1 : 1);
    }
    return quotient;
  }
  const int128 quotient = value / power;
  const int128 remainder = value % power;
  const int128 distance = remainder < 0 ? -remainder : remainder;
  if (distance >= power - distance) return quotient + (value < 0 ? -1 : 1);
  return quotient;
}

// a at b's larger scale, when that fits.
bool Align(const DecimalView& a, int scale, int128* aligned) {
  if (scale == a.scale()) {
    *aligned = a.unscaled();
    return true;
  }
  return !__builtin_mul_overflow(a.unscaled(), kPowers[scale - a.scale()], aligned);
}

Decimal AddSpecial(const DecimalView& a, const DecimalView& b, bool subtract) {
  if (a.is_nan() || b.is_nan()) return DecimalView::NaN();
  if (!a.is_infinite()) return DecimalView::Infinity((b.Sign() < 0) != subtract);
  if (b.is_infinite() && (a.Sign() == b.Sign()) == subtract) return DecimalView::NaN();
  return a;
}

absl::StatusOr<Decimal> AddWide(const DecimalView& a, const DecimalView& b, bool subtract) {
  if (!a.is_finite() || !b.is_finite()) return AddSpecial(a, b, subtract);
  WideDecimal left = WideDecimal::Of(a);
  WideDecimal right = WideDecimal::Of(b);
  const int scale = std::max(a.scale(), b.scale());
  left.RescaleTo(scale);
  right.RescaleTo(scale);
  if (subtract) right.unscaled.Negate();
  left.unscaled += right.unscaled;
  return left.Finish();
}

absl::StatusOr<Decimal> AddSigned(const DecimalView& a, const DecimalView& b, bool subtract) {
  const int scale = std::max(a.scale(), b.scale());
  int128 left;
  int128 right;
  int128 sum;
  if (a.is_narrow() && b.is_narrow() && Align(a, scale, &left) && Align(b, scale, &right) &&
      !(subtract ? __builtin_sub_overflow(left, right, &sum)
                 : __builtin_add_overflow(left, right, &sum)) &&
      IsBelowLimit(sum)) [[likely]] {
    return Decimal(sum, scale);
  }
  return AddWide(a, b, subtract);
}

absl::StatusOr<Decimal> MultiplyWide(const DecimalView& a, const DecimalView& b) {
  if (a.is_nan() || b.is_nan()) return DecimalView::NaN();
  if (a.is_infinite() || b.is_infinite()) {
    const int sign = a.Sign() * b.Sign();
    return sign == 0 ? DecimalView::NaN() : DecimalView::Infinity(sign < 0);
  }
  WideDecimal product = WideDecimal::Of(a);
  product.unscaled *= WideDecimal::Of(b).unscaled;
  product.scale += b.scale();
  if (product.scale > DecimalView::kMaxScale) product.RescaleTo(DecimalView::kMaxScale);
  return product.Finish();
}

// Of a quotient where one of the two is not finite.
absl::StatusOr<Decimal> DivideSpecial(const DecimalView& a, const DecimalView& b) {
  if (a.is_nan() || b.is_nan()) return DecimalView::NaN();
  if (!a.is_infinite()) return Decimal();
  if (b.is_infinite()) return DecimalView::NaN();
  if (b.Sign() == 0) return DivisionByZero();
  return DecimalView::Infinity(a.Sign() != b.Sign());
}

std::strong_ordering ThreeWay(int a, int b) { return a <=> b; }

// -infinity, what is finite, infinity, NaN.
int Rank(const DecimalView& value) {
  if (value.is_nan()) return 2;
  return value.is_infinite() ? value.Sign() : 0;
}

std::strong_ordering CompareWide(const DecimalView& a, const DecimalView& b) {
  if (!a.is_finite() || !b.is_finite()) return ThreeWay(Rank(a), Rank(b));
  if (a.Sign() != b.Sign()) return ThreeWay(a.Sign(), b.Sign());
  WideDecimal left = WideDecimal::Of(a);
  WideDecimal right = WideDecimal::Of(b);
  const int scale = std::max(a.scale(), b.scale());
  left.RescaleTo(scale);
  right.RescaleTo(scale);
  return ThreeWay(BigInteger::Compare(left.unscaled, right.unscaled), 0);
}

uint64_t HashNarrow(int128 unscaled, int scale) {
  while (scale > 0 && !FitsInt64(unscaled) && unscaled % 10 == 0) {
    unscaled /= 10;
    --scale;
  }
  if (FitsInt64(unscaled)) {
    auto narrow = static_cast<int64_t>(unscaled);
    while (scale > 0 && narrow % 10 == 0) {
      narrow /= 10;
      --scale;
    }
    unscaled = narrow;
  }
  const auto bits = static_cast<uint128>(unscaled);
  uint64_t hash =
      (static_cast<uint64_t>(bits) + static_cast<uint64_t>(scale)) * 0x9e3779b97f4a7c15ULL;
  hash ^= static_cast<uint64_t>(bits >> 64) * 0xc2b2ae3d27d4eb4fULL;
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9ULL;
  return hash ^ (hash >> 32);
}

uint64_t HashWide(const DecimalView& value) {
  const Decimal least = TrimScale(value);
  if (least.is_narrow()) return HashNarrow(least.unscaled(), least.scale());
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : least.form()) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  }
  return hash ^ (hash >> 32);
}

absl::Status FieldOverflow(int precision, int scale, bool infinite) {
  std::string detail = "A field with precision " + std::to_string(precision) + ", scale " +
                       std::to_string(scale) + " ";
  const int integral = precision - scale;
  if (infinite) {
    detail += "cannot hold an infinite value.";
  } else {
    detail += "must round to an absolute value less than " +
              (integral != 0 ? "10^" + std::to_string(integral) : std::string("1")) + ".";
  }
  return status::Error(status::sqlstate::kNumericOutOfRange, "numeric field overflow", detail);
}

}  // namespace

void Decimal::Copy() {
  const std::string_view bytes = form();
  char* const copy = new char[bytes.size()];
  std::memcpy(copy, bytes.data(), bytes.size());
  static_cast<DecimalView&>(*this) = OfForm({copy, bytes.size()});
}

void Decimal::Free() { delete[] const_cast<char*>(form().data()); }

absl::Status NumericOverflow() {
  return status::Error(status::sqlstate::kNumericOutOfRange, "value overflows numeric format");
}

absl::Status DivisionByZero() {
  return status::Error(status::sqlstate::kDivisionByZero, "division by zero");
}

int128 PowerOfTen(int exponent) { return kPowers[exponent]; }

int DigitCount(int128 value) {
  const uint128 magnitude = Magnitude(value);
  int low = 0;
  int high = kMaxDigits;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (magnitude >= static_cast<uint128>(kPowers[middle])) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::max(low, 1);
}

absl::StatusOr<Decimal> Decimal::FromDouble(double value) {
  if (std::isnan(value)) return NaN();
  if (std::isinf(value)) return Infinity(value < 0);
  char text[40];
  const int length = std::snprintf(text, sizeof(text), "%.15g", value);
  return Parse(std::string_view(text, static_cast<size_t>(length)));
}

double DecimalView::ToDouble() const {
  if (!is_finite()) {
    const double infinity = std::numeric_limits<double>::infinity();
    return is_nan() ? std::nan("") : (Sign() < 0 ? -infinity : infinity);
  }
  if (is_wide()) {
    const std::string text = ToString();
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc::result_out_of_range) return value;
    const LeadingGroups leading = LeadingGroupsOf(*this);
    value = leading.weight > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    return Sign() < 0 ? -value : value;
  }
  if (scale_ == 0) return static_cast<double>(bits_);
  // Both exact in a double: one correctly rounded division.
  if (scale_ <= 22 && Magnitude(bits_) <= (uint128{1} << 53)) {
    return static_cast<double>(static_cast<int64_t>(bits_)) / static_cast<double>(kPowers[scale_]);
  }
  return static_cast<double>(static_cast<Quad>(bits_) / static_cast<Quad>(kPowers[scale_]));
}

absl::StatusOr<Decimal> DecimalView::Rescale(int target) const {
  if (!is_finite() || target == scale_) return *this;
  if (is_narrow() && target <= kMaxDigits) {
    if (target < scale_) return Decimal(DropDigits(bits_, scale_ - target), target);
    int128 unscaled;
    if (!__builtin_mul_overflow(bits_, kPowers[target - scale_], &unscaled) &&
        IsBelowLimit(unscaled)) {
      return Decimal(unscaled, target);
    }
  }
  if (target > kMaxScale) return NumericOverflow();
  WideDecimal wide = WideDecimal::Of(*this);
  wide.RescaleTo(target);
  return wide.Finish();
}

absl::StatusOr<Decimal> DecimalView::Fit(int precision, int target) const {
  if (is_nan()) return *this;
  if (is_infinite()) return FieldOverflow(precision, target, true);
  int128 unscaled;
  if (is_narrow() && target >= 0 && target <= kMaxDigits) {
    bool fits = true;
    if (target >= scale_) {
      fits = !__builtin_mul_overflow(bits_, kPowers[target - scale_], &unscaled) &&
             IsBelowLimit(unscaled);
    } else {
      unscaled = DropDigits(bits_, scale_ - target);
    }
    if (fits) {
      if (precision < kMaxDigits && Magnitude(unscaled) >= Magnitude(kPowers[precision])) {
        return FieldOverflow(precision, target, false);
      }
      return Decimal(unscaled, target);
    }
  }
  WideDecimal wide = WideDecimal::Of(*this);
  wide.RescaleTo(target);
  if (wide.unscaled.Sign() != 0 && wide.unscaled.DigitCount() > static_cast<size_t>(precision)) {
    return FieldOverflow(precision, target, false);
  }
  wide.RescaleTo(std::max(target, 0));
  return wide.Finish();
}

absl::StatusOr<int64_t> DecimalView::ToInt64() const {
  if (!is_finite()) {
    return status::Error(
        status::sqlstate::kFeatureNotSupported,
        is_nan() ? "cannot convert NaN to bigint" : "cannot convert infinity to bigint");
  }
  if (is_narrow()) {
    const int128 rounded = DropDigits(bits_, scale_);
    if (FitsInt64(rounded)) return static_cast<int64_t>(rounded);
  } else {
    WideDecimal wide = WideDecimal::Of(*this);
    wide.RescaleTo(0);
    if (wide.unscaled.FitsInt64()) return wide.unscaled.ToInt64();
  }
  return status::Error(status::sqlstate::kNumericOutOfRange, "bigint out of range");
}

absl::StatusOr<Decimal> Add(const DecimalView& a, const DecimalView& b) {
  return AddSigned(a, b, false);
}

absl::StatusOr<Decimal> Subtract(const DecimalView& a, const DecimalView& b) {
  return AddSigned(a, b, true);
}

absl::StatusOr<Decimal> Multiply(const DecimalView& a, const DecimalView& b) {
  DecimalView narrow;
  if (MultiplyNarrow(a, b, &narrow)) return narrow;
  int128 product;
  if (a.is_narrow() && b.is_narrow() && a.scale() + b.scale() <= kMaxDigits &&
      !__builtin_mul_overflow(a.unscaled(), b.unscaled(), &product) && IsBelowLimit(product)) {
    return Decimal(product, a.scale() + b.scale());
  }
  return MultiplyWide(a, b);
}

absl::StatusOr<Decimal> DivideToScale(const DecimalView& a, const DecimalView& b, int scale) {
  if (!a.is_finite() || !b.is_finite()) return DivideSpecial(a, b);
  if (b.is_zero()) return DivisionByZero();
  const int shift = scale + b.scale() - a.scale();
  int128 dividend;
  if (!a.is_narrow() || !b.is_narrow() || scale > kMaxDigits || shift < 0 || shift > kMaxDigits ||
      __builtin_mul_overflow(a.unscaled(), kPowers[shift], &dividend)) {
    return DivideToScale(WideDecimal::Of(a), WideDecimal::Of(b), scale);
  }
  const uint128 divisor = Magnitude(b.unscaled());
  const uint128 numerator = Magnitude(dividend);
  uint128 quotient;
  uint128 remainder;
  if ((numerator >> 64) == 0 && (divisor >> 64) == 0) {
    quotient = static_cast<uint64_t>(numerator) / static_cast<uint64_t>(divisor);
    remainder = static_cast<uint64_t>(numerator) % static_cast<uint64_t>(divisor);
  } else {
    quotient = numerator / divisor;
    remainder = numerator - quotient * divisor;
  }
  if (remainder >= divisor - remainder) ++quotient;
  if (quotient >= static_cast<uint128>(kLimit))
    return DivideToScale(WideDecimal::Of(a), WideDecimal::Of(b), scale);
  const auto magnitude = static_cast<int128>(quotient);
  return Decimal((a.unscaled() < 0) != (b.unscaled() < 0) ? -magnitude : magnitude, scale);
}

absl::StatusOr<Decimal> DivideToScale(WideDecimal a, const WideDecimal& b, int scale) {
  BigInteger divisor = b.unscaled;
  const int shift = scale + b.scale - a.scale;
  if (shift >= 0) {
    a.unscaled *= BigInteger::PowerOfTen(shift);
  } else {
    divisor *= BigInteger::PowerOfTen(-shift);
  }
  a.unscaled.DivideRounded(divisor);
  a.scale = scale;
  return a.Finish();
}

absl::StatusOr<Decimal> Divide(const DecimalView& a, const DecimalView& b) {
  if (!a.is_finite() || !b.is_finite()) return DivideSpecial(a, b);
  if (b.is_zero()) return DivisionByZero();
  return DivideToScale(a, b, DivisionScale(a, b));
}

absl::StatusOr<Decimal> DivideWhole(const DecimalView& a, const DecimalView& b) {
  if (!a.is_finite() || !b.is_finite()) return DivideSpecial(a, b);
  if (b.is_zero()) return DivisionByZero();
  WideDecimal quotient = WideDecimal::Of(a);
  WideDecimal divisor = WideDecimal::Of(b);
  const int scale = std::max(a.scale(), b.scale());
  quotient.RescaleTo(scale);
  divisor.RescaleTo(scale);
  quotient.unscaled.DivideBy(divisor.unscaled);
  quotient.scale = 0;
  return quotient.Finish();
}

absl::StatusOr<Decimal> Modulo(const DecimalView& a, const DecimalView& b) {
  if (!a.is_finite() || !b.is_finite()) {
    if (a.is_nan() || b.is_nan()) return DecimalView::NaN();
    if (!a.is_infinite()) return a;
    if (b.is_zero()) return DivisionByZero();
    return DecimalView::NaN();
  }
  if (b.is_zero()) return DivisionByZero();
  const int scale = std::max(a.scale(), b.scale());
  int128 left;
  int128 right;
  if (a.is_narrow() && b.is_narrow() && Align(a, scale, &left) && Align(b, scale, &right)) {
    const int128 rest = left % right;
    if (IsBelowLimit(rest)) return Decimal(rest, scale);
  }
  WideDecimal rest = WideDecimal::Of(a);
  WideDecimal divisor = WideDecimal::Of(b);
  rest.RescaleTo(scale);
  divisor.RescaleTo(scale);
  rest.unscaled = rest.unscaled.DivideWithRemainder(divisor.unscaled);
  return rest.Finish();
}

Decimal Negate(const DecimalView& a) {
  if (a.is_narrow()) return {-a.unscaled(), a.scale()};
  if (a.is_infinite()) return DecimalView::Infinity(a.Sign() > 0);
  if (a.is_nan() || a.is_zero()) return a;
  std::string form(a.form());
  form[0] = static_cast<char>(1 - form[0]);
  return Decimal(DecimalView::OfForm(form));
}

std::strong_ordering Compare(const DecimalView& a, const DecimalView& b) {
  using Order = std::strong_ordering;
  if (!a.is_narrow() || !b.is_narrow()) [[unlikely]]
    return CompareWide(a, b);
  const int scale = std::max(a.scale(), b.scale());
  int128 left;
  int128 right;
  // A value that overflows when aligned is farther from zero than the other can be.
  if (!Align(a, scale, &left)) return a.unscaled() < 0 ? Order::less : Order::greater;
  if (!Align(b, scale, &right)) return b.unscaled() < 0 ? Order::greater : Order::less;
  if (left < right) return Order::less;
  return left > right ? Order::greater : Order::equal;
}

uint64_t Hash(const DecimalView& value) {
  if (value.is_narrow()) [[likely]]
    return HashNarrow(value.unscaled(), value.scale());
  if (value.is_wide()) return HashWide(value);
  if (value.is_nan()) return 0x7ff8'0000'dead'0000ULL;
  return value.Sign() < 0 ? 0xfff0'0000'dead'0000ULL : 0x7ff0'0000'dead'0000ULL;
}

}  // namespace adbms::types
