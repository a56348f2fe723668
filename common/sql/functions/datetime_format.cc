#include "common/sql/functions/datetime_format.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "common/sql/functions/iso_week.h"
#include "common/sql/functions/number_format.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/number_text.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::CivilTime;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

// Longest first, so that a prefix never hides a longer pattern.
constexpr View kPatterns[] = {
    "HH24", "HH12", "IYYY", "Y,YYY", "MONTH", "Month", "month", "YYYY", "SSSSS", "SSSS", "A.M.",
    "P.M.", "a.m.", "p.m.", "B.C.",  "A.D.",  "b.c.",  "a.d.",  "IDDD", "DAY",   "Day",  "day",
    "MON",  "Mon",  "mon",  "DDD",   "YYY",   "IYY",   "TZH",   "tzh",  "TZM",   "tzm",  "FF1",
    "FF2",  "FF3",  "FF4",  "FF5",   "FF6",   "YY",    "IY",    "MM",   "MI",    "MS",   "DD",
    "DY",   "Dy",   "dy",   "HH",    "SS",    "US",    "WW",    "IW",   "ID",    "CC",   "RM",
    "rm",   "AM",   "PM",   "am",    "pm",    "BC",    "AD",    "bc",   "ad",    "TZ",   "tz",
    "OF",   "Y",    "I",    "D",     "W",     "Q",     "J",
};

constexpr View kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                            "July",    "August",   "September", "October", "November", "December"};
constexpr View kDays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                          "Friday", "Saturday", "Sunday"};
constexpr View kRoman[] = {"I",   "II",   "III", "IV", "V",  "VI",
                           "VII", "VIII", "IX",  "X",  "XI", "XII"};

struct Token {
  std::string text;  // The pattern, or literal text.
  bool pattern = false;
  bool fill_mode = false;  // FM: no padding.
  bool ordinal_upper = false;
  bool ordinal_lower = false;
};

bool StartsWithIgnoringCase(View text, View pattern) {
  return text.size() >= pattern.size() &&
         std::equal(pattern.begin(), pattern.end(), text.begin(), [](char a, char b) {
           return std::toupper(static_cast<unsigned char>(a)) ==
                  std::toupper(static_cast<unsigned char>(b));
         });
}

// The pattern at the start of `text`, empty when there is none. Exact spelling first: the case of
// names decides the case of the output; numbers may be in any case.
View MatchPattern(View text) {
  for (const View pattern : kPatterns) {
    if (text.substr(0, pattern.size()) == pattern) return pattern;
  }
  for (const View pattern : kPatterns) {
    if (StartsWithIgnoringCase(text, pattern)) return pattern;
  }
  return {};
}

std::vector<Token> Tokenize(View format) {
  std::vector<Token> tokens;
  const auto add_literal = [&](char c) {
    if (tokens.empty() || tokens.back().pattern) tokens.emplace_back();
    tokens.back().text.push_back(c);
  };
  bool fill_mode = false;
  for (size_t i = 0; i < format.size();) {
    if (format[i] == '"') {
      for (++i; i < format.size() && format[i] != '"'; ++i) {
        if (format[i] == '\\' && i + 1 < format.size()) ++i;
        add_literal(format[i]);
      }
      ++i;
      continue;
    }
    if (StartsWithIgnoringCase(format.substr(i), "FM")) {
      fill_mode = true;
      i += 2;
      continue;
    }
    if (StartsWithIgnoringCase(format.substr(i), "FX") ||
        StartsWithIgnoringCase(format.substr(i), "TM")) {
      i += 2;
      continue;
    }
    const View pattern = MatchPattern(format.substr(i));
    if (pattern.empty()) {
      if (format[i] == '\\' && i + 1 < format.size()) ++i;
      add_literal(format[i++]);
      continue;
    }
    Token token;
    token.text = pattern;
    token.pattern = true;
    token.fill_mode = fill_mode;
    fill_mode = false;
    i += pattern.size();
    if (format.substr(i, 2) == "TH") {
      token.ordinal_upper = true;
      i += 2;
    } else if (format.substr(i, 2) == "th") {
      token.ordinal_lower = true;
      i += 2;
    }
    tokens.push_back(std::move(token));
    tokens.emplace_back();
  }
  return tokens;
}

std::string Cased(View name, View pattern) {
  std::string out(name);
  const bool upper = std::isupper(static_cast<unsigned char>(pattern[0])) != 0 &&
                     std::isupper(static_cast<unsigned char>(pattern[1])) != 0;
  const bool lower = std::islower(static_cast<unsigned char>(pattern[0])) != 0;
  for (char& c : out) {
    if (upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

View OrdinalSuffix(int64_t number) {
  const int64_t rest = number % 100;
  if (rest >= 11 && rest <= 13) return "TH";
  switch (number % 10) {
    case 1:
      return "ST";
    case 2:
      return "ND";
    case 3:
      return "RD";
    default:
      return "TH";
  }
}

std::string Number(int64_t value, int width, const Token& token) {
  char text[64];
  std::snprintf(text, sizeof(text), "%0*lld", token.fill_mode ? 0 : std::min(width, 9),
                static_cast<long long>(value));
  std::string out = text;
  if (token.ordinal_upper) out += OrdinalSuffix(std::abs(value));
  if (token.ordinal_lower) {
    for (const char c : OrdinalSuffix(std::abs(value))) out.push_back(static_cast<char>(c + 32));
  }
  return out;
}

std::string Padded(std::string text, size_t width, const Token& token) {
  if (!token.fill_mode && text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string Offset(const FormattedTime& time, const Token& token) {
  const int magnitude = std::abs(time.offset_seconds);
  char text[32];
  int length = std::snprintf(text, sizeof(text), "%c%02d", time.offset_seconds < 0 ? '-' : '+',
                             magnitude / 3600);
  if (magnitude % 3600 != 0) {
    length += std::snprintf(text + length, sizeof(text) - static_cast<size_t>(length), ":%02d",
                            magnitude / 60 % 60);
  }
  return std::string(text, static_cast<size_t>(length));
}

int64_t DisplayYear(int year) { return year > 0 ? year : 1 - year; }

// A year of fewer than four digits: the one nearest to 2020.
int64_t NearestTo2020(int64_t year) {
  if (year < 70) return year + 2000;
  if (year < 100) return year + 1900;
  if (year < 520) return year + 2000;
  return year < 1000 ? year + 1000 : year;
}

int Power10(int exponent) {
  int power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

absl::StatusOr<std::string> FormatToken(const FormattedTime& time, const Token& token) {
  const CivilTime& civil = time.civil;
  const std::string& p = token.text;
  const int32_t days = types::DaysFromCivil(civil.year, civil.month, civil.day);
  const IsoWeek week = IsoWeekOf(days);
  const int day_of_year = days - types::DaysFromCivil(civil.year, 1, 1) + 1;
  const int64_t year = DisplayYear(civil.year);
  const int hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12;
  if (p == "YYYY") return Number(year, 4, token);
  if (p == "YYY") return Number(year % 1000, 3, token);
  if (p == "YY") return Number(year % 100, 2, token);
  if (p == "Y") return Number(year % 10, 1, token);
  if (p == "Y,YYY") {
    Token rest = token;
    rest.fill_mode = false;
    return std::to_string(year / 1000) + "," + Number(year % 1000, 3, rest);
  }
  if (p == "IYYY") return Number(DisplayYear(week.year), 4, token);
  if (p == "IYY") return Number(DisplayYear(week.year) % 1000, 3, token);
  if (p == "IY") return Number(DisplayYear(week.year) % 100, 2, token);
  if (p == "I") return Number(DisplayYear(week.year) % 10, 1, token);
  if (p == "MM") return Number(civil.month, 2, token);
  if (p == "DD") return Number(civil.day, 2, token);
  if (p == "DDD") return Number(day_of_year, 3, token);
  if (p == "IDDD") return Number((week.week - 1) * 7 + week.weekday, 3, token);
  if (p == "D") return Number(week.weekday % 7 + 1, 1, token);
  if (p == "ID") return Number(week.weekday, 1, token);
  if (p == "HH24") return Number(civil.hour, 2, token);
  if (p == "HH" || p == "HH12") return Number(hour12, 2, token);
  if (p == "MI") return Number(civil.minute, 2, token);
  if (p == "SS") return Number(civil.second, 2, token);
  if (p == "MS") return Number(civil.microsecond / 1000, 3, token);
  if (p == "US") return Number(civil.microsecond, 6, token);
  if (p.size() == 3 && p[0] == 'F') {
    const int digits = p[2] - '0';
    return Number(civil.microsecond / Power10(6 - digits), digits, token);
  }
  if (p == "SSSS" || p == "SSSSS") {
    return Number(civil.hour * 3600 + civil.minute * 60 + civil.second, 1, token);
  }
  if (p == "WW") return Number((day_of_year - 1) / 7 + 1, 2, token);
  if (p == "W") return Number((civil.day - 1) / 7 + 1, 1, token);
  if (p == "IW") return Number(week.week, 2, token);
  if (p == "Q") return Number((civil.month - 1) / 3 + 1, 1, token);
  if (p == "CC")
    return civil.year > 0 ? Number((civil.year - 1) / 100 + 1, 2, token)
                          : Number((civil.year - 99) / 100, 3, token);  // With its sign.
  if (p == "J") return Number(int64_t{days} + 2'451'545, 1, token);
  const std::string upper = Cased(p, "AA");
  if (upper == "MONTH") return Padded(Cased(kMonths[civil.month - 1], p), 9, token);
  if (upper == "MON") return Cased(kMonths[civil.month - 1].substr(0, 3), p);
  if (upper == "DAY") return Padded(Cased(kDays[week.weekday - 1], p), 9, token);
  if (upper == "DY") return Cased(kDays[week.weekday - 1].substr(0, 3), p);
  if (upper == "RM")
    return Padded(Cased(kRoman[civil.month - 1], p == "rm" ? "aa" : "AA"), 4, token);
  if (upper == "AM" || upper == "PM") return Cased(civil.hour < 12 ? "AM" : "PM", p);
  if (upper == "A.M." || upper == "P.M.")
    return Cased(civil.hour < 12 ? "A.M." : "P.M.", p[0] == 'a' || p[0] == 'p' ? "aa" : "AA");
  if (upper == "BC" || upper == "AD") return Cased(civil.year > 0 ? "AD" : "BC", p);
  if (upper == "B.C." || upper == "A.D.")
    return Cased(civil.year > 0 ? "A.D." : "B.C.", p[0] == 'a' || p[0] == 'b' ? "aa" : "AA");
  if (p == "TZ") return time.zone_name;
  if (p == "tz") return Cased(time.zone_name, "aa");
  if (upper == "OF") return Offset(time, token);
  if (upper == "TZH") return Offset(time, token).substr(0, 3);
  if (upper == "TZM") {
    return Number(std::abs(time.offset_seconds) / 60 % 60, 2, token);
  }
  return status::NotSupported("to_char template pattern \"" + p + "\"");
}

// State of reading: fields as they come, put together at the end.
struct Reading {
  int year = 0;  // 1 BC
  int month = 1;
  int day = 1;
  int day_of_year = 0;
  int64_t julian = -1;
  int hour = 0;
  bool twelve_hours = false;
  bool pm = false;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
  int precision = 6;  // Of the seconds' fraction; FF1 to FF6 say so.
  bool bc = false;
  bool has_zone = false;
  int offset = 0;
  std::string zone_name;
};

class TemplateReader {
 public:
  TemplateReader(View text, View format) : text_(text), tokens_(Tokenize(format)) {}

  absl::StatusOr<FormattedTime> Read() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      const Token& token = tokens_[i];
      if (!token.pattern) {
        SkipLiteral(token.text);
        continue;
      }
      while (position_ < text_.size() && types::IsSpace(text_[position_])) ++position_;
      if (position_ >= text_.size()) break;
      RETURN_IF_ERROR(ReadToken(token, NextIsNumber(i)));
    }
    return Combine();
  }

 private:
  // Separators match any separator; blanks any blanks.
  void SkipLiteral(const std::string& literal) {
    for (const char c : literal) {
      if (position_ >= text_.size()) return;
      const bool separator = std::isalnum(static_cast<unsigned char>(c)) == 0;
      if (types::IsSpace(c)) {
        while (position_ < text_.size() && types::IsSpace(text_[position_])) ++position_;
      } else if (!separator || std::isalnum(static_cast<unsigned char>(text_[position_])) == 0) {
        ++position_;
      }
    }
  }

  // Whether a number follows directly, so that this one must take only its width.
  bool NextIsNumber(size_t index) const {
    for (size_t i = index + 1; i < tokens_.size(); ++i) {
      if (tokens_[i].pattern) return true;
      if (!tokens_[i].text.empty()) return false;
    }
    return false;
  }

  absl::Status OutOfRange() const {
    return Error(sqlstate::kDatetimeOverflow,
                 "date/time field value out of range: \"" + std::string(text_) + "\"");
  }

  // A number of `width` digits, as another follows at once, has only `digits`.
  absl::Status TooShort(View pattern, size_t width, size_t digits) const {
    const size_t left = text_.size() - position_;
    const std::string needs = "Field requires " + std::to_string(width) + " characters, but only ";
    const char* hint = "If your source string is not fixed-width, try using the \"FM\" modifier.";
    if (left < width)
      return Error(sqlstate::kInvalidDatetimeFormat,
                   "source string too short for \"" + std::string(pattern) + "\" formatting field",
                   needs + std::to_string(left) + " remain.", hint);
    return Error(sqlstate::kInvalidDatetimeFormat,
                 "invalid value \"" + std::string(text_.substr(position_, width)) + "\" for \"" +
                     std::string(pattern) + "\"",
                 needs + std::to_string(digits) + " could be parsed.", hint);
  }

  absl::Status Invalid(View pattern) const {
    size_t end = position_;
    while (end < text_.size() && end < position_ + 10 && !types::IsSpace(text_[end])) ++end;
    return Error(sqlstate::kInvalidDatetimeFormat,
                 "invalid value \"" + std::string(text_.substr(position_, end - position_)) +
                     "\" for \"" + std::string(pattern) + "\"",
                 "Value must be an integer.");
  }

  absl::Status ReadNumber(View pattern, size_t width, bool bounded, int64_t* value,
                          size_t* digits = nullptr) {
    size_t end = position_;
    bool negative = false;
    if (end < text_.size() && (text_[end] == '-' || text_[end] == '+')) {
      negative = text_[end] == '-';
      ++end;
    }
    const size_t start = end;
    *value = 0;
    const size_t limit = bounded ? width : 9;
    while (end < text_.size() && end - start < limit &&
           std::isdigit(static_cast<unsigned char>(text_[end])) != 0) {
      *value = *value * 10 + (text_[end++] - '0');
    }
    if (end == start) return Invalid(pattern);
    if (digits != nullptr) *digits = end - start;
    if (negative) *value = -*value;
    position_ = end;
    return absl::OkStatus();
  }

  // A name of `names`, or its first three letters; -1 when none fits.
  template <size_t N>
  int ReadName(const View (&names)[N], bool abbreviated) {
    for (size_t i = 0; i < N; ++i) {
      const View name = abbreviated ? names[i].substr(0, 3) : names[i];
      if (StartsWithIgnoringCase(text_.substr(position_), name)) {
        position_ += name.size();
        return static_cast<int>(i);
      }
    }
    return -1;
  }

  absl::Status ReadToken(const Token& token, bool next_is_number) {
    const std::string& p = token.text;
    std::string upper = p;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    int64_t value = 0;
    size_t digits = 0;
    // With a number right behind it, it takes its width.
    const bool fixed = next_is_number && !token.fill_mode;
    const auto read = [&](size_t width) -> absl::Status {
      const size_t start = position_;
      RETURN_IF_ERROR(ReadNumber(p, width, fixed, &value, &digits));
      if (!fixed || digits >= width) return absl::OkStatus();
      position_ = start;
      return TooShort(p, width, digits);
    };
    const auto number = [&](size_t width, auto* target) -> absl::Status {
      RETURN_IF_ERROR(read(width));
      *target = static_cast<std::remove_pointer_t<decltype(target)>>(value);
      return absl::OkStatus();
    };
    if (upper == "YYYY" || upper == "IYYY") {
      RETURN_IF_ERROR(read(4));
      if (value > 300'000)
        return Error(sqlstate::kDatetimeOverflow,
                     "value for \"" + p + "\" in source string is out of range");
      reading_.year = static_cast<int>(value);
    } else if (upper == "YYY" || upper == "YY" || upper == "Y") {
      RETURN_IF_ERROR(ReadNumber(p, upper.size(), next_is_number, &value, &digits));
      reading_.year = static_cast<int>(digits < 4 ? NearestTo2020(value) : value);
    } else if (upper == "MM") {
      RETURN_IF_ERROR(number(2, &reading_.month));
    } else if (upper == "DD") {
      RETURN_IF_ERROR(number(2, &reading_.day));
    } else if (upper == "DDD") {
      RETURN_IF_ERROR(number(3, &reading_.day_of_year));
    } else if (upper == "J") {
      RETURN_IF_ERROR(ReadNumber(p, 7, next_is_number, &reading_.julian));
    } else if (upper == "HH24") {
      RETURN_IF_ERROR(number(2, &reading_.hour));
    } else if (upper == "HH" || upper == "HH12") {
      RETURN_IF_ERROR(number(2, &reading_.hour));
      reading_.twelve_hours = true;
      if (value < 1 || value > 12) {
        return Error(sqlstate::kInvalidDatetimeFormat,
                     "hour \"" + std::to_string(value) + "\" is invalid for the 12-hour clock", {},
                     "Use the 24-hour clock, or give an hour between 1 and 12.");
      }
    } else if (upper == "MI") {
      RETURN_IF_ERROR(number(2, &reading_.minute));
    } else if (upper == "SS") {
      RETURN_IF_ERROR(number(2, &reading_.second));
    } else if (upper == "MS" || upper == "US" || (upper.size() == 3 && upper[0] == 'F')) {
      const bool milliseconds = upper == "MS";
      const int width = milliseconds ? 3 : upper == "US" ? 6 : upper[2] - '0';
      RETURN_IF_ERROR(ReadNumber(p, static_cast<size_t>(width), next_is_number, &value, &digits));
      const int scale = milliseconds ? 3 : 6;
      value *= Power10(std::max(0, scale - static_cast<int>(digits)));
      if (value < 0 || value >= Power10(scale)) {
        return OutOfRange();
      }
      reading_.microsecond = static_cast<int>(value) * (milliseconds ? 1000 : 1);
      if (upper[0] == 'F') reading_.precision = width;
    } else if (upper == "SSSS" || upper == "SSSSS") {
      RETURN_IF_ERROR(ReadNumber(p, 5, true, &value));
      reading_.hour = static_cast<int>(value / 3600);
      reading_.minute = static_cast<int>(value / 60 % 60);
      reading_.second = static_cast<int>(value % 60);
    } else if (upper == "MONTH" || upper == "MON") {
      int month = upper == "MON" ? -1 : ReadName(kMonths, false);
      if (month < 0) month = ReadName(kMonths, true);
      if (month < 0) return Unmatched(p);
      reading_.month = month + 1;
    } else if (upper == "DAY" || upper == "DY") {
      int day = upper == "DY" ? -1 : ReadName(kDays, false);
      if (day < 0) day = ReadName(kDays, true);
      if (day < 0) return Unmatched(p);
    } else if (upper == "AM" || upper == "PM" || upper == "A.M." || upper == "P.M.") {
      const char c = static_cast<char>(std::toupper(static_cast<unsigned char>(text_[position_])));
      if (c != 'A' && c != 'P') return Unmatched(p);
      reading_.pm = c == 'P';
      reading_.twelve_hours = true;
      position_ = std::min(position_ + upper.size(), text_.size());
    } else if (upper == "BC" || upper == "AD" || upper == "B.C." || upper == "A.D.") {
      reading_.bc = std::toupper(static_cast<unsigned char>(text_[position_])) == 'B';
      position_ = std::min(position_ + upper.size(), text_.size());
    } else if (upper == "TZH") {
      const bool negative = text_[position_] == '-';
      RETURN_IF_ERROR(ReadNumber(p, 2, true, &value));
      reading_.has_zone = true;
      reading_.offset = static_cast<int>(value) * 3600;
      negative_offset_ = negative;
    } else if (upper == "TZM") {
      RETURN_IF_ERROR(ReadNumber(p, 2, true, &value));
      reading_.has_zone = true;
      reading_.offset += static_cast<int>(negative_offset_ ? -value : value) * 60;
    } else if (upper == "Q" || upper == "D" || upper == "ID" || upper == "W" || upper == "WW" ||
               upper == "IW" || upper == "CC") {
      return status::NotSupported("to_date template pattern \"" + p + "\"");
    } else {
      return status::NotSupported("to_timestamp template pattern \"" + p + "\"");
    }
    return absl::OkStatus();
  }

  absl::Status Unmatched(View pattern) const {
    size_t end = position_;
    while (end < text_.size() && std::isalpha(static_cast<unsigned char>(text_[end])) != 0) ++end;
    return Error(sqlstate::kInvalidDatetimeFormat,
                 "invalid value \"" + std::string(text_.substr(position_, end - position_)) +
                     "\" for \"" + std::string(pattern) + "\"",
                 "The given value did not match any of the allowed values for this field.");
  }

  absl::StatusOr<FormattedTime> Combine() {
    FormattedTime time;
    CivilTime& civil = time.civil;
    if (reading_.twelve_hours) {
      if (reading_.pm && reading_.hour < 12) reading_.hour += 12;
      if (!reading_.pm && reading_.hour == 12) reading_.hour = 0;
    }
    // A year before Christ that is negative is one after.
    civil.year = !reading_.bc        ? reading_.year
                 : reading_.year < 0 ? -reading_.year
                                     : 1 - reading_.year;
    if (!reading_.bc && reading_.year <= 0) civil.year = reading_.year == 0 ? 0 : reading_.year + 1;
    civil.month = reading_.month;
    civil.day = reading_.day;
    if (reading_.julian >= 0) {
      types::CivilFromDays(static_cast<int32_t>(reading_.julian - 2'451'545), &civil.year,
                           &civil.month, &civil.day);
    } else if (reading_.day_of_year > 0) {
      const int32_t first = types::DaysFromCivil(civil.year, 1, 1);
      if (reading_.day_of_year > types::DaysFromCivil(civil.year + 1, 1, 1) - first)
        return OutOfRange();
      types::CivilFromDays(first + reading_.day_of_year - 1, &civil.year, &civil.month, &civil.day);
    }
    civil.hour = reading_.hour;
    civil.minute = reading_.minute;
    civil.second = reading_.second;
    civil.microsecond = reading_.microsecond;
    time.precision = reading_.precision;
    const bool valid = civil.month >= 1 && civil.month <= 12 && civil.day >= 1 &&
                       civil.day <= types::DaysInMonth(civil.year, civil.month) &&
                       civil.hour >= 0 && civil.hour < 24 && civil.minute >= 0 &&
                       civil.minute < 60 && civil.second >= 0 && civil.second < 60;
    if (!valid) return OutOfRange();
    time.has_zone = reading_.has_zone;
    time.offset_seconds = reading_.offset;
    return time;
  }

  View text_;
  std::vector<Token> tokens_;
  size_t position_ = 0;
  bool negative_offset_ = false;
  Reading reading_;
};

}  // namespace

absl::StatusOr<std::string> FormatTime(const FormattedTime& time, View format) {
  RETURN_IF_ERROR(CheckTemplate(format));
  std::string out;
  for (const Token& token : Tokenize(format)) {
    if (!token.pattern) {
      out += token.text;
      continue;
    }
    ASSIGN_OR_RETURN(const std::string text, FormatToken(time, token));
    out += text;
  }
  return out;
}

absl::StatusOr<FormattedTime> ParseTime(View text, View format) {
  RETURN_IF_ERROR(CheckTemplate(format));
  return TemplateReader(text, format).Read();
}

}  // namespace adbms::sql::functions
