#include "src/rpc.h"

namespace adbms {
namespace {

constexpr std::size_t kRowsPerPage = 4096;

}  // namespace

class Inserter::State {
 public:
  State(std::shared_ptr<internal::SessionCore> session, internal::pb::BulkInsertTarget target)
      : session_(std::move(session)), tracer_(*session_->client(), "BulkInsert", target.table()) {
    session_->Ready();
    session_->set_busy(true);
    session_->client()->Prepare(&context_);
    writer_ = session_->stub()->BulkInsert(&context_, &response_);
    internal::pb::BulkInsertRequest message;
    *message.mutable_target() = std::move(target);
    Write(message);
  }

  // Without its last message nothing is inserted.
  ~State() {
    session_->set_busy(false);
    if (ended_) return;
    context_.TryCancel();
    (void)writer_->Finish();
    session_->set_unsure();
  }

  void Add(std::span<const Value> row) {
    if (!rows_.empty() && rows_.front().size() != row.size())
      Throw("42601", "rows of different lengths");
    rows_.emplace_back(row.begin(), row.end());
    if (rows_.size() >= kRowsPerPage) Flush();
  }

  std::uint64_t Finish() {
    if (!rows_.empty()) Flush();
    internal::pb::BulkInsertRequest message;
    message.set_last(true);
    Write(message);
    writer_->WritesDone();
    End();
    return response_.rows();
  }

 private:
  void Flush() {
    internal::pb::BulkInsertRequest message;
    *message.mutable_page() = internal::PageOfRows(rows_);
    rows_.clear();
    Write(message);
  }

  void Write(const internal::pb::BulkInsertRequest& message) {
    if (!ended_ && !writer_->Write(message)) End();
  }

  // The server has answered: an error, unless all was sent.
  void End() {
    if (ended_) return;
    ended_ = true;
    session_->set_busy(false);
    const grpc::Status status = writer_->Finish();
    if (!status.ok()) {
      ErrorFields fields = internal::FieldsOf(status, context_);
      session_->Failed(fields);
      tracer_.Fail(std::move(fields));
    }
    session_->Tell(response_.notices());
    session_->set_status(internal::StatusOf(response_.transaction_status()));
  }

  const std::shared_ptr<internal::SessionCore> session_;
  internal::ClientCore::Tracer tracer_;
  grpc::ClientContext context_;
  internal::pb::BulkInsertResponse response_;
  std::unique_ptr<grpc::ClientWriter<internal::pb::BulkInsertRequest>> writer_;
  std::vector<Values> rows_;
  bool ended_ = false;
};

Inserter::Inserter(std::unique_ptr<State> state) : state_(std::move(state)) {}
Inserter::~Inserter() = default;
void Inserter::Add(std::span<const Value> row) { state_->Add(row); }
std::uint64_t Inserter::Finish() { return state_->Finish(); }

Inserter Session::BulkInsert(std::string_view table, std::vector<std::string> columns,
                             std::string_view schema, const StatementOptions& options) {
  internal::pb::BulkInsertTarget target;
  target.set_session_id(core_->id());
  target.set_schema(std::string(schema));
  target.set_table(std::string(table));
  for (std::string& column : columns) target.add_columns(std::move(column));
  internal::Fill(options, target.mutable_options());
  return Inserter(std::make_unique<Inserter::State>(core_, std::move(target)));
}

}  // namespace adbms
