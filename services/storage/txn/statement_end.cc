#include "services/storage/txn/statement_end.h"

#include <algorithm>

#include "common/sql/plan/cascades.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "common/types/text_io.h"
#include "services/storage/codec/generated_columns.h"
#include "services/storage/txn/constraint_checks.h"
#include "services/storage/txn/deferred_constraints.h"

namespace adbms::storage::txn {
namespace {

using common::v1::ReferentialAction;

std::vector<const types::Vector*> Pointers(const types::Batch& batch) {
  std::vector<const types::Vector*> columns;
  for (const types::VectorPtr& column : batch.columns) columns.push_back(column.get());
  return columns;
}

// A referenced value in a column of the child, as an assignment would convert it. Errors: 22001,
// 22003.
absl::StatusOr<types::Value> ReferringValue(const types::Value& value, types::Type type) {
  if (value.is_null() || value.type() == type) return AsType(value, type);
  if (!types::IsInteger(type.id)) {
    std::string text;
    types::FormatText(value, types::TextOptions(), &text);
    return types::ParseText(text, type, types::TextOptions());
  }
  const int64_t number = value.int_value();
  const bool fits = type.id == types::TypeId::kInt8 ||
                    (type.id == types::TypeId::kInt4 && number == static_cast<int32_t>(number)) ||
                    number == static_cast<int16_t>(number);
  if (fits) return AsType(value, type);
  return status::Error(status::sqlstate::kNumericOutOfRange, types::Format(type) + " out of range");
}

}  // namespace

bool ActsByStatements(const catalog::CatalogState& catalog, uint32_t child,
                      const common::v1::ForeignKeyDescriptor& key) {
  const auto references = [&](uint32_t parent, const sql::plan::VisitReference& visit) {
    for (const auto& [table, other] : catalog.ReferencesTo(parent))
      visit(table->descriptor.table_id(), *other);
  };
  const auto fires = [&](uint32_t id) {
    const catalog::TableEntryPtr* table = catalog.Find(id);
    return table != nullptr && sql::plan::FiresForActions((*table)->descriptor);
  };
  return sql::plan::ActsByStatements(child, key, references, fires);
}

StatementEnd::StatementEnd(const rpc::CallContext* call, Transaction* transaction,
                           const catalog::CatalogState* catalog, TableWriter* writer,
                           RowRules* rules)
    : call_(*call), transaction_(transaction), catalog_(*catalog), first_(writer), rules_(rules) {}

StatementEnd::~StatementEnd() = default;

absl::Status StatementEnd::Run() {
  written_.push_back(first_);
  while (!written_.empty()) {
    TableWriter* const writer = written_.front();
    written_.pop_front();
    RETURN_IF_ERROR(Handle(writer->TakeChanges(), writer->table().descriptor.table_id()));
  }
  first_->CountRows();
  for (const auto& [id, writer] : writers_) writer->CountRows();
  return absl::OkStatus();
}

absl::Status StatementEnd::Handle(RowChanges changes, uint32_t table_id) {
  for (StoredKeys& keys : changes.keys) {
    if (keys.deferred) {
      transaction_->deferred()->Add(table_id, std::move(keys));
    } else {
      const catalog::TableEntry& table = **catalog_.Find(table_id);
      RETURN_IF_ERROR(CheckStored(call_, transaction_, table, *keys.index, keys.prefixes));
    }
  }
  for (const LostKeys& lost : changes.lost) {
    const auto& key = lost.reference.key();
    RETURN_IF_ERROR(HandleLost(lost, lost.removed, key.on_delete(), /*removed=*/true));
    RETURN_IF_ERROR(HandleLost(lost, lost.changed, key.on_update(), /*removed=*/false));
  }
  for (StoredReferences& stored : changes.references) {
    if (stored.deferred) {
      transaction_->deferred()->Add(std::move(stored));
      continue;
    }
    if (stored.mixed_nulls) return stored.reference.MixedNulls();
    RETURN_IF_ERROR(CheckReferences(call_, transaction_, stored.reference, stored.keys));
  }
  return absl::OkStatus();
}

absl::Status StatementEnd::HandleLost(const LostKeys& lost, const std::vector<KeyChange>& keys,
                                      ReferentialAction action, bool removed) {
  if (keys.empty()) return absl::OkStatus();
  if (sql::plan::Acts(action) &&
      ActsByStatements(catalog_, lost.reference.child().descriptor.table_id(),
                       lost.reference.key()))
    return absl::OkStatus();
  switch (action) {
    case common::v1::REFERENTIAL_ACTION_CASCADE:
    case common::v1::REFERENTIAL_ACTION_SET_NULL:
      return Act({&lost.reference, &keys, action, removed});
    case common::v1::REFERENTIAL_ACTION_SET_DEFAULT:
      RETURN_IF_ERROR(Act({&lost.reference, &keys, action, removed}));
      // The default may be the very key that is gone.
      return CheckLostKeys(call_, transaction_, lost.reference, keys, /*unless_taken_over=*/true);
    case common::v1::REFERENTIAL_ACTION_RESTRICT:
      return CheckLostKeys(call_, transaction_, lost.reference, keys, /*unless_taken_over=*/false);
    default:
      break;
  }
  if (!lost.deferred)
    return CheckLostKeys(call_, transaction_, lost.reference, keys, /*unless_taken_over=*/true);
  transaction_->deferred()->Add(lost, keys);
  return absl::OkStatus();
}

TableWriter* StatementEnd::WriterOf(const catalog::TableEntry& table) {
  const uint32_t id = table.descriptor.table_id();
  if (id == first_->table().descriptor.table_id()) return first_;
  std::unique_ptr<TableWriter>& writer = writers_[id];
  if (writer == nullptr)
    writer = std::make_unique<TableWriter>(&call_, transaction_, &table, &catalog_);
  return writer.get();
}

absl::Status StatementEnd::Act(const Action& action) {
  TableWriter* const writer = WriterOf(action.reference->child());
  bool acted = false;
  bool gone = true;
  // Again for as long as rows were gone that may lie elsewhere now. What the first time has changed
  // may refer to another of the keys by then, and is not to be taken for such a row.
  for (bool again = false; gone; again = true) {
    gone = false;
    std::vector<Referencing> rows;
    RETURN_IF_ERROR(action.reference->ForEachReferencing(
        call_, transaction_, *action.keys, /*committed_only=*/again,
        [&](size_t position, std::string_view row_key) -> absl::StatusOr<bool> {
          rows.push_back({std::string(row_key), position});
          return true;
        }));
    RETURN_IF_ERROR(ActOn(action, writer, rows, &gone));
    acted |= !rows.empty();
  }
  if (acted) written_.push_back(writer);
  return transaction_->CheckSize();
}

absl::Status StatementEnd::ActOn(const Action& action, TableWriter* writer,
                                 const std::vector<Referencing>& rows, bool* gone) {
  for (size_t begin = 0; begin < rows.size(); begin += types::BatchRows()) {
    RETURN_IF_ERROR(call_.Check());
    const size_t count = std::min<size_t>(rows.size() - begin, types::BatchRows());
    types::Batch batch;
    std::vector<Referencing> kept;
    RETURN_IF_ERROR(Lock(action, writer, rows.data() + begin, count, &batch, &kept, gone));
    if (kept.empty()) continue;
    const bool removes = action.removed && action.kind == common::v1::REFERENTIAL_ACTION_CASCADE;
    if (!removes) {
      RETURN_IF_ERROR(Change(action, writer, batch, kept));
      continue;
    }
    const std::vector<const types::Vector*> columns = Pointers(batch);
    for (uint32_t row = 0; row < batch.row_count; ++row)
      RETURN_IF_ERROR(writer->Delete(kept[row].row_key, columns, row));
  }
  return absl::OkStatus();
}

absl::Status StatementEnd::Lock(const Action& action, TableWriter* writer, const Referencing* rows,
                                size_t count, types::Batch* batch, std::vector<Referencing>* kept,
                                bool* gone) {
  const codec::TableLayout& layout = writer->table().layout;
  const bool removes = action.removed && action.kind == common::v1::REFERENTIAL_ACTION_CASCADE;
  const LockMode mode = removes ? LockMode::kForUpdate : LockMode::kForNoKeyUpdate;
  std::vector<std::string> versions;
  for (size_t i = 0; i < count; ++i) {
    engine::PinnableSlice value;
    bool found = false;
    RETURN_IF_ERROR(writer->LockRow(rows[i].row_key, mode, &value, &found));
    if (!found) {
      RETURN_IF_ERROR(transaction_->CommittedView().Get(rows[i].row_key, &value, &found));
      *gone |= !found;  // Otherwise it is this transaction that has removed it.
      continue;
    }
    ASSIGN_OR_RETURN(
        const bool refers,
        action.reference->Refers(engine::ToView(value), (*action.keys)[rows[i].position].before));
    if (!refers) continue;
    kept->push_back(rows[i]);
    versions.emplace_back(value.data(), value.size());
  }
  batch->row_count = static_cast<uint32_t>(kept->size());
  std::vector<uint32_t> all;
  std::vector<types::Vector*> out;
  for (uint32_t i = 0; i < layout.types.size(); ++i) {
    all.push_back(i);
    batch->columns.push_back(std::make_shared<types::Vector>(layout.types[i]));
    batch->columns.back()->Resize(batch->row_count);
    out.push_back(batch->columns.back().get());
  }
  const codec::RowDecoder decoder(&layout.row, all, &layout.missing);
  for (uint32_t row = 0; row < batch->row_count; ++row)
    RETURN_IF_ERROR(decoder.Decode(versions[row], row, out.data()));
  return absl::OkStatus();
}

absl::Status StatementEnd::Change(const Action& action, TableWriter* writer,
                                  const types::Batch& rows,
                                  const std::vector<Referencing>& referencing) {
  const catalog::TableEntry& table = writer->table();
  if (rules_ == nullptr) return absl::InternalError("an action of a foreign key without rules");
  const std::vector<uint32_t>& ordinals = action.reference->child_ordinals();
  const std::set<uint32_t> set = action.removed
                                     ? sql::plan::ColumnsSetOnDelete(action.reference->key())
                                     : std::set<uint32_t>(ordinals.begin(), ordinals.end());
  types::Batch changed = rows;
  std::vector<bool> assigned(table.layout.types.size(), false);
  for (size_t i = 0; i < ordinals.size(); ++i) {
    const uint32_t ordinal = ordinals[i];
    if (!set.contains(ordinal)) continue;
    assigned[ordinal] = true;
    if (action.kind == common::v1::REFERENTIAL_ACTION_SET_DEFAULT) {
      ASSIGN_OR_RETURN(changed.columns[ordinal], rules_->Defaults(table, ordinal, rows.row_count));
      continue;
    }
    const types::Type type = table.layout.types[ordinal];
    auto column = std::make_shared<types::Vector>(type);
    for (const Referencing& row : referencing) {
      if (action.kind == common::v1::REFERENTIAL_ACTION_SET_NULL) {
        column->AppendNull();
        continue;
      }
      ASSIGN_OR_RETURN(const types::Value value,
                       ReferringValue((*action.keys)[row.position].after[i], type));
      column->Append(value);
    }
    changed.columns[ordinal] = std::move(column);
  }
  if (const auto& generated = table.layout.generated; generated != nullptr) {
    RETURN_IF_ERROR(generated->Compute(&changed));
    generated->MarkChanged(&assigned);
  }
  const std::vector<const types::Vector*> before = Pointers(rows);
  const std::vector<const types::Vector*> after = Pointers(changed);
  RETURN_IF_ERROR(writer->CheckNotNull(after, changed.row_count));
  RETURN_IF_ERROR(rules_->CheckRows(table, changed));
  for (uint32_t row = 0; row < changed.row_count; ++row) {
    RETURN_IF_ERROR(writer->Update(referencing[row].row_key, before, row, after, row, assigned));
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::txn
