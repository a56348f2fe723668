// Joins: order of inner joins, and the method of each.
#include <algorithm>
#include <cmath>

#include "common/sql/default_planner/access_paths.h"
#include "common/sql/default_planner/physical_builder.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {
namespace {

using plan::ColumnId;
using plan::ColumnSet;
using plan::Expr;
using plan::ExprPtr;
using plan::kCost;
using plan::Rel;
using plan::RelPtr;
using types::TypeId;

int IntegerRank(TypeId id) {
  return id == TypeId::kInt2 ? 1 : id == TypeId::kInt4 ? 2 : id == TypeId::kInt8 ? 3 : 0;
}

ColumnSet SetOf(const std::vector<ColumnId>& columns) { return {columns.begin(), columns.end()}; }

// An equality between something of the left and something of the right, of one type: a hash join's
// key.
bool ReadKey(const ExprPtr& e, const ColumnSet& left, const ColumnSet& right, ExprPtr* left_key,
             ExprPtr* right_key) {
  if (e->kind != Expr::Kind::kCall || !e->function->is_operator || e->function->name != "=" ||
      e->args.size() != 2 || plan::HasSubquery(e) || plan::IsVolatile(e))
    return false;
  for (const bool flipped : {false, true}) {
    const ExprPtr& a = e->args[flipped ? 1 : 0];
    const ExprPtr& b = e->args[flipped ? 0 : 1];
    const ColumnSet of_a = plan::ColumnsOf(a);
    const ColumnSet of_b = plan::ColumnsOf(b);
    if (!plan::Intersects(of_a, left) || plan::Intersects(of_a, right) ||
        !plan::Intersects(of_b, right) || plan::Intersects(of_b, left))
      continue;
    *left_key = a;
    *right_key = b;
    if (a->type.id == b->type.id) return true;
    const int rank_a = IntegerRank(a->type.id);
    const int rank_b = IntegerRank(b->type.id);
    if (rank_a > 0 && rank_b > 0) {
      if (rank_a < rank_b)
        *left_key = plan::MakeCast(a, {b->type.id, 0}, true);
      else
        *right_key = plan::MakeCast(b, {a->type.id, 0}, true);
      return true;
    }
    auto text = [](TypeId id) {
      return id == TypeId::kText || id == TypeId::kVarchar || id == TypeId::kName;
    };
    if (text(a->type.id) && text(b->type.id)) {
      *left_key = plan::MakeCast(a, {TypeId::kText, 0}, true);
      *right_key = plan::MakeCast(b, {TypeId::kText, 0}, true);
      return true;
    }
    return false;
  }
  return false;
}

// A scan, maybe under a filter.
const Rel* ScanOf(const Rel& rel, std::vector<ExprPtr>* conditions) {
  if (rel.kind == Rel::Kind::kBarrier) return ScanOf(*rel.inputs[0], conditions);
  if (rel.kind == Rel::Kind::kScan) return &rel;
  if (rel.kind == Rel::Kind::kFilter && rel.inputs[0]->kind == Rel::Kind::kScan) {
    *conditions = rel.conditions;
    return rel.inputs[0].get();
  }
  return nullptr;
}

void Flatten(const RelPtr& rel, std::vector<RelPtr>* relations, std::vector<ExprPtr>* conditions) {
  if (rel->kind == Rel::Kind::kJoin && rel->join_type == common::v1::JOIN_TYPE_INNER &&
      !rel->lateral) {
    conditions->insert(conditions->end(), rel->conditions.begin(), rel->conditions.end());
    Flatten(rel->inputs[0], relations, conditions);
    Flatten(rel->inputs[1], relations, conditions);
  } else {
    relations->push_back(rel);
  }
}

bool KeepsLeftOnly(common::v1::JoinType type) {
  return type == common::v1::JOIN_TYPE_SEMI || type == common::v1::JOIN_TYPE_ANTI ||
         type == common::v1::JOIN_TYPE_ANTI_NULL_AWARE;
}

}  // namespace

bool IsJoinKey(const ExprPtr& condition, const ColumnSet& left, const ColumnSet& right) {
  ExprPtr a, b;
  return ReadKey(condition, left, right, &a, &b);
}

absl::StatusOr<Physical> PhysicalBuilder::BuildJoin(const Rel& rel, const Wanted& wanted) {
  if (rel.lateral) return BuildLateral(rel, wanted);
  if (rel.join_type == common::v1::JOIN_TYPE_INNER) return BuildInnerJoins(rel);
  if (rel.join_type == common::v1::JOIN_TYPE_SEMI) return BuildSemiJoin(rel);
  ASSIGN_OR_RETURN(Physical left, BuildRel(*rel.inputs[0]));
  return Join(rel.join_type, std::move(left), *rel.inputs[1], rel.conditions);
}

// From the side that costs less.
absl::StatusOr<Physical> PhysicalBuilder::BuildSemiJoin(const Rel& rel) {
  const int subplans = plan_.subplans_size();
  const Traces before = TracesSince(subplans);
  ASSIGN_OR_RETURN(std::optional<Physical> reversed, TryReversedSemi(rel));
  if (!reversed.has_value()) {
    ASSIGN_OR_RETURN(Physical left, BuildRel(*rel.inputs[0]));
    return Join(rel.join_type, std::move(left), *rel.inputs[1], rel.conditions);
  }
  Traces of_reversed = TracesSince(subplans);
  Replace(subplans, before);
  ASSIGN_OR_RETURN(Physical left, BuildRel(*rel.inputs[0]));
  ASSIGN_OR_RETURN(Physical forward,
                   Join(rel.join_type, std::move(left), *rel.inputs[1], rel.conditions));
  if (forward.cost < reversed->cost) return forward;
  Replace(subplans, std::move(of_reversed));
  return *std::move(reversed);
}

PhysicalBuilder::Traces PhysicalBuilder::TracesSince(int subplans) const {
  Traces traces;
  for (int i = subplans; i < plan_.subplans_size(); ++i)
    traces.subplans.push_back(plan_.subplans(i));
  if (subplan_ != nullptr) traces.state = *subplan_;
  traces.next_slot = next_slot_;
  return traces;
}

void PhysicalBuilder::Replace(int subplans, Traces traces) {
  while (plan_.subplans_size() > subplans) plan_.mutable_subplans()->RemoveLast();
  for (common::v1::SubPlan& subplan : traces.subplans) *plan_.add_subplans() = std::move(subplan);
  if (subplan_ != nullptr) *subplan_ = std::move(traces.state);
  next_slot_ = traces.next_slot;
}

// A semi join whose right side is small: its distinct keys look the left's rows up.
absl::StatusOr<std::optional<Physical>> PhysicalBuilder::TryReversedSemi(const Rel& rel) {
  const ColumnSet left_columns = SetOf(rel.inputs[0]->output);
  const ColumnSet right_columns = SetOf(rel.inputs[1]->output);
  std::vector<ExprPtr> filters;
  if (ScanOf(*rel.inputs[0], &filters) == nullptr) return std::optional<Physical>();
  for (const ExprPtr& e : filters) {
    if (plan::HasSubquery(e)) return std::optional<Physical>();
  }
  std::vector<ColumnId> keys;
  for (const ExprPtr& condition : rel.conditions) {
    ExprPtr a, b;
    if (!ReadKey(condition, left_columns, right_columns, &a, &b)) return std::optional<Physical>();
    const Expr& key = StripRelabel(*b);
    if (key.kind != Expr::Kind::kColumn) return std::optional<Physical>();
    if (std::find(keys.begin(), keys.end(), key.column) == keys.end()) keys.push_back(key.column);
  }
  if (keys.empty() || reversed_semi_tries_ == kMaxReversedSemiTries)
    return std::optional<Physical>();
  ++reversed_semi_tries_;
  const int subplans = plan_.subplans_size();
  const Traces before = TracesSince(subplans);
  ASSIGN_OR_RETURN(const Physical left, BuildRel(*rel.inputs[0]));
  Rel distinct;
  distinct.kind = Rel::Kind::kAggregate;
  distinct.inputs = {rel.inputs[1]};
  for (const ColumnId key : keys) {
    distinct.expressions.push_back(plan::MakeColumn(key, query_.columns[key].type));
    distinct.output.push_back(key);
  }
  ASSIGN_OR_RETURN(Physical outer, BuildAggregate(distinct));
  ASSIGN_OR_RETURN(std::optional<Physical> result,
                   TryLookup(common::v1::JOIN_TYPE_INNER, &outer, *rel.inputs[0], rel.conditions,
                             left.cost, left.rows, true));
  // Trying must leave nothing behind.
  if (!result.has_value()) Replace(subplans, before);
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildInnerJoins(const Rel& rel) {
  plan::JoinGraph graph;
  std::vector<ExprPtr> all;
  Flatten(rel.inputs[0], &graph.relations, &all);
  Flatten(rel.inputs[1], &graph.relations, &all);
  all.insert(all.end(), rel.conditions.begin(), rel.conditions.end());
  for (const RelPtr& relation : graph.relations) {
    graph.columns.push_back(SetOf(relation->output));
    // Built once for the estimate; sub-plans that this makes are taken back.
    const int subplans = plan_.subplans_size();
    const Traces before = TracesSince(subplans);
    ASSIGN_OR_RETURN(const Physical trial, BuildRel(*relation));
    // What has left nothing behind need not be built again: joins inside each other would take time
    // that doubles with each.
    std::vector<ExprPtr> conditions;
    if (plan_.subplans_size() == subplans && next_slot_ == before.next_slot &&
        ScanOf(*relation, &conditions) == nullptr)
      built_.emplace(relation.get(), std::make_pair(relation, trial));
    Replace(subplans, before);
    graph.rows.push_back(trial.rows);
    graph.costs.push_back(trial.cost);
  }
  for (const ExprPtr& condition : all) {
    graph.conditions.push_back(condition);
    graph.condition_columns.push_back(plan::ColumnsOf(condition));
  }
  const std::unique_ptr<plan::JoinTree> tree = policy_.OrderJoins(query_, graph);
  std::vector<bool> used(graph.conditions.size(), false);
  ASSIGN_OR_RETURN(Physical result, BuildJoinTree(graph, *tree, &used));
  std::vector<ExprPtr> rest;
  for (size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) rest.push_back(graph.conditions[i]);
  }
  if (!rest.empty()) {
    ASSIGN_OR_RETURN(result, Filtered(std::move(result), rest));
  }
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildRelation(const Rel& rel) {
  const auto built = built_.find(&rel);
  return built == built_.end() ? BuildRel(rel) : built->second.second;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildJoinTree(const plan::JoinGraph& graph,
                                                        const plan::JoinTree& tree,
                                                        std::vector<bool>* used) {
  if (tree.relation >= 0) return BuildRelation(*graph.relations[tree.relation]);
  ASSIGN_OR_RETURN(Physical left, BuildJoinTree(graph, *tree.left, used));
  ColumnSet available = SetOf(left.layout);
  std::optional<Physical> built;
  if (tree.right->relation >= 0) {
    const ColumnSet& right = graph.columns[tree.right->relation];
    available.insert(right.begin(), right.end());
  } else {
    ASSIGN_OR_RETURN(built, BuildJoinTree(graph, *tree.right, used));
    available.insert(built->layout.begin(), built->layout.end());
  }
  ColumnSet everything;
  for (const ColumnSet& columns : graph.columns) everything.insert(columns.begin(), columns.end());
  std::vector<ExprPtr> conditions;
  for (size_t i = 0; i < graph.conditions.size(); ++i) {
    if ((*used)[i]) continue;
    bool fits = true;
    for (const ColumnId column : graph.condition_columns[i]) {
      if (everything.contains(column) && !available.contains(column)) fits = false;
    }
    if (!fits) continue;
    (*used)[i] = true;
    conditions.push_back(graph.conditions[i]);
  }
  if (built.has_value())
    return JoinSides(common::v1::JOIN_TYPE_INNER, std::move(left), *std::move(built), conditions);
  return Join(common::v1::JOIN_TYPE_INNER, std::move(left), *graph.relations[tree.right->relation],
              std::move(conditions));
}

absl::StatusOr<Physical> PhysicalBuilder::Join(common::v1::JoinType type, Physical left,
                                               const Rel& right, std::vector<ExprPtr> conditions) {
  const ColumnSet left_columns = SetOf(left.layout);
  const ColumnSet right_columns = SetOf(right.output);
  bool has_keys = false;
  for (const ExprPtr& condition : conditions) {
    ExprPtr a, b;
    has_keys |= ReadKey(condition, left_columns, right_columns, &a, &b);
  }
  const int subplans = plan_.subplans_size();
  ASSIGN_OR_RETURN(Physical right_side, BuildRelation(right));
  const bool plain = plan_.subplans_size() == subplans;
  if (plain) {
    ASSIGN_OR_RETURN(
        std::optional<Physical> lookup,
        TryLookup(type, &left, right, conditions, right_side.cost, right_side.rows, has_keys));
    if (lookup.has_value()) return *std::move(lookup);
  }
  return JoinSides(type, std::move(left), std::move(right_side), conditions);
}

absl::StatusOr<std::optional<Physical>> PhysicalBuilder::TryLookup(
    common::v1::JoinType type, Physical* left, const Rel& right,
    const std::vector<ExprPtr>& conditions, double right_cost, double right_rows, bool has_keys) {
  if (type != common::v1::JOIN_TYPE_INNER && type != common::v1::JOIN_TYPE_LEFT &&
      type != common::v1::JOIN_TYPE_SEMI && type != common::v1::JOIN_TYPE_ANTI)
    return std::optional<Physical>();
  const std::optional<LookupPath> lookup =
      FindLookup(query_, right, conditions, SetOf(left->layout), estimator_);
  if (!lookup.has_value()) return std::optional<Physical>();
  const Rel* scan = lookup->scan;
  plan::JoinRequest request;
  request.type = type;
  request.left_rows = left->rows;
  request.right_rows = right_rows;
  request.right_cost = right_cost;
  request.has_keys = has_keys;
  request.has_lookup = true;
  request.lookup = lookup->cost();
  // A hash join on keys that the session forbids becomes a look-up where there is one, and the
  // other way round.
  const common::v1::PlannerSwitches& switches = query_.switches;
  const bool forced = has_keys && switches.no_hash_join() && !switches.no_nested_loop();
  if (has_keys && switches.no_nested_loop() && !switches.no_hash_join())
    return std::optional<Physical>();
  if (!forced && policy_.ChooseJoinMethod(request) != plan::JoinMethod::kLookup)
    return std::optional<Physical>();

  Physical result;
  common::v1::LookupJoin* join = result.op.mutable_lookup_join();
  join->set_type(type);
  join->set_table_id(scan->table->table_id());
  join->set_index_id(lookup->index == nullptr ? 0 : lookup->index->index_id());
  join->set_index_name(lookup->index == nullptr ? scan->table->primary_key_name()
                                                : lookup->index->name());
  join->set_alias(scan->alias);
  join->set_index_only(lookup->covered);
  for (const ExprPtr& key : lookup->keys)
    RETURN_IF_ERROR(EncodeInto(key, left->layout, join->add_keys()));
  std::vector<ColumnId> pair = left->layout;
  for (size_t i = 0; i < scan->output.size(); ++i) {
    join->add_columns(scan->ordinals[i]);
    pair.push_back(scan->output[i]);
  }
  if (!lookup->residual.empty())
    RETURN_IF_ERROR(EncodeAnd(lookup->residual, pair, join->mutable_residual()));
  result.layout = KeepsLeftOnly(type) ? left->layout : pair;
  result.rows =
      estimator_.JoinRows(query_, type, {SetOf(left->layout), left->rows, right_rows}, conditions);
  result.startup = left->startup;
  result.cost = left->cost + plan::LookupJoinCost(left->rows, lookup->cost(), result.rows);
  *join->mutable_left() = std::move(left->op);
  Finish(&result);
  return std::optional<Physical>(std::move(result));
}

absl::StatusOr<Physical> PhysicalBuilder::JoinSides(common::v1::JoinType type, Physical left,
                                                    Physical right,
                                                    const std::vector<ExprPtr>& conditions) {
  // The smaller side is built.
  if (type == common::v1::JOIN_TYPE_INNER && left.rows < right.rows) std::swap(left, right);
  const ColumnSet left_columns = SetOf(left.layout);
  const ColumnSet right_columns = SetOf(right.layout);
  std::vector<std::pair<ExprPtr, ExprPtr>> keys;
  std::vector<ExprPtr> residual;
  for (const ExprPtr& condition : conditions) {
    ExprPtr a, b;
    if (ReadKey(condition, left_columns, right_columns, &a, &b))
      keys.push_back({a, b});
    else
      residual.push_back(condition);
  }
  if (type == common::v1::JOIN_TYPE_ANTI_NULL_AWARE && (keys.size() != 1 || !residual.empty()))
    return absl::InternalError("a null-aware anti join needs exactly one key");
  Physical result;
  std::vector<ColumnId> pair = left.layout;
  pair.insert(pair.end(), right.layout.begin(), right.layout.end());
  result.layout = KeepsLeftOnly(type) ? left.layout : pair;
  result.rows =
      estimator_.JoinRows(query_, type, {left_columns, left.rows, right.rows}, conditions);
  const bool nested = query_.switches.no_hash_join() && !query_.switches.no_nested_loop() &&
                      (type == common::v1::JOIN_TYPE_INNER || type == common::v1::JOIN_TYPE_LEFT);
  if (nested) residual = conditions;
  if (!keys.empty() && !nested) {
    common::v1::HashJoin* join = result.op.mutable_hash_join();
    join->set_type(type);
    for (const auto& [a, b] : keys) {
      RETURN_IF_ERROR(EncodeInto(a, left.layout, join->add_left_keys()));
      RETURN_IF_ERROR(EncodeInto(b, right.layout, join->add_right_keys()));
    }
    if (!residual.empty()) RETURN_IF_ERROR(EncodeAnd(residual, pair, join->mutable_residual()));
    result.startup = right.cost + right.rows * kCost.hash_build_row + left.startup;
    result.cost = left.cost + right.cost + plan::HashJoinCost(left.rows, right.rows, result.rows);
    *join->mutable_left() = std::move(left.op);
    *join->mutable_right() = std::move(right.op);
  } else {
    common::v1::NestedLoopJoin* join = result.op.mutable_nested_loop_join();
    join->set_type(type);
    if (!residual.empty()) RETURN_IF_ERROR(EncodeAnd(residual, pair, join->mutable_condition()));
    result.startup = right.cost;
    result.cost = left.cost + right.cost + plan::NestedLoopCost(left.rows, right.rows);
    *join->mutable_left() = std::move(left.op);
    *join->mutable_right() = std::move(right.op);
  }
  Finish(&result);
  return result;
}

}  // namespace adbms::sql::default_planner
