// Checks of constraints on rows that are written: what a statement's end, the transaction's end and
// ALTER TABLE ask. A referenced row is locked FOR KEY SHARE, so that nobody removes it or changes
// its key before the transaction ends; so is a row that still refers to a lost key, after waiting
// for whoever changes it. Stateless.
#pragma once

#include "services/storage/txn/row_changes.h"

namespace adbms::storage::txn {

// Whether the parent has these keys. Errors: 23503 for the first that it has not.
absl::Status CheckReferences(const rpc::CallContext& call, Transaction* transaction,
                             const Reference& reference, const std::vector<KeyValues>& keys);
// The same for rows of the child by their keys, as they are now; those that are gone refer to
// nothing.
absl::Status CheckReferencesOfRows(const rpc::CallContext& call, Transaction* transaction,
                                   const Reference& reference,
                                   const std::vector<std::string>& rows);
// Whether nothing refers to keys that the parent had. `unless_taken_over`: a key that another row
// has now is as good (NO ACTION, but not RESTRICT). Errors: 23503.
absl::Status CheckLostKeys(const rpc::CallContext& call, Transaction* transaction,
                           const Reference& reference, const std::vector<KeyChange>& keys,
                           bool unless_taken_over);
// Whether at most one row has each key of a deferrable unique constraint; the keys are locked, so
// that whoever stores them meanwhile waits with his check. Errors: 23505.
absl::Status CheckKeys(const rpc::CallContext& call, Transaction* transaction,
                       const catalog::TableEntry& table, const codec::IndexLayout& index,
                       const std::vector<std::string>& prefixes);
// What StoredKeys has, of whichever kind.
absl::Status CheckStored(const rpc::CallContext& call, Transaction* transaction,
                         const catalog::TableEntry& table, const codec::IndexLayout& index,
                         const std::vector<std::string>& stored);

}  // namespace adbms::storage::txn
