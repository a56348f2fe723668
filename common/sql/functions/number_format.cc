#include "common/sql/functions/number_format.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <utility>

#include "common/sql/functions/number_notations.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/decimal_math.h"

namespace adbms::sql::functions {
namespace {

using types::Decimal;
using types::DecimalView;
using View = std::string_view;

enum class SignStyle { kDefault, kLeadingS, kTrailingS, kMinus, kTrailingMinus, kCell, kAngle };

// A literal's mark; the character follows.
constexpr char kLiteralCell = '\x01';
// SG: "+" or "-". PL: "+" or " ", and the number keeps a minus of its own.
constexpr char kSignCell = '\x02';
constexpr char kPlusCell = '\x03';
constexpr char kRomanCell = '\x04';

struct Template {
  std::string cells;    // '9', '0', ',', '.', 'L', ' ' (literal follows in `literals`)
  int integral = 0;     // Digit cells before the point.
  int fraction = 0;     // And after it.
  int first_zero = -1;  // Number of the first '0' among the integral digit cells.
  int last_fraction_zero = 0;
  bool fill_mode = false;
  SignStyle sign = SignStyle::kDefault;
  bool has_sign_cell = false;
  bool ordinal_upper = false;
  bool ordinal_lower = false;
  int shift = 0;  // Digits after V.
  bool multiplies = false;
  bool scientific = false;
  bool roman = false;
  bool lower_roman = false;
};

absl::Status Malformed(std::string_view message, std::string_view detail = {}) {
  return status::Error(status::sqlstate::kSyntaxError, std::string(message), std::string(detail));
}

bool At(View format, size_t i, View word) {
  if (format.size() - i < word.size()) return false;
  for (size_t k = 0; k < word.size(); ++k) {
    if (std::toupper(static_cast<unsigned char>(format[i + k])) != word[k]) return false;
  }
  return true;
}

// Whether more than a literal stands there.
bool IsPattern(View format, size_t i) {
  for (const View word : {View("FM"), View("RN"), View("MI"), View("PR"), View("PL"), View("SG"),
                          View("TH"), View("V"), View("S"), View("L"), View("D"), View("G")}) {
    if (At(format, i, word)) return true;
  }
  return View("90.,").find(format[i]) != View::npos;
}

absl::Status ReadScientific(Template* plan) {
  if (plan->scientific) return Malformed("cannot use \"EEEE\" twice");
  if (plan->sign != SignStyle::kDefault || plan->multiplies || plan->roman) {
    return Malformed("\"EEEE\" is incompatible with other formats",
                     "\"EEEE\" may only be used together with digit and decimal point patterns.");
  }
  plan->scientific = true;
  return absl::OkStatus();
}

absl::StatusOr<Template> Read(View format) {
  Template result;
  bool point = false;
  bool v = false;
  for (size_t i = 0; i < format.size();) {
    const char c = format[i];
    if (At(format, i, "EEEE")) {
      RETURN_IF_ERROR(ReadScientific(&result));
      i += 4;
    } else if (result.scientific && IsPattern(format, i)) {
      return Malformed("\"EEEE\" must be the last pattern used");
    } else if (At(format, i, "FM")) {
      result.fill_mode = true;
      i += 2;
    } else if (At(format, i, "RN")) {
      result.roman = true;
      result.lower_roman = c == 'r';
      result.cells.push_back(kRomanCell);
      i += 2;
    } else if (At(format, i, "MI")) {
      result.sign = result.cells.empty() ? SignStyle::kMinus : SignStyle::kTrailingMinus;
      i += 2;
    } else if (At(format, i, "PR")) {
      result.sign = SignStyle::kAngle;
      i += 2;
    } else if (At(format, i, "PL") || At(format, i, "SG")) {
      result.sign = SignStyle::kCell;
      result.cells.push_back(std::toupper(static_cast<unsigned char>(c)) == 'P' ? kPlusCell
                                                                                : kSignCell);
      i += 2;
    } else if (At(format, i, "TH")) {
      (format[i] == 'T' ? result.ordinal_upper : result.ordinal_lower) = true;
      i += 2;
    } else if (c == '9' || c == '0') {
      if (v) {
        ++result.shift;
        ++result.integral;
      } else if (point) {
        ++result.fraction;
        if (c == '0') result.last_fraction_zero = result.fraction;
      } else {
        if (c == '0' && result.first_zero < 0) result.first_zero = result.integral;
        ++result.integral;
      }
      result.cells.push_back(c);
      ++i;
    } else if (c == '.' || c == 'D' || c == 'd') {
      if (point) {
        return Malformed("multiple decimal points");
      }
      point = true;
      result.cells.push_back('.');
      ++i;
    } else if (c == ',' || c == 'G' || c == 'g') {
      result.cells.push_back(',');
      ++i;
    } else if (c == 'V' || c == 'v') {
      v = true;
      result.multiplies = true;
      ++i;
    } else if (c == 'S' || c == 's') {
      result.sign = result.cells.empty() ? SignStyle::kLeadingS : SignStyle::kTrailingS;
      ++i;
    } else if (c == 'L' || c == 'l') {
      result.cells.append({kLiteralCell, ' '});
      ++i;
    } else if (c == '"') {
      for (++i; i < format.size() && format[i] != '"'; ++i) {
        if (format[i] == '\\' && i + 1 < format.size()) ++i;
        result.cells.append({kLiteralCell, format[i]});
      }
      ++i;
    } else {
      // Outside quotes a backslash escapes nothing but a quote.
      if (c == '\\' && i + 1 < format.size() && format[i + 1] == '"') ++i;
      result.cells.append({kLiteralCell, format[i]});
      ++i;
    }
  }
  return result;
}

View OrdinalSuffix(View digits) {
  const bool teen = digits.size() > 1 && digits[digits.size() - 2] == '1';
  const char last = digits.empty() ? '0' : digits.back();
  if (!teen && last == '1') return "ST";
  if (!teen && last == '2') return "ND";
  if (!teen && last == '3') return "RD";
  return "TH";
}

}  // namespace

absl::Status CheckTemplate(View format) {
  constexpr size_t kLongest = size_t{64} << 10;
  if (format.size() <= kLongest) return absl::OkStatus();
  return status::Error(status::sqlstate::kProgramLimitExceeded, "the template is too long",
                       "It has " + std::to_string(format.size()) + " bytes, 65536 may be.");
}

namespace {

absl::StatusOr<std::string> FormatRoman(const Template& plan, absl::StatusOr<int64_t> number) {
  if (!number.ok()) return number.status();
  if (*number != static_cast<int32_t>(*number))
    return status::Error(status::sqlstate::kNumericOutOfRange, "integer out of range");
  std::string text;
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    if (plan.cells[i] == kLiteralCell) {
      text.push_back(plan.cells[++i]);
    } else if (plan.cells[i] == kRomanCell) {
      text += RomanNumeral(*number, plan.fill_mode, plan.lower_roman);
    } else {
      return status::NotSupported("to_char number template pattern \"RN\" with others");
    }
  }
  return text;
}

// numeric's cast to integer.
absl::StatusOr<int64_t> WholeOf(const DecimalView& value) {
  if (!value.is_finite()) {
    return status::Error(
        status::sqlstate::kFeatureNotSupported,
        value.is_nan() ? "cannot convert NaN to integer" : "cannot convert infinity to integer");
  }
  const auto whole = value.ToInt64();
  return whole.ok() ? *whole : std::numeric_limits<int64_t>::max();
}

absl::StatusOr<std::string> FormatTemplate(const DecimalView& value, Template plan,
                                           int digits_held) {
  if (digits_held < Decimal::kMaxDigits) {
    ASSIGN_OR_RETURN(const Decimal whole, types::Truncate(value, 0));
    const int integral = static_cast<int>(types::Absolute(whole).ToString().size());
    plan.fraction = std::min(plan.fraction, std::max(0, digits_held - integral));
    plan.last_fraction_zero = std::min(plan.last_fraction_zero, plan.fraction);
  }
  Decimal scaled = value;
  if (plan.shift > 0) {
    ASSIGN_OR_RETURN(const Decimal factor, Decimal::Parse("1e" + std::to_string(plan.shift)));
    ASSIGN_OR_RETURN(scaled, types::Multiply(value, factor));
  }
  ASSIGN_OR_RETURN(const Decimal rounded, types::Round(scaled, plan.fraction));
  const bool negative = rounded.Sign() < 0;
  std::string digits = (negative ? types::Negate(rounded) : rounded).ToString();
  // "Infinity" and "NaN" stand where whole numbers do.
  const bool has_digits = value.is_finite();
  std::string fraction;
  if (const size_t point = digits.find('.'); point != std::string::npos) {
    fraction = digits.substr(point + 1);
    digits.resize(point);
  }
  fraction.resize(static_cast<size_t>(plan.fraction), '0');
  if (digits == "0" && plan.integral > 0 && (plan.fraction > 0 || plan.first_zero >= 0))
    digits.clear();
  if (digits == "0" && plan.integral == 0) digits.clear();
  const bool overflow = digits.size() > static_cast<size_t>(plan.integral);
  // Fraction digits that fill mode drops: trailing zeros under '9'.
  int shown_fraction = plan.fraction;
  if (plan.fill_mode && !overflow) {
    while (shown_fraction > plan.last_fraction_zero &&
           fraction[static_cast<size_t>(shown_fraction) - 1] == '0') {
      --shown_fraction;
    }
  }
  const int leading = plan.integral - static_cast<int>(digits.size());
  const bool own_zero = plan.integral > 0 && digits.empty() && plan.fraction == 0;
  // In fill mode something stands before a point that nothing follows.
  const bool lone_zero =
      plan.fill_mode && !overflow && digits.empty() && plan.fraction > 0 && shown_fraction == 0;
  std::string body;
  bool started = false;
  int integral_seen = 0;
  int fraction_seen = 0;
  bool plus_cell = false;
  bool point = false;
  // Where the number's sign goes: before its first digit.
  size_t first = std::string::npos;
  const auto start = [&] {
    if (!started) first = body.size();
    started = true;
  };
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    const char cell = plan.cells[i];
    if (cell == kLiteralCell) {
      body.push_back(plan.cells[++i]);
    } else if (cell == kSignCell) {
      body.push_back(negative ? '-' : '+');
    } else if (cell == kPlusCell) {
      if (!negative || !plan.fill_mode) body.push_back(negative ? ' ' : '+');
      plus_cell = true;
    } else if (cell == '.') {
      point = true;
      if (!has_digits && !overflow) continue;
      start();
      // Without digits to come there is no point.
      if (plan.fraction > 0 || overflow) body.push_back('.');
    } else if (cell == ',') {
      if (started) {
        body.push_back(',');
      } else if (!plan.fill_mode) {
        body.push_back(' ');
      }
    } else if (point) {
      if (!has_digits && !overflow) continue;
      if (fraction_seen < shown_fraction) {
        body.push_back(overflow ? '#' : fraction[static_cast<size_t>(fraction_seen)]);
      }
      ++fraction_seen;
    } else {
      const int index = integral_seen++;
      if (overflow) {
        start();
        body.push_back('#');
      } else if (index >= leading) {
        start();
        body.push_back(digits[static_cast<size_t>(index - leading)]);
      } else if ((plan.first_zero >= 0 && index >= plan.first_zero) ||
                 ((own_zero || lone_zero) && index == plan.integral - 1)) {
        start();
        body.push_back('0');
      } else if (!plan.fill_mode) {
        body.push_back(' ');
      }
    }
  }
  first = std::min(first, body.size());
  if (plan.ordinal_upper || plan.ordinal_lower) {
    std::string suffix(OrdinalSuffix(digits));
    if (plan.ordinal_lower) {
      for (char& c : suffix) c = static_cast<char>(c + 32);
    }
    if (!negative && !overflow && fraction.empty()) body += suffix;
  }
  switch (plan.sign) {
    case SignStyle::kLeadingS:
      return body.insert(first, 1, negative ? '-' : '+');
    case SignStyle::kTrailingS:
      return body + (negative ? "-" : "+");
    case SignStyle::kMinus:
      return (negative ? "-" : plan.fill_mode ? "" : " ") + body;
    case SignStyle::kTrailingMinus:
      return body + (negative ? "-" : plan.fill_mode ? "" : " ");
    case SignStyle::kAngle:
      if (negative) return body.insert(first, 1, '<') + ">";
      return plan.fill_mode ? body : " " + body + " ";
    case SignStyle::kCell:
      if (!plus_cell) return body;
      [[fallthrough]];
    default:
      if (negative) return body.insert(first, 1, '-');
      return plan.fill_mode ? body : body.insert(first, 1, ' ');
  }
}

}  // namespace

absl::StatusOr<std::string> FormatNumber(const DecimalView& value, View format) {
  RETURN_IF_ERROR(CheckTemplate(format));
  ASSIGN_OR_RETURN(Template plan, Read(format));
  if (plan.scientific) return ScientificNotation(value, plan.integral, plan.fraction);
  if (plan.roman) return FormatRoman(plan, WholeOf(value));
  return FormatTemplate(value, std::move(plan), Decimal::kMaxDigits);
}

absl::StatusOr<std::string> FormatFloating(double value, View format, int digits) {
  RETURN_IF_ERROR(CheckTemplate(format));
  ASSIGN_OR_RETURN(Template plan, Read(format));
  if (plan.scientific) return ScientificNotation(value, plan.integral, plan.fraction);
  if (plan.roman) {
    const double whole = std::rint(value);
    const bool small = std::fabs(whole) <= std::numeric_limits<int32_t>::max();
    return FormatRoman(plan,
                       small ? static_cast<int64_t>(whole) : std::numeric_limits<int64_t>::max());
  }
  ASSIGN_OR_RETURN(const Decimal decimal, Decimal::FromDouble(value));
  return FormatTemplate(decimal, std::move(plan), digits);
}

}  // namespace adbms::sql::functions
