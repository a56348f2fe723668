// Columnar pages as gateway.proto documents them, from batches and to batches. Not thread-safe.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "adbms/gateway/v1/gateway.pb.h"
#include "common/types/text_io.h"
#include "common/types/vector.h"

namespace adbms::gateway::api {

// How values of the type lie in a page.
v1::Encoding EncodingOf(types::TypeId type);
// The type that a client's column of the encoding has; nothing for what is no encoding.
std::optional<types::TypeId> TypeOfEncoding(v1::Encoding encoding);

// Gathers rows until there are enough for a message.
class PageBuilder {
 public:
  // How texts depend on settings; borrowed.
  explicit PageBuilder(const types::TextOptions* options) : options_(options) {}

  // Adds rows [begin, end). Those before it in the page had as many columns.
  void Add(const types::Batch& batch, uint32_t begin, uint32_t end);
  uint32_t row_count() const { return page_.row_count(); }
  size_t bytes() const { return bytes_; }
  // The page so far; the next one begins.
  v1::Page Take();

 private:
  const types::TextOptions* const options_;
  v1::Page page_;
  size_t bytes_ = 0;
};

// The page's rows, in the types of its encodings. Errors: 08P01 for bytes that are no page, 22021,
// 22008 for a date or time out of range.
absl::StatusOr<types::Batch> DecodePage(const v1::Page& page);

}  // namespace adbms::gateway::api
