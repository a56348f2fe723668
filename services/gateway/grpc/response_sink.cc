#include "services/gateway/grpc/response_sink.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/grpc/descriptions.h"
#include "services/gateway/grpc/errors.h"

namespace adbms::gateway::grpc_front {
namespace {

// A page is sent when it has so much; gRPC streams such messages fastest.
constexpr size_t kPageBytes = 128 << 10;
constexpr uint32_t kPageRows = 16384;
// Rows that are added before that is looked at again.
constexpr uint32_t kRowsAtATime = 256;
constexpr size_t kHeldNotices = 100;

absl::Status NoCopy() {
  return status::Error(status::sqlstate::kFeatureNotSupported, "COPY over gRPC is not supported",
                       "", "Use BulkInsert, or read a query's stream.");
}

}  // namespace

std::optional<uint64_t> RowsOfTag(std::string_view command_tag) {
  const size_t blank = command_tag.rfind(' ');
  uint64_t rows = 0;
  if (blank == std::string_view::npos ||
      !absl::SimpleAtoi(
          absl::string_view(command_tag.data() + blank + 1, command_tag.size() - blank - 1), &rows))
    return std::nullopt;
  return rows;
}

ResponseSink::ResponseSink(session::Session* session, Write write, bool described)
    : session_(session),
      write_(std::move(write)),
      described_(described),
      page_(&session->settings().text_options()) {}

absl::Status ResponseSink::Flush() {
  if (page_.row_count() > 0) *held_.mutable_page() = page_.Take();
  held_notices_ = 0;
  const absl::Status status = write_(held_);
  held_.Clear();
  return status;
}

absl::Status ResponseSink::BeginRows(const session::OutputColumns& columns) {
  if (held_.has_completion()) RETURN_IF_ERROR(Flush());
  rows_ = 0;
  if (!described_) DescribeColumns(columns, held_.mutable_header()->mutable_columns());
  return absl::OkStatus();
}

absl::Status ResponseSink::Rows(const types::Batch& batch) {
  rows_ += batch.row_count;
  for (uint32_t begin = 0; begin < batch.row_count; begin += kRowsAtATime) {
    page_.Add(batch, begin, std::min(batch.row_count, begin + kRowsAtATime));
    if (page_.bytes() >= kPageBytes || page_.row_count() >= kPageRows) RETURN_IF_ERROR(Flush());
  }
  return absl::OkStatus();
}

absl::Status ResponseSink::End(v1::Completion completion) {
  if (held_.has_completion()) RETURN_IF_ERROR(Flush());
  if (page_.row_count() > 0) *held_.mutable_page() = page_.Take();
  *held_.mutable_completion() = std::move(completion);
  held_.mutable_completion()->set_transaction_status(
      TransactionStatusOf(session_->transaction_status()));
  rows_ = 0;
  return absl::OkStatus();
}

absl::Status ResponseSink::Complete(std::string_view command_tag) {
  v1::Completion completion;
  completion.set_command_tag(std::string(command_tag));
  if (const auto rows = RowsOfTag(command_tag); rows.has_value()) completion.set_rows(*rows);
  return End(std::move(completion));
}

absl::Status ResponseSink::Suspend() {
  v1::Completion completion;
  completion.set_rows(rows_);
  completion.set_suspended(true);
  return End(std::move(completion));
}

v1::ExecuteResponse ResponseSink::Take() {
  if (held_.has_completion()) {
    held_.mutable_completion()->set_transaction_status(
        TransactionStatusOf(session_->transaction_status()));
  }
  return std::exchange(held_, {});
}

absl::Status ResponseSink::Finish() {
  v1::ExecuteResponse last = Take();
  const bool nothing = !last.has_header() && !last.has_page() && !last.has_completion() &&
                       last.notices().empty() && last.settings().empty();
  return nothing ? absl::OkStatus() : write_(last);
}

void ResponseSink::Notice(std::string_view severity, const status::SqlError& notice) {
  if (!session_->settings().Wants(severity)) return;
  *held_.add_notices() = NoticeOf(severity, notice);
  // Who cannot be told any more is found out with the next rows.
  if (++held_notices_ >= kHeldNotices && !held_.has_completion()) (void)Flush();
}

void ResponseSink::ParameterStatus(std::string_view name, std::string_view value) {
  (*held_.mutable_settings())[std::string(name)] = std::string(value);
}

absl::Status ResponseSink::BeginCopyIn(int, bool) { return NoCopy(); }
absl::StatusOr<bool> ResponseSink::ReadCopyData(std::string*) { return NoCopy(); }
absl::Status ResponseSink::BeginCopyOut(int, bool) { return NoCopy(); }
absl::Status ResponseSink::CopyData(std::string_view) { return NoCopy(); }
absl::Status ResponseSink::EndCopyOut() { return NoCopy(); }

}  // namespace adbms::gateway::grpc_front
