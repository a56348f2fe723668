// Outer joins to inner joins.
#include <algorithm>

#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using plan::ColumnSet;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;

// `above` are conditions that every row of `rel` must pass to matter.
RelPtr Visit(RelPtr rel, std::vector<ExprPtr> above) {
  switch (rel->kind) {
    case Rel::Kind::kFilter:
      above.insert(above.end(), rel->conditions.begin(), rel->conditions.end());
      rel->inputs[0] = Visit(rel->inputs[0], std::move(above));
      return rel;
    case Rel::Kind::kJoin: {
      auto strict_on = [&above](const RelPtr& side) {
        const ColumnSet columns(side->output.begin(), side->output.end());
        return std::any_of(above.begin(), above.end(),
                           [&columns](const ExprPtr& e) { return plan::IsStrictOn(*e, columns); });
      };
      const bool left_strict = strict_on(rel->inputs[0]);
      const bool right_strict = strict_on(rel->inputs[1]);
      common::v1::JoinType& type = rel->join_type;
      if (type == common::v1::JOIN_TYPE_FULL) {
        if (left_strict && right_strict)
          type = common::v1::JOIN_TYPE_INNER;
        else if (left_strict)
          type = common::v1::JOIN_TYPE_LEFT;
        else if (right_strict)
          type = common::v1::JOIN_TYPE_RIGHT;
      } else if (type == common::v1::JOIN_TYPE_LEFT && right_strict) {
        type = common::v1::JOIN_TYPE_INNER;
      } else if (type == common::v1::JOIN_TYPE_RIGHT && left_strict) {
        type = common::v1::JOIN_TYPE_INNER;
      }
      std::vector<ExprPtr> inner = above;
      if (type == common::v1::JOIN_TYPE_INNER)
        inner.insert(inner.end(), rel->conditions.begin(), rel->conditions.end());
      const bool left_kept =
          type == common::v1::JOIN_TYPE_INNER || type == common::v1::JOIN_TYPE_LEFT;
      const bool right_kept =
          type == common::v1::JOIN_TYPE_INNER || type == common::v1::JOIN_TYPE_RIGHT;
      rel->inputs[0] = Visit(rel->inputs[0], left_kept ? inner : std::vector<ExprPtr>());
      rel->inputs[1] = Visit(rel->inputs[1], right_kept ? inner : std::vector<ExprPtr>());
      return rel;
    }
    default:
      for (RelPtr& input : rel->inputs) input = Visit(input, {});
      return rel;
  }
}

}  // namespace

RelPtr OuterToInner(RelPtr rel) { return Visit(std::move(rel), {}); }

}  // namespace adbms::sql::rules
