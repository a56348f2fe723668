// The policies of the roles that have sessions here, kept fresh in the background, so that no
// statement asks security. While security cannot be reached a policy serves until its lease ends.
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "adbms/security/v1/security.pb.h"
#include "common/sql/sql.h"
#include "services/security/api/security.h"

namespace adbms::gateway::policy {

using PolicyPtr = std::shared_ptr<const security::v1::Policy>;

// A role's policy as its sessions see it: replaced as a whole, read without waiting.
class HeldPolicy {
 public:
  HeldPolicy(PolicyPtr policy, absl::Time expires)
      : policy_(std::move(policy)), expires_(expires) {}
  // Errors: 28000 when the role is gone, 57P03 when the lease has ended.
  absl::StatusOr<PolicyPtr> Get() const;

 private:
  friend class PolicyCache;
  mutable absl::Mutex mutex_;
  PolicyPtr policy_ ABSL_GUARDED_BY(mutex_);
  absl::Time expires_ ABSL_GUARDED_BY(mutex_);
};

class PolicyCache {
 public:
  // `security` must outlive this.
  PolicyCache(security::api::Security* security, absl::Duration refresh);
  ~PolicyCache();

  // The holder for a role that has just been authenticated under `policy`.
  std::shared_ptr<HeldPolicy> Hold(security::v1::Policy policy);
  // Asks security again for every held role, now.
  void Refresh();

 private:
  void Run();

  security::api::Security* const security_;
  const absl::Duration refresh_;
  absl::Mutex mutex_;
  std::map<std::string, std::weak_ptr<HeldPolicy>> held_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// Whether `policy` allows what a plan does. Errors: 42501 with PostgreSQL's message.
absl::Status Authorize(const security::v1::Policy& policy, const common::v1::Plan& plan,
                       const sql::Catalog& catalog);
absl::Status AuthorizeTable(const security::v1::Policy& policy,
                            const common::v1::TableDescriptor& table,
                            common::v1::Privilege privilege);

// `privilege`: USAGE or CREATE. Errors: 42501.
absl::Status AuthorizeSchema(const security::v1::Policy& policy,
                             const common::v1::SchemaDescriptor& schema,
                             common::v1::Privilege privilege);
// CREATE: who may make schemas. Errors: 42501.
absl::Status AuthorizeDatabase(const security::v1::Policy& policy, const std::string& name);

}  // namespace adbms::gateway::policy
