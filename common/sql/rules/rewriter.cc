#include "common/sql/rules/rewriter.h"

#include <algorithm>

namespace adbms::sql::rules {
namespace {

using plan::Expr;
using plan::ExprPtr;
using plan::RelPtr;

ExprPtr RewriteIn(const ExprPtr& e, const std::function<RelPtr(RelPtr, const Expr&)>& rewrite) {
  bool changed = false;
  std::vector<ExprPtr> args;
  for (const ExprPtr& arg : e->args) {
    args.push_back(RewriteIn(arg, rewrite));
    changed |= args.back() != arg;
  }
  RelPtr query = e->query;
  if (query != nullptr) {
    query = rewrite(query, *e);
    changed = true;
  }
  if (!changed) return e;
  auto copy = std::make_shared<Expr>(*e);
  copy->args = std::move(args);
  copy->query = std::move(query);
  return copy;
}

// A rule over whole trees, applied to subqueries too.
void ApplyToAll(plan::Query* query, const std::function<RelPtr(RelPtr)>& rule) {
  std::function<RelPtr(RelPtr)> deep = [&](RelPtr rel) -> RelPtr {
    RelPtr result = rule(std::move(rel));
    std::function<void(plan::Rel*)> visit = [&](plan::Rel* at) {
      plan::ForEachExpression(*at, [&](ExprPtr& e) {
        e = RewriteIn(e, [&](RelPtr inner, const Expr&) { return deep(std::move(inner)); });
      });
      for (const RelPtr& input : at->inputs) visit(input.get());
    };
    visit(result.get());
    return result;
  };
  query->root = deep(query->root);
  for (plan::Cte& cte : query->ctes) cte.rel = deep(cte.rel);
  auto in_list = [&](std::vector<ExprPtr>& list) {
    for (ExprPtr& e : list)
      e = RewriteIn(e, [&](RelPtr inner, const Expr&) { return deep(std::move(inner)); });
  };
  plan::ForEachWrite(query, [&](plan::Write& write, RelPtr&) {
    in_list(write.change.values);
    in_list(write.change.recheck);
    for (plan::CheckCondition& check : write.checks)
      check.condition = RewriteIn(
          check.condition, [&](RelPtr inner, const Expr&) { return deep(std::move(inner)); });
  });
}

// What a write takes of its tree's rows.
plan::ColumnSet TakenBy(const plan::Write& write, const plan::Rel& root) {
  plan::ColumnSet required(root.output.begin(), root.output.end());
  if (write.kind == common::v1::STATEMENT_KIND_INSERT || write.written_elsewhere) return required;
  // Of joined tables only what the assignments and RETURNING read.
  required = {write.change.columns.begin(), write.change.columns.end()};
  required.insert(write.change.row_key);
  for (const auto* list : {&write.change.values, &write.change.returning, &write.change.recheck}) {
    for (const ExprPtr& e : *list) plan::CollectColumns(*e, &required);
  }
  return required;
}

// Of each tree what its reader asks for; of the root what the statement hands out or changes with.
void PruneAll(plan::Query* query) {
  if (query->kind == common::v1::STATEMENT_KIND_SELECT)
    query->root = PruneColumns(query->root, {query->output.begin(), query->output.end()}, query);
  plan::ForEachWrite(query, [query](plan::Write& write, RelPtr& root) {
    if (write.kind == common::v1::STATEMENT_KIND_SELECT) return;
    root = PruneColumns(root, TakenBy(write, *root), query);
    const auto prune = [query](RelPtr inner, const Expr&) {
      const std::vector<plan::ColumnId> output = inner->output;
      return PruneColumns(inner, {output.begin(), output.end()}, query);
    };
    for (ExprPtr& e : write.change.values) e = RewriteIn(e, prune);
    for (ExprPtr& e : write.change.recheck) e = RewriteIn(e, prune);
    for (plan::CheckCondition& check : write.checks)
      check.condition = RewriteIn(check.condition, prune);
  });
  for (plan::Cte& cte : query->ctes) {
    if (cte.write != nullptr) continue;
    // Readers count on the columns' positions.
    const std::vector<plan::ColumnId> output = cte.rel->output;
    cte.rel = PruneColumns(cte.rel, {output.begin(), output.end()}, query);
    if (cte.rel->output == output) continue;
    RelPtr project = plan::MakeRel(plan::Rel::Kind::kProject, {cte.rel});
    for (const plan::ColumnId id : output)
      project->expressions.push_back(plan::MakeColumn(id, query->columns[id].type));
    project->output = output;
    cte.rel = project;
  }
}

void UnnestAll(plan::Query* query) {
  ApplyToAll(query, [query](RelPtr rel) { return SubqueriesToJoins(std::move(rel), query); });
}

void HashAll(plan::Query* query) {
  ApplyToAll(query, [query](RelPtr rel) { return HashSubqueries(std::move(rel), query); });
}

void Fold(plan::Query* query) { FoldConstants(query); }

struct Rule {
  std::string_view name;
  void (*apply)(plan::Query*);
};

// Conditions are pushed down before subqueries become joins, and again into the new joins.
constexpr Rule kRules[] = {
    {"constant_folding", Fold},
    {"cte_inlining", InlineCtes},
    {"common_conjuncts", [](plan::Query* query) { ApplyToAll(query, FactorCommonConjuncts); }},
    {"outer_to_inner", [](plan::Query* query) { ApplyToAll(query, OuterToInner); }},
    {"predicate_pushdown", [](plan::Query* query) { ApplyToAll(query, PushPredicates); }},
    {"subquery_to_join", UnnestAll},
    {"lateral_to_join",
     [](plan::Query* query) {
       ApplyToAll(query, [query](RelPtr rel) { return LateralToJoin(std::move(rel), *query); });
     }},
    {"hashed_subqueries", HashAll},
    {"calls_for_fewer_rows", CallForFewerRows},
    {"predicate_pushdown", [](plan::Query* query) { ApplyToAll(query, PushPredicates); }},
    {"projection_pruning", PruneAll},
};

}  // namespace

void RewriteSubqueries(plan::Rel* rel, const std::function<RelPtr(RelPtr, const Expr&)>& rewrite) {
  plan::ForEachExpression(*rel, [&](ExprPtr& e) { e = RewriteIn(e, rewrite); });
  for (const RelPtr& input : rel->inputs) RewriteSubqueries(input.get(), rewrite);
}

const std::vector<std::string>& RuleNames() {
  static const auto* const kNames = [] {
    auto* names = new std::vector<std::string>();
    for (const Rule& rule : kRules) {
      if (std::find(names->begin(), names->end(), rule.name) == names->end())
        names->emplace_back(rule.name);
    }
    return names;
  }();
  return *kNames;
}

void Rewrite(plan::Query* query) {
  const auto& disabled = query->switches.disabled_rules();
  for (const Rule& rule : kRules) {
    if (std::find(disabled.begin(), disabled.end(), rule.name) == disabled.end()) rule.apply(query);
  }
  // No matter of choice.
  KeepOldRows(query);
}

}  // namespace adbms::sql::rules
