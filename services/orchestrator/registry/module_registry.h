// The modules that the orchestrator drives, in process or elsewhere, and how far each may go.
// Autonomy is kept in adbms.modules. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "adbms/orchestrator/v1/orchestrator.pb.h"
#include "services/orchestrator/api/module.h"
#include "services/storage/api/sql_client.h"

namespace adbms::orchestrator::registry {

std::string AutonomyName(v1::Autonomy autonomy);
// UNSPECIFIED for an unknown name.
v1::Autonomy AutonomyFromName(const std::string& name);

struct RegisteredModule {
  std::string name;
  module::v1::DescribeResponse description;
  std::shared_ptr<api::Module> module;
  std::string address;  // Empty: in this process.
  bool own = true;      // A module of the system itself.
  v1::Autonomy autonomy = v1::AUTONOMY_AUTO;
  bool healthy = true;
};

class ModuleRegistry {
 public:
  // `sql` must outlive this.
  ModuleRegistry(storage::api::SqlClient* sql, v1::Autonomy default_autonomy)
      : sql_(sql), default_autonomy_(default_autonomy) {}

  // Makes the table and reads the autonomies that were set.
  absl::Status Open(const rpc::CallContext& context);
  // Asks the module who it is and adds it, replacing one of the same name. A module that does not
  // answer yet is kept and asked again by Refresh.
  absl::Status Add(const rpc::CallContext& context, std::shared_ptr<api::Module> module,
                   const std::string& address, bool own = true);
  // Asks modules that have not answered yet.
  void Refresh(const rpc::CallContext& context);
  // In order of their runs.
  std::vector<RegisteredModule> List() const;
  absl::StatusOr<RegisteredModule> Find(const std::string& name) const;
  absl::Status SetAutonomy(const rpc::CallContext& context, const std::string& name,
                           v1::Autonomy autonomy);
  void SetHealthy(const std::string& name, bool healthy);

 private:
  absl::Status Describe(const rpc::CallContext& context, RegisteredModule entry);

  storage::api::SqlClient* const sql_;
  const v1::Autonomy default_autonomy_;
  mutable absl::Mutex mutex_;
  std::map<std::string, RegisteredModule> modules_ ABSL_GUARDED_BY(mutex_);
  std::vector<RegisteredModule> silent_ ABSL_GUARDED_BY(mutex_);  // Have not answered Describe.
  std::map<std::string, v1::Autonomy> stored_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::orchestrator::registry
