#include "common/status/sql_error.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/failing_row.h"

namespace adbms::status {
namespace {

constexpr char kPayloadUrl[] = "adbms.sql.error";
// The fields are joined by a byte that no UTF-8 text contains.
constexpr char kSeparator = '\xff';
constexpr size_t kFields = 9;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

absl::StatusCode CodeOf(std::string_view sqlstate) {
  const std::string_view error_class = sqlstate.substr(0, 2);
  if (sqlstate == sqlstate::kQueryCanceled) return absl::StatusCode::kCancelled;
  if (sqlstate == sqlstate::kInsufficientPrivilege) return absl::StatusCode::kPermissionDenied;
  if (sqlstate == sqlstate::kUniqueViolation) return absl::StatusCode::kAlreadyExists;
  if (sqlstate == sqlstate::kStalePlan) return absl::StatusCode::kFailedPrecondition;
  if (sqlstate == sqlstate::kDataCorrupted) return absl::StatusCode::kDataLoss;
  if (error_class == "0A") return absl::StatusCode::kUnimplemented;
  if (error_class == "08" || error_class == "57") return absl::StatusCode::kUnavailable;
  if (error_class == "28") return absl::StatusCode::kUnauthenticated;
  if (error_class == "40" || error_class == "55") return absl::StatusCode::kAborted;
  if (error_class == "53" || error_class == "54") return absl::StatusCode::kResourceExhausted;
  if (error_class == "22" || error_class == "23" || error_class == "42") {
    return absl::StatusCode::kInvalidArgument;
  }
  if (error_class == "XX" || error_class == "58") return absl::StatusCode::kInternal;
  return absl::StatusCode::kFailedPrecondition;
}

std::string_view SqlStateOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
      return sqlstate::kQueryCanceled;
    case absl::StatusCode::kPermissionDenied:
      return sqlstate::kInsufficientPrivilege;
    case absl::StatusCode::kUnauthenticated:
      return sqlstate::kInvalidAuthorization;
    case absl::StatusCode::kUnimplemented:
      return sqlstate::kFeatureNotSupported;
    case absl::StatusCode::kUnavailable:
      return sqlstate::kConnectionFailure;
    case absl::StatusCode::kResourceExhausted:
      return sqlstate::kProgramLimitExceeded;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return sqlstate::kInvalidParameterValue;
    case absl::StatusCode::kFailedPrecondition:
      return sqlstate::kObjectNotInPrerequisiteState;
    case absl::StatusCode::kAborted:
      return sqlstate::kSerializationFailure;
    case absl::StatusCode::kDataLoss:
      return sqlstate::kDataCorrupted;
    default:
      return sqlstate::kInternalError;
  }
}

std::string EncodeFields(const SqlError& error) {
  const std::string separator(1, kSeparator);
  return absl::StrCat(error.sqlstate, separator, error.detail, separator, error.hint, separator,
                      error.position, separator, error.schema, separator, error.table, separator,
                      error.column, separator, error.constraint, separator, error.routine);
}

}  // namespace

absl::Status ToStatus(const SqlError& error) {
  absl::Status status(CodeOf(error.sqlstate), error.message);
  status.SetPayload(kPayloadUrl, absl::Cord(EncodeFields(error)));
  return status;
}

absl::Status Error(std::string_view sqlstate, std::string_view message, std::string_view detail,
                   std::string_view hint) {
  SqlError error;
  error.sqlstate = sqlstate;
  error.message = message;
  error.detail = detail;
  error.hint = hint;
  return ToStatus(error);
}

absl::Status ErrorAt(std::string_view sqlstate, int position, std::string_view message,
                     std::string_view hint) {
  SqlError error;
  error.sqlstate = sqlstate;
  error.message = message;
  error.position = position;
  error.hint = hint;
  return ToStatus(error);
}

absl::Status NotSupported(std::string_view what) {
  return Error(sqlstate::kFeatureNotSupported, absl::StrCat(View(what), " is not supported"));
}

SqlError FromStatus(const absl::Status& status) {
  SqlError error;
  error.message = std::string(status.message().data(), status.message().size());
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) {
    error.sqlstate = SqlStateOf(status.code());
    return error;
  }
  const std::string text(*payload);
  std::vector<std::string> fields = absl::StrSplit(text, kSeparator);
  fields.resize(kFields);
  error.sqlstate = fields[0];
  error.detail = fields[1];
  error.hint = fields[2];
  if (!absl::SimpleAtoi(fields[3], &error.position)) error.position = 0;
  error.schema = fields[4];
  error.table = fields[5];
  error.column = fields[6];
  error.constraint = fields[7];
  error.routine = fields[8];
  return error;
}

bool HasSqlState(const absl::Status& status, std::string_view sqlstate) {
  return !status.ok() && FromStatus(status).sqlstate == sqlstate;
}

std::string Encode(const absl::Status& status) {
  if (status.ok()) return "";
  const SqlError error = FromStatus(status);
  const auto row = status.GetPayload(kFailingRowUrl);
  const std::string separator(1, kSeparator);
  return absl::StrCat(EncodeFields(error), separator,
                      row.has_value() ? std::string(*row) : std::string(), separator,
                      error.message);
}

absl::Status Decode(std::string_view bytes) {
  if (bytes.empty()) return absl::OkStatus();
  const size_t split = bytes.rfind(kSeparator);
  if (split == std::string_view::npos) return absl::InternalError(View(bytes));
  absl::Status carrier(absl::StatusCode::kInternal, View(bytes.substr(split + 1)));
  carrier.SetPayload(kPayloadUrl, absl::Cord(View(bytes.substr(0, split))));
  absl::Status decoded = ToStatus(FromStatus(carrier));
  const std::vector<absl::string_view> fields =
      absl::StrSplit(View(bytes.substr(0, split)), kSeparator);
  if (fields.size() > kFields && !fields[kFields].empty())
    decoded.SetPayload(kFailingRowUrl, absl::Cord(fields[kFields]));
  return decoded;
}

}  // namespace adbms::status
