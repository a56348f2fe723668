#include "common/types/jsonb_number.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/number_text.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;

absl::Status Overflow() {
  return status::Error(sqlstate::kNumericOutOfRange, "value overflows numeric format");
}

// An exponent beyond is out of range whatever the digits.
constexpr int64_t kExponentLimit = INT32_MAX / 2;

}  // namespace

absl::StatusOr<JsonbNumber> ReadJsonbNumber(std::string_view token, std::string* storage) {
  JsonbNumber result;
  if (token.starts_with('-')) {
    result.negative = true;
    token.remove_prefix(1);
  }
  int64_t exponent = 0;
  if (const size_t e = token.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view digits = token.substr(e + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    if (!absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &exponent) ||
        exponent >= kExponentLimit || exponent <= -kExponentLimit) {
      return Overflow();
    }
    token = token.substr(0, e);
  }
  const size_t point = std::min(token.find('.'), token.size());
  storage->assign(token.substr(0, point));
  if (point < token.size()) storage->append(token.substr(point + 1));
  exponent += static_cast<int64_t>(point);
  const int64_t scale = std::max<int64_t>(0, static_cast<int64_t>(storage->size()) - exponent);
  std::string_view digits = *storage;
  while (!digits.empty() && digits.front() == '0') {
    digits.remove_prefix(1);
    --exponent;
  }
  while (!digits.empty() && digits.back() == '0') digits.remove_suffix(1);
  if (scale > kMostJsonbScale) return Overflow();
  result.scale = static_cast<uint16_t>(scale);
  if (digits.empty()) {
    result.negative = false;
    return result;
  }
  if (exponent > kMostJsonbExponent) return Overflow();
  result.digits = digits;
  result.exponent = static_cast<int32_t>(exponent);
  return result;
}

int CompareJsonbNumbers(const JsonbNumber& a, const JsonbNumber& b) {
  const auto sign = [](const JsonbNumber& n) { return n.IsZero() ? 0 : n.negative ? -1 : 1; };
  if (sign(a) != sign(b)) return sign(a) < sign(b) ? -1 : 1;
  int order = 0;
  if (a.exponent != b.exponent) {
    order = a.exponent < b.exponent ? -1 : 1;
  } else {
    order = a.digits.compare(b.digits);
  }
  return a.negative ? -order : order;
}

size_t JsonbNumberLength(const JsonbNumber& number) {
  const size_t whole = number.exponent > 0 ? static_cast<size_t>(number.exponent) : 1;
  return (number.negative ? 1 : 0) + whole + (number.scale > 0 ? 1 + size_t{number.scale} : 0);
}

void FormatJsonbNumber(const JsonbNumber& number, std::string* out) {
  const auto digit_at = [&](int64_t i) {
    return i >= 0 && i < static_cast<int64_t>(number.digits.size())
               ? number.digits[static_cast<size_t>(i)]
               : '0';
  };
  if (number.negative) out->push_back('-');
  if (number.exponent <= 0) out->push_back('0');
  for (int32_t i = 0; i < number.exponent; ++i) out->push_back(digit_at(i));
  if (number.scale == 0) return;
  out->push_back('.');
  for (int32_t i = 0; i < number.scale; ++i) out->push_back(digit_at(int64_t{number.exponent} + i));
}

absl::StatusOr<Decimal> ToDecimal(const JsonbNumber& number) {
  std::string text;
  FormatJsonbNumber(number, &text);
  return Decimal::Parse(text);
}

absl::StatusOr<double> ToDouble(const JsonbNumber& number) {
  std::string text = number.negative ? "-0." : "0.";
  text.append(number.digits.empty() ? "0" : number.digits);
  text += "e" + std::to_string(number.exponent);
  double value = 0;
  if (const absl::Status status = ParseFloat8(text, &value); status.ok()) return value;
  text.clear();
  FormatJsonbNumber(number, &text);
  return status::Error(sqlstate::kNumericOutOfRange,
                       "\"" + text + "\" is out of range for type double precision");
}

absl::StatusOr<int64_t> ToInteger(const JsonbNumber& number) {
  if (number.IsZero() || number.exponent < 0) return 0;
  const absl::Status out_of_range = status::Error(sqlstate::kNumericOutOfRange, "out of range");
  if (number.exponent > 19) return out_of_range;
  int128 value = 0;
  for (int32_t i = 0; i < number.exponent; ++i) {
    const auto at = static_cast<size_t>(i);
    value = value * 10 + (at < number.digits.size() ? number.digits[at] - '0' : 0);
  }
  const auto next = static_cast<size_t>(number.exponent);
  if (next < number.digits.size() && number.digits[next] >= '5') ++value;
  if (number.negative) value = -value;
  if (value != static_cast<int64_t>(value)) return out_of_range;
  return static_cast<int64_t>(value);
}

}  // namespace adbms::types
