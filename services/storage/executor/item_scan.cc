// Reads the rows that have the items of an inverted index which conditions ask for, or, where these
// ask for none, the whole table. What it finds are candidates: the filter decides.
#include <algorithm>

#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/engine/skipped_deletions.h"
#include "services/storage/executor/index_access.h"
#include "services/storage/executor/item_rows.h"

namespace adbms::storage::executor {
namespace {

using sql::ItemDemand;

constexpr uint32_t kFirstBatchRows = 32;
// What is left when so many have been intersected is seen from the rows.
constexpr size_t kMostStreams = 8;
// Of many alternatives so many are taken for all.
constexpr size_t kMostEstimates = 32;
// Items that are so much more frequent than the rarest are left to the filter: finding a row among
// theirs costs as much as fetching it. What has fewer bytes counts as so many.
constexpr uint64_t kMostFrequent = 8;
constexpr uint64_t kLeastBytes = 16 << 10;
// From so many rows on it is looked how close together they are: more than one in so many are
// faster found by reading all.
constexpr size_t kRowsForDensity = 512;
constexpr double kDense = 1.0 / 12;

struct Condition {
  uint32_t key = 0;
  std::string operator_name;
  CompiledExpressionPtr operand;
};

class ItemScanNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;

  std::unique_ptr<IndexAccess> access;
  std::vector<Condition> conditions;
  CompiledExpressionPtr filter;
};

// Items of which a row has at least so many.
struct Group {
  codec::Items items;
  size_t at_least = 1;
  uint64_t bytes = 0;  // Of their entries, about.
};

// How many of n at least: as the comparison of shares rounds.
size_t CountOf(double share, size_t n) {
  size_t count = 1;
  while (count < n && static_cast<float>(count) / static_cast<float>(n) < share) ++count;
  return count;
}

class ItemScan : public Operator {
 public:
  ItemScan(ExecutionContext* context, const ItemScanNode* node)
      : Operator(context, node->id()),
        node_(*node),
        access_(*node->access),
        sink_(&node->access->columns(), context->memory.account()),
        reads_(context) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    const engine::SkippedDeletions skipped(&actuals_->deletions_skipped);
    if (!started_) RETURN_IF_ERROR(Start());
    if (done_) return false;
    RETURN_IF_ERROR(context_->call->Check());
    const uint32_t limit = batch_rows_;
    batch_rows_ = std::min(batch_rows_ * 4, types::BatchRows());
    RETURN_IF_ERROR(whole_ != nullptr ? NextOfTable(limit) : NextFound(limit));
    context_->rows_scanned += sink_.count();
    *out = sink_.Finish();
    if (node_.filter != nullptr && out->row_count > 0)
      RETURN_IF_ERROR(ApplyFilter(*node_.filter, context_, actuals_, out));
    return true;
  }

  absl::Status DoRewind() override {
    started_ = done_ = false;
    rows_.reset();
    whole_.reset();
    batch_rows_ = std::min(kFirstBatchRows, types::BatchRows());
    return absl::OkStatus();
  }

 private:
  absl::Status Start() {
    started_ = true;
    txn::IndexUse* use = context_->shared->counts->Index(access_.space());
    use->scans.fetch_add(1, std::memory_order_relaxed);
    use->last_scan_us.store(absl::ToUnixMicros(absl::Now()), std::memory_order_relaxed);
    std::vector<Group> groups;
    RETURN_IF_ERROR(FindGroups(&groups));
    if (done_) return absl::OkStatus();
    if (groups.empty()) {
      ReadTableBehind(access_.columns().table().layout.Begin());
      return absl::OkStatus();
    }
    KeepWorthwhile(&groups);
    std::vector<RowKeysPtr> streams;
    for (const Group& group : groups) {
      if (group.items.size() == 1) {
        ASSIGN_OR_RETURN(streams.emplace_back(),
                         RowsWithItem(context_, access_.space(), group.items[0], &reads_));
        continue;
      }
      ASSIGN_OR_RETURN(streams.emplace_back(), RowsWithItems(context_, access_.space(), group.items,
                                                             group.at_least, &reads_));
    }
    rows_ = RowsInAll(std::move(streams));
    return absl::OkStatus();
  }

  // What all the conditions ask for; done_ when one cannot be true.
  absl::Status FindGroups(std::vector<Group>* groups) {
    codec::Items every;
    for (const Condition& condition : node_.conditions) {
      ASSIGN_OR_RETURN(const types::Value operand,
                       condition.operand->EvaluateScalar(context_->state));
      if (operand.is_null()) {
        done_ = true;
        return absl::OkStatus();
      }
      codec::Items items;
      const ItemDemand demand = codec::DemandOf(*access_.index(), condition.key,
                                                condition.operator_name, operand, &items);
      switch (demand.kind) {
        case ItemDemand::Kind::kEverything:
          break;
        case ItemDemand::Kind::kEvery:
          every.insert(every.end(), items.begin(), items.end());
          break;
        case ItemDemand::Kind::kNothing:
          done_ = true;
          return absl::OkStatus();
        case ItemDemand::Kind::kAny:
        case ItemDemand::Kind::kShare:
          if (items.empty()) {
            done_ = true;
            return absl::OkStatus();
          }
          const size_t at_least =
              demand.kind == ItemDemand::Kind::kAny ? 1 : CountOf(demand.share, items.size());
          groups->push_back({std::move(items), at_least, 0});
          break;
      }
    }
    std::sort(every.begin(), every.end());
    every.erase(std::unique(every.begin(), every.end()), every.end());
    for (std::string& item : every) groups->push_back({{std::move(item)}, 1, 0});
    return absl::OkStatus();
  }

  // The rarest first; without those that tell little more.
  void KeepWorthwhile(std::vector<Group>* groups) const {
    if (groups->size() == 1) return;
    for (Group& group : *groups) {
      const size_t asked = std::min(group.items.size(), kMostEstimates);
      for (size_t i = 0; i < asked; ++i) {
        std::string begin = codec::SpaceBegin(access_.space());
        begin.append(group.items[i]);
        group.bytes += context_->shared->engine->ApproximateSize(begin, codec::PrefixEnd(begin));
      }
      group.bytes = group.bytes * group.items.size() / asked;
    }
    std::stable_sort(groups->begin(), groups->end(),
                     [](const Group& a, const Group& b) { return a.bytes < b.bytes; });
    const uint64_t most = std::max(groups->front().bytes, kLeastBytes) * kMostFrequent;
    groups->erase(std::find_if(groups->begin() + 1, groups->end(),
                               [most](const Group& group) { return group.bytes > most; }),
                  groups->end());
    if (groups->size() > kMostStreams) groups->resize(kMostStreams);
  }

  // Whether these rows, in the order of their keys, are a large part of those between them.
  bool AreDense(const std::vector<std::string>& row_keys) const {
    const engine::Engine& engine = *context_->shared->engine;
    const codec::TableLayout& layout = access_.columns().table().layout;
    const auto rows = static_cast<double>(
        context_->shared->counts->Table(layout.table_id)->rows.load(std::memory_order_relaxed));
    const auto all = static_cast<double>(engine.ApproximateSize(layout.Begin(), layout.End()));
    const auto part =
        static_cast<double>(engine.ApproximateSize(row_keys.front(), row_keys.back()));
    return rows > 0 && all > 0 &&
           static_cast<double>(row_keys.size()) > rows * (part / all) * kDense;
  }

  void ReadTableBehind(std::string begin) {
    const codec::TableLayout& layout = access_.columns().table().layout;
    whole_ = context_->ViewOf(layout.storage_id).NewIterator({std::move(begin), layout.End()}, {});
    whole_->SeekToFirst();
    rows_.reset();
  }

  absl::Status NextOfTable(uint32_t limit) {
    sink_.Start(limit);
    while (sink_.count() < limit && !sink_.heavy() && whole_->Valid()) {
      RETURN_IF_ERROR(sink_.Add(engine::ToView(whole_->key()), engine::ToView(whole_->value())));
      whole_->Next();
    }
    done_ = !whole_->Valid();
    return whole_->status();
  }

  absl::Status NextFound(uint32_t limit) {
    const uint32_t space = access_.columns().table().layout.storage_id;
    sink_.Start(limit);
    std::vector<std::string> row_keys;
    const uint64_t before = reads_.entries();
    for (; row_keys.size() < limit && rows_->valid(); rows_->Next()) {
      std::string& key = row_keys.emplace_back();
      codec::AppendSpace(space, &key);
      key.append(rows_->key());
    }
    context_->shared->counts->Index(access_.space())
        ->entries_read.fetch_add(reads_.entries() - before, std::memory_order_relaxed);
    RETURN_IF_ERROR(rows_->status());
    done_ = !rows_->valid();
    if (row_keys.empty()) return absl::OkStatus();
    if (!done_ && row_keys.size() >= kRowsForDensity && AreDense(row_keys))
      ReadTableBehind(row_keys.back() + '\0');
    const std::vector<uint32_t> sources(row_keys.size());
    return access_.FetchRows(context_->ViewOf(space), row_keys, sources, &sink_, nullptr);
  }

  const ItemScanNode& node_;
  const IndexAccess& access_;
  RowSink sink_;
  EntryReads reads_;
  bool started_ = false;
  bool done_ = false;
  RowKeysPtr rows_;
  std::unique_ptr<engine::Iterator> whole_;  // Of the table, where it is read in whole.
  uint32_t batch_rows_ = kFirstBatchRows;
};

OperatorPtr ItemScanNode::Open(ExecutionContext* context) const {
  return std::make_unique<ItemScan>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileItemScan(const common::v1::Operator& plan, CompileScope* scope) {
  const common::v1::IndexScan& scan = plan.index_scan();
  auto node = std::make_unique<ItemScanNode>(plan);
  ASSIGN_OR_RETURN(const catalog::TableEntry* table, scope->Table(scan.table_id()));
  std::vector<uint32_t> ordinals(scan.columns().begin(), scan.columns().end());
  ASSIGN_OR_RETURN(node->access, IndexAccess::Make(table, scan.index_id(), std::move(ordinals),
                                                   /*index_only=*/false));
  const codec::IndexLayout* index = node->access->index();
  if (index == nullptr || !index->inverted())
    return absl::InvalidArgumentError("malformed plan: items of an index that has none");
  for (const auto& item : scan.items()) {
    if (item.key() >= index->operator_classes.size() ||
        !index->operator_classes[item.key()]->Has(item.operator_name()))
      return absl::InvalidArgumentError("malformed plan: an operator that items know nothing of");
    Condition& condition = node->conditions.emplace_back();
    condition.key = item.key();
    condition.operator_name = item.operator_name();
    ASSIGN_OR_RETURN(condition.operand, sql::expression::Compile(item.operand()));
    const codec::KeyColumn& key = index->key[condition.key];
    if (!index->operator_classes[condition.key]->takes(condition.operator_name, key.type,
                                                       condition.operand->type()))
      return absl::InvalidArgumentError("malformed plan: an operand of another type");
  }
  ASSIGN_OR_RETURN(node->filter, CompileOptional(scan.has_filter(), scan.filter()));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
