#include "common/sql/functions/jsonpath_template.h"

#include <algorithm>
#include <cctype>
#include <climits>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"
#include "common/types/datetime.h"
#include "common/types/number_text.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {
namespace {

using Field = PathTemplate::Field;
using Part = PathTemplate::Part;
using View = std::string_view;
using status::Error;
namespace sqlstate = status::sqlstate;

struct Pattern {
  View name;
  Field field;
  int width;
};
// What begins another name comes behind it.
constexpr Pattern kPatterns[] = {
    {"YYYY", Field::kYear, 4},        {"YYY", Field::kShortYear, 3},
    {"YY", Field::kShortYear, 2},     {"Y", Field::kShortYear, 1},
    {"MM", Field::kMonth, 2},         {"MONTH", Field::kMonthName, 0},
    {"MON", Field::kMonthName, 3},    {"DDD", Field::kDayOfYear, 3},
    {"DD", Field::kDay, 2},           {"HH24", Field::kHour24, 2},
    {"HH12", Field::kHour12, 2},      {"HH", Field::kHour12, 2},
    {"MI", Field::kMinute, 2},        {"SSSSS", Field::kSecondOfDay, 5},
    {"SSSS", Field::kSecondOfDay, 5}, {"SS", Field::kSecond, 2},
    {"MS", Field::kMillisecond, 3},   {"US", Field::kFraction, 6},
    {"FF1", Field::kFraction, 1},     {"FF2", Field::kFraction, 2},
    {"FF3", Field::kFraction, 3},     {"FF4", Field::kFraction, 4},
    {"FF5", Field::kFraction, 5},     {"FF6", Field::kFraction, 6},
    {"A.M.", Field::kHalfDay, 4},     {"P.M.", Field::kHalfDay, 4},
    {"AM", Field::kHalfDay, 2},       {"PM", Field::kHalfDay, 2},
    {"B.C.", Field::kEra, 4},         {"A.D.", Field::kEra, 4},
    {"BC", Field::kEra, 2},           {"AD", Field::kEra, 2},
    {"TZH", Field::kZoneHour, 2},     {"TZM", Field::kZoneMinute, 2},
};
// Those of to_char that datetime() does not read here.
constexpr View kUnsupported[] = {"Y,YYY", "IYYY", "IYY", "IDDD", "IY", "IW", "ID",
                                 "I",     "DAY",  "DY",  "D",    "WW", "W",  "CC",
                                 "RM",    "Q",    "TZ",  "OF",   "J",  "TH"};
constexpr View kSeparators = "-./,':; ";
constexpr View kMonths[] = {"january", "february", "march",     "april",   "may",      "june",
                            "july",    "august",   "september", "october", "november", "december"};

std::string Cased(View text, int (*change)(int)) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return out;
}

// Patterns are in capitals or in small letters; names of months also with one capital.
bool Begins(View text, View name, bool capitalized) {
  const View start = text.substr(0, name.size());
  if (start == name || start == Cased(name, std::tolower)) return true;
  return capitalized && start.size() == name.size() && start[0] == name[0] &&
         start.substr(1) == Cased(name.substr(1), std::tolower);
}

bool IsNumber(Field field) {
  switch (field) {
    case Field::kText:
    case Field::kSeparator:
    case Field::kMonthName:
    case Field::kHalfDay:
    case Field::kEra:
    case Field::kZoneHour:
      return false;
    default:
      return true;
  }
}

// A year of fewer than four digits: the one nearest to 2020.
int64_t NearestTo2020(int64_t year) {
  if (year < 70) return year + 2000;
  if (year < 100) return year + 1900;
  if (year < 520) return year + 2000;
  return year < 1000 ? year + 1000 : year;
}

struct Reading {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  int64_t day_of_year = 0;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t second_of_day = 0;
  int64_t microsecond = 0;
  int precision = 6;
  bool twelve_hours = false;
  bool pm = false;
  bool bc = false;
  bool negative_zone = false;
  int64_t zone_hour = 0;
  int64_t zone_minute = 0;
  bool dated = false;
  bool timed = false;
  bool zoned = false;
};

class Reader {
 public:
  explicit Reader(View text) : text_(text) {}

  absl::Status Take(const Part& part) {
    if (part.field != Field::kText && part.field != Field::kSeparator) SkipSpaces();
    if (position_ >= text_.size()) return Invalid("input string is too short for datetime format");
    if (part.field == Field::kText || part.field == Field::kSeparator) {
      if (text_[position_] == part.text[0]) {
        ++position_;
        return absl::OkStatus();
      }
      return Invalid(std::string("unmatched format ") +
                     (part.field == Field::kText ? "character" : "separator") + " \"" + part.text +
                     "\"");
    }
    Note(part.field);
    return TakeField(part);
  }
  absl::StatusOr<PathTime> Finish() {
    SkipSpaces();
    if (position_ < text_.size())
      return Invalid("trailing characters remain in input string after datetime format");
    return Combine();
  }

 private:
  static absl::Status Invalid(View message, View detail = {}, View hint = {}) {
    return Error(sqlstate::kInvalidDatetimeFormat, message, detail, hint);
  }
  absl::Status OutOfRange() const {
    return Error(sqlstate::kDatetimeOverflow,
                 "date/time field value out of range: \"" + std::string(text_) + "\"");
  }
  void SkipSpaces() {
    while (position_ < text_.size() && types::IsSpace(text_[position_])) ++position_;
  }
  void Note(Field field) {
    switch (field) {
      case Field::kYear:
      case Field::kShortYear:
      case Field::kMonth:
      case Field::kMonthName:
      case Field::kDay:
      case Field::kDayOfYear:
      case Field::kEra:
        read_.dated = true;
        return;
      case Field::kZoneHour:
      case Field::kZoneMinute:
        read_.zoned = true;
        return;
      default:
        read_.timed = true;
    }
  }

  // A number, of the part's width where another follows at once; how many bytes it took.
  absl::StatusOr<int64_t> Number(const Part& part, size_t* taken) {
    const auto width = static_cast<size_t>(part.width);
    const View rest = text_.substr(position_);
    const View all = part.bounded ? rest.substr(0, width) : rest;
    if (part.bounded && rest.size() < width) {
      return Invalid("source string too short for \"" + part.text + "\" formatting field",
                     "Field requires " + std::to_string(width) + " characters, but only " +
                         std::to_string(rest.size()) + " remain.",
                     "If your source string is not fixed-width, try using the \"FM\" modifier.");
    }
    size_t at = !all.empty() && (all[0] == '-' || all[0] == '+') ? 1 : 0;
    const size_t first = at;
    int64_t value = 0;
    for (; at < all.size() && all[at] >= '0' && all[at] <= '9'; ++at) {
      value = std::min<int64_t>(value * 10 + (all[at] - '0'), int64_t{INT_MAX} + 1);
    }
    const std::string invalid =
        "invalid value \"" + std::string(rest.substr(0, width)) + "\" for \"" + part.text + "\"";
    if (at == first) return Invalid(invalid, "Value must be an integer.");
    if (part.bounded && at < width) {
      return Invalid(invalid,
                     "Field requires " + std::to_string(width) + " characters, but only " +
                         std::to_string(at) + " could be parsed.",
                     "If your source string is not fixed-width, try using the \"FM\" modifier.");
    }
    if (value > INT_MAX) {
      return Error(sqlstate::kDatetimeOverflow,
                   "value for \"" + part.text + "\" in source string is out of range",
                   "Value must be in the range -2147483648 to 2147483647.");
    }
    position_ += at;
    *taken = at;
    return all[0] == '-' ? -value : value;
  }

  static absl::Status Set(const Part& part, int64_t value, int64_t* target) {
    if (*target != 0 && *target != value) {
      return Invalid("conflicting values for \"" + part.text + "\" field in formatting string",
                     "This value contradicts a previous setting for the same field type.");
    }
    *target = value;
    return absl::OkStatus();
  }

  absl::Status TakeField(const Part& part) {
    switch (part.field) {
      case Field::kMonthName:
        return TakeMonthName(part);
      case Field::kHalfDay:
      case Field::kEra:
        return TakeWord(part);
      case Field::kZoneHour:
        read_.negative_zone = text_[position_] == '-';
        if (text_[position_] == '-' || text_[position_] == '+') ++position_;
        break;
      default:
        break;
    }
    size_t taken = 0;
    ASSIGN_OR_RETURN(int64_t value, Number(part, &taken));
    if (part.field == Field::kShortYear && taken < 4) value = NearestTo2020(value);
    if (part.field == Field::kMillisecond || part.field == Field::kFraction)
      return TakeFraction(part, value, taken);
    if (part.field == Field::kHour12) read_.twelve_hours = true;
    return Set(part, value, TargetOf(part.field));
  }

  int64_t* TargetOf(Field field) {
    switch (field) {
      case Field::kYear:
      case Field::kShortYear:
        return &read_.year;
      case Field::kMonth:
        return &read_.month;
      case Field::kDay:
        return &read_.day;
      case Field::kDayOfYear:
        return &read_.day_of_year;
      case Field::kHour12:
      case Field::kHour24:
        return &read_.hour;
      case Field::kMinute:
        return &read_.minute;
      case Field::kSecond:
        return &read_.second;
      case Field::kSecondOfDay:
        return &read_.second_of_day;
      case Field::kZoneHour:
        return &read_.zone_hour;
      default:
        return &read_.zone_minute;
    }
  }

  absl::Status TakeFraction(const Part& part, int64_t value, size_t digits) {
    const bool milliseconds = part.field == Field::kMillisecond;
    const size_t all = milliseconds ? 3 : 6;
    for (size_t i = digits; i < all; ++i) value *= 10;
    if (value < 0 || value >= (milliseconds ? 1000 : 1'000'000)) return OutOfRange();
    if (part.rounds) read_.precision = part.width;
    read_.microsecond += milliseconds ? value * 1000 : value;
    return absl::OkStatus();
  }

  absl::Status NoSuchWord(const Part& part) const {
    size_t end = position_;
    while (end < text_.size() && !types::IsSpace(text_[end])) ++end;
    return Invalid("invalid value \"" + std::string(text_.substr(position_, end - position_)) +
                       "\" for \"" + part.text + "\"",
                   "The given value did not match any of the allowed values for this field.");
  }

  absl::Status TakeMonthName(const Part& part) {
    for (size_t i = 0; i < std::size(kMonths); ++i) {
      const View name = part.width > 0 ? kMonths[i].substr(0, 3) : kMonths[i];
      if (Cased(text_.substr(position_, name.size()), std::tolower) != name) continue;
      position_ += name.size();
      return Set(part, static_cast<int64_t>(i) + 1, &read_.month);
    }
    return NoSuchWord(part);
  }

  // AM, PM, BC, AD, with points or without.
  absl::Status TakeWord(const Part& part) {
    const bool points = part.width == 4;
    const std::string word = Cased(text_.substr(position_, part.width), std::tolower);
    const bool half = part.field == Field::kHalfDay;
    const View first = half ? (points ? "a.m." : "am") : (points ? "b.c." : "bc");
    const View second = half ? (points ? "p.m." : "pm") : (points ? "a.d." : "ad");
    if (word != first && word != second) return NoSuchWord(part);
    position_ += word.size();
    if (half) {
      read_.pm = word == second;
      read_.twelve_hours = true;
    } else {
      read_.bc = word == first;
    }
    return absl::OkStatus();
  }

  absl::Status CombineTime() {
    Reading& r = read_;
    if (r.second_of_day < 0 || r.second_of_day >= 86400) return OutOfRange();
    if (r.second_of_day > 0) {
      if (r.hour == 0) r.hour = r.second_of_day / 3600;
      if (r.minute == 0) r.minute = r.second_of_day / 60 % 60;
      if (r.second == 0) r.second = r.second_of_day % 60;
    }
    if (r.twelve_hours) {
      if (r.hour < 1 || r.hour > 12) {
        return Invalid("hour \"" + std::to_string(r.hour) + "\" is invalid for the 12-hour clock",
                       {}, "Use the 24-hour clock, or give an hour between 1 and 12.");
      }
      if (r.pm && r.hour < 12) r.hour += 12;
      if (!r.pm && r.hour == 12) r.hour = 0;
    }
    const auto within = [](int64_t value, int64_t limit) { return value >= 0 && value < limit; };
    if (!within(r.hour, 24) || !within(r.minute, 60) || !within(r.second, 60) ||
        !within(r.microsecond, 1'000'000)) {
      return OutOfRange();
    }
    if (r.zoned && (!within(r.zone_hour, 16) || !within(r.zone_minute, 60))) {
      return Error("22009", "time zone displacement out of range: \"" + std::string(text_) + "\"");
    }
    return absl::OkStatus();
  }

  // Days since 2000-01-01.
  absl::StatusOr<int64_t> CombineDate() {
    Reading& r = read_;
    int64_t year = r.year;
    if (r.bc) {
      year = year > 0 ? 1 - year : -year;
    } else if (year < 0) {
      ++year;
    }
    if (year < -5000 || year > 5'874'898) return OutOfRange();
    types::CivilTime civil;
    civil.year = static_cast<int>(year);
    const bool by_day = r.day_of_year != 0 && (r.month <= 1 || r.day <= 1);
    if (by_day && r.year == 0 && !r.bc)
      return Invalid("cannot calculate day of year without year information");
    const int64_t month = by_day || r.month == 0 ? 1 : r.month;
    const int64_t day = by_day || r.day == 0 ? 1 : r.day;
    if (month < 1 || month > 12) return OutOfRange();
    civil.month = static_cast<int>(month);
    const int64_t days = types::DaysInMonth(civil.year, civil.month);
    if (day < 1 || day > days) return OutOfRange();
    civil.day = static_cast<int>(day);
    int64_t result = types::DaysFromCivil(civil.year, civil.month, civil.day);
    if (by_day) {
      const int64_t length = types::DaysFromCivil(civil.year + 1, 1, 1) - result;
      if (r.day_of_year < 1 || r.day_of_year > length) return OutOfRange();
      result += r.day_of_year - 1;
    }
    return result;
  }

  absl::StatusOr<PathTime> Combine() {
    if (!read_.dated && !read_.timed) return Invalid("datetime format is not dated and not timed");
    if (!read_.timed && read_.zoned) return Invalid("datetime format is zoned but not timed");
    RETURN_IF_ERROR(CombineTime());
    int64_t time =
        ((read_.hour * 60 + read_.minute) * 60 + read_.second) * types::kMicrosecondsPerSecond +
        read_.microsecond;
    int64_t unit = 1;
    for (int i = read_.precision; i < 6; ++i) unit *= 10;
    time = (time + unit / 2) / unit * unit;
    PathTime result;
    if (read_.zoned) {
      const int64_t seconds = read_.zone_hour * 3600 + read_.zone_minute * 60;
      result.offset_seconds = static_cast<int>(read_.negative_zone ? -seconds : seconds);
    }
    if (!read_.dated) {
      result.kind = read_.zoned ? PathTime::Kind::kTimetz : PathTime::Kind::kTime;
      result.us = time;
      return result;
    }
    ASSIGN_OR_RETURN(const int64_t days, CombineDate());
    if (!types::IsValidDate(days))
      return Error(sqlstate::kDatetimeOverflow,
                   "date out of range: \"" + std::string(text_) + "\"");
    result.days = static_cast<int32_t>(days);
    constexpr int64_t kMostDays = types::kTimestampInfinity / types::kMicrosecondsPerDay - 1;
    result.us = days > kMostDays ? types::kTimestampInfinity : days * types::kMicrosecondsPerDay;
    if (!read_.timed) return result;
    if (days > kMostDays) return Error(sqlstate::kDatetimeOverflow, "timestamp out of range");
    result.kind = read_.zoned ? PathTime::Kind::kTimestamptz : PathTime::Kind::kTimestamp;
    result.us += time - result.offset_seconds * types::kMicrosecondsPerSecond;
    if (!types::IsValidTimestamp(result.us))
      return Error(sqlstate::kDatetimeOverflow, "timestamp out of range");
    return result;
  }

  const View text_;
  size_t position_ = 0;
  Reading read_;
};

}  // namespace

absl::StatusOr<PathTemplate> PathTemplate::Parse(View format) {
  PathTemplate result;
  bool quoted = false;
  while (!format.empty()) {
    // Modes that change nothing in what is read here.
    if (!quoted && (Begins(format, "FM", false) || Begins(format, "FX", false))) {
      format.remove_prefix(2);
      continue;
    }
    Part part;
    size_t length = 1;
    if (format[0] == '"') {
      quoted = !quoted;
      format.remove_prefix(1);
      continue;
    }
    if (quoted) {
      if (format[0] == '\\' && format.size() > 1) format.remove_prefix(1);
      part.text = format.substr(0, 1);
    } else {
      const auto* const pattern =
          std::find_if(std::begin(kPatterns), std::end(kPatterns), [&](const Pattern& one) {
            return Begins(format, one.name, one.field == Field::kMonthName);
          });
      const auto* const other =
          std::find_if(std::begin(kUnsupported), std::end(kUnsupported),
                       [&](View name) { return Begins(format, name, name[0] == 'D'); });
      const bool longer = other != std::end(kUnsupported) &&
                          (pattern == std::end(kPatterns) || other->size() > pattern->name.size());
      if (longer) {
        return status::NotSupported("datetime() template pattern \"" +
                                    std::string(format.substr(0, other->size())) + "\"");
      }
      if (pattern != std::end(kPatterns)) {
        length = pattern->name.size();
        part.field = pattern->field;
        part.width = pattern->width;
        part.rounds = pattern->name.starts_with("FF");
      } else if (kSeparators.find(format[0]) != View::npos) {
        part.field = Field::kSeparator;
      } else {
        return Error(sqlstate::kInvalidDatetimeFormat,
                     "invalid datetime format separator: \"" +
                         std::string(format.substr(0, types::Utf8Prefix(format, 1))) + "\"");
      }
      part.text = format.substr(0, length);
    }
    if (IsNumber(part.field) && !result.parts_.empty()) result.parts_.back().bounded = true;
    result.parts_.push_back(std::move(part));
    format.remove_prefix(length);
  }
  return result;
}

absl::StatusOr<PathTime> PathTemplate::Read(View text) const {
  Reader reader(text);
  if (parts_.empty()) {
    return Error(sqlstate::kInvalidDatetimeFormat, "datetime format is not dated and not timed");
  }
  for (const Part& part : parts_) RETURN_IF_ERROR(reader.Take(part));
  return reader.Finish();
}

}  // namespace adbms::sql::functions
