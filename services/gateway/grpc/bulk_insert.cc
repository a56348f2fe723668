#include "services/gateway/grpc/bulk_insert.h"

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/text_io.h"
#include "services/gateway/api/pages.h"
#include "services/gateway/grpc/errors.h"
#include "services/gateway/grpc/statements.h"
#include "services/gateway/session/copy_format.h"
#include "services/gateway/session/quoted_identifier.h"

namespace adbms::gateway::grpc_front {
namespace {

std::string CopyText(const v1::BulkInsertTarget& target) {
  std::string text = "COPY ";
  if (!target.schema().empty())
    absl::StrAppend(&text, session::QuoteIdentifier(target.schema()), ".");
  absl::StrAppend(&text, session::QuoteIdentifier(target.table()));
  const char* separator = " (";
  for (const std::string& column : target.columns()) {
    absl::StrAppend(&text, separator, session::QuoteIdentifier(column));
    separator = ", ";
  }
  return absl::StrCat(text, target.columns().empty() ? "" : ")", " FROM STDIN");
}

// Answers COPY's demand for data with the rows of pages.
class PageSource : public NoticeSink {
 public:
  PageSource(session::Session* session, const NextPage& next) : NoticeSink(session), next_(next) {}

  absl::Status BeginCopyIn(int columns, bool) override {
    columns_ = static_cast<size_t>(columns);
    return absl::OkStatus();
  }

  absl::StatusOr<bool> ReadCopyData(std::string* data) override {
    v1::Page page;
    ASSIGN_OR_RETURN(const bool more, next_(&page));
    if (!more) return false;
    data->clear();
    if (page.row_count() == 0) return true;
    if (static_cast<size_t>(page.columns_size()) != columns_) {
      return status::Error(status::sqlstate::kProtocolViolation,
                           absl::StrCat("the page has ", page.columns_size(),
                                        " columns, but rows of the target have ", columns_));
    }
    ASSIGN_OR_RETURN(const types::Batch batch, api::DecodePage(page));
    for (uint32_t row = 0; row < batch.row_count; ++row)
      session::FormatCopyRow(format_, text_options_, batch, row, data);
    return true;
  }

 private:
  const NextPage& next_;
  const session::CopyFormat format_;
  const types::TextOptions text_options_;
  size_t columns_ = 0;
};

}  // namespace

absl::Status RunBulkInsert(session::Session* session, const v1::BulkInsertTarget& target,
                           const NextPage& next, v1::BulkInsertResponse* response) {
  if (target.table().empty()) {
    return status::Error(status::sqlstate::kProtocolViolation,
                         "the first message of a bulk insert says which table", "",
                         "Set target.table.");
  }
  PageSource source(session, next);
  RETURN_IF_ERROR(session->Query(CopyText(target), &source));
  response->set_rows(source.rows());
  response->mutable_notices()->Swap(source.notices());
  response->set_transaction_status(TransactionStatusOf(session->transaction_status()));
  return absl::OkStatus();
}

}  // namespace adbms::gateway::grpc_front
