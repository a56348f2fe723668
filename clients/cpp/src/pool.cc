#include "adbms/client.h"

namespace adbms {

Pool::Pool(Client* client, std::size_t size, SessionOptions options)
    : client_(client), size_(size), options_(std::move(options)) {}

Pool::Lease Pool::Acquire() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !free_.empty() || open_ < size_; });
    if (!free_.empty()) {
      std::unique_ptr<Session> session = std::move(free_.back());
      free_.pop_back();
      return Lease(this, std::move(session));
    }
    ++open_;
  }
  try {
    return Lease(this, std::make_unique<Session>(client_->Connect(options_)));
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --open_;
    changed_.notify_one();
    throw;
  }
}

Pool::Lease::~Lease() {
  if (session_ == nullptr) return;
  bool usable = true;
  try {
    if (session_->in_transaction()) session_->Rollback();
  } catch (const Error&) {
    usable = false;
  }
  std::unique_ptr<Session> broken;
  const std::lock_guard lock(pool_->mutex_);
  if (usable) {
    pool_->free_.push_back(std::move(session_));
  } else {
    broken = std::move(session_);
    --pool_->open_;
  }
  pool_->changed_.notify_one();
}

}  // namespace adbms
