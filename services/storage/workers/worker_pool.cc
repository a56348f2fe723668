#include "services/storage/workers/worker_pool.h"

#include <algorithm>

#include "absl/synchronization/blocking_counter.h"
#include "common/lifecycle/thread.h"

namespace adbms::storage::workers {

WorkerPool::Crew::~Crew() {
  if (pool_ != nullptr) pool_->Release(helpers_);
}

absl::Status WorkerPool::Crew::Run(const Work& work) {
  std::atomic<bool> stop{false};
  absl::Mutex mutex;
  absl::Status first;
  const auto run = [&](size_t worker) {
    absl::Status status = work(worker, stop);
    if (status.ok()) return;
    absl::MutexLock lock(&mutex);
    if (!stop.exchange(true)) first = std::move(status);
  };
  absl::BlockingCounter working(static_cast<int>(helpers_));
  for (size_t helper = 1; helper <= helpers_; ++helper) {
    pool_->Post([&, helper] {
      run(helper);
      working.DecrementCount();
    });
  }
  run(0);
  working.Wait();
  return first;
}

WorkerPool::~WorkerPool() {
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

WorkerPool::Crew WorkerPool::Hire(size_t most) {
  absl::MutexLock lock(&mutex_);
  const size_t wanted = std::min(most, most_ - hired_);
  while (threads_.size() < hired_ + wanted) {
    auto thread = lifecycle::StartThread([this] { Serve(); });
    if (!thread.ok()) break;
    threads_.push_back(*std::move(thread));
  }
  const size_t helpers = std::min(wanted, threads_.size() - std::min(threads_.size(), hired_));
  hired_ += helpers;
  return Crew(this, helpers);
}

size_t WorkerPool::busy() const {
  absl::MutexLock lock(&mutex_);
  return hired_;
}

void WorkerPool::Release(size_t helpers) {
  absl::MutexLock lock(&mutex_);
  hired_ -= helpers;
}

void WorkerPool::Post(std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
}

void WorkerPool::Serve() {
  while (true) {
    std::function<void()> task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](WorkerPool* pool) ABSL_EXCLUSIVE_LOCKS_REQUIRED(pool->mutex_) {
            return pool->ending_ || !pool->tasks_.empty();
          },
          this));
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace adbms::storage::workers
