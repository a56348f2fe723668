#include "common/sql/functions/number_notations.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "common/status/macros.h"
#include "common/types/decimal_math.h"
#include "common/types/wide_decimal.h"

namespace adbms::sql::functions {
namespace {

using types::Decimal;
using types::DecimalView;
using types::WideDecimal;

std::string NotFinite(int integral, int fraction) {
  return " " + std::string(static_cast<size_t>(integral), '#') + "." +
         std::string(static_cast<size_t>(fraction) + 4, '#');
}

// The power of ten of the first digit.
int ExponentOf(const DecimalView& value) {
  const types::LeadingGroups leading = types::LeadingGroupsOf(value);
  if (leading.first == 0) return 0;
  return leading.weight * 4 + types::DigitCount(leading.first) - 1;
}

}  // namespace

absl::StatusOr<std::string> ScientificNotation(const DecimalView& value, int integral,
                                               int fraction) {
  if (!value.is_finite()) return NotFinite(integral, fraction);
  const int exponent = ExponentOf(value);
  // Rounded where it stands: 9.99 is 10.0, not 1.0 and one more.
  WideDecimal significand = WideDecimal::Of(value);
  significand.RescaleTo(fraction - exponent);
  significand.scale = fraction;
  ASSIGN_OR_RETURN(const Decimal digits, significand.Finish());
  std::string text = digits.Sign() < 0 ? "" : " ";
  text += digits.ToString();
  text += exponent < 0 ? "e-" : "e+";
  const std::string power = std::to_string(std::abs(exponent));
  return text + (power.size() < 2 ? "0" : "") + power;
}

std::string ScientificNotation(double value, int integral, int fraction) {
  if (!std::isfinite(value)) return NotFinite(integral, fraction);
  const int length = std::snprintf(nullptr, 0, "% .*e", fraction, value);
  std::string text(static_cast<size_t>(length) + 1, '\0');
  std::snprintf(text.data(), text.size(), "% .*e", fraction, value);
  text.pop_back();
  return text;
}

std::string RomanNumeral(int64_t value, bool fill_mode, bool lower) {
  constexpr size_t kWidth = 15;
  constexpr struct {
    int value;
    const char* upper;
    const char* lower;
  } kParts[] = {{1000, "M", "m"}, {900, "CM", "cm"}, {500, "D", "d"}, {400, "CD", "cd"},
                {100, "C", "c"},  {90, "XC", "xc"},  {50, "L", "l"},  {40, "XL", "xl"},
                {10, "X", "x"},   {9, "IX", "ix"},   {5, "V", "v"},   {4, "IV", "iv"},
                {1, "I", "i"}};
  if (value < 1 || value > 3999) return std::string(kWidth, '#');
  std::string text;
  for (const auto& part : kParts) {
    for (; value >= part.value; value -= part.value) text += lower ? part.lower : part.upper;
  }
  if (!fill_mode) text.insert(0, kWidth - text.size(), ' ');
  return text;
}

}  // namespace adbms::sql::functions
