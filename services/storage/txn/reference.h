// A foreign key with what both its tables look like: how a referenced key is found in the parent,
// how referencing rows are found in the child, and PostgreSQL's words for a violation. Immutable;
// borrows from one version of the catalog.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/storage/catalog/catalog_state.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::txn {

// Of the referenced columns, in the order of Reference::parent_ordinals.
using KeyValues = std::vector<types::Value>;

// The old key of a parent's row, and the new one; empty where the row is gone.
struct KeyChange {
  KeyValues before;
  KeyValues after;
};

class Reference {
 public:
  // Nothing when the parent, or a key of it that suits, is gone.
  static std::optional<Reference> Resolve(const catalog::CatalogState& catalog,
                                          const catalog::TableEntry* child,
                                          const common::v1::ForeignKeyDescriptor* key);

  const catalog::TableEntry& parent() const { return *parent_; }
  const catalog::TableEntry& child() const { return *child_; }
  const common::v1::ForeignKeyDescriptor& key() const { return *key_; }
  // The columns of the key in the order of the parent's index, and their counterparts.
  const std::vector<uint32_t>& parent_ordinals() const { return parent_ordinals_; }
  const std::vector<uint32_t>& child_ordinals() const { return child_ordinals_; }

  // The values of a row's columns; nothing when one is NULL.
  static std::optional<KeyValues> ValuesOf(const std::vector<uint32_t>& ordinals,
                                           codec::Columns columns, uint32_t row);
  // The key under which the parent has the row, or its unique index the entry, with these values.
  std::string ParentKey(const KeyValues& values) const;
  using Visit = std::function<absl::StatusOr<bool>(size_t position, std::string_view row_key)>;
  // Calls `visit` with each row of the child, as it is committed and, unless `committed_only`, as
  // the transaction has changed it, whose values are those at a position of `keys`. By an index
  // where one begins with the columns, else by one scan for all keys. `visit` returns false to end
  // it. A row that is gone once it is locked may have got another key meanwhile, under which it
  // still refers: only another call shows that. Errors: 57014, XX001.
  absl::Status ForEachReferencing(const rpc::CallContext& call, Transaction* transaction,
                                  const std::vector<KeyChange>& keys, bool committed_only,
                                  const Visit& visit) const;
  // Whether a row of the child, in its stored form, has these values.
  absl::StatusOr<bool> Refers(std::string_view stored, const KeyValues& values) const;

  // 23503: the parent has no such key.
  absl::Status NotPresent(const KeyValues& values) const;
  // 23503: the child still refers to it.
  absl::Status StillReferenced(const KeyValues& values) const;
  // 23503: MATCH FULL, some columns are NULL and some are not.
  absl::Status MixedNulls() const;

 private:
  // How to find rows of the child without a scan.
  struct ChildIndex {
    const codec::IndexLayout* index = nullptr;  // Null: the primary key.
    std::vector<size_t> positions;              // Of its first columns among the key's.
  };
  std::optional<ChildIndex> FindChildIndex() const;
  absl::Status LookUp(const rpc::CallContext& call, const ReadView& view, const ChildIndex& by,
                      const std::vector<KeyChange>& keys, const Visit& visit) const;
  absl::Status Scan(const rpc::CallContext& call, const ReadView& view,
                    const std::vector<KeyChange>& keys, const Visit& visit) const;
  absl::StatusOr<std::optional<KeyValues>> StoredValues(const codec::RowDecoder& decoder,
                                                        std::string_view stored) const;
  // "(a, b)=(1, x)" in the constraint's own order.
  std::string Describe(const KeyValues& values, bool as_child) const;
  absl::Status Violation(std::string message, std::string detail) const;
  std::string InsertOrUpdate() const;

  const catalog::TableEntry* parent_ = nullptr;
  const catalog::TableEntry* child_ = nullptr;
  const common::v1::ForeignKeyDescriptor* key_ = nullptr;
  const codec::IndexLayout* index_ = nullptr;  // Of the parent; null: its primary key.
  std::vector<uint32_t> parent_ordinals_;
  std::vector<uint32_t> child_ordinals_;
};

// A value of one column as a value of the other's type: integers of different width, text of
// different length.
types::Value AsType(types::Value value, types::Type type);

}  // namespace adbms::storage::txn
