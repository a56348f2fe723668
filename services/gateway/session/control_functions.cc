// adbms.run_all_tables(), adbms.revert(id) and adbms.approve(id): the orchestrator answers them
// before the plan that calls them runs, with their results in place of the calls.
#include <google/protobuf/message.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/expression/evaluator.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using common::v1::Expression;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr char kRunAllTables[] = "adbms.run_all_tables()";
constexpr char kUnnestText[] = "unnest(_text)";

// Calls visit for the message and all below it, until it fails.
absl::Status Walk(Message* message, const std::function<absl::Status(Message*)>& visit) {
  RETURN_IF_ERROR(visit(message));
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      RETURN_IF_ERROR(Walk(reflection->MutableMessage(message, field), visit));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i)
      RETURN_IF_ERROR(Walk(reflection->MutableRepeatedMessage(message, field, i), visit));
  }
  return absl::OkStatus();
}

bool DependsOnRows(Expression expression) {
  bool depends = false;
  (void)Walk(&expression, [&](Message* message) {
    if (message->GetDescriptor() == Expression::descriptor()) {
      const auto node = static_cast<const Expression*>(message)->node_case();
      depends |= node == Expression::kColumn || node == Expression::kCorrelationSlot ||
                 node == Expression::kSubquery;
    }
    return absl::OkStatus();
  });
  return depends;
}

common::v1::Datum TextDatum(const std::string& text) {
  return types::ToProto(types::Value::Text(text));
}

}  // namespace

absl::Status Session::CheckControl(absl::string_view function) {
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  if (!policy->superuser()) {
    return status::Error(status::sqlstate::kInsufficientPrivilege,
                         absl::StrCat("permission denied for function ", function));
  }
  if (services_.orchestrator == nullptr) return status::NotSupported("the autonomous cycle here");
  return absl::OkStatus();
}

absl::StatusOr<std::string> Session::ChangeAction(bool revert, int64_t id) {
  const auto change = [&](auto request, auto method) -> absl::StatusOr<std::string> {
    request.set_action_id(id);
    request.set_initiator(session_user_);
    ASSIGN_OR_RETURN(const auto response, (services_.orchestrator->*method)(Context(), request));
    return response.action().verdict();
  };
  using orchestrator::api::Orchestrator;
  auto verdict =
      revert ? change(orchestrator::v1::RevertActionRequest(), &Orchestrator::RevertAction)
             : change(orchestrator::v1::ApproveActionRequest(), &Orchestrator::ApproveAction);
  Audit("control", absl::StrCat(revert ? "adbms.revert(" : "adbms.approve(", id, ")"), 0,
        verdict.status());
  return verdict;
}

absl::StatusOr<std::vector<std::string>> Session::RunAllTables() {
  orchestrator::v1::RunAllTablesRequest request;
  request.set_initiator(session_user_);
  std::vector<std::string> lines;
  const absl::Status status = services_.orchestrator->RunAllTables(
      Context(), request, [&](const orchestrator::v1::RunAllTablesResponse& step) {
        if (!step.message().empty()) lines.push_back(step.message());
        if (!step.report_directory().empty()) {
          lines.push_back(absl::StrCat("report: ", step.report_directory()));
        }
      });
  Audit("control", kRunAllTables, lines.size(), status);
  RETURN_IF_ERROR(status);
  return lines;
}

absl::StatusOr<storage::api::PreparedPlanPtr> Session::AnswerControl(
    const common::v1::Plan& plan, const std::vector<types::Value>& parameters) {
  auto answered = std::make_shared<common::v1::Plan>(plan);
  answered->set_plan_id(0);
  const auto answer_call = [&](Expression* expression) -> absl::Status {
    const std::string& function = expression->call().function();
    const bool revert = absl::StartsWith(function, "adbms.revert(");
    if (!revert && !absl::StartsWith(function, "adbms.approve(")) return absl::OkStatus();
    RETURN_IF_ERROR(CheckControl(revert ? "adbms.revert" : "adbms.approve"));
    const Expression argument = expression->call().arguments(0);
    if (DependsOnRows(argument)) return absl::OkStatus();  // The function itself says 0A000.
    ASSIGN_OR_RETURN(const auto compiled, sql::expression::Compile(argument));
    sql::expression::EvaluationState state;
    state.parameters = &parameters;
    state.context.time_zone = settings_.time_zone();
    ASSIGN_OR_RETURN(const types::Value id, compiled->EvaluateScalar(state));
    if (id.is_null()) {
      *expression->mutable_literal() =
          types::ToProto(types::Value::Null({types::TypeId::kText, 0}));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const std::string verdict, ChangeAction(revert, id.int_value()));
    *expression->mutable_literal() = TextDatum(verdict);
    return absl::OkStatus();
  };
  const auto answer_scan = [&](common::v1::Operator* op) -> absl::Status {
    RETURN_IF_ERROR(CheckControl("adbms.run_all_tables"));
    const bool ordinality = op->function_scan().ordinality();
    ASSIGN_OR_RETURN(const std::vector<std::string> lines, RunAllTables());
    common::v1::Values* values = op->mutable_values();
    int64_t number = 0;
    for (const std::string& line : lines) {
      auto* row = values->add_rows();
      Expression* column = row->add_columns();
      column->mutable_type()->set_id(common::v1::TYPE_ID_TEXT);
      *column->mutable_literal() = TextDatum(line);
      if (!ordinality) continue;
      column = row->add_columns();
      *column->mutable_type() = types::ToProto(types::Type{types::TypeId::kInt8, 0});
      *column->mutable_literal() =
          types::ToProto(types::Value::Int(types::TypeId::kInt8, ++number));
    }
    return absl::OkStatus();
  };
  // In the select list, the lines stand as an array whose elements are the rows.
  const auto answer_set = [&](common::v1::SetFunction* set) -> absl::Status {
    RETURN_IF_ERROR(CheckControl("adbms.run_all_tables"));
    ASSIGN_OR_RETURN(std::vector<std::string> lines, RunAllTables());
    std::vector<types::ArrayElement> elements;
    for (std::string& line : lines) elements.push_back({std::move(line), /*null=*/false});
    const types::Type type{types::TypeId::kTextArray, 0};
    set->set_function(kUnnestText);
    Expression* array = set->add_arguments();
    *array->mutable_type() = types::ToProto(type);
    *array->mutable_literal() =
        types::ToProto(types::Value::String(type, types::TextArray(elements)));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(Walk(answered.get(), [&](Message* message) -> absl::Status {
    if (message->GetDescriptor() == common::v1::SetFunction::descriptor()) {
      auto* set = static_cast<common::v1::SetFunction*>(message);
      if (set->function() == kRunAllTables) return answer_set(set);
    }
    if (message->GetDescriptor() == Expression::descriptor()) {
      auto* expression = static_cast<Expression*>(message);
      return expression->has_call() ? answer_call(expression) : absl::OkStatus();
    }
    if (message->GetDescriptor() == common::v1::Operator::descriptor()) {
      auto* op = static_cast<common::v1::Operator*>(message);
      if (op->has_function_scan() && op->function_scan().function() == kRunAllTables)
        return answer_scan(op);
    }
    return absl::OkStatus();
  }));
  return services_.storage->Prepare(Context(), std::move(answered));
}

}  // namespace adbms::gateway::session
