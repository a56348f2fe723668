// Hash join and nested-loop join: pairs of a streamed left and a materialized right side. A nested
// loop is a join without keys: every right row is a candidate.
#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/join_build.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"
#include "services/storage/executor/worker_run.h"

namespace adbms::storage::executor {
namespace {

using common::v1::JoinType;

class JoinNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  // Right rows that match none are told when all left rows have been seen: by one.
  const catalog::TableEntry* divisible_by() const override {
    const bool repeatable =
        spec.repeatable && (spec.residual == nullptr || spec.residual->repeatable());
    return repeatable && !spec.keeps_right() ? spec.left->divisible_by() : nullptr;
  }
  absl::StatusOr<bool> MakeParts(ExecutionContext* context, SharedParts* parts) const override {
    ASSIGN_OR_RETURN(const bool left, spec.left->MakeParts(context, parts));
    if (!left) return false;
    ASSIGN_OR_RETURN(std::unique_ptr<JoinBuild> build, JoinBuild::Make(context, spec));
    if (build == nullptr) return false;
    parts->builds[id()] = std::move(build);
    return true;
  }
  JoinSpec spec;
};

class PairJoin : public Operator {
 public:
  // `build`: the right side, where it is made; or null.
  PairJoin(ExecutionContext* context, const JoinNode* node, const JoinBuild* build)
      : Operator(context, node->id()),
        node_(node->spec),
        build_(build),
        inputs_(context, &node->spec, build) {}
  ~PairJoin() override { DropRound(); }

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    *out = types::Batch();
    RETURN_IF_ERROR(context_->call->Check());
    switch (phase_) {
      case Phase::kRound: {
        ASSIGN_OR_RETURN(const bool more, StartRound());
        return more;
      }
      case Phase::kPairs:
        RETURN_IF_ERROR(Pair(out));
        break;
      case Phase::kRightRest:
        EmitRightRest(out);
        break;
      case Phase::kLeftRest:
        RETURN_IF_ERROR(EmitSeenLeft(out));
        break;
    }
    return true;
  }

  absl::Status DoRewind() override {
    DropRound();
    left_seen_ = {};
    context_->memory.Release(std::exchange(seen_reserved_, 0));
    phase_ = Phase::kRound;
    return inputs_.Rewind();
  }

 private:
  // What comes next in the round.
  enum class Phase { kRound, kPairs, kRightRest, kLeftRest };

  bool emits_right() const {
    return node_.type == common::v1::JOIN_TYPE_INNER || node_.type == common::v1::JOIN_TYPE_LEFT ||
           node_.type == common::v1::JOIN_TYPE_RIGHT || node_.type == common::v1::JOIN_TYPE_FULL;
  }

  // Whether left rows owe something when all of their pairs are known.
  bool owes_left() const {
    return node_.type != common::v1::JOIN_TYPE_INNER && node_.type != common::v1::JOIN_TYPE_RIGHT;
  }

  void DropRound() {
    have_left_ = null_rows_known_ = false;
    right_rest_ = 0;
    table_.reset();
    right_rows_ = right_key_rows_ = types::Batch();
    context_->memory.Release(std::exchange(probe_reserved_, 0));
  }

  absl::StatusOr<bool> StartRound() {
    DropRound();
    ASSIGN_OR_RETURN(const bool more, inputs_.NextRound());
    if (!more) return false;
    right_rows_ = inputs_.right_rows();
    right_key_rows_ = inputs_.right_keys();
    right_matched_.assign(right_rows_.row_count, false);
    if (build_ != nullptr) {
      table_ = build_->table;
    } else {
      auto table = std::make_shared<JoinTable>();
      if (!node_.right_keys.empty() && right_rows_.row_count > 0) table->Build(right_key_rows_);
      table_ = std::move(table);
    }
    left_base_ = 0;
    in_series_ = inputs_.left_was_here() || inputs_.left_comes_again();
    if (in_series_ && !inputs_.left_was_here()) {
      const auto bytes = static_cast<int64_t>(inputs_.left_row_count() / 8);
      context_->memory.Release(std::exchange(seen_reserved_, 0));
      RETURN_IF_ERROR(context_->memory.Reserve(bytes));
      seen_reserved_ = bytes;
      left_seen_.assign(inputs_.left_row_count(), false);
    }
    phase_ = Phase::kPairs;
    return true;
  }

  // The next pairs of the round.
  absl::Status Pair(types::Batch* out) {
    if (!have_left_) {
      ASSIGN_OR_RETURN(const bool more, inputs_.NextLeft(&left_rows_));
      if (!more) {
        phase_ = Phase::kRightRest;
        return absl::OkStatus();
      }
      RETURN_IF_ERROR(StartLeft());
    }
    if (node_.type == common::v1::JOIN_TYPE_ANTI_NULL_AWARE) {
      RETURN_IF_ERROR(FindHidden());
      return EndLeft(out);
    }
    std::vector<uint32_t> lefts;
    std::vector<uint32_t> rights;
    const bool exhausted = CollectPairs(&lefts, &rights);
    RETURN_IF_ERROR(EmitPairs(lefts, rights, out));
    return exhausted ? EndLeft(out) : absl::OkStatus();
  }

  absl::Status StartLeft() {
    have_left_ = true;
    ASSIGN_OR_RETURN(left_key_rows_, EvaluateAll(node_.left_keys, context_, left_rows_));
    left_key_columns_ = Pointers(left_key_rows_);
    RETURN_IF_ERROR(CountProbe());
    left_matched_.assign(left_rows_.row_count, false);
    if (in_series_) {
      for (uint32_t i = 0; i < left_rows_.row_count; ++i)
        left_matched_[i] = left_seen_[left_base_ + i];
    }
    left_at_ = 0;
    candidate_ = FirstCandidate(0);
    return absl::OkStatus();
  }

  // The left rows at hand have met all right rows of the round.
  absl::Status EndLeft(types::Batch* out) {
    have_left_ = false;
    if (!in_series_) return EmitLeftRest(out);
    for (uint32_t i = 0; i < left_rows_.row_count; ++i) {
      if (left_matched_[i]) left_seen_[left_base_ + i] = true;
    }
    left_base_ += left_rows_.row_count;
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
    if (!emits_right() && left_matched_[left]) return kNullRow;
    if (node_.left_keys.empty()) return 0;
    return AnyNull(left_key_rows_, left) ? kNullRow
                                         : table_->First(left_key_columns_, left, &scratch_);
  }
  uint32_t NextCandidate(uint32_t right) const {
    if (!node_.left_keys.empty()) return table_->Next(right);
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

  // What a left batch that has met all right rows still owes.
  absl::Status EmitLeftRest(types::Batch* out) {
    if (!owes_left()) return absl::OkStatus();
    const bool semi = node_.type == common::v1::JOIN_TYPE_SEMI;
    const bool outer =
        node_.type == common::v1::JOIN_TYPE_LEFT || node_.type == common::v1::JOIN_TYPE_FULL;
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
    *out = out->row_count == 0 ? std::move(rest) : Concatenate({*out, rest}, node_.output);
    return absl::OkStatus();
  }

  void EmitRightRest(types::Batch* out) {
    std::vector<uint32_t> rows;
    while (node_.keeps_right() && right_rest_ < right_rows_.row_count &&
           rows.size() < types::BatchRows()) {
      if (!right_matched_[right_rest_]) rows.push_back(right_rest_);
      ++right_rest_;
    }
    if (!rows.empty()) {
      left_rows_ = NewBatch(node_.left->output(), 0);
      *out = Combine(std::vector<uint32_t>(rows.size(), kNullRow), rows);
      return;
    }
    phase_ = Phase::kRound;
    if (in_series_ && !inputs_.left_comes_again() && owes_left()) {
      phase_ = Phase::kLeftRest;
      inputs_.RewindLeft();
      left_base_ = 0;
    }
  }

  // What left rows owe that were in several rounds.
  absl::Status EmitSeenLeft(types::Batch* out) {
    ASSIGN_OR_RETURN(const bool more, inputs_.NextLeft(&left_rows_));
    if (!more) {
      phase_ = Phase::kRound;
      return absl::OkStatus();
    }
    left_matched_.assign(left_seen_.begin() + static_cast<long>(left_base_),
                         left_seen_.begin() + static_cast<long>(left_base_ + left_rows_.row_count));
    left_base_ += left_rows_.row_count;
    return EmitLeftRest(out);
  }

  // NOT IN: a left row survives when every right row differs from it in a key that is NULL on
  // neither side. Those that do not are marked as matched.
  absl::Status FindHidden() {
    for (uint32_t left = 0; left < left_rows_.row_count; ++left) {
      if (left_matched_[left]) continue;
      ASSIGN_OR_RETURN(const bool hidden, IsHidden(left));
      left_matched_[left] = hidden;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<bool> IsHidden(uint32_t left) {
    if (right_rows_.row_count == 0) return false;
    std::vector<uint32_t> candidates;
    if (!AnyNull(left_key_rows_, left)) {
      for (uint32_t r = table_->First(left_key_columns_, left, &scratch_); r != kNullRow;
           r = table_->Next(r)) {
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

  const JoinSpec& node_;
  const JoinBuild* const build_;
  JoinInputs inputs_;
  Phase phase_ = Phase::kRound;
  bool have_left_ = false;
  int64_t probe_reserved_ = 0;
  types::Batch right_rows_;
  types::Batch right_key_rows_;
  std::shared_ptr<const JoinTable> table_;
  std::string scratch_;
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
  // Left rows that come in several rounds, by their position: whether they have matched.
  bool in_series_ = false;
  std::vector<bool> left_seen_;
  uint64_t left_base_ = 0;
  int64_t seen_reserved_ = 0;
};

OperatorPtr JoinNode::Open(ExecutionContext* context) const {
  const JoinBuild* build = nullptr;
  if (context->parts != nullptr) build = context->parts->builds.at(id()).get();
  return std::make_unique<PairJoin>(context, this, build);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileHashJoin(const common::v1::Operator& plan, CompileScope* scope) {
  const common::v1::HashJoin& join = plan.hash_join();
  auto node = std::make_unique<JoinNode>(plan);
  JoinSpec& spec = node->spec;
  spec.type = join.type();
  ASSIGN_OR_RETURN(spec.left, CompileOperator(join.left(), scope));
  ASSIGN_OR_RETURN(spec.right, CompileOperator(join.right(), scope));
  if (join.left_keys_size() != join.right_keys_size()) {
    return absl::InvalidArgumentError("malformed plan: join keys do not pair up");
  }
  ASSIGN_OR_RETURN(spec.left_keys, CompileAll(join.left_keys()));
  ASSIGN_OR_RETURN(spec.right_keys, CompileAll(join.right_keys()));
  spec.repeatable = AllRepeatable(spec.left_keys) && AllRepeatable(spec.right_keys);
  for (size_t i = 0; i < spec.left_keys.size(); ++i) {
    if (types::PhysicalOf(spec.left_keys[i]->type().id) !=
        types::PhysicalOf(spec.right_keys[i]->type().id)) {
      return absl::InvalidArgumentError("malformed plan: join keys of different types");
    }
  }
  ASSIGN_OR_RETURN(spec.residual, CompileOptional(join.has_residual(), join.residual()));
  spec.output = node->output();
  return PlanNodePtr(std::move(node));
}

absl::StatusOr<PlanNodePtr> CompileNestedLoopJoin(const common::v1::Operator& plan,
                                                  CompileScope* scope) {
  const common::v1::NestedLoopJoin& join = plan.nested_loop_join();
  auto node = std::make_unique<JoinNode>(plan);
  JoinSpec& spec = node->spec;
  spec.type = join.type();
  if (spec.type == common::v1::JOIN_TYPE_ANTI_NULL_AWARE) {
    return absl::InvalidArgumentError("malformed plan: NOT IN needs keys");
  }
  ASSIGN_OR_RETURN(spec.left, CompileOperator(join.left(), scope));
  ASSIGN_OR_RETURN(spec.right, CompileOperator(join.right(), scope));
  ASSIGN_OR_RETURN(spec.residual, CompileOptional(join.has_condition(), join.condition()));
  spec.output = node->output();
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
