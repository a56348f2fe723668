// Groups by hashing; DISTINCT; aggregates with DISTINCT, FILTER and ORDER BY inside the call. Rows
// whose groups find no room in memory wait in partitions on disk, which are grouped one after the
// other.
#include <algorithm>
#include <numeric>
#include <optional>

#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/aggregate_states.h"
#include "services/storage/executor/counted_rows.h"
#include "services/storage/executor/group_table.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_partitions.h"

namespace adbms::storage::executor {
namespace {

class AggregateNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  PlanNodePtr input;
  std::vector<CompiledExpressionPtr> keys;
  std::vector<types::Type> key_types;
  std::vector<AggregateCall> calls;
  size_t block_bytes = 0;
  bool repeatable = false;  // What is evaluated for a batch.
  // count(*) of all its rows is all that is asked for; null: it is not.
  const catalog::TableEntry* counted = nullptr;
};

class HashAggregate : public Operator {
 public:
  HashAggregate(ExecutionContext* context, const AggregateNode* node)
      : Operator(context, node->id()),
        node_(*node),
        input_(node->input->Open(context)),
        table_(context, node->key_types, node->block_bytes + sizeof(char*)),
        states_(context, &node->calls, node->block_bytes) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (!computed_) {
      if (node_.counted != nullptr) {
        ASSIGN_OR_RETURN(computed_, EmitCount(*node_.counted, context_, node_.calls.size(), out));
        if (computed_) return true;
      }
      RETURN_IF_ERROR(Compute());
      computed_ = true;
    }
    while (emitted_ == states_.size()) {
      if (waiting_.empty()) return false;
      RETURN_IF_ERROR(ComputeNext());
    }
    return Emit(out);
  }

  absl::Status DoRewind() override {
    Clear();
    waiting_.clear();
    partitions_.reset();
    level_ = 0;
    computed_ = false;
    return input_->Rewind();
  }

 private:
  // The rows that a call takes of a batch.
  struct CallRows {
    types::Batch filtered;
    std::vector<uint32_t> selection;  // Of the batch, where the call has a filter.
    types::Batch arguments;
  };

  void Clear() {
    table_.Clear();
    states_.Clear();
    emitted_ = 0;
  }

  absl::Status Compute() {
    table_.SetMayClose(node_.repeatable);
    if (node_.keys.empty()) states_.MakeGroups(1);
    types::Batch batch;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, input_->Next(&batch));
      if (!more) return FinishPass();
      RETURN_IF_ERROR(AddBatch(batch));
    }
  }

  // Groups the rows of a partition.
  absl::Status ComputeNext() {
    Clear();
    const Partition partition = std::move(waiting_.back());
    waiting_.pop_back();
    level_ = partition.level;
    table_.SetMayClose(level_ < RowPartitions::kDeepest);
    SpooledRows::Reader reader(partition.rows.get());
    types::Batch batch;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, reader.Next(&batch));
      if (!more) return FinishPass();
      RETURN_IF_ERROR(AddBatch(batch));
    }
  }

  absl::Status FinishPass() {
    if (partitions_ != nullptr) {
      ASSIGN_OR_RETURN(std::vector<Partition> parts, partitions_->Finish());
      partitions_.reset();
      for (Partition& part : parts) {
        if (part.rows->row_count() > 0) waiting_.push_back(std::move(part));
      }
    }
    return states_.Finish();
  }

  absl::StatusOr<bool> Emit(types::Batch* out) {
    std::vector<types::VectorPtr> results;
    ASSIGN_OR_RETURN(const uint32_t count, states_.TakeResults(emitted_, &results));
    *out = types::Batch();
    if (!node_.keys.empty()) {
      std::vector<uint32_t> groups(count);
      std::iota(groups.begin(), groups.end(), emitted_);
      *out = table_.Keys(groups.data(), count);
    }
    out->row_count = count;
    out->columns.insert(out->columns.end(), results.begin(), results.end());
    emitted_ += count;
    return true;
  }

  absl::Status AddBatch(const types::Batch& batch) {
    types::Batch keys;
    std::vector<CallRows> rows(node_.calls.size());
    const absl::Status evaluated = Evaluate(batch, &keys, &rows);
    if (node_.repeatable && batch.row_count > 1 && IsMemoryRefusal(evaluated)) {
      return AddParts(batch);
    }
    RETURN_IF_ERROR(evaluated);
    groups_.assign(batch.row_count, 0);
    bool all = true;
    if (!node_.keys.empty()) {
      RETURN_IF_ERROR(table_.Assign(keys, &groups_));
      states_.MakeGroups(table_.size());
      if (table_.closed()) {
        ASSIGN_OR_RETURN(all, PutOff(batch, keys));
      }
    }
    for (size_t i = 0; i < node_.calls.size(); ++i) {
      RETURN_IF_ERROR(AddCall(i, batch, std::move(rows[i]), all));
    }
    if (states_.crowded()) table_.Close();
    return absl::OkStatus();
  }

  // A batch whose keys and arguments are too much at once.
  absl::Status AddParts(const types::Batch& batch) {
    const uint32_t step = (batch.row_count + 7) / 8;
    for (uint32_t begin = 0; begin < batch.row_count; begin += step) {
      RETURN_IF_ERROR(context_->call->Check());
      RETURN_IF_ERROR(AddBatch(Slice(batch, begin, std::min(step, batch.row_count - begin))));
    }
    return absl::OkStatus();
  }

  absl::Status Evaluate(const types::Batch& batch, types::Batch* keys,
                        std::vector<CallRows>* rows) {
    std::optional<BatchCeiling> ceiling;
    if (node_.repeatable && batch.row_count > 1) ceiling.emplace(context_->memory);
    if (!node_.keys.empty()) {
      ASSIGN_OR_RETURN(*keys, EvaluateAll(node_.keys, context_, batch));
    }
    for (size_t i = 0; i < node_.calls.size(); ++i) {
      const AggregateCall& call = node_.calls[i];
      CallRows& taken = (*rows)[i];
      const types::Batch* input = &batch;
      if (call.filter != nullptr) {
        RETURN_IF_ERROR(call.filter->Select(context_->state, batch, &taken.selection));
        const auto count = static_cast<uint32_t>(taken.selection.size());
        taken.filtered = types::Gather(batch, taken.selection.data(), count);
        taken.filtered.row_count = count;
        input = &taken.filtered;
      }
      if (input->row_count == 0) continue;
      ASSIGN_OR_RETURN(taken.arguments, EvaluateAll(call.arguments, context_, *input));
    }
    return absl::OkStatus();
  }

  // Lets the rows without a group wait on disk; whether there are none.
  absl::StatusOr<bool> PutOff(const types::Batch& batch, const types::Batch& keys) {
    std::vector<uint32_t> selection;
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      if (groups_[row] == kNullRow) selection.push_back(row);
    }
    if (selection.empty()) return true;
    if (partitions_ == nullptr) {
      ASSIGN_OR_RETURN(partitions_, RowPartitions::Create(context_, level_));
    }
    std::vector<uint64_t> hashes;
    RETURN_IF_ERROR(HashRows(Pointers(keys), selection, &context_->memory, &hashes));
    RETURN_IF_ERROR(partitions_->Add(batch, selection, hashes));
    return false;
  }

  absl::Status AddCall(size_t position, const types::Batch& batch, CallRows taken, bool all) {
    const bool filtered = node_.calls[position].filter != nullptr;
    const types::Batch& rows = filtered ? taken.filtered : batch;
    if (rows.row_count == 0) return absl::OkStatus();
    if (all && !filtered) return states_.Add(position, rows, std::move(taken.arguments), groups_);
    std::vector<uint32_t> groups;
    std::vector<uint32_t> selection;
    for (uint32_t i = 0; i < rows.row_count; ++i) {
      const uint32_t group = groups_[filtered ? taken.selection[i] : i];
      if (group == kNullRow) continue;
      groups.push_back(group);
      selection.push_back(i);
    }
    if (groups.size() == rows.row_count)
      return states_.Add(position, rows, std::move(taken.arguments), groups);
    const auto count = static_cast<uint32_t>(selection.size());
    if (count == 0) return absl::OkStatus();
    types::Batch kept = types::Gather(rows, selection.data(), count);
    types::Batch arguments = types::Gather(taken.arguments, selection.data(), count);
    kept.row_count = arguments.row_count = count;
    return states_.Add(position, kept, std::move(arguments), groups);
  }

  const AggregateNode& node_;
  OperatorPtr input_;
  bool computed_ = false;
  GroupTable table_;
  AggregateStates states_;
  std::vector<uint32_t> groups_;  // Of the rows at hand.
  int level_ = 0;                 // Of the partition at hand.
  std::unique_ptr<RowPartitions> partitions_;
  std::vector<Partition> waiting_;
  uint32_t emitted_ = 0;
};

bool SameForm(types::TypeId a, types::TypeId b) {
  return types::PhysicalOf(a) == types::PhysicalOf(b);
}

// Aggregates trust their arguments' types; an unspecified one takes any.
absl::Status CheckTypes(const sql::functions::AggregateFunction& function,
                        const AggregateCall& call) {
  bool right = call.arguments.size() == function.arguments.size();
  for (size_t i = 0; right && i < call.arguments.size(); ++i) {
    right = function.arguments[i] == types::TypeId::kUnspecified ||
            SameForm(function.arguments[i], call.arguments[i]->type().id);
  }
  if (function.result != types::TypeId::kUnspecified) {
    right = right && SameForm(function.result, call.type.id);
  }
  if (right) return absl::OkStatus();
  return absl::InvalidArgumentError("malformed plan: types of " + function.signature);
}

OperatorPtr AggregateNode::Open(ExecutionContext* context) const {
  return std::make_unique<HashAggregate>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileAggregate(const common::v1::Operator& plan,
                                             CompileScope* scope) {
  const common::v1::Aggregate& aggregate = plan.aggregate();
  auto node = std::make_unique<AggregateNode>(plan);
  ASSIGN_OR_RETURN(node->input, CompileOperator(aggregate.input(), scope));
  ASSIGN_OR_RETURN(node->keys, CompileAll(aggregate.keys()));
  node->repeatable = AllRepeatable(node->keys);
  ASSIGN_OR_RETURN(node->counted, CountedTable(aggregate, scope));
  for (const CompiledExpressionPtr& key : node->keys) node->key_types.push_back(key->type());
  for (const common::v1::AggregateCall& source : aggregate.aggregates()) {
    const sql::functions::AggregateFunction* function =
        sql::functions::FunctionCatalog::Builtin().AggregateBySignature(source.function());
    if (function == nullptr) return absl::InternalError("unknown aggregate " + source.function());
    AggregateCall call;
    call.function = function->create();
    ASSIGN_OR_RETURN(call.arguments, CompileAll(source.arguments()));
    call.distinct = source.distinct();
    ASSIGN_OR_RETURN(call.filter, CompileOptional(source.has_filter(), source.filter()));
    ASSIGN_OR_RETURN(call.order_by, CompileSortKeys(source.order_by()));
    call.type = types::FromProto(source.type());
    RETURN_IF_ERROR(CheckTypes(*function, call));
    node->repeatable = node->repeatable && AllRepeatable(call.arguments) &&
                       (call.filter == nullptr || call.filter->repeatable());
    if (!IsCountOfRows(source)) node->counted = nullptr;
    call.offset = node->block_bytes;
    node->block_bytes += (call.function->state_size() + 15) / 16 * 16;
    node->calls.push_back(std::move(call));
  }
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
