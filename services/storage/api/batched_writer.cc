#include "services/storage/api/batched_writer.h"

#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"

namespace adbms::storage::api {

absl::Status CheckMessage(size_t bytes, const char* what) {
  constexpr size_t kLargestValues = kLargestMessage - kMessageOverhead;
  if (bytes <= kLargestValues) return absl::OkStatus();
  return status::Error(
      status::sqlstate::kProgramLimitExceeded, absl::StrCat(what, " take too much memory"),
      absl::StrCat("They have ", bytes, " bytes; ", kLargestValues, " travel between services."),
      "Use shorter values, or fewer of them together.");
}

size_t StringBytes(const types::Batch& batch) {
  size_t bytes = 0;
  for (const types::VectorPtr& column : batch.columns) {
    if (!column->has_strings()) continue;
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      if (!column->is_null(row)) bytes += column->string(row).size();
    }
  }
  return bytes;
}

}  // namespace adbms::storage::api
