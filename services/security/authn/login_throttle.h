// Slows the guessing of passwords without locking anybody out. Failed logins of one role from one
// host put the next attempts of that pair further and further apart, to a bound; failures of one
// host under whatever names, and of one role from wherever, slow those pairs that have not logged
// in before. One failure is forgotten every half minute. Keeps nothing beyond the process.
// Thread-safe.
#pragma once

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace adbms::security::authn {

// The host of a peer as the gateway names it: `127.0.0.1:5000`, `::1:5000`, `ipv4:127.0.0.1:5000`,
// `local`. Of IPv6 the network of 64 bits, which one machine may have to itself.
std::string HostOf(const std::string& peer);

class LoginThrottle {
 public:
  static constexpr absl::Duration kLongestDelay = absl::Seconds(4);

  // How long an attempt waits before it is judged. Errors: RESOURCE_EXHAUSTED (53400) when those
  // that wait already fill more than ten seconds.
  absl::StatusOr<absl::Duration> Enter(const std::string& role, const std::string& host,
                                       absl::Time now);
  void Failed(const std::string& role, const std::string& host, absl::Time now);
  void Succeeded(const std::string& role, const std::string& host, absl::Time now);

 private:
  struct Failures {
    double count = 0;
    absl::Time at = absl::InfinitePast();    // When `count` was true.
    absl::Time next = absl::InfinitePast();  // When another attempt may be judged.
  };
  using Table = std::map<std::string, Failures>;
  static double CountAt(const Failures& failures, absl::Time now);
  static Failures* Find(Table* table, const std::string& key);
  static Failures* Count(Table* table, const std::string& key, absl::Time now);

  absl::Mutex mutex_;
  Table pairs_ ABSL_GUARDED_BY(mutex_);
  Table hosts_ ABSL_GUARDED_BY(mutex_);
  Table roles_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Time> known_ ABSL_GUARDED_BY(mutex_);  // Pairs that have logged in.
};

}  // namespace adbms::security::authn
