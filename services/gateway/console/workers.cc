#include "services/gateway/console/workers.h"

#include <utility>

#include "absl/time/time.h"
#include "common/lifecycle/thread.h"

namespace adbms::gateway::console {
namespace {

constexpr absl::Duration kIdle = absl::Seconds(10);

}  // namespace

void Workers::enqueue(std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
  if (tasks_.size() <= idle_ || threads_.size() >= most_) return;
  const uint64_t id = next_++;
  auto thread = lifecycle::StartThread([this, id] { Work(id); });
  // Without one more, those that there are take the task, or the first that can be had.
  if (thread.ok()) threads_[id] = *std::move(thread);
}

void Workers::Work(uint64_t id) {
  mutex_.Lock();
  const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !tasks_.empty();
  };
  for (;;) {
    ++idle_;
    mutex_.AwaitWithTimeout(absl::Condition(&ready), kIdle);
    --idle_;
    if (tasks_.empty()) break;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    mutex_.Unlock();
    task();
    mutex_.Lock();
  }
  const auto own = threads_.find(id);
  std::thread before = std::exchange(ended_, std::move(own->second));
  threads_.erase(own);
  mutex_.Unlock();
  if (before.joinable()) before.join();
}

void Workers::shutdown() {
  std::thread last;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return threads_.empty(); };
    mutex_.Await(absl::Condition(&done));
    last = std::move(ended_);
  }
  if (last.joinable()) last.join();
}

}  // namespace adbms::gateway::console
