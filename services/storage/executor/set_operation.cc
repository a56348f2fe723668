// INTERSECT and EXCEPT, with and without ALL. Rows whose keys find no room in memory wait in
// partitions on disk, which are worked on one after the other.
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/status/macros.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"
#include "services/storage/executor/row_partitions.h"

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
  ~SetOperation() override { Forget(); }

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    *out = types::Batch();
    RETURN_IF_ERROR(context_->call->Check());
    if (!built_) RETURN_IF_ERROR(Build());
    types::Batch rows;
    ASSIGN_OR_RETURN(const bool more,
                     left_reader_ != nullptr ? left_reader_->Next(&rows) : left_->Next(&rows));
    if (!more) return NextPartition();
    const std::vector<const types::Vector*> columns = Pointers(rows);
    std::vector<uint32_t> selection;
    std::vector<uint32_t> put_off;
    RowIdentity identity(&context_->memory);
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      RETURN_IF_ERROR(identity.Set(columns, row));
      ASSIGN_OR_RETURN(const Answer answer, Decide(identity.key()));
      if (answer == Answer::kEmit) selection.push_back(row);
      if (answer == Answer::kLater) put_off.push_back(row);
    }
    RETURN_IF_ERROR(PutOff(rows, put_off, &left_partitions_));
    *out = types::Gather(rows, selection.data(), static_cast<uint32_t>(selection.size()));
    out->row_count = static_cast<uint32_t>(selection.size());
    return true;
  }

  absl::Status DoRewind() override {
    Forget();
    left_partitions_.reset();
    right_partitions_.reset();
    waiting_.clear();
    left_reader_.reset();
    current_ = Task();
    RETURN_IF_ERROR(left_->Rewind());
    return right_->Rewind();
  }

 private:
  enum class Answer { kEmit, kDrop, kLater };
  // Rows of both sides with the same keys; no right ones: null.
  struct Task {
    Partition left;
    Partition right;
  };

  void Forget() {
    counts_ = {};
    context_->memory.Release(std::exchange(reserved_, 0));
    key_bytes_ = 0;
    built_ = closed_ = false;
  }

  // What becomes of a left row.
  absl::StatusOr<Answer> Decide(const std::string& key) {
    const auto it = counts_.find(key);
    if (it == counts_.end() && closed_) return Answer::kLater;
    const bool in_right = it != counts_.end() && it->second != 0;
    if (node_.all) {
      if (in_right) --it->second;  // One right row takes one left row.
      return in_right != node_.except ? Answer::kEmit : Answer::kDrop;
    }
    if (node_.except) {
      if (in_right) return Answer::kDrop;
      // Emitted once: from then on it counts as a right row.
      ASSIGN_OR_RETURN(const bool remembered, Remember(key));
      return remembered ? Answer::kEmit : Answer::kLater;
    }
    if (!in_right) return Answer::kDrop;
    it->second = 0;
    return Answer::kEmit;
  }

  // Counts a right row; false when there is no room for one more key.
  absl::StatusOr<bool> Remember(const std::string& key) {
    const auto it = counts_.find(key);
    if (it != counts_.end()) {
      ++it->second;
      return true;
    }
    if (closed_) return false;
    // Counted before it is copied.
    const int64_t bytes = key.size() > 15 ? static_cast<int64_t>(key.size()) + 16 : 0;
    const int64_t held = key_bytes_ + bytes + static_cast<int64_t>((counts_.capacity() + 1) * 48);
    if (current_.left.level < RowPartitions::kDeepest && !counts_.empty()) {
      closed_ = !context_->memory.TryAdjustSpillable(held, &reserved_);
      if (closed_) return false;
    } else {
      RETURN_IF_ERROR(context_->memory.Adjust(held, &reserved_));
    }
    key_bytes_ += bytes;
    counts_.emplace(key, 1);
    return true;
  }

  absl::Status Build() {
    built_ = true;
    types::Batch rows;
    RowIdentity identity(&context_->memory);
    std::unique_ptr<SpooledRows::Reader> reader;
    if (current_.right.rows != nullptr)
      reader = std::make_unique<SpooledRows::Reader>(current_.right.rows.get());
    if (left_reader_ != nullptr && reader == nullptr) return absl::OkStatus();
    while (true) {
      ASSIGN_OR_RETURN(const bool more,
                       reader != nullptr ? reader->Next(&rows) : right_->Next(&rows));
      if (!more) return absl::OkStatus();
      const std::vector<const types::Vector*> columns = Pointers(rows);
      std::vector<uint32_t> put_off;
      for (uint32_t row = 0; row < rows.row_count; ++row) {
        RETURN_IF_ERROR(identity.Set(columns, row));
        ASSIGN_OR_RETURN(const bool remembered, Remember(identity.key()));
        if (!remembered) put_off.push_back(row);
      }
      RETURN_IF_ERROR(PutOff(rows, put_off, &right_partitions_));
    }
  }

  absl::Status PutOff(const types::Batch& rows, const std::vector<uint32_t>& selection,
                      std::unique_ptr<RowPartitions>* partitions) {
    if (selection.empty()) return absl::OkStatus();
    if (*partitions == nullptr) {
      ASSIGN_OR_RETURN(*partitions, RowPartitions::Create(context_, current_.left.level));
    }
    std::vector<uint64_t> hashes;
    RETURN_IF_ERROR(HashRows(Pointers(rows), selection, &context_->memory, &hashes));
    return (*partitions)->Add(rows, selection, hashes);
  }

  // Goes on with rows that were put off; false when there are none.
  absl::StatusOr<bool> NextPartition() {
    if (left_partitions_ != nullptr) {
      ASSIGN_OR_RETURN(std::vector<Partition> lefts, left_partitions_->Finish());
      std::vector<Partition> rights(lefts.size());
      if (right_partitions_ != nullptr) {
        ASSIGN_OR_RETURN(rights, right_partitions_->Finish());
      }
      for (size_t i = 0; i < lefts.size(); ++i) {
        if (lefts[i].rows->row_count() > 0)
          waiting_.push_back({std::move(lefts[i]), std::move(rights[i])});
      }
    }
    left_partitions_.reset();
    right_partitions_.reset();
    left_reader_.reset();
    if (waiting_.empty()) return false;
    Forget();
    current_ = std::move(waiting_.back());
    waiting_.pop_back();
    left_reader_ = std::make_unique<SpooledRows::Reader>(current_.left.rows.get());
    return true;
  }

  const SetOperationNode& node_;
  OperatorPtr left_;
  OperatorPtr right_;
  bool built_ = false;
  // Equal rows of the right side. Closed: keys that it lacks are put off, on both sides.
  absl::flat_hash_map<std::string, uint64_t> counts_;
  bool closed_ = false;
  int64_t key_bytes_ = 0;
  int64_t reserved_ = 0;
  std::unique_ptr<RowPartitions> left_partitions_;
  std::unique_ptr<RowPartitions> right_partitions_;
  std::vector<Task> waiting_;
  Task current_;
  std::unique_ptr<SpooledRows::Reader> left_reader_;
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
