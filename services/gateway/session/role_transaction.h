// The changes of roles and rights that a transaction makes. They are rows of the database adbms, so
// they are made in a transaction of their own there, which is committed right after the session's:
// a crash between the two loses them. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "adbms/security/v1/security.pb.h"
#include "common/rpc/call_context.h"
#include "services/storage/api/sql_client.h"
#include "services/storage/api/storage.h"

namespace adbms::gateway::session {

class RoleTransaction {
 public:
  // Begins it; `savepoints`: the names of those that the session's transaction has, the first one
  // first. `storage` must outlive this. Errors: storage's.
  static absl::StatusOr<std::unique_ptr<RoleTransaction>> Begin(
      const rpc::CallContext& context, storage::api::Storage* storage, const std::string& user,
      const std::vector<std::string>& savepoints);

  // The changes so far, which security has to know of to plan another one.
  const std::vector<security::v1::ChangeRolesRequest>& changes() const { return changes_; }
  // Does what security has planned for the change.
  absl::Status Make(const rpc::CallContext& context,
                    const security::v1::ChangeRolesRequest& request,
                    const security::v1::ChangeRolesResponse& planned);

  absl::Status Savepoint(const rpc::CallContext& context, const std::string& name);
  absl::Status Release(const rpc::CallContext& context, const std::string& name);
  absl::Status RollbackTo(const rpc::CallContext& context, const std::string& name);
  // The end.
  absl::Status Commit(const rpc::CallContext& context) { return session_->Commit(context); }
  absl::Status Rollback(const rpc::CallContext& context) { return session_->Rollback(context); }

 private:
  RoleTransaction(storage::api::Storage* storage, const std::string& user) : sql_(storage, user) {}

  storage::api::SqlClient sql_;
  std::unique_ptr<storage::api::Session> session_;
  std::vector<security::v1::ChangeRolesRequest> changes_;
  std::vector<std::pair<std::string, size_t>> savepoints_;  // And how many changes there were.
};

}  // namespace adbms::gateway::session
