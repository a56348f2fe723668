#include "clients/local_cluster/supervisor.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace adbms::clients::local_cluster {
namespace {

constexpr absl::Duration kFirstDelay = absl::Milliseconds(200);
constexpr absl::Duration kLongestDelay = absl::Seconds(30);
// A process that has lived for so long had a reason of its own to end.
constexpr absl::Duration kLived = absl::Minutes(1);

}  // namespace

void Supervisor::NoteEnd(const std::string& name, const std::string& how) {
  Care& care = care_[name];
  if (care.start_at != absl::InfiniteFuture()) return;  // Known.
  const absl::Time now = absl::Now();
  const bool lived = now - care.started_at > kLived;
  care.delay = lived ? kFirstDelay : std::min(kLongestDelay, care.delay * 2);
  care.start_at = now + care.delay;
  care.awaited = false;
  tell_(absl::StrCat(name, " ended (", how, "); it is started again in ",
                     absl::FormatDuration(care.delay)));
}

void Supervisor::Look() {
  for (const auto& [name, how] : cluster_->Ended()) NoteEnd(name, how);
  for (auto& [name, care] : care_) {
    if (care.awaited && cluster_->IsReady(name)) {
      care.awaited = false;
      tell_(absl::StrCat(name, " serves again"));
    }
    if (absl::Now() < care.start_at) continue;
    care.start_at = absl::InfiniteFuture();
    care.started_at = absl::Now();
    const absl::Status started = cluster_->StartAgain(name);
    care.awaited = started.ok();
    if (!started.ok()) NoteEnd(name, std::string(started.message()));
  }
}

}  // namespace adbms::clients::local_cluster
