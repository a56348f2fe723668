// The services of sessions that read only, whatever their statements ask and set: storage begins
// every transaction READ ONLY and runs no plan, change of the catalog or bulk write that is not for
// reading; roles and what the system does by itself are not changed. It is the way to them that is
// closed, not the statements: what the session becomes able to say is refused as well.
#pragma once

#include <memory>

#include "services/gateway/session/services.h"

namespace adbms::gateway::grpc_front {

// Thread-safe.
class ReadOnlyServices {
 public:
  // Of the same, which must outlive this. What is refused fails with 25006.
  explicit ReadOnlyServices(const session::Services& services);
  ~ReadOnlyServices();
  const session::Services& services() const { return services_; }

 private:
  const std::unique_ptr<storage::api::Storage> storage_;
  const std::unique_ptr<security::api::Security> security_;
  const std::unique_ptr<orchestrator::api::Orchestrator> orchestrator_;
  session::Services services_;
};

}  // namespace adbms::gateway::grpc_front
