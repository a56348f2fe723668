// Two detectors of unusual behaviour, fed with audit records; time comes with the records. Not
// thread-safe.
//
// Failed logins: so many of one role within a minute, or as so many roles from one host. Reading:
// the rows a role read within a minute, in logarithms, against the running mean and deviation of
// the minutes it has read before (Welford's algorithm); a minute that stands out is not learned
// from.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adbms/security/v1/security.pb.h"

namespace adbms::security::anomaly {

inline constexpr std::string_view kFailedLogins = "failed_logins";
inline constexpr std::string_view kPasswordSpraying = "password_spraying";
inline constexpr std::string_view kRowVolume = "row_volume";
// Not the detectors': the audit log is found changed when it is opened.
inline constexpr std::string_view kAuditTampered = "audit_tampered";
inline constexpr std::array kEventKinds = {kFailedLogins, kPasswordSpraying, kRowVolume,
                                           kAuditTampered};

struct Event {
  int64_t at_us = 0;
  std::string kind;    // One of kEventKinds.
  std::string user;    // Empty: of no one role.
  std::string detail;  // In plain words, with figures.
  double score = 0;
};

struct DetectorOptions {
  int failed_logins = 5;
  size_t sprayed_roles = 10;
  double row_sigma = 6;
  int minimum_minutes = 5;        // Active minutes of history before reading is judged.
  uint64_t minimum_rows = 10000;  // A minute with fewer is never unusual.
};

class Detector {
 public:
  explicit Detector(DetectorOptions options) : options_(options) {}

  // Judges by these from now on; what was learned stays.
  void SetOptions(const DetectorOptions& options) { options_ = options; }
  // What this record completes; usually nothing.
  std::vector<Event> Observe(const security::v1::AuditRecord& record);
  // Whether the role's behaviour was unusual within the last ten minutes.
  bool IsFlagged(const std::string& user, int64_t now_us) const;

 private:
  // Failed logins from one host within a minute.
  struct Spraying {
    std::map<std::string, int64_t> last_of;  // By role.
    int64_t reported_us = INT64_MIN;
  };
  std::optional<Event> FailedLogin(const security::v1::AuditRecord& record);
  std::optional<Event> Sprayed(const security::v1::AuditRecord& record);
  std::optional<Event> Read(const security::v1::AuditRecord& record);
  struct Reading {
    int64_t minute = -1;
    uint64_t rows = 0;
    bool reported = false;
    uint64_t minutes = 0;  // Learned from.
    double mean = 0;       // Of log10(rows).
    double squares = 0;
  };
  void Learn(Reading* reading) const;
  std::optional<Event> Judge(const std::string& user, int64_t at_us, Reading* reading) const;

  DetectorOptions options_;
  std::map<std::string, std::deque<int64_t>> failures_;
  std::map<std::string, Spraying> sprayings_;  // By host.
  std::map<std::string, Reading> readings_;
  std::map<std::string, int64_t> flagged_at_us_;
};

}  // namespace adbms::security::anomaly
