#include "services/security/anomaly/detector.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace adbms::security::anomaly {
namespace {

constexpr int64_t kMinuteUs = 60'000'000;
constexpr int64_t kFlagUs = 10 * kMinuteUs;
// Deviation is never taken for less: a role that always reads the same is not unusual at 5 % more.
constexpr double kLeastDeviation = 0.15;
// Roles that are watched at once; names come from clients.
constexpr size_t kMaxRoles = 10000;
constexpr size_t kMaxHosts = 1000;

}  // namespace

void Detector::Learn(Reading* reading) const {
  if (reading->minute < 0 || reading->rows == 0 || reading->reported) return;
  const double value = std::log10(static_cast<double>(reading->rows));
  ++reading->minutes;
  const double delta = value - reading->mean;
  reading->mean += delta / static_cast<double>(reading->minutes);
  reading->squares += delta * (value - reading->mean);
}

std::optional<Event> Detector::Judge(const std::string& user, int64_t at_us,
                                     Reading* reading) const {
  const bool judged = !reading->reported && reading->rows >= options_.minimum_rows &&
                      reading->minutes >= static_cast<uint64_t>(options_.minimum_minutes);
  if (!judged) return std::nullopt;
  const double variance = reading->squares / static_cast<double>(reading->minutes - 1);
  const double deviation = std::max(kLeastDeviation, std::sqrt(variance));
  const double score = (std::log10(static_cast<double>(reading->rows)) - reading->mean) / deviation;
  if (score < options_.row_sigma) return std::nullopt;
  reading->reported = true;
  Event event;
  event.at_us = at_us;
  event.kind = kRowVolume;
  event.user = user;
  event.score = score;
  event.detail = absl::StrFormat(
      "%d rows read within a minute; its usual minute, over %d of them, is %.0f rows (%.1f "
      "standard "
      "deviations of the logarithm)",
      reading->rows, reading->minutes, std::pow(10, reading->mean), score);
  return event;
}

std::optional<Event> Detector::FailedLogin(const security::v1::AuditRecord& record) {
  if (failures_.size() >= kMaxRoles && !failures_.contains(record.user())) failures_.clear();
  std::deque<int64_t>& times = failures_[record.user()];
  times.push_back(record.at_us());
  while (!times.empty() && times.front() < record.at_us() - kMinuteUs) times.pop_front();
  if (times.size() < static_cast<size_t>(options_.failed_logins)) return std::nullopt;
  Event event;
  event.at_us = record.at_us();
  event.kind = kFailedLogins;
  event.user = record.user();
  event.score = static_cast<double>(times.size());
  event.detail =
      absl::StrCat(times.size(), " failed logins within a minute, the last from ", record.peer());
  times.clear();
  return event;
}

std::optional<Event> Detector::Sprayed(const security::v1::AuditRecord& record) {
  const std::string host = record.peer().substr(0, record.peer().rfind(':'));
  if (sprayings_.size() >= kMaxHosts && !sprayings_.contains(host)) sprayings_.clear();
  Spraying& spraying = sprayings_[host];
  const int64_t since = record.at_us() - kMinuteUs;
  std::erase_if(spraying.last_of, [since](const auto& entry) { return entry.second < since; });
  // What is beyond the threshold is reported already.
  if (spraying.last_of.size() <= options_.sprayed_roles) {
    spraying.last_of[record.user()] = record.at_us();
  }
  if (spraying.last_of.size() < options_.sprayed_roles || spraying.reported_us > since) {
    return std::nullopt;
  }
  spraying.reported_us = record.at_us();
  Event event;
  event.at_us = record.at_us();
  event.kind = kPasswordSpraying;
  event.score = static_cast<double>(spraying.last_of.size());
  event.detail = absl::StrCat("failed logins as ", spraying.last_of.size(),
                              " different roles within a minute from ", host);
  return event;
}

std::optional<Event> Detector::Read(const security::v1::AuditRecord& record) {
  Reading& reading = readings_[record.user()];
  const int64_t minute = record.at_us() / kMinuteUs;
  if (minute != reading.minute) {
    Learn(&reading);
    reading.minute = minute;
    reading.rows = 0;
    reading.reported = false;
  }
  reading.rows += record.rows();
  return Judge(record.user(), record.at_us(), &reading);
}

std::vector<Event> Detector::Observe(const security::v1::AuditRecord& record) {
  std::vector<Event> events;
  const auto add = [&events](std::optional<Event> event) {
    if (event.has_value()) events.push_back(*std::move(event));
  };
  if (record.event() == "login_failed") {
    add(FailedLogin(record));
    add(Sprayed(record));
  }
  // Every row that is read comes in these, whatever else is recorded of its statement.
  if (record.event() == "read") add(Read(record));
  for (const Event& event : events) {
    if (!event.user.empty()) flagged_at_us_[event.user] = event.at_us;
  }
  return events;
}

bool Detector::IsFlagged(const std::string& user, int64_t now_us) const {
  const auto found = flagged_at_us_.find(user);
  return found != flagged_at_us_.end() && found->second > now_us - kFlagUs;
}

}  // namespace adbms::security::anomaly
