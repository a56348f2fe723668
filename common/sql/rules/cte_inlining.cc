// CTEs that are read once stand where they are read; unread ones go away.
#include <functional>
#include <set>

#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using plan::Rel;
using plan::RelPtr;

// The reads of CTEs that may happen more than once: in subqueries, on the right of lateral joins
// and in recursive terms.
std::set<const Rel*> RepeatedReads(const plan::Query& query) {
  std::set<const Rel*> once;
  std::function<void(const Rel&)> visit = [&](const Rel& rel) {
    if (rel.kind == Rel::Kind::kCte) once.insert(&rel);
    const bool first_only =
        (rel.kind == Rel::Kind::kJoin && rel.lateral) || rel.kind == Rel::Kind::kRecursiveUnion;
    for (size_t i = 0; i < (first_only ? 1 : rel.inputs.size()); ++i) visit(*rel.inputs[i]);
  };
  visit(*query.root);
  for (const plan::Cte& cte : query.ctes) visit(*cte.rel);
  std::set<const Rel*> repeated;
  plan::ForEachRel(const_cast<plan::Query*>(&query), [&](const RelPtr& rel) {
    if (rel->kind == Rel::Kind::kCte && !once.contains(rel.get())) repeated.insert(rel.get());
  });
  return repeated;
}

}  // namespace

void InlineCtes(plan::Query* query) {
  if (query->ctes.empty()) return;
  std::vector<int> references(query->ctes.size(), 0);
  plan::ForEachRel(query, [&](const RelPtr& rel) {
    if (rel->kind == Rel::Kind::kCte) ++references[rel->cte];
  });
  const std::set<const Rel*> repeated = RepeatedReads(*query);
  plan::ForEachRel(query, [&](const RelPtr& rel) {
    if (rel->kind != Rel::Kind::kCte) return;
    const plan::Cte& cte = query->ctes[rel->cte];
    if (cte.materialize || cte.write != nullptr || references[rel->cte] != 1 ||
        plan::IsVolatile(*cte.rel))
      return;
    if (cte.recursive && repeated.contains(rel.get())) return;
    references[rel->cte] = 0;
    rel->kind = Rel::Kind::kProject;
    rel->inputs = {cte.rel};
    for (const plan::ColumnId id : cte.rel->output)
      rel->expressions.push_back(plan::MakeColumn(id, query->columns[id].type));
  });
  // Renumber what is left.
  std::vector<plan::Cte> kept;
  std::vector<uint32_t> position(query->ctes.size(), 0);
  for (size_t i = 0; i < query->ctes.size(); ++i) {
    const plan::Cte& cte = query->ctes[i];
    if (references[i] == 0 && cte.write == nullptr && !cte.eager) continue;
    position[i] = static_cast<uint32_t>(kept.size());
    kept.push_back(query->ctes[i]);
  }
  query->ctes = std::move(kept);
  plan::ForEachRel(query, [&](const RelPtr& rel) {
    if (rel->kind == Rel::Kind::kCte) rel->cte = position[rel->cte];
  });
}

}  // namespace adbms::sql::rules
