// Predicate pushdown.
#include <algorithm>
#include <map>

#include "common/sql/plan/leakproof.h"
#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using plan::ColumnId;
using plan::ColumnSet;
using plan::Expr;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;

RelPtr Push(RelPtr rel, std::vector<ExprPtr> conditions);

RelPtr Keep(RelPtr rel, std::vector<ExprPtr> conditions) {
  return conditions.empty() ? rel : plan::MakeFilter(std::move(rel), std::move(conditions));
}

bool References(const ExprPtr& e, const std::vector<ColumnId>& columns) {
  return plan::Intersects(plan::ColumnsOf(e), ColumnSet(columns.begin(), columns.end()));
}

// The condition with output columns replaced by what computes them.
ExprPtr Substitute(const ExprPtr& condition, const std::map<ColumnId, ExprPtr>& values) {
  return plan::Transform(condition, [&values](const ExprPtr& e) -> ExprPtr {
    if (e->kind != Expr::Kind::kColumn) return nullptr;
    const auto it = values.find(e->column);
    return it == values.end() ? nullptr : it->second;
  });
}

RelPtr PushThroughProject(RelPtr rel, std::vector<ExprPtr> conditions) {
  std::map<ColumnId, ExprPtr> values;
  for (size_t i = 0; i < rel->output.size(); ++i) values[rel->output[i]] = rel->expressions[i];
  std::vector<ExprPtr> below;
  std::vector<ExprPtr> above;
  for (const ExprPtr& condition : conditions) {
    bool movable = !plan::IsVolatile(condition);
    for (const ColumnId column : plan::ColumnsOf(condition)) {
      const auto it = values.find(column);
      if (it != values.end() && (plan::IsVolatile(it->second) || plan::HasSubquery(it->second)))
        movable = false;
    }
    if (movable)
      below.push_back(Substitute(condition, values));
    else
      above.push_back(condition);
  }
  rel->inputs[0] = Push(rel->inputs[0], std::move(below));
  return Keep(rel, std::move(above));
}

RelPtr PushThroughJoin(RelPtr rel, std::vector<ExprPtr> conditions) {
  const std::vector<ColumnId> left = rel->inputs[0]->output;
  const std::vector<ColumnId> right = rel->inputs[1]->output;
  std::vector<ExprPtr> to_left, to_right, stay, above;
  const common::v1::JoinType type = rel->join_type;
  const bool inner = type == common::v1::JOIN_TYPE_INNER;
  // Conditions from above see the join's rows.
  const bool left_from_above =
      type != common::v1::JOIN_TYPE_RIGHT && type != common::v1::JOIN_TYPE_FULL;
  const bool right_from_above = inner || type == common::v1::JOIN_TYPE_RIGHT;
  for (const ExprPtr& condition : conditions) {
    const bool uses_left = References(condition, left);
    const bool uses_right = References(condition, right);
    if (plan::IsVolatile(condition))
      above.push_back(condition);
    else if (!uses_right && left_from_above)
      to_left.push_back(condition);
    else if (!uses_left && uses_right && right_from_above)
      to_right.push_back(condition);
    else if (inner)
      stay.push_back(condition);
    else
      above.push_back(condition);
  }
  // The join's own conditions see pairs of rows.
  const bool left_own =
      inner || type == common::v1::JOIN_TYPE_RIGHT || type == common::v1::JOIN_TYPE_SEMI;
  const bool right_own = inner || type == common::v1::JOIN_TYPE_LEFT ||
                         type == common::v1::JOIN_TYPE_SEMI || type == common::v1::JOIN_TYPE_ANTI;
  for (const ExprPtr& condition : rel->conditions) {
    const bool uses_left = References(condition, left);
    const bool uses_right = References(condition, right);
    if (plan::IsVolatile(condition))
      stay.push_back(condition);
    else if (uses_left && !uses_right && left_own)
      to_left.push_back(condition);
    else if (!uses_left && uses_right && right_own)
      to_right.push_back(condition);
    else if (!uses_left && !uses_right && inner)
      to_left.push_back(condition);
    else
      stay.push_back(condition);
  }
  rel->conditions = std::move(stay);
  rel->inputs[0] = Push(rel->inputs[0], std::move(to_left));
  rel->inputs[1] = Push(rel->inputs[1], std::move(to_right));
  return Keep(rel, std::move(above));
}

RelPtr PushThroughAggregate(RelPtr rel, std::vector<ExprPtr> conditions) {
  std::map<ColumnId, ExprPtr> keys;
  for (size_t i = 0; i < rel->expressions.size(); ++i) keys[rel->output[i]] = rel->expressions[i];
  const std::vector<ColumnId> computed(rel->output.begin() + static_cast<long>(keys.size()),
                                       rel->output.end());
  std::vector<ExprPtr> below, above;
  for (const ExprPtr& condition : conditions) {
    // Without keys there is one row even over no input: nothing may be filtered below.
    bool movable =
        !keys.empty() && !plan::IsVolatile(condition) && !References(condition, computed);
    for (const auto& [id, key] : keys)
      movable = movable && !plan::IsVolatile(key) && !plan::HasSubquery(key);
    if (movable)
      below.push_back(Substitute(condition, keys));
    else
      above.push_back(condition);
  }
  rel->inputs[0] = Push(rel->inputs[0], std::move(below));
  return Keep(rel, std::move(above));
}

// Only what takes or leaves whole partitions: a row less would change what the others see.
RelPtr PushThroughWindow(RelPtr rel, std::vector<ExprPtr> conditions) {
  ColumnSet partition;
  for (const ExprPtr& e : rel->expressions) partition.insert(e->column);
  ColumnSet other(rel->output.begin(), rel->output.end());
  for (const ColumnId column : partition) other.erase(column);
  std::vector<ExprPtr> below, above;
  for (const ExprPtr& condition : conditions) {
    const bool movable = !partition.empty() && !plan::IsVolatile(condition) &&
                         !plan::Intersects(plan::ColumnsOf(condition), other);
    (movable ? below : above).push_back(condition);
  }
  rel->inputs[0] = Push(rel->inputs[0], std::move(below));
  return Keep(rel, std::move(above));
}

// What is about the input's rows.
RelPtr PushThroughProjectSet(RelPtr rel, std::vector<ExprPtr> conditions) {
  const std::vector<ColumnId> computed = plan::ComputedColumns(*rel);
  std::vector<ExprPtr> below, above;
  for (const ExprPtr& condition : conditions) {
    const bool movable = !plan::IsVolatile(condition) && !References(condition, computed);
    (movable ? below : above).push_back(condition);
  }
  rel->inputs[0] = Push(rel->inputs[0], std::move(below));
  return Keep(rel, std::move(above));
}

RelPtr PushThroughAppend(RelPtr rel, std::vector<ExprPtr> conditions) {
  std::vector<ExprPtr> movable, above;
  for (const ExprPtr& condition : conditions) {
    (plan::IsVolatile(condition) || plan::HasSubquery(condition) ? above : movable)
        .push_back(condition);
  }
  for (RelPtr& input : rel->inputs) {
    std::vector<ExprPtr> below;
    for (const ExprPtr& condition : movable) {
      below.push_back(plan::Transform(condition, [&](const ExprPtr& e) -> ExprPtr {
        if (e->kind != Expr::Kind::kColumn) return nullptr;
        const size_t at =
            std::find(rel->output.begin(), rel->output.end(), e->column) - rel->output.begin();
        if (at == rel->output.size()) return nullptr;
        return plan::MakeColumn(input->output[at], e->type, e->location);
      }));
    }
    input = Push(input, std::move(below));
  }
  return Keep(rel, std::move(above));
}

// Only what could be asked of any row.
RelPtr PushThroughBarrier(RelPtr rel, std::vector<ExprPtr> conditions) {
  const ColumnSet columns(rel->output.begin(), rel->output.end());
  std::vector<ExprPtr> below, above;
  for (const ExprPtr& condition : conditions) {
    const bool movable = !plan::IsVolatile(condition) && plan::IsLeakproof(condition, columns);
    (movable ? below : above).push_back(condition);
  }
  rel->inputs[0] = Push(rel->inputs[0], std::move(below));
  rel->output = rel->inputs[0]->output;
  return Keep(std::move(rel), std::move(above));
}

RelPtr Push(RelPtr rel, std::vector<ExprPtr> conditions) {
  std::erase_if(conditions, [](const ExprPtr& e) { return plan::IsTrue(*e); });
  switch (rel->kind) {
    case Rel::Kind::kFilter: {
      std::vector<ExprPtr> all;
      for (const ExprPtr& e : rel->conditions) plan::SplitConjunction(e, &all);
      all.insert(all.end(), conditions.begin(), conditions.end());
      return Push(rel->inputs[0], std::move(all));
    }
    case Rel::Kind::kProject:
      return PushThroughProject(std::move(rel), std::move(conditions));
    case Rel::Kind::kJoin:
      return PushThroughJoin(std::move(rel), std::move(conditions));
    case Rel::Kind::kAggregate:
      return PushThroughAggregate(std::move(rel), std::move(conditions));
    case Rel::Kind::kAppend:
    case Rel::Kind::kSetOperation:
      return PushThroughAppend(std::move(rel), std::move(conditions));
    case Rel::Kind::kBarrier:
      return PushThroughBarrier(std::move(rel), std::move(conditions));
    case Rel::Kind::kWindow:
      return PushThroughWindow(std::move(rel), std::move(conditions));
    case Rel::Kind::kProjectSet:
      return PushThroughProjectSet(std::move(rel), std::move(conditions));
    case Rel::Kind::kSort:
      rel->inputs[0] = Push(rel->inputs[0], std::move(conditions));
      rel->output = rel->inputs[0]->output;
      return rel;
    default:
      for (RelPtr& input : rel->inputs) input = Push(input, {});
      return Keep(std::move(rel), std::move(conditions));
  }
}

}  // namespace

RelPtr PushPredicates(RelPtr rel) { return Push(std::move(rel), {}); }

}  // namespace adbms::sql::rules
