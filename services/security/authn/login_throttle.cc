#include "services/security/authn/login_throttle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/status/sql_error.h"

namespace adbms::security::authn {
namespace {

constexpr absl::Duration kFirstDelay = absl::Milliseconds(250);
constexpr absl::Duration kForgetOne = absl::Seconds(30);
constexpr absl::Duration kLongestQueue = absl::Seconds(10);
constexpr absl::Duration kKnownFor = absl::Hours(24);
constexpr double kMostCounted = 64;
// Failures that cost nothing yet. One host may be many people's, one role many programs'.
constexpr double kFreeOfPair = 3;
constexpr double kFreeOfHost = 10;
constexpr double kFreeOfRole = 20;
constexpr absl::Duration kLongestOfHost = absl::Seconds(2);
constexpr absl::Duration kLongestOfRole = absl::Seconds(1);
// Entries of a table; names come from clients.
constexpr size_t kEntries = 10000;

absl::Duration DelayAfter(double count, double free, absl::Duration longest) {
  if (count < free) return absl::ZeroDuration();
  const double doublings = std::min(16.0, std::floor(count - free));
  return std::min(longest, kFirstDelay * std::exp2(doublings));
}

std::string Pair(const std::string& role, const std::string& host) {
  return absl::StrCat(host, "\n", role);
}

}  // namespace

std::string HostOf(const std::string& peer) {
  std::string host = absl::StrReplaceAll(peer, {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
  for (const char* prefix : {"ipv4:", "ipv6:"}) {
    if (absl::StartsWith(host, prefix)) host.erase(0, std::strlen(prefix));
  }
  const size_t colon = host.rfind(':');
  if (colon != std::string::npos) host.resize(colon);
  in6_addr address;
  if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) return host;
  std::memset(address.s6_addr + 8, 0, 8);
  char text[INET6_ADDRSTRLEN];
  return absl::StrCat(::inet_ntop(AF_INET6, &address, text, sizeof(text)), "/64");
}

double LoginThrottle::CountAt(const Failures& failures, absl::Time now) {
  return std::max(0.0, failures.count - absl::FDivDuration(now - failures.at, kForgetOne));
}

LoginThrottle::Failures* LoginThrottle::Find(Table* table, const std::string& key) {
  const auto found = table->find(key);
  return found == table->end() ? nullptr : &found->second;
}

LoginThrottle::Failures* LoginThrottle::Count(Table* table, const std::string& key,
                                              absl::Time now) {
  if (table->size() >= kEntries && !table->contains(key)) {
    std::erase_if(*table, [now](const auto& entry) { return CountAt(entry.second, now) == 0; });
    if (table->size() >= kEntries) table->erase(table->begin());
  }
  Failures& failures = (*table)[key];
  failures.count = std::min(kMostCounted, CountAt(failures, now) + 1);
  failures.at = now;
  return &failures;
}

absl::StatusOr<absl::Duration> LoginThrottle::Enter(const std::string& role,
                                                    const std::string& host, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const std::string key = Pair(role, host);
  const auto logged_in = known_.find(key);
  const bool known = logged_in != known_.end() && logged_in->second > now - kKnownFor;
  Failures* const pair = Find(&pairs_, key);
  Failures* const of_host = known ? nullptr : Find(&hosts_, host);
  Failures* const of_role = known ? nullptr : Find(&roles_, role);
  absl::Time due = now;
  if (pair != nullptr) due = std::max(due, pair->next);
  if (of_host != nullptr) due = std::max(due, of_host->next);
  if (due - now > kLongestQueue) {
    return status::Error(status::sqlstate::kConfigurationLimit,
                         absl::StrCat("too many login attempts from ", host, " are waiting"), "",
                         "Try again later.");
  }
  // Those that come meanwhile queue up behind this one.
  if (pair != nullptr) {
    pair->next = due + DelayAfter(CountAt(*pair, now), kFreeOfPair, kLongestDelay);
  }
  if (of_host != nullptr) {
    of_host->next = due + DelayAfter(CountAt(*of_host, now), kFreeOfHost, kLongestOfHost);
  }
  const absl::Duration wait = due - now;
  if (of_role == nullptr) return wait;
  return std::max(wait, DelayAfter(CountAt(*of_role, now), kFreeOfRole, kLongestOfRole));
}

void LoginThrottle::Failed(const std::string& role, const std::string& host, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  Failures* const pair = Count(&pairs_, Pair(role, host), now);
  pair->next = std::max(pair->next, now + DelayAfter(pair->count, kFreeOfPair, kLongestDelay));
  Failures* const of_host = Count(&hosts_, host, now);
  of_host->next =
      std::max(of_host->next, now + DelayAfter(of_host->count, kFreeOfHost, kLongestOfHost));
  Count(&roles_, role, now);
}

void LoginThrottle::Succeeded(const std::string& role, const std::string& host, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const std::string key = Pair(role, host);
  // Failures of the host stay: who has an account of their own must not guess others' by it.
  pairs_.erase(key);
  if (known_.size() >= kEntries && !known_.contains(key)) known_.clear();
  known_[key] = now;
}

}  // namespace adbms::security::authn
