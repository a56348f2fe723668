// Paths through inverted indexes: by the items that conditions ask for.
#include <algorithm>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/default_planner/access_paths.h"
#include "common/sql/operator_classes/operator_class.h"

namespace adbms::sql::default_planner {
namespace {

using common::v1::IndexDescriptor;
using plan::Expr;
using plan::ExprPtr;

// A key of the index over the scan's columns; null where the scan does not read it.
ExprPtr KeyAt(const plan::Query& query, const plan::Rel& scan, const IndexDescriptor& index,
              const plan::IndexForm& form, int position) {
  const uint32_t ordinal = index.columns(position);
  if (ordinal == kExpressionKey) return form.keys[static_cast<size_t>(position)];
  const auto at = std::find(scan.ordinals.begin(), scan.ordinals.end(), ordinal);
  if (at == scan.ordinals.end()) return nullptr;
  const plan::ColumnId column = scan.output[static_cast<size_t>(at - scan.ordinals.begin())];
  return plan::MakeColumn(column, query.columns[column].type);
}

// `condition` as an operator of the class, the key on its left.
std::optional<plan::ItemCondition> ReadCondition(const ExprPtr& condition, const ExprPtr& key,
                                                 const OperatorClass& operator_class,
                                                 const plan::ColumnSet& columns) {
  if (condition->kind != Expr::Kind::kCall || !condition->function->is_operator ||
      condition->args.size() != 2)
    return std::nullopt;
  for (const bool flipped : {false, true}) {
    const ExprPtr& side = condition->args[flipped ? 1 : 0];
    const ExprPtr& operand = condition->args[flipped ? 0 : 1];
    const std::string& name = flipped ? condition->function->commutator : condition->function->name;
    if (operator_class.Has(name) && operator_class.takes(name, key->type, operand->type) &&
        IsKey(*side, *key) && IsFixed(operand, columns))
      return plan::ItemCondition{0, name, operand};
  }
  return std::nullopt;
}

}  // namespace

std::optional<plan::AccessPath> FindItemPath(const plan::Query& query, const plan::Rel& scan,
                                             const std::vector<ExprPtr>& conditions,
                                             const IndexDescriptor& index,
                                             const plan::IndexForm& form,
                                             const plan::CardinalityEstimator& estimator) {
  const plan::ColumnSet columns(scan.output.begin(), scan.output.end());
  plan::AccessPath path;
  path.sequential = false;
  path.index = &index;
  path.index_id = index.index_id();
  for (int i = 0; i < index.columns_size() && i < index.operator_classes_size(); ++i) {
    const OperatorClass* operator_class = FindOperatorClass(index.operator_classes(i));
    const ExprPtr key = KeyAt(query, scan, index, form, i);
    if (operator_class == nullptr || key == nullptr) continue;
    for (const ExprPtr& condition : conditions) {
      auto item = ReadCondition(condition, key, *operator_class, columns);
      if (!item.has_value()) continue;
      item->key = static_cast<uint32_t>(i);
      path.items.push_back(*std::move(item));
      path.matched.push_back(condition);
    }
  }
  if (path.items.empty()) return std::nullopt;
  // What is found are candidates; and where the operands ask for no items, all rows are.
  path.residual = conditions;
  const double rows = estimator.TableRows(*scan.table);
  path.index_rows = std::max(1.0, rows * estimator.Selectivity(query, path.matched));
  path.rows = std::max(1.0, rows * estimator.Selectivity(query, conditions));
  return path;
}

}  // namespace adbms::sql::default_planner
