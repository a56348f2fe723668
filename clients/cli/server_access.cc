#include "clients/cli/server_access.h"

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/lifecycle/secret_file.h"
#include "common/rpc/grpc/tls.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/api/gateway_grpc.h"
#include "services/orchestrator/api/orchestrator_grpc.h"

namespace adbms::clients::cli {
namespace {

constexpr char kDefaultAddress[] = "127.0.0.1:7433";

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  auto secret = lifecycle::ReadSecret(path);
  if (secret.ok()) return secret;
  return absl::Status(secret.status().code(),
                      absl::StrCat("cannot read ", path, ": ", secret.status().message()));
}

// Of a file that is no secret.
absl::StatusOr<std::string> ReadPublic(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file && text << file.rdbuf()) return text.str();
  return absl::NotFoundError(absl::StrCat("cannot read ", path));
}

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Null: plain text.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelOf(const Arguments& arguments) {
  const std::string authority = arguments.Get("--tls-ca", Environment("ADBMS_TLS_CA"));
  const std::string certificate = arguments.Get("--tls-cert");
  const std::string key = arguments.Get("--tls-key");
  if (certificate.empty() != key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key go together");
  }
  if (authority.empty()) {
    if (!certificate.empty()) {
      return absl::InvalidArgumentError("--tls-cert needs --tls-ca, by which the server is known");
    }
    return nullptr;
  }
  ASSIGN_OR_RETURN(const std::string believed, ReadPublic(authority));
  if (certificate.empty()) return rpc::TlsChannel(believed, "", "");
  ASSIGN_OR_RETURN(const std::string shown, ReadPublic(certificate));
  ASSIGN_OR_RETURN(const std::string secret, ReadFile(key));
  return rpc::TlsChannel(believed, shown, secret);
}

}  // namespace

absl::StatusOr<ServerAccess> ServerAccess::From(const Arguments& arguments) {
  ServerAccess access;
  access.address_ = arguments.Get("--grpc", arguments.Get("--host", kDefaultAddress));
  access.user_ = arguments.Get("--user", "adbms");
  access.password_ = arguments.Get("--password", Environment("ADBMS_PASSWORD"));
  if (arguments.Has("--data-dir")) {
    const std::string directory = arguments.Get("--data-dir");
    if (access.password_.empty()) {
      // Absent when the password was given at the first start.
      auto password = ReadFile(directory + "/initial_password");
      if (!password.ok() && !absl::IsNotFound(password.status())) return password.status();
      if (password.ok()) access.password_ = *password;
    }
  }
  const std::string token = arguments.Get("--token", Environment("ADBMS_TOKEN"));
  access.credentials_ = token.empty() ? rpc::Credentials::User(access.user_, access.password_)
                                      : rpc::Credentials::Token(token);
  ASSIGN_OR_RETURN(auto channel, ChannelOf(arguments));
  if (channel != nullptr) access.credentials_ = access.credentials_.Over(std::move(channel));
  return access;
}

std::unique_ptr<gateway::api::Gateway> ServerAccess::Gateway() const {
  return gateway::api::NewGatewayClient(address_, credentials_);
}

std::unique_ptr<orchestrator::api::Orchestrator> ServerAccess::Orchestrator() const {
  return orchestrator::api::NewOrchestratorClient(address_, credentials_);
}

rpc::CallContext ServerAccess::Context() const {
  rpc::CallContext context;
  context.user = user_;
  return context;
}

workload::ConnectionOptions ServerAccess::Postgres(const std::string& pgwire) const {
  return {pgwire, user_, password_, "adbms"};
}

absl::Status ServerAccess::Explain(const absl::Status& status) const {
  if (status.ok()) return status;
  const std::string message = status::FromStatus(status).message;
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) {
    return absl::UnavailableError(absl::StrCat("no database answers at ", address_, ": ", message));
  }
  // Only wrong use of the command line keeps the code of wrong use.
  return absl::UnknownError(message);
}

}  // namespace adbms::clients::cli
