// Lateral joins to ordinary ones.
#include <algorithm>

#include "common/sql/rules/correlation.h"
#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using plan::ColumnId;
using plan::ColumnSet;
using plan::Expr;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;

bool IsColumns(const std::vector<ExprPtr>& expressions) {
  return std::all_of(expressions.begin(), expressions.end(),
                     [](const ExprPtr& e) { return e->kind == Expr::Kind::kColumn; });
}

std::vector<ColumnId> OutputsOf(const Rel& left, const Rel& right) {
  std::vector<ColumnId> output = left.output;
  output.insert(output.end(), right.output.begin(), right.output.end());
  return output;
}

// The join without its right side's references to the left, or null.
RelPtr Convert(const RelPtr& join, const plan::Query& query) {
  const RelPtr& left = join->inputs[0];
  RelPtr right = join->inputs[1];
  if (plan::IsVolatile(*right)) return nullptr;
  const ColumnSet outer(left->output.begin(), left->output.end());
  // What the right side computes of both sides' columns is computed above.
  RelPtr computed;
  if (right->kind == Rel::Kind::kProject && !IsColumns(right->expressions)) {
    if (join->join_type != common::v1::JOIN_TYPE_INNER) return nullptr;
    computed = right;
    right = right->inputs[0];
  }
  std::vector<ExprPtr> taken;
  if (!TakeCorrelated(&right, outer, &taken) || plan::Intersects(plan::FreeColumns(*right), outer))
    return nullptr;
  auto result = std::make_shared<Rel>(*join);
  result->lateral = false;
  result->inputs[1] = right;
  result->output = OutputsOf(*left, *right);
  if (computed == nullptr) {
    result->conditions.insert(result->conditions.end(), taken.begin(), taken.end());
    return result;
  }
  std::vector<ExprPtr> above = std::move(result->conditions);
  result->conditions = std::move(taken);
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {result});
  for (const ColumnId id : left->output) {
    project->output.push_back(id);
    project->expressions.push_back(plan::MakeColumn(id, query.columns[id].type));
  }
  project->output.insert(project->output.end(), computed->output.begin(), computed->output.end());
  project->expressions.insert(project->expressions.end(), computed->expressions.begin(),
                              computed->expressions.end());
  return above.empty() ? project : plan::MakeFilter(project, std::move(above));
}

}  // namespace

RelPtr LateralToJoin(RelPtr rel, const plan::Query& query) {
  for (RelPtr& input : rel->inputs) input = LateralToJoin(input, query);
  if (rel->kind != Rel::Kind::kJoin || !rel->lateral) return rel;
  RelPtr join = Convert(rel, query);
  return join == nullptr ? rel : join;
}

}  // namespace adbms::sql::rules
