// Look-ups into a key or an index, for joins.
#include <algorithm>
#include <map>

#include "common/sql/default_planner/access_paths.h"

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
  for (const uint32_t ordinal : scan->ordinals) {
    if (ordinal == plan::kRowKeyOrdinal) return std::nullopt;
  }
  const ColumnSet columns(scan->output.begin(), scan->output.end());
  // Equalities by the ordinal of the right's column.
  std::map<uint32_t, std::pair<ExprPtr, ExprPtr>> equal;
  for (const ExprPtr& condition : all) {
    if (plan::HasSubquery(condition)) continue;
    const auto comparison = ReadComparison(query, condition, columns);
    if (!comparison.has_value() || comparison->op != "=") continue;
    const size_t at = std::find(scan->output.begin(), scan->output.end(), comparison->column) -
                      scan->output.begin();
    equal.emplace(scan->ordinals[at], std::make_pair(comparison->value, condition));
  }
  bool found = false;
  const auto consider = [&](const google::protobuf::RepeatedField<uint32_t>& ordinals,
                            const IndexDescriptor* index) {
    LookupPath path;
    path.scan = scan;
    path.index = index;
    bool uses_left = false;
    for (const uint32_t ordinal : ordinals) {
      const auto it = equal.find(ordinal);
      if (it == equal.end()) break;
      path.keys.push_back(it->second.first);
      path.matched.push_back(it->second.second);
      uses_left |= plan::Intersects(plan::ColumnsOf(it->second.first), left_columns);
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
  if (scan->table->primary_key_size() > 0) consider(scan->table->primary_key(), nullptr);
  for (const IndexDescriptor& index : scan->table->indexes()) {
    if (index.state() == IndexDescriptor::STATE_PUBLIC) consider(index.columns(), &index);
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
