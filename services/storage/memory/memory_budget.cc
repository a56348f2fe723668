#include "services/storage/memory/memory_budget.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::memory {
namespace {

using types::Physical;

constexpr int64_t kStep = 256 << 10;
constexpr int64_t kSlack = 1 << 20;

}  // namespace

QueryMemoryAccount::~QueryMemoryAccount() {
  if (taken_ <= kFreeBytes) return;
  server_.Give(taken_ - kFreeBytes);
  server_.RemoveHolder();
}

bool QueryMemoryAccount::Take(int64_t bytes, bool wait) {
  const int64_t used = used_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (used <= ceiling_.load(std::memory_order_relaxed)) {
    if (used <= taken_.load(std::memory_order_relaxed) || CoverUsed()) return true;
    // Without the mutex: another thread may give back what this one waits for.
    const bool holds = taken_.load(std::memory_order_relaxed) > kFreeBytes;
    if (wait && bytes <= server_.limit() &&
        server_.Await([this] { return CoverUsed(); }, holds, call_.load(std::memory_order_relaxed)))
      return true;
  }
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

bool QueryMemoryAccount::CoverUsed() {
  absl::MutexLock lock(&mutex_);
  const int64_t taken = taken_.load(std::memory_order_relaxed);
  const int64_t needed = used_.load(std::memory_order_relaxed) - taken;
  if (needed <= 0) return true;
  for (const int64_t more : {std::max(needed, kStep), needed}) {
    if (!server_.Take(more)) continue;
    taken_.store(taken + more, std::memory_order_relaxed);
    if (taken <= kFreeBytes) server_.AddHolder();
    return true;
  }
  return false;
}

void QueryMemoryAccount::Give(int64_t bytes) {
  const int64_t used = used_.fetch_sub(bytes, std::memory_order_relaxed) - bytes;
  const bool wanted = server_.waiting() > 0;
  if (!wanted && taken_.load(std::memory_order_relaxed) - used <= kSlack + kFreeBytes) return;
  int64_t given = 0;
  bool holds = true;
  {
    absl::MutexLock lock(&mutex_);
    const int64_t taken = taken_.load(std::memory_order_relaxed);
    const int64_t kept =
        std::max(used_.load(std::memory_order_relaxed) + (wanted ? 0 : kStep), kFreeBytes);
    if (kept < taken) {
      taken_.store(kept, std::memory_order_relaxed);
      given = taken - kept;
      holds = kept > kFreeBytes;
    }
  }
  // Without the mutex, which who waits and is woken may need. He may be of this account.
  if (given > 0 || wanted) server_.Give(given);
  if (!holds) server_.RemoveHolder();
}

absl::Status QueryMemoryAccount::Refusal() const {
  return status::Error(
      status::sqlstate::kOutOfMemory, "out of query memory",
      "The statement needs more than query_memory_bytes allows.",
      "Raise the knob query_memory_bytes, or make the statement handle fewer rows at once.");
}

bool MemoryBudget::TryReserveSpillable(int64_t bytes) {
  const int64_t limit = server_.limit();
  const int64_t used = server_.used() - std::max<int64_t>(account_->spare(), 0);
  // A small share is everybody's, so that runs do not become tiny where others hold much.
  const bool roomy = used + bytes <= limit / 4 * 3 || account_->used() + bytes <= limit / 32;
  return roomy && TryReserve(bytes);
}

absl::Status MemoryBudget::Adjust(int64_t bytes, int64_t* reserved) {
  if (bytes <= *reserved) return absl::OkStatus();
  // Ahead by an eighth, or as far as is needed.
  const int64_t needed = bytes - *reserved;
  int64_t step = needed + std::max(bytes / 8, kStep);
  if (!TryReserve(step)) {
    step = needed;
    RETURN_IF_ERROR(Reserve(step));
  }
  *reserved += step;
  return absl::OkStatus();
}

bool MemoryBudget::TryAdjustSpillable(int64_t bytes, int64_t* reserved) {
  if (bytes <= *reserved) return true;
  const int64_t more = bytes - *reserved + std::max(bytes / 8, kStep);
  if (!TryReserveSpillable(more)) return false;
  *reserved += more;
  return true;
}

int64_t MemoryBudget::BatchBytes() const {
  return std::max<int64_t>(limit() / 32, int64_t{1} << 20);
}

bool IsMemoryRefusal(const absl::Status& status) {
  return !status.ok() && status::HasSqlState(status, status::sqlstate::kOutOfMemory);
}

int64_t MemoryOf(const types::Vector& column) {
  const uint32_t rows = column.size();
  auto bytes =
      static_cast<int64_t>(sizeof(types::Vector) + 32 + rows * types::WidthOf(column.physical()));
  if (!column.has_strings() || column.strings_counted()) return bytes;
  for (uint32_t i = 0; i < rows; ++i) {
    if (!column.is_null(i)) bytes += static_cast<int64_t>(column.string(i).size());
  }
  return bytes;
}

int64_t MemoryOf(const types::Batch& batch) {
  int64_t bytes = 64;
  for (const types::VectorPtr& column : batch.columns) bytes += MemoryOf(*column);
  return bytes;
}

}  // namespace adbms::storage::memory
