#include "services/storage/api/session_hub.h"

#include <utility>

#include "common/lifecycle/thread.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/api/storage_grpc.h"

namespace adbms::storage::api {
namespace {

// Notifications that may wait for a client who does not read its stream.
constexpr size_t kNotificationBytes = size_t{16} << 20;
constexpr size_t kNotificationOverhead = 64;

void FillError(const absl::Status& status, uint64_t session, v1::SessionResponse* response) {
  response->set_error(status::Encode(status));
  response->set_session(session);
}

}  // namespace

SessionHub::SessionHub(Storage* storage, PlanStore* plans, PlanStore* service_plans,
                       SessionTable* sessions, const SessionMetrics* metrics, Owner* owner,
                       StorageService* service, grpc::ServerCompletionQueue* queue)
    : storage_(storage),
      plans_(plans),
      service_plans_(service_plans),
      sessions_(sessions),
      metrics_(metrics),
      owner_(owner),
      stream_(&server_) {
  service->RequestSessions(&server_, &stream_, queue, queue, &opened_tag_);
}

void SessionHub::OnOpened(bool ok) {
  if (!ok) return owner_->OnOver(this);  // The server ends.
  const grpc::Status status = owner_->OnOpened(server_, &rights_);
  if (rights_.restricted()) plans_ = service_plans_;
  if (status.ok()) server_.AddInitialMetadata(kTakenKey, "1");
  if (!status.ok()) {
    {
      absl::MutexLock lock(&mutex_);
      opened_ = ended_ = finished_ = true;
    }
    return Finish(status);
  }
  {
    absl::MutexLock lock(&mutex_);
    taking_ = true;
  }
  stream_.SendInitialMetadata(&taken_tag_);
  stream_.Read(&requests_, &read_tag_);
  Step step;
  {
    absl::MutexLock lock(&mutex_);
    opened_ = true;
    step = Next();
  }
  Do(step);
}

void SessionHub::OnTaken(bool) {
  bool over = false;
  {
    absl::MutexLock lock(&mutex_);
    taking_ = false;
    over = Over();
  }
  if (over) owner_->OnOver(this);
}

void SessionHub::OnRead(bool ok) {
  if (ok) {
    bool long_ones = false;
    for (v1::SessionRequest& request : *requests_.mutable_requests()) {
      long_ones |= ValuesOf(request) > kLongMessage;
      Receive(&request);
    }
    if (long_ones) requests_ = v1::SessionRequests();
    const v1::SessionResponses* batch = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      batch = Take();
    }
    if (batch != nullptr) stream_.Write(*batch, &written_tag_);
    return stream_.Read(&requests_, &read_tag_);
  }
  for (const auto& [number, line] : lines_) {
    line->conversation->Cancel();
    sessions_->Remove(number);
  }
  Step step;
  bool over = false;
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
    writer_.Break();
    for (const auto& [number, line] : lines_) {
      line->ending = true;
      line->changed.Signal();
    }
    step = Next();
    over = Over();
  }
  Do(step);
  if (over) owner_->OnOver(this);
}

void SessionHub::OnWritten(bool ok) {
  Step step;
  {
    absl::MutexLock lock(&mutex_);
    writer_.Written(ok);
    step = Next();
  }
  Do(step);
}

void SessionHub::OnFinished(bool) {
  bool over = false;
  {
    absl::MutexLock lock(&mutex_);
    status_sent_ = true;
    over = Over();
  }
  if (over) owner_->OnOver(this);
}

SessionHub::Step SessionHub::Next() {
  if (MayPart()) {
    parting_ = true;
    writer_.queue()->add_responses()->set_draining(true);
  }
  const v1::SessionResponses* const batch = Take();
  return {batch, MayFinish()};
}

bool SessionHub::MayFinish() {
  if (!opened_ || finished_ || writer_.writing() || !ended_ || threads_ > 0) return false;
  finished_ = true;
  writer_.Break();
  return true;
}

void SessionHub::Drain() {
  Step step;
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    step = Next();
  }
  Do(step);
}

absl::StatusOr<std::shared_ptr<SessionHub::Line>> SessionHub::Open(uint64_t number,
                                                                   const std::string& database) {
  ASSIGN_OR_RETURN(auto session, storage_->OpenSessionIn(
                                     rpc::CallContext(),
                                     database.empty() ? std::string(kSystemDatabase) : database));
  auto cancellation = std::make_shared<rpc::Cancellation>();
  if (!sessions_->Add(number, cancellation)) {
    return absl::AlreadyExistsError("another session has this number");
  }
  auto line = std::make_shared<Line>();
  line->conversation = std::make_unique<Conversation>(storage_, plans_, metrics_, &rights_,
                                                      std::move(session), std::move(cancellation),
                                                      std::make_shared<Hearing>(this, number));
  return line;
}

// Called by whoever commits. What queues up while a message is written leaves with the next.
void SessionHub::Deliver(const NotificationPtr& notification, Hearing* hearing) {
  const v1::SessionResponses* batch = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_ || finished_ || hearing->overrun_) return;
    v1::SessionResponses* const queue = writer_.queue();
    const size_t bytes =
        notification->channel.size() + notification->payload.size() + kNotificationOverhead;
    if (notification_bytes_ + bytes > kNotificationBytes) {
      hearing->overrun_ = true;
      v1::NotificationDelivery* const told = queue->add_notifications();
      told->set_overrun(true);
      told->add_sessions(hearing->session_);
      delivered_ = nullptr;
    } else if (delivered_ == notification && queue->notifications_size() > 0) {
      queue->mutable_notifications()->rbegin()->add_sessions(hearing->session_);
      notification_bytes_ += sizeof(uint64_t);
    } else {
      v1::NotificationDelivery* const delivery = queue->add_notifications();
      delivery->add_sessions(hearing->session_);
      delivery->set_channel(notification->channel);
      delivery->set_payload(notification->payload);
      delivery->set_backend_pid(notification->backend_pid);
      notification_bytes_ += bytes;
      delivered_ = notification;
    }
    batch = Take();
  }
  if (batch != nullptr) stream_.Write(*batch, &written_tag_);
}

double SessionHub::Fullness() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<double>(notification_bytes_) / kNotificationBytes;
}

const v1::SessionResponses* SessionHub::Take() {
  const v1::SessionResponses* const batch = writer_.Take();
  if (batch != nullptr) {
    delivered_ = nullptr;
    notification_bytes_ = 0;
  }
  return batch;
}

bool SessionHub::IsBrief(const v1::SessionRequest& request) {
  return request.has_execute() && !request.has_begin_first() &&
         plans_->Find(request.execute().plan_key()).brief;
}

void SessionHub::Receive(v1::SessionRequest* request) {
  const uint64_t number = request->session();
  if (request->has_end()) {
    const auto found = lines_.find(number);
    if (found == lines_.end()) return;
    absl::MutexLock lock(&mutex_);
    found->second->ending = true;
    found->second->changed.Signal();
    lines_.erase(found);
    sessions_->Remove(number);
    return;
  }
  std::shared_ptr<Line>& line = lines_[number];
  if (line == nullptr) {
    auto opened = Open(number, request->database());
    if (!opened.ok()) {
      lines_.erase(number);
      absl::MutexLock lock(&mutex_);
      return FillError(opened.status(), number, writer_.queue()->add_responses());
    }
    line = *std::move(opened);
  }
  const bool brief = IsBrief(*request);
  {
    absl::MutexLock lock(&mutex_);
    if (finished_) return;
    if (line->busy) {
      return FillError(
          absl::FailedPreconditionError("the session's last request is not answered yet"), number,
          writer_.queue()->add_responses());
    }
    if (draining_ && !line->engaged) {
      v1::SessionResponse* const refusal = writer_.queue()->add_responses();
      refusal->set_session(number);
      refusal->set_draining(true);
      return;
    }
    if (!brief) return Post(line, request);
  }
  v1::SessionResponse response;
  const bool answered = line->conversation->AnswerAtOnce(*request, &response);
  response.set_brief(true);
  const size_t bytes = ValuesOf(response);
  absl::MutexLock lock(&mutex_);
  if (!answered) return Post(line, request);
  writer_.queue()->add_responses()->Swap(&response);
  if (bytes > kLongMessage) writer_.AddedLong(bytes);
}

void SessionHub::Post(const std::shared_ptr<Line>& line, v1::SessionRequest* request) {
  const uint64_t number = request->session();
  line->busy = true;
  if (!line->engaged) ++engaged_;
  line->engaged = true;
  line->request.Swap(request);
  line->posted = true;
  if (line->has_thread) return line->changed.Signal();
  auto thread = lifecycle::StartThread([this, line] { Work(line); });
  if (!thread.ok()) {
    line->request.Clear();
    line->posted = line->busy = line->engaged = false;
    --engaged_;
    return FillError(thread.status(), number, writer_.queue()->add_responses());
  }
  thread->detach();
  line->has_thread = true;
  ++threads_;
}

void SessionHub::Work(const std::shared_ptr<Line>& line) {
  v1::SessionRequest request;
  v1::SessionResponse response;
  mutex_.Lock();
  for (;;) {
    while (!line->posted && !line->ending) line->changed.Wait(&mutex_);
    if (!line->posted) break;
    line->posted = false;
    request.Swap(&line->request);
    mutex_.Unlock();
    response.Clear();
    line->conversation->Answer(request, &response);
    if (ValuesOf(request) > kLongMessage) request = v1::SessionRequest();
    const size_t bytes = ValuesOf(response);
    mutex_.Lock();
    line->busy = false;
    if (line->conversation->idle()) {
      line->engaged = false;
      --engaged_;
    }
    writer_.queue()->add_responses()->Swap(&response);
    if (bytes > kLongMessage) writer_.AddedLong(bytes);
    const v1::SessionResponses* const batch = Take();
    if (batch == nullptr) continue;
    mutex_.Unlock();
    stream_.Write(*batch, &written_tag_);
    mutex_.Lock();
  }
  if (line->engaged) --engaged_;
  mutex_.Unlock();
  line->conversation = nullptr;  // Rolls back.
  mutex_.Lock();
  --threads_;
  const Step step = Next();
  const bool over = Over();
  mutex_.Unlock();
  Do(step);
  if (over) owner_->OnOver(this);
}

}  // namespace adbms::storage::api
