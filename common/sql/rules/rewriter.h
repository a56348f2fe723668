// Logical rewriting: one rule a file, each can be switched off by its name, so that a doubtful
// answer can be asked for again without it. Rules keep a query's results and errors.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/sql/plan/logical.h"

namespace adbms::sql::rules {

// The rules' names, in the order in which they are applied.
const std::vector<std::string>& RuleNames();

// Applies the rules that `query->switches` does not disable to every tree of the query.
void Rewrite(plan::Query* query);

// Replaces immutable calls on constants by their values, and simplifies AND, OR, NOT and CASE. What
// fails to evaluate stays, so that the error appears only if execution gets there.
plan::ExprPtr FoldConstants(const plan::ExprPtr& expression);
void FoldConstants(plan::Query* query);

// Puts CTEs that are read once in the place where they are read.
void InlineCtes(plan::Query* query);

// (a AND b) OR (a AND c) becomes a AND (b OR c) in the conditions of filters and joins, so that
// what all branches ask can be pushed down and joined by.
plan::RelPtr FactorCommonConjuncts(plan::RelPtr rel);

// EXISTS, IN and their negations become semi and anti joins; a correlated scalar aggregate becomes
// a left join on groups.
plan::RelPtr SubqueriesToJoins(plan::RelPtr rel, plan::Query* query);

// A correlated EXISTS that stays in an expression gets a form that is run once and looked up in for
// each row (its first argument, see SubqueryExpression.operands); = ANY of two types compares in
// one that can be.
plan::RelPtr HashSubqueries(plan::RelPtr rel, plan::Query* query);

// A lateral join whose right side only asks something of the left's columns is an ordinary join on
// that.
plan::RelPtr LateralToJoin(plan::RelPtr rel, const plan::Query& query);

// Where WITH queries write: what other parts of the statement read of the same tables is read
// before that, so that none sees what another has written.
void KeepOldRows(plan::Query* query);

// Outer joins whose NULL-extended rows a filter above discards become inner ones.
plan::RelPtr OuterToInner(plan::RelPtr rel);

// Moves conditions to where their columns come from.
plan::RelPtr PushPredicates(plan::RelPtr rel);

// Conditions on rows that functions are called for are asked before the calls.
void CallForFewerRows(plan::Query* query);

// Drops columns that nobody reads. `required`: what the parent reads; the result may emit more.
plan::RelPtr PruneColumns(plan::RelPtr rel, const plan::ColumnSet& required, plan::Query* query);

// Applies `rewrite` to the trees of all subqueries in the tree's expressions, innermost last.
void RewriteSubqueries(plan::Rel* rel,
                       const std::function<plan::RelPtr(plan::RelPtr, const plan::Expr&)>& rewrite);

}  // namespace adbms::sql::rules
