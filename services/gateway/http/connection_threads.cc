#include "services/gateway/http/connection_threads.h"

#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "common/lifecycle/thread.h"

namespace adbms::gateway::http {
namespace {

// How long a thread stays that has nothing to do.
constexpr absl::Duration kStay = absl::Seconds(2);

}  // namespace

void ConnectionThreads::enqueue(std::function<void()> connection) {
  absl::MutexLock lock(&mutex_);
  waiting_.push_back(std::move(connection));
  if (idle_ >= waiting_.size() || threads_ >= most_) return;
  auto thread = lifecycle::StartThread([this] { Work(); });
  if (!thread.ok()) return;
  ++threads_;
  thread->detach();  // shutdown() waits for its end.
}

void ConnectionThreads::Work() {
  absl::MutexLock lock(&mutex_);
  const auto called = [this] { return !waiting_.empty() || ending_; };
  for (;;) {
    ++idle_;
    mutex_.AwaitWithTimeout(absl::Condition(&called), kStay);
    --idle_;
    if (waiting_.empty()) break;
    std::function<void()> connection = std::move(waiting_.front());
    waiting_.pop_front();
    mutex_.Unlock();
    connection();
    connection = nullptr;
    mutex_.Lock();
  }
  --threads_;
}

void ConnectionThreads::shutdown() {
  absl::MutexLock lock(&mutex_);
  ending_ = true;
  mutex_.Await(absl::Condition(
      +[](ConnectionThreads* self) ABSL_NO_THREAD_SAFETY_ANALYSIS { return self->threads_ == 0; },
      this));
  waiting_.clear();
}

}  // namespace adbms::gateway::http
