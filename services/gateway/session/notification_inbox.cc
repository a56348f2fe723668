#include "services/gateway/session/notification_inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "common/status/sql_error.h"

namespace adbms::gateway::session {
namespace {

constexpr size_t kOverheadBytes = 128;

size_t BytesOf(const storage::api::Notification& notification) {
  return notification.channel.size() + notification.payload.size() + kOverheadBytes;
}

}  // namespace

absl::StatusOr<std::shared_ptr<NotificationInbox>> NotificationInbox::Open() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) {
    return status::Error("53000", "no descriptor is left to listen with", {},
                         "Try again when fewer clients are connected.");
  }
  return std::shared_ptr<NotificationInbox>(new NotificationInbox(fd));
}

NotificationInbox::~NotificationInbox() { ::close(fd_); }

void NotificationInbox::Wake() {
  if (awake_.exchange(true, std::memory_order_acq_rel)) return;
  const uint64_t one = 1;
  // A counter that is not zero is all that is wanted.
  [[maybe_unused]] const ssize_t written = ::write(fd_, &one, sizeof(one));
}

void NotificationInbox::Receive(storage::api::NotificationPtr notification) {
  absl::MutexLock lock(&mutex_);
  if (lost_ || overrun_) return;
  bytes_ += BytesOf(*notification);
  if (bytes_ > kMostBytes) {
    overrun_ = true;
    waiting_ = {};
  } else {
    waiting_.push_back(std::move(notification));
  }
  Wake();
}

void NotificationInbox::Lost() {
  absl::MutexLock lock(&mutex_);
  lost_ = true;
  waiting_ = {};
  Wake();
}

double NotificationInbox::Fullness() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<double>(bytes_) / kMostBytes;
}

absl::StatusOr<std::vector<storage::api::NotificationPtr>> NotificationInbox::Take() {
  absl::MutexLock lock(&mutex_);
  if (lost_) {
    return status::Error(status::sqlstate::kAdminShutdown,
                         "terminating connection: notifications were lost",
                         "Storage was restarted, or more waited than there is room for.",
                         "Connect and listen again, and look at what may have changed meanwhile.");
  }
  if (overrun_) {
    return status::Error(status::sqlstate::kAdminShutdown,
                         "terminating connection: too many notifications wait for it",
                         "A client that listens must read between its transactions.",
                         "Connect and listen again, and look at what may have changed meanwhile.");
  }
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd_, &count, sizeof(count));
  awake_.store(false, std::memory_order_release);
  bytes_ = 0;
  return std::exchange(waiting_, {});
}

}  // namespace adbms::gateway::session
