#include "services/storage/server/session_activity.h"

namespace adbms::storage::server {

SessionActivity::~SessionActivity() {
  if (pid_ != 0) registry_->Remove(this);
}

void SessionActivity::Started(const api::ExecuteOptions& options) {
  if (pid_ == 0) {
    if (options.backend_pid == 0 || registry_ == nullptr) return;
    pid_ = options.backend_pid;
    user_ = options.session_user;
    database_ = options.current_database;
    started_us_ = options.statement_timestamp_us;
    registry_->Add(this);
  }
  query_start_us_.store(options.statement_timestamp_us, std::memory_order_relaxed);
  active_.store(true, std::memory_order_relaxed);
}

std::string SessionActivity::user() const {
  if (registry_ == nullptr) return {};
  absl::MutexLock lock(&registry_->mutex_);
  return registry_->sessions_.contains(this) ? user_ : std::string();
}

void SessionRegistry::Add(const SessionActivity* session) {
  absl::MutexLock lock(&mutex_);
  sessions_.insert(session);
}

void SessionRegistry::Remove(const SessionActivity* session) {
  absl::MutexLock lock(&mutex_);
  sessions_.erase(session);
}

std::vector<SessionRegistry::Row> SessionRegistry::Rows() const {
  std::vector<Row> rows;
  absl::MutexLock lock(&mutex_);
  for (const SessionActivity* session : sessions_) {
    if (session->hidden_.load(std::memory_order_relaxed)) continue;
    Row& row = rows.emplace_back();
    row.pid = session->pid_;
    row.user = session->user_;
    row.database = session->database_;
    row.started_us = session->started_us_;
    row.query_start_us = session->query_start_us_.load(std::memory_order_relaxed);
    const bool in_transaction = session->in_transaction_.load(std::memory_order_relaxed);
    row.state = session->active_.load(std::memory_order_relaxed) ? "active"
                : in_transaction                                 ? "idle in transaction"
                                                                 : "idle";
  }
  return rows;
}

}  // namespace adbms::storage::server
