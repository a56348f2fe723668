#include "common/types/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "common/status/sql_error.h"

namespace adbms::types {
namespace {

using status::Error;
namespace sqlstate = status::sqlstate;

absl::Status OutOfRange(std::string_view text, std::string_view type_name) {
  return Error(
      sqlstate::kNumericOutOfRange,
      "value \"" + std::string(text) + "\" is out of range for type " + std::string(type_name));
}

enum class Scan { kOk, kInvalid, kOverflow };

// A signed decimal integer with blanks around it.
Scan ScanInteger(std::string_view text, int64_t* result) {
  const char* next = text.data();
  const char* end = next + text.size();
  while (next < end && IsSpace(*next)) ++next;
  bool negative = false;
  if (next < end && (*next == '-' || *next == '+')) negative = *next++ == '-';
  const char* first = next;
  uint64_t value = 0;
  while (next < end && static_cast<unsigned char>(*next - '0') < 10 && next - first < 19) {
    value = value * 10 + static_cast<uint64_t>(*next++ - '0');
  }
  bool overflow = false;
  while (next < end && static_cast<unsigned char>(*next - '0') < 10) {
    overflow |= __builtin_mul_overflow(value, uint64_t{10}, &value) ||
                __builtin_add_overflow(value, static_cast<uint64_t>(*next - '0'), &value);
    ++next;
  }
  if (next == first) return Scan::kInvalid;
  while (next < end && IsSpace(*next)) ++next;
  if (next != end) return Scan::kInvalid;
  const uint64_t limit = uint64_t{1} << 63;
  if (overflow || value > limit || (value == limit && !negative)) return Scan::kOverflow;
  *result = static_cast<int64_t>(negative ? -value : value);
  return Scan::kOk;
}

template <typename T>
absl::Status ParseFloat(std::string_view text, std::string_view type_name, T* result) {
  std::string_view rest = TrimSpaces(text);
  bool negative = false;
  if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
    if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {
      return InvalidSyntax(type_name, text);
    }
  }
  if (EqualsIgnoreCase(rest, "infinity") || EqualsIgnoreCase(rest, "inf")) {
    *result = negative ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
    return absl::OkStatus();
  }
  if (EqualsIgnoreCase(rest, "nan")) {
    *result = std::numeric_limits<T>::quiet_NaN();
    return absl::OkStatus();
  }
  if (rest.empty() || !((rest.front() >= '0' && rest.front() <= '9') || rest.front() == '.')) {
    return InvalidSyntax(type_name, text);
  }
  T value{};
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error == std::errc::invalid_argument || end != rest.data() + rest.size()) {
    return InvalidSyntax(type_name, text);
  }
  if (error == std::errc::result_out_of_range) {
    return Error(
        sqlstate::kNumericOutOfRange,
        "\"" + std::string(text) + "\" is out of range for type " + std::string(type_name));
  }
  *result = negative ? -value : value;
  return absl::OkStatus();
}

// Digits and exponent of the shortest form, laid out as PostgreSQL does: plain while the exponent
// lies in
// [-4, plain_limit), scientific with at least two exponent digits otherwise.
template <typename T>
void FormatShortest(T value, int plain_limit, std::string* out) {
  char buffer[64];
  const auto result =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  std::string_view text(buffer, result.ptr - buffer);
  if (text.front() == '-') {
    out->push_back('-');
    text.remove_prefix(1);
  }
  const size_t e = text.find('e');
  char digits[32];
  int count = 0;
  for (const char c : text.substr(0, e)) {
    if (c != '.') digits[count++] = c;
  }
  int exponent = 0;
  const char* exponent_start = text.data() + e + 1;
  if (*exponent_start == '+') ++exponent_start;
  std::from_chars(exponent_start, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= plain_limit) {
    out->push_back(digits[0]);
    if (count > 1) out->append(1, '.').append(digits + 1, count - 1);
    out->append(exponent < 0 ? "e-" : "e+");
    const int magnitude = std::abs(exponent);
    if (magnitude < 10) out->push_back('0');
    out->append(std::to_string(magnitude));
  } else if (exponent < 0) {
    out->append("0.").append(-exponent - 1, '0').append(digits, count);
  } else if (count <= exponent + 1) {
    out->append(digits, count).append(exponent + 1 - count, '0');
  } else {
    out->append(digits, exponent + 1)
        .append(1, '.')
        .append(digits + exponent + 1, count - exponent - 1);
  }
}

template <typename T>
void FormatFloat(T value, int plain_limit, int digits, int extra, std::string* out) {
  if (std::isnan(value)) {
    out->append("NaN");
  } else if (std::isinf(value)) {
    out->append(value < 0 ? "-Infinity" : "Infinity");
  } else if (value == 0) {
    out->append(std::signbit(value) ? "-0" : "0");
  } else if (extra > 0) {
    FormatShortest(value, plain_limit, out);
  } else {
    char buffer[64];
    const int precision = std::max(digits + extra, 1);
    const int length =
        std::snprintf(buffer, sizeof(buffer), "%.*g", precision, static_cast<double>(value));
    out->append(buffer, length);
  }
}

}  // namespace

std::string_view TrimSpaces(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool EqualsIgnoreCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

absl::Status InvalidSyntax(std::string_view type_name, std::string_view text) {
  return Error(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type " +
                                                         std::string(type_name) + ": \"" +
                                                         std::string(text) + "\"");
}

absl::Status ParseInteger(std::string_view text, TypeId type, int64_t* result) {
  const Scan scan = ScanInteger(text, result);
  const auto name = [&] { return Format(Type{type, 0}); };
  if (scan == Scan::kInvalid) [[unlikely]]
    return InvalidSyntax(name(), text);
  if (scan == Scan::kOverflow) [[unlikely]]
    return OutOfRange(text, name());
  if ((type == TypeId::kInt4 && *result != static_cast<int32_t>(*result)) ||
      (type == TypeId::kInt2 && *result != static_cast<int16_t>(*result))) [[unlikely]] {
    return OutOfRange(text, name());
  }
  return absl::OkStatus();
}

absl::Status ParseOid(std::string_view text, int64_t* result) {
  const Scan scan = ScanInteger(text, result);
  if (scan == Scan::kInvalid) return InvalidSyntax("oid", text);
  if (scan == Scan::kOverflow || *result > int64_t{UINT32_MAX} || *result < int64_t{INT32_MIN}) {
    return OutOfRange(text, "oid");
  }
  *result = static_cast<uint32_t>(*result);
  return absl::OkStatus();
}

std::optional<bool> BoolOfWord(std::string_view word) {
  const auto is_prefix_of = [&](std::string_view whole, size_t least) {
    return word.size() >= least && word.size() <= whole.size() &&
           EqualsIgnoreCase(word, whole.substr(0, word.size()));
  };
  if (word == "1" || is_prefix_of("true", 1) || is_prefix_of("yes", 1) || is_prefix_of("on", 2))
    return true;
  if (word == "0" || is_prefix_of("false", 1) || is_prefix_of("no", 1) || is_prefix_of("off", 2))
    return false;
  return std::nullopt;
}

absl::Status ParseBool(std::string_view text, bool* result) {
  const std::optional<bool> value = BoolOfWord(TrimSpaces(text));
  if (!value.has_value()) return InvalidSyntax("boolean", text);
  *result = *value;
  return absl::OkStatus();
}

absl::Status ParseFloat4(std::string_view text, float* result) {
  return ParseFloat(text, "real", result);
}

absl::Status ParseFloat8(std::string_view text, double* result) {
  return ParseFloat(text, "double precision", result);
}

void FormatInteger(int64_t value, std::string* out) {
  char buffer[24];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  out->append(buffer, result.ptr - buffer);
}

void FormatFloat4(float value, int extra_float_digits, std::string* out) {
  FormatFloat(value, 6, 6, extra_float_digits, out);
}

void FormatFloat8(double value, int extra_float_digits, std::string* out) {
  FormatFloat(value, 15, 15, extra_float_digits, out);
}

}  // namespace adbms::types
