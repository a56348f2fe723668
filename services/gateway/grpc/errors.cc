#include "services/gateway/grpc/errors.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace adbms::gateway::grpc_front {
namespace {

constexpr char kErrorKey[] = "adbms-sql-error-bin";
// gRPC's clients take 8 KiB of metadata, in which these texts are a third longer.
constexpr size_t kTextBytes = 2000;
// Of names, which are 63 bytes at most where they are names.
constexpr size_t kNameBytes = 256;
// The message stands in the status, too, with up to three bytes for one.
constexpr size_t kStatusBytes = 600;

// At most `size` bytes, whole characters.
std::string Cut(std::string_view text, size_t size) {
  if (text.size() <= size) return std::string(text);
  size_t end = size;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

// The same, counted off what is left.
std::string Take(std::string_view text, size_t* left) {
  std::string taken = Cut(text, *left);
  *left -= taken.size();
  return taken;
}

}  // namespace

v1::TransactionStatus TransactionStatusOf(char transaction) {
  switch (transaction) {
    case 'T':
      return v1::TRANSACTION_STATUS_OPEN;
    case 'E':
      return v1::TRANSACTION_STATUS_FAILED;
    default:
      return v1::TRANSACTION_STATUS_IDLE;
  }
}

v1::Retry RetryOf(std::string_view sqlstate) {
  if (sqlstate == status::sqlstate::kSerializationFailure ||
      sqlstate == status::sqlstate::kDeadlockDetected)
    return v1::RETRY_TRANSACTION;
  if (sqlstate == status::sqlstate::kTooManyConnections ||
      sqlstate == status::sqlstate::kCannotConnectNow)
    return v1::RETRY_LATER;
  return v1::RETRY_NEVER;
}

v1::Error ErrorOf(const status::SqlError& error) {
  size_t left = kTextBytes;
  v1::Error made;
  made.set_sqlstate(error.sqlstate);
  made.set_message(Take(error.message, &left));
  made.set_hint(Take(error.hint, &left));
  made.set_detail(Take(error.detail, &left));
  made.set_position(static_cast<uint32_t>(std::max(0, error.position)));
  made.set_schema(Cut(error.schema, kNameBytes));
  made.set_table(Cut(error.table, kNameBytes));
  made.set_column(Cut(error.column, kNameBytes));
  made.set_constraint(Cut(error.constraint, kNameBytes));
  made.set_routine(Cut(error.routine, kNameBytes));
  made.set_retry(RetryOf(error.sqlstate));
  return made;
}

v1::Notice NoticeOf(std::string_view severity, const status::SqlError& notice) {
  v1::Notice made;
  made.set_severity(std::string(severity));
  *made.mutable_error() = ErrorOf(notice);
  made.mutable_error()->clear_retry();
  return made;
}

absl::Status NoSuchSession() {
  status::SqlError error;
  error.sqlstate = "08003";
  error.message = "no such session";
  error.hint = "It was closed, or ended when it had been idle for too long. Open another one.";
  absl::Status status = status::ToStatus(error);
  absl::Status exact(absl::StatusCode::kNotFound, status.message());
  status.ForEachPayload([&exact](absl::string_view url, const absl::Cord& payload) {
    exact.SetPayload(url, payload);
  });
  return exact;
}

absl::Status TooManyKept(std::string_view what, size_t limit) {
  return status::Error(status::sqlstate::kConfigurationLimit,
                       absl::StrCat("a session has ", limit, " ",
                                    absl::string_view(what.data(), what.size()), " at most"),
                       "", "Close those that are not needed any more.");
}

::grpc::Status ToGrpc(const absl::Status& status, v1::TransactionStatus transaction,
                      ::grpc::ServerContext* server) {
  if (status.ok()) return ::grpc::Status::OK;
  v1::Error error = ErrorOf(status::FromStatus(status));
  error.set_transaction_status(transaction);
  server->AddTrailingMetadata(kErrorKey, error.SerializeAsString());
  const std::string_view message(status.message().data(), status.message().size());
  return {static_cast<::grpc::StatusCode>(status.code()), Cut(message, kStatusBytes)};
}

}  // namespace adbms::gateway::grpc_front
