// The modules that the orchestrator drives, in process or elsewhere, and how far each may go. What
// was set for a module is kept in adbms.modules; the others follow the configuration, at every
// start and when it changes. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
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
  int failures = 0;  // Of its latest calls.
  absl::Time ask_again = absl::InfinitePast();

  // The context for a call of it: who is slow, and not of the system, is not waited for.
  rpc::CallContext Bounded(rpc::CallContext context) const;
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
  // Those that were registered, by name with their addresses, as the table has them.
  absl::StatusOr<std::map<std::string, std::string>> Registered(const rpc::CallContext& context);
  // A registered module, to be asked by Refresh.
  void Expect(const std::string& name, std::shared_ptr<api::Module> module,
              const std::string& address);
  // Forgets a registered module. Errors: NOT_FOUND; FAILED_PRECONDITION for one of the system's
  // own.
  absl::Status Remove(const rpc::CallContext& context, const std::string& name);
  // Asks modules that have not answered yet.
  void Refresh(const rpc::CallContext& context);
  // In order of their runs.
  std::vector<RegisteredModule> List() const;
  absl::StatusOr<RegisteredModule> Find(const std::string& name) const;
  // UNSPECIFIED: it follows the configuration again.
  absl::Status SetAutonomy(const rpc::CallContext& context, const std::string& name,
                           v1::Autonomy autonomy);
  // What modules without a setting of their own follow from now on.
  void SetDefault(const rpc::CallContext& context, v1::Autonomy autonomy);
  // How its last call went. One that is not the system's own and fails is left alone for a while,
  // longer each time.
  void SetHealthy(const std::string& name, bool healthy);
  // Whether it is not left alone now.
  bool MayAsk(const std::string& name) const;

 private:
  absl::Status Describe(const rpc::CallContext& context, RegisteredModule entry);
  // Writes what holds for the module, and whether that was set for it.
  absl::Status Store(const rpc::CallContext& context, const RegisteredModule& entry);
  v1::Autonomy AutonomyOf(const std::string& name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  storage::api::SqlClient* const sql_;
  mutable absl::Mutex mutex_;
  v1::Autonomy default_autonomy_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, RegisteredModule> modules_ ABSL_GUARDED_BY(mutex_);
  std::vector<RegisteredModule> silent_ ABSL_GUARDED_BY(mutex_);     // Have not answered Describe.
  std::map<std::string, v1::Autonomy> set_ ABSL_GUARDED_BY(mutex_);  // By a person.
};

}  // namespace adbms::orchestrator::registry
