// COPY's text and csv formats (PostgreSQL manual, COPY, "File Formats"). Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/sql.h"
#include "common/types/text_io.h"
#include "common/types/vector.h"

namespace adbms::gateway::session {

struct CopyFormat {
  bool binary = false;  // See copy_binary.h; the rest is then of no use.
  bool csv = false;
  bool header = false;
  // The names that the header has to have; empty: any.
  std::vector<std::string> header_names;
  // By the number of the field: quoted although it need not be; the null text read as NULL although
  // it is quoted; and as itself although it is not. Empty where no option says so.
  std::vector<bool> force_quote, force_null, force_not_null;
  char delimiter = '\t';
  char quote = '"';
  char escape = '"';
  std::string null_text = "\\N";

  // Of fields with these names; `table` is null for a query's. The parser has seen to it that the
  // options go together. Errors: 42703, 42P10, 42701 for columns that an option names.
  static absl::StatusOr<CopyFormat> From(const sql::CopyStatement& statement,
                                         const std::vector<std::string>& fields,
                                         const common::v1::TableDescriptor* table);
};

// Bytes in pieces to rows of fields.
class CopyRows {
 public:
  using Fields = std::vector<std::optional<std::string_view>>;

  virtual ~CopyRows() = default;
  // Adds a piece of the data.
  virtual void Append(std::string_view data) = 0;
  virtual void Finish() = 0;
  // The fields of the next row into `fields` (nullopt: NULL), which stay valid until the next call.
  // They may be fewer than the columns: what is there is to be read before that is an error.
  // False when more data is needed, or at the end. Errors: 22P04, 54000.
  virtual absl::StatusOr<bool> Next(Fields* fields) = 0;
  // The number of the row that Next has found, from 1, and its length.
  virtual uint64_t line() const = 0;
  virtual size_t line_bytes() const = 0;
};

// Of text and csv.
class CopyReader : public CopyRows {
 public:
  CopyReader(const CopyFormat& format, size_t columns);
  void Append(std::string_view data) override;
  void Finish() override { finished_ = true; }
  absl::StatusOr<bool> Next(Fields* fields) override;
  uint64_t line() const override { return line_; }
  size_t line_bytes() const override { return line_bytes_; }

 private:
  // As PostgreSQL's: what its buffers hold.
  static constexpr size_t kLongestLine = 0x3fffffff;

  // No end of the row is in sight. Errors: 54000 for a row that is too long.
  absl::StatusOr<bool> NeedMore() const;
  absl::StatusOr<bool> NextText(std::vector<std::optional<std::string_view>>* fields);
  absl::StatusOr<bool> NextCsv(std::vector<std::optional<std::string_view>>* fields);
  absl::Status CheckCount(size_t count) const;
  absl::Status CheckHeader(const Fields& fields) const;
  // The null text, which is known for each field, with what the options say of it.
  void AddField(std::string_view text, bool is_null, Fields* fields) const;
  bool FindCsvEnd(size_t* end, size_t* next);

  const CopyFormat format_;
  const size_t columns_;
  std::string buffer_;
  size_t position_ = 0;
  size_t searched_ = 0;           // Where the search for the row's end goes on,
  bool searched_quoted_ = false;  // and whether that is inside quotes.
  size_t line_bytes_ = 0;
  bool finished_ = false;
  bool ended_ = false;  // The end marker \. was seen.
  bool skip_header_;
  uint64_t line_ = 0;
  std::string scratch_;  // Unescaped fields.
  std::vector<std::pair<size_t, size_t>> spans_;
};

// Appends one row.
void FormatCopyRow(const CopyFormat& format, const types::TextOptions& options,
                   const types::Batch& batch, uint32_t row, std::string* out);
// Appends a header line.
void FormatCopyHeader(const CopyFormat& format, const std::vector<std::string>& names,
                      std::string* out);

}  // namespace adbms::gateway::session
