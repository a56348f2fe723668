// How commands reach a running database: addresses and credentials out of the command line, the
// clients of gateway and orchestrator.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/arguments.h"
#include "clients/workload/pg_connection.h"
#include "common/rpc/grpc/access.h"
#include "services/gateway/api/gateway.h"
#include "services/orchestrator/api/orchestrator.h"

namespace adbms::clients::cli {

class ServerAccess {
 public:
  // Reads flags, ADBMS_PASSWORD, ADBMS_TOKEN, ADBMS_TLS_CA and the files that are named. Errors:
  // files that cannot be read.
  static absl::StatusOr<ServerAccess> From(const Arguments& arguments);

  const std::string& address() const { return address_; }
  const std::string& user() const { return user_; }

  std::unique_ptr<gateway::api::Gateway> Gateway() const;
  // As the user: what they may do there depends on their rights.
  std::unique_ptr<orchestrator::api::Orchestrator> Orchestrator() const;
  // A context on behalf of the role.
  rpc::CallContext Context() const;
  // `pgwire`: HOST:PORT or DIRECTORY:PORT.
  workload::ConnectionOptions Postgres(const std::string& pgwire) const;
  // Says what could not be reached or why it refused.
  absl::Status Explain(const absl::Status& status) const;

 private:
  std::string address_;
  std::string user_;
  std::string password_;
  rpc::Credentials credentials_ = std::string();
};

}  // namespace adbms::clients::cli
