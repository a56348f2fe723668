// Subqueries in conditions to joins.
#include <algorithm>

#include "common/sql/plan/nullability.h"
#include "common/sql/rules/correlation.h"
#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using common::v1::JoinType;
using common::v1::LogicalExpression;
using common::v1::SubqueryExpression;
using plan::ColumnId;
using plan::ColumnSet;
using plan::Expr;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;

// Takes a projection away that only the conditions look at, so that they are about the columns
// below it, which may have an index.
void LookThroughProject(RelPtr* right, std::vector<ExprPtr>* conditions) {
  while ((*right)->kind == Rel::Kind::kProject) {
    const Rel& project = **right;
    if (std::any_of(project.expressions.begin(), project.expressions.end(),
                    [](const ExprPtr& e) { return plan::HasSubquery(e) || plan::IsVolatile(e); }))
      return;
    for (ExprPtr& condition : *conditions) {
      condition = plan::Transform(condition, [&project](const ExprPtr& e) -> ExprPtr {
        if (e->kind != Expr::Kind::kColumn) return nullptr;
        const auto at = std::find(project.output.begin(), project.output.end(), e->column);
        return at == project.output.end() ? nullptr
                                          : project.expressions[at - project.output.begin()];
      });
    }
    *right = project.inputs[0];
  }
}

RelPtr MakeJoin(JoinType type, RelPtr left, RelPtr right, std::vector<ExprPtr> conditions) {
  if (type == common::v1::JOIN_TYPE_SEMI || type == common::v1::JOIN_TYPE_ANTI)
    LookThroughProject(&right, &conditions);
  RelPtr join = plan::MakeRel(Rel::Kind::kJoin, {left, right});
  join->join_type = type;
  join->conditions = std::move(conditions);
  join->output = left->output;
  return join;
}

// The join that stands for `condition`, or null.
RelPtr TryConvert(const ExprPtr& condition, const RelPtr& left, const plan::Query& query) {
  bool negated = false;
  ExprPtr e = condition;
  while (e->kind == Expr::Kind::kLogical && e->logical == LogicalExpression::KIND_NOT) {
    negated = !negated;
    e = e->args[0];
  }
  // x = ANY (array): NULL for a NULL array, which a filter takes for false, as it does no rows.
  if (e->kind == Expr::Kind::kCase && !negated && e->args.size() == 3 &&
      e->args[1]->kind == Expr::Kind::kSubquery &&
      e->args[1]->subquery == SubqueryExpression::KIND_ANY &&
      e->args[0]->kind == Expr::Kind::kTest &&
      e->args[0]->test == common::v1::TestExpression::KIND_IS_NOT_NULL &&
      e->args[2]->kind == Expr::Kind::kLiteral && e->args[2]->value.is_null() &&
      e->args[1]->query->kind == Rel::Kind::kProject &&
      e->args[1]->query->inputs[0]->kind == Rel::Kind::kFunction &&
      plan::Equal(*e->args[1]->query->inputs[0]->expressions[0], *e->args[0]->args[0]))
    e = e->args[1];
  if (e->kind != Expr::Kind::kSubquery) return nullptr;
  const bool exists = e->subquery == SubqueryExpression::KIND_EXISTS;
  const bool all = e->subquery == SubqueryExpression::KIND_ALL;
  if (!exists && e->subquery != SubqueryExpression::KIND_ANY && !all) return nullptr;
  if (all) {
    // x <> ALL (…) is NOT (x = ANY (…)).
    if (e->comparisons.size() != 1 || e->comparisons[0]->name != "<>") return nullptr;
    negated = !negated;
  }
  if (plan::IsVolatile(*e->query)) return nullptr;
  const ColumnSet outer(left->output.begin(), left->output.end());
  RelPtr right = e->query;
  std::vector<ExprPtr> conditions;
  const bool correlated = plan::Intersects(plan::FreeColumns(*right), outer);
  if (correlated) {
    // A count decides which rows there are; it cannot be taken apart.
    if (HasLimit(*right)) return nullptr;
    if (!TakeCorrelated(&right, outer, &conditions)) return nullptr;
  }
  if (!exists) {
    for (size_t i = 0; i < e->args.size(); ++i) {
      const functions::Function* function = e->comparisons[i];
      if (all) {
        const functions::Function* equal = nullptr;
        for (const auto* candidate : functions::FunctionCatalog::Builtin().FindOperators("=")) {
          if (candidate->arguments == function->arguments) equal = candidate;
        }
        if (equal == nullptr) return nullptr;
        function = equal;
      }
      if (plan::HasSubquery(e->args[i]) || plan::IsVolatile(e->args[i])) return nullptr;
      const ColumnId column = e->query->output[i];
      conditions.push_back(plan::MakeCall(
          function, {e->args[i], plan::MakeColumn(column, query.columns[column].type)}));
    }
  } else if (!correlated) {
    return nullptr;  // Run once as it is.
  }
  if (!negated) return MakeJoin(common::v1::JOIN_TYPE_SEMI, left, right, std::move(conditions));
  if (exists) return MakeJoin(common::v1::JOIN_TYPE_ANTI, left, right, std::move(conditions));
  // NOT IN: NULLs on either side matter unless there are none.
  bool no_nulls = true;
  for (size_t i = 0; i < e->args.size(); ++i) {
    const ColumnId column = e->query->output[i];
    no_nulls = no_nulls && plan::NeverNull(query, *left, *e->args[i]) &&
               plan::NeverNull(query, *right, column);
  }
  if (no_nulls) return MakeJoin(common::v1::JOIN_TYPE_ANTI, left, right, std::move(conditions));
  const Expr& equality = *conditions[0];
  if (correlated || conditions.size() != 1 || equality.function->name != "=" ||
      equality.args[0]->type.id != equality.args[1]->type.id ||
      !plan::Intersects(plan::ColumnsOf(equality.args[0]), outer))
    return nullptr;
  return MakeJoin(common::v1::JOIN_TYPE_ANTI_NULL_AWARE, left, right, std::move(conditions));
}

// A correlated scalar aggregate: joins its groups to `input` and gives what the subquery's value is
// then; null when the subquery is not of that form.
ExprPtr JoinAggregate(const ExprPtr& subquery, RelPtr* input, plan::Query* query) {
  const RelPtr& top = subquery->query;
  if (subquery->subquery != SubqueryExpression::KIND_SCALAR || top->kind != Rel::Kind::kProject ||
      top->inputs[0]->kind != Rel::Kind::kAggregate || !top->inputs[0]->expressions.empty() ||
      top->output.size() != 1 || plan::IsVolatile(*top) || plan::HasSubquery(top->expressions[0]))
    return nullptr;
  const ColumnSet outer((*input)->output.begin(), (*input)->output.end());
  const ColumnSet free = plan::FreeColumns(*top);
  if (!plan::Intersects(free, outer) || !plan::IsSubset(free, outer)) return nullptr;
  // An aggregate that a user has made may have any value for no rows.
  const auto& calls = top->inputs[0]->aggregates;
  if (std::any_of(calls.begin(), calls.end(),
                  [](const auto& call) { return call.declared != nullptr; }))
    return nullptr;
  RelPtr aggregate = std::make_shared<Rel>(*top->inputs[0]);
  bool correlated_above = plan::Intersects(plan::ColumnsOf(top->expressions[0]), outer);
  plan::ForEachExpression(*aggregate, [&](ExprPtr& e) {
    correlated_above = correlated_above || plan::Intersects(plan::ColumnsOf(e), outer);
  });
  std::vector<ExprPtr> taken;
  if (correlated_above || !TakeCorrelated(&aggregate->inputs[0], outer, &taken) || taken.empty())
    return nullptr;
  std::vector<ExprPtr> conditions;
  std::vector<ColumnId> key_output;
  for (const ExprPtr& e : taken) {
    if (e->kind != Expr::Kind::kCall || !e->function->is_operator || e->function->name != "=" ||
        e->args[0]->type.id != e->args[1]->type.id)
      return nullptr;
    const bool left_outer = plan::Intersects(plan::ColumnsOf(e->args[0]), outer);
    const bool right_outer = plan::Intersects(plan::ColumnsOf(e->args[1]), outer);
    if (left_outer == right_outer) return nullptr;
    const ExprPtr& inside = e->args[left_outer ? 1 : 0];
    const ColumnSet used = plan::ColumnsOf(inside);
    if (used.empty()) return nullptr;
    for (const ColumnId column : used) {
      if (LeadsAnIndex(*query, column)) return nullptr;
    }
    aggregate->expressions.push_back(inside);
    key_output.push_back(query->AddColumn({"key", inside->type, 0, 0, false}));
    conditions.push_back(plan::MakeCall(
        e->function,
        {e->args[left_outer ? 0 : 1], plan::MakeColumn(key_output.back(), inside->type)}));
  }
  // Without a group, count is zero and everything else NULL.
  const std::vector<ColumnId> values = aggregate->output;
  std::vector<ColumnId> counts;
  for (size_t i = 0; i < aggregate->aggregates.size(); ++i) {
    if (aggregate->aggregates[i].function->name == "count") counts.push_back(values[i]);
  }
  aggregate->output = key_output;
  aggregate->output.insert(aggregate->output.end(), values.begin(), values.end());
  RelPtr join = plan::MakeRel(Rel::Kind::kJoin, {*input, aggregate});
  join->join_type = common::v1::JOIN_TYPE_LEFT;
  join->conditions = std::move(conditions);
  join->output = (*input)->output;
  join->output.insert(join->output.end(), aggregate->output.begin(), aggregate->output.end());
  *input = join;
  return plan::Transform(top->expressions[0], [&counts](const ExprPtr& e) -> ExprPtr {
    if (e->kind != Expr::Kind::kColumn ||
        std::find(counts.begin(), counts.end(), e->column) == counts.end())
      return nullptr;
    auto coalesce = std::make_shared<Expr>();
    coalesce->kind = Expr::Kind::kCoalesce;
    coalesce->type = e->type;
    coalesce->args = {e, plan::MakeLiteral(types::Value::Int(types::TypeId::kInt8, 0))};
    return coalesce;
  });
}

// Replaces such subqueries in an expression. Only where the subquery runs for every row anyway: not
// inside CASE, COALESCE, AND or OR.
ExprPtr ReplaceAggregates(const ExprPtr& e, RelPtr* input, plan::Query* query) {
  return plan::Transform(e, [&](const ExprPtr& part) -> ExprPtr {
    if (part->kind == Expr::Kind::kSubquery) {
      ExprPtr value = JoinAggregate(part, input, query);
      return value == nullptr ? part : value;
    }
    const bool conditional = part->kind == Expr::Kind::kCase ||
                             part->kind == Expr::Kind::kCoalesce ||
                             part->kind == Expr::Kind::kLogical;
    return conditional ? part : nullptr;
  });
}

RelPtr Visit(RelPtr rel, plan::Query* query) {
  for (RelPtr& input : rel->inputs) input = Visit(input, query);
  if (rel->kind == Rel::Kind::kProject) {
    for (ExprPtr& e : rel->expressions) {
      if (plan::HasSubquery(e)) e = ReplaceAggregates(e, &rel->inputs[0], query);
    }
    return rel;
  }
  if (rel->kind != Rel::Kind::kFilter) {
    return rel;
  }
  RelPtr input = rel->inputs[0];
  std::vector<ExprPtr> plain;
  std::vector<ExprPtr> candidates;
  for (const ExprPtr& e : rel->conditions) (plan::HasSubquery(e) ? candidates : plain).push_back(e);
  if (candidates.empty()) return rel;
  if (!plain.empty()) input = plan::MakeFilter(input, std::move(plain));
  std::vector<ExprPtr> kept;
  for (const ExprPtr& e : candidates) {
    RelPtr join = TryConvert(e, input, *query);
    if (join != nullptr)
      input = join;
    else
      kept.push_back(ReplaceAggregates(e, &input, query));
  }
  return kept.empty() ? input : plan::MakeFilter(input, std::move(kept));
}

}  // namespace

RelPtr SubqueriesToJoins(RelPtr rel, plan::Query* query) { return Visit(std::move(rel), query); }

}  // namespace adbms::sql::rules
