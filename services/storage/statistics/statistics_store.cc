#include "services/storage/statistics/statistics_store.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/table_scan.h"
#include "services/storage/statistics/column_sample.h"
#include "services/storage/statistics/partition_statistics.h"

namespace adbms::storage::statistics {
namespace {

constexpr uint32_t kSampleRows = 30000;
// A count is published again when it has moved by this share, and by this many rows.
constexpr double kRepublishShare = 0.1;
constexpr int64_t kRepublishRows = 100;
constexpr int kSizingRows = 200;

bool IsUserTable(const catalog::TableEntry& table) {
  return !table.descriptor.is_virtual() && table.descriptor.view_sql().empty();
}

// What was sampled of a column before its type changed says nothing of what it holds now.
void ForgetOldRevisions(const common::v1::TableDescriptor& table,
                        common::v1::TableStatistics* statistics) {
  auto* columns = statistics->mutable_columns();
  const auto old = [&](const common::v1::ColumnStatistics& column) {
    return column.column() >= static_cast<uint32_t>(table.columns_size()) ||
           table.columns(static_cast<int>(column.column())).revision() != column.revision();
  };
  columns->erase(std::remove_if(columns->begin(), columns->end(), old), columns->end());
}

// The partitions that have rows.
void LeavesOf(const catalog::CatalogState& catalog, const common::v1::TableDescriptor& table,
              std::vector<uint32_t>* ids) {
  for (const auto& member : table.partition_key().partitions()) {
    const catalog::TableEntryPtr* child = catalog.Find(member.table_id());
    if (child == nullptr) continue;
    if ((*child)->descriptor.has_partition_key())
      LeavesOf(catalog, (*child)->descriptor, ids);
    else
      ids->push_back(member.table_id());
  }
}

void AddPartitioned(const catalog::CatalogState& catalog,
                    common::v1::StatisticsSnapshot* snapshot) {
  std::map<uint32_t, const common::v1::TableStatistics*> known;
  std::vector<common::v1::TableStatistics> sums;
  for (const auto& [id, table] : catalog.tables()) {
    if (!table->descriptor.has_partition_key()) continue;
    if (known.empty()) {
      for (const auto& one : snapshot->tables()) known.emplace(one.table_id(), &one);
    }
    std::vector<uint32_t> leaves;
    LeavesOf(catalog, table->descriptor, &leaves);
    std::vector<const common::v1::TableStatistics*> parts;
    for (const uint32_t leaf : leaves) {
      const auto part = known.find(leaf);
      if (part != known.end()) parts.push_back(part->second);
    }
    sums.push_back(SumOf(id, parts));
  }
  for (common::v1::TableStatistics& sum : sums) *snapshot->add_tables() = std::move(sum);
}

}  // namespace

absl::Status StatisticsStore::Load() {
  absl::MutexLock lock(&mutex_);
  for (const char letter : {'a', 'r'}) {
    const std::string prefix = catalog::SystemKey(letter);
    auto it = shared_->engine->NewIterator(nullptr, {prefix, codec::PrefixEnd(prefix)}, {});
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      const uint32_t table_id = codec::SpaceOf(engine::ToView(it->key()).substr(prefix.size()));
      const engine::Slice value = it->value();
      if (letter == 'r') {
        int64_t rows = -1;
        if (absl::SimpleAtoi(absl::string_view(value.data(), value.size()), &rows)) {
          shared_->counts->Table(table_id)->rows.store(rows, std::memory_order_relaxed);
        }
        continue;
      }
      common::v1::TableStatistics table;
      if (!table.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
        return status::Error(status::sqlstate::kDataCorrupted, "stored statistics are corrupted",
                             {}, "Run ANALYZE.");
      }
      tables_[table_id] = std::move(table);
    }
    RETURN_IF_ERROR(it->status());
  }
  if (shared_->engine->read_only()) return absl::OkStatus();
  // Saved counts are exact only for one start; a crash must not find them again.
  engine::WriteBatch batch;
  const std::string prefix = catalog::SystemKey('r');
  batch.DeleteRange(prefix, codec::PrefixEnd(prefix));
  return shared_->log->Write(&batch);
}

absl::Status StatisticsStore::SaveRowCounts() {
  engine::WriteBatch batch;
  for (const catalog::DatabasePtr& database : shared_->catalog->Databases()) {
    const catalog::CatalogStatePtr catalog = database->Current();
    for (const auto& [id, table] : catalog->tables()) {
      const int64_t rows = shared_->counts->Table(id)->rows.load(std::memory_order_relaxed);
      if (IsUserTable(*table) && rows >= 0)
        batch.Put(catalog::SystemKey('r', id), std::to_string(rows));
    }
  }
  return shared_->log->Write(&batch);
}

int64_t StatisticsStore::RowCount(const catalog::TableEntry& table) {
  std::atomic<int64_t>& rows = shared_->counts->Table(table.descriptor.table_id())->rows;
  const int64_t known = rows.load(std::memory_order_relaxed);
  if (known >= 0) return known;
  // From the size on disk and the size of the first rows.
  const codec::TableLayout& layout = table.layout;
  auto it = shared_->engine->NewIterator(nullptr, {layout.Begin(), layout.End()}, {});
  int64_t count = 0;
  uint64_t bytes = 0;
  for (it->SeekToFirst(); it->Valid() && count < kSizingRows; it->Next()) {
    bytes += it->key().size() + it->value().size();
    ++count;
  }
  int64_t estimate = count;
  if (count == kSizingRows) {
    const uint64_t size = shared_->engine->ApproximateSize(layout.Begin(), layout.End());
    estimate =
        std::max<int64_t>(count, static_cast<int64_t>(size * static_cast<uint64_t>(count) / bytes));
  }
  int64_t expected = -1;
  rows.compare_exchange_strong(expected, estimate, std::memory_order_relaxed);
  return estimate;
}

int64_t StatisticsStore::AnalyzedAt(uint32_t table_id) {
  absl::MutexLock lock(&mutex_);
  const auto it = tables_.find(table_id);
  return it == tables_.end() ? 0 : it->second.analyzed_at_us();
}

absl::StatusOr<common::v1::TableStatistics> StatisticsStore::Gather(
    const rpc::CallContext& context, const catalog::TableEntry& table) {
  const codec::TableLayout& layout = table.layout;
  std::vector<uint32_t> ordinals;
  for (uint32_t i = 0; i < layout.types.size(); ++i) {
    if (layout.live[i]) ordinals.push_back(i);
  }
  // Reservoir of stored rows (Vitter's algorithm L), then sorted back into key order.
  struct Picked {
    uint64_t position;
    std::string value;
  };
  std::vector<Picked> reservoir;
  std::mt19937_64 random(layout.table_id * 0x9e3779b97f4a7c15ull +
                         static_cast<uint64_t>(absl::ToUnixMicros(absl::Now())));
  std::uniform_real_distribution<double> uniform(std::numeric_limits<double>::min(), 1.0);
  double w = std::exp(std::log(uniform(random)) / kSampleRows);
  uint64_t next = kSampleRows;
  const auto advance = [&] {
    next += static_cast<uint64_t>(std::floor(std::log(uniform(random)) / std::log1p(-w))) + 1;
    w *= std::exp(std::log(uniform(random)) / kSampleRows);
  };
  uint64_t count = 0;
  uint64_t bytes = 0;
  auto it =
      shared_->engine->NewIterator(shared_->engine->TakeSnapshot(), {layout.Begin(), layout.End()},
                                   {.fill_cache = false, .readahead_bytes = 2 << 20});
  for (it->SeekToFirst(); it->Valid(); it->Next(), ++count) {
    if ((count & 4095) == 0) RETURN_IF_ERROR(context.Check());
    bytes += it->key().size() + it->value().size();
    if (count < kSampleRows) {
      reservoir.push_back({count, it->value().ToString()});
      if (count + 1 == kSampleRows) advance();
    } else if (count == next) {
      reservoir[random() % kSampleRows] = {count, it->value().ToString()};
      advance();
    }
  }
  RETURN_IF_ERROR(it->status());
  std::sort(reservoir.begin(), reservoir.end(),
            [](const Picked& a, const Picked& b) { return a.position < b.position; });
  ASSIGN_OR_RETURN(const executor::ScanColumns columns,
                   executor::ScanColumns::Make(&table, ordinals));
  executor::RowSink sink(&columns);
  sink.Start(static_cast<uint32_t>(reservoir.size()));
  for (const Picked& row : reservoir) RETURN_IF_ERROR(sink.Add({}, row.value));
  const types::Batch sample = sink.Finish();

  common::v1::TableStatistics result;
  result.set_table_id(layout.table_id);
  result.set_row_count(static_cast<double>(count));
  result.set_average_row_bytes(
      count == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(count));
  result.set_analyzed_at_us(absl::ToUnixMicros(absl::Now()));
  for (size_t i = 0; i < ordinals.size(); ++i) {
    RETURN_IF_ERROR(context.Check());
    common::v1::ColumnStatistics* summary = result.add_columns();
    *summary = SummarizeColumn(ordinals[i], *sample.columns[i], static_cast<double>(count));
    summary->set_revision(table.descriptor.columns(static_cast<int>(ordinals[i])).revision());
  }
  shared_->counts->Table(layout.table_id)
      ->rows.store(static_cast<int64_t>(count), std::memory_order_relaxed);
  return result;
}

absl::Status StatisticsStore::Analyze(const rpc::CallContext& context,
                                      const catalog::CatalogState& catalog,
                                      const std::vector<uint32_t>& table_ids) {
  std::vector<uint32_t> ids = table_ids;
  if (ids.empty()) {
    for (const auto& [id, table] : catalog.tables()) {
      if (IsUserTable(*table)) ids.push_back(id);
    }
  }
  // A partitioned table is what its partitions are.
  std::set<uint32_t> listed;
  for (size_t i = 0; i < ids.size(); ++i) {
    const catalog::TableEntryPtr* table = catalog.Find(ids[i]);
    if (table == nullptr) continue;
    for (const auto& member : (*table)->descriptor.partition_key().partitions())
      ids.push_back(member.table_id());
  }
  for (uint32_t id : ids) {
    if (!listed.insert(id).second) continue;
    const catalog::TableEntryPtr* table = catalog.Find(id);
    if (table == nullptr) {
      return status::Error(status::sqlstate::kUndefinedTable,
                           "relation with OID " + std::to_string(id) + " does not exist");
    }
    if (!IsUserTable(**table) || (*table)->descriptor.has_partition_key()) continue;
    ASSIGN_OR_RETURN(common::v1::TableStatistics gathered, Gather(context, **table));
    engine::WriteBatch batch;
    batch.Put(catalog::SystemKey('a', id), gathered.SerializeAsString());
    RETURN_IF_ERROR(shared_->log->Write(&batch));
    absl::MutexLock lock(&mutex_);
    tables_[id] = std::move(gathered);
    changed_ = true;
  }
  return shared_->log->WaitDurable();
}

void StatisticsStore::Rebuild() {
  const uint64_t version = shared_->catalog->newest_version();
  auto snapshot = std::make_shared<common::v1::StatisticsSnapshot>();
  snapshot->set_version(shared_->catalog->NextVersion());
  published_rows_.clear();
  for (const catalog::DatabasePtr& database : shared_->catalog->Databases()) {
    const catalog::CatalogStatePtr catalog = database->Current();
    for (const auto& [id, table] : catalog->tables()) {
      if (!IsUserTable(*table) || table->descriptor.has_partition_key()) continue;
      const int64_t rows = RowCount(*table);
      published_rows_[id] = rows;
      common::v1::TableStatistics* out = snapshot->add_tables();
      const auto it = tables_.find(id);
      if (it != tables_.end()) {
        *out = it->second;
        ForgetOldRevisions((*table).descriptor, out);
        out->set_live_rows(static_cast<double>(rows));
        continue;
      }
      out->set_table_id(id);
      out->set_row_count(static_cast<double>(rows));
      out->set_live_rows(static_cast<double>(rows));
      out->set_estimated(true);
    }
    AddPartitioned(*catalog, snapshot.get());
  }
  snapshot_ = std::move(snapshot);
  changed_ = false;
  catalog_version_ = version;
}

std::shared_ptr<const common::v1::StatisticsSnapshot> StatisticsStore::Snapshot(
    uint64_t known_version) {
  absl::MutexLock lock(&mutex_);
  bool stale =
      changed_ || snapshot_ == nullptr || catalog_version_ != shared_->catalog->newest_version();
  for (auto it = published_rows_.begin(); !stale && it != published_rows_.end(); ++it) {
    const int64_t rows = shared_->counts->Table(it->first)->rows.load(std::memory_order_relaxed);
    const int64_t moved = std::abs(rows - it->second);
    stale = moved > kRepublishRows &&
            static_cast<double>(moved) > kRepublishShare * static_cast<double>(it->second);
  }
  if (stale) Rebuild();
  return snapshot_->version() == known_version ? nullptr : snapshot_;
}

}  // namespace adbms::storage::statistics
