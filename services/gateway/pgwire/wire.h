// Framing of the PostgreSQL protocol 3.0 (manual, "Frontend/Backend Protocol") over one stream:
// buffered reading with look-ahead, buffered writing. Blocking. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/tls/socket_stream.h"

namespace adbms::gateway::pgwire {

// One message from the client; `payload` stays valid until the next read.
struct Message {
  char type = 0;
  std::string_view payload;
};

class WireReader {
 public:
  // `stream` is not owned. Until Admit() messages are as short as a login needs, and all of them
  // must have come by `deadline`, however the bytes trickle in.
  WireReader(tls::SocketStream* stream, absl::Time deadline) : stream_(stream) {
    stream_->SetDeadline(deadline);
  }
  // The client is logged in: no deadline, longer messages.
  void Admit(uint64_t max_message_bytes) {
    stream_->SetDeadline(absl::InfiniteFuture());
    max_message_bytes_ = max_message_bytes;
  }
  // Lets the client wait without reading what it sends. Errors: UNAVAILABLE when it leaves,
  // DEADLINE_EXCEEDED.
  absl::Status Pause(absl::Duration time);
  // The untyped first message. Errors: 08P01 when it is no start-up packet, UNAVAILABLE at the end.
  absl::StatusOr<std::string> ReadStartup();
  // Errors: UNAVAILABLE when the client is gone, 08P01 for an impossible length.
  absl::StatusOr<Message> Read();
  // The type of the next message if it is buffered already, 0 otherwise. Never waits.
  char PeekType() const;
  // True when unread bytes are buffered.
  bool HasBuffered() const { return position_ < buffer_.size() || stream_->HasBuffered(); }
  // True once the client has closed the connection or let the time pass: nobody listens any more.
  bool lost() const { return lost_; }

 private:
  // Longest message before the login, as PostgreSQL's of a password.
  static constexpr uint64_t kMaxLoginBytes = 65535;

  absl::Status Fill(size_t wanted);

  tls::SocketStream* const stream_;
  uint64_t max_message_bytes_ = kMaxLoginBytes;
  std::string buffer_;
  size_t position_ = 0;
  bool lost_ = false;
};

class WireWriter {
 public:
  // `stream` is not owned.
  explicit WireWriter(tls::SocketStream* stream) : stream_(stream) {}
  void Begin(char type) {
    out_ += type;
    start_ = out_.size();
    out_.append(4, '\0');
  }
  void Byte(char value) { out_ += value; }
  void Int16(int16_t value);
  void Int32(int32_t value);
  void Bytes(std::string_view bytes) { out_.append(bytes); }
  void CString(std::string_view text) {
    out_.append(text);
    out_ += '\0';
  }
  // Where a value's bytes are appended, for writing in place: position of a length to be filled in.
  std::string* buffer() { return &out_; }
  void PatchInt32(size_t position, int32_t value);
  void End() { PatchInt32(start_, static_cast<int32_t>(out_.size() - start_)); }
  // Sends when enough has gathered.
  absl::Status FlushIfLarge() { return out_.size() >= kFlushBytes ? Flush() : absl::OkStatus(); }
  absl::Status Flush();
  // True once sending has failed: nobody listens any more.
  bool lost() const { return lost_; }

 private:
  static constexpr size_t kFlushBytes = 64 << 10;
  tls::SocketStream* const stream_;
  bool lost_ = false;
  std::string out_;
  size_t start_ = 0;
};

// Reads a payload piece by piece. Past its end every piece is empty and ok() false.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view payload) : left_(payload) {}
  bool ok() const { return ok_; }
  bool empty() const { return left_.empty(); }
  char Byte();
  int16_t Int16();
  int32_t Int32();
  std::string_view Bytes(size_t size);
  std::string_view CString();

 private:
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace adbms::gateway::pgwire
