// Scans over what is not stored as rows: set-returning functions, computed tables, materialized
// CTEs.
#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/spooled_rows.h"
#include "services/storage/executor/table_functions.h"

namespace adbms::storage::executor {
namespace {

class FunctionScanNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  const sql::functions::TableFunction* function = nullptr;
  bool ordinality = false;
  std::vector<CompiledExpressionPtr> arguments;
};

class FunctionScan : public Operator {
 public:
  FunctionScan(ExecutionContext* context, const FunctionScanNode* node)
      : Operator(context, node->id()), node_(*node) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (cursor_ == nullptr) {
      std::vector<types::Value> arguments;
      sql::functions::ScratchMemory scratch(context_->state.context);
      for (const CompiledExpressionPtr& argument : node_.arguments) {
        ASSIGN_OR_RETURN(types::Value value, argument->EvaluateScalar(context_->state));
        if (!value.is_null()) {
          RETURN_IF_ERROR(scratch.Take(value.bytes().size()));
        }
        arguments.push_back(std::move(value));
      }
      ASSIGN_OR_RETURN(cursor_, node_.function->open(context_->state.context, arguments));
    }
    RETURN_IF_ERROR(context_->call->Check());
    *out = types::Batch();
    ASSIGN_OR_RETURN(const bool more, cursor_->Next(out));
    if (more && node_.ordinality) {
      auto numbers = std::make_shared<types::Vector>(types::Type{types::TypeId::kInt8, 0});
      for (uint32_t row = 0; row < out->row_count; ++row)
        numbers->Append(types::Value::Int(types::TypeId::kInt8, ++count_));
      out->columns.push_back(std::move(numbers));
    }
    return more;
  }
  absl::Status DoRewind() override {
    cursor_.reset();
    count_ = 0;
    return absl::OkStatus();
  }

 private:
  const FunctionScanNode& node_;
  std::unique_ptr<sql::functions::TableFunction::Cursor> cursor_;
  int64_t count_ = 0;
};

OperatorPtr FunctionScanNode::Open(ExecutionContext* context) const {
  return std::make_unique<FunctionScan>(context, this);
}

class SystemScanNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  const catalog::TableEntry* table = nullptr;
  std::vector<uint32_t> columns;
  CompiledExpressionPtr filter;
};

class SystemScan : public Operator {
 public:
  SystemScan(ExecutionContext* context, const SystemScanNode* node)
      : Operator(context, node->id()), node_(*node) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (done_) return false;
    done_ = true;
    ASSIGN_OR_RETURN(
        const types::Batch rows,
        context_->virtual_tables->Rows(*node_.table, *context_->catalog, context_->state.context));
    *out = types::Batch();
    out->row_count = rows.row_count;
    for (uint32_t ordinal : node_.columns) out->columns.push_back(rows.columns[ordinal]);
    context_->rows_scanned += rows.row_count;
    if (node_.filter != nullptr && out->row_count > 0) {
      RETURN_IF_ERROR(ApplyFilter(*node_.filter, context_, actuals_, out));
    }
    return true;
  }
  absl::Status DoRewind() override {
    done_ = false;
    return absl::OkStatus();
  }

 private:
  const SystemScanNode& node_;
  bool done_ = false;
};

OperatorPtr SystemScanNode::Open(ExecutionContext* context) const {
  return std::make_unique<SystemScan>(context, this);
}

class CteScanNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  uint32_t cte = 0;
};

class CteScan : public Operator {
 public:
  CteScan(ExecutionContext* context, const CteScanNode* node)
      : Operator(context, node->id()), node_(*node) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (reader_ == nullptr) {
      RETURN_IF_ERROR(ComputeCte(context_, node_.cte));
      rows_ = context_->ctes[node_.cte];
      reader_ = std::make_unique<SpooledRows::Reader>(rows_.get());
    }
    return reader_->Next(out);
  }
  absl::Status DoRewind() override {
    if (reader_ != nullptr) reader_->Rewind();
    return absl::OkStatus();
  }

 private:
  const CteScanNode& node_;
  std::shared_ptr<SpooledRows> rows_;
  std::unique_ptr<SpooledRows::Reader> reader_;
};

OperatorPtr CteScanNode::Open(ExecutionContext* context) const {
  return std::make_unique<CteScan>(context, this);
}

// Rows that the caller of the statement has computed.
class ProgramRowsNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
};

class ProgramRows : public Operator {
 public:
  ProgramRows(ExecutionContext* context, const ProgramRowsNode* node)
      : Operator(context, node->id()), id_(node->id()) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    const auto given = context_->given_rows.find(id_);
    if (given == context_->given_rows.end())
      return absl::InvalidArgumentError("the rows of a CTE that calls functions were not given");
    if (next_ == given->second->size()) return false;
    *out = (*given->second)[next_++];
    return true;
  }
  absl::Status DoRewind() override {
    next_ = 0;
    return absl::OkStatus();
  }

 private:
  const uint32_t id_;
  size_t next_ = 0;
};

OperatorPtr ProgramRowsNode::Open(ExecutionContext* context) const {
  return std::make_unique<ProgramRows>(context, this);
}

bool Takes(const sql::functions::TableFunction& function,
           const google::protobuf::RepeatedPtrField<common::v1::Expression>& arguments) {
  return std::equal(arguments.begin(), arguments.end(), function.arguments.begin(),
                    function.arguments.end(), [](const auto& argument, types::TypeId wanted) {
                      const types::TypeId id = types::FromProto(argument.type()).id;
                      if (types::IsArray(wanted)) return id == wanted;
                      return wanted == types::TypeId::kUnspecified ||
                             types::PhysicalOf(id) == types::PhysicalOf(wanted);
                    });
}

}  // namespace

absl::Status ComputeCte(ExecutionContext* context, uint32_t cte) {
  if (context->ctes[cte] != nullptr) return absl::OkStatus();
  const OperatorPtr input = context->plan->ctes[cte]->Open(context);
  auto rows = std::make_shared<SpooledRows>(context);
  types::Batch batch;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, input->Next(&batch));
    if (!more) break;
    RETURN_IF_ERROR(rows->Add(std::move(batch)));
  }
  RETURN_IF_ERROR(rows->Finish());
  context->ctes[cte] = std::move(rows);
  return absl::OkStatus();
}

absl::StatusOr<const sql::functions::TableFunction*> FindTableFunction(
    const std::string& signature,
    const google::protobuf::RepeatedPtrField<common::v1::Expression>& arguments) {
  const auto& functions = sql::functions::FunctionCatalog::Builtin();
  if (const auto* function = functions.TableFunctionBySignature(signature)) {
    if (Takes(*function, arguments)) return function;
    return absl::InvalidArgumentError("malformed plan: arguments of " + signature);
  }
  for (const sql::functions::TableFunction* candidate : functions.FindTableFunctions(signature)) {
    if (Takes(*candidate, arguments)) return candidate;
  }
  return absl::InternalError("unknown table function " + signature);
}

absl::StatusOr<PlanNodePtr> CompileFunctionScan(const common::v1::Operator& plan, CompileScope*) {
  auto node = std::make_unique<FunctionScanNode>(plan);
  const common::v1::FunctionScan& scan = plan.function_scan();
  ASSIGN_OR_RETURN(node->function, FindTableFunction(scan.function(), scan.arguments()));
  ASSIGN_OR_RETURN(node->arguments, CompileAll(scan.arguments()));
  node->ordinality = scan.ordinality();
  return PlanNodePtr(std::move(node));
}

absl::StatusOr<PlanNodePtr> CompileSystemScan(const common::v1::Operator& plan,
                                              CompileScope* scope) {
  const common::v1::SystemScan& scan = plan.system_scan();
  auto node = std::make_unique<SystemScanNode>(plan);
  ASSIGN_OR_RETURN(node->table, scope->Table(scan.table_id()));
  node->columns.assign(scan.columns().begin(), scan.columns().end());
  for (uint32_t ordinal : node->columns) {
    if (ordinal >= node->table->layout.types.size()) {
      return absl::InvalidArgumentError("malformed plan: no such column");
    }
  }
  ASSIGN_OR_RETURN(node->filter, CompileOptional(scan.has_filter(), scan.filter()));
  return PlanNodePtr(std::move(node));
}

absl::StatusOr<PlanNodePtr> CompileProgramRows(const common::v1::Operator& plan, CompileScope*) {
  return PlanNodePtr(std::make_unique<ProgramRowsNode>(plan));
}

absl::StatusOr<PlanNodePtr> CompileCteScan(const common::v1::Operator& plan, CompileScope* scope) {
  auto node = std::make_unique<CteScanNode>(plan);
  node->cte = plan.cte_scan().cte();
  if (node->cte >= static_cast<uint32_t>(scope->plan->plan->ctes_size())) {
    return absl::InvalidArgumentError("malformed plan: no such CTE");
  }
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
