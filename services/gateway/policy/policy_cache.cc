#include "services/gateway/policy/policy_cache.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/sql/catalog_numbers.h"
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
  if (held == nullptr) {
    held = std::make_shared<HeldPolicy>(std::move(shared), expires);
    slot = held;
    return held;
  }
  absl::MutexLock held_lock(&held->mutex_);
  held->policy_ = std::move(shared);
  held->expires_ = expires;
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
    absl::MutexLock lock(&held->mutex_);
    if (response.ok()) {
      held->expires_ = absl::Now() + absl::Milliseconds(response->policy().lease_ms());
      held->policy_ =
          std::make_shared<const security::v1::Policy>(std::move(*response->mutable_policy()));
    } else if (absl::IsNotFound(response.status())) {
      held->policy_ = nullptr;
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

namespace {

bool IsGranted(const security::v1::Policy& policy, uint32_t object,
               common::v1::Privilege privilege) {
  for (const security::v1::TableGrant& grant : policy.grants()) {
    if (grant.table_id() != object) continue;
    for (const int held : grant.privileges()) {
      if (held == privilege) return true;
    }
  }
  return false;
}

bool Owns(const security::v1::Policy& policy, const std::string& owner) {
  return std::find(policy.member_of().begin(), policy.member_of().end(), owner) !=
         policy.member_of().end();
}

}  // namespace

absl::Status AuthorizeSchema(const security::v1::Policy& policy,
                             const common::v1::SchemaDescriptor& schema,
                             common::v1::Privilege privilege) {
  const std::string& name = schema.name();
  const bool system = name == "adbms" || name == "pg_catalog" || name == "information_schema";
  if (system && privilege == common::v1::PRIVILEGE_USAGE) return absl::OkStatus();
  if (!system && (policy.superuser() || Owns(policy, schema.owner()))) return absl::OkStatus();
  if (!system && IsGranted(policy, schema.schema_id(), privilege)) return absl::OkStatus();
  return status::Error(status::sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied for schema ", name));
}

absl::Status AuthorizeDatabase(const security::v1::Policy& policy, const std::string& name) {
  if (policy.superuser() || IsGranted(policy, sql::kDatabaseOid, common::v1::PRIVILEGE_CREATE)) {
    return absl::OkStatus();
  }
  return status::Error(status::sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied for database ", name));
}

absl::Status AuthorizeTable(const security::v1::Policy& policy,
                            const common::v1::TableDescriptor& table,
                            common::v1::Privilege privilege) {
  const bool system = table.schema() == "adbms" || (table.is_virtual() && !table.has_sequence());
  const char* kind = table.has_sequence()        ? "sequence "
                     : !table.view_sql().empty() ? "view "
                                                 : "table ";
  const bool reads = privilege == common::v1::PRIVILEGE_SELECT;
  // What the system knows of itself is open to read but for secrets, and written by the system
  // alone.
  const bool secret =
      table.schema() == "adbms" && (table.name() == "roles" || table.name() == "audit_log");
  if (system && !reads) {
    return status::Error(status::sqlstate::kInsufficientPrivilege,
                         absl::StrCat("permission denied for table ", table.name()),
                         "Tables of the system are written by the system alone.");
  }
  if (policy.superuser() || (system && !secret)) return absl::OkStatus();
  if (Owns(policy, table.owner()) && !system) return absl::OkStatus();
  if (IsGranted(policy, table.table_id(), privilege)) return absl::OkStatus();
  if (privilege == common::v1::PRIVILEGE_OWNER) {
    return status::Error(status::sqlstate::kInsufficientPrivilege,
                         absl::StrCat("must be owner of ", kind, table.name()));
  }
  return status::Error(status::sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied for ", kind, table.name()));
}

absl::Status Authorize(const security::v1::Policy& policy, const common::v1::Plan& plan,
                       const sql::Catalog& catalog) {
  for (const common::v1::TableUse& use : plan.tables()) {
    const common::v1::TableDescriptor* table = catalog.FindTable(use.table_id());
    if (table == nullptr) {
      return status::Error(status::sqlstate::kStalePlan, "a table of the plan is gone");
    }
    if (use.privileges_size() == 0) continue;
    for (const common::v1::SchemaDescriptor& schema : catalog.snapshot().schemas()) {
      if (schema.name() != table->schema()) continue;
      RETURN_IF_ERROR(AuthorizeSchema(policy, schema, common::v1::PRIVILEGE_USAGE));
    }
    for (const int privilege : use.privileges()) {
      RETURN_IF_ERROR(
          AuthorizeTable(policy, *table, static_cast<common::v1::Privilege>(privilege)));
    }
  }
  return absl::OkStatus();
}

}  // namespace adbms::gateway::policy
