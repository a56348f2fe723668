// An exact fast path for the ISO form, and a token reader for everything else.
#include "common/types/datetime_fields.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/number_text.h"
#include "common/types/text_io.h"
#include "common/types/time_zone.h"

namespace adbms::types {
namespace {

using status::Error;
namespace sqlstate = status::sqlstate;

enum class Failure { kNone, kSyntax, kField, kMonthDay, kZoneRange };

// The Julian number of 2000-01-01.
constexpr int64_t kJulianEpoch = 2'451'545;

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
bool IsAlpha(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

int TwoDigits(const char* text) { return (text[0] - '0') * 10 + (text[1] - '0'); }

// "YYYY-MM-DD", optionally followed by " HH:MM:SS[.ffffff]". False: use the token reader.
bool ReadIso(std::string_view text, DateTimeFields* fields) {
  if (text.size() < 10) return false;
  const char* p = text.data();
  for (const int i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (!IsDigit(p[i])) return false;
  }
  if (p[4] != '-' || p[7] != '-') return false;
  fields->year = TwoDigits(p) * 100 + TwoDigits(p + 2);
  fields->month = TwoDigits(p + 5);
  fields->day = TwoDigits(p + 8);
  if (fields->year == 0) return false;
  fields->has_date = true;
  if (text.size() == 10) return true;
  if (text.size() < 19 || (p[10] != ' ' && p[10] != 'T')) return false;
  for (const int i : {11, 12, 14, 15, 17, 18}) {
    if (!IsDigit(p[i])) return false;
  }
  if (p[13] != ':' || p[16] != ':') return false;
  const int hour = TwoDigits(p + 11);
  const int minute = TwoDigits(p + 14);
  const int second = TwoDigits(p + 17);
  if (hour > 23 || minute > 59 || second > 59) return false;
  int64_t fraction = 0;
  if (text.size() > 19) {
    if (p[19] != '.' || text.size() > 26 || text.size() == 20) return false;
    int digits = 0;
    for (size_t i = 20; i < text.size(); ++i, ++digits) {
      if (!IsDigit(p[i])) return false;
      fraction = fraction * 10 + (p[i] - '0');
    }
    for (; digits < 6; ++digits) fraction *= 10;
  }
  fields->has_time = true;
  fields->time_us = hour * kMicrosecondsPerHour + minute * kMicrosecondsPerMinute +
                    second * kMicrosecondsPerSecond + fraction;
  return true;
}

int MonthOf(std::string_view word) {
  constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};
  if (word == "sept") return 9;
  for (int i = 0; i < 12; ++i) {
    if (word == kMonths[i] || word == kMonths[i].substr(0, 3)) return i + 1;
  }
  return 0;
}

bool IsWeekday(std::string_view word) {
  constexpr std::string_view kNames[] = {
      "sunday", "sun",      "monday", "mon",  "tuesday", "tue",    "tues", "wednesday", "wed",
      "weds",   "thursday", "thu",    "thur", "thurs",   "friday", "fri",  "saturday",  "sat"};
  return std::find(std::begin(kNames), std::end(kNames), word) != std::end(kNames);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// As ReadZoneOffset, in this reader's terms.
Failure ReadOffset(std::string_view text, size_t* position, absl::TimeZone* zone) {
  switch (ReadZoneOffset(text, position, zone)) {
    case ZoneOffset::kRead:
      return Failure::kNone;
    case ZoneOffset::kOutOfRange:
      return Failure::kZoneRange;
    case ZoneOffset::kMalformed:
      break;
  }
  return Failure::kSyntax;
}

// Reads tokens; the fields' meaning follows PostgreSQL's DecodeDateTime.
class TokenReader {
 public:
  TokenReader(std::string_view text, DateOrder order, DateTimeFields* fields)
      : text_(text), order_(order), fields_(*fields) {}

  Failure Read() {
    while (position_ < text_.size()) {
      const char c = text_[position_];
      Failure failure = Failure::kNone;
      if (IsSpace(c) || c == ',') {
        ++position_;
      } else if (IsDigit(c)) {
        failure = ReadNumber();
      } else if (IsAlpha(c)) {
        failure = ReadWord();
      } else if (c == '+' || c == '-') {
        failure = ReadSigned();
      } else {
        return Failure::kSyntax;
      }
      if (failure != Failure::kNone) return failure;
    }
    return Finish();
  }

  const std::string& unknown_zone() const { return unknown_zone_; }

 private:
  Failure ReadSigned() {
    if (text_.substr(position_).size() >= 9 && Lower(text_.substr(position_ + 1)) == "infinity") {
      fields_.special =
          text_[position_] == '-' ? SpecialDate::kMinusInfinity : SpecialDate::kInfinity;
      position_ = text_.size();
      return Failure::kNone;
    }
    // A zone goes with a date alone, too: its midnight.
    const bool misplaced = (after_t_ && !fields_.has_time) || fields_.special == SpecialDate::kNow;
    if (misplaced || fields_.zone.has_value()) return Failure::kSyntax;
    absl::TimeZone zone;
    const Failure failure = ReadOffset(text_, &position_, &zone);
    fields_.zone = ZoneReference{zone};
    return failure;
  }

  Failure ReadNumber() {
    const size_t start = position_;
    while (position_ < text_.size() && IsDigit(text_[position_])) ++position_;
    const std::string_view digits = text_.substr(start, position_ - start);
    const char next = position_ < text_.size() ? text_[position_] : ' ';
    const char after = position_ + 1 < text_.size() ? text_[position_ + 1] : ' ';
    if (next == ':') {
      position_ = start;
      return ReadTime();
    }
    const bool plain_time = digits.size() == 6 && (HasWholeDate() || after_t_);
    if ((next == '-' || next == '/' || (next == '.' && !plain_time)) &&
        (IsDigit(after) || IsAlpha(after)) && !HasWholeDate()) {
      position_ = start;
      return ReadDelimitedDate(next);
    }
    return ReadPlainNumber(digits, next);
  }

  bool HasWholeDate() const { return fields_.has_date; }

  Failure ReadPlainNumber(std::string_view digits, char next) {
    if (digits.size() > 8) return Failure::kSyntax;
    const int number = std::stoi(std::string(digits));
    if (HasWholeDate() || after_t_) {
      if (fields_.has_time || (digits.size() != 6 && digits.size() != 4)) return Failure::kSyntax;
      const bool seconds = digits.size() == 6;
      const int hour = number / (seconds ? 10'000 : 100);
      const int minute = (seconds ? number / 100 : number) % 100;
      int64_t fraction = 0;
      if (seconds && next == '.') fraction = ReadFraction();
      return SetTime(hour, minute, seconds ? number % 100 : 0, fraction);
    }
    if (digits.size() == 8) return SetDate(number / 10'000, number / 100 % 100, number % 100);
    if (digits.size() == 6 && parts_.empty() && month_ == 0) {
      return SetDate(CenturyOf(number / 10'000), number / 100 % 100, number % 100);
    }
    parts_.push_back(digits);
    return month_ != 0 ? CompleteParts(true) : CompleteNumbers();
  }

  Failure CompleteNumbers() {
    if (parts_.size() < 3) return Failure::kNone;
    const Failure failure = SetNumbers(parts_[0], parts_[1], parts_[2]);
    parts_.clear();
    return failure;
  }

  // Three numbers: the year first when that has three digits and more, else in the session's order.
  Failure SetNumbers(std::string_view first, std::string_view second, std::string_view third) {
    const bool year_first = first.size() > 2 || order_ == DateOrder::kYmd;
    const bool day_first = order_ == DateOrder::kDmy;
    const std::string_view year = year_first ? first : third;
    const std::string_view month = year_first || day_first ? second : first;
    const std::string_view day = year_first ? third : day_first ? first : second;
    if (year.size() > 7) return Failure::kMonthDay;
    if (year_first && month.size() > 2) return Failure::kSyntax;
    two_digit_year_ = year.size() <= 2;
    raw_year_ = std::stoi(std::string(year));
    return SetDate(YearOf(year), std::stoi(std::string(month)), std::stoi(std::string(day)));
  }

  // "J2451187": the day by its Julian number; what "J" stands before is no word.
  Failure ReadJulian() {
    const size_t start = position_;
    while (position_ < text_.size() && IsDigit(text_[position_])) ++position_;
    const std::string_view digits = text_.substr(start, position_ - start);
    if (digits.size() > 9) return Failure::kField;
    const int64_t days = std::stoll(std::string(digits)) - kJulianEpoch;
    if (!IsValidDate(days)) return Failure::kField;
    int year;
    int month;
    int day;
    CivilFromDays(static_cast<int32_t>(days), &year, &month, &day);
    julian_ = true;
    return SetDate(year, month, day);
  }

  static int CenturyOf(int year) { return year < 70 ? year + 2000 : year + 1900; }
  static int YearOf(std::string_view digits) {
    const int year = std::stoi(std::string(digits));
    return digits.size() <= 2 ? CenturyOf(year) : year;
  }

  // Month by name, plus two numbers: the one of three digits and more is the year, else the second,
  // or the first where years come first.
  Failure CompleteParts(bool named_month) {
    if (!named_month || parts_.size() < 2) {
      return parts_.size() <= 2 ? Failure::kNone : Failure::kSyntax;
    }
    const bool year_first =
        parts_[0].size() > 2 || (order_ == DateOrder::kYmd && parts_[1].size() <= 2);
    const std::string_view year = year_first ? parts_[0] : parts_[1];
    const std::string_view day = year_first ? parts_[1] : parts_[0];
    if (day.size() > 2 || year.size() > 7) return Failure::kSyntax;
    parts_.clear();
    two_digit_year_ = year.size() <= 2;
    raw_year_ = std::stoi(std::string(year));
    return SetDate(YearOf(year), month_, std::stoi(std::string(day)));
  }

  // Numbers before a month's name were taken for what the order says before the name came: as in
  // PostgreSQL, what was taken for a month turns into the day once, if it can be one.
  bool MonthMayFollow() const {
    if (parts_.empty()) return true;
    const bool year_first = parts_[0].size() > 2 || order_ == DateOrder::kYmd;
    if (!year_first && parts_.size() > 1) return false;
    if (parts_.size() == 1 && (year_first || order_ == DateOrder::kDmy)) return true;
    const int day = std::stoi(std::string(parts_.back()));
    return day >= 1 && day <= 31;
  }

  Failure ReadDelimitedDate(char delimiter) {
    std::array<std::string_view, 3> parts;
    for (int i = 0; i < 3; ++i) {
      const size_t start = position_;
      while (position_ < text_.size() &&
             (IsDigit(text_[position_]) ||
              (IsAlpha(text_[position_]) && (start == position_ || IsAlpha(text_[start]))))) {
        ++position_;
      }
      parts[i] = text_.substr(start, position_ - start);
      if (parts[i].empty() || parts[i].size() > 9) return Failure::kSyntax;
      if (i == 2) break;
      if (position_ >= text_.size() || text_[position_] != delimiter) {
        if (i == 1 && IsDigit(parts[0][0]) && IsDigit(parts[1][0]) && parts[0].size() == 4 &&
            parts[1].size() == 3) {
          return SetDayOfYear(parts[0], parts[1]);
        }
        return Failure::kSyntax;
      }
      ++position_;
    }
    // One more of the same is no zone.
    if (position_ < text_.size() && text_[position_] == delimiter) return Failure::kSyntax;
    for (int i = 0; i < 3; ++i) {
      if (!IsAlpha(parts[i][0])) continue;
      if (i == 2) return Failure::kSyntax;  // As PostgreSQL: a month's name comes first or second.
      month_ = MonthOf(Lower(parts[i]));
      if (month_ == 0) return Failure::kSyntax;
      for (int j = 0; j < 3; ++j) {
        if (j == i) continue;
        if (!IsDigit(parts[j][0])) return Failure::kSyntax;
        parts_.push_back(parts[j]);
      }
      return CompleteParts(true);
    }
    return SetNumbers(parts[0], parts[1], parts[2]);
  }

  Failure SetDayOfYear(std::string_view year_text, std::string_view day_text) {
    const int year = std::stoi(std::string(year_text));
    const int day = std::stoi(std::string(day_text));
    if (year == 0 || day < 1 || day > 366) return Failure::kField;
    int month = 1;
    int left = day;
    while (month < 12 && left > DaysInMonth(year, month)) left -= DaysInMonth(year, month++);
    return SetDate(year, month, left);
  }

  Failure SetDate(int year, int month, int day) {
    if (fields_.has_date) return Failure::kSyntax;
    fields_.has_date = true;
    fields_.year = year;
    fields_.month = month;
    fields_.day = day;
    return Failure::kNone;
  }

  // Digits after '.', as microseconds, rounded.
  int64_t ReadFraction() {
    ++position_;
    int64_t fraction = 0;
    int64_t unit = 100'000;
    bool round_up = false;
    for (int i = 0; position_ < text_.size() && IsDigit(text_[position_]); ++i, ++position_) {
      const int digit = text_[position_] - '0';
      if (i < 6) {
        fraction += digit * unit;
        unit /= 10;
      } else if (i == 6) {
        round_up = digit >= 5;
      }
    }
    return fraction + (round_up ? 1 : 0);
  }

  bool ReadTimeNumber(int* number) {
    const size_t start = position_;
    *number = 0;
    while (position_ < text_.size() && IsDigit(text_[position_]) && position_ - start < 6) {
      *number = *number * 10 + (text_[position_++] - '0');
    }
    return position_ > start;
  }

  Failure ReadTime() {
    if (fields_.has_time) return Failure::kSyntax;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int64_t fraction = 0;
    if (!ReadTimeNumber(&hour)) return Failure::kSyntax;
    ++position_;  // ':'
    if (!ReadTimeNumber(&minute)) return Failure::kSyntax;
    if (position_ < text_.size() && text_[position_] == ':') {
      ++position_;
      if (!ReadTimeNumber(&second)) return Failure::kSyntax;
      if (position_ < text_.size() && text_[position_] == '.') fraction = ReadFraction();
    }
    return SetTime(hour, minute, second, fraction);
  }

  Failure SetTime(int hour, int minute, int second, int64_t fraction) {
    if (minute > 59 || second > 60 || hour > 24 ||
        (hour == 24 && (minute > 0 || second > 0 || fraction > 0))) {
      return Failure::kField;
    }
    fields_.has_time = true;
    hour_ = hour;
    fields_.time_us = hour * kMicrosecondsPerHour + minute * kMicrosecondsPerMinute +
                      second * kMicrosecondsPerSecond + fraction;
    return Failure::kNone;
  }

  Failure ReadWord() {
    const size_t start = position_;
    while (position_ < text_.size() && IsAlpha(text_[position_])) ++position_;
    std::string word = Lower(text_.substr(start, position_ - start));
    if ((word == "j" || word == "jd" || word == "julian") && position_ < text_.size() &&
        IsDigit(text_[position_])) {
      return ReadJulian();
    }
    if (word == "t" && (fields_.has_date || start == 0) && !fields_.has_time) {
      after_t_ = true;
      return Failure::kNone;
    }
    if (ReadSpecial(word)) return Failure::kNone;
    if (const int month = MonthOf(word); month != 0 && month_ == 0 && !fields_.has_date) {
      if (!MonthMayFollow()) return Failure::kSyntax;
      month_ = month;
      if (position_ < text_.size() && (text_[position_] == '-' || text_[position_] == '/')) {
        position_ = start;
        return ReadDelimitedDate(text_[start + word.size()]);
      }
      return CompleteParts(true);
    }
    if (IsWeekday(word)) {
      if (position_ < text_.size() && text_[position_] == '.') ++position_;
      return Failure::kNone;
    }
    if (word == "am" || word == "pm") return ApplyMeridiem(word == "pm");
    if (word == "bc" || word == "ad") {
      bc_ = word == "bc";
      return Failure::kNone;
    }
    return ReadZone(start);
  }

  bool ReadSpecial(std::string_view word) {
    struct Entry {
      std::string_view word;
      SpecialDate special;
    };
    constexpr Entry kEntries[] = {
        {"infinity", SpecialDate::kInfinity}, {"epoch", SpecialDate::kEpoch},
        {"now", SpecialDate::kNow},           {"today", SpecialDate::kToday},
        {"tomorrow", SpecialDate::kTomorrow}, {"yesterday", SpecialDate::kYesterday},
    };
    for (const auto& entry : kEntries) {
      if (entry.word != word) continue;
      fields_.special = entry.special;
      return true;
    }
    if (word != "allballs") return false;
    fields_.has_time = true;
    fields_.zone = ZoneReference{absl::UTCTimeZone()};
    return true;
  }

  Failure ApplyMeridiem(bool pm) {
    if (!fields_.has_time || hour_ > 12) return Failure::kField;
    if (pm && hour_ != 12) fields_.time_us += 12 * kMicrosecondsPerHour;
    if (!pm && hour_ == 12) fields_.time_us -= 12 * kMicrosecondsPerHour;
    return Failure::kNone;
  }

  Failure ReadZone(size_t start) {
    const std::string word = Lower(text_.substr(start, position_ - start));
    if (fields_.zone.has_value()) return Failure::kSyntax;
    // "EST5EDT" and "Etc/GMT+3" are names; only letters alone may be an abbreviation.
    const char next = position_ < text_.size() ? text_[position_] : ' ';
    const bool longer = next == '/' || next == '_' || next == '+' || next == '-' || IsDigit(next);
    if (!longer) {
      if (auto zone = ZoneOfAbbreviation(word)) {
        fields_.zone = *zone;
        return Failure::kNone;
      }
    }
    while (position_ < text_.size() && !IsSpace(text_[position_]) && text_[position_] != ',') {
      ++position_;
    }
    const std::string_view name = text_.substr(start, position_ - start);
    const auto zone = LoadZone(name);
    if (!zone.has_value()) {
      if (name.find('/') != std::string_view::npos) unknown_zone_ = Lower(name);
      return Failure::kSyntax;
    }
    fields_.zone = ZoneReference{zone->zone};
    return Failure::kNone;
  }

  Failure Finish() {
    if (!parts_.empty() || (month_ != 0 && !fields_.has_date)) return Failure::kSyntax;
    if (fields_.special != SpecialDate::kNone || !fields_.has_date) return Failure::kNone;
    if (julian_) return bc_ ? Failure::kSyntax : Failure::kNone;
    if (bc_) {
      const int year = two_digit_year_ ? raw_year_ : fields_.year;
      if (year <= 0) return Failure::kField;
      fields_.year = 1 - year;
    } else if (fields_.year <= 0) {
      return Failure::kField;
    }
    return Failure::kNone;
  }

  std::string_view text_;
  const DateOrder order_;
  size_t position_ = 0;
  DateTimeFields& fields_;
  std::vector<std::string_view> parts_;  // Bare numbers of a date that is not complete.
  int month_ = 0;
  int hour_ = 0;
  bool bc_ = false;
  bool after_t_ = false;
  bool julian_ = false;  // The year is astronomical already.
  bool two_digit_year_ = false;
  int raw_year_ = 0;
  std::string unknown_zone_;
};

absl::Status ToError(Failure failure, std::string_view text, std::string_view type_name) {
  const std::string quoted = "\"" + std::string(text) + "\"";
  switch (failure) {
    case Failure::kMonthDay:
      return Error(sqlstate::kDatetimeOverflow, "date/time field value out of range: " + quoted, {},
                   "Perhaps you need a different \"datestyle\" setting.");
    case Failure::kField:
      return Error(sqlstate::kDatetimeOverflow, "date/time field value out of range: " + quoted);
    case Failure::kZoneRange:
      return Error("22009", "time zone displacement out of range: " + quoted);
    default:
      return Error(sqlstate::kInvalidDatetimeFormat,
                   "invalid input syntax for type " + std::string(type_name) + ": " + quoted);
  }
}

}  // namespace

absl::Status ReadDateTimeFields(std::string_view text, std::string_view type_name, DateOrder order,
                                DateTimeFields* fields) {
  if (!ReadIso(text, fields)) {
    *fields = DateTimeFields{};
    TokenReader reader(text, order, fields);
    const Failure failure = reader.Read();
    if (failure != Failure::kNone) {
      if (!reader.unknown_zone().empty()) {
        return Error(sqlstate::kInvalidParameterValue,
                     "time zone \"" + reader.unknown_zone() + "\" not recognized");
      }
      return ToError(failure, text, type_name);
    }
  }
  if (!fields->has_date) return absl::OkStatus();
  if (fields->month < 1 || fields->month > 12 || fields->day < 1 || fields->day > 31) {
    return ToError(Failure::kMonthDay, text, type_name);
  }
  if (fields->day > DaysInMonth(fields->year, fields->month)) {
    return ToError(Failure::kField, text, type_name);
  }
  return absl::OkStatus();
}

absl::Status NoDateTime(std::string_view text, std::string_view type_name) {
  return ToError(Failure::kSyntax, text, type_name);
}

absl::Status DateTimeFieldOverflow(std::string_view text) {
  return ToError(Failure::kField, text, "");
}

}  // namespace adbms::types
