#include "services/gateway/pgwire/wire.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "absl/base/internal/endian.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::pgwire {
namespace {

constexpr size_t kReadBytes = 16 << 10;
constexpr uint32_t kMaxStartupBytes = 10000;

uint32_t LoadInt32(const char* bytes) { return absl::big_endian::Load32(bytes); }

}  // namespace

absl::Status WireReader::Fill(size_t wanted) {
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
    const ssize_t got = ::recv(fd_, buffer_.data() + old, ask, 0);
    buffer_.resize(old + (got > 0 ? got : 0));
    if (got > 0) continue;
    if (got < 0 && errno == EINTR) continue;
    lost_ = true;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return absl::DeadlineExceededError("the client took too long");
    }
    return absl::UnavailableError("the client closed the connection");
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
  size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t put = ::send(fd_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (put > 0) {
      sent += put;
    } else if (errno != EINTR) {
      lost_ = true;
      out_.clear();
      return absl::UnavailableError("the client closed the connection");
    }
  }
  out_.clear();
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
