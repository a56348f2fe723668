// Who the client is.
#include "services/gateway/pgwire/channel_binding.h"
#include "services/gateway/pgwire/connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::pgwire {
namespace {

constexpr char kScram[] = "SCRAM-SHA-256";
constexpr char kScramPlus[] = "SCRAM-SHA-256-PLUS";

absl::Status Protocol(absl::string_view message) {
  return status::Error(status::sqlstate::kProtocolViolation,
                       std::string_view(message.data(), message.size()));
}

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
  ChannelBinding binding = {endpoint_hash_, false};
  const bool bindable = !endpoint_hash_.empty();
  if (bindable) writer_.CString(kScramPlus);
  writer_.CString(kScram);
  writer_.Byte(0);
  writer_.End();
  RETURN_IF_ERROR(writer_.Flush());
  ASSIGN_OR_RETURN(const std::string initial, ReadPassword());
  PayloadReader payload(initial);
  const std::string mechanism(payload.CString());
  if (mechanism != kScram && !(bindable && mechanism == kScramPlus)) {
    return Protocol("client selected an invalid SASL authentication mechanism");
  }
  const int32_t size = payload.Int32();
  if (size < 0 || !payload.ok()) return Protocol("malformed SCRAM message");
  security::v1::StartScramRequest start;
  start.set_user(user);
  start.set_client_first(std::string(payload.Bytes(size)));
  start.set_peer(options_.peer);
  binding.chosen = mechanism == kScramPlus;
  RETURN_IF_ERROR(CheckFirst(start.client_first(), binding));
  ASSIGN_OR_RETURN(auto challenge, services_.security->StartScram(context, start));
  RETURN_IF_ERROR(reader_.Pause(absl::Milliseconds(challenge.delay_ms())));
  writer_.Begin('R');
  writer_.Int32(11);
  writer_.Bytes(challenge.server_first());
  writer_.End();
  RETURN_IF_ERROR(writer_.Flush());
  security::v1::FinishScramRequest finish;
  ASSIGN_OR_RETURN(*finish.mutable_client_final(), ReadPassword());
  RETURN_IF_ERROR(CheckFinal(finish.client_final(), binding));
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
