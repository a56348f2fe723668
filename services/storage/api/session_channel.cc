#include "services/storage/api/session_channel.h"

#include <utility>

#include "absl/random/random.h"
#include "common/rpc/grpc/call.h"
#include "services/storage/api/storage_grpc.h"

namespace adbms::storage::api {
namespace {

// While more brief requests than this are under way, further ones wait for company. With none under
// way the pipe runs empty between messages; without a limit messages carry one request each.
constexpr int kBriefUnderWay = 3;

uint64_t DrawNumber() {
  static thread_local absl::BitGen generator;
  return absl::Uniform<uint64_t>(generator);
}

}  // namespace

SessionChannel::SessionChannel(v1::StorageService::Stub* stub, const rpc::Credentials& credentials,
                               rpc::CompletionLoop* loop) {
  rpc::Prepare(rpc::CallContext(), credentials, &client_, /*bounded=*/false);
  stream_ = stub->PrepareAsyncSessions(&client_, loop->queue());
  stream_->StartCall(&started_);
}

SessionChannel::~SessionChannel() {
  client_.TryCancel();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](SessionChannel* channel) ABSL_EXCLUSIVE_LOCKS_REQUIRED(channel->mutex_) {
        return channel->done_ && !channel->writer_.writing() && !channel->closing_;
      },
      this));
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
  channel_->Write(batch);
}

void SessionChannel::Line::SetSink(std::shared_ptr<NotificationSink> sink) {
  absl::MutexLock lock(&channel_->mutex_);
  waiter_->sink = std::move(sink);
}

SessionChannel::Outcome SessionChannel::Line::Call(v1::SessionRequest* request, bool brief,
                                                   v1::SessionResponse* response) {
  const v1::SessionRequests* batch = nullptr;
  used_ = true;
  request->set_session(number_);
  const size_t bytes = ValuesOf(*request);
  {
    absl::MutexLock lock(&channel_->mutex_);
    if (channel_->broken_) return Outcome::kNotStarted;
    waiter_->outcome = Outcome::kLost;
    waiter_->response = response;
    waiter_->brief = brief;
    channel_->writer_.queue()->add_requests()->Swap(request);
    if (bytes > kLongMessage) channel_->writer_.AddedLong(bytes);
    if (brief) {
      ++channel_->brief_queued_;
    } else {
      channel_->urgent_ = true;
    }
    batch = channel_->Take();
  }
  channel_->Write(batch);
  waiter_->woken.Wait();
  return waiter_->outcome;
}

const v1::SessionRequests* SessionChannel::Take() {
  if (!started_yet_ || broken_ || writer_.writing() ||
      (!urgent_ && brief_under_way_ > kBriefUnderWay)) {
    return nullptr;
  }
  brief_under_way_ += std::exchange(brief_queued_, 0);
  urgent_ = false;
  return writer_.Take();
}

void SessionChannel::OnStarted(bool ok) {
  if (!ok) return Break();
  stream_->Read(&responses_, &read_);
  const v1::SessionRequests* batch = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    started_yet_ = true;
    batch = Take();
  }
  Write(batch);
}

void SessionChannel::Hear() {
  for (v1::NotificationDelivery& delivery : *responses_.mutable_notifications()) {
    std::vector<std::shared_ptr<NotificationSink>> sinks;
    {
      absl::MutexLock lock(&mutex_);
      for (const uint64_t session : delivery.sessions()) {
        const auto found = waiters_.find(session);
        if (found != waiters_.end() && found->second->sink != nullptr)
          sinks.push_back(found->second->sink);
      }
    }
    if (delivery.overrun()) {
      for (const auto& sink : sinks) sink->Lost();
      continue;
    }
    const auto notification = std::make_shared<const Notification>(
        Notification{std::move(*delivery.mutable_channel()), std::move(*delivery.mutable_payload()),
                     delivery.backend_pid()});
    for (const auto& sink : sinks) sink->Receive(notification);
  }
}

void SessionChannel::OnRead(bool ok) {
  if (!ok) return Break();
  // Before the responses: what was sent before a commit has been heard when it is answered.
  if (responses_.notifications_size() > 0) Hear();
  const v1::SessionRequests* batch = nullptr;
  bool long_ones = false;
  bool close = false;
  {
    absl::MutexLock lock(&mutex_);
    for (v1::SessionResponse& response : *responses_.mutable_responses()) {
      if (response.session() == 0 && response.draining()) parting_ = broken_ = true;
      const auto found = waiters_.find(response.session());
      if (found == waiters_.end() || found->second->response == nullptr) continue;
      Waiter& waiter = *found->second;
      long_ones |= ValuesOf(response) > kLongMessage;
      const bool response_draining = response.draining();
      waiter.keeps_state = response.keeps_state();
      waiter.response->Swap(&response);
      waiter.response = nullptr;
      waiter.outcome = response_draining ? Outcome::kNotStarted : Outcome::kAnswered;
      if (waiter.brief) --brief_under_way_;
      answered_.push_back(found->second);
    }
    batch = Take();
    close = MayClose();
  }
  Write(batch);
  if (close) stream_->WritesDone(&closed_);
  for (const auto& waiter : answered_) waiter->woken.Post();
  answered_.clear();
  if (long_ones) responses_ = v1::SessionResponses();
  stream_->Read(&responses_, &read_);
}

void SessionChannel::Break() {
  std::vector<std::shared_ptr<NotificationSink>> sinks;
  {
    absl::MutexLock lock(&mutex_);
    broken_ = true;
    for (const auto& [number, waiter] : waiters_) {
      if (waiter->response != nullptr) answered_.push_back(waiter);
      waiter->response = nullptr;
      // One that only begins to listen tries again elsewhere.
      if (waiter->sink != nullptr && waiter->keeps_state) sinks.push_back(waiter->sink);
    }
  }
  for (const auto& sink : sinks) sink->Lost();
  // They are told when the status is known: it says whether storage had begun what they wait for.
  stream_->Finish(&status_, &finished_);
}

void SessionChannel::OnWritten(bool ok) {
  const v1::SessionRequests* batch = nullptr;
  bool close = false;
  {
    absl::MutexLock lock(&mutex_);
    writer_.Written(ok);
    batch = Take();
    close = MayClose();
  }
  Write(batch);
  if (close) stream_->WritesDone(&closed_);
}

bool SessionChannel::MayClose() {
  if (!parting_ || closing_ || writer_.writing()) return false;
  parting_ = false;  // Once.
  return closing_ = true;
}

void SessionChannel::OnClosed(bool) {
  absl::MutexLock lock(&mutex_);
  closing_ = false;
}

void SessionChannel::OnFinished(bool) {
  std::vector<std::shared_ptr<Waiter>> unanswered;
  absl::MutexLock lock(&mutex_);
  unanswered.swap(answered_);
  const bool taken = started_yet_ && client_.GetServerInitialMetadata().count(kTakenKey) > 0;
  const bool begun = started_yet_ && !status_.ok() &&
                     (taken || status_.error_code() != grpc::StatusCode::CANCELLED);
  for (const auto& waiter : unanswered) {
    waiter->outcome = begun ? Outcome::kLost : Outcome::kNotStarted;
    waiter->woken.Post();
  }
  done_ = true;
}

}  // namespace adbms::storage::api
