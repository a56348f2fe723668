#include "services/storage/txn/deferred_constraints.h"

#include <algorithm>

#include "common/status/macros.h"
#include "services/storage/txn/constraint_checks.h"

namespace adbms::storage::txn {

// What one statement left to be checked of one constraint.
struct DeferredConstraints::Batch {
  uint32_t written_id = 0;  // The table whose rows were written,
  uint32_t table_id = 0;    // and the one whose constraint it is.
  std::string name;
  common::v1::Deferral declared = common::v1::DEFERRAL_UNSPECIFIED;
  std::vector<std::string> rows;      // Of a child, by their keys, or
  std::vector<KeyChange> lost;        // keys that a parent had, or
  std::vector<std::string> prefixes;  // what StoredKeys has.
  uint64_t bytes = 0;
  uint64_t checked_in = 0;  // The run that has checked it; 0: none.
};

DeferredConstraints::DeferredConstraints() = default;
DeferredConstraints::~DeferredConstraints() = default;

DeferredConstraints::Mark DeferredConstraints::Here() const {
  return {batches_.size(), runs_, all_, some_};
}

void DeferredConstraints::RollbackTo(const Mark& mark) {
  while (batches_.size() > mark.batches) {
    bytes_ -= batches_.back().bytes;
    batches_.pop_back();
  }
  for (Batch& batch : batches_) {
    if (batch.checked_in > mark.runs) batch.checked_in = 0;
  }
  all_ = mark.all;
  some_ = mark.some;
}

void DeferredConstraints::SetAll(bool deferred) {
  all_ = deferred;
  some_.clear();
}

void DeferredConstraints::Set(uint32_t table_id, const std::string& name, bool deferred) {
  some_[{table_id, name}] = deferred;
}

bool DeferredConstraints::IsDeferred(uint32_t table_id, const std::string& name,
                                     common::v1::Deferral declared) const {
  if (declared == common::v1::DEFERRAL_UNSPECIFIED) return false;
  const auto set = some_.find({table_id, name});
  if (set != some_.end()) return set->second;
  return all_.value_or(declared == common::v1::DEFERRAL_DEFERRED);
}

void DeferredConstraints::Keep(Batch batch) {
  batch.bytes = sizeof(Batch);
  for (const auto* keys : {&batch.rows, &batch.prefixes}) {
    for (const std::string& key : *keys) batch.bytes += sizeof(key) + key.capacity();
  }
  for (const KeyChange& key : batch.lost) {
    batch.bytes += sizeof(key);
    for (const types::Value& value : key.before)
      batch.bytes += sizeof(value) + value.bytes().size();
  }
  bytes_ += batch.bytes;
  batches_.push_back(std::move(batch));
}

void DeferredConstraints::Add(StoredReferences stored) {
  Batch batch;
  batch.written_id = batch.table_id = stored.reference.child().descriptor.table_id();
  batch.name = stored.reference.key().name();
  batch.declared = stored.reference.key().deferral();
  batch.rows = std::move(stored.rows);
  Keep(std::move(batch));
}

void DeferredConstraints::Add(const LostKeys& lost, std::vector<KeyChange> keys) {
  Batch batch;
  batch.written_id = lost.reference.parent().descriptor.table_id();
  batch.table_id = lost.reference.child().descriptor.table_id();
  batch.name = lost.reference.key().name();
  batch.declared = lost.reference.key().deferral();
  batch.lost = std::move(keys);
  Keep(std::move(batch));
}

void DeferredConstraints::Add(uint32_t table_id, StoredKeys keys) {
  const codec::IndexLayout& index = *keys.index;
  Batch batch;
  batch.written_id = batch.table_id = table_id;
  batch.name = index.name;
  batch.declared = index.deferral;
  batch.prefixes = std::move(keys.prefixes);
  Keep(std::move(batch));
}

bool DeferredConstraints::Awaits(uint32_t table_id) const {
  return std::any_of(batches_.begin(), batches_.end(), [&](const Batch& batch) {
    return batch.checked_in == 0 && batch.written_id == table_id;
  });
}

absl::Status DeferredConstraints::Check(const rpc::CallContext& call, Transaction* transaction,
                                        bool commit) {
  ++runs_;
  for (Batch& batch : batches_) {
    if (batch.checked_in != 0) continue;
    if (!commit && IsDeferred(batch.table_id, batch.name, batch.declared)) continue;
    RETURN_IF_ERROR(CheckBatch(call, transaction, batch));
    batch.checked_in = runs_;
  }
  return absl::OkStatus();
}

absl::Status DeferredConstraints::CheckBatch(const rpc::CallContext& call, Transaction* transaction,
                                             const Batch& batch) {
  const catalog::CatalogStatePtr catalog = transaction->SessionCatalog();
  const catalog::TableEntryPtr* table = catalog->Find(batch.table_id);
  if (table == nullptr) return absl::OkStatus();  // And the constraint with it.
  if (!batch.prefixes.empty()) {
    for (const codec::IndexLayout& index : (*table)->layout.indexes) {
      if (index.name == batch.name)
        return CheckStored(call, transaction, **table, index, batch.prefixes);
    }
    return absl::OkStatus();
  }
  for (const auto& key : (*table)->descriptor.foreign_keys()) {
    if (key.name() != batch.name) continue;
    const std::optional<Reference> reference = Reference::Resolve(*catalog, table->get(), &key);
    if (!reference.has_value()) return absl::OkStatus();
    if (!batch.rows.empty())
      return CheckReferencesOfRows(call, transaction, *reference, batch.rows);
    return CheckLostKeys(call, transaction, *reference, batch.lost, /*unless_taken_over=*/true);
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::txn
