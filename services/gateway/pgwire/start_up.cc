// A connection's start: encryption, and the start-up packet.
#include <algorithm>
#include <utility>

#include "absl/base/internal/endian.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/pgwire/connection.h"

namespace adbms::gateway::pgwire {
namespace {

constexpr uint32_t kProtocol3 = 196608;
constexpr uint32_t kCancelRequest = 80877102;
constexpr uint32_t kSslRequest = 80877103;
constexpr uint32_t kGssRequest = 80877104;

absl::Status Protocol(absl::string_view message, absl::string_view detail = "") {
  return status::Error(status::sqlstate::kProtocolViolation,
                       std::string_view(message.data(), message.size()),
                       std::string_view(detail.data(), detail.size()));
}

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

absl::Status Connection::Encrypt() {
  const tls::ServerContext::Current current = options_.tls->current();
  const absl::Status accepted = stream_.Accept(current.context);
  (accepted.ok() ? options_.handshakes->done : options_.handshakes->failed).Increment();
  if (!accepted.ok()) {
    services_.logger->Info("a TLS handshake failed",
                           {{"peer", options_.peer}, {"error", std::string(accepted.message())}});
    return absl::UnavailableError(accepted.message());
  }
  endpoint_hash_ = current.certificate->endpoint_hash;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Connection::ReadStartup() {
  for (int attempt = 0;; ++attempt) {
    ASSIGN_OR_RETURN(std::string startup, reader_.ReadStartup());
    const uint32_t code = absl::big_endian::Load32(startup.data());
    if (code == kCancelRequest && startup.size() >= 12) {
      registry_->Cancel(static_cast<int32_t>(absl::big_endian::Load32(startup.data() + 4)),
                        static_cast<int32_t>(absl::big_endian::Load32(startup.data() + 8)));
      goodbye_ = true;
      return absl::UnavailableError("cancel request");
    }
    const bool asks = code == kSslRequest || code == kGssRequest;
    if (asks && attempt < 2 && !stream_.encrypted()) {
      // Bytes sent before the answer would bypass the encryption the client asks for.
      if (reader_.HasBuffered()) {
        return Protocol(
            absl::StrCat("received unencrypted data after ",
                         code == kSslRequest ? "SSL request" : "GSSAPI encryption request"),
            "This could be either a client-software bug or evidence of an attempted "
            "man-in-the-middle attack.");
      }
      const bool encrypts = code == kSslRequest && options_.tls != nullptr;
      writer_.Byte(encrypts ? 'S' : 'N');
      RETURN_IF_ERROR(writer_.Flush());
      if (encrypts) RETURN_IF_ERROR(Encrypt());
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
    return startup;
  }
}

absl::Status Connection::Start() {
  ASSIGN_OR_RETURN(const std::string startup, ReadStartup());
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
  if (!options_.plaintext && !stream_.encrypted()) {
    return status::Error(status::sqlstate::kInvalidAuthorization,
                         absl::StrCat("connection from ", options_.peer, " for user \"", user,
                                      "\" is refused: no encryption"),
                         "",
                         options_.tls != nullptr
                             ? "Connect with TLS: sslmode=require, or verify-full."
                             : "The server has no certificate: see gateway.tls.certificate_file.");
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

}  // namespace adbms::gateway::pgwire
