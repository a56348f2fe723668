#include "common/sql/explain/deparse.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/functions/function_catalog.h"
#include "common/types/text_io.h"

namespace adbms::sql::explain {
namespace {

using common::v1::Expression;
using common::v1::LogicalExpression;
using common::v1::SessionValue;
using common::v1::SubqueryExpression;
using common::v1::TestExpression;
using Names = std::function<std::string(uint32_t)>;

std::string FunctionName(const std::string& signature) {
  return signature.substr(0, signature.find('(', 1));
}

bool IsOperatorName(const std::string& name) {
  return !name.empty() &&
         std::string_view("+-*/<>=~!@#%^&|`?").find(name[0]) != std::string_view::npos;
}

template <typename List>
std::string DeparseList(const List& list, const Names& names, const char* separator = ", ") {
  return absl::StrJoin(list, separator, [&names](std::string* out, const Expression& e) {
    absl::StrAppend(out, Deparse(e, names));
  });
}

const char* SessionName(SessionValue::Kind kind) {
  switch (kind) {
    case SessionValue::KIND_TRANSACTION_TIMESTAMP:
      return "now()";
    case SessionValue::KIND_STATEMENT_TIMESTAMP:
      return "statement_timestamp()";
    case SessionValue::KIND_CURRENT_USER:
      return "CURRENT_USER";
    case SessionValue::KIND_SESSION_USER:
      return "SESSION_USER";
    case SessionValue::KIND_BACKEND_PID:
      return "pg_backend_pid()";
    case SessionValue::KIND_CURRENT_DATABASE:
      return "current_database()";
    case SessionValue::KIND_TIME_ZONE:
      return "current_setting('TimeZone')";
    default:
      return "CURRENT_SCHEMA";
  }
}

std::string DeparseTest(const common::v1::TestExpression& test, const Names& names) {
  const std::string a = Deparse(test.arguments(0), names);
  switch (test.kind()) {
    case TestExpression::KIND_IS_NULL:
      return absl::StrCat("(", a, " IS NULL)");
    case TestExpression::KIND_IS_NOT_NULL:
      return absl::StrCat("(", a, " IS NOT NULL)");
    case TestExpression::KIND_IS_TRUE:
      return absl::StrCat("(", a, " IS TRUE)");
    case TestExpression::KIND_IS_NOT_TRUE:
      return absl::StrCat("(", a, " IS NOT TRUE)");
    case TestExpression::KIND_IS_FALSE:
      return absl::StrCat("(", a, " IS FALSE)");
    case TestExpression::KIND_IS_NOT_FALSE:
      return absl::StrCat("(", a, " IS NOT FALSE)");
    case TestExpression::KIND_DISTINCT:
      return absl::StrCat("(", a, " IS DISTINCT FROM ", Deparse(test.arguments(1), names), ")");
    default:
      return absl::StrCat("(", a, " IS NOT DISTINCT FROM ", Deparse(test.arguments(1), names), ")");
  }
}

std::string DeparseSubquery(const common::v1::SubqueryExpression& subquery, const Names& names) {
  const std::string plan = absl::StrCat("SubPlan ", subquery.subplan() + 1);
  switch (subquery.kind()) {
    case SubqueryExpression::KIND_EXISTS:
      return absl::StrCat("EXISTS(", plan, ")");
    case SubqueryExpression::KIND_ANY:
    case SubqueryExpression::KIND_ALL:
      return absl::StrCat(
          "(", DeparseList(subquery.operands(), names), " ",
          subquery.comparisons_size() > 0 ? FunctionName(subquery.comparisons(0)) : "=",
          subquery.kind() == SubqueryExpression::KIND_ANY ? " ANY (" : " ALL (", plan, "))");
    case SubqueryExpression::KIND_ARRAY:
      return absl::StrCat("ARRAY(", plan, ")");
    default:
      return absl::StrCat("(", plan, ")");
  }
}

std::string DeparseSubscript(const common::v1::CallExpression& call, const Names& names) {
  std::string out = absl::StrCat("(", Deparse(call.arguments(0), names), ")");
  for (int i = 1; i < call.arguments_size(); ++i)
    absl::StrAppend(&out, "[", Deparse(call.arguments(i), names), "]");
  return out;
}

std::string DeparseSlice(const common::v1::CallExpression& call, const Names& names) {
  std::string out = absl::StrCat("(", Deparse(call.arguments(0), names), ")");
  const std::string& which = call.arguments(1).literal().bytes_value();
  const auto bound = [&](int i) {
    const bool own =
        static_cast<size_t>(i) - 2 < which.size() && which[static_cast<size_t>(i) - 2] == '-';
    return own ? std::string() : Deparse(call.arguments(i), names);
  };
  for (int i = 2; i + 1 < call.arguments_size(); i += 2)
    absl::StrAppend(&out, "[", bound(i), ":", bound(i + 1), "]");
  return out;
}

std::string DeparseCase(const common::v1::CaseExpression& e, const Names& names) {
  std::string out = "CASE";
  for (int i = 0; i < e.when_size(); ++i)
    absl::StrAppend(&out, " WHEN ", Deparse(e.when(i), names), " THEN ", Deparse(e.then(i), names));
  if (e.has_otherwise()) absl::StrAppend(&out, " ELSE ", Deparse(e.otherwise(), names));
  return out + " END";
}

}  // namespace

std::string DeparseDatum(const common::v1::Datum& datum) {
  const types::Type type = types::FromProto(datum.type());
  if (datum.kind_case() == common::v1::Datum::KIND_NOT_SET)
    return absl::StrCat("NULL::", types::Format(type));
  const auto value = types::FromProto(datum);
  if (!value.ok()) return "?";
  if (type.id == types::TypeId::kBool) return value->bool_value() ? "true" : "false";
  std::string text;
  types::FormatText(*value, {}, &text);
  if (type.id == types::TypeId::kInt4 && text[0] != '-') return text;
  if (type.id == types::TypeId::kNumeric && text[0] != '-' && text != "NaN" &&
      text.find('.') != std::string::npos)
    return text;
  std::string quoted;
  for (const char c : text) {
    if (c == '\'') quoted.push_back('\'');
    quoted.push_back(c);
  }
  return absl::StrCat("'", quoted, "'::", types::Format({type.id, 0}));
}

std::string Deparse(const Expression& e, const Names& names) {
  switch (e.node_case()) {
    case Expression::kLiteral:
      return DeparseDatum(e.literal());
    case Expression::kColumn:
      return names(e.column());
    case Expression::kParameter:
      return absl::StrCat("$", e.parameter() + 1);
    case Expression::kCorrelationSlot:
      return absl::StrCat("outer.", e.correlation_slot());
    case Expression::kCall: {
      const std::string name = FunctionName(e.call().function());
      if (IsOperatorName(name) && e.call().arguments_size() == 2)
        return absl::StrCat("(", Deparse(e.call().arguments(0), names), " ", name, " ",
                            Deparse(e.call().arguments(1), names), ")");
      if (IsOperatorName(name) && e.call().arguments_size() == 1)
        return absl::StrCat("(", name, " ", Deparse(e.call().arguments(0), names), ")");
      if (name == functions::kArrayConstructor || name == functions::kArrayNesting)
        return absl::StrCat("ARRAY[", DeparseList(e.call().arguments(), names), "]");
      if (name == functions::kArraySubscript) return DeparseSubscript(e.call(), names);
      if (name == functions::kArraySlice) return DeparseSlice(e.call(), names);
      return absl::StrCat(name, "(", DeparseList(e.call().arguments(), names), ")");
    }
    case Expression::kCast:
      return absl::StrCat("(", Deparse(e.cast().argument(), names),
                          ")::", types::Format(types::FromProto(e.type())));
    case Expression::kLogical:
      if (e.logical().kind() == LogicalExpression::KIND_NOT)
        return absl::StrCat("(NOT ", Deparse(e.logical().arguments(0), names), ")");
      return absl::StrCat(
          "(",
          DeparseList(e.logical().arguments(), names,
                      e.logical().kind() == LogicalExpression::KIND_AND ? " AND " : " OR "),
          ")");
    case Expression::kTest:
      return DeparseTest(e.test(), names);
    case Expression::kCase:
      return DeparseCase(e.case_(), names);
    case Expression::kCoalesce:
      return absl::StrCat("COALESCE(", DeparseList(e.coalesce().items(), names), ")");
    case Expression::kInList:
      return absl::StrCat("(", Deparse(e.in_list().argument(), names),
                          e.in_list().negated() ? " <> ALL (" : " = ANY (",
                          DeparseList(e.in_list().items(), names), "))");
    case Expression::kSubquery:
      return DeparseSubquery(e.subquery(), names);
    case Expression::kSessionValue:
      return SessionName(e.session_value().kind());
    default:
      return "?";
  }
}

}  // namespace adbms::sql::explain
