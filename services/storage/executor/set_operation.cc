// INTERSECT and EXCEPT, with and without ALL.
#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "common/status/macros.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"

namespace adbms::storage::executor {
namespace {

class SetOperationNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  PlanNodePtr left;
  PlanNodePtr right;
  bool except = false;
  bool all = false;
};

class SetOperation : public Operator {
 public:
  SetOperation(ExecutionContext* context, const SetOperationNode* node)
      : Operator(context, node->id()),
        node_(*node),
        left_(node->left->Open(context)),
        right_(node->right->Open(context)) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (!built_) RETURN_IF_ERROR(Build());
    types::Batch rows;
    ASSIGN_OR_RETURN(const bool more, left_->Next(&rows));
    if (!more) return false;
    const std::vector<const types::Vector*> columns = Pointers(rows);
    std::vector<uint32_t> selection;
    RowIdentity identity(&context_->memory);
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      RETURN_IF_ERROR(identity.Set(columns, row));
      const std::string& key = identity.key();
      const auto it = counts_.find(key);
      const bool in_right = it != counts_.end() && it->second != 0;
      if (node_.all) {
        if (in_right) --it->second;  // One right row takes one left row.
        if (in_right != node_.except) selection.push_back(row);
      } else if (node_.except) {
        // Emitted once: from then on it counts as a right row.
        if (!in_right) {
          RETURN_IF_ERROR(Remember(key));
          selection.push_back(row);
        }
      } else if (in_right) {
        it->second = 0;
        selection.push_back(row);
      }
    }
    *out = types::Gather(rows, selection.data(), static_cast<uint32_t>(selection.size()));
    out->row_count = static_cast<uint32_t>(selection.size());
    return true;
  }

  absl::Status DoRewind() override {
    counts_ = {};
    context_->memory.Release(reserved_);
    reserved_ = key_bytes_ = 0;
    built_ = false;
    RETURN_IF_ERROR(left_->Rewind());
    return right_->Rewind();
  }

 private:
  absl::Status Remember(const std::string& key) {
    const int64_t bytes = key.size() > 15 ? static_cast<int64_t>(key.size()) + 16 : 0;
    if (key.size() > kLongIdentity && !counts_.contains(key)) {
      // Counted before it is copied.
      RETURN_IF_ERROR(context_->memory.Adjust(
          key_bytes_ + bytes + static_cast<int64_t>(counts_.capacity() * 48), &reserved_));
    }
    const auto [it, fresh] = counts_.try_emplace(key, 0);
    ++it->second;
    if (!fresh) return absl::OkStatus();
    key_bytes_ += bytes;
    return context_->memory.Adjust(key_bytes_ + static_cast<int64_t>(counts_.capacity() * 48),
                                   &reserved_);
  }

  absl::Status Build() {
    built_ = true;
    types::Batch rows;
    RowIdentity identity(&context_->memory);
    while (true) {
      ASSIGN_OR_RETURN(const bool more, right_->Next(&rows));
      if (!more) return absl::OkStatus();
      const std::vector<const types::Vector*> columns = Pointers(rows);
      for (uint32_t row = 0; row < rows.row_count; ++row) {
        RETURN_IF_ERROR(identity.Set(columns, row));
        RETURN_IF_ERROR(Remember(identity.key()));
      }
    }
  }

  const SetOperationNode& node_;
  OperatorPtr left_;
  OperatorPtr right_;
  bool built_ = false;
  absl::flat_hash_map<std::string, uint64_t> counts_;
  int64_t key_bytes_ = 0;
  int64_t reserved_ = 0;
};

OperatorPtr SetOperationNode::Open(ExecutionContext* context) const {
  return std::make_unique<SetOperation>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileSetOperation(const common::v1::Operator& plan,
                                                CompileScope* scope) {
  const common::v1::SetOperation& operation = plan.set_operation();
  auto node = std::make_unique<SetOperationNode>(plan);
  ASSIGN_OR_RETURN(node->left, CompileOperator(operation.left(), scope));
  ASSIGN_OR_RETURN(node->right, CompileOperator(operation.right(), scope));
  node->except = operation.kind() == common::v1::SetOperation::KIND_EXCEPT;
  node->all = operation.all();
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
