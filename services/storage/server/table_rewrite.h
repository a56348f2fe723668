// Moving a table's rows while its lock is held exclusively: into another key, into a new index.
// Writes go straight to spaces that only the transaction sees.
#pragma once

#include <functional>

#include "services/storage/server/type_change.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

// Makes the new rows, columns by ordinal, of the old ones, which have the row's key behind them.
using RowConversion = std::function<absl::StatusOr<types::Batch>(const types::Batch&)>;

// From `before` as the transaction sees it into the empty spaces of `after`: the same columns, or
// those that `convert`, when there is one, makes. Errors: 23502, 23505, 54000; those of `convert`.
absl::Status RewriteTable(const rpc::CallContext& context, txn::Transaction* transaction,
                          const catalog::TableEntry& before, const catalog::TableEntry& after,
                          const RowConversion& convert);
// The same with the values of a generated column that `after` has in addition.
absl::Status AddGeneratedColumn(const rpc::CallContext& context, txn::Transaction* transaction,
                                const catalog::TableEntry& before,
                                const catalog::TableEntry& after);
// Calls `visit` with batches of all columns, the row's key last, as the transaction sees them.
absl::Status ScanTable(const rpc::CallContext& context, txn::Transaction* transaction,
                       const catalog::TableEntry& table,
                       const std::function<absl::Status(const types::Batch&)>& visit);
// Fills one index of `table`. Errors: 23505.
absl::Status FillIndex(const rpc::CallContext& context, txn::Transaction* transaction,
                       const catalog::TableEntry& table, uint32_t index_id);
// Errors: 23502 "contains null values" when a row has NULL in the column.
absl::Status CheckColumnHasNoNulls(const rpc::CallContext& context, txn::Transaction* transaction,
                                   const catalog::TableEntry& table, uint32_t ordinal);
// Errors: 23503 for a row whose foreign key leads nowhere.
absl::Status CheckForeignKey(const rpc::CallContext& context, txn::Transaction* transaction,
                             const catalog::TableEntry& table, const catalog::CatalogState& catalog,
                             const common::v1::ForeignKeyDescriptor& key);
absl::StatusOr<bool> HasRows(txn::Transaction* transaction, const catalog::TableEntry& table);

// "could not create unique index", with the key.
absl::Status DuplicateInIndex(const catalog::TableEntry& table, const std::string& name,
                              const std::vector<uint32_t>& ordinals, codec::Columns columns,
                              uint32_t row);

}  // namespace adbms::storage::server
