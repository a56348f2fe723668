#include <algorithm>

#include "common/status/sql_error.h"
#include "common/types/decimal.h"
#include "common/types/decimal_math.h"
#include "common/types/wide_integer.h"

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

// Collects digits; counts the significant ones and drops none.
struct Digits {
  uint64_t low = 0;  // The newest up to 19 digits ...
  int low_count = 0;
  uint128 high = 0;  // ... and those before.
  int significant = 0;

  bool Add(int digit) {
    if (significant == 0 && digit == 0) return true;
    if (++significant > Decimal::kMaxDigits) return false;
    if (low_count == 19) {
      high = low;
      low = 0;
      low_count = 0;
    }
    low = low * 10 + static_cast<uint64_t>(digit);
    ++low_count;
    return true;
  }
  int128 Total() const {
    if (high == 0) return static_cast<int128>(low);
    return static_cast<int128>(high) * PowerOfTen(low_count) + static_cast<int128>(low);
  }
};

// The exponent after 'e'; false when malformed. Clamped: any large one overflows anyway.
bool ParseExponent(std::string_view* rest, int* exponent) {
  bool negative = false;
  if (!rest->empty() && (rest->front() == '-' || rest->front() == '+')) {
    negative = rest->front() == '-';
    rest->remove_prefix(1);
  }
  if (rest->empty() || !IsDigit(rest->front())) return false;
  int value = 0;
  while (!rest->empty() && IsDigit(rest->front())) {
    value = std::min(value * 10 + (rest->front() - '0'), 100'000);
    rest->remove_prefix(1);
  }
  *exponent = negative ? -value : value;
  return true;
}

absl::StatusOr<Decimal> ApplyExponent(int128 value, int scale, int exponent) {
  scale -= exponent;
  if (scale < 0) {
    if (value != 0 &&
        (-scale > Decimal::kMaxDigits || DigitCount(value) - scale > Decimal::kMaxDigits)) {
      return NumericOverflow();
    }
    return Decimal{value == 0 ? 0 : value * PowerOfTen(-scale), 0, false};
  }
  if (scale > Decimal::kMaxDigits) {
    if (value == 0) return Decimal{0, Decimal::kMaxDigits, false};
    return NumericOverflow();
  }
  return Decimal{value, static_cast<int16_t>(scale), false};
}

}  // namespace

absl::StatusOr<Decimal> Decimal::Parse(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty() && IsBlank(rest.front())) rest.remove_prefix(1);
  while (!rest.empty() && IsBlank(rest.back())) rest.remove_suffix(1);
  if (EqualsIgnoringCase(rest, "nan")) return Decimal{0, 0, true};
  bool negative = false;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  if (rest.empty()) return Invalid(text);
  if (EqualsIgnoringCase(rest, "infinity") || EqualsIgnoringCase(rest, "inf")) {
    return Error(status::sqlstate::kFeatureNotSupported, "an infinite numeric is not supported", {},
                 "Use double precision.");
  }

  Digits digits;
  bool any = false;
  bool overflow = false;
  int scale = 0;
  bool point = false;
  size_t i = 0;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (IsDigit(c)) {
      any = true;
      if (point) ++scale;
      if (!digits.Add(c - '0')) overflow = true;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (!any) return Invalid(text);
  rest.remove_prefix(i);
  int exponent = 0;
  if (!rest.empty() && (rest.front() == 'e' || rest.front() == 'E')) {
    rest.remove_prefix(1);
    if (!ParseExponent(&rest, &exponent)) return Invalid(text);
  }
  if (!rest.empty()) return Invalid(text);
  if (overflow) return NumericOverflow();
  const int128 total = digits.Total();
  return ApplyExponent(negative ? -total : total, scale, exponent);
}

std::string Decimal::ToString() const {
  if (nan) return "NaN";
  char text[48];
  char* const end = text + sizeof(text);
  char* next = end;
  uint128 rest = unscaled < 0 ? -static_cast<uint128>(unscaled) : static_cast<uint128>(unscaled);
  int written = 0;
  const auto put = [&](int digit) {
    if (written == scale && scale > 0) *--next = '.';
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
  while (written <= scale) put(0);
  if (unscaled < 0) *--next = '-';
  return std::string(next, end);
}

}  // namespace adbms::types
