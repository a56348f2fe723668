#include "common/sql/explain/deparse.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/sql/functions/function_catalog.h"
#include "common/sql/functions/postgres_names.h"
#include "common/types/text_io.h"

namespace adbms::sql::explain {
namespace {

using common::v1::Expression;
using common::v1::LogicalExpression;
using common::v1::SessionValue;
using common::v1::SubqueryExpression;
using common::v1::TestExpression;
using types::TypeId;

// How an expression is printed.
struct Style {
  std::function<std::string(uint32_t)> names;
  bool definition = false;  // As part of an object's definition, to be read again.
  bool pretty = false;
  int indent = 0;
};
using Names = Style;

std::string Print(const Expression& e, const Style& style);

std::string FunctionName(const std::string& signature) {
  return signature.substr(0, signature.find('(', 1));
}

bool IsOperatorName(const std::string& name) {
  return !name.empty() &&
         std::string_view("+-*/<>=~!@#%^&|`?").find(name[0]) != std::string_view::npos;
}

// Of a sort key: with its schema unless that is the system's.
std::string CollationName(const common::v1::CallExpression& key) {
  const auto quoted = [&key](int argument) {
    return absl::StrCat(
        "\"",
        absl::StrReplaceAll(key.arguments(argument).literal().bytes_value(), {{"\"", "\"\""}}),
        "\"");
  };
  if (key.arguments(1).literal().bytes_value() == "pg_catalog") return quoted(2);
  return absl::StrCat(quoted(1), ".", quoted(2));
}

template <typename List>
std::string DeparseList(const List& list, const Names& names, const char* separator = ", ") {
  return absl::StrJoin(list, separator, [&names](std::string* out, const Expression& e) {
    absl::StrAppend(out, Print(e, names));
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
  const std::string a = Print(test.arguments(0), names);
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
      return absl::StrCat("(", a, " IS DISTINCT FROM ", Print(test.arguments(1), names), ")");
    default:
      return absl::StrCat("(", a, " IS NOT DISTINCT FROM ", Print(test.arguments(1), names), ")");
  }
}

std::string DeparseSubquery(const common::v1::SubqueryExpression& subquery, const Style& names) {
  const std::string plan = absl::StrCat("SubPlan ", subquery.subplan() + 1);
  switch (subquery.kind()) {
    case SubqueryExpression::KIND_EXISTS:
      if (subquery.operands_size() == 0) return absl::StrCat("EXISTS(", plan, ")");
      return absl::StrCat("(EXISTS(", plan, "), run often: ", Print(subquery.operands(0), names),
                          ")");
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

std::string DeparseSubscript(const common::v1::CallExpression& call, const Style& names) {
  std::string out = absl::StrCat("(", Print(call.arguments(0), names), ")");
  for (int i = 1; i < call.arguments_size(); ++i)
    absl::StrAppend(&out, "[", Print(call.arguments(i), names), "]");
  return out;
}

std::string DeparseSlice(const common::v1::CallExpression& call, const Style& names) {
  std::string out = absl::StrCat("(", Print(call.arguments(0), names), ")");
  const std::string& which = call.arguments(1).literal().bytes_value();
  const auto bound = [&](int i) {
    const bool own =
        static_cast<size_t>(i) - 2 < which.size() && which[static_cast<size_t>(i) - 2] == '-';
    return own ? std::string() : Print(call.arguments(i), names);
  };
  for (int i = 2; i + 1 < call.arguments_size(); i += 2)
    absl::StrAppend(&out, "[", bound(i), ":", bound(i + 1), "]");
  return out;
}

// Without its outer parentheses where it stands alone.
std::string PrintAlone(const Expression& e, const Style& style) {
  const std::string text = Print(e, style);
  const bool operation = e.has_call() || e.has_test() || e.has_logical() || e.has_in_list();
  return style.pretty && operation && text.starts_with("(") && text.ends_with(")")
             ? text.substr(1, text.size() - 2)
             : text;
}

std::string DeparseCase(const common::v1::CaseExpression& e, const Style& style) {
  // Definitions have each branch on a line of its own.
  Style inner = style;
  inner.indent += 4;
  const auto line = [&](int indent, const char* word) {
    return style.definition
               ? absl::StrCat("\n", std::string(static_cast<size_t>(indent), ' '), word)
               : absl::StrCat(word[0] == 'C' ? "" : " ", word);
  };
  std::string out = line(style.indent, "CASE");
  for (int i = 0; i < e.when_size(); ++i)
    absl::StrAppend(&out, line(inner.indent, "WHEN "), PrintAlone(e.when(i), inner), " THEN ",
                    PrintAlone(e.then(i), inner));
  if (e.has_otherwise())
    absl::StrAppend(&out, line(inner.indent, "ELSE "), PrintAlone(e.otherwise(), inner));
  return out + line(style.indent, "END");
}

// An operand as PostgreSQL has it: a varchar is compared and joined as text.
std::string PrintOperand(const Expression& e, const Style& style) {
  if (!style.definition || types::FromProto(e.type()).id != TypeId::kVarchar)
    return Print(e, style);
  if (e.has_literal()) {
    common::v1::Datum datum = e.literal();
    *datum.mutable_type() = types::ToProto({TypeId::kText, 0});
    return DeparseDatum(datum);
  }
  const bool bare = style.pretty && e.has_column();
  return absl::StrCat(bare ? "" : "(", Print(e, style), bare ? "" : ")", "::text");
}

// A function call that can be read again: some have a syntax of their own, and some names are words
// of the grammar.
std::string PrintFunction(const std::string& name, const common::v1::CallExpression& call,
                          const Style& style) {
  const auto& arguments = call.arguments();
  if (name == "extract" && arguments.size() == 2 && arguments.Get(0).has_literal()) {
    const auto field = types::FromProto(arguments.Get(0).literal());
    if (field.ok() && !field->is_null())
      return absl::StrCat("EXTRACT(",
                          absl::string_view(field->bytes().data(), field->bytes().size()), " FROM ",
                          PrintAlone(arguments.Get(1), style), ")");
  }
  if (name == "position" && arguments.size() == 2)
    return absl::StrCat("POSITION((", PrintAlone(arguments.Get(1), style), ") IN (",
                        PrintAlone(arguments.Get(0), style), "))");
  if (name == "greatest" || name == "least" || name == "nullif")
    return absl::StrCat(absl::AsciiStrToUpper(name), "(", DeparseList(arguments, style), ")");
  const bool word = name == "left" || name == "right" || name == "substring" || name == "overlay" ||
                    name == "normalize" || name == "position" || name == "extract";
  return absl::StrCat(word ? "\"" : "", name, word ? "\"(" : "(", DeparseList(arguments, style),
                      ")");
}

// IN as PostgreSQL keeps it: a comparison with an array of constants.
std::string PrintArray(const common::v1::InListExpression& in_list, const Style& style) {
  const char* how = in_list.negated() ? " <> ALL (" : " = ANY (";
  const Expression& argument = in_list.argument();
  const TypeId type =
      types::FromProto((argument.has_cast() ? argument.cast().argument() : argument).type()).id;
  const bool constants = std::all_of(in_list.items().begin(), in_list.items().end(),
                                     [](const Expression& item) { return item.has_literal(); });
  // A varchar is compared as text, with the array's elements as they were written: varchar.
  if (type != TypeId::kVarchar || !constants)
    return absl::StrCat("(", PrintOperand(argument, style), how, "ARRAY[",
                        DeparseList(in_list.items(), style), "]))");
  const std::string items =
      absl::StrJoin(in_list.items(), ", ", [](std::string* out, const Expression& item) {
        common::v1::Datum datum = item.literal();
        *datum.mutable_type() = types::ToProto({TypeId::kVarchar, 0});
        absl::StrAppend(out, DeparseDatum(datum));
      });
  return absl::StrCat("(", PrintOperand(argument, style), how, style.pretty ? "" : "(", "ARRAY[",
                      items, style.pretty ? "]" : "])", "::text[]))");
}

std::string Print(const Expression& e, const Style& names) {
  switch (e.node_case()) {
    case Expression::kLiteral:
      return DeparseDatum(e.literal());
    case Expression::kColumn:
      return names.names(e.column());
    case Expression::kParameter:
      return absl::StrCat("$", e.parameter() + 1);
    case Expression::kCorrelationSlot:
      return absl::StrCat("outer.", e.correlation_slot());
    case Expression::kCall: {
      const std::string name = FunctionName(e.call().function());
      if (IsOperatorName(name) && e.call().arguments_size() == 2)
        return absl::StrCat("(", PrintOperand(e.call().arguments(0), names), " ", name, " ",
                            PrintOperand(e.call().arguments(1), names), ")");
      if (IsOperatorName(name) && e.call().arguments_size() == 1)
        return absl::StrCat("(", name, " ", Print(e.call().arguments(0), names), ")");
      if (name == functions::kArrayConstructor || name == functions::kArrayNesting)
        return absl::StrCat("ARRAY[", DeparseList(e.call().arguments(), names), "]");
      if (name == functions::kCollationKey)
        return absl::StrCat(PrintOperand(e.call().arguments(0), names), " COLLATE ",
                            CollationName(e.call()));
      if (name == functions::kCollationText) return Print(e.call().arguments(0), names);
      if (name == functions::kChangeCase)
        return absl::StrCat(e.call().arguments(1).literal().bytes_value(), "(",
                            Print(e.call().arguments(0), names), ")");
      if (name == functions::kArraySubscript) return DeparseSubscript(e.call(), names);
      if (name == functions::kArraySlice) return DeparseSlice(e.call(), names);
      return names.definition
                 ? PrintFunction(name, e.call(), names)
                 : absl::StrCat(name, "(", DeparseList(e.call().arguments(), names), ")");
    }
    case Expression::kCast: {
      const std::string argument = Print(e.cast().argument(), names);
      const bool bare =
          names.pretty && (e.cast().argument().has_column() || e.cast().argument().has_literal());
      return absl::StrCat(bare ? "" : "(", argument, bare ? "" : ")",
                          "::", types::Format(types::FromProto(e.type())));
    }
    case Expression::kLogical:
      if (e.logical().kind() == LogicalExpression::KIND_NOT)
        return absl::StrCat("(NOT ", Print(e.logical().arguments(0), names), ")");
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
      if (names.definition) return PrintArray(e.in_list(), names);
      return absl::StrCat("(", Print(e.in_list().argument(), names),
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
  if (type.id == types::TypeId::kNumeric && text[0] != '-' && text.find('.') != std::string::npos)
    return text;
  std::string quoted;
  for (const char c : text) {
    if (c == '\'') quoted.push_back('\'');
    quoted.push_back(c);
  }
  return absl::StrCat("'", quoted, "'::", types::Format({type.id, 0, type.declared}));
}

std::string Deparse(const Expression& expression,
                    const std::function<std::string(uint32_t)>& column_name) {
  return Print(expression, Style{column_name, false, false, 0});
}

std::string DeparseDefinition(const common::v1::IndexExpression& expression,
                              const std::function<std::string(uint32_t)>& column_name,
                              bool pretty) {
  Expression bound;
  if (!bound.ParseFromString(expression.bound())) return "?";
  // What a conversion makes of the whole by itself is not shown.
  const Expression* shown = &bound;
  while (shown->has_cast() && !shown->cast().explicit_()) shown = &shown->cast().argument();
  return PrintAlone(*shown, Style{column_name, /*definition=*/true, pretty, 0});
}

std::string DeparseKey(const common::v1::IndexExpression& expression,
                       const std::function<std::string(uint32_t)>& column_name, bool pretty) {
  Expression bound;
  if (!bound.ParseFromString(expression.bound())) return "?";
  const Expression* shown = &bound;
  while (shown->has_cast() && !shown->cast().explicit_()) shown = &shown->cast().argument();
  const bool function =
      shown->has_coalesce() ||
      (shown->has_call() && !IsOperatorName(FunctionName(shown->call().function())));
  const std::string text = DeparseDefinition(expression, column_name, pretty);
  return function ? text : absl::StrCat("(", text, ")");
}

bool IsSortKey(const Expression& expression) {
  return expression.has_call() &&
         FunctionName(expression.call().function()) == functions::kCollationKey;
}

}  // namespace adbms::sql::explain
