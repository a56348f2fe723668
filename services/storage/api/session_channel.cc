#include "services/storage/api/session_channel.h"

#include <utility>

#include "absl/random/random.h"
#include "common/rpc/grpc/call.h"

namespace adbms::storage::api {
namespace {

uint64_t DrawNumber() {
  static thread_local absl::BitGen generator;
  return absl::Uniform<uint64_t>(generator);
}

}  // namespace

SessionChannel::SessionChannel(v1::StorageService::Stub* stub, const std::string& secret) {
  rpc::Prepare(rpc::CallContext(), secret, &client_, /*bounded=*/false);
  stub->async()->Sessions(&client_, this);
  AddHold();  // Writes start outside of reactions; held until the last of them has ended.
  StartRead(&responses_);
  StartCall();
}

SessionChannel::~SessionChannel() {
  client_.TryCancel();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&done_));
}

SessionChannel::Line::Line(std::shared_ptr<SessionChannel> channel)
    : channel_(std::move(channel)), waiter_(std::make_shared<Waiter>()), number_(DrawNumber()) {
  absl::MutexLock lock(&channel_->mutex_);
  channel_->waiters_[number_] = waiter_;
}

SessionChannel::Line::~Line() {
  const v1::SessionRequests* batch = nullptr;
  {
    absl::MutexLock lock(&channel_->mutex_);
    channel_->waiters_.erase(number_);
    if (!used_ || channel_->broken_) return;
    v1::SessionRequest* const end = channel_->writer_.queue()->add_requests();
    end->set_session(number_);
    end->mutable_end();
    channel_->urgent_ = true;
    batch = channel_->Take();
  }
  if (batch != nullptr) channel_->StartWrite(batch);
}

bool SessionChannel::Line::Call(v1::SessionRequest* request, bool brief,
                                v1::SessionResponse* response) {
  const v1::SessionRequests* batch = nullptr;
  used_ = true;
  request->set_session(number_);
  {
    absl::MutexLock lock(&channel_->mutex_);
    if (channel_->broken_) return false;
    waiter_->answered = false;
    waiter_->response = response;
    waiter_->brief = brief;
    channel_->writer_.queue()->add_requests()->Swap(request);
    if (brief) {
      ++channel_->brief_queued_;
    } else {
      channel_->urgent_ = true;
    }
    batch = channel_->Take();
  }
  if (batch != nullptr) channel_->StartWrite(batch);
  waiter_->Wait();
  return waiter_->answered;
}

const v1::SessionRequests* SessionChannel::Take() {
  if (broken_ || writer_.writing() || (!urgent_ && brief_under_way_ > 0)) return nullptr;
  brief_under_way_ += std::exchange(brief_queued_, 0);
  urgent_ = false;
  return writer_.Take();
}

void SessionChannel::OnReadDone(bool ok) {
  if (!ok) return Break();
  const v1::SessionRequests* batch = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    for (v1::SessionResponse& response : *responses_.mutable_responses()) {
      const auto found = waiters_.find(response.session());
      if (found == waiters_.end() || found->second->response == nullptr) continue;
      Waiter& waiter = *found->second;
      waiter.response->Swap(&response);
      waiter.response = nullptr;
      waiter.answered = true;
      if (waiter.brief) --brief_under_way_;
      answered_.push_back(found->second);
    }
    batch = Take();
  }
  if (batch != nullptr) StartWrite(batch);
  for (const auto& waiter : answered_) waiter->Wake();
  answered_.clear();
  StartRead(&responses_);
}

void SessionChannel::Break() {
  bool writing = false;
  {
    absl::MutexLock lock(&mutex_);
    broken_ = true;
    writing = writer_.writing();
    for (const auto& [number, waiter] : waiters_) {
      if (waiter->response != nullptr) answered_.push_back(waiter);
      waiter->response = nullptr;
    }
  }
  for (const auto& waiter : answered_) waiter->Wake();
  answered_.clear();
  if (!writing) RemoveHold();
}

void SessionChannel::OnWriteDone(bool ok) {
  const v1::SessionRequests* batch = nullptr;
  bool broken = false;
  {
    absl::MutexLock lock(&mutex_);
    writer_.Written(ok);
    batch = Take();
    broken = broken_;
  }
  if (batch != nullptr) StartWrite(batch);
  if (broken) RemoveHold();
}

void SessionChannel::OnDone(const grpc::Status&) {
  absl::MutexLock lock(&mutex_);
  done_ = true;
}

}  // namespace adbms::storage::api
