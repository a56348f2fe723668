// interval in: PostgreSQL's verbose and postgres styles, SQL year-month, ISO 8601 (manual, 8.5.4).
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <iterator>
#include <optional>

#include "absl/strings/ascii.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/interval_text.h"
#include "common/types/number_text.h"
#include "common/types/time_modifier.h"

namespace adbms::types {
namespace {

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

struct Unit {
  std::string_view name;
  double months = 0;
  double days = 0;
  double microseconds = 0;
};

constexpr Unit kMicrosecond = {"", 0, 0, 1};
constexpr Unit kMillisecond = {"", 0, 0, 1e3};
constexpr Unit kSecond = {"", 0, 0, 1e6};
constexpr Unit kMinute = {"", 0, 0, 6e7};
constexpr Unit kHour = {"", 0, 0, 3.6e9};
constexpr Unit kDay = {"", 0, 1, 0};
constexpr Unit kWeek = {"", 0, 7, 0};
constexpr Unit kMonth = {"", 1, 0, 0};
constexpr Unit kYear = {"", 12, 0, 0};
constexpr Unit kDecade = {"", 120, 0, 0};
constexpr Unit kCentury = {"", 1200, 0, 0};
constexpr Unit kMillennium = {"", 12000, 0, 0};

struct UnitName {
  std::string_view name;
  const Unit* unit;
};
constexpr UnitName kUnits[] = {
    {"us", &kMicrosecond},
    {"usec", &kMicrosecond},
    {"usecs", &kMicrosecond},
    {"useconds", &kMicrosecond},
    {"microsecond", &kMicrosecond},
    {"microseconds", &kMicrosecond},
    {"microsecon", &kMicrosecond},
    {"usecond", &kMicrosecond},
    {"ms", &kMillisecond},
    {"msec", &kMillisecond},
    {"msecs", &kMillisecond},
    {"mseconds", &kMillisecond},
    {"millisecond", &kMillisecond},
    {"milliseconds", &kMillisecond},
    {"s", &kSecond},
    {"sec", &kSecond},
    {"secs", &kSecond},
    {"second", &kSecond},
    {"seconds", &kSecond},
    {"m", &kMinute},
    {"min", &kMinute},
    {"mins", &kMinute},
    {"minute", &kMinute},
    {"minutes", &kMinute},
    {"h", &kHour},
    {"hr", &kHour},
    {"hrs", &kHour},
    {"hour", &kHour},
    {"hours", &kHour},
    {"d", &kDay},
    {"day", &kDay},
    {"days", &kDay},
    {"w", &kWeek},
    {"week", &kWeek},
    {"weeks", &kWeek},
    {"mon", &kMonth},
    {"mons", &kMonth},
    {"month", &kMonth},
    {"months", &kMonth},
    {"y", &kYear},
    {"yr", &kYear},
    {"yrs", &kYear},
    {"year", &kYear},
    {"years", &kYear},
    {"dec", &kDecade},
    {"decs", &kDecade},
    {"decade", &kDecade},
    {"decades", &kDecade},
    {"c", &kCentury},
    {"cent", &kCentury},
    {"century", &kCentury},
    {"centuries", &kCentury},
    {"mil", &kMillennium},
    {"mils", &kMillennium},
    {"millennia", &kMillennium},
    {"millennium", &kMillennium},
};

const Unit* FindUnit(std::string_view word) {
  // PostgreSQL compares that many characters.
  constexpr size_t kCompared = 10;
  for (const auto& [name, unit] : kUnits) {
    if (name.substr(0, kCompared) == word.substr(0, kCompared)) return unit;
  }
  return nullptr;
}

// Which units have been given: PostgreSQL takes each of them once.
class Given {
 public:
  // False when one of them is there already.
  bool Add(std::initializer_list<const Unit*> units) {
    constexpr const Unit* kOrder[] = {&kMicrosecond, &kMillisecond, &kSecond,  &kMinute,
                                      &kHour,        &kDay,         &kWeek,    &kMonth,
                                      &kYear,        &kDecade,      &kCentury, &kMillennium};
    unsigned bits = 0;
    for (const Unit* unit : units) {
      for (size_t i = 0; i < std::size(kOrder); ++i) {
        if (kOrder[i] == unit) bits |= 1u << i;
      }
    }
    const bool fresh = (seen_ & bits) == 0;
    seen_ |= bits;
    return fresh;
  }

 private:
  unsigned seen_ = 0;
};

// kOverflow: one field is too large. kOutOfRange: each field fits, years and months together do
// not.
enum class Result { kOk, kSyntax, kOverflow, kOutOfRange };

// Collects amounts; fractions of a month spill into days (30) and of a day into time (24 h).
class Sum {
 public:
  void Add(int64_t whole, double fraction, const Unit& unit) {
    if (unit.months != 0) {
      const auto months_of_unit = static_cast<int64_t>(unit.months);
      if (months_of_unit % 12 == 0) {
        AddTo(&years_, whole, months_of_unit / 12);
      } else {
        AddTo(&months_, whole, months_of_unit);
      }
      // Only fractions of years and longer units round to whole months.
      const double months = fraction * unit.months;
      if (unit.months > 1) {
        AddTo(&months_, std::llrint(months), 1);
      } else {
        AddDays(months * 30);
      }
    } else if (unit.days != 0) {
      AddTo(&days_, whole, static_cast<int64_t>(unit.days));
      AddDays(fraction * unit.days);
    } else {
      AddTo(&microseconds_, whole, static_cast<int64_t>(unit.microseconds));
      AddTo(&microseconds_, std::llrint(fraction * unit.microseconds), 1);
    }
  }
  void AddMicroseconds(int64_t us) { AddTo(&microseconds_, us, 1); }
  Result Get(bool negate, Interval* result) const {
    const int64_t sign = negate ? -1 : 1;
    if (overflow_ || (negate && microseconds_ == INT64_MIN) || !Fits(years_) || !Fits(months_) ||
        !Fits(days_) || !Fits(days_ * sign)) {
      return Result::kOverflow;
    }
    const int64_t months = (years_ * 12 + months_) * sign;
    if (!Fits(months)) return Result::kOutOfRange;
    *result = {microseconds_ * sign, static_cast<int32_t>(days_ * sign),
               static_cast<int32_t>(months)};
    return Result::kOk;
  }

 private:
  void AddDays(double days) {
    const double whole = std::trunc(days);
    AddTo(&days_, static_cast<int64_t>(whole), 1);
    AddTo(&microseconds_, std::llrint((days - whole) * static_cast<double>(kMicrosecondsPerDay)),
          1);
  }
  static bool Fits(int64_t value) { return value == static_cast<int32_t>(value); }
  void AddTo(int64_t* target, int64_t count, int64_t factor) {
    int64_t product;
    overflow_ |= __builtin_mul_overflow(count, factor, &product) ||
                 __builtin_add_overflow(*target, product, target);
  }

  int64_t years_ = 0;
  int64_t months_ = 0;
  int64_t days_ = 0;
  int64_t microseconds_ = 0;
  bool overflow_ = false;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  bool AtEnd() const { return position_ >= text_.size(); }
  char Peek(size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  void Skip(size_t count = 1) { position_ += count; }
  void SkipSpaces() {
    while (!AtEnd() && IsSpace(Peek())) Skip();
  }
  // Digits, at most 18 of them.
  bool Whole(int64_t* value) {
    const size_t start = position_;
    *value = 0;
    while (IsDigit(Peek()) && position_ - start < 19) {
      if (position_ - start == 18) return false;
      *value = *value * 10 + (Peek() - '0');
      Skip();
    }
    return position_ > start;
  }
  bool AtFraction() const { return Peek() == '.' && IsDigit(Peek(1)); }
  // Whether a time of day ("12:30") follows, maybe with a sign.
  bool AtClock() const {
    size_t ahead = Peek() == '-' || Peek() == '+' ? 1 : 0;
    const size_t start = ahead;
    while (IsDigit(Peek(ahead))) ++ahead;
    return ahead > start && Peek(ahead) == ':';
  }
  // ".5" as 0.5; 0 without a point.
  double Fraction() {
    if (Peek() != '.') return 0;
    Skip();
    std::string digits = "0.";
    while (IsDigit(Peek())) {
      digits.push_back(Peek());
      Skip();
    }
    return digits.size() > 2 ? std::strtod(digits.c_str(), nullptr) : 0;
  }
  std::string_view Word() {
    const size_t start = position_;
    while (absl::ascii_isalpha(static_cast<unsigned char>(Peek()))) Skip();
    return text_.substr(start, position_ - start);
  }

 private:
  std::string_view text_;
  size_t position_ = 0;
};

// "P1Y2M3DT4H5M6.5S", "P1W", "P0001-02-03T04:05:06".
Result ParseIso(Scanner& scan, Sum* sum) {
  scan.Skip();
  bool in_time = false;
  bool any = false;
  while (!scan.AtEnd()) {
    if (scan.Peek() == 'T') {
      in_time = true;
      scan.Skip();
      continue;
    }
    int sign = 1;
    if (scan.Peek() == '-' || scan.Peek() == '+') {
      sign = scan.Peek() == '-' ? -1 : 1;
      scan.Skip();
    }
    int64_t whole = 0;
    if (!scan.Whole(&whole) && !scan.AtFraction()) return Result::kSyntax;
    const double fraction = scan.Fraction() * sign;
    whole *= sign;
    any = true;
    const char unit = scan.Peek();
    scan.Skip();
    const Unit* found = nullptr;
    if (in_time) {
      found = unit == 'H' ? &kHour : unit == 'M' ? &kMinute : unit == 'S' ? &kSecond : nullptr;
      if (unit == ':' || unit == '\0') {
        // Alternative format: hh:mm:ss.
        sum->Add(whole, fraction, kHour);
        for (const Unit* part : {&kMinute, &kSecond}) {
          if (scan.AtEnd() && unit == '\0') return Result::kOk;
          if (!scan.Whole(&whole)) return Result::kSyntax;
          sum->Add(whole * sign, scan.Fraction() * sign, *part);
          if (scan.AtEnd()) return Result::kOk;
          if (scan.Peek() != ':') return Result::kSyntax;
          scan.Skip();
        }
        return Result::kSyntax;
      }
    } else {
      found = unit == 'Y'   ? &kYear
              : unit == 'M' ? &kMonth
              : unit == 'W' ? &kWeek
              : unit == 'D' ? &kDay
                            : nullptr;
      if (unit == '-') {
        sum->Add(whole, fraction, kYear);
        if (!scan.Whole(&whole)) return Result::kSyntax;
        sum->Add(whole, 0, kMonth);
        if (scan.Peek() != '-') return Result::kSyntax;
        scan.Skip();
        if (!scan.Whole(&whole)) return Result::kSyntax;
        sum->Add(whole, 0, kDay);
        if (!scan.AtEnd() && scan.Peek() != 'T') return Result::kSyntax;
        continue;
      }
    }
    if (found == nullptr) return Result::kSyntax;
    sum->Add(whole, fraction, *found);
  }
  return any ? Result::kOk : Result::kSyntax;
}

// "hh:mm", "hh:mm:ss.f" or "mm:ss.f"; the hours are read already.
Result ParseClock(Scanner& scan, int64_t hours, int sign, int fields, Sum* sum) {
  scan.Skip();
  int64_t minutes = 0;
  int64_t seconds = 0;
  if (!scan.Whole(&minutes)) return Result::kSyntax;
  double fraction = 0;
  if (scan.Peek() == '.' || (scan.Peek() != ':' && fields == (kMinuteField | kSecondField))) {
    seconds = minutes;
    minutes = hours;
    hours = 0;
    fraction = scan.Fraction();
  } else if (scan.Peek() == ':') {
    scan.Skip();
    if (!scan.Whole(&seconds)) return Result::kSyntax;
    fraction = scan.Fraction();
  }
  if (minutes > 59 || seconds > 59) return Result::kOverflow;
  sum->Add(hours * sign, 0, kHour);
  sum->Add(minutes * sign, 0, kMinute);
  sum->Add(seconds * sign, fraction * sign, kSecond);
  return Result::kOk;
}

// What a number without a unit counts.
const Unit* UnitOf(int fields) {
  if (fields == kAllIntervalFields || (fields & kSecondField) != 0) return &kSecond;
  if ((fields & kMinuteField) != 0) return &kMinute;
  if ((fields & kHourField) != 0) return &kHour;
  if ((fields & kDayField) != 0) return &kDay;
  return (fields & kMonthField) != 0 ? &kMonth : &kYear;
}

Result ParseVerbose(Scanner& scan, int fields, Sum* sum, bool* ago) {
  bool any = false;
  Given given;
  while (true) {
    scan.SkipSpaces();
    if (scan.AtEnd()) return any ? Result::kOk : Result::kSyntax;
    if (scan.Peek() == '@' || scan.Peek() == ',') {
      scan.Skip();
      continue;
    }
    int sign = 1;
    if (scan.Peek() == '-' || scan.Peek() == '+') {
      sign = scan.Peek() == '-' ? -1 : 1;
      scan.Skip();
      scan.SkipSpaces();
    }
    int64_t whole = 0;
    if (!scan.Whole(&whole) && scan.Peek() != '.') {
      return IsDigit(scan.Peek()) ? Result::kOverflow : Result::kSyntax;
    }
    any = true;
    if (scan.Peek() == ':') {
      if (!given.Add({&kHour, &kMinute, &kSecond, &kMillisecond, &kMicrosecond}))
        return Result::kSyntax;
      const Result clock = ParseClock(scan, whole, sign, fields, sum);
      if (clock != Result::kOk) return clock;
    } else if (scan.Peek() == '-' && IsDigit(scan.Peek(1))) {
      scan.Skip();
      int64_t months = 0;
      if (!scan.Whole(&months)) return Result::kSyntax;
      if (months > 11) return Result::kOverflow;
      if (!given.Add({&kYear, &kMonth})) return Result::kSyntax;
      sum->Add(whole * sign, 0, kYear);
      sum->Add(months * sign, 0, kMonth);
    } else {
      const double fraction = scan.Fraction() * sign;
      scan.SkipSpaces();
      const Unit* unit = UnitOf(fields);
      if (absl::ascii_isalpha(static_cast<unsigned char>(scan.Peek()))) {
        const std::string_view word = scan.Word();
        unit = FindUnit(absl::AsciiStrToLower(absl::string_view(word.data(), word.size())));
        if (unit == nullptr) return Result::kSyntax;
      } else if (!scan.AtEnd()) {
        // A bare number before a time of day, or before the hours.
        if (!scan.AtClock() && (unit != &kHour || !IsDigit(scan.Peek()))) return Result::kSyntax;
        unit = &kDay;
      }
      const bool fractional_second = unit == &kSecond && fraction != 0;
      if (fractional_second ? !given.Add({&kSecond, &kMillisecond, &kMicrosecond})
                            : !given.Add({unit}))
        return Result::kSyntax;
      sum->Add(whole * sign, fraction, *unit);
    }
    // "ago" may only come last.
    scan.SkipSpaces();
    Scanner rest = scan;
    const std::string_view word = rest.Word();
    if (EqualsIgnoreCase(word, "ago")) {
      rest.SkipSpaces();
      if (!rest.AtEnd()) return Result::kSyntax;
      *ago = true;
      return Result::kOk;
    }
  }
}

}  // namespace

absl::Status ParseInterval(std::string_view text, int fields, Interval* result) {
  Sum sum;
  bool ago = false;
  Scanner scan(TrimSpaces(text));
  Result parsed =
      scan.Peek() == 'P' ? ParseIso(scan, &sum) : ParseVerbose(scan, fields, &sum, &ago);
  if (parsed == Result::kSyntax) {
    return status::Error(status::sqlstate::kInvalidDatetimeFormat,
                         "invalid input syntax for type interval: \"" + std::string(text) + "\"");
  }
  if (parsed == Result::kOk) parsed = sum.Get(ago, result);
  if (parsed == Result::kOutOfRange) {
    return status::Error(status::sqlstate::kDatetimeOverflow, "interval out of range");
  }
  if (parsed == Result::kOverflow) {
    return status::Error("22015",
                         "interval field value out of range: \"" + std::string(text) + "\"");
  }
  return absl::OkStatus();
}

}  // namespace adbms::types
