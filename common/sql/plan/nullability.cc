#include "common/sql/plan/nullability.h"

#include <algorithm>

namespace adbms::sql::plan {

using common::v1::JoinType;

bool NeverNull(const Query& query, const Rel& rel, const Expr& e) {
  switch (e.kind) {
    case Expr::Kind::kLiteral:
      return !e.value.is_null();
    case Expr::Kind::kCast:
      return NeverNull(query, rel, *e.args[0]);
    case Expr::Kind::kColumn:
      return NeverNull(query, rel, e.column);
    default:
      return false;
  }
}

bool NeverNull(const Query& query, const Rel& rel, ColumnId column) {
  const auto at = std::find(rel.output.begin(), rel.output.end(), column);
  if (at == rel.output.end()) return false;
  switch (rel.kind) {
    case Rel::Kind::kScan:
      return query.columns[column].not_null;
    case Rel::Kind::kFilter:
      if (std::any_of(rel.conditions.begin(), rel.conditions.end(),
                      [column](const ExprPtr& e) { return IsStrictOn(*e, {column}); }))
        return true;
      return NeverNull(query, *rel.inputs[0], column);
    case Rel::Kind::kSort:
    case Rel::Kind::kLimit:
    case Rel::Kind::kBarrier:
      return NeverNull(query, *rel.inputs[0], column);
    case Rel::Kind::kProject:
      return NeverNull(query, *rel.inputs[0], *rel.expressions[at - rel.output.begin()]);
    case Rel::Kind::kJoin: {
      const auto& left = rel.inputs[0]->output;
      const bool in_left = std::find(left.begin(), left.end(), column) != left.end();
      const JoinType type = rel.join_type;
      const bool left_kept =
          type != common::v1::JOIN_TYPE_RIGHT && type != common::v1::JOIN_TYPE_FULL;
      const bool right_kept =
          type == common::v1::JOIN_TYPE_INNER || type == common::v1::JOIN_TYPE_RIGHT;
      return in_left ? left_kept && NeverNull(query, *rel.inputs[0], column)
                     : right_kept && NeverNull(query, *rel.inputs[1], column);
    }
    default:
      return false;
  }
}

}  // namespace adbms::sql::plan
