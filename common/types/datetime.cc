#include "common/types/datetime.h"

#include <cstdio>
#include <cstdlib>

#include "absl/time/civil_time.h"
#include "common/types/text_io.h"

namespace adbms::types {
namespace {

constexpr int64_t kFirstDate = -2'451'545;
constexpr int64_t kEndDate = 2'147'483'494 - 2'451'545;
constexpr int64_t kFirstTimestamp = -211'813'488'000'000'000;
constexpr int64_t kEndTimestamp = 9'223'371'331'200'000'000;
constexpr int64_t kUnixEpochSeconds = int64_t{kUnixEpochDays} * 86'400;

int64_t FloorDivide(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return quotient - (a % b < 0 ? 1 : 0);
}

void Put2(int value, std::string* out) {
  const char text[2] = {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
  out->append(text, 2);
}

void PutYear(int year, std::string* out) {
  char text[16];
  const int length = std::snprintf(text, sizeof(text), "%04d", year > 0 ? year : 1 - year);
  out->append(text, length);
}

void PutFraction(int microsecond, std::string* out) {
  if (microsecond == 0) return;
  char text[8] = {'.'};
  for (int i = 6; i >= 1; --i, microsecond /= 10)
    text[i] = static_cast<char>('0' + microsecond % 10);
  int length = 7;
  while (text[length - 1] == '0') --length;
  out->append(text, length);
}

void PutDate(const CivilTime& civil, std::string* out) {
  if (civil.year > 0 && civil.year < 10'000) {
    Put2(civil.year / 100, out);
    Put2(civil.year % 100, out);
  } else {
    PutYear(civil.year, out);
  }
  out->push_back('-');
  Put2(civil.month, out);
  out->push_back('-');
  Put2(civil.day, out);
}

// The numbers of a date in another style than ISO.
void PutStyledDate(const CivilTime& civil, const DateFormat& format, std::string* out) {
  const bool german = format.style == DateStyle::kGerman;
  const bool day_first = german || format.order == DateOrder::kDmy;
  const char separator = german ? '.' : format.style == DateStyle::kSql ? '/' : '-';
  Put2(day_first ? civil.day : civil.month, out);
  out->push_back(separator);
  Put2(day_first ? civil.month : civil.day, out);
  out->push_back(separator);
  PutYear(civil.year, out);
}

void PutTime(const CivilTime& civil, std::string* out) {
  Put2(civil.hour, out);
  out->push_back(':');
  Put2(civil.minute, out);
  out->push_back(':');
  Put2(civil.second, out);
  PutFraction(civil.microsecond, out);
}

bool PutInfinity(int64_t us, std::string* out) {
  if (us == kTimestampInfinity) {
    out->append("infinity");
  } else if (us == kTimestampMinusInfinity) {
    out->append("-infinity");
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool IsValidDate(int64_t days) { return days >= kFirstDate && days < kEndDate; }
bool IsValidTimestamp(int64_t us) { return us >= kFirstTimestamp && us < kEndTimestamp; }

// The civil-day algorithms count years from March, so that the leap day comes last.
int32_t DaysFromCivil(int year, int month, int day) {
  const int64_t y = int64_t{year} - (month <= 2 ? 1 : 0);
  const int64_t era = FloorDivide(y, 400);
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<int32_t>(era * 146'097 + day_of_era - 719'468 - kUnixEpochDays);
}

void CivilFromDays(int32_t days, int* year, int* month, int* day) {
  const int64_t z = int64_t{days} + 719'468 + kUnixEpochDays;
  const int64_t era = FloorDivide(z, 146'097);
  const auto day_of_era = static_cast<uint32_t>(z - era * 146'097);
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted = (5 * day_of_year + 2) / 153;
  *day = static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1);
  *month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  *year = static_cast<int>(year_of_era + era * 400 + (*month <= 2 ? 1 : 0));
}

CivilTime ToCivil(int64_t us) {
  const int64_t days = FloorDivide(us, kMicrosecondsPerDay);
  int64_t rest = us % kMicrosecondsPerDay;  // Of any number: damage may have made it.
  if (rest < 0) rest += kMicrosecondsPerDay;
  CivilTime civil;
  CivilFromDays(static_cast<int32_t>(days), &civil.year, &civil.month, &civil.day);
  civil.hour = static_cast<int>(rest / kMicrosecondsPerHour);
  rest %= kMicrosecondsPerHour;
  civil.minute = static_cast<int>(rest / kMicrosecondsPerMinute);
  rest %= kMicrosecondsPerMinute;
  civil.second = static_cast<int>(rest / kMicrosecondsPerSecond);
  civil.microsecond = static_cast<int>(rest % kMicrosecondsPerSecond);
  return civil;
}

bool FromCivil(const CivilTime& civil, int64_t* us) {
  if (civil.year < -4800 || civil.year > 300'000) return false;
  const int64_t days = DaysFromCivil(civil.year, civil.month, civil.day);
  const int64_t time = civil.hour * kMicrosecondsPerHour + civil.minute * kMicrosecondsPerMinute +
                       civil.second * kMicrosecondsPerSecond + civil.microsecond;
  int64_t total;
  if (__builtin_mul_overflow(days, kMicrosecondsPerDay, &total) ||
      __builtin_add_overflow(total, time, &total) || !IsValidTimestamp(total)) {
    return false;
  }
  *us = total;
  return true;
}

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

int OffsetAt(const absl::TimeZone& zone, int64_t utc_us) {
  if (zone == absl::UTCTimeZone()) return 0;
  const int64_t seconds = FloorDivide(utc_us, kMicrosecondsPerSecond) + kUnixEpochSeconds;
  return zone.At(absl::FromUnixSeconds(seconds)).offset;
}

int64_t LocalToUtc(const absl::TimeZone& zone, int64_t local_us) {
  if (zone == absl::UTCTimeZone() || !IsFiniteTimestamp(local_us)) return local_us;
  const CivilTime civil = ToCivil(local_us);
  const auto info = zone.At(absl::CivilSecond(civil.year, civil.month, civil.day, civil.hour,
                                              civil.minute, civil.second));
  const absl::Time time = info.kind == absl::TimeZone::TimeInfo::REPEATED ? info.post : info.pre;
  return (absl::ToUnixSeconds(time) - kUnixEpochSeconds) * kMicrosecondsPerSecond +
         civil.microsecond;
}

int64_t UtcToLocal(const absl::TimeZone& zone, int64_t utc_us) {
  if (!IsFiniteTimestamp(utc_us)) return utc_us;
  int64_t local;
  if (__builtin_add_overflow(utc_us, OffsetAt(zone, utc_us) * kMicrosecondsPerSecond, &local))
    return utc_us;  // No instant that there is.
  return local;
}

int64_t RoundToPrecision(int64_t us, int32_t modifier) {
  constexpr int64_t kUnits[] = {1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  if (modifier == 0 || !IsFiniteTimestamp(us)) return us;
  const int precision = (modifier - 1) & 0xffff;
  if (precision >= 6) return us;
  const int64_t unit = kUnits[precision];
  if (us >= 0) return (us + unit / 2) / unit * unit;
  return -((-us + unit / 2) / unit * unit);
}

void FormatDate(int32_t days, const DateFormat& format, std::string* out) {
  if (!IsFiniteDate(days)) {
    out->append(days == kDateInfinity ? "infinity" : "-infinity");
    return;
  }
  CivilTime civil;
  CivilFromDays(days, &civil.year, &civil.month, &civil.day);
  if (format.style == DateStyle::kIso) {
    PutDate(civil, out);
  } else {
    PutStyledDate(civil, format, out);
  }
  if (civil.year <= 0) out->append(" BC");
}

void FormatTime(int64_t us, std::string* out) {
  if (us == kMicrosecondsPerDay) {
    out->append("24:00:00");
    return;
  }
  PutTime(ToCivil(us), out);
}

namespace {

// Date and time, in other styles than ISO.
void PutStyledTimestamp(const CivilTime& civil, const DateFormat& format, std::string* out) {
  if (format.style != DateStyle::kPostgres) {
    PutStyledDate(civil, format, out);
    out->push_back(' ');
    PutTime(civil, out);
    return;
  }
  constexpr const char* kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // 2000-01-01 was a Saturday.
  const int64_t days = DaysFromCivil(civil.year, civil.month, civil.day);
  out->append(kDays[((days + 5) % 7 + 7) % 7]);
  out->push_back(' ');
  if (format.order == DateOrder::kDmy) {
    Put2(civil.day, out);
    out->push_back(' ');
    out->append(kMonths[civil.month - 1]);
  } else {
    out->append(kMonths[civil.month - 1]);
    out->push_back(' ');
    Put2(civil.day, out);
  }
  out->push_back(' ');
  PutTime(civil, out);
  out->push_back(' ');
  PutYear(civil.year, out);
}

// As in "PST"; an offset where the zone has no name for it ("+03", "-03:30").
std::string AbbreviationAt(const absl::TimeZone& zone, int64_t utc_us) {
  const int64_t seconds = FloorDivide(utc_us, kMicrosecondsPerSecond) + kUnixEpochSeconds;
  std::string name = zone.At(absl::FromUnixSeconds(seconds)).zone_abbr;
  const bool offset = name.size() == 5 && (name[0] == '+' || name[0] == '-');
  if (offset && zone.name().rfind("Fixed/", 0) == 0) name.insert(3, ":");
  return name;
}

}  // namespace

void FormatTimestamp(int64_t us, const DateFormat& format, std::string* out) {
  if (PutInfinity(us, out)) return;
  const CivilTime civil = ToCivil(us);
  if (format.style == DateStyle::kIso) {
    PutDate(civil, out);
    out->push_back(' ');
    PutTime(civil, out);
  } else {
    PutStyledTimestamp(civil, format, out);
  }
  if (civil.year <= 0) out->append(" BC");
}

void FormatTimestamptz(int64_t us, const absl::TimeZone& zone, const DateFormat& format,
                       std::string* out) {
  if (PutInfinity(us, out)) return;
  const int offset = OffsetAt(zone, us);
  const CivilTime civil = ToCivil(UtcToLocal(zone, us));
  if (format.style != DateStyle::kIso) {
    PutStyledTimestamp(civil, format, out);
    out->push_back(' ');
    out->append(AbbreviationAt(zone, us));
    if (civil.year <= 0) out->append(" BC");
    return;
  }
  PutDate(civil, out);
  out->push_back(' ');
  PutTime(civil, out);
  const int magnitude = std::abs(offset);
  out->push_back(offset < 0 ? '-' : '+');
  Put2(magnitude / 3600, out);
  if (magnitude % 3600 != 0) {
    out->push_back(':');
    Put2(magnitude / 60 % 60, out);
    if (magnitude % 60 != 0) {
      out->push_back(':');
      Put2(magnitude % 60, out);
    }
  }
  if (civil.year <= 0) out->append(" BC");
}

}  // namespace adbms::types
