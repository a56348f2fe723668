// Groups by hashing; DISTINCT; aggregates with DISTINCT, FILTER and ORDER BY inside the call.
#include <algorithm>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/counted_rows.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"
#include "services/storage/executor/sort_keys.h"

namespace adbms::storage::executor {
namespace {

using sql::functions::Aggregate;
using types::Physical;

// Kept bytes are counted when they are so many.
constexpr size_t kCountedTogether = 256 << 10;

struct Call {
  std::unique_ptr<Aggregate> function;
  std::vector<CompiledExpressionPtr> arguments;
  bool distinct = false;
  CompiledExpressionPtr filter;
  std::vector<SortKeySpec> order_by;
  types::Type type;
  size_t offset = 0;  // Of its state in a group's block.
};

class AggregateNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  PlanNodePtr input;
  std::vector<CompiledExpressionPtr> keys;
  std::vector<types::Type> key_types;
  std::vector<Call> calls;
  size_t block_bytes = 0;
  bool repeatable = false;  // What is evaluated for a batch.
  // count(*) of all its rows is all that is asked for; null: it is not.
  const catalog::TableEntry* counted = nullptr;
};

class HashAggregate : public Operator {
 public:
  HashAggregate(ExecutionContext* context, const AggregateNode* node)
      : Operator(context, node->id()), node_(*node), input_(node->input->Open(context)) {}
  ~HashAggregate() override { Clear(); }

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
    const uint32_t count =
        std::min<uint32_t>(static_cast<uint32_t>(blocks_.size()) - emitted_, types::BatchRows());
    if (count == 0) return false;
    *out = types::Batch();
    out->row_count = count;
    std::vector<uint32_t> rows(count);
    for (uint32_t i = 0; i < count; ++i) rows[i] = emitted_ + i;
    for (const types::VectorPtr& key : key_rows_.columns) {
      out->columns.push_back(types::Gather(*key, rows.data(), count));
    }
    for (const Call& call : node_.calls) {
      auto column = std::make_shared<types::Vector>(call.type);
      column->CountStrings(context_->memory.account());
      column->Resize(count);
      for (uint32_t i = 0; i < count; ++i) {
        RETURN_IF_ERROR(
            call.function->Finalize(blocks_[emitted_ + i] + call.offset, column.get(), i));
      }
      out->columns.push_back(std::move(column));
    }
    emitted_ += count;
    return true;
  }

  absl::Status DoRewind() override {
    Clear();
    return input_->Rewind();
  }

 private:
  // Rows that an aggregate with ORDER BY takes at the end.
  struct Ordered {
    std::vector<types::Batch> arguments;
    std::vector<uint32_t> groups;
    std::vector<std::string> keys;
  };

  void Clear() {
    for (char* block : blocks_) {
      for (const Call& call : node_.calls) call.function->Destroy(block + call.offset);
    }
    blocks_.clear();
    arena_ = std::make_unique<types::Arena>();
    key_arena_ = std::make_unique<types::Arena>();
    integers_ = {};
    strings_ = {};
    null_group_ = kNullRow;
    key_rows_ = types::Batch();
    seen_.clear();
    ordered_.clear();
    emitted_ = 0;
    computed_ = false;
    context_->memory.Release(reserved_);
    reserved_ = kept_bytes_ = 0;
  }

  uint32_t NewGroup() {
    // Blocks are the arena's only content and multiples of 16 bytes, and so are its own blocks
    // aligned.
    char* block = node_.block_bytes == 0 ? nullptr : arena_->Allocate(node_.block_bytes);
    if (block != nullptr) std::memset(block, 0, node_.block_bytes);
    for (const Call& call : node_.calls) call.function->Initialize(block + call.offset);
    blocks_.push_back(block);
    return static_cast<uint32_t>(blocks_.size() - 1);
  }

  // What is held for the groups. A map that grows has its old and its new table for a moment.
  int64_t HeldBytes() const {
    const size_t slots = integers_.capacity() * (sizeof(std::pair<int64_t, uint32_t>) + 1) +
                         strings_.capacity() * (sizeof(std::pair<std::string_view, uint32_t>) + 1);
    size_t fixed = 2 * slots + arena_->allocated_bytes() + blocks_.capacity() * sizeof(char*);
    for (const types::VectorPtr& column : key_rows_.columns) {
      fixed += key_rows_.row_count * (types::WidthOf(column->physical()) * 3 / 2);
    }
    return static_cast<int64_t>(fixed) + kept_bytes_;
  }
  // Errors: 53200.
  absl::Status CountHeld() { return context_->memory.Adjust(HeldBytes(), &reserved_); }
  // Notes bytes that are about to be kept; those of many short ones are counted together.
  absl::Status Keep(size_t bytes) {
    kept_bytes_ += static_cast<int64_t>(bytes);
    uncounted_bytes_ += bytes;
    if (uncounted_bytes_ < kCountedTogether) return absl::OkStatus();
    uncounted_bytes_ = 0;
    return CountHeld();
  }

  absl::Status Compute() {
    key_rows_ = NewBatch(node_.key_types, 0);
    seen_.resize(node_.calls.size());
    ordered_.resize(node_.calls.size());
    if (node_.keys.empty()) NewGroup();
    types::Batch batch;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, input_->Next(&batch));
      if (!more) break;
      RETURN_IF_ERROR(AddBatch(batch));
      RETURN_IF_ERROR(CountHeld());
    }
    for (size_t i = 0; i < node_.calls.size(); ++i) RETURN_IF_ERROR(FinishOrdered(i));
    return absl::OkStatus();
  }

  // The rows that a call takes of a batch.
  struct CallRows {
    types::Batch filtered;
    std::vector<uint32_t> selection;  // Of the batch, where the call has a filter.
    types::Batch arguments;
  };

  absl::Status AddBatch(const types::Batch& batch) {
    types::Batch keys;
    std::vector<CallRows> rows(node_.calls.size());
    const absl::Status evaluated = Evaluate(batch, &keys, &rows);
    if (node_.repeatable && batch.row_count > 1 && IsMemoryRefusal(evaluated)) {
      return AddParts(batch);
    }
    RETURN_IF_ERROR(evaluated);
    groups_.assign(batch.row_count, 0);
    if (!node_.keys.empty()) RETURN_IF_ERROR(AssignGroups(keys));
    for (size_t i = 0; i < node_.calls.size(); ++i) {
      RETURN_IF_ERROR(AddCall(i, batch, std::move(rows[i])));
    }
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
      const Call& call = node_.calls[i];
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

  static bool IntegerKey(const types::Vector& key) {
    return key.physical() == Physical::kInt16 || key.physical() == Physical::kInt32 ||
           key.physical() == Physical::kInt64;
  }

  absl::Status AddKeyRow(const types::Batch& keys, uint32_t row) {
    for (size_t i = 0; i < keys.columns.size(); ++i) {
      const types::Vector& in = *keys.columns[i];
      types::Vector* out = key_rows_.columns[i].get();
      if (in.physical() == Physical::kString && !in.is_null(row)) {
        // Copied, so that a group keeps only its key alive.
        const std::string_view text = in.data<std::string_view>()[row];
        RETURN_IF_ERROR(Keep(text.size()));
        out->Resize(out->size() + 1);
        out->data<std::string_view>()[out->size() - 1] = out->arena()->Add(text);
      } else {
        out->AppendFrom(in, row);
      }
    }
    ++key_rows_.row_count;
    return absl::OkStatus();
  }

  template <typename T>
  absl::Status AssignIntegerGroups(const types::Batch& keys) {
    const types::Vector& key = *keys.columns[0];
    const T* data = key.data<T>();
    for (uint32_t row = 0; row < keys.row_count; ++row) {
      uint32_t* slot = &null_group_;
      if (!key.is_null(row)) slot = &integers_.try_emplace(data[row], kNullRow).first->second;
      if (*slot == kNullRow) {
        *slot = NewGroup();
        RETURN_IF_ERROR(AddKeyRow(keys, row));
      }
      groups_[row] = *slot;
    }
    return absl::OkStatus();
  }

  absl::Status AssignGroups(const types::Batch& keys) {
    if (keys.columns.size() == 1 && IntegerKey(*keys.columns[0])) {
      switch (keys.columns[0]->physical()) {
        case Physical::kInt16:
          return AssignIntegerGroups<int16_t>(keys);
        case Physical::kInt32:
          return AssignIntegerGroups<int32_t>(keys);
        default:
          return AssignIntegerGroups<int64_t>(keys);
      }
    }
    const std::vector<const types::Vector*> columns = Pointers(keys);
    RowIdentity identity(&context_->memory);
    for (uint32_t row = 0; row < keys.row_count; ++row) {
      RETURN_IF_ERROR(identity.Set(columns, row));
      const std::string& key = identity.key();
      auto it = strings_.find(key);
      if (it == strings_.end()) {
        RETURN_IF_ERROR(Keep(key.size()));
        it = strings_.emplace(key_arena_->Add(key), NewGroup()).first;
        RETURN_IF_ERROR(AddKeyRow(keys, row));
      }
      groups_[row] = it->second;
    }
    return absl::OkStatus();
  }

  absl::Status AddCall(size_t position, const types::Batch& batch, CallRows taken) {
    const Call& call = node_.calls[position];
    const types::Batch* rows = &batch;
    std::vector<uint32_t> groups;
    const std::vector<uint32_t>* row_groups = &groups_;
    if (call.filter != nullptr) {
      for (uint32_t i : taken.selection) groups.push_back(groups_[i]);
      rows = &taken.filtered;
      row_groups = &groups;
    }
    if (rows->row_count == 0) return absl::OkStatus();
    if (!call.order_by.empty())
      return AddOrdered(position, *rows, std::move(taken.arguments), *row_groups);
    if (call.distinct) return AddDistinct(position, std::move(taken.arguments), *row_groups);
    return UpdateStates(call, taken.arguments, *row_groups);
  }

  absl::Status UpdateStates(const Call& call, const types::Batch& arguments,
                            const std::vector<uint32_t>& groups) {
    states_.resize(arguments.row_count);
    for (uint32_t i = 0; i < arguments.row_count; ++i)
      states_[i] = blocks_[groups[i]] + call.offset;
    const std::vector<const types::Vector*> columns = Pointers(arguments);
    const int64_t growth = call.function->GrowthOf(columns, arguments.row_count, states_.data());
    if (growth > 0) RETURN_IF_ERROR(Keep(static_cast<size_t>(growth)));
    return call.function->Update(columns, arguments.row_count, states_.data());
  }

  absl::Status AddDistinct(size_t position, types::Batch arguments,
                           const std::vector<uint32_t>& groups) {
    const std::vector<const types::Vector*> columns = Pointers(arguments);
    std::vector<uint32_t> selection;
    std::vector<uint32_t> kept_groups;
    RowIdentity identity(&context_->memory);
    for (uint32_t row = 0; row < arguments.row_count; ++row) {
      const std::string_view group(reinterpret_cast<const char*>(&groups[row]), sizeof(uint32_t));
      RETURN_IF_ERROR(identity.Set(columns, row, group));
      const std::string& key = identity.key();
      const bool is_long = key.size() > kLongIdentity;
      if (is_long) {
        // Counted before it is copied.
        if (seen_[position].contains(key)) continue;
        RETURN_IF_ERROR(Keep(key.size() + 64));
      }
      if (!seen_[position].insert(key).second) continue;
      if (!is_long) RETURN_IF_ERROR(Keep(key.size() + 64));
      selection.push_back(row);
      kept_groups.push_back(groups[row]);
    }
    if (selection.empty()) return absl::OkStatus();
    const auto count = static_cast<uint32_t>(selection.size());
    types::Batch kept = types::Gather(arguments, selection.data(), count);
    kept.row_count = count;
    return UpdateStates(node_.calls[position], kept, kept_groups);
  }

  absl::Status AddOrdered(size_t position, const types::Batch& rows, types::Batch arguments,
                          const std::vector<uint32_t>& groups) {
    Ordered& ordered = ordered_[position];
    std::vector<std::string> keys;
    int64_t key_bytes = 0;
    const absl::Status encoded =
        EncodeSortKeys(node_.calls[position].order_by, context_, rows, &keys, &key_bytes);
    reserved_ += key_bytes;
    kept_bytes_ += key_bytes;
    RETURN_IF_ERROR(encoded);
    RETURN_IF_ERROR(Keep(static_cast<size_t>(MemoryOf(arguments)) + 4 * groups.size()));
    ordered.groups.insert(ordered.groups.end(), groups.begin(), groups.end());
    ordered.keys.insert(ordered.keys.end(), std::make_move_iterator(keys.begin()),
                        std::make_move_iterator(keys.end()));
    ordered.arguments.push_back(std::move(arguments));
    return absl::OkStatus();
  }

  absl::Status FinishOrdered(size_t position) {
    Ordered& ordered = ordered_[position];
    if (ordered.groups.empty()) return absl::OkStatus();
    const Call& call = node_.calls[position];
    std::vector<types::Type> types;
    for (const CompiledExpressionPtr& argument : call.arguments) types.push_back(argument->type());
    const types::Batch all = Concatenate(ordered.arguments, types);
    std::vector<uint32_t> order(ordered.groups.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return ordered.keys[a] < ordered.keys[b]; });
    for (size_t start = 0; start < order.size(); start += types::BatchRows()) {
      const auto count =
          static_cast<uint32_t>(std::min<size_t>(order.size() - start, types::BatchRows()));
      types::Batch part = types::Gather(all, order.data() + start, count);
      part.row_count = count;
      std::vector<uint32_t> groups;
      for (uint32_t i = 0; i < count; ++i) groups.push_back(ordered.groups[order[start + i]]);
      RETURN_IF_ERROR(call.distinct ? AddDistinct(position, std::move(part), groups)
                                    : UpdateStates(call, part, groups));
    }
    return absl::OkStatus();
  }

  const AggregateNode& node_;
  OperatorPtr input_;
  bool computed_ = false;
  std::unique_ptr<types::Arena> arena_ = std::make_unique<types::Arena>();
  std::unique_ptr<types::Arena> key_arena_ = std::make_unique<types::Arena>();
  std::vector<char*> blocks_;  // By group.
  absl::flat_hash_map<int64_t, uint32_t> integers_;
  absl::flat_hash_map<std::string_view, uint32_t> strings_;  // Keys lie in key_arena_.
  uint32_t null_group_ = kNullRow;
  types::Batch key_rows_;  // By group.
  std::vector<uint32_t> groups_;
  std::vector<char*> states_;
  std::vector<absl::flat_hash_set<std::string>> seen_;
  std::vector<Ordered> ordered_;
  uint32_t emitted_ = 0;
  int64_t kept_bytes_ = 0;  // Of keys, and of states of variable size.
  size_t uncounted_bytes_ = 0;
  int64_t reserved_ = 0;
};

bool SameForm(types::TypeId a, types::TypeId b) {
  return types::PhysicalOf(a) == types::PhysicalOf(b);
}

// Aggregates trust their arguments' types; an unspecified one takes any.
absl::Status CheckTypes(const sql::functions::AggregateFunction& function, const Call& call) {
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
    Call call;
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
