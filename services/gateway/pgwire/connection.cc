#include "services/gateway/pgwire/connection.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "absl/base/internal/endian.h"
#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"
#include "services/gateway/pgwire/wire_sink.h"

namespace adbms::gateway::pgwire {
namespace {

absl::Status Protocol(absl::string_view message) {
  return status::Error(status::sqlstate::kProtocolViolation,
                       std::string_view(message.data(), message.size()));
}

// Errors: 22023 for a format that is none; a count beyond the message leaves the reader not ok.
absl::Status ReadFormats(PayloadReader* reader, std::vector<int16_t>* formats) {
  const int16_t count = reader->Int16();
  for (int i = 0; i < count && reader->ok(); ++i) {
    const int16_t format = reader->Int16();
    if (format != 0 && format != 1) {
      return status::Error(status::sqlstate::kInvalidParameterValue,
                           absl::StrCat("invalid format code: ", format));
    }
    formats->push_back(format);
  }
  return absl::OkStatus();
}

}  // namespace

Connection::Connection(const session::Services& services, ConnectionRegistry* registry,
                       ConnectionOptions options)
    : services_(services),
      registry_(registry),
      options_(std::move(options)),
      stream_(options_.fd),
      reader_(&stream_, options_.login_deadline),
      writer_(&stream_) {}

void Connection::Run() {
  key_ = registry_->Add();
  absl::Status status = Start();
  if (status.ok()) status = Loop();
  // A draining server closes the reading side itself: the client still listens.
  const bool draining = status::HasSqlState(status, status::sqlstate::kAdminShutdown);
  if (!status.ok() && (draining || !gone())) {
    Tell(status, "FATAL");
    (void)writer_.Flush();
  }
  if (!reader_.lost() && !writer_.lost()) stream_.Close();
  registry_->Remove(key_.pid);
  if (session_ != nullptr) {
    security::v1::AuditRecord record;
    record.set_event("logout");
    record.set_user(session_->options().user);
    record.set_peer(options_.peer);
    record.set_session_id(key_.pid);
    record.set_sqlstate("00000");
    services_.audit->Add(std::move(record));
  }
  session_ = nullptr;
}

void Connection::Tell(const absl::Status& status, std::string_view severity) {
  options_.errors->Count(status);
  WriteError(status, severity, &writer_);
}

absl::Status Connection::Ready() {
  RETURN_IF_ERROR(TellNotifications());
  writer_.Begin('Z');
  writer_.Byte(session_->transaction_status());
  writer_.End();
  return writer_.Flush();
}

bool Connection::EndsSession(const absl::Status& status) {
  return status::HasSqlState(status, status::sqlstate::kAdminShutdown);
}

absl::Status Connection::TellNotifications() {
  session::NotificationInbox* const inbox = session_->inbox();
  if (inbox == nullptr || !inbox->awake() || !session_->idle()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto notifications, inbox->Take());
  for (const auto& notification : notifications) {
    writer_.Begin('A');
    writer_.Int32(notification->backend_pid);
    writer_.CString(notification->channel);
    writer_.CString(notification->payload);
    writer_.End();
    RETURN_IF_ERROR(writer_.FlushIfLarge());
  }
  return absl::OkStatus();
}

absl::Status Connection::AwaitMessage(bool outside) {
  const int64_t limit_ms = outside ? session_->settings().idle_session_timeout_ms()
                                   : session_->settings().idle_in_transaction_timeout_ms();
  const bool listens = session_->inbox() != nullptr && session_->idle();
  if ((limit_ms == 0 && !listens) || reader_.HasBuffered()) return absl::OkStatus();
  const absl::Time deadline =
      limit_ms == 0 ? absl::InfiniteFuture() : absl::Now() + absl::Milliseconds(limit_ms);
  while (true) {
    const int64_t left_ms =
        limit_ms == 0 ? -1 : absl::ToInt64Milliseconds(deadline - absl::Now()) + 1;
    pollfd waits[] = {{options_.fd, POLLIN, 0},
                      {listens ? session_->inbox()->fd() : -1, POLLIN, 0}};
    const int events =
        ::poll(waits, 2, static_cast<int>(std::clamp<int64_t>(left_ms, -1, INT_MAX)));
    if (events > 0 && waits[0].revents == 0) {
      RETURN_IF_ERROR(TellNotifications());
      RETURN_IF_ERROR(writer_.Flush());
      continue;
    }
    if (events > 0 || (events < 0 && errno != EINTR)) return absl::OkStatus();  // Read() tells.
    if (absl::Now() < deadline) continue;
    return outside ? status::Error("57P05", "terminating connection due to idle-session timeout")
                   : status::Error("25P03",
                                   "terminating connection due to idle-in-transaction timeout");
  }
}

absl::Status Connection::Loop() {
  for (;;) {
    const bool outside = session_->transaction_status() == 'I';
    if (outside && options_.draining->load(std::memory_order_acquire)) {
      return status::Error(status::sqlstate::kAdminShutdown,
                           "terminating connection due to administrator command");
    }
    if (!reader_.HasBuffered()) idle_.store(outside, std::memory_order_release);
    RETURN_IF_ERROR(AwaitMessage(outside));
    auto message = reader_.Read();
    idle_.store(false, std::memory_order_release);
    if (!message.ok()) {
      if (options_.draining->load(std::memory_order_acquire)) {
        return status::Error(status::sqlstate::kAdminShutdown,
                             "terminating connection due to administrator command");
      }
      return message.status();
    }
    if (message->type == 'X') {
      goodbye_ = true;
      return absl::OkStatus();
    }
    const absl::Status status = Handle(*message);
    if (!status.ok()) return status;
  }
}

// Returns only errors that end the connection.
absl::Status Connection::Handle(const Message& message) {
  absl::Status status;
  switch (message.type) {
    case 'Q':
      if (skip_to_sync_) return absl::OkStatus();
      return HandleQuery(message.payload);
    case 'S':
      status = skip_to_sync_ ? absl::OkStatus() : session_->Sync();
      skip_to_sync_ = false;
      if (EndsSession(status)) return status;
      if (!status.ok()) Tell(status, "ERROR");
      return Ready();
    case 'H':
      return writer_.Flush();
    case 'P':
    case 'B':
    case 'D':
    case 'E':
    case 'C':
      break;
    case 'd':
    case 'c':
    case 'f':
      return absl::OkStatus();  // Left over from a COPY that failed.
    case 'F':
      if (!skip_to_sync_) {
        Tell(status::NotSupported("the function-call protocol"), "ERROR");
        session_->Fail();
      }
      return Ready();
    default:
      return Protocol(absl::StrCat("invalid frontend message type ",
                                   static_cast<int>(static_cast<uint8_t>(message.type))));
  }
  if (skip_to_sync_) return absl::OkStatus();
  if (message.type == 'P') status = HandleParse(message.payload);
  if (message.type == 'B') status = HandleBind(message.payload);
  if (message.type == 'D') status = HandleDescribe(message.payload);
  if (message.type == 'E') status = HandleExecute(message.payload);
  if (message.type == 'C') status = HandleClose(message.payload);
  if (status.ok()) return absl::OkStatus();
  if (gone() || EndsSession(status)) return status;
  session_->Fail();
  skip_to_sync_ = true;
  Tell(status, "ERROR");
  return writer_.Flush();
}

absl::Status Connection::HandleQuery(std::string_view payload) {
  PayloadReader reader(payload);
  const std::string sql(reader.CString());
  WireSink sink(&reader_, &writer_, &session_->settings(), /*describe=*/true);
  absl::Status status;
  if (reader.ok() && reader.empty()) {
    status = session_->Query(sql, &sink);
  } else {
    status = Protocol("invalid string in message");
    session_->Fail();
  }
  if (!status.ok()) {
    if (gone() || EndsSession(status)) return status;
    Tell(status, "ERROR");
  }
  return Ready();
}

absl::Status Connection::HandleParse(std::string_view payload) {
  PayloadReader reader(payload);
  const std::string name(reader.CString());
  const std::string sql(reader.CString());
  const int16_t count = reader.Int16();
  std::vector<types::Type> parameter_types;
  for (int i = 0; i < count && reader.ok(); ++i) {
    const uint32_t oid = static_cast<uint32_t>(reader.Int32());
    types::Type type;
    if (oid != 0) {
      ASSIGN_OR_RETURN(type, session_->TypeWithOid(oid));
    }
    if (type.id == types::TypeId::kUnknown) type = types::Type();
    parameter_types.push_back(type);
  }
  if (!reader.ok() || count < 0) return Protocol("malformed Parse message");
  if (name.empty()) session_->CloseStatement(name);
  RETURN_IF_ERROR(session_->Prepare(name, sql, std::move(parameter_types)));
  writer_.Begin('1');
  writer_.End();
  return absl::OkStatus();
}

absl::Status Connection::HandleBind(std::string_view payload) {
  PayloadReader reader(payload);
  const std::string portal(reader.CString());
  const std::string statement(reader.CString());
  std::vector<int16_t> formats;
  RETURN_IF_ERROR(ReadFormats(&reader, &formats));
  const int16_t count = reader.Int16();
  if (!reader.ok() || count < 0) return Protocol("malformed Bind message");
  ASSIGN_OR_RETURN(const session::PreparedStatement* const prepared,
                   session_->FindStatement(statement));
  if (static_cast<size_t>(count) != prepared->parameter_types.size()) {
    return Protocol(absl::StrCat("bind message supplies ", count,
                                 " parameters, but prepared statement \"", statement,
                                 "\" requires ", prepared->parameter_types.size()));
  }
  if (formats.size() > 1 && formats.size() != static_cast<size_t>(count)) {
    return Protocol(absl::StrCat("bind message has ", formats.size(), " parameter formats but ",
                                 count, " parameters"));
  }
  std::vector<types::Value> parameters;
  parameters.reserve(count);
  for (int i = 0; i < count; ++i) {
    // Its labels may be others by now.
    ASSIGN_OR_RETURN(const types::Type type, session_->Renewed(prepared->parameter_types[i]));
    const int32_t size = reader.Int32();
    if (size == -1) {
      parameters.push_back(types::Value::Null(type));
      continue;
    }
    const std::string_view bytes = reader.Bytes(size < 0 ? SIZE_MAX : size);
    if (!reader.ok()) return Protocol("insufficient data left in message");
    const bool binary = IsBinary(formats, i);
    if (!binary) RETURN_IF_ERROR(types::ValidateUtf8(bytes));
    auto value = binary ? types::ParseBinary(bytes, type) : session_->ReadParameter(bytes, type);
    if (!value.ok()) return value.status();
    parameters.push_back(*std::move(value));
  }
  std::vector<int16_t> result_formats;
  RETURN_IF_ERROR(ReadFormats(&reader, &result_formats));
  if (!reader.ok() || !reader.empty()) return Protocol("malformed Bind message");
  const size_t columns = static_cast<size_t>(prepared->columns.size());
  if (result_formats.size() > 1 && result_formats.size() != columns) {
    return Protocol(absl::StrCat("bind message has ", result_formats.size(),
                                 " result formats but query has ", columns, " columns"));
  }
  if (portal.empty()) session_->ClosePortal(portal);
  RETURN_IF_ERROR(session_->Bind(portal, statement, std::move(parameters)));
  result_formats_[portal] = std::move(result_formats);
  writer_.Begin('2');
  writer_.End();
  return absl::OkStatus();
}

absl::Status Connection::HandleDescribe(std::string_view payload) {
  PayloadReader reader(payload);
  const char kind = reader.Byte();
  const std::string name(reader.CString());
  if (!reader.ok() || (kind != 'S' && kind != 'P')) return Protocol("malformed Describe message");
  const session::PreparedStatement* prepared = nullptr;
  std::vector<int16_t> formats;
  if (kind == 'S') {
    ASSIGN_OR_RETURN(prepared, session_->FindStatement(name));
    writer_.Begin('t');
    writer_.Int16(static_cast<int16_t>(prepared->parameter_types.size()));
    for (const types::Type& type : prepared->parameter_types) {
      writer_.Int32(static_cast<int32_t>(types::OidOf(type)));
    }
    writer_.End();
  } else {
    ASSIGN_OR_RETURN(const session::Portal* const portal, session_->FindPortal(name));
    prepared = portal->statement.get();
    formats = result_formats_[name];
  }
  if (prepared->returns_rows) {
    WriteRowDescription(prepared->columns, formats, &writer_);
  } else {
    writer_.Begin('n');
    writer_.End();
  }
  return absl::OkStatus();
}

absl::Status Connection::HandleExecute(std::string_view payload) {
  PayloadReader reader(payload);
  const std::string portal(reader.CString());
  const int32_t max_rows = reader.Int32();
  if (!reader.ok()) return Protocol("malformed Execute message");
  WireSink sink(&reader_, &writer_, &session_->settings(), /*describe=*/false,
                result_formats_[portal]);
  bool suspended = false;
  RETURN_IF_ERROR(session_->Execute(portal, static_cast<uint64_t>(std::max(0, max_rows)),
                                    /*alone=*/reader_.PeekType() == 'S', &sink, &suspended));
  if (suspended) {
    writer_.Begin('s');
    writer_.End();
  }
  return absl::OkStatus();
}

absl::Status Connection::HandleClose(std::string_view payload) {
  PayloadReader reader(payload);
  const char kind = reader.Byte();
  const std::string name(reader.CString());
  if (!reader.ok() || (kind != 'S' && kind != 'P')) return Protocol("malformed Close message");
  if (kind == 'S') {
    session_->CloseStatement(name);
  } else {
    session_->ClosePortal(name);
    result_formats_.erase(name);
  }
  writer_.Begin('3');
  writer_.End();
  return absl::OkStatus();
}

}  // namespace adbms::gateway::pgwire
