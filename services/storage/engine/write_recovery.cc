#include "services/storage/engine/write_recovery.h"

#include <algorithm>

namespace adbms::storage::engine {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(50);
constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(5);

}  // namespace

class WriteRecovery::Listener : public rocksdb::EventListener {
 public:
  explicit Listener(WriteRecovery* owner) : owner_(owner) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    owner_->Failed(error->ToString());
  }

 private:
  WriteRecovery* const owner_;
};

WriteRecovery::WriteRecovery(std::function<void(const std::string&)> warn)
    : warn_(std::move(warn)), listener_(std::make_shared<Listener>(this)) {}

void WriteRecovery::Start(rocksdb::DB* db, LogFiles* logs) {
  db_ = db;
  logs_ = logs;
  thread_ = std::thread([this] { Run(); });
}

void WriteRecovery::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void WriteRecovery::OnRecovered(std::function<void()> then) {
  absl::MutexLock lock(&mutex_);
  recovered_ = std::move(then);
}

std::string WriteRecovery::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

void WriteRecovery::Failed(const std::string& why) {
  absl::MutexLock lock(&mutex_);
  if (failure_.empty()) stops_.fetch_add(1, std::memory_order_relaxed);
  failure_ = why.empty() ? "unknown error" : why;
}

void WriteRecovery::Run() {
  absl::Duration pause = kFirstPause;
  absl::Time next = absl::InfinitePast();
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kTick);
      if (stopping_) return;
    }
    logs_->Save();
    TryAgain(&pause, &next);
  }
}

void WriteRecovery::TryAgain(absl::Duration* pause, absl::Time* next) {
  {
    absl::MutexLock lock(&mutex_);
    if (failure_.empty() || absl::Now() < *next) return;
    if (!warned_ && warn_) warn_("writing has stopped, trying again until it succeeds: " + failure_);
    warned_ = true;
  }
  if (!db_->Resume().ok()) {
    *next = absl::Now() + *pause;
    *pause = std::min(*pause * 2, kLongestPause);
    return;
  }
  *pause = kFirstPause;
  *next = absl::InfinitePast();
  absl::MutexLock lock(&mutex_);
  if (recovered_) recovered_();
  failure_.clear();
  warned_ = false;
  if (warn_) warn_("writing goes on");
}

}  // namespace adbms::storage::engine
