// What INSERT, UPDATE and DELETE share: they read all of their input before they write, so that no
// statement sees its own changes, and emit RETURNING rows when every row is written.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "services/storage/executor/operator.h"
#include "services/storage/executor/spooled_rows.h"
#include "services/storage/txn/table_writer.h"

namespace adbms::storage::executor {

// A compiled CHECK constraint.
struct Check {
  std::string name;
  CompiledExpressionPtr condition;
  bool of_view = false;  // Of its CHECK OPTION: the condition has to be true.
  // Of the table's policies: likewise.
  common::v1::CheckConstraint::RowSecurity row_security =
      common::v1::CheckConstraint::ROW_SECURITY_UNSPECIFIED;
};
absl::StatusOr<std::vector<Check>> CompileChecks(
    const google::protobuf::RepeatedPtrField<common::v1::CheckConstraint>& checks);
// Takes those for which `belongs` out of `checks`; the order stays.
std::vector<Check> TakeChecks(std::vector<Check>* checks,
                              const std::function<bool(const Check&)>& belongs);
// Errors: 23514 for a row that makes a condition false, 44000 for one that a view would not show,
// 42501 for one that a policy does not allow.
absl::Status VerifyChecks(const std::vector<Check>& checks, const catalog::TableEntry& table,
                          sql::expression::EvaluationState& state, const types::Batch& rows);

// The table's generated columns of rows whose columns stand by ordinal.
absl::Status ComputeGenerated(const catalog::TableEntry& table, types::Batch* rows);

class CascadeTargets;
class PartitionTargets;

class ModifyOperator : public Operator {
 public:
  // Borrows all.
  ModifyOperator(ExecutionContext* context, uint32_t id, const catalog::TableEntry* table,
                 const PlanNode* input, const std::vector<CompiledExpressionPtr>* returning,
                 const CascadeTargets* cascades, const PartitionTargets* partitions,
                 bool buffer_input);

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override;
  absl::Status DoRewind() override;

  // Writes the rows of one input batch.
  virtual absl::Status Apply(types::Batch input) = 0;
  // Whether there is a RETURNING.
  bool returns() const { return !returning_.empty(); }
  // Adds RETURNING rows over `rows`, which are in `table`.
  absl::Status Return(const types::Batch& rows, const catalog::TableEntry& table);
  // Of the statement's table, or of a partition; to be asked for once for many rows.
  txn::TableWriter& WriterOf(const catalog::TableEntry& table);
  // Null: the table is neither partitioned nor a partition.
  const PartitionTargets* partitions() const { return partitions_; }
  bool divided() const;
  void CountRows(uint64_t rows) { context_->rows_affected += rows; }

  const catalog::TableEntry& table_;

 private:
  using Writers = std::map<uint32_t, std::shared_ptr<txn::TableWriter>>;  // By table.

  absl::Status Run();
  // What is left to the statement's end.
  static absl::Status Finish(ExecutionContext* context, const Writers& writers,
                             const CascadeTargets* cascades);

  const std::vector<CompiledExpressionPtr>& returning_;
  const CascadeTargets* const cascades_;
  const PartitionTargets* const partitions_;
  const bool buffer_input_;
  OperatorPtr input_;
  Writers writers_;
  bool ran_ = false;
  SpooledRows results_;
  std::optional<SpooledRows::Reader> reader_;
};

// The input rows of UPDATE and DELETE as they are now: locked, brought to their latest version
// where a concurrent transaction changed them, without those that are gone, no longer match, or
// came before.
class TargetRows {
 public:
  // `read_before`: see common/v1/plan.proto.
  TargetRows(ExecutionContext* context, const catalog::TableEntry* table,
             const sql::expression::CompiledExpression* recheck, bool read_before, bool removes)
      : context_(context),
        table_(*table),
        recheck_(recheck),
        read_before_(read_before),
        removes_(removes) {}
  // Replaces `batch` by the rows to change. Errors: 27000 for one that was read before and is
  // another by now.
  absl::Status Lock(txn::TableWriter* writer, txn::LockMode mode, types::Batch* batch);

 private:
  absl::Status ChangedByTrigger() const;

  ExecutionContext* const context_;
  const catalog::TableEntry& table_;
  const sql::expression::CompiledExpression* const recheck_;
  const bool read_before_;
  const bool removes_;
  absl::flat_hash_set<std::string> seen_;
};

}  // namespace adbms::storage::executor
