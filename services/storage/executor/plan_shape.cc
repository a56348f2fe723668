#include "services/storage/executor/plan_shape.h"

#include "absl/strings/str_cat.h"
#include "common/types/type.h"

namespace adbms::storage::executor {
namespace {

using common::v1::Operator;
using Columns = google::protobuf::RepeatedPtrField<common::v1::OutputColumn>;

types::Physical Form(const common::v1::OutputColumn& column) {
  return types::PhysicalOf(types::FromProto(column.type()).id);
}

// Whether `columns` has those of `part` from position `at` on.
bool Has(const Columns& columns, int at, const Columns& part) {
  if (at + part.size() > columns.size()) return false;
  for (int i = 0; i < part.size(); ++i) {
    if (Form(columns.Get(at + i)) != Form(part.Get(i))) return false;
  }
  return true;
}

bool Same(const Columns& a, const Columns& b) { return a.size() == b.size() && Has(a, 0, b); }

bool IsPair(const Operator& op, common::v1::JoinType type, const Operator& left,
            const Operator& right) {
  const bool left_only = type == common::v1::JOIN_TYPE_SEMI || type == common::v1::JOIN_TYPE_ANTI ||
                         type == common::v1::JOIN_TYPE_ANTI_NULL_AWARE;
  if (left_only) return Same(op.output(), left.output());
  return op.output_size() == left.output_size() + right.output_size() &&
         Has(op.output(), 0, left.output()) && Has(op.output(), left.output_size(), right.output());
}

bool Fits(const Operator& op) {
  switch (op.body_case()) {
    case Operator::kFilter:
      return Same(op.output(), op.filter().input().output());
    case Operator::kSort:
      return Same(op.output(), op.sort().input().output());
    case Operator::kLimit:
      return Same(op.output(), op.limit().input().output());
    case Operator::kHashJoin:
      return IsPair(op, op.hash_join().type(), op.hash_join().left(), op.hash_join().right());
    case Operator::kNestedLoopJoin:
      return IsPair(op, op.nested_loop_join().type(), op.nested_loop_join().left(),
                    op.nested_loop_join().right());
    case Operator::kLookupJoin:
      return Has(op.output(), 0, op.lookup_join().left().output());
    case Operator::kSetOperation:
      return Same(op.output(), op.set_operation().left().output()) &&
             Same(op.output(), op.set_operation().right().output());
    case Operator::kAppend:
      for (const Operator& input : op.append().inputs()) {
        if (!Same(op.output(), input.output())) return false;
      }
      return true;
    default:
      return true;
  }
}

}  // namespace

absl::Status CheckShape(const Operator& op) {
  if (Fits(op)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("malformed plan: operator ", op.id(),
                                                 " declares other columns than its input has"));
}

}  // namespace adbms::storage::executor
