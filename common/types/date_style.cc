// The setting DateStyle (datetime.h).
#include <cctype>
#include <optional>

#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/number_text.h"

namespace adbms::types {
namespace {

absl::Status Invalid(std::string_view text, std::string detail) {
  return status::Error(status::sqlstate::kInvalidParameterValue,
                       "invalid value for parameter \"DateStyle\": \"" + std::string(text) + "\"",
                       std::move(detail));
}

std::optional<DateStyle> StyleOf(std::string_view word) {
  if (word == "iso") return DateStyle::kIso;
  if (word == "sql") return DateStyle::kSql;
  if (word.substr(0, 8) == "postgres") return DateStyle::kPostgres;
  if (word == "german") return DateStyle::kGerman;
  return std::nullopt;
}

std::optional<DateOrder> OrderOf(std::string_view word) {
  if (word == "ymd") return DateOrder::kYmd;
  if (word == "dmy" || word.substr(0, 4) == "euro") return DateOrder::kDmy;
  if (word == "mdy" || word == "us" || word.substr(0, 7) == "noneuro") return DateOrder::kMdy;
  return std::nullopt;
}

}  // namespace

absl::Status ReadDateStyle(std::string_view text, const DateFormat& initial, DateFormat* format) {
  std::optional<DateStyle> style;
  std::optional<DateOrder> order;
  bool fall_back = false;
  bool conflict = false;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view shown = TrimSpaces(text.substr(begin, end - begin));
    begin = end + 1;
    std::string word(shown);
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (const auto named = StyleOf(word)) {
      conflict |= style.has_value() && *style != *named;
      style = named;
    } else if (const auto ordered = OrderOf(word)) {
      conflict |= order.has_value() && *order != *ordered;
      order = ordered;
    } else if (word == "default") {
      fall_back = true;
    } else {
      return Invalid(text, "Unrecognized key word: \"" + std::string(shown) + "\".");
    }
  }
  if (conflict) return Invalid(text, "Conflicting \"datestyle\" specifications.");
  // German dates have an order of their own, unless another is asked for.
  if (style == DateStyle::kGerman && !order.has_value()) order = DateOrder::kDmy;
  const DateFormat& rest = fall_back ? initial : *format;
  *format = {style.value_or(rest.style), order.value_or(rest.order)};
  return absl::OkStatus();
}

std::string ShowDateStyle(const DateFormat& format) {
  constexpr const char* kStyles[] = {"ISO", "SQL", "Postgres", "German"};
  constexpr const char* kOrders[] = {"MDY", "DMY", "YMD"};
  return std::string(kStyles[static_cast<int>(format.style)]) + ", " +
         kOrders[static_cast<int>(format.order)];
}

}  // namespace adbms::types
