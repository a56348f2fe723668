// interval out: the styles of the setting IntervalStyle (manual, 8.5.5).
#include <cstdio>
#include <cstdlib>

#include "common/types/interval_text.h"

namespace adbms::types {
namespace {

void PutPart(int value, std::string_view unit, bool* zero, bool* before, std::string* out) {
  if (value == 0) return;
  if (!*zero) out->push_back(' ');
  if (*before && value > 0) out->push_back('+');
  out->append(std::to_string(value)).append(1, ' ').append(unit);
  if (value != 1) out->push_back('s');
  *before = value < 0;
  *zero = false;
}

// The interval as years, months, days and a time, each with its own sign.
struct Parts {
  explicit Parts(const Interval& value)
      : years(value.months / 12),
        months(value.months % 12),
        days(value.days),
        hours(value.microseconds / 3'600'000'000),
        minutes(static_cast<int>(value.microseconds / 60'000'000 % 60)),
        seconds(static_cast<int>(value.microseconds / 1'000'000 % 60)),
        microseconds(static_cast<int>(value.microseconds % 1'000'000)) {}
  int years;
  int months;
  int days;
  int64_t hours;
  int minutes;
  int seconds;
  int microseconds;

  bool any_negative() const {
    return years < 0 || months < 0 || days < 0 || hours < 0 || minutes < 0 || seconds < 0 ||
           microseconds < 0;
  }
  bool any_positive() const {
    return years > 0 || months > 0 || days > 0 || hours > 0 || minutes > 0 || seconds > 0 ||
           microseconds > 0;
  }
};

// "5.25", at least `width` digits before the point; the sign of what is zero is left to the caller.
std::string SecondsText(int seconds, int microseconds, int width) {
  char text[32];
  int length = std::snprintf(text, sizeof(text), "%0*d", width, std::abs(seconds));
  if (microseconds != 0) {
    length += std::snprintf(text + length, sizeof(text) - static_cast<size_t>(length), ".%06d",
                            std::abs(microseconds));
    while (text[length - 1] == '0') --length;
  }
  return std::string(text, static_cast<size_t>(length));
}

std::string Magnitude(int64_t value) {
  return std::to_string(value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
}

// "@ 1 year 2 mons ago"
void FormatVerbose(const Parts& parts, std::string* out) {
  out->push_back('@');
  bool zero = true;
  bool before = false;  // The first part's sign, which "ago" stands for.
  const auto put = [&](int64_t value, std::string_view unit) {
    if (value == 0) return;
    if (zero) {
      before = value < 0;
      zero = false;
    }
    const bool negative = (value < 0) != before;
    const bool one = negative ? Magnitude(value) == "-1" : Magnitude(value) == "1";
    out->append(negative ? " -" : " ").append(Magnitude(value)).append(1, ' ').append(unit);
    if (!one || negative) out->push_back('s');
  };
  put(parts.years, "year");
  put(parts.months, "mon");
  put(parts.days, "day");
  put(parts.hours, "hour");
  put(parts.minutes, "min");
  if (parts.seconds != 0 || parts.microseconds != 0) {
    const bool negative = parts.seconds < 0 || parts.microseconds < 0;
    out->push_back(' ');
    if (zero) {
      before = negative;
      zero = false;
    } else if (negative != before) {
      out->push_back('-');
    }
    out->append(SecondsText(parts.seconds, parts.microseconds, 1)).append(" sec");
    if (std::abs(parts.seconds) != 1 || parts.microseconds != 0) out->push_back('s');
  }
  if (zero) out->append(" 0");
  if (before) out->append(" ago");
}

// "1-2 3 4:05:06", or "+1-2 -3 +4:05:06" where the standard has no form for it.
void FormatSqlStandard(const Interval& value, const Parts& parts, std::string* out) {
  const bool has_months = value.months != 0;
  const bool has_days = value.days != 0;
  const bool has_time = value.microseconds != 0;
  const bool standard =
      !(parts.any_negative() && parts.any_positive()) && !(has_months && (has_days || has_time));
  const auto months = [&] {
    out->append(Magnitude(parts.years)).append(1, '-').append(Magnitude(parts.months));
  };
  const auto time = [&] {
    char text[48];
    std::snprintf(text, sizeof(text), "%s:%02d:", Magnitude(parts.hours).c_str(),
                  std::abs(parts.minutes));
    out->append(text).append(SecondsText(parts.seconds, parts.microseconds, 2));
  };
  if (!standard) {
    out->push_back(value.months < 0 ? '-' : '+');
    months();
    out->append(value.days < 0 ? " -" : " +").append(Magnitude(parts.days));
    out->append(value.microseconds < 0 ? " -" : " +");
    time();
    return;
  }
  if (!has_months && !has_days && !has_time) {
    out->push_back('0');
    return;
  }
  if (parts.any_negative()) out->push_back('-');
  if (has_months) {
    months();
  } else if (has_days) {
    out->append(Magnitude(parts.days)).push_back(' ');
    time();
  } else {
    time();
  }
}

// "P1Y2M3DT4H5M6.7S"
void FormatIso(const Parts& parts, std::string* out) {
  out->push_back('P');
  const size_t start = out->size();
  const auto put = [&](int64_t value, char unit) {
    if (value != 0) out->append(std::to_string(value)).push_back(unit);
  };
  put(parts.years, 'Y');
  put(parts.months, 'M');
  put(parts.days, 'D');
  if (parts.hours != 0 || parts.minutes != 0 || parts.seconds != 0 || parts.microseconds != 0)
    out->push_back('T');
  put(parts.hours, 'H');
  put(parts.minutes, 'M');
  if (parts.seconds != 0 || parts.microseconds != 0) {
    if (parts.seconds < 0 || parts.microseconds < 0) out->push_back('-');
    out->append(SecondsText(parts.seconds, parts.microseconds, 1)).push_back('S');
  }
  if (out->size() == start) out->append("T0S");
}

}  // namespace

void FormatInterval(const Interval& value, IntervalStyle style, std::string* out) {
  switch (style) {
    case IntervalStyle::kPostgres:
      break;
    case IntervalStyle::kPostgresVerbose:
      return FormatVerbose(Parts(value), out);
    case IntervalStyle::kSqlStandard:
      return FormatSqlStandard(value, Parts(value), out);
    case IntervalStyle::kIso8601:
      return FormatIso(Parts(value), out);
  }
  bool zero = true;
  bool before = false;
  PutPart(value.months / 12, "year", &zero, &before, out);
  PutPart(value.months % 12, "mon", &zero, &before, out);
  PutPart(value.days, "day", &zero, &before, out);
  if (value.microseconds == 0 && !zero) return;
  const bool negative = value.microseconds < 0;
  uint64_t rest = negative ? -static_cast<uint64_t>(value.microseconds)
                           : static_cast<uint64_t>(value.microseconds);
  if (!zero) out->push_back(' ');
  if (negative) {
    out->push_back('-');
  } else if (before) {
    out->push_back('+');
  }
  char buffer[48];
  int length = std::snprintf(buffer, sizeof(buffer), "%02lu:%02lu:%02lu",
                             static_cast<unsigned long>(rest / 3'600'000'000),
                             static_cast<unsigned long>(rest / 60'000'000 % 60),
                             static_cast<unsigned long>(rest / 1'000'000 % 60));
  if (rest % 1'000'000 != 0) {
    length += std::snprintf(buffer + length, sizeof(buffer) - length, ".%06lu",
                            static_cast<unsigned long>(rest % 1'000'000));
    while (buffer[length - 1] == '0') --length;
  }
  out->append(buffer, length);
}

}  // namespace adbms::types
