#include "services/storage/api/plan_store.h"

#include <algorithm>
#include <utility>

namespace adbms::storage::api {
namespace {

// Columns of the key that the scan looks up, 0 when it is not unique.
int UniqueKeyColumns(const common::v1::IndexScan& scan, Storage* storage) {
  const auto catalog = storage->GetCatalog(rpc::CallContext(), 0);
  if (!catalog.ok() || *catalog == nullptr) return 0;
  for (const auto& table : (*catalog)->tables()) {
    if (table.table_id() != scan.table_id()) continue;
    if (scan.index_id() == 0) return table.primary_key_size();
    for (const auto& index : table.indexes()) {
      if (index.index_id() == scan.index_id() && index.unique()) return index.columns_size();
    }
  }
  return 0;
}

bool IsValue(const common::v1::Expression& expression) {
  return expression.node_case() == common::v1::Expression::kParameter ||
         expression.node_case() == common::v1::Expression::kLiteral;
}

// Whether the operator only chooses columns.
bool OnlyPicks(const common::v1::Project& project) {
  for (const auto& expression : project.expressions()) {
    if (!IsValue(expression) && expression.node_case() != common::v1::Expression::kColumn) {
      return false;
    }
  }
  return true;
}

bool IsBrief(const common::v1::Plan& plan, Storage* storage) {
  if (plan.kind() != common::v1::STATEMENT_KIND_SELECT || plan.ctes_size() > 0 ||
      plan.subplans_size() > 0) {
    return false;
  }
  const bool picks = plan.root().has_project() && OnlyPicks(plan.root().project());
  const common::v1::Operator& input = picks ? plan.root().project().input() : plan.root();
  const common::v1::IndexScan& scan = input.index_scan();
  if (!input.has_index_scan() || scan.has_filter() || scan.has_lock() || scan.equal_size() == 0) {
    return false;
  }
  return std::all_of(scan.equal().begin(), scan.equal().end(), IsValue) &&
         scan.equal_size() == UniqueKeyColumns(scan, storage);
}

}  // namespace

PlanStore::Stored PlanStore::Find(uint64_t key) {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = plans_.find(key);
  return found == plans_.end() ? Stored() : found->second;
}

void PlanStore::Add(uint64_t key, PreparedPlanPtr plan, Storage* storage) {
  Stored stored;
  stored.brief = IsBrief(plan->plan(), storage);
  stored.plan = std::move(plan);
  absl::MutexLock lock(&mutex_);
  if (plans_.size() >= kPlans) plans_.clear();
  plans_[key] = std::move(stored);
}

}  // namespace adbms::storage::api
