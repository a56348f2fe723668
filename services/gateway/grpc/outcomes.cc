#include "services/gateway/grpc/outcomes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::grpc_front {
namespace {

constexpr size_t kKeyBytes = 200;
// What an entry takes besides its texts.
constexpr size_t kEntryBytes = 400;
// How soon a waiting call sees that nobody waits for it.
constexpr absl::Duration kLook = absl::Milliseconds(20);

absl::Status Unknown(absl::string_view why) {
  return status::Error("40003", "it is not known whether the statement has been run",
                       std::string(why),
                       "Look at what it should have done before it is sent with another key.");
}

}  // namespace

Outcomes::Outcomes(std::string instance, OutcomeLimits limits, Clock clock)
    : instance_(std::move(instance)), limits_(limits), clock_(std::move(clock)) {}

absl::StatusOr<Outcomes::Found> Outcomes::Find(const v1::Idempotency& idempotency,
                                               const std::string& owner, uint64_t fingerprint,
                                               const std::function<bool()>& abandoned) {
  if (idempotency.key().empty() || idempotency.key().size() > kKeyBytes) {
    return status::Error(status::sqlstate::kInvalidParameterValue,
                         absl::StrCat("an idempotency key has 1 to ", kKeyBytes, " bytes"));
  }
  const std::string id = absl::StrCat(owner, std::string(1, '\0'), idempotency.key());
  Found found;
  absl::MutexLock lock(&mutex_);
  while (true) {
    Forget(clock_());
    const auto entry = entries_.find(id);
    if (entry == entries_.end()) break;
    if (entry->second.fingerprint != fingerprint) {
      return status::Error(status::sqlstate::kInvalidParameterValue,
                           "the idempotency key belongs to another call", "",
                           "Make a new key for each call.");
    }
    if (entry->second.outcome != nullptr) {
      found.outcome = entry->second.outcome;
      return found;
    }
    const auto over = [this, &id] {
      const auto running = entries_.find(id);
      return running == entries_.end() || running->second.outcome != nullptr;
    };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&over), kLook) && abandoned())
      return absl::CancelledError("the caller is gone");
  }
  if (!idempotency.instance().empty() && idempotency.instance() != instance_)
    return Unknown("The key was first sent to another gateway, or before this one started.");
  const absl::Time now = clock_();
  if (idempotency.age_ms() > 0 && now - absl::Milliseconds(idempotency.age_ms()) <= forgotten_)
    return Unknown("The key was first sent longer ago than keys are remembered.");
  Entry& entry = entries_[id];
  entry.fingerprint = fingerprint;
  entry.begun = now;
  entry.bytes = kEntryBytes + 2 * id.size();
  bytes_ += entry.bytes;
  found.claim = std::unique_ptr<Claim>(new Claim(this, id));
  return found;
}

void Outcomes::Forget(absl::Time now) {
  while (!finished_.empty()) {
    const auto entry = entries_.find(finished_.front());
    const bool over = now - entry->second.begun > limits_.window || bytes_ > limits_.total_bytes;
    if (!over) return;
    forgotten_ = std::max(forgotten_, entry->second.begun);
    bytes_ -= entry->second.bytes;
    entries_.erase(entry);
    finished_.pop_front();
  }
}

void Outcomes::Finish(const std::string& id, std::shared_ptr<const Outcome> outcome) {
  absl::MutexLock lock(&mutex_);
  const auto entry = entries_.find(id);
  if (outcome == nullptr) {
    bytes_ -= entry->second.bytes;
    entries_.erase(entry);
    return;
  }
  for (const std::string& message : outcome->messages) {
    entry->second.bytes += message.size();
    bytes_ += message.size();
  }
  entry->second.outcome = std::move(outcome);
  finished_.push_back(id);
  Forget(clock_());
}

void Outcomes::Claim::Add(std::string message) {
  if (bytes_ + message.size() > outcomes_->limits_.outcome_bytes) {
    outcome_.cut = true;
    return;
  }
  bytes_ += message.size();
  outcome_.messages.push_back(std::move(message));
}

void Outcomes::Claim::Finish(const absl::Status& status, std::string session_id,
                             v1::TransactionStatus transaction, bool kept) {
  finished_ = true;
  if (!kept) return outcomes_->Finish(id_, nullptr);
  outcome_.status = status;
  outcome_.session_id = std::move(session_id);
  outcome_.transaction = transaction;
  if (outcome_.cut) outcome_.messages.clear();
  outcomes_->Finish(id_, std::make_shared<const Outcome>(std::move(outcome_)));
}

Outcomes::Claim::~Claim() {
  if (!finished_) outcomes_->Finish(id_, nullptr);
}

}  // namespace adbms::gateway::grpc_front
