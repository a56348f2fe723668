// A connection's start: the start-up packet and who the client is.
#include "services/gateway/pgwire/connection.h"

#include <algorithm>
#include <utility>

#include "absl/base/internal/endian.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/pgwire/wire_sink.h"

namespace adbms::gateway::pgwire {
namespace {

constexpr uint32_t kProtocol3 = 196608;
constexpr uint32_t kCancelRequest = 80877102;
constexpr uint32_t kSslRequest = 80877103;
constexpr uint32_t kGssRequest = 80877104;

absl::Status Protocol(absl::string_view message) {
  return status::Error(status::sqlstate::kProtocolViolation,
                       std::string_view(message.data(), message.size()));
}

}  // namespace

namespace {

// The start-up parameter "options": "-c name=value" and "--name=value", with backslashes before
// blanks that belong to a value. Errors: 42601 for anything else.
absl::Status ReadCommandLine(std::string_view line,
                             std::vector<std::pair<std::string, std::string>>* settings) {
  std::vector<std::string> words;
  std::string word;
  bool started = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const bool blank = absl::ascii_isspace(static_cast<unsigned char>(line[i]));
    if (blank && started) words.push_back(std::exchange(word, {}));
    started = !blank;
    if (blank) continue;
    if (line[i] == '\\' && i + 1 < line.size()) ++i;
    word.push_back(line[i]);
  }
  if (started) words.push_back(word);
  for (size_t i = 0; i < words.size(); ++i) {
    std::string setting;
    if (words[i] == "-c" && i + 1 < words.size()) {
      setting = words[++i];
    } else if (absl::StartsWith(words[i], "-c") || absl::StartsWith(words[i], "--")) {
      setting = words[i].substr(2);
    }
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      return status::Error(
          status::sqlstate::kSyntaxError,
          absl::StrCat("invalid command-line argument for server process: ", words[i]), "",
          "Use -c name=value or --name=value.");
    }
    std::string name = setting.substr(0, equals);
    if (absl::StartsWith(words[i], "--")) std::replace(name.begin(), name.end(), '-', '_');
    settings->emplace_back(std::move(name), setting.substr(equals + 1));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Connection::Start() {
  std::string startup;
  for (int attempt = 0;; ++attempt) {
    ASSIGN_OR_RETURN(startup, reader_.ReadStartup());
    const uint32_t code = absl::big_endian::Load32(startup.data());
    if (code == kCancelRequest && startup.size() >= 12) {
      registry_->Cancel(static_cast<int32_t>(absl::big_endian::Load32(startup.data() + 4)),
                        static_cast<int32_t>(absl::big_endian::Load32(startup.data() + 8)));
      goodbye_ = true;
      return absl::UnavailableError("cancel request");
    }
    if ((code == kSslRequest || code == kGssRequest) && attempt < 2) {
      // Bytes sent before the answer would bypass the encryption the client asks for.
      if (reader_.HasBuffered()) return Protocol("received unencrypted data after SSL request");
      writer_.Byte('N');
      RETURN_IF_ERROR(writer_.Flush());
      continue;
    }
    if (code >> 16 != 3) {
      return Protocol(absl::StrCat("unsupported frontend protocol ", code >> 16, ".", code & 0xffff,
                                   ": server supports 3.0 to 3.0"));
    }
    if (code != kProtocol3) {  // A later minor version: negotiate down.
      writer_.Begin('v');
      writer_.Int32(0);
      writer_.Int32(0);
      writer_.End();
    }
    break;
  }
  session::SessionOptions session_options;
  PayloadReader payload(std::string_view(startup).substr(4));
  std::string user;
  while (payload.ok()) {
    const std::string name(payload.CString());
    if (name.empty()) break;
    const std::string value(payload.CString());
    if (!payload.ok()) return Protocol("invalid startup packet layout: expected terminator");
    if (name == "user") {
      user = value;
    } else if (name == "database") {
      session_options.database = value;
    } else if (name == "replication" && value != "false" && value != "off" && value != "0") {
      return status::NotSupported("replication connections");
    } else if (name == "options") {
      RETURN_IF_ERROR(ReadCommandLine(value, &session_options.settings));
    } else if (name != "replication" && name.rfind("_pq_.", 0) != 0) {
      session_options.settings.emplace_back(name, value);
    }
  }
  if (options_.draining->load(std::memory_order_acquire)) {
    return status::Error(status::sqlstate::kCannotConnectNow,
                         "the database system is shutting down");
  }
  if (user.empty()) {
    return status::Error(status::sqlstate::kInvalidAuthorization,
                         "no PostgreSQL user name specified in startup packet");
  }
  security::v1::Policy policy;
  RETURN_IF_ERROR(Authenticate(user, &policy));
  RETURN_IF_ERROR(options_.admit(policy.superuser()));
  reader_.Admit(options_.max_message_bytes);
  session_options.user = user;
  session_options.peer = options_.peer;
  session_options.backend_pid = key_.pid;
  session_options.notifiable = true;
  session_options.policy = services_.policies->Hold(std::move(policy));
  // Clients that name no database mean the one that is called like the user.
  if (session_options.database.empty()) session_options.database = user;
  ASSIGN_OR_RETURN(session_, session::Session::Open(services_, std::move(session_options)));
  registry_->Attach(key_.pid, session_.get());
  writer_.Begin('R');
  writer_.Int32(0);
  writer_.End();
  for (const auto& [name, value] : session_->settings().Reported()) {
    writer_.Begin('S');
    writer_.CString(name);
    writer_.CString(value);
    writer_.End();
  }
  writer_.Begin('K');
  writer_.Int32(key_.pid);
  writer_.Int32(key_.secret);
  writer_.End();
  return Ready();
}

namespace {

// The operating system says that the peer is the daemon's own user: the gateway lets it in as any
// role that may log in. Security is asked what the role may do, and told.
absl::Status AdmitDaemonsUser(const session::Services& services, const std::string& user,
                              const std::string& peer, const rpc::CallContext& context,
                              security::v1::Policy* policy) {
  security::v1::GetPolicyRequest request;
  request.set_user(user);
  auto response = services.security->GetPolicy(context, request);
  absl::Status status = response.status();
  if (absl::IsNotFound(status)) {
    status = status::Error(status::sqlstate::kInvalidAuthorization,
                           absl::StrCat("role \"", user, "\" does not exist"));
  } else if (status.ok() && !response->policy().can_login()) {
    status = status::Error(status::sqlstate::kInvalidAuthorization,
                           absl::StrCat("role \"", user, "\" is not permitted to log in"));
  }
  if (status.ok() || status::HasSqlState(status, status::sqlstate::kInvalidAuthorization)) {
    security::v1::AuditRecord record;
    record.set_event(status.ok() ? "login" : "login_failed");
    record.set_user(user);
    record.set_peer(peer);
    record.set_sqlstate(status.ok() ? "00000" : status::FromStatus(status).sqlstate);
    services.audit->Add(std::move(record));
  }
  RETURN_IF_ERROR(status);
  *policy = std::move(*response->mutable_policy());
  return absl::OkStatus();
}

}  // namespace

rpc::CallContext Connection::LoginContext(const std::string& user) const {
  rpc::CallContext context;
  context.user = user;
  context.deadline = options_.login_deadline;
  return context;
}

absl::Status Connection::Authenticate(const std::string& user, security::v1::Policy* policy) {
  if (services_.security == nullptr) {
    return status::Error(status::sqlstate::kCannotConnectNow, "the security service is missing");
  }
  absl::Status status;
  if (options_.vouched) {
    status = AdmitDaemonsUser(services_, user, options_.peer, LoginContext(user), policy);
  } else {
    status = Scram(user, policy);
  }
  const bool no_answer = (absl::IsUnavailable(status) &&
                          !status::HasSqlState(status, status::sqlstate::kProtocolViolation)) ||
                         absl::IsDeadlineExceeded(status);
  if (no_answer && !gone()) {
    return status::Error(status::sqlstate::kCannotConnectNow,
                         "the security service does not answer", "", "Try again later.");
  }
  return status;
}

absl::StatusOr<std::string> Connection::ReadPassword() {
  ASSIGN_OR_RETURN(const Message message, reader_.Read());
  if (message.type != 'p') {
    return Protocol(absl::StrCat("expected password response, got message type ",
                                 static_cast<int>(message.type)));
  }
  return std::string(message.payload);
}

absl::Status Connection::Scram(const std::string& user, security::v1::Policy* policy) {
  const rpc::CallContext context = LoginContext(user);
  writer_.Begin('R');
  writer_.Int32(10);
  writer_.CString("SCRAM-SHA-256");
  writer_.Byte(0);
  writer_.End();
  RETURN_IF_ERROR(writer_.Flush());
  ASSIGN_OR_RETURN(const std::string initial, ReadPassword());
  PayloadReader payload(initial);
  if (payload.CString() != "SCRAM-SHA-256") {
    return Protocol("client selected an invalid SASL authentication mechanism");
  }
  const int32_t size = payload.Int32();
  if (size < 0 || !payload.ok()) return Protocol("malformed SCRAM message");
  security::v1::StartScramRequest start;
  start.set_user(user);
  start.set_client_first(std::string(payload.Bytes(size)));
  start.set_peer(options_.peer);
  ASSIGN_OR_RETURN(auto challenge, services_.security->StartScram(context, start));
  RETURN_IF_ERROR(reader_.Pause(absl::Milliseconds(challenge.delay_ms())));
  writer_.Begin('R');
  writer_.Int32(11);
  writer_.Bytes(challenge.server_first());
  writer_.End();
  RETURN_IF_ERROR(writer_.Flush());
  security::v1::FinishScramRequest finish;
  ASSIGN_OR_RETURN(*finish.mutable_client_final(), ReadPassword());
  finish.set_conversation(challenge.conversation());
  finish.set_peer(options_.peer);
  ASSIGN_OR_RETURN(auto proof, services_.security->FinishScram(context, finish));
  writer_.Begin('R');
  writer_.Int32(12);
  writer_.Bytes(proof.server_final());
  writer_.End();
  *policy = std::move(*proof.mutable_policy());
  return absl::OkStatus();
}

}  // namespace adbms::gateway::pgwire
