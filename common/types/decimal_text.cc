#include <algorithm>
#include <cstdlib>

#include "common/status/sql_error.h"
#include "common/types/decimal.h"
#include "common/types/decimal_math.h"
#include "common/types/wide_decimal.h"

namespace adbms::types {
namespace {

using status::Error;

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

absl::Status Invalid(std::string_view text) {
  return Error(status::sqlstate::kInvalidTextRepresentation,
               "invalid input syntax for type numeric: \"" + std::string(text) + "\"");
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// An exponent beyond is out of range whatever the digits.
constexpr int64_t kExponentLimit = INT32_MAX / 2;

// Collects the value of up to 38 significant digits, and counts them all.
struct Digits {
  uint64_t low = 0;  // The newest up to 19 digits ...
  int low_count = 0;
  uint128 high = 0;  // ... and those before.
  size_t significant = 0;

  void Add(int digit) {
    if (significant == 0 && digit == 0) return;
    if (++significant > DecimalView::kMaxDigits) return;
    if (low_count == 19) {
      high = low;
      low = 0;
      low_count = 0;
    }
    low = low * 10 + static_cast<uint64_t>(digit);
    ++low_count;
  }
  int128 Total() const {
    if (high == 0) return static_cast<int128>(low);
    return static_cast<int128>(high) * PowerOfTen(low_count) + static_cast<int128>(low);
  }
};

// The exponent after 'e'; false when malformed.
bool ParseExponent(std::string_view* rest, int64_t* exponent) {
  bool negative = false;
  if (!rest->empty() && (rest->front() == '-' || rest->front() == '+')) {
    negative = rest->front() == '-';
    rest->remove_prefix(1);
  }
  if (rest->empty() || !IsDigit(rest->front())) return false;
  int64_t value = 0;
  while (!rest->empty() && IsDigit(rest->front())) {
    value = std::min(value * 10 + (rest->front() - '0'), kExponentLimit);
    rest->remove_prefix(1);
  }
  *exponent = negative ? -value : value;
  return true;
}

// `mantissa` is digits, perhaps with a point, that are not narrow.
absl::StatusOr<Decimal> ParseWide(std::string_view mantissa, bool negative, size_t significant,
                                  int64_t scale) {
  const int64_t integral = static_cast<int64_t>(significant) - scale;
  if (scale > DecimalView::kMaxScale ||
      (significant > 0 && integral > DecimalView::kMaxIntegralDigits)) {
    return NumericOverflow();
  }
  std::string digits;
  for (const char c : mantissa) {
    if (c != '.' && (c != '0' || !digits.empty())) digits.push_back(c);
  }
  WideDecimal value{BigInteger::OfDigits(digits), static_cast<int>(std::max<int64_t>(scale, 0))};
  if (scale < 0 && significant > 0) value.unscaled *= BigInteger::PowerOfTen(-scale);
  if (negative) value.unscaled.Negate();
  return value.Finish();
}

std::string FormatWide(const DecimalView& value) {
  std::string digits = WideDecimal::Of(value).unscaled.Digits();
  const auto scale = static_cast<size_t>(value.scale());
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
  if (value.Sign() < 0) digits.insert(0, 1, '-');
  return digits;
}

}  // namespace

absl::StatusOr<Decimal> Decimal::Parse(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty() && IsBlank(rest.front())) rest.remove_prefix(1);
  while (!rest.empty() && IsBlank(rest.back())) rest.remove_suffix(1);
  if (EqualsIgnoringCase(rest, "nan")) return NaN();
  bool negative = false;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  if (rest.empty()) return Invalid(text);
  if (EqualsIgnoringCase(rest, "infinity") || EqualsIgnoringCase(rest, "inf")) {
    return Infinity(negative);
  }

  Digits digits;
  bool any = false;
  int64_t scale = 0;
  bool point = false;
  size_t i = 0;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (IsDigit(c)) {
      any = true;
      if (point) ++scale;
      digits.Add(c - '0');
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (!any) return Invalid(text);
  const std::string_view mantissa = rest.substr(0, i);
  rest.remove_prefix(i);
  int64_t exponent = 0;
  if (!rest.empty() && (rest.front() == 'e' || rest.front() == 'E')) {
    rest.remove_prefix(1);
    if (!ParseExponent(&rest, &exponent)) return Invalid(text);
  }
  if (!rest.empty()) return Invalid(text);
  if (std::abs(exponent) >= kExponentLimit) return NumericOverflow();
  scale -= exponent;
  if (digits.significant > kMaxDigits || scale > kMaxDigits ||
      (scale < 0 && static_cast<int64_t>(digits.significant) - scale > kMaxDigits)) {
    return ParseWide(mantissa, negative, digits.significant, scale);
  }
  int128 total = digits.Total();
  if (scale < 0 && total != 0) total *= PowerOfTen(static_cast<int>(-scale));
  return Decimal(negative ? -total : total, static_cast<int>(std::max<int64_t>(scale, 0)));
}

std::string DecimalView::ToString() const {
  if (is_wide()) return FormatWide(*this);
  if (is_nan()) return "NaN";
  if (is_infinite()) return Sign() < 0 ? "-Infinity" : "Infinity";
  char text[48];
  char* const end = text + sizeof(text);
  char* next = end;
  uint128 rest = bits_ < 0 ? -static_cast<uint128>(bits_) : static_cast<uint128>(bits_);
  int written = 0;
  const auto put = [&](int digit) {
    if (written == scale_ && scale_ > 0) *--next = '.';
    *--next = static_cast<char>('0' + digit);
    ++written;
  };
  constexpr uint64_t kTenTo19 = 10'000'000'000'000'000'000ULL;
  while ((rest >> 64) != 0) {
    auto part = static_cast<uint64_t>(rest % kTenTo19);
    rest /= kTenTo19;
    for (int i = 0; i < 19; ++i, part /= 10) put(static_cast<int>(part % 10));
  }
  for (auto part = static_cast<uint64_t>(rest); part != 0; part /= 10) {
    put(static_cast<int>(part % 10));
  }
  while (written <= scale_) put(0);
  if (bits_ < 0) *--next = '-';
  return std::string(next, end);
}

}  // namespace adbms::types
