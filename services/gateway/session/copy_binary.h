// COPY's binary format (PostgreSQL manual, COPY, "Binary Format"): a header, rows of fields with
// their lengths, each in its type's binary form, and a trailer. Not thread-safe.
#pragma once

#include <string>

#include "services/gateway/session/copy_format.h"

namespace adbms::gateway::session {

// Bytes in pieces to rows of binary fields, which are not looked into.
class BinaryCopyReader : public CopyRows {
 public:
  explicit BinaryCopyReader(size_t columns) : columns_(columns) {}
  void Append(std::string_view data) override;
  void Finish() override { finished_ = true; }
  // Errors: 22P04 for what is no such data, is cut off, or has another number of fields; 54000.
  absl::StatusOr<bool> Next(Fields* fields) override;
  uint64_t line() const override { return line_; }
  size_t line_bytes() const override { return line_bytes_; }

 private:
  // Whether so many bytes from `at` are there. Errors: 22P04 when they will not come.
  absl::StatusOr<bool> Has(size_t at, size_t bytes) const;
  absl::StatusOr<bool> ReadHeader();

  const size_t columns_;
  std::string buffer_;
  size_t position_ = 0;
  size_t line_bytes_ = 0;
  uint64_t line_ = 0;
  bool has_header_ = false;
  bool finished_ = false;
  bool ended_ = false;  // The trailer was seen.
};

void AppendBinaryCopyHeader(std::string* out);
void AppendBinaryCopyRow(const types::Batch& batch, uint32_t row, std::string* out);
void AppendBinaryCopyTrailer(std::string* out);

}  // namespace adbms::gateway::session
