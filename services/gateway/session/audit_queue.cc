#include "services/gateway/session/audit_queue.h"

#include <utility>

#include "absl/time/clock.h"

namespace adbms::gateway::session {
namespace {

constexpr absl::Duration kGathering = absl::Milliseconds(50);
constexpr absl::Duration kAnswer = absl::Seconds(5);
constexpr absl::Duration kSettling = absl::Seconds(1);
// Between attempts while security does not answer.
constexpr absl::Duration kRetry = absl::Seconds(1);
// A longer text is cut: one statement must not fill the log.
constexpr size_t kStatementBytes = 16 << 10;

}  // namespace

AuditQueue::AuditQueue(security::api::Security* security, const AuditQueueOptions& options)
    : security_(security), options_(options), reads_due_(absl::Now()) {
  if (!options_.spool_path.empty()) {
    auto spool = AuditSpool::Open(options_.spool_path, options_.spool_bytes);
    // Without the file the memory has to do.
    if (spool.ok()) spool_ = *std::move(spool);
  }
  thread_ = std::thread([this] { Run(); });
}

AuditQueue::~AuditQueue() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    hurry_.Signal();
  }
  thread_.join();
}

uint64_t AuditQueue::Push(security::v1::AuditRecord record) {
  record.set_at_us(absl::ToUnixMicros(absl::Now()));
  if (record.statement().size() > kStatementBytes) {
    record.mutable_statement()->resize(kStatementBytes);
    record.mutable_statement()->append(" ...");
  }
  ++added_;
  if (records_.size() >= options_.memory_records) {
    ++overflowed_;
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return added_;
  }
  records_.push_back(std::move(record));
  if (records_.size() == kBatch) hurry_.Signal();
  return added_;
}

void AuditQueue::Add(security::v1::AuditRecord record) {
  absl::MutexLock lock(&mutex_);
  Push(std::move(record));
}

void AuditQueue::AddAndSettle(security::v1::AuditRecord record) {
  absl::MutexLock lock(&mutex_);
  struct Wanted {
    const uint64_t* settled;
    uint64_t number;
  } wanted{&settled_, Push(std::move(record))};
  urgent_ = true;
  hurry_.Signal();
  const auto settled = +[](Wanted* w) { return *w->settled >= w->number; };
  mutex_.AwaitWithTimeout(absl::Condition(settled, &wanted), kSettling);
}

std::shared_ptr<ReadCounter> AuditQueue::CountReads(const std::string& role) {
  auto counter = std::make_shared<ReadCounter>();
  absl::MutexLock lock(&mutex_);
  readers_.push_back({role, counter});
  return counter;
}

void AuditQueue::CollectReads() {
  absl::MutexLock lock(&mutex_);
  std::erase_if(readers_, [this](const Reader& reader) {
    // A session that has ended adds nothing more; whether it has, before what it has read.
    const bool ended = reader.counter.use_count() == 1;
    const uint64_t rows = reader.counter->Take();
    if (rows > 0) reads_[reader.role] += rows;
    return ended;
  });
}

bool AuditQueue::Send(Records records) {
  security::v1::ReportAuditRequest request;
  for (auto& record : records) *request.add_records() = std::move(record);
  rpc::CallContext context;
  context.deadline = absl::Now() + kAnswer;
  context.user = "gateway";
  const bool taken = security_->ReportAudit(context, request).ok();
  retry_ = taken ? absl::InfinitePast() : absl::Now() + kRetry;
  return taken;
}

bool AuditQueue::DrainSpool() {
  while (spool_ != nullptr && !spool_->empty()) {
    auto oldest = spool_->Peek();
    if (!oldest.ok()) {
      // Damaged beyond reading: what is left of it is missing.
      missing_ += spool_->size();
      dropped_.fetch_add(spool_->size(), std::memory_order_relaxed);
      (void)spool_->Clear();
      break;
    }
    const size_t count = oldest->size();
    if (!Send(*std::move(oldest))) return false;
    (void)spool_->Pop(count);
    spooled_.store(spool_->size(), std::memory_order_relaxed);
  }
  return true;
}

bool AuditQueue::ReportMissing() {
  const uint64_t of_spool = spool_ == nullptr ? 0 : spool_->missing();
  const uint64_t missing = missing_ + of_spool;
  if (missing == 0) return true;
  security::v1::AuditRecord gap;
  gap.set_at_us(absl::ToUnixMicros(absl::Now()));
  gap.set_event("dropped");
  gap.set_rows(missing);
  gap.set_sqlstate("00000");
  if (!Send({gap})) return false;
  missing_ = 0;
  if (of_spool > 0) (void)spool_->AddMissing(-static_cast<int64_t>(of_spool));
  return true;
}

void AuditQueue::Keep(Records records) {
  if (spool_ != nullptr) {
    const uint64_t missing = spool_->missing();
    if (spool_->Append(records).ok()) {
      dropped_.fetch_add(spool_->missing() - missing, std::memory_order_relaxed);
      spooled_.store(spool_->size(), std::memory_order_relaxed);
      return;
    }
  }
  kept_ = std::move(records);
  if (kept_.size() <= options_.memory_records) return;
  const size_t over = kept_.size() - options_.memory_records;
  kept_.resize(options_.memory_records);
  missing_ += over;
  dropped_.fetch_add(over, std::memory_order_relaxed);
}

void AuditQueue::Deliver(Records fresh) {
  if (!kept_.empty()) {
    Records all = std::exchange(kept_, {});
    for (auto& record : fresh) all.push_back(std::move(record));
    fresh = std::move(all);
  }
  const bool answers = absl::Now() >= retry_ && DrainSpool() && ReportMissing();
  if (answers) {
    Records reads;
    for (const auto& [role, rows] : reads_) {
      security::v1::AuditRecord read;
      read.set_at_us(absl::ToUnixMicros(absl::Now()));
      read.set_event("read");
      read.set_user(role);
      read.set_rows(rows);
      reads.push_back(std::move(read));
    }
    if (reads.empty() || Send(std::move(reads))) reads_.clear();
  }
  if (fresh.empty()) return;
  if (answers && absl::Now() >= retry_ && Send(fresh)) return;
  Keep(std::move(fresh));
}

void AuditQueue::Run() {
  for (;;) {
    Records fresh;
    bool stop;
    uint64_t overflowed;
    uint64_t taken;
    {
      absl::MutexLock lock(&mutex_);
      if (!stopping_ && !urgent_ && records_.size() < kBatch)
        hurry_.WaitWithTimeout(&mutex_, kGathering);
      fresh.swap(records_);
      urgent_ = false;
      taken = added_;
      overflowed = std::exchange(overflowed_, 0);
      stop = stopping_;
    }
    if (stop || absl::Now() >= reads_due_) {
      CollectReads();
      reads_due_ = absl::Now() + options_.reads_interval;
    }
    Deliver(std::move(fresh));
    missing_ += overflowed;  // They came after those.
    {
      absl::MutexLock lock(&mutex_);
      settled_ = taken;
    }
    if (!stop) continue;
    if (spool_ != nullptr && missing_ > 0) (void)spool_->AddMissing(static_cast<int64_t>(missing_));
    return;
  }
}

}  // namespace adbms::gateway::session
