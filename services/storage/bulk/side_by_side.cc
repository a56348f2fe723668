#include "services/storage/bulk/side_by_side.h"

#include <system_error>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace adbms::storage::bulk {

absl::Status RunSideBySide(
    size_t count,
    const std::function<absl::Status(size_t part, const std::atomic<bool>& stop)>& work) {
  std::atomic<bool> stop{false};
  absl::Mutex mutex;
  absl::Status first;
  const auto run = [&](size_t part) {
    const absl::Status status = work(part, stop);
    if (status.ok()) return;
    absl::MutexLock lock(&mutex);
    if (!stop.exchange(true)) first = status;
  };
  std::vector<std::thread> threads;
  size_t started = 1;  // The caller's.
  try {
    for (; started < count; ++started) threads.emplace_back(run, started);
  } catch (const std::system_error&) {
    // No thread is to be had: the caller does the rest.
  }
  if (count > 0) run(0);
  for (size_t part = started; part < count && !stop; ++part) run(part);
  for (std::thread& thread : threads) thread.join();
  return first;
}

}  // namespace adbms::storage::bulk
