#include "services/gateway/policy/policy_cache.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::policy {

absl::StatusOr<PolicyPtr> HeldPolicy::Get() const {
  absl::ReaderMutexLock lock(&mutex_);
  if (policy_ == nullptr) {
    return status::Error(status::sqlstate::kInvalidAuthorization, "the session's role was dropped");
  }
  if (absl::Now() > expires_) {
    return status::Error(
        status::sqlstate::kCannotConnectNow,
        "the session's policy has expired and the security service does not answer", "",
        "Try again when the security service is back.");
  }
  return policy_;
}

bool HeldPolicy::Renew(PolicyPtr policy, absl::Time expires) {
  absl::MutexLock lock(&mutex_);
  // The role of that name is another one now.
  if (policy_ != nullptr && policy_->identity() != policy->identity()) policy_ = nullptr;
  if (policy_ == nullptr) return false;
  policy_ = std::move(policy);
  expires_ = expires;
  return true;
}

void HeldPolicy::End() {
  absl::MutexLock lock(&mutex_);
  policy_ = nullptr;
}

PolicyCache::PolicyCache(security::api::Security* security, absl::Duration refresh)
    : security_(security), refresh_(refresh), thread_([this] { Run(); }) {}

PolicyCache::~PolicyCache() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

std::shared_ptr<HeldPolicy> PolicyCache::Hold(security::v1::Policy policy) {
  const absl::Time expires = absl::Now() + absl::Milliseconds(policy.lease_ms());
  const std::string role = policy.role();
  auto shared = std::make_shared<const security::v1::Policy>(std::move(policy));
  absl::MutexLock lock(&mutex_);
  std::weak_ptr<HeldPolicy>& slot = held_[role];
  std::shared_ptr<HeldPolicy> held = slot.lock();
  if (held == nullptr || !held->Renew(shared, expires)) {
    held = std::make_shared<HeldPolicy>(std::move(shared), expires);
    slot = held;
  }
  return held;
}

absl::StatusOr<PolicyPtr> PolicyCache::Of(const rpc::CallContext& context, const std::string& role,
                                          uint64_t version) {
  ASSIGN_OR_RETURN(const std::shared_ptr<HeldPolicy> held, Acting(context, role, version));
  return held->Get();
}

absl::StatusOr<std::shared_ptr<HeldPolicy>> PolicyCache::HoldOf(const rpc::CallContext& context,
                                                                const std::string& role) {
  return Acting(context, role, 0);
}

absl::StatusOr<std::shared_ptr<HeldPolicy>> PolicyCache::Acting(const rpc::CallContext& context,
                                                                const std::string& role,
                                                                uint64_t version) {
  std::shared_ptr<HeldPolicy> held;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = acting_.find(role);
    if (found != acting_.end()) held = found->second;
  }
  if (held != nullptr) {
    auto policy = held->Get();
    if (policy.ok() && (*policy)->version() >= version) return held;
  }
  security::v1::GetPolicyRequest request;
  request.set_user(role);
  auto response = security_->GetPolicy(context, request);
  if (absl::IsUnavailable(response.status()) || absl::IsDeadlineExceeded(response.status())) {
    return status::Error(status::sqlstate::kCannotConnectNow,
                         absl::StrCat("the rights of role \"", role,
                                      "\" are not known here and the security service does not "
                                      "answer"),
                         "", "Try again when the security service is back.");
  }
  if (!response.ok()) return response.status();
  held = Hold(std::move(*response->mutable_policy()));
  {
    absl::MutexLock lock(&mutex_);
    acting_[role] = held;
  }
  return held;
}

void PolicyCache::Refresh() {
  std::vector<std::pair<std::string, std::shared_ptr<HeldPolicy>>> roles;
  {
    absl::MutexLock lock(&mutex_);
    for (auto i = held_.begin(); i != held_.end();) {
      std::shared_ptr<HeldPolicy> held = i->second.lock();
      if (held == nullptr) {
        i = held_.erase(i);
        continue;
      }
      roles.emplace_back(i->first, std::move(held));
      ++i;
    }
  }
  for (auto& [role, held] : roles) {
    rpc::CallContext context;
    context.deadline = absl::Now() + absl::Seconds(2);
    context.user = "gateway";
    security::v1::GetPolicyRequest request;
    request.set_user(role);
    auto response = security_->GetPolicy(context, request);
    if (response.ok()) {
      const absl::Time expires = absl::Now() + absl::Milliseconds(response->policy().lease_ms());
      held->Renew(
          std::make_shared<const security::v1::Policy>(std::move(*response->mutable_policy())),
          expires);
    } else if (absl::IsNotFound(response.status())) {
      held->End();
    }
  }
}

void PolicyCache::Run() {
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), refresh_)) return;
    }
    Refresh();
  }
}

}  // namespace adbms::gateway::policy
