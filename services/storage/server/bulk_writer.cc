#include "services/storage/server/bulk_writer.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/api/evaluation.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/txn/constraint_errors.h"

namespace adbms::storage::server {
namespace {

constexpr size_t kSpaceBytes = 4;
constexpr size_t kDirectFlushBytes = 4 << 20;

}  // namespace

KeySet::Hash128 KeySet::HashOf(std::string_view key) {
  const absl::string_view view(key.data(), key.size());
  return {absl::HashOf(view), absl::HashOf(uint64_t{0x9e3779b97f4a7c15}, view)};
}

bool KeySet::Add(std::string_view key) {
  if (ascending_) {
    if (hashes_.empty() || key > last_) {
      hashes_.push_back(HashOf(key));
      last_.assign(key);
      return true;
    }
    ascending_ = false;
    set_.insert(hashes_.begin(), hashes_.end());
    hashes_.clear();
  }
  return set_.insert(HashOf(key)).second;
}

absl::StatusOr<std::unique_ptr<api::BulkWriter>> BulkWriterImpl::Open(
    const rpc::CallContext& context, SessionState* session, api::TableVersion table,
    const std::vector<common::v1::CheckConstraint>& checks, const api::ExecuteOptions& options) {
  auto writer = std::unique_ptr<BulkWriterImpl>(new BulkWriterImpl(context, session));
  session->ExecutionStarted();
  api::FillEvaluation(options, &writer->state_.context);
  RETURN_IF_ERROR(writer->Prepare(table, checks));
  return std::unique_ptr<api::BulkWriter>(std::move(writer));
}

BulkWriterImpl::~BulkWriterImpl() {
  if (!finished_) Abandon();
  session_->ExecutionEnded();
}

void BulkWriterImpl::Abandon() {
  finished_ = true;
  rows_writer_.reset();
  leaf_writers_.clear();
  if (own_ != nullptr) {
    own_->Rollback();
    session_->Recycle(own_.get());
  } else if (transaction_ != nullptr) {
    // Rows written directly stay in a space that now must not become visible.
    if (mode_ == Mode::kDirect) transaction_->MarkBroken();
    const absl::Status status = transaction_->FailStatement();
    if (!status.ok()) transaction_->MarkBroken();
  }
}

absl::Status BulkWriterImpl::Prepare(api::TableVersion table,
                                     const std::vector<common::v1::CheckConstraint>& checks) {
  transaction_ = session_->transaction();
  if (transaction_ == nullptr) {
    own_ = session_->NewTransaction({});
    transaction_ = own_.get();
  }
  const catalog::CatalogStatePtr catalog = transaction_->SessionCatalog();
  const catalog::TableEntryPtr* target = catalog->Find(table.id);
  if (target == nullptr || !sql::IsTemporarySchema((*target)->descriptor.schema()))
    RETURN_IF_ERROR(transaction_->CheckWritable("COPY FROM"));
  // Others may be writing to a partition by a lock of the table above it.
  const bool divided = target != nullptr && ((*target)->descriptor.has_partition_key() ||
                                             (*target)->descriptor.partition_of() != 0);
  const bool alone = own_ != nullptr && !divided &&
                     transaction_->TryLockTable(table.id, txn::LockMode::kShareRowExclusive);
  if (!alone)
    RETURN_IF_ERROR(transaction_->LockTable(call_, table.id, txn::LockMode::kRowExclusive));
  RETURN_IF_ERROR(transaction_->StartStatement(true, own_ != nullptr));
  catalog_ = transaction_->CatalogView();
  const catalog::TableEntryPtr* entry = catalog_->Find(table.id);
  if (entry == nullptr ||
      (table.version != 0 && (*entry)->descriptor.schema_version() != table.version)) {
    return status::Error(status::sqlstate::kStalePlan, "COPY was bound to another version");
  }
  table_ = *entry;
  if (table_->descriptor.is_virtual() || !table_->descriptor.view_sql().empty()) {
    return status::Error(status::sqlstate::kWrongObjectType,
                         "cannot copy to \"" + table_->descriptor.name() + "\": it is not a table");
  }
  for (const common::v1::CheckConstraint& check : checks) {
    ASSIGN_OR_RETURN(executor::CompiledExpressionPtr condition,
                     sql::expression::Compile(check.condition()));
    checks_.push_back({check.name(), std::move(condition)});
  }
  const codec::TableLayout& layout = table_->layout;
  bool direct = transaction_->CanWriteDirectly(layout.storage_id);
  for (const codec::IndexLayout& index : layout.indexes)
    direct &= transaction_->CanWriteDirectly(index.index_id);
  // What stands for more than rows and entries is the row writer's.
  const bool checked_later =
      std::any_of(layout.indexes.begin(), layout.indexes.end(),
                  [](const codec::IndexLayout& index) { return index.checked_later(); });
  const bool more = divided || checked_later || !table_->descriptor.foreign_keys().empty() ||
                    !layout.building.empty();
  if (direct && !more) {
    mode_ = Mode::kDirect;
  } else if (alone && !more) {
    mode_ = Mode::kBatch;
  }
  ASSIGN_OR_RETURN(
      partitions_,
      executor::PartitionTargets::Make(
          table_.get(), {}, [this](uint32_t id) -> absl::StatusOr<const catalog::TableEntry*> {
            const catalog::TableEntryPtr* found = catalog_->Find(id);
            if (found == nullptr)
              return status::Error(status::sqlstate::kStalePlan, "a partition has gone");
            return found->get();
          }));
  rows_writer_ =
      std::make_unique<txn::TableWriter>(&call_, transaction_, table_.get(), catalog_.get());
  if (mode_ == Mode::kRows) return absl::OkStatus();

  index_keys_.resize(layout.indexes.size());
  index_stored_.resize(layout.indexes.size());
  txn::Shared* shared = transaction_->shared();
  auto it = shared->engine->NewIterator(nullptr, {layout.Begin(), layout.End()}, {});
  it->SeekToLast();
  RETURN_IF_ERROR(it->status());
  stored_any_ = it->Valid();
  if (stored_any_) stored_max_ = it->key().ToString();
  for (size_t i = 0; i < layout.indexes.size(); ++i) {
    const uint32_t id = layout.indexes[i].index_id;
    auto entries =
        shared->engine->NewIterator(nullptr, {codec::SpaceBegin(id), codec::SpaceEnd(id)}, {});
    entries->SeekToFirst();
    RETURN_IF_ERROR(entries->status());
    index_stored_[i] = entries->Valid();
  }
  return absl::OkStatus();
}

absl::Status BulkWriterImpl::Write(const types::Batch& batch) {
  const SessionState::Call call(session_);
  RETURN_IF_ERROR(call.Check());
  RETURN_IF_ERROR(call_.Check());
  if (batch.row_count == 0) return absl::OkStatus();
  // The batch has the live columns; the dropped ones are NULL.
  types::Batch rows;
  rows.row_count = batch.row_count;
  size_t next = 0;
  for (size_t i = 0; i < table_->layout.types.size(); ++i) {
    if (table_->layout.live[i]) {
      if (next >= batch.columns.size()) return absl::InvalidArgumentError("too few columns");
      rows.columns.push_back(batch.columns[next++]);
    } else {
      const types::Type type = table_->layout.types[i];
      rows.columns.push_back(executor::Repeat(types::Value::Null(type), type, batch.row_count));
    }
  }
  RETURN_IF_ERROR(executor::ComputeGenerated(*table_, &rows));
  if (partitions_ != nullptr && partitions_->divided()) return WriteDivided(rows);
  if (partitions_ != nullptr) RETURN_IF_ERROR(partitions_->CheckOwn(rows));
  const std::vector<const types::Vector*> columns = executor::Pointers(rows);
  RETURN_IF_ERROR(rows_writer_->CheckNotNull(columns, rows.row_count));
  RETURN_IF_ERROR(executor::VerifyChecks(checks_, *table_, state_, rows));
  RETURN_IF_ERROR(mode_ == Mode::kRows ? WriteRows(columns, rows.row_count)
                                       : WriteUnlocked(columns, rows.row_count));
  written_ += rows.row_count;
  return absl::OkStatus();
}

absl::Status BulkWriterImpl::WriteDivided(const types::Batch& rows) {
  std::vector<const executor::PartitionTargets::Leaf*> leaves;
  RETURN_IF_ERROR(partitions_->Route(rows, &leaves));
  for (const executor::LeafRows& part : executor::ByLeaf(leaves, /*in_order=*/false)) {
    const catalog::TableEntry& table = *part.leaf->table;
    auto& writer = leaf_writers_[table.descriptor.table_id()];
    if (writer == nullptr)
      writer = std::make_unique<txn::TableWriter>(&call_, transaction_, &table, catalog_.get());
    const types::Batch own =
        types::Gather(rows, part.rows.data(), static_cast<uint32_t>(part.rows.size()));
    const std::vector<const types::Vector*> columns = executor::Pointers(own);
    RETURN_IF_ERROR(writer->CheckNotNull(columns, own.row_count));
    RETURN_IF_ERROR(executor::VerifyChecks(checks_, table, state_, own));
    for (uint32_t row = 0; row < own.row_count; ++row)
      RETURN_IF_ERROR(writer->Insert(columns, row, nullptr));
  }
  written_ += rows.row_count;
  return transaction_->CheckSize();
}

absl::Status BulkWriterImpl::WriteRows(codec::Columns columns, uint32_t row_count) {
  for (uint32_t row = 0; row < row_count; ++row)
    RETURN_IF_ERROR(rows_writer_->Insert(columns, row, nullptr));
  return transaction_->CheckSize();
}

absl::Status BulkWriterImpl::CheckStoredKeys(const std::vector<std::string>& keys,
                                             codec::Columns columns, const std::string& constraint,
                                             const std::vector<uint32_t>& ordinals,
                                             const std::vector<uint32_t>& rows) {
  std::vector<engine::Slice> slices(keys.begin(), keys.end());
  std::vector<engine::PinnableSlice> values;
  std::vector<bool> found;
  RETURN_IF_ERROR(transaction_->View(true).MultiGet(slices, false, &values, &found));
  for (size_t i = 0; i < keys.size(); ++i) {
    if (found[i]) return txn::UniqueViolation(*table_, constraint, ordinals, columns, rows[i]);
  }
  return absl::OkStatus();
}

absl::Status BulkWriterImpl::WriteUnlocked(codec::Columns columns, uint32_t row_count) {
  const codec::TableLayout& layout = table_->layout;
  txn::Shared* shared = transaction_->shared();
  std::vector<std::string> keys(row_count);
  std::vector<uint32_t> rows(row_count);
  for (uint32_t row = 0; row < row_count; ++row) rows[row] = row;
  if (layout.has_primary_key()) {
    bool beyond = true;
    for (uint32_t row = 0; row < row_count; ++row) {
      layout.AppendRowKey(columns, row, &keys[row]);
      RETURN_IF_ERROR(txn::CheckKeySize(keys[row], table_->descriptor.primary_key_name()));
      if (!row_keys_.Add(keys[row])) {
        return txn::UniqueViolation(*table_, table_->descriptor.primary_key_name(),
                                    layout.primary_key, columns, row);
      }
      beyond &= keys[row] > stored_max_;
    }
    if (stored_any_ && !beyond) {
      RETURN_IF_ERROR(CheckStoredKeys(keys, columns, table_->descriptor.primary_key_name(),
                                      layout.primary_key, rows));
    }
  } else {
    const std::string last = stored_max_;
    const auto first = [&]() -> absl::StatusOr<int64_t> {
      if (last.empty()) return 1;
      std::string_view rest = std::string_view(last).substr(kSpaceBytes);
      types::Vector decoded({types::TypeId::kInt8, 0});
      decoded.Resize(1);
      if (!codec::DecodeKey(&rest, {{types::TypeId::kInt8, 0}, false, false}, &decoded, 0)) {
        return absl::InternalError("malformed row key");
      }
      return decoded.data<int64_t>()[0] + 1;
    };
    ASSIGN_OR_RETURN(const int64_t hidden,
                     shared->counts->HiddenKeys(layout.storage_id, row_count, first));
    for (uint32_t row = 0; row < row_count; ++row) layout.AppendHiddenKey(hidden + row, &keys[row]);
  }
  std::string value;
  for (uint32_t row = 0; row < row_count; ++row) {
    value.clear();
    layout.row.Append(columns, row, &value);
    batch_.Put(keys[row], value);
  }
  for (size_t i = 0; i < layout.indexes.size(); ++i) {
    const codec::IndexLayout& index = layout.indexes[i];
    std::vector<std::string> unique_keys;
    std::vector<uint32_t> unique_rows;
    codec::IndexEntry made;
    codec::IndexedRows indexed(&layout, &index);
    RETURN_IF_ERROR(indexed.ReadAll(columns, row_count));
    for (uint32_t entry = 0; entry < indexed.count(); ++entry) {
      const uint32_t row = indexed.row(entry);
      const std::string_view suffix =
          std::string_view(keys[indexed.source(entry)]).substr(kSpaceBytes);
      RETURN_IF_ERROR(indexed.ForEachEntry(
          entry, suffix, &made, [&](const codec::IndexEntry& one) -> absl::Status {
            RETURN_IF_ERROR(txn::CheckKeySize(one.key, index.name));
            if (!one.has_suffix) {
              if (!index_keys_[i].Add(one.key))
                return txn::UniqueViolation(*table_, index.name, index.columns, indexed.columns(),
                                            row);
              if (index_stored_[i]) {
                unique_keys.push_back(one.key);
                unique_rows.push_back(row);
              }
            }
            batch_.Put(one.key, one.value);
            return absl::OkStatus();
          }));
    }
    if (!unique_keys.empty()) {
      RETURN_IF_ERROR(
          CheckStoredKeys(unique_keys, indexed.columns(), index.name, index.columns, unique_rows));
    }
  }
  if (mode_ == Mode::kDirect)
    return batch_.bytes() >= kDirectFlushBytes ? Flush() : absl::OkStatus();
  const uint64_t limit = shared->max_transaction_bytes.load(std::memory_order_relaxed);
  if (batch_.bytes() <= limit) return absl::OkStatus();
  return status::Error(
      status::sqlstate::kOutOfMemory, "COPY has too much data for one transaction",
      "Its rows exceed max_transaction_bytes (" + std::to_string(limit) + ").",
      "Copy in several parts, TRUNCATE the table in the same transaction first, or raise "
      "max_transaction_bytes.");
}

absl::Status BulkWriterImpl::Flush() {
  if (batch_.bytes() == 0) return absl::OkStatus();
  RETURN_IF_ERROR(transaction_->shared()->log->Write(&batch_));
  batch_.Clear();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> BulkWriterImpl::Finish() {
  const SessionState::Call call(session_);
  RETURN_IF_ERROR(call.Check());
  RETURN_IF_ERROR(call_.Check());
  RETURN_IF_ERROR(rows_writer_->FinishStatement(catalog_.get(), nullptr));
  for (const auto& [id, writer] : leaf_writers_)
    RETURN_IF_ERROR(writer->FinishStatement(catalog_.get(), nullptr));
  rows_writer_.reset();
  leaf_writers_.clear();
  if (mode_ != Mode::kRows) {
    const auto rows = static_cast<int64_t>(written_);
    std::optional<txn::ExactCounts::Addition> counted;
    if (mode_ == Mode::kBatch && rows > 0) {
      // The batch is all of the rows, and is written here.
      counted.emplace(
          transaction_->shared()->exact_counts->Add(&batch_, table_->layout.storage_id, rows));
    }
    RETURN_IF_ERROR(Flush());
    counted.reset();
    if (mode_ == Mode::kBatch) {
      transaction_->AddRows(table_->descriptor.table_id(), rows);
    } else {
      transaction_->CountRows(table_->layout, rows);
    }
    transaction_->shared()->rows_written.fetch_add(written_, std::memory_order_relaxed);
  }
  if (own_ == nullptr) {
    RETURN_IF_ERROR(transaction_->FinishStatement());
  } else {
    if (mode_ == Mode::kBatch) RETURN_IF_ERROR(transaction_->shared()->log->WaitDurable());
    RETURN_IF_ERROR(own_->Commit(call_));
    session_->Recycle(own_.get());
  }
  finished_ = true;
  return written_;
}

}  // namespace adbms::storage::server
