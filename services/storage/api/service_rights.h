// What a service may do in its sessions, beyond whether it may open any: the gateway, which runs
// the statements of clients, everything; each other service what it is there for. Here stands, for
// each, which requests it sends and which tables of schema adbms it reads and writes; rights of
// users are the gateway's to enforce (decision 008). Immutable, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "adbms/common/v1/plan.pb.h"
#include "adbms/storage/v1/storage.pb.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

class ServiceRights {
 public:
  // Of whoever is not known by a certificate: everything.
  ServiceRights() = default;
  // Of a process that runs these services: what any of them may; none: nothing.
  explicit ServiceRights(const std::vector<std::string>& services);

  bool restricted() const { return restricted_; }
  // Errors: 42501.
  absl::Status CheckRequest(const v1::SessionRequest& request, Storage* storage) const;
  absl::Status CheckPlan(const common::v1::Plan& plan, Storage* storage) const;

 private:
  struct Rule;
  static const std::vector<Rule>& Rules();
  absl::Status CheckDdl(const v1::SessionRequest& request, Storage* storage) const;
  bool MayUse(const common::v1::TableDescriptor& table) const;
  // Whether all of these tables of the database adbms are its own.
  absl::Status CheckTables(const std::vector<uint32_t>& tables, Storage* storage) const;

  bool restricted_ = false;
  std::vector<const Rule*> rules_;
};

}  // namespace adbms::storage::api
