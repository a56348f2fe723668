// Hash join and nested-loop join: pairs of a streamed left and a materialized right side. A nested
// loop is a join without keys: every right row is a candidate.
#include <bit>
#include <span>

#include "absl/container/flat_hash_map.h"
#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"

namespace adbms::storage::executor {
namespace {

using common::v1::JoinType;
using types::Physical;

class JoinNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;

  JoinType type = common::v1::JOIN_TYPE_INNER;
  PlanNodePtr left;
  PlanNodePtr right;
  std::vector<CompiledExpressionPtr> left_keys;
  std::vector<CompiledExpressionPtr> right_keys;
  CompiledExpressionPtr residual;
};

bool IsIntegral(Physical physical) {
  return physical == Physical::kInt16 || physical == Physical::kInt32 ||
         physical == Physical::kInt64;
}

int64_t IntegerAt(const types::Vector& vector, uint32_t row) {
  switch (vector.physical()) {
    case Physical::kInt16:
      return vector.data<int16_t>()[row];
    case Physical::kInt32:
      return vector.data<int32_t>()[row];
    default:
      return vector.data<int64_t>()[row];
  }
}

bool AnyNull(const types::Batch& keys, uint32_t row) {
  for (const types::VectorPtr& column : keys.columns) {
    if (column->is_null(row)) return true;
  }
  return false;
}

// Right rows by key: chains through next_.
class HashTable {
 public:
  void Build(const types::Batch& keys) {
    next_.assign(keys.row_count, kNullRow);
    integer_ = keys.columns.size() == 1 && IsIntegral(keys.columns[0]->physical());
    if (integer_) {
      integers_.reserve(keys.row_count);
    } else {
      strings_.reserve(keys.row_count);
    }
    const std::vector<const types::Vector*> columns = Pointers(keys);
    for (uint32_t i = keys.row_count; i-- > 0;) {  // Backwards, so that chains run forwards.
      if (AnyNull(keys, i)) continue;
      uint32_t* head = nullptr;
      if (integer_) {
        head = &integers_.try_emplace(IntegerAt(*columns[0], i), kNullRow).first->second;
      } else {
        std::string key;
        AppendRowIdentity(columns, i, &key);
        head = &strings_.try_emplace(std::move(key), kNullRow).first->second;
      }
      next_[i] = *head;
      *head = i;
    }
  }
  uint32_t First(const std::vector<const types::Vector*>& keys, uint32_t row) {
    if (integer_) {
      const auto it = integers_.find(IntegerAt(*keys[0], row));
      return it == integers_.end() ? kNullRow : it->second;
    }
    scratch_.clear();
    if (scratch_.capacity() > kLongIdentity)
      std::string().swap(scratch_);  // Would double as it grows.
    AppendRowIdentity(keys, row, &scratch_);
    const auto it = strings_.find(scratch_);
    return it == strings_.end() ? kNullRow : it->second;
  }
  uint32_t Next(uint32_t right) const { return next_[right]; }
  // What Build of these keys takes, the keys' own vectors included.
  static int64_t BytesFor(const types::Batch& keys) {
    int64_t bytes = MemoryOf(keys);
    for (const types::VectorPtr& column : keys.columns) {
      bytes += keys.row_count * int64_t{48};
      if (column->physical() != Physical::kString) continue;
      for (uint32_t row = 0; row < keys.row_count; ++row) {
        if (column->is_null(row)) continue;
        const size_t size = column->data<std::string_view>()[row].size();
        bytes += size > 12 ? static_cast<int64_t>(size) + 16 : 0;
      }
    }
    return bytes;
  }

 private:
  bool integer_ = false;
  absl::flat_hash_map<int64_t, uint32_t> integers_;
  absl::flat_hash_map<std::string, uint32_t> strings_;
  std::vector<uint32_t> next_;
  std::string scratch_;
};

class PairJoin : public Operator {
 public:
  PairJoin(ExecutionContext* context, const JoinNode* node)
      : Operator(context, node->id()),
        node_(*node),
        left_(node->left->Open(context)),
        right_(node->right->Open(context)) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    *out = types::Batch();
    if (!built_) RETURN_IF_ERROR(Build());
    RETURN_IF_ERROR(context_->call->Check());
    if (left_done_) return EmitRightRest(out);
    if (!have_left_) {
      ASSIGN_OR_RETURN(const bool more, left_->Next(&left_rows_));
      if (!more) {
        left_done_ = true;
        return true;
      }
      RETURN_IF_ERROR(StartLeft());
    }
    if (node_.type == common::v1::JOIN_TYPE_ANTI_NULL_AWARE) {
      have_left_ = false;
      return AntiNullAware(out);
    }
    std::vector<uint32_t> lefts;
    std::vector<uint32_t> rights;
    const bool exhausted = CollectPairs(&lefts, &rights);
    RETURN_IF_ERROR(EmitPairs(lefts, rights, out));
    if (exhausted) {
      have_left_ = false;
      RETURN_IF_ERROR(EmitLeftRest(out));
    }
    return true;
  }

  absl::Status DoRewind() override {
    built_ = left_done_ = have_left_ = false;
    right_rest_ = 0;
    table_ = HashTable();
    right_rows_ = right_key_rows_ = types::Batch();
    context_->memory.Release(reserved_ + probe_reserved_);
    reserved_ = probe_reserved_ = 0;
    RETURN_IF_ERROR(left_->Rewind());
    return right_->Rewind();
  }

 private:
  bool emits_right() const {
    return node_.type == common::v1::JOIN_TYPE_INNER || node_.type == common::v1::JOIN_TYPE_LEFT ||
           node_.type == common::v1::JOIN_TYPE_RIGHT || node_.type == common::v1::JOIN_TYPE_FULL;
  }

  absl::Status Build() {
    ASSIGN_OR_RETURN(std::vector<types::Batch> batches, Drain(right_.get(), context_, &reserved_));
    right_rows_ = Concatenate(batches, node_.right->output());
    right_matched_.assign(right_rows_.row_count, false);
    built_ = true;
    if (node_.right_keys.empty()) return absl::OkStatus();
    if (right_rows_.row_count > 0) {
      ASSIGN_OR_RETURN(right_key_rows_, EvaluateAll(node_.right_keys, context_, right_rows_));
      const int64_t table_bytes = HashTable::BytesFor(right_key_rows_);
      RETURN_IF_ERROR(context_->memory.Reserve(table_bytes));
      reserved_ += table_bytes;
      table_.Build(right_key_rows_);
    } else {
      right_key_rows_ = types::Batch();
    }
    return absl::OkStatus();
  }

  absl::Status StartLeft() {
    have_left_ = true;
    ASSIGN_OR_RETURN(left_key_rows_, EvaluateAll(node_.left_keys, context_, left_rows_));
    left_key_columns_ = Pointers(left_key_rows_);
    RETURN_IF_ERROR(CountProbe());
    left_matched_.assign(left_rows_.row_count, false);
    left_at_ = 0;
    candidate_ = FirstCandidate(0);
    return absl::OkStatus();
  }

  // The table makes one left key at a time.
  absl::Status CountProbe() {
    size_t longest = 0;
    for (uint32_t row = 0; row < left_rows_.row_count; ++row)
      longest = std::max(longest, IdentityBytes(left_key_columns_, row));
    const auto more = static_cast<int64_t>(longest) - probe_reserved_;
    if (longest <= kLongIdentity || more <= 0) return absl::OkStatus();
    RETURN_IF_ERROR(context_->memory.Reserve(more));
    probe_reserved_ += more;
    return absl::OkStatus();
  }

  uint32_t FirstCandidate(uint32_t left) {
    if (left >= left_rows_.row_count || right_rows_.row_count == 0) return kNullRow;
    if (node_.left_keys.empty()) return 0;
    return AnyNull(left_key_rows_, left) ? kNullRow : table_.First(left_key_columns_, left);
  }
  uint32_t NextCandidate(uint32_t right) const {
    if (!node_.left_keys.empty()) return table_.Next(right);
    return right + 1 < right_rows_.row_count ? right + 1 : kNullRow;
  }

  // Up to a batch of candidate pairs; true when the left batch has no more.
  bool CollectPairs(std::vector<uint32_t>* lefts, std::vector<uint32_t>* rights) {
    const bool first_match_only = node_.residual == nullptr && !emits_right();
    while (left_at_ < left_rows_.row_count) {
      while (candidate_ != kNullRow) {
        if (lefts->size() == types::BatchRows()) return false;
        lefts->push_back(left_at_);
        rights->push_back(candidate_);
        candidate_ = first_match_only ? kNullRow : NextCandidate(candidate_);
      }
      candidate_ = FirstCandidate(++left_at_);
    }
    return true;
  }

  types::Batch Combine(const std::vector<uint32_t>& lefts,
                       const std::vector<uint32_t>& rights) const {
    types::Batch pair;
    pair.row_count = static_cast<uint32_t>(lefts.size());
    for (const types::VectorPtr& column : left_rows_.columns) {
      pair.columns.push_back(GatherNullable(*column, lefts.data(), pair.row_count));
    }
    for (const types::VectorPtr& column : right_rows_.columns) {
      pair.columns.push_back(GatherNullable(*column, rights.data(), pair.row_count));
    }
    return pair;
  }

  absl::Status EmitPairs(std::vector<uint32_t>& lefts, std::vector<uint32_t>& rights,
                         types::Batch* out) {
    if (lefts.empty()) return absl::OkStatus();
    types::Batch pair;
    if (node_.residual != nullptr || emits_right()) pair = Combine(lefts, rights);
    if (node_.residual != nullptr) {
      std::vector<uint32_t> selection;
      RETURN_IF_ERROR(node_.residual->Select(context_->state, pair, &selection));
      actuals_->rows_removed += pair.row_count - selection.size();
      for (uint32_t i : selection) MarkMatched(lefts[i], rights[i]);
      if (emits_right() && selection.size() != pair.row_count) {
        pair = types::Gather(pair, selection.data(), static_cast<uint32_t>(selection.size()));
      }
    } else {
      for (size_t i = 0; i < lefts.size(); ++i) MarkMatched(lefts[i], rights[i]);
    }
    if (emits_right()) *out = std::move(pair);
    return absl::OkStatus();
  }

  void MarkMatched(uint32_t left, uint32_t right) {
    left_matched_[left] = true;
    right_matched_[right] = true;
  }

  // What a finished left batch still owes.
  absl::Status EmitLeftRest(types::Batch* out) {
    const JoinType type = node_.type;
    const bool outer = type == common::v1::JOIN_TYPE_LEFT || type == common::v1::JOIN_TYPE_FULL;
    const bool semi = type == common::v1::JOIN_TYPE_SEMI;
    if (!outer && !semi && type != common::v1::JOIN_TYPE_ANTI) return absl::OkStatus();
    std::vector<uint32_t> rows;
    for (uint32_t i = 0; i < left_rows_.row_count; ++i) {
      if (left_matched_[i] == semi) rows.push_back(i);
    }
    if (rows.empty()) return absl::OkStatus();
    if (!outer) {
      *out = types::Gather(left_rows_, rows.data(), static_cast<uint32_t>(rows.size()));
      return absl::OkStatus();
    }
    const std::vector<uint32_t> nulls(rows.size(), kNullRow);
    types::Batch rest = Combine(rows, nulls);
    *out = out->row_count == 0 ? std::move(rest) : Concatenate({*out, rest}, node_.output());
    return absl::OkStatus();
  }

  absl::StatusOr<bool> EmitRightRest(types::Batch* out) {
    if (node_.type != common::v1::JOIN_TYPE_RIGHT && node_.type != common::v1::JOIN_TYPE_FULL)
      return false;
    std::vector<uint32_t> rows;
    while (right_rest_ < right_rows_.row_count && rows.size() < types::BatchRows()) {
      if (!right_matched_[right_rest_]) rows.push_back(right_rest_);
      ++right_rest_;
    }
    if (rows.empty()) return false;
    left_rows_ = NewBatch(node_.left->output(), 0);
    *out = Combine(std::vector<uint32_t>(rows.size(), kNullRow), rows);
    return true;
  }

  // NOT IN: a left row survives when every right row differs from it in a key that is NULL on
  // neither side.
  absl::StatusOr<bool> AntiNullAware(types::Batch* out) {
    std::vector<uint32_t> kept;
    for (uint32_t left = 0; left < left_rows_.row_count; ++left) {
      ASSIGN_OR_RETURN(const bool hidden, IsHidden(left));
      if (!hidden) kept.push_back(left);
    }
    if (!kept.empty())
      *out = types::Gather(left_rows_, kept.data(), static_cast<uint32_t>(kept.size()));
    return true;
  }

  absl::StatusOr<bool> IsHidden(uint32_t left) {
    if (right_rows_.row_count == 0) return false;
    std::vector<uint32_t> candidates;
    if (!AnyNull(left_key_rows_, left)) {
      for (uint32_t r = table_.First(left_key_columns_, left); r != kNullRow; r = table_.Next(r)) {
        candidates.push_back(r);
      }
      if (!null_rows_known_) FindNullRows();
      for (uint32_t right : null_rows_) {
        if (MayBeEqual(left, right)) candidates.push_back(right);
      }
    } else {
      for (uint32_t right = 0; right < right_rows_.row_count; ++right) {
        if (MayBeEqual(left, right)) candidates.push_back(right);
      }
    }
    if (candidates.empty() || node_.residual == nullptr) return !candidates.empty();
    const types::Batch pair = Combine(std::vector<uint32_t>(candidates.size(), left), candidates);
    std::vector<uint32_t> selection;
    RETURN_IF_ERROR(node_.residual->Select(context_->state, pair, &selection));
    return !selection.empty();
  }

  void FindNullRows() {
    null_rows_known_ = true;
    null_rows_.clear();
    for (uint32_t i = 0; i < right_rows_.row_count; ++i) {
      if (AnyNull(right_key_rows_, i)) null_rows_.push_back(i);
    }
  }

  bool MayBeEqual(uint32_t left, uint32_t right) const {
    for (size_t i = 0; i < left_key_rows_.columns.size(); ++i) {
      const types::Vector& a = *left_key_rows_.columns[i];
      const types::Vector& b = *right_key_rows_.columns[i];
      if (a.is_null(left) || b.is_null(right)) continue;
      std::string x, y;
      AppendRowIdentity({&a}, left, &x);
      AppendRowIdentity({&b}, right, &y);
      if (x != y) return false;
    }
    return true;
  }

  const JoinNode& node_;
  OperatorPtr left_;
  OperatorPtr right_;
  bool built_ = false;
  bool left_done_ = false;
  bool have_left_ = false;
  int64_t reserved_ = 0;
  int64_t probe_reserved_ = 0;
  types::Batch right_rows_;
  types::Batch right_key_rows_;
  HashTable table_;
  std::vector<bool> right_matched_;
  uint32_t right_rest_ = 0;
  types::Batch left_rows_;
  types::Batch left_key_rows_;
  std::vector<const types::Vector*> left_key_columns_;
  std::vector<bool> left_matched_;
  uint32_t left_at_ = 0;
  uint32_t candidate_ = kNullRow;
  bool null_rows_known_ = false;
  std::vector<uint32_t> null_rows_;
};

OperatorPtr JoinNode::Open(ExecutionContext* context) const {
  return std::make_unique<PairJoin>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileHashJoin(const common::v1::Operator& plan, CompileScope* scope) {
  const common::v1::HashJoin& join = plan.hash_join();
  auto node = std::make_unique<JoinNode>(plan);
  node->type = join.type();
  ASSIGN_OR_RETURN(node->left, CompileOperator(join.left(), scope));
  ASSIGN_OR_RETURN(node->right, CompileOperator(join.right(), scope));
  if (join.left_keys_size() != join.right_keys_size()) {
    return absl::InvalidArgumentError("malformed plan: join keys do not pair up");
  }
  ASSIGN_OR_RETURN(node->left_keys, CompileAll(join.left_keys()));
  ASSIGN_OR_RETURN(node->right_keys, CompileAll(join.right_keys()));
  for (size_t i = 0; i < node->left_keys.size(); ++i) {
    if (types::PhysicalOf(node->left_keys[i]->type().id) !=
        types::PhysicalOf(node->right_keys[i]->type().id)) {
      return absl::InvalidArgumentError("malformed plan: join keys of different types");
    }
  }
  ASSIGN_OR_RETURN(node->residual, CompileOptional(join.has_residual(), join.residual()));
  return PlanNodePtr(std::move(node));
}

absl::StatusOr<PlanNodePtr> CompileNestedLoopJoin(const common::v1::Operator& plan,
                                                  CompileScope* scope) {
  const common::v1::NestedLoopJoin& join = plan.nested_loop_join();
  auto node = std::make_unique<JoinNode>(plan);
  node->type = join.type();
  if (node->type == common::v1::JOIN_TYPE_ANTI_NULL_AWARE) {
    return absl::InvalidArgumentError("malformed plan: NOT IN needs keys");
  }
  ASSIGN_OR_RETURN(node->left, CompileOperator(join.left(), scope));
  ASSIGN_OR_RETURN(node->right, CompileOperator(join.right(), scope));
  ASSIGN_OR_RETURN(node->residual, CompileOptional(join.has_condition(), join.condition()));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
