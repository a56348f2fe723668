// GROUP BY, DISTINCT and aggregates of all rows.
#include "common/status/macros.h"
#include "services/storage/executor/counted_rows.h"
#include "services/storage/executor/grouping.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/worker_run.h"

namespace adbms::storage::executor {
namespace {

class AggregateNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  PlanNodePtr input;
  GroupingSpec spec;
  // count(*) of all rows of these is all that is asked for; none: it is not.
  std::vector<const catalog::TableEntry*> counted;
};

class HashAggregate : public Operator {
 public:
  HashAggregate(ExecutionContext* context, const AggregateNode* node)
      : Operator(context, node->id()),
        node_(*node),
        input_(node->input->Open(context)),
        grouping_(context, &node->spec, Grouping::Role::kWhole) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (!computed_) {
      if (!node_.counted.empty()) {
        ASSIGN_OR_RETURN(computed_,
                         EmitCount(node_.counted, context_, node_.spec.calls.size(), out));
        if (computed_) {
          counted_ = true;
          return true;
        }
      }
      RETURN_IF_ERROR(Compute());
      computed_ = true;
    }
    if (counted_) return false;
    while (true) {
      ASSIGN_OR_RETURN(const bool emitted, grouping_.Emit(out));
      if (emitted) return true;
      ASSIGN_OR_RETURN(const bool more, grouping_.GroupPartition());
      if (!more) return false;
    }
  }

  absl::Status DoRewind() override {
    grouping_.Clear();
    computed_ = counted_ = false;
    return input_->Rewind();
  }

 private:
  absl::Status Compute() {
    ASSIGN_OR_RETURN(const bool together, ComputeTogether());
    if (together) return grouping_.FinishRows();
    types::Batch batch;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, input_->Next(&batch));
      if (!more) return grouping_.FinishRows();
      RETURN_IF_ERROR(grouping_.Add(batch));
    }
  }

  // By several workers; false, with nothing done: one is to do it.
  absl::StatusOr<bool> ComputeTogether() {
    if (!node_.spec.combinable()) return false;
    ASSIGN_OR_RETURN(const std::unique_ptr<WorkerRun> run,
                     WorkerRun::Start(context_, *node_.input));
    if (run == nullptr) return false;
    std::vector<std::unique_ptr<Grouping>> parts;
    for (size_t worker = 0; worker < run->workers(); ++worker) {
      parts.push_back(
          std::make_unique<Grouping>(run->context(worker), &node_.spec, Grouping::Role::kPart));
    }
    absl::Status status =
        run->Run([&](size_t worker, const types::Batch& rows) { return parts[worker]->Add(rows); });
    for (size_t worker = 0; status.ok() && worker < parts.size(); ++worker) {
      status = grouping_.Combine(parts[worker].get());
      parts[worker].reset();
    }
    if (memory::IsMemoryRefusal(status)) {
      grouping_.Clear();
      return false;
    }
    RETURN_IF_ERROR(status);
    run->AddCounts();
    return true;
  }

  const AggregateNode& node_;
  OperatorPtr input_;
  bool computed_ = false;
  bool counted_ = false;
  Grouping grouping_;
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

absl::Status CheckTypes(const DeclaredAggregate& function, const common::v1::AggregateCall& source,
                        const AggregateCall& call) {
  std::vector<types::Type> arguments;
  for (const CompiledExpressionPtr& argument : call.arguments)
    arguments.push_back(argument->type());
  if (function.Takes(arguments, call.type)) return absl::OkStatus();
  return absl::InvalidArgumentError("malformed plan: types of " + source.declared().name());
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
  GroupingSpec& spec = node->spec;
  ASSIGN_OR_RETURN(spec.keys, CompileAll(aggregate.keys()));
  spec.repeatable = AllRepeatable(spec.keys);
  ASSIGN_OR_RETURN(node->counted, CountedTables(aggregate, scope));
  for (const CompiledExpressionPtr& key : spec.keys) spec.key_types.push_back(key->type());
  for (const common::v1::AggregateCall& source : aggregate.aggregates()) {
    const sql::functions::AggregateFunction* function =
        sql::functions::FunctionCatalog::Builtin().AggregateBySignature(source.function());
    AggregateCall call;
    if (source.has_declared()) {
      ASSIGN_OR_RETURN(auto declared, DeclaredAggregate::Compile(source.declared()));
      call.declared = declared.get();
      call.function = std::move(declared);
    } else if (function == nullptr) {
      return absl::InternalError("unknown aggregate " + source.function());
    } else {
      call.function = function->create();
    }
    ASSIGN_OR_RETURN(call.arguments, CompileAll(source.arguments()));
    call.distinct = source.distinct();
    ASSIGN_OR_RETURN(call.filter, CompileOptional(source.has_filter(), source.filter()));
    ASSIGN_OR_RETURN(call.order_by, CompileSortKeys(source.order_by()));
    call.type = types::FromProto(source.type());
    RETURN_IF_ERROR(call.declared != nullptr ? CheckTypes(*call.declared, source, call)
                                             : CheckTypes(*function, call));
    spec.repeatable = spec.repeatable && AllRepeatable(call.arguments) &&
                      (call.filter == nullptr || call.filter->repeatable());
    if (!IsCountOfRows(source)) node->counted.clear();
    call.offset = spec.block_bytes;
    spec.block_bytes += (call.function->state_size() + 15) / 16 * 16;
    spec.calls.push_back(std::move(call));
  }
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
