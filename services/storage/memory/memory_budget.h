// Memory of one execution, counted against the server's (QueryMemory).
//
// QueryMemoryAccount is where everything is counted: strings in the arenas of vectors, which come
// and go by themselves, and what operators keep, through MemoryBudget. It takes from the server's
// sum in steps, so that short statements do not meet there. Thread-safe, and it may outlive the
// execution: whoever holds the last rows gives their memory back.
//
// MemoryBudget is the operators' side of it. Not thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/types/memory_account.h"
#include "common/types/vector.h"
#include "services/storage/memory/query_memory.h"

namespace adbms::storage::memory {

class QueryMemoryAccount : public types::MemoryAccount {
 public:
  // An execution's first bytes are not counted on the server.
  static constexpr int64_t kFreeBytes = 64 << 10;

  // `patient`: waits for others where it is not asked to do without.
  explicit QueryMemoryAccount(QueryMemory* server, bool patient = true)
      : server_(*server), patient_(patient) {}
  ~QueryMemoryAccount() override;

  // Waits for others, if need be and if it is patient.
  bool Take(int64_t bytes) override { return Take(bytes, patient_); }
  bool TakeNow(int64_t bytes) { return Take(bytes, false); }
  void Give(int64_t bytes) override;
  // Errors: 53200 naming the knob.
  absl::Status Refusal() const override;

  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  // Taken from the server and not used now.
  int64_t spare() const { return taken_.load(std::memory_order_relaxed) - used(); }
  // On whose behalf it waits; null: nobody's, any more.
  void SetCall(const rpc::CallContext* call) { call_.store(call, std::memory_order_relaxed); }
  // Refuses what would lead beyond so many bytes; INT64_MAX: only the server's sum does.
  void SetCeiling(int64_t bytes) { ceiling_.store(bytes, std::memory_order_relaxed); }

 private:
  bool Take(int64_t bytes, bool wait);
  // Whether all that is used is taken from the server, now at the latest.
  bool CoverUsed();

  QueryMemory& server_;
  const bool patient_;
  std::atomic<const rpc::CallContext*> call_{nullptr};
  std::atomic<int64_t> used_{0};
  std::atomic<int64_t> ceiling_{INT64_MAX};
  std::atomic<int64_t> taken_{
      kFreeBytes};  // From the server's sum, and the free part. Changed under mutex_.
  absl::Mutex mutex_;
};

class MemoryBudget {
 public:
  explicit MemoryBudget(QueryMemory* server, bool patient = true)
      : server_(*server), account_(std::make_shared<QueryMemoryAccount>(server, patient)) {}
  ~MemoryBudget() {
    Release(used_);
    account_->SetCall(nullptr);
  }
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // The statement that waits for memory, and stops when it is cancelled. Outlives the budget.
  void SetCall(const rpc::CallContext* call) { account_->SetCall(call); }

  // Whether `bytes` more fit now; counts them if so.
  bool TryReserve(int64_t bytes) { return Note(bytes, account_->TakeNow(bytes)); }
  // The same for one who can do without, by spilling: stops while others still find something.
  bool TryReserveSpillable(int64_t bytes);
  // Waits for others, if need be. Errors: 53200 naming the knob.
  absl::Status Reserve(int64_t bytes) {
    return Note(bytes, account_->Take(bytes)) ? absl::OkStatus() : account_->Refusal();
  }
  void Release(int64_t bytes) {
    account_->Give(bytes);
    used_ -= bytes;
  }
  // Brings what is counted in `*reserved` to `bytes` at least, in steps. Errors: 53200.
  absl::Status Adjust(int64_t bytes, int64_t* reserved);
  // The same for one who can do without, by spilling; false: it should.
  bool TryAdjustSpillable(int64_t bytes, int64_t* reserved);

  const std::shared_ptr<QueryMemoryAccount>& account() const { return account_; }
  // What the strings of one batch may take before it is cut into smaller ones.
  int64_t BatchBytes() const;
  int64_t limit() const { return server_.limit(); }

 private:
  bool Note(int64_t bytes, bool taken) {
    if (taken) used_ += bytes;
    return taken;
  }

  QueryMemory& server_;
  const std::shared_ptr<QueryMemoryAccount> account_;
  int64_t used_ = 0;
};

// For the life of this, evaluation that makes more than a batch's share of strings is refused.
class BatchCeiling {
 public:
  explicit BatchCeiling(const MemoryBudget& budget) : account_(*budget.account()) {
    account_.SetCeiling(account_.used() + budget.BatchBytes());
  }
  ~BatchCeiling() { account_.SetCeiling(INT64_MAX); }
  BatchCeiling(const BatchCeiling&) = delete;
  BatchCeiling& operator=(const BatchCeiling&) = delete;

 private:
  QueryMemoryAccount& account_;
};

// Whether `status` says that memory was refused.
bool IsMemoryRefusal(const absl::Status& status);

// About what a vector or a batch takes, without strings that its arenas count.
int64_t MemoryOf(const types::Vector& column);
int64_t MemoryOf(const types::Batch& batch);

}  // namespace adbms::storage::memory
