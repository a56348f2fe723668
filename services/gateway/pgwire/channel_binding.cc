#include "services/gateway/pgwire/channel_binding.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::pgwire {
namespace {

constexpr char kEndPoint[] = "p=tls-server-end-point";

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

absl::Status Malformed(std::string_view detail) {
  return status::Error(status::sqlstate::kProtocolViolation, "malformed SCRAM message", detail);
}

}  // namespace

absl::Status CheckFirst(std::string_view client_first, const ChannelBinding& binding) {
  const std::string_view flag = client_first.substr(0, client_first.find(','));
  const bool binds = flag.substr(0, 2) == "p=";
  if (binds && !binding.chosen) {
    return Malformed(
        "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes "
        "channel binding data.");
  }
  if (!binds && binding.chosen) {
    return Malformed(
        "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel "
        "binding data.");
  }
  if (binds && flag != kEndPoint) {
    return status::Error(
        status::sqlstate::kProtocolViolation,
        absl::StrCat("unsupported SCRAM channel-binding type \"", View(flag.substr(2)), "\""));
  }
  // It could, but was not offered what the server did offer: somebody is in between.
  if (flag == "y" && !binding.endpoint_hash.empty()) {
    return status::Error(status::sqlstate::kInvalidAuthorization,
                         "SCRAM channel binding negotiation error",
                         "The client supports SCRAM channel binding but thinks the server does "
                         "not.  However, this server does support channel binding.");
  }
  return absl::OkStatus();
}

absl::Status CheckFinal(std::string_view client_final, const ChannelBinding& binding) {
  if (!binding.chosen) return absl::OkStatus();
  const std::string wanted = absl::StrCat(
      "c=", absl::Base64Escape(absl::StrCat(kEndPoint, ",,", View(binding.endpoint_hash))), ",");
  if (client_final.substr(0, wanted.size()) == wanted) return absl::OkStatus();
  return status::Error(status::sqlstate::kInvalidAuthorization,
                       "SCRAM channel binding check failed");
}

}  // namespace adbms::gateway::pgwire
