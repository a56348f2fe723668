#include "services/storage/server/table_rewrite.h"

#include <algorithm>
#include <functional>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/table_scan.h"
#include "services/storage/server/bulk_writer.h"
#include "services/storage/txn/constraint_checks.h"
#include "services/storage/txn/constraint_errors.h"

namespace adbms::storage::server {
namespace {

constexpr size_t kSpaceBytes = 4;
constexpr size_t kFlushBytes = 4 << 20;

// Calls `visit` with batches of all columns, the row's key last.
absl::Status ScanTable(const rpc::CallContext& context, txn::Transaction* transaction,
                       const catalog::TableEntry& table,
                       const std::function<absl::Status(const types::Batch&)>& visit) {
  std::vector<uint32_t> ordinals;
  for (uint32_t i = 0; i < table.layout.types.size(); ++i) ordinals.push_back(i);
  ordinals.push_back(codec::kRowKeyOrdinal);
  ASSIGN_OR_RETURN(const executor::ScanColumns columns,
                   executor::ScanColumns::Make(&table, ordinals));
  auto it = transaction->ViewOf(table.layout.storage_id)
                .NewIterator({table.layout.Begin(), table.layout.End()}, {.fill_cache = false});
  it->SeekToFirst();
  executor::RowSink sink(&columns);
  while (it->Valid()) {
    RETURN_IF_ERROR(context.Check());
    sink.Start(types::BatchRows());
    while (sink.count() < types::BatchRows() && it->Valid()) {
      RETURN_IF_ERROR(sink.Add(engine::ToView(it->key()), engine::ToView(it->value())));
      it->Next();
    }
    RETURN_IF_ERROR(visit(sink.Finish()));
  }
  return it->status();
}

absl::Status FlushIfFull(txn::Transaction* transaction, engine::WriteBatch* batch, size_t limit) {
  if (batch->bytes() < limit) return absl::OkStatus();
  RETURN_IF_ERROR(transaction->shared()->log->Write(batch));
  batch->Clear();
  return absl::OkStatus();
}

bool AnyNull(const codec::IndexLayout& index, codec::Columns columns, uint32_t row) {
  return std::any_of(index.columns.begin(), index.columns.end(),
                     [&](uint32_t ordinal) { return columns[ordinal]->is_null(row); });
}

absl::Status ContainsNulls(const catalog::TableEntry& table, uint32_t ordinal) {
  status::SqlError error;
  error.sqlstate = std::string(status::sqlstate::kNotNullViolation);
  error.message = "column \"" + table.layout.names[ordinal] + "\" of relation \"" +
                  table.descriptor.name() + "\" contains null values";
  error.schema = table.descriptor.schema();
  error.table = table.descriptor.name();
  error.column = table.layout.names[ordinal];
  return status::ToStatus(error);
}

}  // namespace

absl::Status DuplicateInIndex(const catalog::TableEntry& table, const std::string& name,
                              const std::vector<uint32_t>& ordinals, codec::Columns columns,
                              uint32_t row) {
  status::SqlError error;
  error.sqlstate = std::string(status::sqlstate::kUniqueViolation);
  error.message = "could not create unique index \"" + name + "\"";
  error.detail = "Key " + txn::DescribeKey(table, ordinals, columns, row) + " is duplicated.";
  error.schema = table.descriptor.schema();
  error.table = table.descriptor.name();
  error.constraint = name;
  return status::ToStatus(error);
}

absl::Status RewriteTable(const rpc::CallContext& context, txn::Transaction* transaction,
                          const catalog::TableEntry& before, const catalog::TableEntry& after) {
  const codec::TableLayout& layout = after.layout;
  RETURN_IF_ERROR(transaction->RegisterPrivateSpace(layout.storage_id));
  for (const codec::IndexLayout& index : layout.indexes) {
    RETURN_IF_ERROR(transaction->RegisterPrivateSpace(index.index_id));
  }
  KeySet keys;
  engine::WriteBatch writes;
  int64_t hidden = 1;
  int64_t moved = 0;
  RETURN_IF_ERROR(
      ScanTable(context, transaction, before, [&](const types::Batch& rows) -> absl::Status {
        std::vector<const types::Vector*> columns = executor::Pointers(rows);
        columns.resize(layout.types.size());
        std::string key, value, entry;
        for (uint32_t row = 0; row < rows.row_count; ++row) {
          key.clear();
          if (layout.has_primary_key()) {
            for (uint32_t ordinal : layout.primary_key) {
              if (columns[ordinal]->is_null(row)) return ContainsNulls(after, ordinal);
            }
            layout.AppendRowKey(columns, row, &key);
            RETURN_IF_ERROR(txn::CheckKeySize(key, after.descriptor.primary_key_name()));
            if (!keys.Add(key)) {
              return DuplicateInIndex(after, after.descriptor.primary_key_name(),
                                      layout.primary_key, columns, row);
            }
          } else {
            layout.AppendHiddenKey(hidden++, &key);
          }
          value.clear();
          layout.row.Append(columns, row, &value);
          writes.Put(key, value);
          for (const codec::IndexLayout& index : layout.indexes) {
            bool inline_suffix = false;
            entry.clear();
            value.clear();
            const std::string_view suffix = std::string_view(key).substr(kSpaceBytes);
            index.AppendEntryKey(columns, row, suffix, &entry, &inline_suffix);
            index.AppendEntryValue(columns, row, suffix, inline_suffix, &value);
            writes.Put(entry, value);
          }
        }
        moved += rows.row_count;
        return FlushIfFull(transaction, &writes, kFlushBytes);
      }));
  // As many rows as before, in another space.
  transaction->CountRows(layout, moved);
  transaction->AddRows(layout.table_id, -moved);
  return FlushIfFull(transaction, &writes, 0);
}

absl::Status FillIndex(const rpc::CallContext& context, txn::Transaction* transaction,
                       const catalog::TableEntry& table, uint32_t index_id) {
  const codec::IndexLayout* index = table.layout.FindIndex(index_id);
  RETURN_IF_ERROR(transaction->RegisterPrivateSpace(index_id));
  KeySet keys;
  engine::WriteBatch writes;
  RETURN_IF_ERROR(
      ScanTable(context, transaction, table, [&](const types::Batch& rows) -> absl::Status {
        const std::vector<const types::Vector*> columns = executor::Pointers(rows);
        const std::string_view* row_keys = columns.back()->data<std::string_view>();
        std::string entry, value;
        for (uint32_t row = 0; row < rows.row_count; ++row) {
          bool inline_suffix = false;
          entry.clear();
          value.clear();
          const std::string_view suffix = row_keys[row].substr(kSpaceBytes);
          index->AppendEntryKey(columns, row, suffix, &entry, &inline_suffix);
          RETURN_IF_ERROR(txn::CheckKeySize(entry, index->name));
          const bool deferrable = index->deferral != common::v1::DEFERRAL_UNSPECIFIED;
          const bool once = !inline_suffix || (deferrable && !AnyNull(*index, columns, row));
          const size_t key_bytes = entry.size() - (inline_suffix ? suffix.size() : 0);
          if (once && !keys.Add(std::string_view(entry).substr(0, key_bytes))) {
            return DuplicateInIndex(table, index->name, index->columns, columns, row);
          }
          index->AppendEntryValue(columns, row, suffix, inline_suffix, &value);
          writes.Put(entry, value);
        }
        return FlushIfFull(transaction, &writes, kFlushBytes);
      }));
  return FlushIfFull(transaction, &writes, 0);
}

absl::Status CheckColumnHasNoNulls(const rpc::CallContext& context, txn::Transaction* transaction,
                                   const catalog::TableEntry& table, uint32_t ordinal) {
  return ScanTable(context, transaction, table, [&](const types::Batch& rows) -> absl::Status {
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      if (rows.columns[ordinal]->is_null(row)) return ContainsNulls(table, ordinal);
    }
    return absl::OkStatus();
  });
}

absl::Status CheckForeignKey(const rpc::CallContext& context, txn::Transaction* transaction,
                             const catalog::TableEntry& table, const catalog::CatalogState& catalog,
                             const common::v1::ForeignKeyDescriptor& key) {
  const std::optional<txn::Reference> reference = txn::Reference::Resolve(catalog, &table, &key);
  if (!reference.has_value()) return absl::OkStatus();
  const std::vector<uint32_t>& ordinals = reference->child_ordinals();
  return ScanTable(context, transaction, table, [&](const types::Batch& rows) -> absl::Status {
    const std::vector<const types::Vector*> columns = executor::Pointers(rows);
    absl::flat_hash_set<std::string> seen;
    std::vector<txn::KeyValues> keys;
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      std::optional<txn::KeyValues> values = txn::Reference::ValuesOf(ordinals, columns, row);
      if (values.has_value()) {
        if (seen.insert(reference->ParentKey(*values)).second) keys.push_back(*std::move(values));
        continue;
      }
      const bool any = std::any_of(ordinals.begin(), ordinals.end(), [&](uint32_t ordinal) {
        return !columns[ordinal]->is_null(row);
      });
      if (any && key.match_full()) return reference->MixedNulls();
    }
    return txn::CheckReferences(context, transaction, *reference, keys);
  });
}

absl::StatusOr<bool> HasRows(txn::Transaction* transaction, const catalog::TableEntry& table) {
  auto it = transaction->ViewOf(table.layout.storage_id)
                .NewIterator({table.layout.Begin(), table.layout.End()}, {});
  it->SeekToFirst();
  RETURN_IF_ERROR(it->status());
  return it->Valid();
}

}  // namespace adbms::storage::server
