// The outcomes of calls that came with an idempotency key (gateway.proto, Idempotency), so that the
// same call is not run twice. Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adbms/gateway/v1/gateway.pb.h"

namespace adbms::gateway::grpc_front {

// What a call answered.
struct Outcome {
  absl::Status status;
  std::vector<std::string> messages;  // Serialized, in order.
  bool cut = false;                   // There was more than is kept.
  // Of a call inside a transaction: the session that has it. Empty: it stands by itself.
  std::string session_id;
  v1::TransactionStatus transaction = v1::TRANSACTION_STATUS_UNSPECIFIED;
};

struct OutcomeLimits {
  absl::Duration window = absl::Minutes(10);
  size_t total_bytes = size_t{64} << 20;
  size_t outcome_bytes = size_t{1} << 20;
};

class Outcomes {
 public:
  using Clock = std::function<absl::Time()>;

  // `instance`: this run of this gateway.
  Outcomes(std::string instance, OutcomeLimits limits, Clock clock);

  const std::string& instance() const { return instance_; }

  // A call that runs, and will be remembered unless it is given up.
  class Claim {
   public:
    ~Claim();
    // Adds an answer's message.
    void Add(std::string message);
    // It is over. `kept` false: nothing is left of it, so that it may run again.
    void Finish(const absl::Status& status, std::string session_id,
                v1::TransactionStatus transaction, bool kept);

   private:
    friend class Outcomes;
    Claim(Outcomes* outcomes, std::string id) : outcomes_(outcomes), id_(std::move(id)) {}
    Outcomes* const outcomes_;
    const std::string id_;
    Outcome outcome_;
    size_t bytes_ = 0;
    bool finished_ = false;
  };
  // One of the two is there.
  struct Found {
    std::unique_ptr<Claim> claim;            // It has not been run: to be run and finished.
    std::shared_ptr<const Outcome> outcome;  // It has.
  };

  // `owner`: whose keys they are; `fingerprint`: of the call. Waits while the same call runs, until
  // `abandoned` says that nobody does any more. Errors: 22023 for a bad key, or one of another
  // call; 40003 when it cannot be known whether the call has been run; CANCELLED.
  absl::StatusOr<Found> Find(const v1::Idempotency& idempotency, const std::string& owner,
                             uint64_t fingerprint, const std::function<bool()>& abandoned);

 private:
  struct Entry {
    uint64_t fingerprint = 0;
    absl::Time begun;
    std::shared_ptr<const Outcome> outcome;  // Null while it runs.
    size_t bytes = 0;
  };
  void Forget(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Finish(const std::string& id, std::shared_ptr<const Outcome> outcome);

  const std::string instance_;
  const OutcomeLimits limits_;
  const Clock clock_;
  absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> finished_ ABSL_GUARDED_BY(mutex_);  // In the order of their end.
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // The latest beginning of a call that has been forgotten.
  absl::Time forgotten_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace adbms::gateway::grpc_front
