// Batches what many threads want to write to one stream: messages that queue up while one is being
// written leave together, as long as they fit into one message.
//
// All methods need the owner's mutex; the write itself is started without it, so that a system call
// holds up nobody who only queues.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "adbms/storage/v1/storage.pb.h"
#include "common/types/vector.h"

namespace adbms::storage::api {

// Longest message of a session's stream, either way: a value of the greatest length and what goes
// with it. gRPC holds it whole, several times for a moment; it could not hold 2 GiB.
inline constexpr int kLargestMessage = (1 << 30) + (64 << 20);
// Messages of more are given back, and have the company of few others.
inline constexpr size_t kLongMessage = 1 << 20;

// Room for what goes with the values in a message.
inline constexpr size_t kMessageOverhead = 1 << 20;
// Errors: 54000 when `bytes` of values do not fit into a message. `what` names them.
absl::Status CheckMessage(size_t bytes, const char* what);

// The bytes of a batch's strings, those that are shared by several rows once for each.
size_t StringBytes(const types::Batch& batch);
// The bytes of values in a message: what can make it long.
inline size_t ValuesOf(const v1::SessionRequest& request) {
  return request.execute().parameters().size() + request.write_bulk().batch().size();
}
inline size_t ValuesOf(const v1::SessionResponse& response) { return response.batch().size(); }

inline auto& ItemsOf(v1::SessionRequests* batch) { return *batch->mutable_requests(); }
inline auto& ItemsOf(v1::SessionResponses* batch) { return *batch->mutable_responses(); }

// What travels beside them goes with the first.
inline void TakeCompany(v1::SessionRequests*, v1::SessionRequests*) {}
inline void TakeCompany(v1::SessionResponses* from, v1::SessionResponses* to) {
  to->mutable_notifications()->Swap(from->mutable_notifications());
}

template <typename Batch>
class BatchedWriter {
 public:
  // What leaves next: add to it, then Take.
  Batch* queue() {
    empty_ = false;
    return &queued_;
  }
  // To be told of the length of what is added, where that is more than kLongMessage.
  void AddedLong(size_t bytes) { long_bytes_ += bytes; }
  // The batch to write now, which stays as it is until Written; null when there is none, one is on
  // its way or the stream has broken.
  const Batch* Take() {
    if (writing_ || broken_ || empty_) return nullptr;
    writing_ = true;
    if (long_bytes_ > 0) [[unlikely]] {
      TakeSome();
    } else {
      leaving_.Swap(&queued_);
      empty_ = true;
    }
    return &leaving_;
  }
  // The batch is written, or could not be.
  void Written(bool ok) {
    if (leaving_long_) {
      leaving_ = Batch();  // Its memory would be kept by Clear.
      leaving_long_ = false;
    } else {
      leaving_.Clear();
    }
    writing_ = false;
    broken_ |= !ok;
  }
  bool writing() const { return writing_; }
  bool idle() const { return !writing_ && empty_; }
  void Break() { broken_ = true; }

 private:
  // As many as fit into a message that is not too long, one at least.
  void TakeSome() {
    auto& waiting = ItemsOf(&queued_);
    TakeCompany(&queued_, &leaving_);
    size_t bytes = 0;
    int taken = 0;
    for (; taken < waiting.size(); ++taken) {
      const size_t more = waiting[taken].ByteSizeLong();
      if (taken > 0 && bytes + more > kLongMessage) break;
      bytes += more;
      ItemsOf(&leaving_).Add()->Swap(&waiting[taken]);
    }
    leaving_long_ = bytes > kLongMessage;
    waiting.DeleteSubrange(0, taken);
    empty_ = waiting.empty();
    if (!empty_) return;
    queued_ = Batch();
    long_bytes_ = 0;
  }

  Batch queued_;
  Batch leaving_;
  size_t long_bytes_ = 0;  // In what is queued.
  bool leaving_long_ = false;
  bool empty_ = true;
  bool writing_ = false;
  bool broken_ = false;
};

}  // namespace adbms::storage::api
