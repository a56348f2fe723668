#include "common/sql/binder/part_assignment.h"

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/rows.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {

plan::ExprPtr UnfinishedAssignment(const plan::ExprPtr& value) {
  using Kind = plan::Expr::Kind;
  if (value->kind != Kind::kCast || !types::IsDomain(value->type)) return value;
  const plan::ExprPtr& made = value->args[0];
  if (made->kind != Kind::kCall) return value;
  const std::string& name = made->function->name;
  const bool assigned = name == functions::kRowAssignment || name == functions::kArrayAssignment ||
                        name == functions::kArraySliceAssignment;
  return assigned ? made : value;
}

}  // namespace adbms::sql::binder
