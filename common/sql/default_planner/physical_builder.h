// Logical query to Plan: operators, access paths, join methods, sub-plans, ids, costs. Decisions
// come from a PlanningPolicy, so that every planner shares this builder.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/common/v1/plan.pb.h"
#include "common/sql/plan/planning_policy.h"

namespace adbms::sql::default_planner {

// The rewritten query as a plan. Errors: INTERNAL for a malformed query.
absl::StatusOr<common::v1::Plan> BuildPlan(const plan::Query& query,
                                           const plan::PlanningPolicy& policy);

// An operator under construction.
struct Physical {
  common::v1::Operator op;
  std::vector<plan::ColumnId> layout;  // The columns it emits, in order.
  std::vector<std::pair<plan::ColumnId, bool>>
      ordering;  // Columns (true: descending) in whose order; NULLs count as greatest.
  // What a Sort below has sorted the rows by, columns; or an index on expressions.
  std::vector<plan::SortKey> sorted;
  double rows = 1;
  double startup = 0;
  double cost = 0;
};

// How many rows a set-returning function is expected to have.
double RowsOf(const functions::TableFunction& function,
              const std::vector<plan::ExprPtr>& arguments);

// The order that a parent would like, in terms of the child's columns.
struct Wanted {
  std::vector<plan::SortKey> order;
  std::optional<double> limit;
};

class PhysicalBuilder {
 public:
  PhysicalBuilder(const plan::Query& query, const plan::PlanningPolicy& policy)
      : query_(query), policy_(policy), estimator_(policy.estimator()) {}
  absl::StatusOr<common::v1::Plan> Build();

 private:
  class ExpressionContext;
  // The correlation slots of the sub-plan that is being built.
  struct SubPlanState {
    std::map<plan::ColumnId, uint32_t> slots;
    std::vector<plan::ColumnId> columns;  // In slot order, and
    std::vector<uint32_t> numbers;        // ... their numbers.
  };

  absl::StatusOr<Physical> BuildRel(const plan::Rel& rel, const Wanted& wanted = {});
  absl::StatusOr<Physical> BuildScan(const plan::Rel& scan,
                                     const std::vector<plan::ExprPtr>& conditions,
                                     const Wanted& wanted);
  // By one path.
  absl::StatusOr<Physical> BuildPath(const plan::Rel& scan,
                                     const std::vector<plan::ExprPtr>& conditions,
                                     const Wanted& wanted);
  // union_scan.cc
  absl::StatusOr<std::optional<Physical>> TryUnion(const plan::Rel& scan,
                                                   const std::vector<plan::ExprPtr>& conditions,
                                                   const Wanted& wanted, const Physical& whole);
  absl::StatusOr<Physical> BuildSystemScan(const plan::Rel& scan,
                                           const std::vector<plan::ExprPtr>& conditions);
  absl::StatusOr<Physical> BuildValues(const plan::Rel& rel);
  absl::StatusOr<Physical> BuildFunction(const plan::Rel& rel);
  absl::StatusOr<Physical> BuildCte(const plan::Rel& rel);
  absl::StatusOr<Physical> BuildFilter(const plan::Rel& rel, const Wanted& wanted);
  absl::StatusOr<Physical> BuildProject(const plan::Rel& rel, const Wanted& wanted);
  absl::StatusOr<Physical> BuildAggregate(const plan::Rel& rel);
  absl::StatusOr<Physical> BuildSort(const plan::Rel& rel, const plan::Rel* limit);
  // The keys as an index may deliver them; empty when none can.
  std::vector<plan::SortKey> DeliverableOrder(const plan::Rel& sort) const;
  // lateral_builder.cc
  absl::StatusOr<Physical> BuildProjectSet(const plan::Rel& rel, const Wanted& wanted);
  absl::StatusOr<Physical> BuildLateral(const plan::Rel& rel, const Wanted& wanted);
  // recursion_builder.cc
  absl::StatusOr<Physical> BuildRecursiveUnion(const plan::Rel& rel);
  absl::StatusOr<Physical> BuildWorkingTable(const plan::Rel& rel);
  // merge_builder.cc
  absl::StatusOr<Physical> BuildMerge(const plan::Rel& rel);
  // The rows of a WITH query that the gateway keeps for several parts of the statement.
  Physical Held(Physical input);
  // window_builder.cc
  absl::StatusOr<Physical> BuildWindow(const plan::Rel& rel);
  absl::StatusOr<Physical> BuildLimit(const plan::Rel& rel, const Wanted& wanted);
  absl::StatusOr<Physical> BuildAppend(const plan::Rel& rel);
  absl::StatusOr<Physical> BuildSetOperation(const plan::Rel& rel);
  // index_ends.cc
  absl::StatusOr<std::optional<Physical>> TryIndexEnds(const plan::Rel& aggregate,
                                                       const Physical& whole);
  // join_builder.cc
  absl::StatusOr<Physical> BuildJoin(const plan::Rel& rel, const Wanted& wanted);
  absl::StatusOr<Physical> BuildSemiJoin(const plan::Rel& rel);
  absl::StatusOr<std::optional<Physical>> TryReversedSemi(const plan::Rel& rel);
  absl::StatusOr<Physical> BuildInnerJoins(const plan::Rel& rel);
  // As BuildRel, of a join's relation.
  absl::StatusOr<Physical> BuildRelation(const plan::Rel& rel);
  absl::StatusOr<Physical> BuildJoinTree(const plan::JoinGraph& graph, const plan::JoinTree& tree,
                                         std::vector<bool>* used);
  absl::StatusOr<Physical> Join(common::v1::JoinType type, Physical left, const plan::Rel& right,
                                std::vector<plan::ExprPtr> conditions);
  absl::StatusOr<std::optional<Physical>> TryLookup(common::v1::JoinType type, Physical* left,
                                                    const plan::Rel& right,
                                                    const std::vector<plan::ExprPtr>& conditions,
                                                    double right_cost, double right_rows,
                                                    bool has_keys);
  absl::StatusOr<Physical> JoinSides(common::v1::JoinType type, Physical left, Physical right,
                                     const std::vector<plan::ExprPtr>& conditions);

  absl::StatusOr<Physical> Filtered(Physical input, const std::vector<plan::ExprPtr>& conditions);
  absl::Status EncodeInto(const plan::ExprPtr& e, const std::vector<plan::ColumnId>& layout,
                          common::v1::Expression* out);
  // What building leaves beside the operators.
  struct Traces {
    std::vector<common::v1::SubPlan> subplans;
    SubPlanState state;
    uint32_t next_slot = 0;
  };
  // Those since the plan had `subplans` sub-plans.
  Traces TracesSince(int subplans) const;
  // Puts `traces` in the place of those.
  void Replace(int subplans, Traces traces);
  absl::Status EncodeAnd(const std::vector<plan::ExprPtr>& conditions,
                         const std::vector<plan::ColumnId>& layout, common::v1::Expression* out);
  absl::StatusOr<uint32_t> SlotOf(plan::ColumnId column);
  void Finish(Physical* physical);
  // Reorders or drops columns so that the output is exactly `layout`.
  absl::StatusOr<Physical> Align(Physical input, const std::vector<plan::ColumnId>& layout);
  absl::StatusOr<common::v1::Operator> BuildWrite(const plan::Write& write, const plan::Rel& rel);
  // The WITH query's rows as triggers leave them.
  Physical WithTriggers(const plan::Cte& cte, Physical input);
  // Rows that come with the execution.
  Physical Given(const plan::Cte& cte);
  // The WITH query's rows with the results of its programs.
  Physical WithPrograms(const plan::Cte& cte, Physical input);
  absl::Status FillInsert(const plan::Write& write, Physical input, common::v1::Operator* out);
  absl::Status FillChange(const plan::Write& write, Physical input, common::v1::Operator* out);
  absl::Status FillReturning(const plan::Write& write, const std::vector<plan::ExprPtr>& returning,
                             const std::vector<plan::ColumnId>& layout,
                             google::protobuf::RepeatedPtrField<common::v1::Expression>* out,
                             common::v1::Operator* op);
  absl::Status FillCascades(const plan::Write& write,
                            google::protobuf::RepeatedPtrField<common::v1::CascadeTarget>* out);
  absl::Status FillPartitionChecks(
      const plan::Write& write, const std::vector<plan::ColumnId>& columns,
      google::protobuf::RepeatedPtrField<common::v1::PartitionChecks>* out);
  absl::Status FillChecks(const std::vector<plan::CheckCondition>& checks,
                          const std::vector<plan::ColumnId>& layout,
                          google::protobuf::RepeatedPtrField<common::v1::CheckConstraint>* out);

  const plan::Query& query_;
  const plan::PlanningPolicy& policy_;
  const plan::CardinalityEstimator& estimator_;
  common::v1::Plan plan_;
  SubPlanState* subplan_ = nullptr;  // Null at the top.
  uint32_t next_slot_ = 0;
  // A try builds what the other way builds again: without a bound, INs inside each other take time
  // that doubles with each.
  static constexpr int kMaxReversedSemiTries = 64;
  int reversed_semi_tries_ = 0;
  // Relations of joins that were built for their estimates; holds them, so that no other comes to
  // stand where one stood.
  std::map<const plan::Rel*, std::pair<plan::RelPtr, Physical>> built_;
  std::vector<double> cte_rows_;
  std::map<uint32_t, double> working_table_rows_;
};

}  // namespace adbms::sql::default_planner
