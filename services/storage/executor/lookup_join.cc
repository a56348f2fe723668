// Joins by looking each left row up in an index.
#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/engine/skipped_deletions.h"
#include "services/storage/executor/index_access.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

class LookupJoinNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  const catalog::TableEntry* divisible_by() const override {
    return repeatable ? left->divisible_by() : nullptr;
  }
  absl::StatusOr<bool> MakeParts(ExecutionContext* context, SharedParts* parts) const override {
    return left->MakeParts(context, parts);
  }

  common::v1::JoinType type = common::v1::JOIN_TYPE_INNER;
  PlanNodePtr left;
  std::unique_ptr<IndexAccess> access;
  std::vector<CompiledExpressionPtr> keys;
  CompiledExpressionPtr residual;
  bool unique = false;
  bool repeatable = false;
};

class LookupJoin : public Operator {
 public:
  LookupJoin(ExecutionContext* context, const LookupJoinNode* node)
      : Operator(context, node->id()),
        node_(*node),
        access_(*node->access),
        left_(node->left->Open(context)),
        sink_(&node->access->columns(), context->memory.account()) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    *out = types::Batch();
    if (!have_left_) {
      ASSIGN_OR_RETURN(const bool more, left_->Next(&left_rows_));
      if (!more) return false;
      RETURN_IF_ERROR(StartLeft());
    }
    RETURN_IF_ERROR(context_->call->Check());
    std::vector<uint32_t> lefts;
    RETURN_IF_ERROR(node_.unique ? LookUpUnique(&lefts) : LookUpRanges(&lefts));
    context_->rows_scanned += lefts.size();
    RETURN_IF_ERROR(Emit(lefts, sink_.Finish(), out));
    if (next_ >= order_.size() && it_ == nullptr) {
      have_left_ = false;
      return EmitRest(out);
    }
    return true;
  }
  absl::Status DoRewind() override {
    have_left_ = false;
    it_.reset();
    return left_->Rewind();
  }

 private:
  absl::Status StartLeft() {
    have_left_ = true;
    matched_.assign(left_rows_.row_count, false);
    ASSIGN_OR_RETURN(const types::Batch keys, EvaluateAll(node_.keys, context_, left_rows_));
    order_.clear();
    prefixes_.assign(left_rows_.row_count, {});
    next_ = 0;
    const std::vector<codec::KeyColumn>& columns = access_.key();
    for (uint32_t row = 0; row < left_rows_.row_count; ++row) {
      bool null = false;
      for (const types::VectorPtr& key : keys.columns) null |= key->is_null(row);
      if (null) continue;
      codec::AppendSpace(access_.space(), &prefixes_[row]);
      for (size_t i = 0; i < keys.columns.size(); ++i) {
        codec::AppendKey(*keys.columns[i], row, columns[i], &prefixes_[row]);
      }
      order_.push_back(row);
    }
    if (!access_.primary()) {
      context_->shared->counts->Index(access_.space())
          ->scans.fetch_add(1, std::memory_order_relaxed);
    }
    return absl::OkStatus();
  }

  absl::Status LookUpUnique(std::vector<uint32_t>* lefts) {
    sink_.Start(static_cast<uint32_t>(order_.size()));
    next_ = order_.size();
    if (order_.empty()) return absl::OkStatus();
    const txn::ReadView rows = context_->ViewOf(access_.columns().table().layout.storage_id);
    if (access_.primary()) {
      std::vector<std::string> keys;
      for (uint32_t row : order_) keys.push_back(prefixes_[row]);
      return access_.FetchRows(rows, keys, order_, &sink_, lefts);
    }
    std::vector<engine::Slice> slices;
    for (uint32_t row : order_) slices.emplace_back(prefixes_[row]);
    std::vector<engine::PinnableSlice> values;
    std::vector<bool> found;
    RETURN_IF_ERROR(context_->ViewOf(access_.space()).MultiGet(slices, false, &values, &found));
    std::vector<std::string> row_keys;
    std::vector<uint32_t> sources;
    for (size_t i = 0; i < order_.size(); ++i) {
      if (!found[i]) continue;
      if (access_.index_only()) {
        RETURN_IF_ERROR(access_.AddEntry(prefixes_[order_[i]], engine::ToView(values[i]), &sink_));
        lefts->push_back(order_[i]);
        continue;
      }
      row_keys.emplace_back();
      RETURN_IF_ERROR(
          access_.AppendRowKey(prefixes_[order_[i]], engine::ToView(values[i]), &row_keys.back()));
      sources.push_back(order_[i]);
    }
    if (row_keys.empty()) return absl::OkStatus();
    return access_.FetchRows(rows, row_keys, sources, &sink_, lefts);
  }

  absl::Status LookUpRanges(std::vector<uint32_t>* lefts) {
    const engine::SkippedDeletions skipped(&actuals_->deletions_skipped);
    sink_.Start(types::BatchRows());
    std::vector<std::string> row_keys;
    std::vector<uint32_t> sources;
    uint32_t entries = 0;
    while (entries < types::BatchRows()) {
      if (it_ == nullptr) {
        if (next_ == order_.size()) break;
        const std::string& prefix = prefixes_[order_[next_++]];
        it_ = context_->ViewOf(access_.space()).NewIterator({prefix, codec::PrefixEnd(prefix)}, {});
        it_->SeekToFirst();
      }
      if (!it_->Valid()) {
        RETURN_IF_ERROR(it_->status());
        it_.reset();
        continue;
      }
      const uint32_t left = order_[next_ - 1];
      const std::string_view key = engine::ToView(it_->key());
      const std::string_view value = engine::ToView(it_->value());
      if (access_.primary()) {
        RETURN_IF_ERROR(sink_.Add(key, value));
        lefts->push_back(left);
      } else if (access_.index_only()) {
        RETURN_IF_ERROR(access_.AddEntry(key, value, &sink_));
        lefts->push_back(left);
      } else {
        row_keys.emplace_back();
        RETURN_IF_ERROR(access_.AppendRowKey(key, value, &row_keys.back()));
        sources.push_back(left);
      }
      ++entries;
      it_->Next();
    }
    if (!access_.primary()) {
      context_->shared->counts->Index(access_.space())
          ->entries_read.fetch_add(entries, std::memory_order_relaxed);
    }
    if (row_keys.empty()) return absl::OkStatus();
    return access_.FetchRows(context_->ViewOf(access_.columns().table().layout.storage_id),
                             row_keys, sources, &sink_, lefts);
  }

  bool emits_right() const {
    return node_.type == common::v1::JOIN_TYPE_INNER || node_.type == common::v1::JOIN_TYPE_LEFT;
  }

  absl::Status Emit(const std::vector<uint32_t>& lefts, types::Batch right, types::Batch* out) {
    if (lefts.empty()) return absl::OkStatus();
    types::Batch pair =
        types::Gather(left_rows_, lefts.data(), static_cast<uint32_t>(lefts.size()));
    pair.row_count = static_cast<uint32_t>(lefts.size());
    pair.columns.insert(pair.columns.end(), right.columns.begin(), right.columns.end());
    if (node_.residual != nullptr) {
      std::vector<uint32_t> selection;
      RETURN_IF_ERROR(node_.residual->Select(context_->state, pair, &selection));
      actuals_->rows_removed += pair.row_count - selection.size();
      for (uint32_t i : selection) matched_[lefts[i]] = true;
      if (selection.size() != pair.row_count) {
        pair = types::Gather(pair, selection.data(), static_cast<uint32_t>(selection.size()));
      }
    } else {
      for (uint32_t left : lefts) matched_[left] = true;
    }
    if (emits_right()) *out = std::move(pair);
    return absl::OkStatus();
  }

  absl::StatusOr<bool> EmitRest(types::Batch* out) {
    if (node_.type == common::v1::JOIN_TYPE_INNER) return true;
    const bool semi = node_.type == common::v1::JOIN_TYPE_SEMI;
    std::vector<uint32_t> rows;
    for (uint32_t i = 0; i < left_rows_.row_count; ++i) {
      if (matched_[i] == semi) rows.push_back(i);
    }
    if (rows.empty()) return true;
    const auto count = static_cast<uint32_t>(rows.size());
    types::Batch rest = types::Gather(left_rows_, rows.data(), count);
    rest.row_count = count;
    if (!emits_right()) {
      *out = std::move(rest);
      return true;
    }
    for (const types::Type& type : access_.columns().types()) {
      rest.columns.push_back(Repeat(types::Value::Null(type), type, count));
    }
    *out = out->row_count == 0 ? std::move(rest) : Concatenate({*out, rest}, node_.output());
    return true;
  }

  const LookupJoinNode& node_;
  const IndexAccess& access_;
  OperatorPtr left_;
  RowSink sink_;
  types::Batch left_rows_;
  bool have_left_ = false;
  std::vector<std::string> prefixes_;
  std::vector<uint32_t> order_;
  size_t next_ = 0;
  std::vector<bool> matched_;
  std::unique_ptr<engine::Iterator> it_;
};

OperatorPtr LookupJoinNode::Open(ExecutionContext* context) const {
  return std::make_unique<LookupJoin>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileLookupJoin(const common::v1::Operator& plan,
                                              CompileScope* scope) {
  const common::v1::LookupJoin& join = plan.lookup_join();
  auto node = std::make_unique<LookupJoinNode>(plan);
  node->type = join.type();
  if (node->type != common::v1::JOIN_TYPE_INNER && node->type != common::v1::JOIN_TYPE_LEFT &&
      node->type != common::v1::JOIN_TYPE_SEMI && node->type != common::v1::JOIN_TYPE_ANTI) {
    return absl::InvalidArgumentError("malformed plan: join type of a lookup join");
  }
  ASSIGN_OR_RETURN(node->left, CompileOperator(join.left(), scope));
  ASSIGN_OR_RETURN(const catalog::TableEntry* table, scope->Table(join.table_id()));
  std::vector<uint32_t> ordinals(join.columns().begin(), join.columns().end());
  ASSIGN_OR_RETURN(node->access, IndexAccess::Make(table, join.index_id(), std::move(ordinals),
                                                   join.index_only()));
  RETURN_IF_ERROR(node->access->CheckOrdered());
  ASSIGN_OR_RETURN(node->keys, CompileAll(join.keys()));
  if (node->keys.empty() || node->keys.size() > node->access->key().size()) {
    return absl::InvalidArgumentError("malformed plan: keys of a lookup join");
  }
  ASSIGN_OR_RETURN(node->residual, CompileOptional(join.has_residual(), join.residual()));
  node->repeatable =
      AllRepeatable(node->keys) && (node->residual == nullptr || node->residual->repeatable());
  node->unique = node->access->unique() && node->keys.size() == node->access->key().size();
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
