// INSERT, with ON CONFLICT.
#include <optional>
#include <set>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/executor/cascade_rules.h"
#include "services/storage/executor/modify.h"
#include "services/storage/executor/partition_targets.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

class InsertNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;

  const catalog::TableEntry* table = nullptr;
  PlanNodePtr input;
  bool literal_input = false;
  bool returns_existing = false;
  std::vector<CompiledExpressionPtr> returning;
  std::vector<Check> checks;
  std::vector<Check> view_checks;  // Of the rows that are written in the end.
  // Of policies: for the input's rows, for those that ON CONFLICT updates before and after.
  std::vector<Check> policies, existing_policies, changed_policies;
  bool ignore_conflicts = false;
  std::optional<uint32_t> conflict_index;
  std::vector<CompiledExpressionPtr> conflict_update;
  CompiledExpressionPtr conflict_filter;
  CascadeTargets cascades;
  std::unique_ptr<const PartitionTargets> partitions;
};

class Insert : public ModifyOperator {
 public:
  Insert(ExecutionContext* context, const InsertNode* node)
      : ModifyOperator(context, node->id(), node->table, node->input.get(), &node->returning,
                       &node->cascades, node->partitions.get(), !node->literal_input),
        node_(*node) {}

 protected:
  absl::Status Apply(types::Batch rows) override {
    RETURN_IF_ERROR(ComputeGenerated(table_, &rows));
    if (!divided()) {
      at_ = {&table_, &WriterOf(table_), nullptr, node_.conflict_index};
      return Store(rows);
    }
    std::vector<const PartitionTargets::Leaf*> leaves;
    RETURN_IF_ERROR(partitions()->Route(rows, &leaves));
    const bool in_order = !node_.returning.empty() || ignores_or_updates();
    for (const LeafRows& part : ByLeaf(leaves, in_order)) {
      at_ = {part.leaf->table, &WriterOf(*part.leaf->table), part.leaf, node_.conflict_index};
      if (at_.arbiter.value_or(0) != 0) {
        const auto own = part.leaf->index_of.find(*at_.arbiter);
        if (own == part.leaf->index_of.end())
          return absl::InternalError("a partition lacks an index of its table");
        at_.arbiter = own->second;
      }
      const auto count = static_cast<uint32_t>(part.rows.size());
      RETURN_IF_ERROR(
          Store(count == rows.row_count ? rows : types::Gather(rows, part.rows.data(), count)));
    }
    return absl::OkStatus();
  }

 private:
  // The table that rows are being stored in.
  struct Place {
    const catalog::TableEntry* table = nullptr;
    txn::TableWriter* writer = nullptr;
    const PartitionTargets::Leaf* leaf = nullptr;
    std::optional<uint32_t> arbiter;
  };

  bool ignores_or_updates() const {
    return node_.ignore_conflicts || !node_.conflict_update.empty();
  }
  txn::TableWriter& writer() { return *at_.writer; }

  absl::Status Verify(const types::Batch& rows, const std::vector<Check>& policies) {
    RETURN_IF_ERROR(VerifyChecks(policies, table_, context_->state, rows));
    RETURN_IF_ERROR(writer().CheckNotNull(Pointers(rows), rows.row_count));
    RETURN_IF_ERROR(VerifyChecks(node_.checks, *at_.table, context_->state, rows));
    if (at_.leaf != nullptr)
      return VerifyChecks(at_.leaf->checks, *at_.table, context_->state, rows);
    return partitions() == nullptr ? absl::OkStatus() : partitions()->CheckOwn(rows);
  }

  absl::Status Store(const types::Batch& rows) {
    RETURN_IF_ERROR(Verify(rows, node_.policies));
    const std::vector<const types::Vector*> columns = Pointers(rows);
    if (!ignores_or_updates()) {
      for (uint32_t row = 0; row < rows.row_count; ++row)
        RETURN_IF_ERROR(writer().Insert(columns, row, nullptr));
      CountRows(rows.row_count);
      RETURN_IF_ERROR(VerifyChecks(node_.view_checks, *at_.table, context_->state, rows));
      return Return(rows, *at_.table);
    }
    // RETURNING answers in the order of the input: what was inserted goes out before the next
    // update.
    std::vector<uint32_t> inserted;
    const auto return_inserted = [&]() -> absl::Status {
      if (inserted.empty()) return absl::OkStatus();
      CountRows(inserted.size());
      const auto count = static_cast<uint32_t>(inserted.size());
      const types::Batch kept =
          count == rows.row_count ? rows : types::Gather(rows, inserted.data(), count);
      inserted.clear();
      RETURN_IF_ERROR(VerifyChecks(node_.view_checks, *at_.table, context_->state, kept));
      return ReturnWith(nullptr, kept);
    };
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      RETURN_IF_ERROR(InsertOrUpdate(rows, columns, row, &inserted, return_inserted));
    }
    return return_inserted();
  }

  template <typename ReturnInserted>
  absl::Status InsertOrUpdate(const types::Batch& rows, codec::Columns columns, uint32_t row,
                              std::vector<uint32_t>* inserted,
                              const ReturnInserted& return_inserted) {
    while (true) {
      txn::TableWriter::Conflict conflict;
      conflict.arbiter = at_.arbiter;
      RETURN_IF_ERROR(writer().Insert(columns, row, &conflict));
      if (!conflict.exists) {
        inserted->push_back(row);
        return node_.conflict_update.empty() ? absl::OkStatus() : RememberInserted(columns, row);
      }
      if (node_.conflict_update.empty()) return writer().CheckVisible(conflict.row_key);
      if (!node_.returning.empty()) RETURN_IF_ERROR(return_inserted());
      bool gone = false;
      RETURN_IF_ERROR(UpdateExisting(conflict, rows, row, &gone));
      if (!gone) return absl::OkStatus();
      RETURN_IF_ERROR(context_->call->Check());
    }
  }

  absl::Status RememberInserted(codec::Columns columns, uint32_t row) {
    if (!at_.table->layout.has_primary_key()) return absl::OkStatus();
    std::string key;
    at_.table->layout.AppendRowKey(columns, row, &key);
    touched_.insert(std::move(key));
    return absl::OkStatus();
  }

  // `gone`: by the time that the row was locked it was not in the way any more.
  absl::Status UpdateExisting(const txn::TableWriter::Conflict& conflict, const types::Batch& rows,
                              uint32_t row, bool* gone) {
    const std::string& row_key = conflict.row_key;
    if (touched_.contains(row_key)) {
      return status::Error(
          status::sqlstate::kCardinalityViolation,
          "ON CONFLICT DO UPDATE command cannot affect row a second time", {},
          "Ensure that no rows proposed for insertion within the same command have duplicate "
          "constrained values.");
    }
    const codec::TableLayout& layout = at_.table->layout;
    engine::PinnableSlice value;
    bool found = false;
    RETURN_IF_ERROR(writer().LockRow(row_key, txn::LockMode::kForNoKeyUpdate, &value, &found));
    ASSIGN_OR_RETURN(const bool conflicts, writer().StillConflicts(conflict));
    *gone = !found || !conflicts;
    if (*gone) return absl::OkStatus();
    touched_.insert(row_key);
    types::Batch existing = NewBatch(layout.types, 1);
    std::vector<uint32_t> all(layout.types.size());
    std::vector<types::Vector*> outs;
    for (uint32_t i = 0; i < all.size(); ++i) {
      all[i] = i;
      outs.push_back(existing.columns[i].get());
    }
    RETURN_IF_ERROR(codec::RowDecoder(&layout.row, all, &layout.missing)
                        .Decode(engine::ToView(value), 0, outs.data()));
    types::Batch pair = existing;
    const types::Batch excluded = types::Gather(rows, &row, 1);
    pair.columns.insert(pair.columns.end(), excluded.columns.begin(), excluded.columns.end());
    if (node_.conflict_filter != nullptr) {
      std::vector<uint32_t> selection;
      RETURN_IF_ERROR(node_.conflict_filter->Select(context_->state, pair, &selection));
      if (selection.empty()) return absl::OkStatus();
    }
    RETURN_IF_ERROR(VerifyChecks(node_.existing_policies, table_, context_->state, existing));
    ASSIGN_OR_RETURN(types::Batch changed, EvaluateAll(node_.conflict_update, context_, pair));
    RETURN_IF_ERROR(ComputeGenerated(table_, &changed));
    if (at_.leaf != nullptr) {
      std::vector<const PartitionTargets::Leaf*> now;
      RETURN_IF_ERROR(partitions()->Route(changed, &now));
      if (now[0] != at_.leaf)
        return status::Error(status::sqlstate::kFeatureNotSupported,
                             "invalid ON UPDATE specification",
                             "The result tuple would appear in a different partition than the "
                             "original tuple.");
    }
    RETURN_IF_ERROR(Verify(changed, node_.changed_policies));
    const std::vector<const types::Vector*> columns = Pointers(changed);
    const std::vector<bool> assigned(layout.types.size(), true);
    RETURN_IF_ERROR(writer().Update(row_key, Pointers(existing), 0, columns, 0, assigned));
    RETURN_IF_ERROR(VerifyChecks(node_.view_checks, *at_.table, context_->state, changed));
    CountRows(1);
    return ReturnWith(&existing, std::move(changed));
  }

  // RETURNING of rows that were inserted, or (`existing` not null) put in place of others.
  absl::Status ReturnWith(const types::Batch* existing, types::Batch rows) {
    if (!node_.returns_existing) return Return(rows, *at_.table);
    const std::vector<types::Type>& types = table_.layout.types;
    for (size_t i = 0; i < types.size(); ++i)
      rows.columns.push_back(existing != nullptr
                                 ? existing->columns[i]
                                 : Repeat(types::Value::Null(types[i]), types[i], rows.row_count));
    constexpr types::Type kBool{types::TypeId::kBool, 0};
    rows.columns.push_back(Repeat(types::Value::Bool(existing != nullptr), kBool, rows.row_count));
    return Return(rows, *at_.table);
  }

  const InsertNode& node_;
  Place at_;
  std::set<std::string> touched_;
};

OperatorPtr InsertNode::Open(ExecutionContext* context) const {
  return std::make_unique<Insert>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileInsert(const common::v1::Operator& plan, CompileScope* scope) {
  const common::v1::Insert& insert = plan.insert();
  auto node = std::make_unique<InsertNode>(plan);
  scope->plan->writes = true;
  ASSIGN_OR_RETURN(node->table, scope->Table(insert.table_id()));
  ASSIGN_OR_RETURN(node->input, CompileOperator(insert.input(), scope));
  if (node->input->output().size() != node->table->layout.types.size()) {
    return absl::InvalidArgumentError("malformed plan: INSERT needs every column");
  }
  node->literal_input = insert.input().has_values() &&
                        plan.insert().input().values().rows_size() > 0 &&
                        scope->plan->plan->subplans_size() == 0;
  ASSIGN_OR_RETURN(node->returning, CompileAll(insert.returning()));
  ASSIGN_OR_RETURN(node->checks, CompileChecks(insert.checks()));
  using common::v1::CheckConstraint;
  const auto take = [&node](CheckConstraint::RowSecurity kind) {
    return TakeChecks(&node->checks,
                      [kind](const Check& check) { return check.row_security == kind; });
  };
  node->policies = take(CheckConstraint::ROW_SECURITY_WRITTEN);
  node->existing_policies = take(CheckConstraint::ROW_SECURITY_EXISTING);
  node->changed_policies = take(CheckConstraint::ROW_SECURITY_CHANGED);
  node->view_checks = TakeChecks(&node->checks, [](const Check& check) { return check.of_view; });
  ASSIGN_OR_RETURN(node->partitions,
                   PartitionTargets::Make(node->table, insert.partition_checks(),
                                          [&](uint32_t id) { return scope->Table(id); }));
  node->returns_existing = insert.returns_existing();
  node->ignore_conflicts = insert.ignore_conflicts();
  if (insert.has_conflict_index_id()) node->conflict_index = insert.conflict_index_id();
  ASSIGN_OR_RETURN(node->conflict_update, CompileAll(insert.conflict_update()));
  ASSIGN_OR_RETURN(node->cascades, CascadeTargets::Compile(insert.cascades(), *scope));
  ASSIGN_OR_RETURN(node->conflict_filter,
                   CompileOptional(insert.has_conflict_filter(), insert.conflict_filter()));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
