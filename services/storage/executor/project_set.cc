// Set-returning functions for each row, side by side.
#include <algorithm>

#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/table_functions.h"

namespace adbms::storage::executor {
namespace {

struct SetFunction {
  const sql::functions::TableFunction* function = nullptr;  // Null: the argument's value, once.
  std::vector<CompiledExpressionPtr> arguments;
  size_t columns = 1;
};

// A copy: parts come and go faster than the vector they are put into.
void AppendCopy(const types::Vector& from, uint32_t row, types::Vector* to) {
  to->AppendFrom(from, row);
  if (types::MayHaveStrings(to->physical()) && !from.is_null(row)) to->OwnString(to->size() - 1);
}

class ProjectSetNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  PlanNodePtr input;
  std::vector<SetFunction> functions;
  bool ordinality = false;
  bool keeps_empty = false;
};

class ProjectSet : public Operator {
 public:
  ProjectSet(ExecutionContext* context, const ProjectSetNode* node)
      : Operator(context, node->id()),
        node_(*node),
        input_(node->input->Open(context)),
        runs_(node->functions.size()) {}

  void SetRowGoal(uint64_t rows) override {
    goal_ = static_cast<uint32_t>(std::clamp<uint64_t>(rows, 1, types::BatchRows()));
  }

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    RETURN_IF_ERROR(context_->call->Check());
    *out = types::Batch();
    if (row_ >= rows_.row_count) {
      ASSIGN_OR_RETURN(const bool more, NextInput());
      if (!more) return false;
    }
    if (PassOn(out)) return true;
    StartOutput();
    // Rows of one input batch at most: its columns are gathered for them.
    while (row_ < rows_.row_count && source_.size() < goal_) {
      ASSIGN_OR_RETURN(const bool more, Step());
      if (more) continue;
      if (node_.keeps_empty && number_ == 0) AppendRow();
      StartRow(row_ + 1);
    }
    EmitRows(out);
    return true;
  }

  absl::Status DoRewind() override {
    rows_ = types::Batch();
    StartRow(0);
    return input_->Rewind();
  }

 private:
  // A function at the current row.
  struct Run {
    std::unique_ptr<sql::functions::TableFunction::Cursor> cursor;
    types::Batch part;  // What comes next, from `at` on.
    uint32_t at = 0;
    bool started = false;
    bool ended = false;
  };

  absl::StatusOr<bool> NextInput() {
    ASSIGN_OR_RETURN(const bool more, input_->Next(&rows_));
    if (!more) return false;
    arguments_.clear();
    for (const SetFunction& function : node_.functions) {
      ASSIGN_OR_RETURN(types::Batch values, EvaluateAll(function.arguments, context_, rows_));
      arguments_.push_back(std::move(values));
    }
    StartRow(0);
    return true;
  }

  void StartRow(uint32_t row) {
    for (Run& run : runs_) run = Run();
    number_ = 0;
    row_ = row;
  }

  absl::Status Start(size_t i) {
    Run& run = runs_[i];
    run.started = true;
    if (node_.functions[i].function == nullptr) {
      run.part.row_count = 1;
      run.part.columns = {types::Gather(*arguments_[i].columns[0], &row_, 1)};
      return absl::OkStatus();
    }
    std::vector<types::Value> values;
    sql::functions::ScratchMemory scratch(context_->state.context);
    for (const types::VectorPtr& column : arguments_[i].columns) {
      if (column->has_strings() && !column->is_null(row_))
        RETURN_IF_ERROR(scratch.Take(column->string(row_).size()));
      values.push_back(column->Get(row_));
      values.back().set_type(column->type());
    }
    ASSIGN_OR_RETURN(run.cursor,
                     node_.functions[i].function->open(context_->state.context, values));
    return absl::OkStatus();
  }

  // Whether the function has another row at the current one.
  absl::StatusOr<bool> HasNext(size_t i) {
    Run& run = runs_[i];
    if (!run.started) RETURN_IF_ERROR(Start(i));
    while (!run.ended && run.at >= run.part.row_count) {
      run.part = types::Batch();
      run.at = 0;
      run.ended = true;
      if (run.cursor == nullptr) break;
      ASSIGN_OR_RETURN(const bool more, run.cursor->Next(&run.part));
      run.ended = !more;
    }
    return !run.ended;
  }

  // The next row of the functions; false when all have ended.
  absl::StatusOr<bool> Step() {
    bool any = false;
    for (size_t i = 0; i < runs_.size(); ++i) {
      ASSIGN_OR_RETURN(const bool more, HasNext(i));
      any |= more;
    }
    if (!any) return false;
    ++number_;
    AppendRow();
    return true;
  }

  void AppendRow() {
    source_.push_back(row_);
    size_t column = 0;
    for (size_t i = 0; i < runs_.size(); ++i) {
      Run& run = runs_[i];
      for (size_t c = 0; c < node_.functions[i].columns; ++c, ++column) {
        if (run.ended)
          values_[column]->AppendNull();
        else
          AppendCopy(*run.part.columns[c], run.at, values_[column].get());
      }
      ++run.at;
    }
    if (!node_.ordinality) return;
    if (number_ == 0)
      values_[column]->AppendNull();
    else
      values_[column]->Append(types::Value::Int(types::TypeId::kInt8, number_));
  }

  // A long part of the only function goes on as it is.
  bool PassOn(types::Batch* out) {
    if (runs_.size() != 1 || node_.ordinality) return false;
    Run& run = runs_[0];
    if (run.ended || run.at != 0 || run.part.row_count < types::BatchRows()) return false;
    const uint32_t count = run.part.row_count;
    const std::vector<uint32_t> selection(count, row_);
    out->row_count = count;
    for (const types::VectorPtr& column : rows_.columns)
      out->columns.push_back(types::Gather(*column, selection.data(), count));
    for (types::VectorPtr& column : run.part.columns) out->columns.push_back(std::move(column));
    run.part = types::Batch();
    number_ += count;
    return true;
  }

  void StartOutput() {
    source_.clear();
    values_.clear();
    const std::vector<types::Type>& types = node_.output();
    for (size_t i = rows_.columns.size(); i < types.size(); ++i) {
      values_.push_back(std::make_shared<types::Vector>(types[i]));
      values_.back()->CountStrings(context_->state.context.memory);
    }
  }

  void EmitRows(types::Batch* out) {
    out->row_count = static_cast<uint32_t>(source_.size());
    if (source_.empty()) return;
    for (const types::VectorPtr& column : rows_.columns)
      out->columns.push_back(types::Gather(*column, source_.data(), out->row_count));
    for (types::VectorPtr& column : values_) out->columns.push_back(std::move(column));
  }

  const ProjectSetNode& node_;
  OperatorPtr input_;
  uint32_t goal_ = types::BatchRows();
  types::Batch rows_;
  std::vector<types::Batch> arguments_;  // Of each function, for rows_.
  uint32_t row_ = 0;
  std::vector<Run> runs_;
  int64_t number_ = 0;  // Rows that the current one has had.
  // The output under way: the input's row of each, and the computed columns.
  std::vector<uint32_t> source_;
  std::vector<types::VectorPtr> values_;
};

OperatorPtr ProjectSetNode::Open(ExecutionContext* context) const {
  return std::make_unique<ProjectSet>(context, this);
}

// Whether the operator declares the columns that its functions have.
bool DeclaresResults(const ProjectSetNode& node) {
  std::vector<types::Type> types = node.input->output();
  for (const SetFunction& function : node.functions) {
    if (function.function == nullptr)
      types.push_back(function.arguments[0]->type());
    else
      for (const types::TypeId id : function.function->result) types.push_back({id, 0});
  }
  if (node.ordinality) types.push_back({types::TypeId::kInt8, 0});
  return std::equal(types.begin(), types.end(), node.output().begin(), node.output().end(),
                    [](const types::Type& a, const types::Type& b) {
                      return types::PhysicalOf(a.id) == types::PhysicalOf(b.id);
                    });
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileProjectSet(const common::v1::Operator& plan,
                                              CompileScope* scope) {
  const common::v1::ProjectSet& set = plan.project_set();
  auto node = std::make_unique<ProjectSetNode>(plan);
  ASSIGN_OR_RETURN(node->input, CompileOperator(set.input(), scope));
  for (const common::v1::SetFunction& function : set.functions()) {
    SetFunction& compiled = node->functions.emplace_back();
    if (!function.function().empty()) {
      ASSIGN_OR_RETURN(compiled.function,
                       FindTableFunction(function.function(), function.arguments()));
      compiled.columns = compiled.function->result.size();
    } else if (function.arguments_size() != 1) {
      return absl::InvalidArgumentError("malformed plan: one row of other than one value");
    }
    ASSIGN_OR_RETURN(compiled.arguments, CompileAll(function.arguments()));
  }
  node->ordinality = set.ordinality();
  node->keeps_empty = set.keeps_empty();
  if (node->functions.empty() || !DeclaresResults(*node))
    return absl::InvalidArgumentError("malformed plan: columns of set-returning functions");
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
