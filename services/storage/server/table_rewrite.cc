#include "services/storage/server/table_rewrite.h"

#include <algorithm>
#include <functional>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "services/storage/codec/generated_columns.h"
#include "services/storage/codec/indexed_rows.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/table_scan.h"
#include "services/storage/server/bulk_writer.h"
#include "services/storage/server/index_load.h"
#include "services/storage/txn/constraint_checks.h"
#include "services/storage/txn/constraint_errors.h"

namespace adbms::storage::server {
namespace {

constexpr size_t kSpaceBytes = 4;
constexpr size_t kFlushBytes = 4 << 20;

}  // namespace

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

namespace {

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

// Whether the indexes are better sorted into files than entered one by one.
bool IsLarge(txn::Transaction* transaction, const catalog::TableEntry& table) {
  constexpr uint64_t kBytesToSort = 1 << 20;
  return transaction->shared()->engine->ApproximateSize(table.layout.Begin(), table.layout.End()) >=
         kBytesToSort;
}

// Rows under new keys.
class RowFill {
 public:
  explicit RowFill(const catalog::TableEntry* table) : table_(*table) {}

  absl::Status Add(codec::Columns columns, uint32_t row, engine::WriteBatch* writes) {
    const codec::TableLayout& layout = table_.layout;
    key_.clear();
    value_.clear();
    if (layout.has_primary_key()) {
      for (uint32_t ordinal : layout.primary_key) {
        if (columns[ordinal]->is_null(row)) return ContainsNulls(table_, ordinal);
      }
      layout.AppendRowKey(columns, row, &key_);
      const std::string& name = table_.descriptor.primary_key_name();
      RETURN_IF_ERROR(txn::CheckKeySize(key_, name));
      if (!keys_.Add(key_)) return DuplicateInIndex(table_, name, layout.primary_key, columns, row);
    } else {
      layout.AppendHiddenKey(hidden_++, &key_);
    }
    layout.row.Append(columns, row, &value_);
    writes->Put(key_, value_);
    return absl::OkStatus();
  }
  // The last row's.
  const std::string& key() const { return key_; }

 private:
  const catalog::TableEntry& table_;
  KeySet keys_;
  int64_t hidden_ = 1;
  std::string key_, value_;
};

// Entries of one index, each key of a unique one once.
class IndexFill {
 public:
  IndexFill(const catalog::TableEntry* table, const codec::IndexLayout* index)
      : table_(table), index_(index), rows_(&table->layout, index) {}

  absl::Status Add(codec::Columns table_columns, uint32_t table_row, std::string_view suffix,
                   engine::WriteBatch* writes) {
    RETURN_IF_ERROR(rows_.Read(table_columns, table_row));
    if (rows_.count() == 0) return absl::OkStatus();
    return rows_.ForEachEntry(0, suffix, &entry_,
                              [&](const codec::IndexEntry& entry) -> absl::Status {
                                RETURN_IF_ERROR(txn::CheckKeySize(entry.key, index_->name));
                                RETURN_IF_ERROR(CheckOnce(entry, suffix.size()));
                                writes->Put(entry.key, entry.value);
                                return absl::OkStatus();
                              });
  }

 private:
  // Errors: 23505.
  absl::Status CheckOnce(const codec::IndexEntry& entry, size_t suffix_bytes) {
    const codec::Columns columns = rows_.columns();
    const uint32_t row = rows_.row(0);
    const bool deferrable = index_->deferral != common::v1::DEFERRAL_UNSPECIFIED;
    const bool once = !entry.has_suffix || (deferrable && !AnyNull(*index_, columns, row));
    const size_t key_bytes = entry.key.size() - (entry.has_suffix ? suffix_bytes : 0);
    if (!once || keys_.Add(std::string_view(entry.key).substr(0, key_bytes)))
      return absl::OkStatus();
    return DuplicateInIndex(*table_, index_->name, index_->columns, columns, row);
  }

  const catalog::TableEntry* table_;
  const codec::IndexLayout* index_;
  codec::IndexedRows rows_;
  KeySet keys_;
  codec::IndexEntry entry_;
};

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
                          const catalog::TableEntry& before, const catalog::TableEntry& after,
                          const RowConversion& convert) {
  RETURN_IF_ERROR(transaction->RegisterPrivateSpace(after.layout.storage_id));
  const bool large = IsLarge(transaction, before);
  std::vector<IndexFill> indexes;
  std::vector<const codec::IndexLayout*> sorted;
  for (const codec::IndexLayout& index : after.layout.indexes) {
    RETURN_IF_ERROR(transaction->RegisterPrivateSpace(index.index_id));
    // A deferrable key is only looked at entry by entry.
    if (large && index.deferral == common::v1::DEFERRAL_UNSPECIFIED)
      sorted.push_back(&index);
    else
      indexes.emplace_back(&after, &index);
  }
  engine::WriteBatch writes;
  RowFill fill(&after);
  int64_t moved = 0;
  RETURN_IF_ERROR(
      ScanTable(context, transaction, before, [&](const types::Batch& scanned) -> absl::Status {
        types::Batch rows = scanned;
        if (convert) {
          ASSIGN_OR_RETURN(rows, convert(scanned));
        }
        std::vector<const types::Vector*> columns = executor::Pointers(rows);
        columns.resize(after.layout.types.size());
        for (uint32_t row = 0; row < rows.row_count; ++row) {
          RETURN_IF_ERROR(fill.Add(columns, row, &writes));
          const std::string_view suffix = std::string_view(fill.key()).substr(kSpaceBytes);
          for (IndexFill& index : indexes)
            RETURN_IF_ERROR(index.Add(columns, row, suffix, &writes));
        }
        moved += rows.row_count;
        return FlushIfFull(transaction, &writes, kFlushBytes);
      }));
  // As many rows as before, in another space.
  transaction->CountRows(after.layout, moved);
  transaction->AddRows(after.layout.table_id, -moved);
  RETURN_IF_ERROR(FlushIfFull(transaction, &writes, 0));
  txn::Shared* const shared = transaction->shared();
  for (const codec::IndexLayout* index : sorted)
    RETURN_IF_ERROR(LoadIndex(context, shared, after, *index, shared->engine->TakeSnapshot()));
  return absl::OkStatus();
}

absl::Status AddGeneratedColumn(const rpc::CallContext& context, txn::Transaction* transaction,
                                const catalog::TableEntry& before,
                                const catalog::TableEntry& after) {
  const size_t ordinal = before.layout.types.size();
  if (after.layout.generated == nullptr || after.layout.types.size() != ordinal + 1)
    return absl::InternalError("no generated column was added");
  return RewriteTable(
      context, transaction, before, after,
      [&](const types::Batch& scanned) -> absl::StatusOr<types::Batch> {
        types::Batch rows = scanned;
        rows.columns[ordinal] = executor::Repeat(types::Value::Null(after.layout.types[ordinal]),
                                                 after.layout.types[ordinal], rows.row_count);
        RETURN_IF_ERROR(after.layout.generated->Compute(&rows));
        for (uint32_t row = 0; row < rows.row_count && after.layout.not_null[ordinal]; ++row) {
          if (rows.columns[ordinal]->is_null(row))
            return ContainsNulls(after, static_cast<uint32_t>(ordinal));
        }
        return rows;
      });
}

absl::Status FillIndex(const rpc::CallContext& context, txn::Transaction* transaction,
                       const catalog::TableEntry& table, uint32_t index_id) {
  RETURN_IF_ERROR(transaction->RegisterPrivateSpace(index_id));
  IndexFill fill(&table, table.layout.FindIndex(index_id));
  engine::WriteBatch writes;
  RETURN_IF_ERROR(
      ScanTable(context, transaction, table, [&](const types::Batch& rows) -> absl::Status {
        std::vector<const types::Vector*> columns = executor::Pointers(rows);
        const std::string_view* row_keys = columns.back()->data<std::string_view>();
        columns.pop_back();
        for (uint32_t row = 0; row < rows.row_count; ++row)
          RETURN_IF_ERROR(fill.Add(columns, row, row_keys[row].substr(kSpaceBytes), &writes));
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
