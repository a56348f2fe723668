#include "services/gateway/pgwire/wire.h"

#include <poll.h>

#include <cstring>

#include "absl/base/internal/endian.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::pgwire {
namespace {

constexpr size_t kReadBytes = 16 << 10;
constexpr uint32_t kMaxStartupBytes = 10000;
// What a buffer may keep when it is empty; the memory of longer messages is given back.
constexpr size_t kKeptBytes = 1 << 20;

uint32_t LoadInt32(const char* bytes) { return absl::big_endian::Load32(bytes); }

}  // namespace

absl::Status WireReader::Pause(absl::Duration time) {
  const absl::Time end = absl::Now() + time;
  for (;;) {
    const absl::Time now = absl::Now();
    if (now >= stream_->deadline()) {
      lost_ = true;
      return absl::DeadlineExceededError("the client took too long");
    }
    if (now >= end) return absl::OkStatus();
    pollfd gone{stream_->fd(), POLLRDHUP, 0};
    const absl::Duration left = std::min(end, stream_->deadline()) - now;
    if (::poll(&gone, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1) > 0) {
      lost_ = true;
      return absl::UnavailableError("the client closed the connection");
    }
  }
}

absl::Status WireReader::Fill(size_t wanted) {
  if (position_ == buffer_.size() && buffer_.capacity() > kKeptBytes) {
    std::string().swap(buffer_);
    position_ = 0;
  }
  if (position_ > 0 && (position_ == buffer_.size() || position_ > kReadBytes)) {
    buffer_.erase(0, position_);
    position_ = 0;
  }
  while (buffer_.size() - position_ < wanted) {
    const size_t old = buffer_.size();
    const size_t missing = wanted - (old - position_);
    // Grow with what arrives: a length alone must not make us allocate.
    const size_t ask = std::min<size_t>(std::max(kReadBytes, missing), 1 << 20);
    buffer_.resize(old + ask);
    const absl::StatusOr<size_t> got = stream_->Read(buffer_.data() + old, ask);
    buffer_.resize(old + (got.ok() ? *got : 0));
    if (got.ok()) continue;
    lost_ = true;
    return got.status();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> WireReader::ReadStartup() {
  RETURN_IF_ERROR(Fill(4));
  const uint32_t length = LoadInt32(buffer_.data() + position_);
  if (length < 8 || length > kMaxStartupBytes) {
    return status::Error(status::sqlstate::kProtocolViolation, "invalid length of startup packet");
  }
  RETURN_IF_ERROR(Fill(length));
  std::string payload = buffer_.substr(position_ + 4, length - 4);
  position_ += length;
  return payload;
}

absl::StatusOr<Message> WireReader::Read() {
  RETURN_IF_ERROR(Fill(5));
  const uint32_t length = LoadInt32(buffer_.data() + position_ + 1);
  if (length < 4 || length > max_message_bytes_) {
    return status::Error(status::sqlstate::kProtocolViolation,
                         absl::StrCat("invalid message length ", length));
  }
  RETURN_IF_ERROR(Fill(length + 1));
  Message message;
  message.type = buffer_[position_];
  message.payload = std::string_view(buffer_).substr(position_ + 5, length - 4);
  position_ += length + 1;
  return message;
}

char WireReader::PeekType() const { return position_ < buffer_.size() ? buffer_[position_] : '\0'; }

void WireWriter::Int16(int16_t value) {
  char bytes[2];
  absl::big_endian::Store16(bytes, static_cast<uint16_t>(value));
  out_.append(bytes, 2);
}

void WireWriter::Int32(int32_t value) {
  char bytes[4];
  absl::big_endian::Store32(bytes, static_cast<uint32_t>(value));
  out_.append(bytes, 4);
}

void WireWriter::PatchInt32(size_t position, int32_t value) {
  absl::big_endian::Store32(out_.data() + position, static_cast<uint32_t>(value));
}

absl::Status WireWriter::Flush() {
  if (!out_.empty()) {
    const absl::Status written = stream_->Write(out_);
    if (!written.ok()) {
      lost_ = true;
      out_.clear();
      return written;
    }
  }
  out_.clear();
  if (out_.capacity() > kKeptBytes) std::string().swap(out_);
  return absl::OkStatus();
}

char PayloadReader::Byte() {
  const std::string_view bytes = Bytes(1);
  return bytes.empty() ? '\0' : bytes[0];
}

int16_t PayloadReader::Int16() {
  const std::string_view bytes = Bytes(2);
  return bytes.empty() ? 0 : static_cast<int16_t>(absl::big_endian::Load16(bytes.data()));
}

int32_t PayloadReader::Int32() {
  const std::string_view bytes = Bytes(4);
  return bytes.empty() ? 0 : static_cast<int32_t>(absl::big_endian::Load32(bytes.data()));
}

std::string_view PayloadReader::Bytes(size_t size) {
  if (size > left_.size()) {
    ok_ = false;
    left_ = {};
    return {};
  }
  const std::string_view bytes = left_.substr(0, size);
  left_.remove_prefix(size);
  return bytes;
}

std::string_view PayloadReader::CString() {
  const size_t end = left_.find('\0');
  if (end == std::string_view::npos) {
    ok_ = false;
    left_ = {};
    return {};
  }
  const std::string_view text = left_.substr(0, end);
  left_.remove_prefix(end + 1);
  return text;
}

}  // namespace adbms::gateway::pgwire
