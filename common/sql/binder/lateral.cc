// Joins whose right side may be about the left's columns.
#include <algorithm>

#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::JoinType;
using plan::Rel;
namespace sqlstate = status::sqlstate;

bool IsOneRow(const Rel& rel) {
  return rel.kind == Rel::Kind::kValues && rel.output.empty() && rel.rows.size() == 1;
}

// The columns of `rel` as they are.
void PassColumns(const Rel& rel, const plan::Query& query, Rel* project) {
  for (const ColumnId id : rel.output) {
    project->output.push_back(id);
    project->expressions.push_back(plan::MakeColumn(id, query.columns[id].type));
  }
}

// The right side computed on the left's rows, if it is made of nothing but functions, conditions
// and expressions; null otherwise.
RelPtr ComputeOn(const RelPtr& left, const Rel& right, bool keeps_empty, const plan::Query& query) {
  const auto append = [&right](Rel* rel) {
    rel->output.insert(rel->output.end(), right.output.begin(), right.output.end());
  };
  switch (right.kind) {
    case Rel::Kind::kFunction:
    case Rel::Kind::kProjectSet: {
      const bool function = right.kind == Rel::Kind::kFunction;
      if (!function && !IsOneRow(*right.inputs[0])) return nullptr;
      RelPtr set = plan::MakeRel(Rel::Kind::kProjectSet, {left});
      set->set_functions = right.set_functions;
      if (function) set->set_functions = {{right.table_function, right.expressions}};
      set->ordinality = right.ordinality;
      set->keeps_empty = keeps_empty;
      set->output = left->output;
      append(set.get());
      return set;
    }
    case Rel::Kind::kFilter: {
      if (keeps_empty) return nullptr;
      RelPtr input = ComputeOn(left, *right.inputs[0], false, query);
      return input == nullptr ? nullptr : plan::MakeFilter(input, right.conditions);
    }
    case Rel::Kind::kProject: {
      const bool one_row = IsOneRow(*right.inputs[0]);
      // Of no row an expression would be something, where the right side has nothing but NULLs.
      if (keeps_empty && !one_row) return nullptr;
      RelPtr input = one_row ? left : ComputeOn(left, *right.inputs[0], false, query);
      if (input == nullptr) return nullptr;
      RelPtr project = plan::MakeRel(Rel::Kind::kProject, {input});
      PassColumns(*left, query, project.get());
      append(project.get());
      project->expressions.insert(project->expressions.end(), right.expressions.begin(),
                                  right.expressions.end());
      return project;
    }
    default:
      return nullptr;
  }
}

}  // namespace

absl::StatusOr<RelPtr> Binder::JoinLateral(RelPtr left, RelPtr right, JoinType type,
                                           std::vector<ExprPtr> conditions) {
  const plan::ColumnSet free = plan::FreeColumns(*right);
  ASSIGN_OR_RETURN(left, CallForLeft(left, free));
  RelPtr join = plan::MakeRel(Rel::Kind::kJoin, {left, right});
  join->join_type = type;
  join->lateral = plan::Intersects(free, {left->output.begin(), left->output.end()});
  if (join->lateral) {
    if (type != common::v1::JOIN_TYPE_INNER && type != common::v1::JOIN_TYPE_LEFT)
      return ErrorAt(sqlstate::kInvalidColumnReference, -1,
                     "invalid reference to FROM-clause entry of the left side",
                     "The combining JOIN type must be INNER or LEFT for a LATERAL reference.");
    std::erase_if(conditions, [](const ExprPtr& e) { return plan::IsTrue(*e); });
    const bool inner = type == common::v1::JOIN_TYPE_INNER;
    RelPtr computed =
        inner || conditions.empty() ? ComputeOn(left, *right, !inner, *query_) : nullptr;
    if (computed != nullptr)
      return conditions.empty() ? computed : plan::MakeFilter(computed, std::move(conditions));
  }
  join->conditions = std::move(conditions);
  join->output = left->output;
  join->output.insert(join->output.end(), right->output.begin(), right->output.end());
  return join;
}

}  // namespace adbms::sql::binder
