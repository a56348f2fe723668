// Operators that pass batches through: filter, project, limit, append.
#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

class FilterNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  const catalog::TableEntry* divisible_by() const override {
    return condition->repeatable() ? input->divisible_by() : nullptr;
  }
  absl::StatusOr<bool> MakeParts(ExecutionContext* context, SharedParts* parts) const override {
    return input->MakeParts(context, parts);
  }
  PlanNodePtr input;
  CompiledExpressionPtr condition;
};

class Filter : public Operator {
 public:
  Filter(ExecutionContext* context, const FilterNode* node)
      : Operator(context, node->id()), node_(*node), input_(node->input->Open(context)) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    ASSIGN_OR_RETURN(const bool more, input_->Next(out));
    if (!more) return false;
    RETURN_IF_ERROR(ApplyFilter(*node_.condition, context_, actuals_, out));
    return true;
  }
  absl::Status DoRewind() override { return input_->Rewind(); }

 private:
  const FilterNode& node_;
  OperatorPtr input_;
};

OperatorPtr FilterNode::Open(ExecutionContext* context) const {
  return std::make_unique<Filter>(context, this);
}

class ProjectNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  const catalog::TableEntry* divisible_by() const override {
    return repeatable ? input->divisible_by() : nullptr;
  }
  absl::StatusOr<bool> MakeParts(ExecutionContext* context, SharedParts* parts) const override {
    return input->MakeParts(context, parts);
  }
  PlanNodePtr input;
  std::vector<CompiledExpressionPtr> expressions;
  bool repeatable = false;
};

class Project : public Operator {
 public:
  Project(ExecutionContext* context, const ProjectNode* node)
      : Operator(context, node->id()), node_(*node), input_(node->input->Open(context)) {}

  void SetRowGoal(uint64_t rows) override { input_->SetRowGoal(rows); }

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (at_ >= rows_.row_count) {
      ASSIGN_OR_RETURN(const bool more, input_->Next(&rows_));
      if (!more) return false;
      at_ = 0;
      part_rows_ = rows_.row_count;
    }
    while (true) {
      const uint32_t count = std::min(part_rows_, rows_.row_count - at_);
      absl::StatusOr<types::Batch> values =
          count == rows_.row_count ? Evaluate(rows_) : Evaluate(Slice(rows_, at_, count));
      if (node_.repeatable && count > 1 && IsMemoryRefusal(values.status())) {
        RETURN_IF_ERROR(context_->call->Check());
        part_rows_ = (count + 7) / 8;
        continue;
      }
      RETURN_IF_ERROR(values.status());
      *out = *std::move(values);
      at_ += count;
      if (at_ >= rows_.row_count) rows_ = types::Batch();
      return true;
    }
  }
  absl::Status DoRewind() override {
    rows_ = types::Batch();
    return input_->Rewind();
  }

 private:
  // Strings that are too much at once are made for a part of the rows at a time.
  absl::StatusOr<types::Batch> Evaluate(const types::Batch& rows) {
    if (!node_.repeatable || rows.row_count <= 1)
      return EvaluateAll(node_.expressions, context_, rows);
    const BatchCeiling ceiling(context_->memory);
    return EvaluateAll(node_.expressions, context_, rows);
  }

  const ProjectNode& node_;
  OperatorPtr input_;
  types::Batch rows_;  // What is under way, from at_ on.
  uint32_t at_ = 0;
  uint32_t part_rows_ = 0;
};

OperatorPtr ProjectNode::Open(ExecutionContext* context) const {
  return std::make_unique<Project>(context, this);
}

class LimitNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  PlanNodePtr input;
  CompiledExpressionPtr count;
  CompiledExpressionPtr offset;
  std::vector<CompiledExpressionPtr> ties;
};

class Limit : public Operator {
 public:
  Limit(ExecutionContext* context, const LimitNode* node)
      : Operator(context, node->id()), node_(*node), input_(node->input->Open(context)) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (!started_) RETURN_IF_ERROR(Start());
    while (true) {
      if (left_ == 0) return node_.ties.empty() ? absl::StatusOr<bool>(false) : NextTies(out);
      ASSIGN_OR_RETURN(const bool more, input_->Next(out));
      if (!more) return false;
      if (skip_ >= out->row_count) {
        skip_ -= out->row_count;
        continue;
      }
      const auto begin = static_cast<uint32_t>(skip_);
      skip_ = 0;
      const auto count = static_cast<uint32_t>(std::min<uint64_t>(out->row_count - begin, left_));
      left_ -= count;
      if (left_ == 0 && !node_.ties.empty()) RETURN_IF_ERROR(KeepTies(*out, begin + count));
      if (begin != 0 || count != out->row_count) *out = Slice(*out, begin, count);
      return true;
    }
  }
  absl::Status DoRewind() override {
    started_ = false;
    return input_->Rewind();
  }

 private:
  // Remembers what the rows after the last, which stands before `end`, must be equal to.
  absl::Status KeepTies(const types::Batch& rows, uint32_t end) {
    ASSIGN_OR_RETURN(const types::Batch keys, EvaluateAll(node_.ties, context_, rows));
    last_.clear();
    AppendRowIdentity(Pointers(keys), end - 1, &last_);
    rest_ = Slice(rows, end, rows.row_count - end);
    ties_ = true;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> NextTies(types::Batch* out) {
    if (!ties_) return false;
    if (rest_.row_count > 0) {
      *out = std::exchange(rest_, types::Batch());
    } else {
      ASSIGN_OR_RETURN(ties_, input_->Next(out));
      if (!ties_) return false;
    }
    ASSIGN_OR_RETURN(const types::Batch keys, EvaluateAll(node_.ties, context_, *out));
    const std::vector<const types::Vector*> columns = Pointers(keys);
    uint32_t count = 0;
    std::string key;
    for (; count < out->row_count; ++count) {
      key.clear();
      AppendRowIdentity(columns, count, &key);
      if (key != last_) break;
    }
    ties_ = count == out->row_count;
    if (count == 0) return false;
    *out = Slice(*out, 0, count);
    return true;
  }

  absl::Status Start() {
    started_ = true;
    ties_ = false;
    rest_ = types::Batch();
    left_ = UINT64_MAX;
    skip_ = 0;
    if (node_.count != nullptr) {
      ASSIGN_OR_RETURN(const types::Value value, node_.count->EvaluateScalar(context_->state));
      if (!value.is_null()) {
        if (value.int_value() < 0) {
          return status::Error(status::sqlstate::kInvalidRowCountInLimit,
                               "LIMIT must not be negative");
        }
        left_ = static_cast<uint64_t>(value.int_value());
      }
    }
    if (node_.offset != nullptr) {
      ASSIGN_OR_RETURN(const types::Value value, node_.offset->EvaluateScalar(context_->state));
      if (!value.is_null()) {
        if (value.int_value() < 0) {
          return status::Error(status::sqlstate::kInvalidRowCountInOffset,
                               "OFFSET must not be negative");
        }
        skip_ = static_cast<uint64_t>(value.int_value());
      }
    }
    if (left_ <= UINT64_MAX - skip_ && node_.ties.empty()) input_->SetRowGoal(left_ + skip_);
    return absl::OkStatus();
  }

  const LimitNode& node_;
  OperatorPtr input_;
  bool started_ = false;
  uint64_t left_ = 0;
  uint64_t skip_ = 0;
  bool ties_ = false;  // Rows that are equal to the last may follow:
  types::Batch rest_;  // ... these first.
  std::string last_;
};

OperatorPtr LimitNode::Open(ExecutionContext* context) const {
  return std::make_unique<Limit>(context, this);
}

class AppendNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  std::vector<PlanNodePtr> inputs;
  std::vector<CompiledExpressionPtr> conditions;  // None, or one for each.
};

class Append : public Operator {
 public:
  Append(ExecutionContext* context, const AppendNode* node)
      : Operator(context, node->id()), node_(*node), inputs_(node->inputs.size()) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    for (; current_ < inputs_.size(); ++current_, reading_ = false) {
      if (!reading_) {
        ASSIGN_OR_RETURN(reading_, Reads(current_));
        if (!reading_) continue;
      }
      OperatorPtr& input = inputs_[current_];
      if (input == nullptr) input = node_.inputs[current_]->Open(context_);
      ASSIGN_OR_RETURN(const bool more, input->Next(out));
      if (more) return true;
    }
    return false;
  }
  absl::Status DoRewind() override {
    current_ = 0;
    reading_ = false;
    for (const OperatorPtr& input : inputs_) {
      if (input != nullptr) RETURN_IF_ERROR(input->Rewind());
    }
    return absl::OkStatus();
  }

 private:
  // Whether the input can have rows, for the parameters and outer rows at hand.
  absl::StatusOr<bool> Reads(size_t input) {
    if (node_.conditions.empty()) return true;
    ASSIGN_OR_RETURN(const types::Value holds,
                     node_.conditions[input]->EvaluateScalar(context_->state));
    return !holds.is_null() && holds.bool_value();
  }

  const AppendNode& node_;
  std::vector<OperatorPtr> inputs_;  // Null: not read yet.
  size_t current_ = 0;
  bool reading_ = false;
};

OperatorPtr AppendNode::Open(ExecutionContext* context) const {
  return std::make_unique<Append>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileFilter(const common::v1::Operator& plan, CompileScope* scope) {
  auto node = std::make_unique<FilterNode>(plan);
  ASSIGN_OR_RETURN(node->input, CompileOperator(plan.filter().input(), scope));
  ASSIGN_OR_RETURN(node->condition, sql::expression::Compile(plan.filter().condition()));
  return PlanNodePtr(std::move(node));
}

absl::StatusOr<PlanNodePtr> CompileProject(const common::v1::Operator& plan, CompileScope* scope) {
  auto node = std::make_unique<ProjectNode>(plan);
  ASSIGN_OR_RETURN(node->input, CompileOperator(plan.project().input(), scope));
  ASSIGN_OR_RETURN(node->expressions, CompileAll(plan.project().expressions()));
  node->repeatable = AllRepeatable(node->expressions);
  return PlanNodePtr(std::move(node));
}

absl::StatusOr<PlanNodePtr> CompileLimit(const common::v1::Operator& plan, CompileScope* scope) {
  auto node = std::make_unique<LimitNode>(plan);
  ASSIGN_OR_RETURN(node->input, CompileOperator(plan.limit().input(), scope));
  ASSIGN_OR_RETURN(node->count, CompileOptional(plan.limit().has_count(), plan.limit().count()));
  ASSIGN_OR_RETURN(node->offset, CompileOptional(plan.limit().has_offset(), plan.limit().offset()));
  ASSIGN_OR_RETURN(node->ties, CompileAll(plan.limit().ties()));
  return PlanNodePtr(std::move(node));
}

absl::StatusOr<PlanNodePtr> CompileAppend(const common::v1::Operator& plan, CompileScope* scope) {
  auto node = std::make_unique<AppendNode>(plan);
  for (const common::v1::Operator& input : plan.append().inputs()) {
    ASSIGN_OR_RETURN(PlanNodePtr compiled, CompileOperator(input, scope));
    node->inputs.push_back(std::move(compiled));
  }
  ASSIGN_OR_RETURN(node->conditions, CompileAll(plan.append().conditions()));
  if (!node->conditions.empty() && node->conditions.size() != node->inputs.size())
    return absl::InvalidArgumentError("malformed plan: APPEND needs a condition for each input");
  for (const CompiledExpressionPtr& condition : node->conditions) {
    if (condition->type().id != types::TypeId::kBool)
      return absl::InvalidArgumentError("malformed plan: a condition of APPEND is no boolean");
  }
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
