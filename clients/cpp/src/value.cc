#include "adbms/value.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "src/rpc.h"

namespace adbms {
namespace {

constexpr std::uint32_t kBool = 16, kBytea = 17, kInt8 = 20, kInt4 = 23, kFloat8 = 701,
                        kDate = 1082, kTimestamptz = 1184, kInterval = 1186, kUuid = 2950;

std::string Hex(const std::uint8_t* bytes, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (std::size_t i = 0; i < size; ++i) {
    hex += kDigits[bytes[i] >> 4];
    hex += kDigits[bytes[i] & 15];
  }
  return hex;
}

// As the server reads it: years before 1 are BC.
std::string DateText(std::chrono::year_month_day date) {
  const int year = static_cast<int>(date.year());
  char text[40];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02u", year > 0 ? year : 1 - year,
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

std::string_view EraOf(std::chrono::year_month_day date) {
  return static_cast<int>(date.year()) > 0 ? "" : " BC";
}

}  // namespace

Value::Value(const Interval& value)
    : data_(Text{std::to_string(value.months) + " mons " + std::to_string(value.days) + " days " +
                     std::to_string(value.microseconds) + " microseconds",
                 kInterval}) {}

Value::Value(Date value) {
  const std::chrono::year_month_day date(value);
  data_ = Text{DateText(date) + std::string(EraOf(date)), kDate};
}

Value::Value(Timestamp value) {
  const auto day = std::chrono::floor<std::chrono::days>(value);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(value - day);
  char text[40];
  std::snprintf(text, sizeof(text), " %02d:%02d:%02d.%06d+00",
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  data_ = Text{DateText(date) + text + std::string(EraOf(date)), kTimestamptz};
}

Value::Value(const Uuid& value) : data_(Text{Hex(value.data(), value.size()), kUuid}) {}

Value Value::Array(const std::vector<Value>& elements) {
  Value value;
  value.data_ = Text{internal::ArrayText(elements), internal::ArrayOid(elements)};
  return value;
}

std::uint32_t Value::oid() const {
  if (std::holds_alternative<bool>(data_)) return kBool;
  if (std::holds_alternative<double>(data_)) return kFloat8;
  if (std::holds_alternative<Bytes>(data_)) return kBytea;
  if (const auto* text = std::get_if<Text>(&data_)) return text->oid;
  if (const auto* number = std::get_if<std::int64_t>(&data_))
    return std::in_range<std::int32_t>(*number) ? kInt4 : kInt8;
  return 0;
}

std::string Value::text() const {
  if (const auto* flag = std::get_if<bool>(&data_)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&data_)) return std::to_string(*number);
  if (const auto* text = std::get_if<Text>(&data_)) return text->text;
  if (const auto* bytes = std::get_if<Bytes>(&data_))
    return "\\x" + Hex(bytes->data(), bytes->size());
  const double number = std::get<double>(data_);
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), number);
  return std::string(buffer, end.ptr);
}

}  // namespace adbms
