// The executor's two halves: a PlanNode is compiled once from a plan and shared; an Operator is one
// execution of it. Pull-based, a batch at a time.
//
// PlanNode: immutable, thread-safe. Operator and ExecutionContext: one thread, one execution.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/plan.pb.h"
#include "common/rpc/call_context.h"
#include "common/sql/expression/evaluator.h"
#include "common/types/vector.h"
#include "services/storage/catalog/virtual_tables.h"
#include "services/storage/memory/memory_budget.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::executor {

using memory::BatchCeiling;
using memory::IsMemoryRefusal;
using memory::MemoryBudget;
using memory::MemoryOf;
using sql::expression::CompiledExpressionPtr;

struct CompiledPlan;

struct Actuals {
  uint64_t rows = 0;
  uint64_t loops = 0;
  uint64_t rows_removed = 0;
  uint64_t deletions_skipped = 0;  // Of its own scan.
  int64_t elapsed_ns = 0;
  uint32_t workers = 0;  // That ran one loop together, at most; 0: one thread did.
};

class SpooledRows;
struct SharedParts;

// What one execution, or one worker of it, shares among its operators.
struct ExecutionContext {
  explicit ExecutionContext(txn::Shared* shared, bool patient = true)
      : shared(shared), memory(&shared->query_memory, patient) {
    state.context.memory = memory.account();
  }

  txn::Shared* const shared;
  MemoryBudget memory;
  const rpc::CallContext* call = nullptr;
  const CompiledPlan* plan = nullptr;
  txn::Transaction* transaction = nullptr;  // Null for a read-only statement of its own.
  txn::ReadView view;
  catalog::CatalogStatePtr catalog;
  const catalog::VirtualTables* virtual_tables = nullptr;
  sql::expression::EvaluationState state;
  std::vector<Actuals> actuals;  // By operator id.
  // Rows of common table expressions, by their number; null until first used.
  std::vector<std::shared_ptr<SpooledRows>> ctes;
  // What the caller has computed, by the number of the operator that emits it; borrowed.
  std::map<uint32_t, const std::vector<types::Batch>*> given_rows;
  // What a recursive union has found last, by the working table's number; null outside of its
  // rounds.
  std::vector<std::shared_ptr<SpooledRows>> working_tables;
  std::unique_ptr<sql::expression::SubqueryRunner> subqueries;
  // What WITH queries that write leave to the statement's end, when all of it is written: checks of
  // constraints and actions of foreign keys. Run in order.
  std::vector<std::function<absl::Status()>> ends;
  bool puts_off_ends = false;  // Whether they are left to it now.
  // What a worker has in common with the others of its pipeline (worker_run.h); null: one thread
  // does everything.
  SharedParts* parts = nullptr;
  bool measure_time = false;
  uint64_t rows_scanned = 0;
  uint64_t rows_affected = 0;
  uint64_t spilled_bytes = 0;

  txn::ReadView ViewOf(uint32_t space) const {
    return transaction == nullptr ? view : transaction->ViewOf(space);
  }
};

// Errors: 53200 when memory did not hold all strings of the batch, 54000 when one is too long.
inline absl::Status CheckStrings(const types::Batch& batch) {
  for (const types::VectorPtr& column : batch.columns) {
    if (column->strings_refused()) [[unlikely]]
      return column->StringsRefusal();
  }
  return absl::OkStatus();
}

class Operator {
 public:
  Operator(ExecutionContext* context, uint32_t id);
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  // The next rows into `out` (replaced), at least one; false at the end.
  absl::StatusOr<bool> Next(types::Batch* out) {
    if (fresh_) {
      fresh_ = false;
      ++actuals_->loops;
    }
    if (context_->measure_time) return TimedNext(out);
    return CountedNext(out);
  }
  // No more than so many rows will be asked for, unless some of them are dropped above.
  virtual void SetRowGoal(uint64_t) {}
  // From the first row again, with the correlation slots as they are now.
  absl::Status Rewind() {
    fresh_ = true;
    return DoRewind();
  }

 protected:
  // May return true with no rows.
  virtual absl::StatusOr<bool> DoNext(types::Batch* out) = 0;
  virtual absl::Status DoRewind() = 0;

  ExecutionContext* const context_;
  Actuals* const actuals_;

 private:
  absl::StatusOr<bool> CountedNext(types::Batch* out) {
    while (true) {
      absl::StatusOr<bool> more = DoNext(out);
      if (!more.ok() || !*more) return more;
      if (out->row_count == 0) {
        if (const absl::Status status = context_->call->Check(); !status.ok()) return status;
        continue;
      }
      actuals_->rows += out->row_count;
      if (!IsAsDeclared(*out)) {
        return absl::InternalError("malformed plan: an operator emits other columns than declared");
      }
      if (const absl::Status status = CheckStrings(*out); !status.ok()) return status;
      return true;
    }
  }
  absl::StatusOr<bool> TimedNext(types::Batch* out) {
    const auto start = std::chrono::steady_clock::now();
    absl::StatusOr<bool> more = CountedNext(out);
    actuals_->elapsed_ns += (std::chrono::steady_clock::now() - start).count();
    return more;
  }

  // Whoever reads the rows was compiled against the declared columns, which a planner elsewhere
  // wrote into the plan.
  bool IsAsDeclared(const types::Batch& batch) const {
    if (batch.columns.size() != declared_.size()) return false;
    for (size_t i = 0; i < declared_.size(); ++i) {
      if (batch.columns[i]->physical() != declared_[i]) return false;
    }
    return true;
  }

  const std::vector<types::Physical>& declared_;
  bool fresh_ = true;
};
using OperatorPtr = std::unique_ptr<Operator>;

class PlanNode {
 public:
  explicit PlanNode(const common::v1::Operator& plan);
  virtual ~PlanNode() = default;
  virtual OperatorPtr Open(ExecutionContext* context) const = 0;
  // Whether it locks the row that it reads, in READ COMMITTED (CompileScope::changes).
  virtual bool locks_point() const { return false; }
  // The table along whose rows the work of this tree can be divided (worker_run.h): several
  // workers that each open the tree and read some of those rows emit what one would, in another
  // order. Null: there is none.
  virtual const catalog::TableEntry* divisible_by() const { return nullptr; }
  // Makes what these workers share, in the statement's own thread. False: there is not enough
  // memory for it, one is to do all. REQUIRES: divisible_by() != null.
  virtual absl::StatusOr<bool> MakeParts(ExecutionContext* context, SharedParts* parts) const {
    return true;
  }
  uint32_t id() const { return id_; }
  const std::vector<types::Type>& output() const { return output_; }

 private:
  const uint32_t id_;
  std::vector<types::Type> output_;
};
using PlanNodePtr = std::unique_ptr<const PlanNode>;

// A compiled plan with everything it refers to kept alive.
struct CompiledPlan {
  std::shared_ptr<const common::v1::Plan> plan;
  PlanNodePtr root;
  std::vector<PlanNodePtr> subplans;
  std::vector<PlanNodePtr> ctes;
  std::vector<catalog::TableEntryPtr> tables;
  // By sub-plan: slots that its tree reads and that its own correlation list does not bind; its
  // answers depend on them too.
  std::vector<std::vector<uint32_t>> outer_slots;
  uint32_t operator_count = 0;
  std::vector<std::vector<types::Physical>> outputs;  // Declared columns by operator id.
  std::vector<bool> compiled;                         // By operator id.
  uint32_t correlation_slots = 0;
  uint32_t working_tables = 0;
  bool writes = false;      // INSERT, UPDATE, DELETE.
  bool locks_rows = false;  // FOR UPDATE and its kin.
  // Whether nothing in it changes anything, or may not be evaluated again: a part of it that was
  // begun may be begun anew.
  bool repeatable = false;
};

inline Operator::Operator(ExecutionContext* context, uint32_t id)
    : context_(context), actuals_(&context->actuals[id]), declared_(context->plan->outputs[id]) {}

// What the nodes are compiled against.
struct CompileScope {
  const catalog::CatalogState* catalog = nullptr;
  CompiledPlan* plan = nullptr;
  // The input of an UPDATE or DELETE. A scan of one primary key may read its row the way it is to
  // be changed, locked and at its latest version, instead of having it read a second time.
  const common::v1::Operator* changes = nullptr;
  txn::LockMode changes_lock = txn::LockMode::kForUpdate;
  uint32_t next_hidden_id = 0;  // For operators that are none of the plan's.
  // Notes an operator's id and columns.
  void Declare(const common::v1::Operator& plan) const;
  // Errors: ADB01 when the catalog has no such table.
  absl::StatusOr<const catalog::TableEntry*> Table(uint32_t table_id) const;
};

// Compiles an operator tree. Errors: INVALID_ARGUMENT, INTERNAL for a malformed plan; ADB01.
absl::StatusOr<PlanNodePtr> CompileOperator(const common::v1::Operator& plan, CompileScope* scope);
absl::StatusOr<std::shared_ptr<const CompiledPlan>> CompilePlan(
    std::shared_ptr<const common::v1::Plan> plan, const catalog::CatalogState& catalog);

// Computes a common table expression unless that has been done. Errors: its own.
absl::Status ComputeCte(ExecutionContext* context, uint32_t cte);

// Null for an absent expression.
absl::StatusOr<CompiledExpressionPtr> CompileOptional(bool present,
                                                      const common::v1::Expression& expression);
absl::StatusOr<std::vector<CompiledExpressionPtr>> CompileAll(
    const google::protobuf::RepeatedPtrField<common::v1::Expression>& expressions);

// One compile function an operator kind, each in its own file.
#define ADBMS_DECLARE_COMPILE(Name) \
  absl::StatusOr<PlanNodePtr> Compile##Name(const common::v1::Operator& plan, CompileScope* scope)
ADBMS_DECLARE_COMPILE(SeqScan);
ADBMS_DECLARE_COMPILE(LockedRows);  // A scan with a lock, or a sort over one.
ADBMS_DECLARE_COMPILE(IndexScan);
ADBMS_DECLARE_COMPILE(ItemScan);  // An index scan by items.
ADBMS_DECLARE_COMPILE(Values);
ADBMS_DECLARE_COMPILE(FunctionScan);
ADBMS_DECLARE_COMPILE(SystemScan);
ADBMS_DECLARE_COMPILE(CteScan);
ADBMS_DECLARE_COMPILE(ProgramRows);
ADBMS_DECLARE_COMPILE(MergeRows);
ADBMS_DECLARE_COMPILE(Filter);
ADBMS_DECLARE_COMPILE(Project);
ADBMS_DECLARE_COMPILE(HashJoin);
ADBMS_DECLARE_COMPILE(LookupJoin);
ADBMS_DECLARE_COMPILE(NestedLoopJoin);
ADBMS_DECLARE_COMPILE(Aggregate);
ADBMS_DECLARE_COMPILE(Sort);
ADBMS_DECLARE_COMPILE(Window);
ADBMS_DECLARE_COMPILE(Limit);
ADBMS_DECLARE_COMPILE(Append);
ADBMS_DECLARE_COMPILE(SetOperation);
ADBMS_DECLARE_COMPILE(ProjectSet);
ADBMS_DECLARE_COMPILE(LateralJoin);
ADBMS_DECLARE_COMPILE(RecursiveUnion);
ADBMS_DECLARE_COMPILE(WorkingTableScan);
ADBMS_DECLARE_COMPILE(Insert);
ADBMS_DECLARE_COMPILE(Update);
ADBMS_DECLARE_COMPILE(Delete);
#undef ADBMS_DECLARE_COMPILE

// Whether the operator is a scan that locks what it emits.
bool LocksRows(const common::v1::Operator& plan);

// Keeps the rows for which `filter` is true; counts the others as removed.
absl::Status ApplyFilter(const sql::expression::CompiledExpression& filter,
                         ExecutionContext* context, Actuals* actuals, types::Batch* batch);

}  // namespace adbms::storage::executor
