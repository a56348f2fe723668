// A table under an OR: a path for each alternative, one after the other, each without the rows of
// those before it.
#include <algorithm>

#include "common/sql/default_planner/physical_builder.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {
namespace {

using plan::Expr;
using plan::ExprPtr;
using plan::Rel;

constexpr size_t kMaxAlternatives = 8;

bool IsPlain(const ExprPtr& e) { return !plan::HasSubquery(e) && !plan::IsVolatile(e); }

// Splits ORs.
void SplitDisjunction(const ExprPtr& e, std::vector<ExprPtr>* out) {
  if (e->kind != Expr::Kind::kLogical || e->logical != common::v1::LogicalExpression::KIND_OR)
    return out->push_back(e);
  for (const ExprPtr& arg : e->args) SplitDisjunction(arg, out);
}

}  // namespace

// Nullopt where an alternative has no path of its own, or not all of them together cost less than
// `whole`, the best single path.
absl::StatusOr<std::optional<Physical>> PhysicalBuilder::TryUnion(
    const Rel& scan, const std::vector<ExprPtr>& conditions, const Wanted& wanted,
    const Physical& whole) {
  const std::optional<Physical> none;
  if (scan.lock.has_value() || !std::all_of(conditions.begin(), conditions.end(), IsPlain))
    return none;
  const auto either = std::find_if(conditions.begin(), conditions.end(), [](const ExprPtr& e) {
    return e->kind == Expr::Kind::kLogical && e->logical == common::v1::LogicalExpression::KIND_OR;
  });
  if (either == conditions.end()) return none;
  std::vector<ExprPtr> alternatives;
  SplitDisjunction(*either, &alternatives);
  if (alternatives.size() > kMaxAlternatives) return none;
  // The order that an index gives to all rows would be lost.
  double dearest = whole.cost;
  if (!wanted.order.empty())
    dearest -= plan::SortCost(whole.rows, wanted.limit.value_or(whole.rows));
  std::vector<ExprPtr> rest = conditions;
  rest.erase(rest.begin() + (either - conditions.begin()));
  Physical result;
  result.rows = whole.rows;
  for (const ExprPtr& alternative : alternatives) {
    std::vector<ExprPtr> both = rest;
    plan::SplitConjunction(alternative, &both);
    ASSIGN_OR_RETURN(Physical part, BuildPath(scan, both, {}));
    result.cost += part.cost;
    if (!part.op.has_index_scan() || result.cost >= dearest) return none;
    result.layout = part.layout;
    *result.op.mutable_append()->add_inputs() = std::move(part.op);
    rest.push_back(plan::MakeTest(common::v1::TestExpression::KIND_IS_NOT_TRUE, {alternative}));
  }
  Finish(&result);
  return std::optional<Physical>(std::move(result));
}

}  // namespace adbms::sql::default_planner
