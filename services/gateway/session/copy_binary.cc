#include "services/gateway/session/copy_binary.h"

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::session {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr size_t kFixedHeader = 11 + 4 + 4;
// Bits of the flags that a reader must know; it knows none.
constexpr uint32_t kCriticalFlags = 0xffff0000;
constexpr uint32_t kWithOids = 1 << 16;  // Of old writers.
// As PostgreSQL's: what a value may have.
constexpr uint32_t kLongestField = 0x3fffffff;
// Of what has been read and is kept before the rest is moved forward.
constexpr size_t kReadBytes = 64 << 10;

// Big-endian, as everything on the wire.
template <typename T>
T ReadNumber(const char* at) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value << 8 | static_cast<unsigned char>(at[i]));
  return value;
}

template <typename T>
void WriteNumber(T value, char* at) {
  for (size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 8))
    at[i] = static_cast<char>(value & 0xff);
}

template <typename T>
void AppendNumber(T value, std::string* out) {
  out->resize(out->size() + sizeof(T));
  WriteNumber(value, out->data() + out->size() - sizeof(T));
}

absl::Status Bad(const std::string& message) {
  return status::Error(status::sqlstate::kBadCopyFileFormat, message);
}

absl::Status TooLong() {
  return status::Error(status::sqlstate::kProgramLimitExceeded, "out of memory");
}

}  // namespace

void BinaryCopyReader::Append(std::string_view data) {
  if (position_ >= kReadBytes) {
    buffer_.erase(0, position_);
    position_ = 0;
  }
  buffer_.append(data);
}

absl::StatusOr<bool> BinaryCopyReader::Has(size_t at, size_t bytes) const {
  if (buffer_.size() - at >= bytes) return true;
  if (finished_) return Bad("unexpected EOF in COPY data");
  return false;
}

absl::StatusOr<bool> BinaryCopyReader::ReadHeader() {
  if (buffer_.size() < kFixedHeader) {
    if (finished_) return Bad("COPY file signature not recognized");
    return false;
  }
  if (!buffer_.starts_with(kSignature)) return Bad("COPY file signature not recognized");
  const uint32_t flags = ReadNumber<uint32_t>(buffer_.data() + kSignature.size());
  if ((flags & kWithOids) != 0) return Bad("invalid COPY file header (WITH OIDS)");
  if ((flags & kCriticalFlags) != 0) return Bad("unrecognized critical flags in COPY file header");
  const uint32_t extension = ReadNumber<uint32_t>(buffer_.data() + kSignature.size() + 4);
  if (static_cast<int32_t>(extension) < 0) return Bad("invalid COPY file header (missing length)");
  if (buffer_.size() - kFixedHeader < extension) {
    if (finished_) return Bad("invalid COPY file header (wrong length)");
    if (extension > kLongestField) return TooLong();
    return false;
  }
  position_ = kFixedHeader + extension;
  has_header_ = true;
  return true;
}

absl::StatusOr<bool> BinaryCopyReader::Next(Fields* fields) {
  if (!has_header_) {
    ASSIGN_OR_RETURN(const bool read, ReadHeader());
    if (!read) return false;
  }
  if (ended_) {
    if (position_ < buffer_.size()) return Bad("received copy data after EOF marker");
    return false;
  }
  size_t at = position_;
  if (finished_ && buffer_.size() - at < 2) return false;  // The trailer may be missing.
  ASSIGN_OR_RETURN(bool there, Has(at, 2));
  if (!there) return false;
  const auto count = static_cast<int16_t>(ReadNumber<uint16_t>(buffer_.data() + at));
  at += 2;
  if (count == -1) {
    ended_ = true;
    position_ = at;
    return Next(fields);
  }
  if (count < 0 || static_cast<size_t>(count) != columns_)
    return Bad(absl::StrCat("row field count is ", count, ", expected ", columns_));
  fields->clear();
  for (size_t i = 0; i < columns_; ++i) {
    ASSIGN_OR_RETURN(there, Has(at, 4));
    if (!there) return false;
    const uint32_t size = ReadNumber<uint32_t>(buffer_.data() + at);
    at += 4;
    if (size == UINT32_MAX) {
      fields->emplace_back();
      continue;
    }
    if (static_cast<int32_t>(size) < 0) return Bad("invalid field size");
    if (size > kLongestField) return TooLong();
    ASSIGN_OR_RETURN(there, Has(at, size));
    if (!there) return false;
    fields->emplace_back(std::string_view(buffer_).substr(at, size));
    at += size;
  }
  ++line_;
  line_bytes_ = at - position_;
  position_ = at;
  return true;
}

void AppendBinaryCopyHeader(std::string* out) {
  out->append(kSignature);
  AppendNumber<uint32_t>(0, out);
  AppendNumber<uint32_t>(0, out);
}

void AppendBinaryCopyRow(const types::Batch& batch, uint32_t row, std::string* out) {
  AppendNumber(static_cast<uint16_t>(batch.columns.size()), out);
  for (const types::VectorPtr& column : batch.columns) {
    if (column->is_null(row)) {
      AppendNumber<uint32_t>(UINT32_MAX, out);
      continue;
    }
    const size_t at = out->size();
    AppendNumber<uint32_t>(0, out);
    types::FormatBinary(*column, row, out);
    WriteNumber(static_cast<uint32_t>(out->size() - at - 4), out->data() + at);
  }
}

void AppendBinaryCopyTrailer(std::string* out) { AppendNumber<uint16_t>(UINT16_MAX, out); }

}  // namespace adbms::gateway::session
