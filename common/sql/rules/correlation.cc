#include "common/sql/rules/correlation.h"

#include <algorithm>

#include "common/sql/catalog/index_keys.h"

namespace adbms::sql::rules {

using plan::ColumnId;
using plan::ColumnSet;
using plan::Expr;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;

namespace {

// Moves the conditions that use `outer` to `taken`; false when one of them must stay where it is.
bool TakeConditions(std::vector<ExprPtr>* conditions, const ColumnSet& outer,
                    std::vector<ExprPtr>* taken) {
  std::vector<ExprPtr> kept;
  for (const ExprPtr& e : *conditions) {
    if (!plan::Intersects(plan::ColumnsOf(e), outer))
      kept.push_back(e);
    else if (plan::HasSubquery(e) || plan::IsVolatile(e))
      return false;
    else
      taken->push_back(e);
  }
  *conditions = std::move(kept);
  return true;
}

}  // namespace

bool TakeCorrelated(RelPtr* rel, const ColumnSet& outer, std::vector<ExprPtr>* taken) {
  switch ((*rel)->kind) {
    case Rel::Kind::kProject: {
      // Only through a projection that passes everything needed.
      RelPtr copy = std::make_shared<Rel>(**rel);
      for (const ExprPtr& e : copy->expressions) {
        if (plan::Intersects(plan::ColumnsOf(e), outer)) return false;
      }
      const size_t before = taken->size();
      if (!TakeCorrelated(&copy->inputs[0], outer, taken)) return false;
      const ColumnSet available(copy->inputs[0]->output.begin(), copy->inputs[0]->output.end());
      for (size_t i = before; i < taken->size(); ++i) {
        plan::Walk((*taken)[i], [&](const Expr& e) {
          if (e.kind != Expr::Kind::kColumn || !available.contains(e.column)) return;
          if (std::find(copy->output.begin(), copy->output.end(), e.column) != copy->output.end())
            return;
          copy->output.push_back(e.column);
          copy->expressions.push_back(plan::MakeColumn(e.column, e.type));
        });
      }
      *rel = copy;
      return true;
    }
    case Rel::Kind::kFilter: {
      RelPtr copy = std::make_shared<Rel>(**rel);
      if (!TakeConditions(&copy->conditions, outer, taken)) return false;
      if (!TakeCorrelated(&copy->inputs[0], outer, taken)) return false;
      copy->output = copy->inputs[0]->output;
      *rel = copy->conditions.empty() ? copy->inputs[0] : copy;
      return true;
    }
    case Rel::Kind::kBarrier: {
      RelPtr copy = std::make_shared<Rel>(**rel);
      if (!TakeCorrelated(&copy->inputs[0], outer, taken)) return false;
      copy->output = copy->inputs[0]->output;
      *rel = copy;
      return true;
    }
    case Rel::Kind::kProjectSet: {
      RelPtr copy = std::make_shared<Rel>(**rel);
      for (const plan::SetFunction& function : copy->set_functions) {
        for (const ExprPtr& e : function.arguments) {
          if (plan::Intersects(plan::ColumnsOf(e), outer)) return false;
        }
      }
      const std::vector<ColumnId> computed = plan::ComputedColumns(*copy);
      if (!TakeCorrelated(&copy->inputs[0], outer, taken)) return false;
      copy->output = copy->inputs[0]->output;
      copy->output.insert(copy->output.end(), computed.begin(), computed.end());
      *rel = copy;
      return true;
    }
    case Rel::Kind::kJoin: {
      if ((*rel)->join_type != common::v1::JOIN_TYPE_INNER || (*rel)->lateral)
        return !plan::Intersects(plan::FreeColumns(**rel), outer);
      RelPtr copy = std::make_shared<Rel>(**rel);
      if (!TakeConditions(&copy->conditions, outer, taken)) return false;
      for (RelPtr& input : copy->inputs) {
        if (!TakeCorrelated(&input, outer, taken)) return false;
      }
      copy->output = copy->inputs[0]->output;
      copy->output.insert(copy->output.end(), copy->inputs[1]->output.begin(),
                          copy->inputs[1]->output.end());
      *rel = copy;
      return true;
    }
    default:
      return !plan::Intersects(plan::FreeColumns(**rel), outer);
  }
}

bool HasLimit(const Rel& rel) {
  if (rel.kind == Rel::Kind::kLimit) return true;
  if (rel.kind == Rel::Kind::kSort || rel.kind == Rel::Kind::kProject ||
      rel.kind == Rel::Kind::kFilter || rel.kind == Rel::Kind::kBarrier)
    return HasLimit(*rel.inputs[0]);
  return false;
}

bool HasLock(const Rel& rel) {
  return rel.lock.has_value() || std::any_of(rel.inputs.begin(), rel.inputs.end(),
                                             [](const RelPtr& input) { return HasLock(*input); });
}

bool LeadsAnIndex(const plan::Query& query, ColumnId column) {
  const plan::ColumnInfo& info = query.columns[column];
  for (const plan::TableUse& use : query.tables) {
    if (info.table_id == 0 || use.table->table_id() != info.table_id) continue;
    if (use.table->primary_key_size() > 0 && use.table->primary_key(0) + 1 == info.column_number)
      return true;
    for (const auto& index : use.table->indexes()) {
      if (IsPlain(index) && index.columns(0) + 1 == info.column_number) return true;
    }
  }
  return false;
}

}  // namespace adbms::sql::rules
