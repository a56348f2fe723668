#include "src/rpc.h"

namespace adbms {
namespace internal {

StreamCore::StreamCore(std::shared_ptr<SessionCore> session, const pb::ExecuteRequest& request)
    : session_(std::move(session)), tracer_(*session_->client(), "Execute", request.sql()) {
  Start();
  reader_ = session_->stub()->Execute(&context_, request);
}

StreamCore::StreamCore(std::shared_ptr<SessionCore> session, const pb::FetchRequest& request,
                       std::vector<Column> columns)
    : session_(std::move(session)),
      tracer_(*session_->client(), "Fetch", {}),
      columns_(std::make_shared<const std::vector<Column>>(std::move(columns))) {
  Start();
  reader_ = session_->stub()->Fetch(&context_, request);
}

void StreamCore::Start() {
  session_->Ready();
  session_->set_busy(true);
  session_->client()->Prepare(&context_);
}

StreamCore::~StreamCore() {
  session_->set_busy(false);
  if (ended_) return;
  context_.TryCancel();
  (void)reader_->Finish();
  session_->set_unsure();
}

std::optional<StreamCore::Part> StreamCore::Next() {
  if (ended_) return std::nullopt;
  pb::ExecuteResponse message;
  if (!reader_->Read(&message)) {
    ended_ = true;
    session_->set_busy(false);
    const grpc::Status status = reader_->Finish();
    if (status.ok()) return std::nullopt;
    ErrorFields fields = FieldsOf(status, context_);
    session_->Failed(fields);
    tracer_.Fail(std::move(fields));
  }
  session_->Tell(message.notices());
  for (const auto& [name, value] : message.settings()) session_->settings()[name] = value;
  Part part;
  if (message.has_header()) {
    columns_ = std::make_shared<const std::vector<Column>>(ColumnsOf(message.header().columns()));
    part.begins = true;
  }
  if (message.has_page()) {
    if (columns_ == nullptr) Throw("08P01", "rows without a header");
    part.page = PageOf(columns_, std::move(*message.mutable_page()));
  }
  if (message.has_completion()) {
    session_->set_status(StatusOf(message.completion().transaction_status()));
    part.completion = std::move(*message.mutable_completion());
  }
  return part;
}

}  // namespace internal

RowStream::RowStream(std::unique_ptr<internal::StreamCore> core) : core_(std::move(core)) {}
RowStream::~RowStream() = default;

std::optional<Page> RowStream::NextPage() {
  while (auto part = core_->Next()) {
    if (part->page.has_value() && part->page->row_count() > 0) return std::move(part->page);
  }
  return std::nullopt;
}

RowStream::Iterator& RowStream::Iterator::operator++() {
  if (page_.has_value() && ++row_ < page_->row_count()) return *this;
  page_ = stream_->NextPage();
  row_ = 0;
  return *this;
}

Cursor::~Cursor() {
  if (core_ == nullptr || !suspended_) return;
  try {
    internal::pb::ClosePortalRequest request;
    request.set_portal(portal_);
    core_->Call("ClosePortal", &internal::Stub::ClosePortal, std::move(request), true);
  } catch (const Error&) {
    // It has ended with its transaction.
  }
}

Result Cursor::Fetch() {
  Result result;
  if (first_.has_value()) {
    result = std::move(*first_);
    first_.reset();
    return result;
  }
  result.columns = columns_;
  if (!suspended_) return result;
  internal::pb::FetchRequest request;
  request.set_session_id(core_->id());
  request.set_portal(portal_);
  request.set_max_rows(fetch_size_);
  internal::StreamCore stream(core_, request, columns_);
  suspended_ = false;
  while (auto part = stream.Next()) {
    if (part->page.has_value()) result.pages.push_back(std::move(*part->page));
    if (part->completion.has_value()) suspended_ = part->completion->suspended();
  }
  return result;
}

}  // namespace adbms
