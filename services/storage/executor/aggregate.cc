// Groups by hashing; DISTINCT; aggregates with DISTINCT, FILTER and ORDER BY inside the call.
#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/sort_keys.h"

namespace adbms::storage::executor {
namespace {

using sql::functions::Aggregate;
using types::Physical;

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
};

class HashAggregate : public Operator {
 public:
  HashAggregate(ExecutionContext* context, const AggregateNode* node)
      : Operator(context, node->id()), node_(*node), input_(node->input->Open(context)) {}
  ~HashAggregate() override { Clear(); }

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (!computed_) {
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
    integers_.clear();
    strings_.clear();
    null_group_ = kNullRow;
    key_rows_ = types::Batch();
    seen_.clear();
    ordered_.clear();
    emitted_ = 0;
    computed_ = false;
    context_->memory.Release(reserved_);
    reserved_ = 0;
  }

  uint32_t NewGroup() {
    char* block = arena_->Allocate(node_.block_bytes + 16);
    block += (16 - reinterpret_cast<uintptr_t>(block) % 16) % 16;
    std::memset(block, 0, node_.block_bytes);
    for (const Call& call : node_.calls) call.function->Initialize(block + call.offset);
    blocks_.push_back(block);
    return static_cast<uint32_t>(blocks_.size() - 1);
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
      const int64_t bytes =
          static_cast<int64_t>(arena_->allocated_bytes() + blocks_.size() * 96) + key_bytes_;
      if (bytes > reserved_) {
        const int64_t step = std::max<int64_t>(bytes - reserved_, 1 << 20);
        RETURN_IF_ERROR(context_->memory.Reserve(step));
        reserved_ += step;
      }
    }
    for (size_t i = 0; i < node_.calls.size(); ++i) RETURN_IF_ERROR(FinishOrdered(i));
    return absl::OkStatus();
  }

  absl::Status AddBatch(const types::Batch& batch) {
    groups_.assign(batch.row_count, 0);
    if (!node_.keys.empty()) {
      ASSIGN_OR_RETURN(const types::Batch keys, EvaluateAll(node_.keys, context_, batch));
      AssignGroups(keys);
    }
    for (size_t i = 0; i < node_.calls.size(); ++i) RETURN_IF_ERROR(AddCall(i, batch));
    return absl::OkStatus();
  }

  static bool IntegerKey(const types::Vector& key) {
    return key.physical() == Physical::kInt16 || key.physical() == Physical::kInt32 ||
           key.physical() == Physical::kInt64;
  }

  void AddKeyRow(const types::Batch& keys, uint32_t row) {
    for (size_t i = 0; i < keys.columns.size(); ++i) {
      const types::Vector& in = *keys.columns[i];
      types::Vector* out = key_rows_.columns[i].get();
      if (in.physical() == Physical::kString && !in.is_null(row)) {
        // Copied, so that a group keeps only its key alive.
        out->Append(
            types::Value::String(out->type(), std::string(in.data<std::string_view>()[row])));
        key_bytes_ += static_cast<int64_t>(in.data<std::string_view>()[row].size());
      } else {
        out->AppendFrom(in, row);
      }
    }
    key_bytes_ += 40 * static_cast<int64_t>(keys.columns.size());
    ++key_rows_.row_count;
  }

  template <typename T>
  void AssignIntegerGroups(const types::Batch& keys) {
    const types::Vector& key = *keys.columns[0];
    const T* data = key.data<T>();
    for (uint32_t row = 0; row < keys.row_count; ++row) {
      uint32_t* slot = &null_group_;
      if (!key.is_null(row)) slot = &integers_.try_emplace(data[row], kNullRow).first->second;
      if (*slot == kNullRow) {
        *slot = NewGroup();
        AddKeyRow(keys, row);
      }
      groups_[row] = *slot;
    }
  }

  void AssignGroups(const types::Batch& keys) {
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
    std::string key;
    for (uint32_t row = 0; row < keys.row_count; ++row) {
      key.clear();
      AppendRowIdentity(columns, row, &key);
      auto it = strings_.find(key);
      if (it == strings_.end()) {
        it = strings_.emplace(key, NewGroup()).first;
        key_bytes_ += static_cast<int64_t>(key.size());
        AddKeyRow(keys, row);
      }
      groups_[row] = it->second;
    }
  }

  absl::Status AddCall(size_t position, const types::Batch& batch) {
    const Call& call = node_.calls[position];
    types::Batch filtered;
    const types::Batch* rows = &batch;
    std::vector<uint32_t> groups;
    const std::vector<uint32_t>* row_groups = &groups_;
    if (call.filter != nullptr) {
      std::vector<uint32_t> selection;
      RETURN_IF_ERROR(call.filter->Select(context_->state, batch, &selection));
      filtered = types::Gather(batch, selection.data(), static_cast<uint32_t>(selection.size()));
      filtered.row_count = static_cast<uint32_t>(selection.size());
      for (uint32_t i : selection) groups.push_back(groups_[i]);
      rows = &filtered;
      row_groups = &groups;
    }
    if (rows->row_count == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(types::Batch arguments, EvaluateAll(call.arguments, context_, *rows));
    if (!call.order_by.empty())
      return AddOrdered(position, *rows, std::move(arguments), *row_groups);
    if (call.distinct) return AddDistinct(position, std::move(arguments), *row_groups);
    return UpdateStates(call, arguments, *row_groups);
  }

  absl::Status UpdateStates(const Call& call, const types::Batch& arguments,
                            const std::vector<uint32_t>& groups) {
    states_.resize(arguments.row_count);
    for (uint32_t i = 0; i < arguments.row_count; ++i)
      states_[i] = blocks_[groups[i]] + call.offset;
    return call.function->Update(Pointers(arguments), arguments.row_count, states_.data());
  }

  absl::Status AddDistinct(size_t position, types::Batch arguments,
                           const std::vector<uint32_t>& groups) {
    const std::vector<const types::Vector*> columns = Pointers(arguments);
    std::vector<uint32_t> selection;
    std::vector<uint32_t> kept_groups;
    std::string key;
    for (uint32_t row = 0; row < arguments.row_count; ++row) {
      key.assign(reinterpret_cast<const char*>(&groups[row]), sizeof(uint32_t));
      AppendRowIdentity(columns, row, &key);
      if (!seen_[position].insert(key).second) continue;
      key_bytes_ += static_cast<int64_t>(key.size()) + 48;
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
    RETURN_IF_ERROR(EncodeSortKeys(node_.calls[position].order_by, context_, rows, &keys));
    const int64_t bytes = MemoryOf(arguments) + 64 * static_cast<int64_t>(keys.size());
    RETURN_IF_ERROR(context_->memory.Reserve(bytes));
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
  std::vector<char*> blocks_;  // By group.
  absl::flat_hash_map<int64_t, uint32_t> integers_;
  absl::flat_hash_map<std::string, uint32_t> strings_;
  uint32_t null_group_ = kNullRow;
  types::Batch key_rows_;  // By group.
  std::vector<uint32_t> groups_;
  std::vector<char*> states_;
  std::vector<absl::flat_hash_set<std::string>> seen_;
  std::vector<Ordered> ordered_;
  uint32_t emitted_ = 0;
  int64_t key_bytes_ = 0;
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
    call.offset = node->block_bytes;
    node->block_bytes += (call.function->state_size() + 15) / 16 * 16;
    node->calls.push_back(std::move(call));
  }
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
