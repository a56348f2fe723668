#include "common/types/jsonb_arithmetic.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;

constexpr uint32_t kBase = 1'000'000'000;
constexpr size_t kBaseDigits = 9;

// A whole number that is not negative: limbs of nine digits, the lowest first, the highest not 0.
using Whole = std::vector<uint32_t>;

void Trim(Whole* value) {
  while (!value->empty() && value->back() == 0) value->pop_back();
}

// |number| · 10^scale. REQUIRES: no digit stands beyond the scale.
Whole Unscaled(const JsonbNumber& number, int64_t scale) {
  if (number.IsZero()) return {};
  std::string digits(number.digits);
  digits.append(static_cast<size_t>(number.exponent + scale) - digits.size(), '0');
  Whole value;
  for (size_t end = digits.size(); end > 0; end -= std::min(end, kBaseDigits)) {
    const size_t start = end - std::min(end, kBaseDigits);
    uint32_t limb = 0;
    for (size_t i = start; i < end; ++i) limb = limb * 10 + static_cast<uint32_t>(digits[i] - '0');
    value.push_back(limb);
  }
  Trim(&value);
  return value;
}

std::string DigitsOf(const Whole& value) {
  std::string digits;
  for (size_t i = value.size(); i-- > 0;) {
    const std::string limb = std::to_string(value[i]);
    if (!digits.empty()) digits.append(kBaseDigits - limb.size(), '0');
    digits += limb;
  }
  return digits;
}

int Compare(const Whole& a, const Whole& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (size_t i = a.size(); i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

Whole Sum(const Whole& a, const Whole& b) {
  Whole sum;
  uint32_t carry = 0;
  for (size_t i = 0; i < std::max(a.size(), b.size()) || carry > 0; ++i) {
    const uint32_t limb = (i < a.size() ? a[i] : 0) + (i < b.size() ? b[i] : 0) + carry;
    carry = limb >= kBase ? 1 : 0;
    sum.push_back(limb - carry * kBase);
  }
  return sum;
}

// REQUIRES: a >= b.
Whole Difference(const Whole& a, const Whole& b) {
  Whole difference = a;
  uint32_t borrow = 0;
  for (size_t i = 0; i < b.size() || borrow > 0; ++i) {
    const uint32_t less = (i < b.size() ? b[i] : 0) + borrow;
    borrow = difference[i] < less ? 1 : 0;
    difference[i] += borrow * kBase - less;
  }
  Trim(&difference);
  return difference;
}

absl::StatusOr<Whole> Product(const Whole& a, const Whole& b, const JsonbWorkCheck& check) {
  Whole product(a.size() + b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    RETURN_IF_ERROR(check(b.size()));
    uint64_t carry = 0;
    for (size_t j = 0; j < b.size() || carry > 0; ++j) {
      const uint64_t limb =
          product[i + j] + carry + (j < b.size() ? uint64_t{a[i]} * b[j] : uint64_t{0});
      product[i + j] = static_cast<uint32_t>(limb % kBase);
      carry = limb / kBase;
    }
  }
  Trim(&product);
  return product;
}

void MultiplyBy(uint32_t factor, Whole* value) {
  uint64_t carry = 0;
  for (uint32_t& limb : *value) {
    carry += uint64_t{limb} * factor;
    limb = static_cast<uint32_t>(carry % kBase);
    carry /= kBase;
  }
  if (carry > 0) value->push_back(static_cast<uint32_t>(carry));
}

// Divides in place; the remainder.
uint32_t DivideBy(uint32_t divisor, Whole* value) {
  uint64_t rest = 0;
  for (size_t i = value->size(); i-- > 0;) {
    rest = rest * kBase + (*value)[i];
    (*value)[i] = static_cast<uint32_t>(rest / divisor);
    rest %= divisor;
  }
  Trim(value);
  return static_cast<uint32_t>(rest);
}

// Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D. `a` becomes the remainder.
// REQUIRES: b > 0.
absl::StatusOr<Whole> Quotient(Whole* a, Whole b, const JsonbWorkCheck& check) {
  if (Compare(*a, b) < 0) return Whole();
  if (b.size() == 1) {
    Whole quotient = std::move(*a);
    const uint32_t rest = DivideBy(b[0], &quotient);
    a->assign(rest > 0 ? 1 : 0, rest);
    return quotient;
  }
  const uint32_t factor = kBase / (b.back() + 1);
  MultiplyBy(factor, a);
  MultiplyBy(factor, &b);
  a->push_back(0);
  const size_t n = b.size();
  Whole quotient(a->size() - n);
  for (size_t j = quotient.size(); j-- > 0;) {
    RETURN_IF_ERROR(check(n));
    const uint64_t top = uint64_t{(*a)[j + n]} * kBase + (*a)[j + n - 1];
    uint64_t guess = top / b[n - 1];
    uint64_t rest = top % b[n - 1];
    while (guess >= kBase || guess * b[n - 2] > rest * kBase + (*a)[j + n - 2]) {
      --guess;
      rest += b[n - 1];
      if (rest >= kBase) break;
    }
    int64_t borrow = 0;
    uint64_t carry = 0;
    for (size_t i = 0; i <= n; ++i) {
      carry += i < n ? guess * b[i] : 0;
      int64_t limb = int64_t{(*a)[j + i]} - static_cast<int64_t>(carry % kBase) - borrow;
      carry /= kBase;
      borrow = limb < 0 ? 1 : 0;
      (*a)[j + i] = static_cast<uint32_t>(limb + borrow * kBase);
    }
    if (borrow > 0) {
      --guess;
      uint32_t over = 0;
      for (size_t i = 0; i <= n; ++i) {
        const uint32_t limb = (*a)[j + i] + (i < n ? b[i] : 0) + over;
        over = limb >= kBase ? 1 : 0;
        (*a)[j + i] = limb - over * kBase;
      }
    }
    quotient[j] = static_cast<uint32_t>(guess);
  }
  Trim(&quotient);
  Trim(a);
  DivideBy(factor, a);
  return quotient;
}

absl::Status Overflow() {
  return status::Error(sqlstate::kNumericOutOfRange, "value overflows numeric format");
}

// ±value / 10^scale.
absl::StatusOr<std::string> TextOf(bool negative, const Whole& value, int64_t scale) {
  std::string digits = DigitsOf(value);
  if (static_cast<int64_t>(digits.size()) - scale > kMostJsonbExponent) return Overflow();
  const auto after = static_cast<size_t>(scale);
  if (digits.size() <= after) digits.insert(0, after + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - after, ".");
  if (negative && !value.empty()) digits.insert(0, "-");
  return digits;
}

// How PostgreSQL's numeric sees a number: in groups of four digits, of which the first that is not
// 0 decides how many digits a quotient has.
struct FirstGroup {
  int64_t weight = 0;
  int value = 0;
};
FirstGroup FirstGroupOf(const JsonbNumber& number) {
  FirstGroup group;
  if (number.IsZero()) return group;
  const int64_t first = int64_t{number.exponent} - 1;
  group.weight = first >= 0 ? first / 4 : -((-first + 3) / 4);
  const int64_t digits = first - 4 * group.weight + 1;
  for (int64_t i = 0; i < digits; ++i) {
    const auto at = static_cast<size_t>(i);
    group.value = group.value * 10 + (at < number.digits.size() ? number.digits[at] - '0' : 0);
  }
  return group;
}

int64_t QuotientScale(const JsonbNumber& a, const JsonbNumber& b) {
  constexpr int64_t kLeastDigits = 16;
  constexpr int64_t kMostScale = 1000;
  const FirstGroup above = FirstGroupOf(a);
  const FirstGroup below = FirstGroupOf(b);
  const int64_t weight = above.weight - below.weight - (above.value <= below.value ? 1 : 0);
  const int64_t scale =
      std::max({kLeastDigits - weight * 4, int64_t{a.scale}, int64_t{b.scale}, int64_t{0}});
  return std::min(scale, kMostScale);
}

// Half away from zero.
absl::StatusOr<std::string> Divide(const JsonbNumber& a, const JsonbNumber& b,
                                   const JsonbWorkCheck& check) {
  const int64_t scale = QuotientScale(a, b);
  // a · 10^above / (b · 10^below) is the quotient · 10^scale, both being whole.
  const int64_t below = std::max<int64_t>(b.scale, int64_t{a.scale} - scale);
  Whole dividend = Unscaled(a, below + scale);
  const Whole divisor = Unscaled(b, below);
  ASSIGN_OR_RETURN(Whole quotient, Quotient(&dividend, divisor, check));
  if (Compare(Sum(dividend, dividend), divisor) >= 0) quotient = Sum(quotient, {1});
  return TextOf(a.negative != b.negative, quotient, scale);
}

absl::StatusOr<std::string> Multiply(const JsonbNumber& a, const JsonbNumber& b,
                                     const JsonbWorkCheck& check) {
  const int64_t scale = int64_t{a.scale} + b.scale;
  ASSIGN_OR_RETURN(Whole product, Product(Unscaled(a, a.scale), Unscaled(b, b.scale), check));
  if (scale <= kMostJsonbScale) return TextOf(a.negative != b.negative, product, scale);
  std::string digits = DigitsOf(product);
  const auto cut = static_cast<size_t>(scale - kMostJsonbScale);
  if (digits.size() < cut) return TextOf(false, {}, kMostJsonbScale);
  const bool up = digits[digits.size() - cut] >= '5';
  digits.resize(digits.size() - cut);
  JsonbNumber kept;
  kept.digits = digits;
  kept.exponent = static_cast<int32_t>(digits.size());
  Whole rounded = Unscaled(kept, 0);
  if (up) rounded = Sum(rounded, {1});
  return TextOf(a.negative != b.negative, rounded, kMostJsonbScale);
}

absl::StatusOr<std::string> AddSigned(const JsonbNumber& a, const JsonbNumber& b, bool negate_b) {
  const int64_t scale = std::max(a.scale, b.scale);
  const Whole left = Unscaled(a, scale);
  const Whole right = Unscaled(b, scale);
  const bool b_negative = b.negative != negate_b;
  if (a.negative == b_negative) return TextOf(a.negative, Sum(left, right), scale);
  if (Compare(left, right) >= 0) return TextOf(a.negative, Difference(left, right), scale);
  return TextOf(b_negative, Difference(right, left), scale);
}

// Towards zero; with one more where there is a fraction and `away`.
std::string WholeText(const JsonbNumber& number, bool away) {
  const auto places = static_cast<size_t>(std::max(number.exponent, 0));
  std::string digits(number.digits.substr(0, places));
  digits.append(places - digits.size(), '0');
  JsonbNumber whole;
  whole.digits = digits;
  whole.exponent = static_cast<int32_t>(places);
  Whole value = digits.empty() ? Whole() : Unscaled(whole, 0);
  if (away && number.digits.size() > places) value = Sum(value, {1});
  // 10^131072 has one digit more than there can be, but no digit of its own beyond them is lost.
  std::string text = DigitsOf(value);
  if (text.empty()) return "0";
  return number.negative ? "-" + text : text;
}

}  // namespace

absl::StatusOr<std::string> ComputeJsonb(JsonbArithmetic op, const JsonbNumber& a,
                                         const JsonbNumber& b, const JsonbWorkCheck& check) {
  const bool divides = op == JsonbArithmetic::kDivide || op == JsonbArithmetic::kModulo;
  if (divides && b.IsZero()) return status::Error(sqlstate::kDivisionByZero, "division by zero");
  switch (op) {
    case JsonbArithmetic::kAdd:
      return AddSigned(a, b, false);
    case JsonbArithmetic::kSubtract:
      return AddSigned(a, b, true);
    case JsonbArithmetic::kMultiply:
      return Multiply(a, b, check);
    case JsonbArithmetic::kDivide:
      return Divide(a, b, check);
    case JsonbArithmetic::kModulo:
      break;
  }
  const int64_t scale = std::max(a.scale, b.scale);
  Whole rest = Unscaled(a, scale);
  RETURN_IF_ERROR(Quotient(&rest, Unscaled(b, scale), check).status());
  return TextOf(a.negative, rest, scale);
}

std::string NegateJsonb(JsonbNumber number) {
  number.negative = !number.negative && !number.IsZero();
  std::string text;
  FormatJsonbNumber(number, &text);
  return text;
}

std::string AbsoluteJsonb(JsonbNumber number) {
  number.negative = false;
  std::string text;
  FormatJsonbNumber(number, &text);
  return text;
}

std::string CeilingJsonb(const JsonbNumber& number) { return WholeText(number, !number.negative); }

std::string FloorJsonb(const JsonbNumber& number) { return WholeText(number, number.negative); }

}  // namespace adbms::types
