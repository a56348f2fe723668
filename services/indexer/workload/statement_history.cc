#include "services/indexer/workload/statement_history.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace adbms::indexer::workload {

void StatementHistory::Add(const common::v1::WorkloadWindow& window) {
  absl::MutexLock lock(&mutex_);
  latest_us_ = std::max(latest_us_, window.end_us());
  ++fresh_windows_;
  for (const auto& one : window.statements()) {
    if (one.tainted() || one.calls() == 0) continue;
    auto found = history_.find(one.fingerprint());
    if (found == history_.end()) {
      if (history_.size() >= kMaxStatements) continue;
      found = history_.try_emplace(one.fingerprint()).first;
    }
    History& history = found->second;
    history.database = one.database();
    history.search_path.assign(one.search_path().begin(), one.search_path().end());
    if (!one.sample_sql().empty()) {
      std::erase(history.samples, one.sample_sql());
      history.samples.push_back(one.sample_sql());
      if (history.samples.size() > kMaxSamples) history.samples.pop_front();
    }
    history.read_only = one.read_only();
    history.table_ids.assign(one.table_ids().begin(), one.table_ids().end());
    // A statement that changes what it finds (UPDATE … WHERE) reads as well.
    history.searches = one.read_only() || one.rows_scanned() > one.rows();
    if (history.slices.empty() || window.start_us() >= history.slices.back().start_us + kSliceUs ||
        history.slices.back().start_us < CountsFrom(history)) {
      history.slices.push_back({window.start_us(), window.end_us(), 0, 0, 0});
    }
    Slice& slice = history.slices.back();
    slice.end_us = std::max(slice.end_us, window.end_us());
    slice.seconds += static_cast<double>(one.total_us()) / 1e6;
    slice.calls += static_cast<double>(one.calls());
    slice.rows += static_cast<double>(one.rows());
  }
  for (auto i = history_.begin(); i != history_.end();) {
    std::deque<Slice>& slices = i->second.slices;
    while (!slices.empty() && slices.front().end_us < latest_us_ - kKeepUs) slices.pop_front();
    i = slices.empty() ? history_.erase(i) : std::next(i);
  }
}

void StatementHistory::NoteIndexes(
    const std::vector<std::shared_ptr<const common::v1::CatalogSnapshot>>& catalogs) {
  absl::MutexLock lock(&mutex_);
  std::map<uint32_t, std::set<uint32_t>> now;
  for (const auto& catalog : catalogs) {
    for (const common::v1::TableDescriptor& table : catalog->tables()) {
      std::set<uint32_t>& indexes = now[table.table_id()];
      for (const auto& index : table.indexes()) {
        if (index.state() == common::v1::IndexDescriptor::STATE_PUBLIC)
          indexes.insert(index.index_id());
      }
      const auto before = indexes_.find(table.table_id());
      if (before != indexes_.end() && before->second != indexes)
        changed_us_[table.table_id()] = latest_us_;
    }
  }
  std::erase_if(changed_us_, [&](const auto& entry) { return now.count(entry.first) == 0; });
  indexes_ = std::move(now);
}

double StatementHistory::Weight(const Slice& slice) const {
  return std::exp2(-static_cast<double>(latest_us_ - slice.end_us) / kHalfLifeUs);
}

int64_t StatementHistory::CountsFrom(const History& history) const {
  int64_t from_us = 0;
  for (const uint32_t table : history.table_ids) {
    const auto changed = changed_us_.find(table);
    if (changed != changed_us_.end()) from_us = std::max(from_us, changed->second);
  }
  return from_us;
}

std::vector<Statement> StatementHistory::Statements() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<Statement> statements;
  for (const auto& [fingerprint, history] : history_) {
    Statement& statement = statements.emplace_back();
    statement.fingerprint = fingerprint;
    statement.database = history.database;
    statement.search_path = history.search_path;
    statement.samples.assign(history.samples.begin(), history.samples.end());
    statement.table_ids = history.table_ids;
    const int64_t from_us = CountsFrom(history);
    for (const Slice& slice : history.slices) {
      if (slice.start_us < from_us) continue;
      statement.seconds += slice.seconds * Weight(slice);
      statement.calls += slice.calls * Weight(slice);
    }
  }
  return statements;
}

std::map<uint32_t, double> StatementHistory::RowsWritten() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::map<uint32_t, int64_t> read_from_us;
  for (const auto& [fingerprint, history] : history_) {
    if (!history.searches) continue;
    const int64_t from_us = CountsFrom(history);
    for (const Slice& slice : history.slices) {
      if (slice.start_us < from_us) continue;
      for (const uint32_t table : history.table_ids) {
        const auto [entry, first] = read_from_us.try_emplace(table, slice.start_us);
        if (!first) entry->second = std::min(entry->second, slice.start_us);
      }
      break;  // The slices are in order.
    }
  }
  std::map<uint32_t, double> rows;
  for (const auto& [fingerprint, history] : history_) {
    if (history.read_only) continue;
    for (const uint32_t table : history.table_ids) {
      const auto from = read_from_us.find(table);
      if (from == read_from_us.end()) continue;
      for (const Slice& slice : history.slices) {
        // Of a slice in which the reads began, the part that lies in their time.
        const double length =
            static_cast<double>(std::max<int64_t>(1, slice.end_us - slice.start_us));
        const double inside = static_cast<double>(slice.end_us - from->second) / length;
        rows[table] += slice.rows * Weight(slice) * std::clamp(inside, 0.0, 1.0);
      }
    }
  }
  return rows;
}

uint64_t StatementHistory::TakeFreshWindows() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(fresh_windows_, 0);
}

}  // namespace adbms::indexer::workload
