// Conjuncts that all branches of a disjunction share.
#include <algorithm>

#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using common::v1::LogicalExpression;
using plan::Expr;
using plan::ExprPtr;
using plan::RelPtr;

using Conjuncts = std::vector<ExprPtr>;

bool Holds(const Conjuncts& conjuncts, const ExprPtr& wanted) {
  return std::any_of(conjuncts.begin(), conjuncts.end(),
                     [&wanted](const ExprPtr& e) { return plan::Equal(*e, *wanted); });
}

// The condition's conjuncts, with those of its disjunctions' branches taken out in front.
Conjuncts Factor(const ExprPtr& condition) {
  Conjuncts parts;
  plan::SplitConjunction(condition, &parts);
  Conjuncts result;
  for (const ExprPtr& part : parts) {
    if (part->kind != Expr::Kind::kLogical || part->logical != LogicalExpression::KIND_OR) {
      result.push_back(part);
      continue;
    }
    std::vector<Conjuncts> branches;
    for (const ExprPtr& branch : part->args) branches.push_back(Factor(branch));
    Conjuncts common;
    for (const ExprPtr& e : branches.front()) {
      if (!plan::IsVolatile(e) && !Holds(common, e) &&
          std::all_of(branches.begin() + 1, branches.end(),
                      [&e](const Conjuncts& branch) { return Holds(branch, e); }))
        common.push_back(e);
    }
    if (common.empty()) {
      result.push_back(part);
      continue;
    }
    result.insert(result.end(), common.begin(), common.end());
    std::vector<ExprPtr> rest;
    for (Conjuncts& branch : branches) {
      std::erase_if(branch, [&common](const ExprPtr& e) { return Holds(common, e); });
      if (branch.empty()) {  // It asks nothing more: neither does the disjunction.
        rest.clear();
        break;
      }
      rest.push_back(plan::MakeAnd(std::move(branch)));
    }
    if (!rest.empty())
      result.push_back(plan::MakeLogical(LogicalExpression::KIND_OR, std::move(rest)));
  }
  return result;
}

}  // namespace

RelPtr FactorCommonConjuncts(RelPtr rel) {
  for (RelPtr& input : rel->inputs) input = FactorCommonConjuncts(input);
  Conjuncts factored;
  for (const ExprPtr& condition : rel->conditions) {
    const Conjuncts parts = Factor(condition);
    factored.insert(factored.end(), parts.begin(), parts.end());
  }
  rel->conditions = std::move(factored);
  return rel;
}

}  // namespace adbms::sql::rules
