#include "services/storage/api/cancel_watcher.h"

#include <vector>

#include "common/rpc/grpc/call.h"

namespace adbms::storage::api {
namespace {

// How soon a cancellation is noticed.
constexpr absl::Duration kWatchInterval = absl::Milliseconds(20);

}  // namespace

void CancelWatcher::Run() {
  for (;;) {
    std::vector<uint64_t> cancelled;
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kWatchInterval)) return;
      for (Entry& entry : entries_) {
        if (entry.cancellation->cancelled()) cancelled.push_back(entry.session_id);
      }
    }
    for (const uint64_t id : cancelled) {
      v1::CancelStatementRequest request;
      request.set_session_id(id);
      // Told again at every look until the statement has ended: the first may have come before it.
      (void)rpc::Call(stub_, &v1::StorageService::Stub::CancelStatement, rpc::CallContext(),
                      credentials_, request, true);
    }
  }
}

}  // namespace adbms::storage::api
