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
#include "adbms/security/v1/security.pb.h"
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

  // Takes a newer policy of the role. False, and the role is gone for good, where it is that of
  // another role with its name, or was gone before.
  bool Renew(PolicyPtr policy, absl::Time expires);
  // The role is gone.
  void End();

 private:
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
  // The policy of any role, for what is done on its behalf (a view's owner), at least as new as
  // `version`: asked for where the one that is held is older. It is kept fresh from then on.
  // Errors: NOT_FOUND without such a role, 57P03 when security does not answer.
  absl::StatusOr<PolicyPtr> Of(const rpc::CallContext& context, const std::string& role,
                               uint64_t version);
  // The holder of any role, for a session that takes it. Errors: as Of.
  absl::StatusOr<std::shared_ptr<HeldPolicy>> HoldOf(const rpc::CallContext& context,
                                                     const std::string& role);
  // Asks security again for every held role, now.
  void Refresh();

 private:
  // Of a role that others act for; `version` as in Of.
  absl::StatusOr<std::shared_ptr<HeldPolicy>> Acting(const rpc::CallContext& context,
                                                     const std::string& role, uint64_t version);
  void Run();

  security::api::Security* const security_;
  const absl::Duration refresh_;
  absl::Mutex mutex_;
  std::map<std::string, std::weak_ptr<HeldPolicy>> held_ ABSL_GUARDED_BY(mutex_);
  // Of roles that others act for; there are no more of them than roles.
  std::map<std::string, std::shared_ptr<HeldPolicy>> acting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace adbms::gateway::policy
