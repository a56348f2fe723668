#include "clients/cli/server_access.h"

#include "absl/strings/str_cat.h"
#include "common/lifecycle/secret_file.h"
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

}  // namespace

absl::StatusOr<ServerAccess> ServerAccess::From(const Arguments& arguments) {
  ServerAccess access;
  access.address_ = arguments.Get("--grpc", arguments.Get("--host", kDefaultAddress));
  access.user_ = arguments.Get("--user", "adbms");
  const char* const given = std::getenv("ADBMS_PASSWORD");
  access.password_ = arguments.Get("--password", given == nullptr ? "" : given);
  if (arguments.Has("--data-dir")) {
    const std::string directory = arguments.Get("--data-dir");
    if (access.password_.empty()) {
      // Absent when the password was given at the first start.
      auto password = ReadFile(directory + "/initial_password");
      if (!password.ok() && !absl::IsNotFound(password.status())) return password.status();
      if (password.ok()) access.password_ = *password;
    }
  }
  return access;
}

std::unique_ptr<gateway::api::Gateway> ServerAccess::Gateway() const {
  return gateway::api::NewGatewayClient(address_, {user_, password_});
}

std::unique_ptr<orchestrator::api::Orchestrator> ServerAccess::Orchestrator() const {
  return orchestrator::api::NewOrchestratorClient(address_,
                                                  rpc::Credentials::User(user_, password_));
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
