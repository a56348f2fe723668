// WITH RECURSIVE, round by round, and the working table through which a round reads the one before.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "common/status/macros.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"
#include "services/storage/executor/spooled_rows.h"

namespace adbms::storage::executor {
namespace {

class RecursiveUnionNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  PlanNodePtr initial;
  PlanNodePtr recursive;
  bool all = false;
  uint32_t working_table = 0;
};

class RecursiveUnion : public Operator {
 public:
  RecursiveUnion(ExecutionContext* context, const RecursiveUnionNode* node)
      : Operator(context, node->id()),
        node_(*node),
        initial_(node->initial->Open(context)),
        recursive_(node->recursive->Open(context)),
        found_(std::make_shared<SpooledRows>(context)),
        identity_(&context->memory) {}
  ~RecursiveUnion() override { context_->memory.Release(seen_bytes_); }

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    RETURN_IF_ERROR(context_->call->Check());
    ASSIGN_OR_RETURN(bool more, NextOfTerm(out));
    if (!more) {
      ASSIGN_OR_RETURN(more, StartRound());
      *out = types::Batch();
      return more;
    }
    if (!node_.all) RETURN_IF_ERROR(DropSeen(out));
    if (out->row_count > 0) RETURN_IF_ERROR(found_->Add(*out));
    return true;
  }

  absl::Status DoRewind() override {
    working_ = nullptr;
    found_ = std::make_shared<SpooledRows>(context_);
    seen_.clear();
    context_->memory.Release(std::exchange(seen_bytes_, 0));
    return initial_->Rewind();
  }

 private:
  absl::StatusOr<bool> NextOfTerm(types::Batch* out) {
    if (working_ == nullptr) return initial_->Next(out);
    // Another instance of this union may have set it since.
    context_->working_tables[node_.working_table] = working_;
    return recursive_->Next(out);
  }

  // False when the last round has found nothing.
  absl::StatusOr<bool> StartRound() {
    if (found_->row_count() == 0) return false;
    RETURN_IF_ERROR(found_->Finish());
    working_ = std::move(found_);
    found_ = std::make_shared<SpooledRows>(context_);
    context_->working_tables[node_.working_table] = working_;
    RETURN_IF_ERROR(recursive_->Rewind());
    return true;
  }

  // Keeps the rows that have not been there.
  absl::Status DropSeen(types::Batch* rows) {
    const std::vector<const types::Vector*> columns = Pointers(*rows);
    std::vector<uint32_t> fresh;
    for (uint32_t row = 0; row < rows->row_count; ++row) {
      RETURN_IF_ERROR(identity_.Set(columns, row));
      if (seen_.contains(identity_.key())) continue;
      const auto bytes = static_cast<int64_t>(identity_.key().size()) + 48;
      RETURN_IF_ERROR(context_->memory.Reserve(bytes));
      seen_bytes_ += bytes;
      seen_.insert(identity_.key());
      fresh.push_back(row);
    }
    if (fresh.size() == rows->row_count) return absl::OkStatus();
    const auto count = static_cast<uint32_t>(fresh.size());
    *rows = fresh.empty() ? types::Batch() : types::Gather(*rows, fresh.data(), count);
    return absl::OkStatus();
  }

  const RecursiveUnionNode& node_;
  OperatorPtr initial_;
  OperatorPtr recursive_;
  std::shared_ptr<SpooledRows> working_;  // What the round reads; null: the first one.
  std::shared_ptr<SpooledRows> found_;    // What it has found.
  RowIdentity identity_;
  absl::flat_hash_set<std::string> seen_;
  int64_t seen_bytes_ = 0;
};

OperatorPtr RecursiveUnionNode::Open(ExecutionContext* context) const {
  return std::make_unique<RecursiveUnion>(context, this);
}

class WorkingTableScanNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  uint32_t working_table = 0;
};

class WorkingTableScan : public Operator {
 public:
  WorkingTableScan(ExecutionContext* context, const WorkingTableScanNode* node)
      : Operator(context, node->id()), node_(*node) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (reader_ == nullptr) {
      rows_ = context_->working_tables[node_.working_table];
      if (rows_ == nullptr)
        return absl::InternalError("malformed plan: a working table outside of its union");
      reader_ = std::make_unique<SpooledRows::Reader>(rows_.get());
    }
    return reader_->Next(out);
  }
  absl::Status DoRewind() override {
    reader_.reset();
    rows_ = nullptr;
    return absl::OkStatus();
  }

 private:
  const WorkingTableScanNode& node_;
  std::shared_ptr<SpooledRows> rows_;
  std::unique_ptr<SpooledRows::Reader> reader_;
};

OperatorPtr WorkingTableScanNode::Open(ExecutionContext* context) const {
  return std::make_unique<WorkingTableScan>(context, this);
}

// As of operators.
constexpr uint32_t kMostWorkingTables = 1 << 20;

}  // namespace

absl::StatusOr<PlanNodePtr> CompileRecursiveUnion(const common::v1::Operator& plan,
                                                  CompileScope* scope) {
  const common::v1::RecursiveUnion& recursion = plan.recursive_union();
  auto node = std::make_unique<RecursiveUnionNode>(plan);
  node->all = recursion.all();
  node->working_table = recursion.working_table();
  if (node->working_table >= kMostWorkingTables)
    return absl::InvalidArgumentError("malformed plan: a working table's number");
  scope->plan->working_tables = std::max(scope->plan->working_tables, node->working_table + 1);
  ASSIGN_OR_RETURN(node->initial, CompileOperator(recursion.initial(), scope));
  ASSIGN_OR_RETURN(node->recursive, CompileOperator(recursion.recursive(), scope));
  return PlanNodePtr(std::move(node));
}

absl::StatusOr<PlanNodePtr> CompileWorkingTableScan(const common::v1::Operator& plan,
                                                    CompileScope* scope) {
  auto node = std::make_unique<WorkingTableScanNode>(plan);
  node->working_table = plan.working_table_scan().working_table();
  if (node->working_table >= scope->plan->working_tables)
    return absl::InvalidArgumentError("malformed plan: a working table outside of its union");
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
