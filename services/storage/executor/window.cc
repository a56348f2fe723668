// Window functions over sorted rows, a partition at a time. The rows of a partition lie in
// WindowRows from its first to its last, on disk where memory does not hold them; where no call
// looks ahead, rows go as soon as they are passed.
#include <algorithm>
#include <deque>

#include "common/sql/functions/function_catalog.h"
#include "common/status/macros.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"
#include "services/storage/executor/window_calls.h"

namespace adbms::storage::executor {
namespace {

class WindowNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  // Position among the rows' columns; what is no column of the input is computed once for each row.
  // Errors: INVALID_ARGUMENT for a malformed plan.
  absl::StatusOr<size_t> ColumnOf(CompiledExpressionPtr expression) {
    const std::vector<types::Type>& columns = input->output();
    if (expression->column() < 0) {
      computed.push_back(std::move(expression));
      return columns.size() + computed.size();
    }
    const auto column = static_cast<size_t>(expression->column());
    if (column >= columns.size() ||
        types::PhysicalOf(columns[column].id) != types::PhysicalOf(expression->type().id))
      return absl::InvalidArgumentError("malformed plan: no such column for a window");
    return column;
  }

  PlanNodePtr input;
  // The rows' columns: the input's, the number of the group of peers, these.
  std::vector<CompiledExpressionPtr> computed;
  std::vector<size_t> partition;
  std::vector<size_t> order;
  WindowFrameSpec frame;
  std::vector<WindowCallSpec> calls;
  bool streams = false;         // No call looks ahead.
  bool frames = false;          // Some call looks at a frame, and
  bool rows_of_frames = false;  // ... again and again at its rows.
  bool peers = false;
};

class Window : public Operator {
 public:
  Window(ExecutionContext* context, const WindowNode* node)
      : Operator(context, node->id()),
        node_(*node),
        input_(node->input->Open(context)),
        rows_(context),
        frame_(context, &node->frame, &rows_, node->frames, node->peers),
        output_(&rows_) {
    for (const WindowCallSpec& call : node->calls)
      calls_.push_back(OpenWindowCall(context, &call, &rows_));
  }
  ~Window() override { Clear(); }

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (!started_) RETURN_IF_ERROR(frame_.Start());
    started_ = true;
    while (emitted_ == complete()) {
      if (ended_) return false;
      RETURN_IF_ERROR(ReadBatch());
    }
    RETURN_IF_ERROR(Emit(out));
    return true;
  }

  absl::Status DoRewind() override {
    Clear();
    started_ = ended_ = false;
    return input_->Rewind();
  }

 private:
  void Clear() {
    frame_.Release();
    output_.Release();
    for (const std::unique_ptr<WindowCall>& call : calls_) call->Release();
    rows_.Clear();
    begins_.clear();
    emitted_ = 0;
    group_ = 0;
    partition_key_.clear();
    order_key_.clear();
  }

  // Rows before this one can be handed out.
  uint64_t complete() const {
    if (ended_ || node_.streams) return rows_.end();
    return begins_.empty() ? 0 : begins_.back();
  }

  absl::Status ReadBatch() {
    types::Batch batch;
    ASSIGN_OR_RETURN(const bool more, input_->Next(&batch));
    if (!more) {
      ended_ = true;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(context_->call->Check());
    auto groups = std::make_shared<types::Vector>(types::Type{types::TypeId::kInt8, 0});
    groups->Resize(batch.row_count);
    std::vector<types::VectorPtr> computed;
    for (const CompiledExpressionPtr& e : node_.computed) {
      ASSIGN_OR_RETURN(computed.emplace_back(), e->Evaluate(context_->state, batch));
    }
    batch.columns.push_back(groups);
    batch.columns.insert(batch.columns.end(), computed.begin(), computed.end());
    RETURN_IF_ERROR(CheckStrings(batch));
    RETURN_IF_ERROR(Divide(batch, groups->data<int64_t>()));
    return rows_.Add(std::move(batch));
  }

  // Finds where partitions begin, and numbers the groups of peers.
  absl::Status Divide(const types::Batch& batch, int64_t* groups) {
    const auto columns_of = [&batch](const std::vector<size_t>& columns) {
      std::vector<const types::Vector*> result;
      for (const size_t column : columns) result.push_back(batch.columns[column].get());
      return result;
    };
    const std::vector<const types::Vector*> partition = columns_of(node_.partition);
    const std::vector<const types::Vector*> order = columns_of(node_.order);
    RowIdentity identity(&context_->memory);
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      bool begins = rows_.end() + row == 0;
      bool differs = begins;
      if (!partition.empty()) {
        RETURN_IF_ERROR(identity.Set(partition, row));
        if (identity.key() != partition_key_) begins = true;
        if (begins) partition_key_ = identity.key();
      }
      if (!order.empty()) {
        RETURN_IF_ERROR(identity.Set(order, row));
        if (identity.key() != order_key_) differs = true;
        if (differs) order_key_ = identity.key();
      }
      if (begins) begins_.push_back(rows_.end() + row);
      if (begins || differs) ++group_;
      groups[row] = group_;
    }
    return absl::OkStatus();
  }

  void StartPartition() {
    begins_.pop_front();
    const uint64_t end = !begins_.empty() ? begins_.front() : ended_ ? rows_.end() : UINT64_MAX;
    frame_.StartPartition({emitted_, end});
    for (const std::unique_ptr<WindowCall>& call : calls_) call->StartPartition();
  }

  // Rows that came together, as far as they can be handed out.
  absl::Status Emit(types::Batch* out) {
    RETURN_IF_ERROR(context_->call->Check());
    RETURN_IF_ERROR(output_.Seek(emitted_));
    const auto count =
        static_cast<uint32_t>(std::min<uint64_t>(output_.rest(), complete() - emitted_));
    const size_t inputs = node_.input->output().size();
    *out = types::Batch();
    if (count == output_.batch().row_count) {
      *out = output_.batch();
      out->columns.resize(inputs);
    } else {
      types::Batch part = output_.batch();
      part.columns.resize(inputs);
      *out = Slice(part, output_.at(), count);
    }
    out->row_count = count;
    std::vector<types::VectorPtr> results;
    for (size_t i = 0; i < calls_.size(); ++i) {
      auto result = std::make_shared<types::Vector>(node_.calls[i].type);
      result->CountStrings(context_->memory.account());
      result->Resize(count);
      results.push_back(std::move(result));
      calls_[i]->StartBatch();
    }
    WindowRow row;
    for (uint32_t at = 0; at < count; ++at, ++emitted_) {
      if (!begins_.empty() && begins_.front() == emitted_) StartPartition();
      RETURN_IF_ERROR(frame_.Next(&row));
      for (size_t i = 0; i < calls_.size(); ++i)
        RETURN_IF_ERROR(calls_[i]->Evaluate(row, results[i].get(), at));
    }
    out->columns.insert(out->columns.end(), results.begin(), results.end());
    return Drop(row);
  }

  absl::Status Drop(const WindowRow& last) {
    // The end of a partition was reached, or what is kept of it.
    const bool whole = last.row + 1 == last.partition.end;
    uint64_t kept = last.partition.begin;
    if (whole) {
      kept = last.partition.end;
    } else if (node_.streams) {
      kept = node_.rows_of_frames ? frame_.floor(last) : frame_.added_floor(last);
    }
    output_.Release();
    return rows_.DropBefore(kept);
  }

  const WindowNode& node_;
  OperatorPtr input_;
  WindowRows rows_;
  WindowFrame frame_;
  WindowRows::Cursor output_;
  std::vector<std::unique_ptr<WindowCall>> calls_;
  bool started_ = false;
  bool ended_ = false;
  std::deque<uint64_t> begins_;  // Of the partitions that were not begun to be handed out.
  uint64_t emitted_ = 0;
  int64_t group_ = 0;
  std::string partition_key_;  // Of the row that came last.
  std::string order_key_;
};

OperatorPtr WindowNode::Open(ExecutionContext* context) const {
  return std::make_unique<Window>(context, this);
}

absl::Status CompileCalls(const common::v1::Window& window, WindowNode* node) {
  if (window.calls_size() == 0)
    return absl::InvalidArgumentError("malformed plan: a window without calls");
  for (const common::v1::WindowCall& source : window.calls()) {
    WindowCallSpec call;
    call.function = source.function();
    call.type = types::FromProto(source.type());
    const sql::functions::AggregateFunction* aggregate = nullptr;
    if (source.has_declared()) {
      ASSIGN_OR_RETURN(auto declared, DeclaredAggregate::Compile(source.declared()));
      call.declared = declared.get();
      call.aggregate = std::move(declared);
    } else if (call.function == common::v1::WINDOW_FUNCTION_AGGREGATE) {
      aggregate =
          sql::functions::FunctionCatalog::Builtin().AggregateBySignature(source.aggregate());
      if (aggregate == nullptr)
        return absl::InternalError("unknown aggregate " + source.aggregate());
      call.aggregate = aggregate->create();
    }
    ASSIGN_OR_RETURN(std::vector<CompiledExpressionPtr> arguments, CompileAll(source.arguments()));
    for (CompiledExpressionPtr& argument : arguments) {
      call.argument_types.push_back(argument->type());
      ASSIGN_OR_RETURN(call.arguments.emplace_back(), node->ColumnOf(std::move(argument)));
    }
    ASSIGN_OR_RETURN(CompiledExpressionPtr filter,
                     CompileOptional(source.has_filter(), source.filter()));
    if (filter != nullptr) {
      if (types::PhysicalOf(filter->type().id) != types::Physical::kBool)
        return absl::InvalidArgumentError("malformed plan: type of a filter");
      ASSIGN_OR_RETURN(call.filter, node->ColumnOf(std::move(filter)));
    }
    RETURN_IF_ERROR(CheckWindowCall(call, aggregate));
    node->calls.push_back(std::move(call));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileWindow(const common::v1::Operator& plan, CompileScope* scope) {
  const common::v1::Window& window = plan.window();
  auto node = std::make_unique<WindowNode>(plan);
  ASSIGN_OR_RETURN(node->input, CompileOperator(window.input(), scope));
  ASSIGN_OR_RETURN(std::vector<CompiledExpressionPtr> partition, CompileAll(window.partition_by()));
  for (CompiledExpressionPtr& e : partition) {
    ASSIGN_OR_RETURN(node->partition.emplace_back(), node->ColumnOf(std::move(e)));
  }
  for (const common::v1::SortKey& key : window.order_by()) {
    ASSIGN_OR_RETURN(CompiledExpressionPtr e, sql::expression::Compile(key.expression()));
    ASSIGN_OR_RETURN(node->order.emplace_back(), node->ColumnOf(std::move(e)));
  }
  ASSIGN_OR_RETURN(node->frame, CompileFrame(window.frame(), window.order_by(), node->order));
  node->frame.group_column = node->input->output().size();
  RETURN_IF_ERROR(CompileCalls(window, node.get()));
  node->streams = true;
  for (const WindowCallSpec& call : node->calls) {
    node->frames = node->frames || call.uses_frame();
    node->rows_of_frames = node->rows_of_frames || call.looks_at_frame_rows();
    node->peers = node->peers || call.uses_peers();
    node->streams = node->streams && call.looks_back_only() &&
                    (!call.uses_frame() || node->frame.looks_back_only());
  }
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
