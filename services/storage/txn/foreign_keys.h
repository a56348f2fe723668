// FOREIGN KEY constraints of one statement: what to verify is collected while rows are written and
// verified at the statement's end, as PostgreSQL does for NO ACTION. A child's parent row is locked
// FOR KEY SHARE, so that nobody removes it or changes its key before this transaction ends. Not
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::txn {

class ForeignKeyChecks {
 public:
  // Borrows all; `table` is the written one.
  ForeignKeyChecks(Transaction* transaction, const catalog::TableEntry* table,
                   const catalog::CatalogState* catalog);

  bool needed() const { return !as_child_.empty() || !as_parent_.empty(); }
  // A row was stored.
  void RowStored(codec::Columns columns, uint32_t row);
  // A row was removed, or its values are about to be replaced.
  void RowRemoved(codec::Columns columns, uint32_t row);
  // Errors: 23503.
  absl::Status Verify(const rpc::CallContext& context);

 private:
  // How a referenced key is found in the parent.
  struct Target {
    const catalog::TableEntry* parent;
    const catalog::TableEntry* child;
    const common::v1::ForeignKeyDescriptor* key;
    const codec::IndexLayout* index;        // Null: the primary key.
    std::vector<uint32_t> parent_ordinals;  // In key order.
    std::vector<uint32_t> child_ordinals;   // As many.
  };
  struct Pending {
    std::string description;
    std::vector<types::Value> values;  // In the target's key order.
  };
  struct Constraint {
    Target target;
    absl::flat_hash_map<std::string, Pending> pending;  // By parent key.
  };
  static std::vector<Constraint> Resolve(
      const catalog::CatalogState& catalog,
      const std::vector<catalog::CatalogState::Reference>& references);
  static std::string ParentKey(const Target& target, const std::vector<types::Value>& values);
  static void Collect(Constraint* constraint, const std::vector<uint32_t>& ordinals,
                      codec::Columns columns, uint32_t row, const catalog::TableEntry& described);
  absl::Status VerifyChild(const rpc::CallContext& context, Constraint* constraint);
  absl::Status VerifyParent(const rpc::CallContext& context, Constraint* constraint);
  absl::StatusOr<const Pending*> FindChild(const rpc::CallContext& context,
                                           const Constraint& constraint);

  Transaction* const transaction_;
  std::vector<Constraint> as_child_;
  std::vector<Constraint> as_parent_;
};

}  // namespace adbms::storage::txn
