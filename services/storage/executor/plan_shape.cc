#include "services/storage/executor/plan_shape.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/sql/functions/function_catalog.h"
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
    case Operator::kWindow:
      return op.output_size() == op.window().input().output_size() + op.window().calls_size() &&
             Has(op.output(), 0, op.window().input().output());
    case Operator::kProjectSet:
      return Has(op.output(), 0, op.project_set().input().output());
    case Operator::kProgramRows:
      return !op.program_rows().has_input() ||
             Has(op.output(), 0, op.program_rows().input().output());
    case Operator::kMergeRows:
      return op.output_size() == op.merge_rows().input().output_size() + 1 &&
             Has(op.output(), 0, op.merge_rows().input().output());
    case Operator::kLateralJoin:
      return IsPair(op, op.lateral_join().type(), op.lateral_join().left(),
                    op.lateral_join().right());
    case Operator::kRecursiveUnion:
      return Same(op.output(), op.recursive_union().initial().output()) &&
             Same(op.output(), op.recursive_union().recursive().output());
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

// The sub-plans (by number) and CTEs (by number after the sub-plans) that a tree runs.
std::vector<size_t> RunsOf(const Operator& root, size_t subplans) {
  std::vector<size_t> runs;
  ForEachMessage(root, [&](const google::protobuf::Message& message) {
    if (message.GetDescriptor() == common::v1::SubqueryExpression::descriptor()) {
      runs.push_back(static_cast<const common::v1::SubqueryExpression&>(message).subplan());
    }
    if (message.GetDescriptor() == common::v1::CteScan::descriptor()) {
      runs.push_back(subplans + static_cast<const common::v1::CteScan&>(message).cte());
    }
  });
  return runs;
}

enum class Visit : uint8_t { kNew, kOpen, kDone };

// Whether a cycle can be reached from `node`.
bool ReachesItself(size_t node, const std::vector<std::vector<size_t>>& runs,
                   std::vector<Visit>* visits) {
  if (node >= runs.size()) return false;  // Refused elsewhere: there is no such sub-plan.
  if ((*visits)[node] != Visit::kNew) return (*visits)[node] == Visit::kOpen;
  (*visits)[node] = Visit::kOpen;
  for (const size_t next : runs[node]) {
    if (ReachesItself(next, runs, visits)) return true;
  }
  (*visits)[node] = Visit::kDone;
  return false;
}

}  // namespace

void ForEachMessage(const google::protobuf::Message& message,
                    const std::function<void(const google::protobuf::Message&)>& visit) {
  visit(message);
  const google::protobuf::Reflection* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      ForEachMessage(reflection->GetMessage(message, field), visit);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      ForEachMessage(reflection->GetRepeatedMessage(message, field, i), visit);
    }
  }
}

absl::Status CheckReferences(const common::v1::Plan& plan) {
  const auto subplans = static_cast<size_t>(plan.subplans_size());
  std::vector<std::vector<size_t>> runs;
  for (const auto& subplan : plan.subplans()) runs.push_back(RunsOf(subplan.root(), subplans));
  for (const auto& cte : plan.ctes()) runs.push_back(RunsOf(cte, subplans));
  std::vector<Visit> visits(runs.size(), Visit::kNew);
  for (size_t node = 0; node < runs.size(); ++node) {
    if (ReachesItself(node, runs, &visits)) {
      return absl::InvalidArgumentError("malformed plan: a sub-plan runs itself");
    }
  }
  return absl::OkStatus();
}

bool Writes(const Operator& op) { return op.has_insert() || op.has_update() || op.has_delete_(); }

bool Writes(const common::v1::Plan& plan) {
  return Writes(plan.root()) || std::any_of(plan.ctes().begin(), plan.ctes().end(),
                                            [](const Operator& cte) { return Writes(cte); });
}

absl::Status CheckEagerCtes(const common::v1::Plan& plan) {
  const auto& eager = plan.eager_ctes();
  for (const uint32_t cte : eager) {
    if (cte >= static_cast<uint32_t>(plan.ctes_size()))
      return absl::InvalidArgumentError("malformed plan: no such CTE");
  }
  for (int i = 0; i < plan.ctes_size(); ++i) {
    if (Writes(plan.ctes(i)) && std::find(eager.begin(), eager.end(), i) == eager.end())
      return absl::InvalidArgumentError("malformed plan: a CTE writes when it is read");
  }
  return absl::OkStatus();
}

absl::Status CheckShape(const Operator& op) {
  if (Fits(op)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("malformed plan: operator ", op.id(),
                                                 " declares other columns than its input has"));
}

bool HasVolatileCalls(const google::protobuf::Message& plan) {
  const auto& functions = sql::functions::FunctionCatalog::Builtin();
  bool found = false;
  ForEachMessage(plan, [&](const google::protobuf::Message& message) {
    if (message.GetDescriptor() != common::v1::CallExpression::descriptor()) return;
    const auto* const function =
        functions.BySignature(static_cast<const common::v1::CallExpression&>(message).function());
    found |= function != nullptr && function->volatility == sql::functions::Volatility::kVolatile;
  });
  return found;
}

}  // namespace adbms::storage::executor
