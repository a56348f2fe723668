// Look-ups into a key or an index, for joins.
#include <algorithm>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/default_planner/access_paths.h"
#include "common/sql/plan/leakproof.h"

namespace adbms::sql::default_planner {
namespace {

using common::v1::IndexDescriptor;
using plan::ColumnSet;
using plan::ExprPtr;
using plan::Rel;

bool Contains(const google::protobuf::RepeatedField<uint32_t>& list, uint32_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

std::optional<LookupPath> FindLookup(const plan::Query& query, const Rel& right,
                                     const std::vector<ExprPtr>& conditions,
                                     const ColumnSet& left_columns,
                                     const plan::CardinalityEstimator& estimator) {
  if (right.kind == Rel::Kind::kBarrier) {
    const ColumnSet hidden(right.output.begin(), right.output.end());
    const bool leaks =
        std::any_of(conditions.begin(), conditions.end(),
                    [&hidden](const ExprPtr& e) { return !plan::IsLeakproof(e, hidden); });
    if (leaks) return std::nullopt;
    return FindLookup(query, *right.inputs[0], conditions, left_columns, estimator);
  }
  LookupPath best;
  std::vector<ExprPtr> all = conditions;
  if (right.kind == Rel::Kind::kScan) {
    best.scan = &right;
  } else if (right.kind == Rel::Kind::kFilter && right.inputs[0]->kind == Rel::Kind::kScan) {
    best.scan = right.inputs[0].get();
    all.insert(all.end(), right.conditions.begin(), right.conditions.end());
  }
  const Rel* scan = best.scan;
  if (scan == nullptr || scan->table->is_virtual() || scan->lock.has_value()) return std::nullopt;
  const ColumnSet columns(scan->output.begin(), scan->output.end());
  std::vector<ExprPtr> usable;
  for (const ExprPtr& condition : all) {
    if (!plan::HasSubquery(condition)) usable.push_back(condition);
  }
  // The value that the first equality with the key asks for.
  const auto equal_to = [&](const ExprPtr& key) -> std::optional<std::pair<ExprPtr, ExprPtr>> {
    for (const ExprPtr& condition : usable) {
      auto comparison = ReadKeyComparison(condition, key, columns);
      if (comparison.has_value() && comparison->op == "=")
        return std::make_pair(std::move(comparison->value), condition);
    }
    return std::nullopt;
  };
  const auto column_at = [&](uint32_t ordinal) -> ExprPtr {
    const auto at = std::find(scan->ordinals.begin(), scan->ordinals.end(), ordinal);
    if (at == scan->ordinals.end()) return nullptr;
    const plan::ColumnId id = scan->output[static_cast<size_t>(at - scan->ordinals.begin())];
    return plan::MakeColumn(id, query.columns[id].type);
  };
  bool found = false;
  const auto consider = [&](const google::protobuf::RepeatedField<uint32_t>& ordinals,
                            const IndexDescriptor* index, const plan::IndexForm& form) {
    LookupPath path;
    path.scan = scan;
    path.index = index;
    bool uses_left = false;
    for (int i = 0; i < ordinals.size(); ++i) {
      const ExprPtr key = ordinals.Get(i) == kExpressionKey ? form.keys[static_cast<size_t>(i)]
                                                            : column_at(ordinals.Get(i));
      const auto equal = key == nullptr ? std::nullopt : equal_to(key);
      if (!equal.has_value()) break;
      path.keys.push_back(equal->first);
      path.matched.push_back(equal->second);
      uses_left |= plan::Intersects(plan::ColumnsOf(equal->first), left_columns);
    }
    if (!uses_left) return;
    path.unique = static_cast<int>(path.matched.size()) == ordinals.size() &&
                  (index == nullptr || index->unique());
    if (!found || (path.unique && !best.unique) ||
        (path.unique == best.unique && path.matched.size() > best.matched.size())) {
      best = std::move(path);
      found = true;
    }
  };
  if (scan->table->primary_key_size() > 0) consider(scan->table->primary_key(), nullptr, {});
  for (const IndexDescriptor& index : scan->table->indexes()) {
    if (index.state() != IndexDescriptor::STATE_PUBLIC || IsInverted(index)) continue;
    const auto form = UsableForm(*scan, index, usable);
    if (form.has_value()) consider(index.columns(), &index, *form);
  }
  if (!found) return std::nullopt;
  best.covered = best.index != nullptr;
  for (const uint32_t ordinal : scan->ordinals) {
    best.covered = best.covered && (Contains(best.index->columns(), ordinal) ||
                                    Contains(best.index->include(), ordinal));
  }
  for (const ExprPtr& condition : all) {
    if (std::find(best.matched.begin(), best.matched.end(), condition) == best.matched.end())
      best.residual.push_back(condition);
  }
  if (!best.unique) {
    best.rows = std::max(
        1.0, estimator.TableRows(*scan->table) * estimator.Selectivity(query, best.matched));
  }
  return best;
}

}  // namespace adbms::sql::default_planner
