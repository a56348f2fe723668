#include "services/gateway/grpc/call_watcher.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

namespace adbms::gateway::grpc_front {
namespace {

// How soon it is seen that a caller is gone. Calls that are over before cost nobody a wake-up.
constexpr absl::Duration kLook = absl::Milliseconds(20);
constexpr absl::Duration kStop = absl::Milliseconds(500);
constexpr absl::Duration kTick = absl::Seconds(1);

}  // namespace

void RunningCall::BeginWait() {
  waiting_since_us_.store(absl::ToUnixMicros(absl::Now()), std::memory_order_release);
}

CallWatcher::CallWatcher(absl::Duration patience, std::function<void()> tick)
    : patience_(patience), tick_(std::move(tick)), thread_([this] { Run(); }) {}

CallWatcher::~CallWatcher() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

CallWatcher::Watch::Watch(CallWatcher* watcher, RunningCall* call, std::function<void()> cancel)
    : watcher_(watcher), call_(call) {
  absl::MutexLock lock(&watcher_->mutex_);
  call_->cancel_ = std::move(cancel);
  call_->place_ = watcher_->calls_.insert(watcher_->calls_.end(), call_);
}

CallWatcher::Watch::~Watch() {
  absl::MutexLock lock(&watcher_->mutex_);
  watcher_->calls_.erase(call_->place_);
}

void CallWatcher::Look(absl::Time now) {
  for (RunningCall* const call : calls_) {
    if (call->abandoned() || call->stopped()) call->cancel_();
    const int64_t since = call->waiting_since_us_.load(std::memory_order_acquire);
    // A thread that waits for the caller looks at nothing else.
    const absl::Duration patience = call->stopped() ? std::min(kStop, patience_) : patience_;
    if (since != 0 && now - absl::FromUnixMicros(since) > patience) call->server_->TryCancel();
  }
}

void CallWatcher::Run() {
  absl::Time ticked = absl::Now();
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      const bool idle = calls_.empty();
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), idle ? kLook * 5 : kLook)) return;
      Look(absl::Now());
    }
    if (absl::Now() - ticked < kTick) continue;
    tick_();
    ticked = absl::Now();
  }
}

}  // namespace adbms::gateway::grpc_front
