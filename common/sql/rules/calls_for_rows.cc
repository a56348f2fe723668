// Functions that storage cannot run are called for fewer rows: conditions on the rows are asked
// before the calls.
#include <algorithm>

#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using plan::ColumnSet;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;

// The conditions of a filter on the rows of the WITH query that are about what its tree has.
void Move(Rel* filter, plan::Cte* cte) {
  const ColumnSet own(cte->rel->output.begin(), cte->rel->output.end());
  const auto split = std::stable_partition(filter->conditions.begin(), filter->conditions.end(),
                                           [&own](const ExprPtr& e) {
                                             return plan::IsVolatile(e) || plan::HasSubquery(e) ||
                                                    !plan::IsSubset(plan::ColumnsOf(e), own);
                                           });
  std::vector<ExprPtr> moving(split, filter->conditions.end());
  filter->conditions.erase(split, filter->conditions.end());
  if (!moving.empty()) cte->rel = PushPredicates(plan::MakeFilter(cte->rel, std::move(moving)));
  if (filter->conditions.empty()) *filter = Rel(*filter->inputs[0]);
}

}  // namespace

void CallForFewerRows(plan::Query* query) {
  // Those that read others come behind them.
  for (size_t i = query->ctes.size(); i-- > 0;) {
    plan::Cte& cte = query->ctes[i];
    if (cte.programs.empty()) continue;
    std::vector<RelPtr> filters;
    int readers = 0;
    plan::ForEachRel(query, [&](const RelPtr& rel) {
      if (rel->kind == Rel::Kind::kCte && rel->cte == i) ++readers;
      if (rel->kind == Rel::Kind::kFilter && rel->inputs[0]->kind == Rel::Kind::kCte &&
          rel->inputs[0]->cte == i)
        filters.push_back(rel);
    });
    // What one of several readers leaves out, another may want.
    if (readers == 1 && filters.size() == 1) Move(filters[0].get(), &cte);
  }
}

}  // namespace adbms::sql::rules
