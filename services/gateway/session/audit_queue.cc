#include "services/gateway/session/audit_queue.h"

#include "absl/time/clock.h"

namespace adbms::gateway::session {
namespace {

constexpr absl::Duration kGathering = absl::Milliseconds(50);

}  // namespace

AuditQueue::AuditQueue(security::api::Security* security, AuditLevel level)
    : security_(security), level_(level), thread_([this] { Run(); }) {}

AuditQueue::~AuditQueue() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    hurry_.Signal();
  }
  thread_.join();
}

void AuditQueue::Add(security::v1::AuditRecord record) {
  record.set_at_us(absl::ToUnixMicros(absl::Now()));
  absl::MutexLock lock(&mutex_);
  if (records_.size() >= kCapacity) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  records_.push_back(std::move(record));
  if (records_.size() == kBatch) hurry_.Signal();
}

void AuditQueue::Run() {
  uint64_t reported_drops = 0;
  for (;;) {
    security::v1::ReportAuditRequest request;
    bool stop;
    {
      absl::MutexLock lock(&mutex_);
      if (!stopping_ && records_.size() < kBatch) hurry_.WaitWithTimeout(&mutex_, kGathering);
      for (auto& record : records_) *request.add_records() = std::move(record);
      records_.clear();
      stop = stopping_;
    }
    const uint64_t drops = dropped();
    if (drops > reported_drops) {
      security::v1::AuditRecord* gap = request.add_records();
      gap->set_at_us(absl::ToUnixMicros(absl::Now()));
      gap->set_event("dropped");
      gap->set_rows(drops - reported_drops);
      reported_drops = drops;
    }
    rpc::CallContext context;
    context.deadline = absl::Now() + absl::Seconds(5);
    context.user = "gateway";
    if (request.records_size() > 0 && !security_->ReportAudit(context, request).ok()) {
      dropped_.fetch_add(request.records_size(), std::memory_order_relaxed);
    }
    if (stop) return;
  }
}

}  // namespace adbms::gateway::session
