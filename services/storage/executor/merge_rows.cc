// MERGE: what is to be done with each row of the join of source and target, decided on the row as
// it is when it is locked (decision 054).
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/executor/partition_targets.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

namespace sqlstate = status::sqlstate;

// A key that is remembered, beside its bytes.
constexpr int64_t kBytesOfSeen = 48;

class MergeRowsNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;

  const catalog::TableEntry* table = nullptr;
  PlanNodePtr input;
  CompiledExpressionPtr action;
  CompiledExpressionPtr matches;  // Null: always.
  bool asks_once = false;
  // By action, from 1: how it locks the row that it changes; none: it changes none.
  std::vector<std::optional<txn::LockMode>> locks;
  std::unique_ptr<const PartitionTargets> partitions;
};

class MergeRows : public Operator {
 public:
  MergeRows(ExecutionContext* context, const MergeRowsNode* node)
      : Operator(context, node->id()), node_(*node), input_(node->input->Open(context)) {}
  ~MergeRows() override { context_->memory.Release(seen_bytes_); }

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    ASSIGN_OR_RETURN(const bool more, input_->Next(out));
    if (!more) return false;
    ASSIGN_OR_RETURN(types::VectorPtr actions, node_.action->Evaluate(context_->state, *out));
    // Its own: it may be the expression's constant.
    auto decided = std::make_shared<types::Vector>(types::Type{types::TypeId::kInt4, 0});
    for (uint32_t row = 0; row < out->row_count; ++row) {
      if (actions->is_null(row)) return absl::InternalError("malformed plan: no action");
      decided->AppendFrom(*actions, row);
    }
    std::vector<Changed> changed;
    RETURN_IF_ERROR(LockRows(*out, *decided, &changed));
    if (!changed.empty()) RETURN_IF_ERROR(DecideAgain(changed, decided.get(), out));
    RETURN_IF_ERROR(CheckOnce(*out, *decided));
    out->columns.push_back(std::move(decided));
    return true;
  }

  absl::Status DoRewind() override {
    seen_.clear();
    context_->memory.Release(std::exchange(seen_bytes_, 0));
    return input_->Rewind();
  }

 private:
  // A row that is another than the statement has read.
  struct Changed {
    uint32_t row = 0;
    const catalog::TableEntry* table = nullptr;
    std::optional<std::string> version;  // None: it is gone.
  };

  size_t width() const { return node_.table->layout.types.size(); }

  // How the row is to be locked; none: nothing changes it.
  std::optional<txn::LockMode> LockOf(const types::Vector& keys, const types::Vector& decided,
                                      uint32_t row) const {
    if (keys.is_null(row)) return std::nullopt;
    const auto action = static_cast<size_t>(decided.data<int32_t>()[row]);
    return action < node_.locks.size() ? node_.locks[action] : std::nullopt;
  }

  absl::StatusOr<const catalog::TableEntry*> TableOf(std::string_view key) const {
    if (node_.partitions == nullptr || !node_.partitions->divided()) return node_.table;
    const PartitionTargets::Leaf* const leaf = node_.partitions->LeafOf(key);
    if (leaf == nullptr) return absl::InternalError("a row that is in no partition");
    return leaf->table;
  }

  absl::Status LockRows(const types::Batch& batch, const types::Vector& decided,
                        std::vector<Changed>* changed) {
    const types::Vector& keys = *batch.columns[width()];
    std::vector<const types::Vector*> columns = Pointers(batch);
    columns.resize(width());
    std::string expected;
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      const std::optional<txn::LockMode> mode = LockOf(keys, decided, row);
      if (!mode.has_value()) continue;
      const std::string_view key = keys.data<std::string_view>()[row];
      ASSIGN_OR_RETURN(const catalog::TableEntry* table, TableOf(key));
      engine::PinnableSlice value;
      bool found = false;
      RETURN_IF_ERROR(context_->transaction->LockRow(*context_->call, key, *mode,
                                                     /*validate=*/true, &value, &found));
      if (!found) {
        RETURN_IF_ERROR(context_->transaction->CheckNotMoved(key));
        changed->push_back({row, table, std::nullopt});
        continue;
      }
      expected.clear();
      table->layout.row.Append(columns, row, &expected);
      if (engine::ToView(value) != expected)
        changed->push_back({row, table, std::string(engine::ToView(value))});
    }
    return absl::OkStatus();
  }

  // Puts the rows as they are now in place, NULLs for those that match no more, and decides anew.
  absl::Status DecideAgain(const std::vector<Changed>& changed, types::Vector* decided,
                           types::Batch* batch) {
    const auto count = static_cast<uint32_t>(changed.size());
    std::vector<uint32_t> rows;
    for (const Changed& one : changed) rows.push_back(one.row);
    types::Batch now = types::Gather(*batch, rows.data(), count);
    const std::vector<types::Type>& types = node_.table->layout.types;
    types::Batch latest = NewBatch(types, count);
    std::vector<types::Vector*> outs;
    for (const types::VectorPtr& column : latest.columns) outs.push_back(column.get());
    std::vector<uint32_t> there;
    for (uint32_t i = 0; i < count; ++i) {
      if (!changed[i].version.has_value()) continue;
      const codec::TableLayout& layout = changed[i].table->layout;
      RETURN_IF_ERROR(codec::RowDecoder(&layout.row, all_, &layout.missing)
                          .Decode(*changed[i].version, i, outs.data()));
      there.push_back(i);
    }
    std::copy(latest.columns.begin(), latest.columns.end(), now.columns.begin());
    ASSIGN_OR_RETURN(const std::vector<bool> matches, MatchesOf(now, there));
    std::vector<uint32_t> kept;
    for (uint32_t i = 0; i < count; ++i) kept.push_back(matches[i] ? i : kNullRow);
    for (size_t c = 0; c <= width(); ++c)
      now.columns[c] = GatherNullable(*now.columns[c], kept.data(), count);
    now.row_count = count;
    ASSIGN_OR_RETURN(const types::VectorPtr actions, node_.action->Evaluate(context_->state, now));
    for (uint32_t i = 0; i < count; ++i) {
      if (actions->is_null(i)) return absl::InternalError("malformed plan: no action");
      decided->data<int32_t>()[changed[i].row] = actions->data<int32_t>()[i];
    }
    for (size_t c = 0; c <= width(); ++c) {
      auto merged = std::make_shared<types::Vector>(batch->columns[c]->type());
      merged->Reserve(batch->row_count);
      merged->ShareStrings(*batch->columns[c]);
      merged->ShareStrings(*now.columns[c]);
      size_t next = 0;
      for (uint32_t row = 0; row < batch->row_count; ++row) {
        if (next < changed.size() && changed[next].row == row) {
          merged->AppendFrom(*now.columns[c], static_cast<uint32_t>(next++));
        } else {
          merged->AppendFrom(*batch->columns[c], row);
        }
      }
      batch->columns[c] = std::move(merged);
    }
    return absl::OkStatus();
  }

  // Which rows match as they are now; `there`: those that are not gone.
  absl::StatusOr<std::vector<bool>> MatchesOf(const types::Batch& now,
                                              const std::vector<uint32_t>& there) {
    std::vector<bool> matches(now.row_count, false);
    if (there.empty()) return matches;
    if (node_.asks_once)
      return status::Error(sqlstate::kSerializationFailure,
                           "could not serialize access due to concurrent update",
                           "The condition of MERGE has a subquery, and a row that it is about was "
                           "changed by another transaction.",
                           "Try again.");
    std::vector<uint32_t> selection;
    const types::Batch subset =
        types::Gather(now, there.data(), static_cast<uint32_t>(there.size()));
    if (node_.matches != nullptr) {
      RETURN_IF_ERROR(node_.matches->Select(context_->state, subset, &selection));
    } else {
      for (uint32_t i = 0; i < subset.row_count; ++i) selection.push_back(i);
    }
    for (const uint32_t i : selection) matches[there[i]] = true;
    return matches;
  }

  absl::Status CheckOnce(const types::Batch& batch, const types::Vector& decided) {
    const types::Vector& keys = *batch.columns[width()];
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      if (!LockOf(keys, decided, row).has_value()) continue;
      const std::string_view key = keys.data<std::string_view>()[row];
      if (!seen_.emplace(key).second)
        return status::Error(
            sqlstate::kCardinalityViolation, "MERGE command cannot affect row a second time", {},
            "Ensure that not more than one source row matches any one target row.");
      const auto bytes = static_cast<int64_t>(key.size()) + kBytesOfSeen;
      RETURN_IF_ERROR(context_->memory.Reserve(bytes));
      seen_bytes_ += bytes;
    }
    return absl::OkStatus();
  }

  static std::vector<uint32_t> Ordinals(size_t width) {
    std::vector<uint32_t> ordinals(width);
    for (uint32_t i = 0; i < width; ++i) ordinals[i] = i;
    return ordinals;
  }

  const MergeRowsNode& node_;
  OperatorPtr input_;
  const std::vector<uint32_t> all_ = Ordinals(node_.table->layout.types.size());
  absl::flat_hash_set<std::string> seen_;  // Row keys.
  int64_t seen_bytes_ = 0;
};

OperatorPtr MergeRowsNode::Open(ExecutionContext* context) const {
  return std::make_unique<MergeRows>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileMergeRows(const common::v1::Operator& plan,
                                             CompileScope* scope) {
  const common::v1::MergeRows& merge = plan.merge_rows();
  auto node = std::make_unique<MergeRowsNode>(plan);
  scope->plan->locks_rows = true;
  ASSIGN_OR_RETURN(node->table, scope->Table(merge.table_id()));
  ASSIGN_OR_RETURN(node->input, CompileOperator(merge.input(), scope));
  if (node->input->output().size() <= node->table->layout.types.size())
    return absl::InvalidArgumentError("malformed plan: the input lacks columns or the row's key");
  for (size_t i = 0; i < node->table->layout.types.size(); ++i) {
    if (types::PhysicalOf(node->input->output()[i].id) !=
        types::PhysicalOf(node->table->layout.types[i].id))
      return absl::InvalidArgumentError("malformed plan: columns of another table");
  }
  const types::Type key = node->input->output()[node->table->layout.types.size()];
  if (types::PhysicalOf(key.id) != types::Physical::kString)
    return absl::InvalidArgumentError("malformed plan: the input lacks the row's key");
  ASSIGN_OR_RETURN(node->action, sql::expression::Compile(merge.action()));
  if (node->action->type().id != types::TypeId::kInt4)
    return absl::InvalidArgumentError("malformed plan: an action is a number");
  ASSIGN_OR_RETURN(node->matches, CompileOptional(merge.has_matches(), merge.matches()));
  if (node->matches != nullptr && node->matches->type().id != types::TypeId::kBool)
    return absl::InvalidArgumentError("malformed plan: a condition is boolean");
  node->asks_once = merge.asks_once();
  node->locks.emplace_back();
  for (const int action : merge.actions()) {
    std::optional<txn::LockMode>& lock = node->locks.emplace_back();
    if (action == common::v1::STATEMENT_KIND_UPDATE) lock = txn::LockMode::kForNoKeyUpdate;
    if (action == common::v1::STATEMENT_KIND_DELETE) lock = txn::LockMode::kForUpdate;
  }
  ASSIGN_OR_RETURN(node->partitions, PartitionTargets::Make(node->table, {}, [&](uint32_t id) {
                     return scope->Table(id);
                   }));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
