#include "common/sql/plan/implication.h"

#include <algorithm>
#include <optional>

namespace adbms::sql::plan {
namespace {

using common::v1::LogicalExpression;
using common::v1::TestExpression;

bool IsLogical(const Expr& e, LogicalExpression::Kind kind) {
  return e.kind == Expr::Kind::kLogical && e.logical == kind;
}

bool IsNotNull(const Expr& e) {
  return e.kind == Expr::Kind::kTest && e.test == TestExpression::KIND_IS_NOT_NULL;
}

// A comparison with a constant, seen from the other side.
struct Comparison {
  const Expr* subject;
  std::string op;  // "=", "<>", "<", "<=", ">", ">="
  const types::Value* value;
};

std::string Flipped(const std::string& op) {
  if (op == "<") return ">";
  if (op == "<=") return ">=";
  if (op == ">") return "<";
  if (op == ">=") return "<=";
  return op;
}

std::optional<Comparison> ReadComparison(const Expr& e) {
  if (e.kind != Expr::Kind::kCall || e.args.size() != 2 || !e.function->is_operator)
    return std::nullopt;
  const std::string& name = e.function->name;
  if (name != "=" && name != "<>" && name != "<" && name != "<=" && name != ">" && name != ">=")
    return std::nullopt;
  for (const bool flipped : {false, true}) {
    const Expr& subject = *e.args[flipped ? 1 : 0];
    const Expr& constant = *e.args[flipped ? 0 : 1];
    if (constant.kind != Expr::Kind::kLiteral || constant.value.is_null() ||
        subject.kind == Expr::Kind::kLiteral)
      continue;
    // Values of two types are compared by an operator of their own, not by their order.
    if (subject.type.id != constant.type.id || !types::IsComparable(subject.type.id)) continue;
    return Comparison{&subject, flipped ? Flipped(name) : name, &constant.value};
  }
  return std::nullopt;
}

// Whether a value for which `given` holds is one for which `wanted` holds.
bool HoldsFor(const Comparison& wanted, const Comparison& given) {
  if (!Equal(*given.subject, *wanted.subject)) return false;
  const int order = types::CompareValues(*given.value, *wanted.value);
  const std::string& g = given.op;
  const std::string& w = wanted.op;
  if (w == "=") return g == "=" && order == 0;
  if (w == "<>")
    return (g == "<>" && order == 0) || (g == "=" && order != 0) || (g == "<" && order <= 0) ||
           (g == "<=" && order < 0) || (g == ">" && order >= 0) || (g == ">=" && order > 0);
  if (w[0] == '<') {
    if (g == "<") return order <= 0;
    if (g != "<=" && g != "=") return false;
    return w == "<" ? order < 0 : order <= 0;
  }
  if (g == ">") return order >= 0;
  if (g != ">=" && g != "=") return false;
  return w == ">" ? order > 0 : order >= 0;
}

// The constants of `x IN (…)`; nullopt where not all items are constants.
std::optional<std::vector<const types::Value*>> ConstantsOf(const Expr& in_list) {
  std::vector<const types::Value*> values;
  for (size_t i = 1; i < in_list.args.size(); ++i) {
    const Expr& item = *in_list.args[i];
    if (item.kind != Expr::Kind::kLiteral || item.type.id != in_list.args[0]->type.id ||
        !types::IsComparable(item.type.id))
      return std::nullopt;
    if (!item.value.is_null()) values.push_back(&item.value);
  }
  return values;
}

bool IsIn(const types::Value& value, const std::vector<const types::Value*>& values) {
  return std::any_of(values.begin(), values.end(), [&](const types::Value* one) {
    return types::CompareValues(*one, value) == 0;
  });
}

// The given list holds values that all satisfy what is wanted.
bool ListImplies(const Expr& given, const Expr& wanted) {
  const auto values = ConstantsOf(given);
  if (!values.has_value()) return false;
  if (wanted.kind == Expr::Kind::kInList && !wanted.negated) {
    const auto among = ConstantsOf(wanted);
    return among.has_value() && Equal(*given.args[0], *wanted.args[0]) &&
           std::all_of(values->begin(), values->end(),
                       [&](const types::Value* value) { return IsIn(*value, *among); });
  }
  const std::optional<Comparison> to = ReadComparison(wanted);
  return to.has_value() &&
         std::all_of(values->begin(), values->end(), [&](const types::Value* value) {
           return HoldsFor(*to, Comparison{given.args[0].get(), "=", value});
         });
}

// Whether `given` being true keeps `subject` from being NULL. The subject is a column, or a part of
// the condition that a NULL makes NULL.
bool KeepsFromNull(const Expr& given, const Expr& subject) {
  if (subject.kind == Expr::Kind::kColumn) return IsStrictOn(given, {subject.column});
  if (IsNotNull(given)) return Equal(*given.args[0], subject);
  if (given.kind == Expr::Kind::kInList) return Equal(*given.args[0], subject);
  if (given.kind != Expr::Kind::kCall || !given.function->strict) return false;
  return std::any_of(given.args.begin(), given.args.end(),
                     [&](const ExprPtr& arg) { return Equal(*arg, subject); });
}

// What says that a boolean is true or false: `b`, `NOT b`, `b IS TRUE`, `b = true`.
struct Truth {
  const Expr* subject;
  bool value;
};

std::optional<Truth> ReadTruth(const Expr& e) {
  if (IsLogical(e, LogicalExpression::KIND_NOT)) return Truth{e.args[0].get(), false};
  if (e.kind == Expr::Kind::kTest && e.test == TestExpression::KIND_IS_TRUE)
    return Truth{e.args[0].get(), true};
  if (e.kind == Expr::Kind::kTest && e.test == TestExpression::KIND_IS_FALSE)
    return Truth{e.args[0].get(), false};
  if (e.kind == Expr::Kind::kCall && e.function->is_operator && e.function->name == "=" &&
      e.args[0]->type.id == types::TypeId::kBool && e.args[1]->kind == Expr::Kind::kLiteral &&
      !e.args[1]->value.is_null())
    return Truth{e.args[0].get(), e.args[1]->value.bool_value()};
  return Truth{&e, true};
}

bool ImpliesAtom(const Expr& given, const Expr& wanted) {
  if (Equal(given, wanted)) return true;
  const Truth is = *ReadTruth(given);
  const Truth asked = *ReadTruth(wanted);
  if (is.value == asked.value && Equal(*is.subject, *asked.subject)) return true;
  if (IsNotNull(wanted)) return KeepsFromNull(given, *wanted.args[0]);
  if (given.kind == Expr::Kind::kInList && !given.negated && ListImplies(given, wanted))
    return true;
  const std::optional<Comparison> from = ReadComparison(given);
  if (!from.has_value()) return false;
  if (wanted.kind == Expr::Kind::kInList && !wanted.negated) {
    const auto among = ConstantsOf(wanted);
    return from->op == "=" && among.has_value() && Equal(*from->subject, *wanted.args[0]) &&
           IsIn(*from->value, *among);
  }
  const std::optional<Comparison> to = ReadComparison(wanted);
  return to.has_value() && HoldsFor(*to, *from);
}

bool ImpliesOne(const ExprPtr& given, const ExprPtr& wanted) {
  if (IsLogical(*given, LogicalExpression::KIND_AND)) return Implies(given->args, wanted);
  // One of several holds: each must be enough.
  if (IsLogical(*given, LogicalExpression::KIND_OR) &&
      std::all_of(given->args.begin(), given->args.end(),
                  [&](const ExprPtr& arm) { return Implies({arm}, wanted); }))
    return true;
  return ImpliesAtom(*given, *wanted);
}

}  // namespace

bool Implies(const std::vector<ExprPtr>& conditions, const ExprPtr& predicate) {
  if (IsTrue(*predicate)) return true;
  if (IsLogical(*predicate, LogicalExpression::KIND_AND))
    return std::all_of(predicate->args.begin(), predicate->args.end(),
                       [&](const ExprPtr& part) { return Implies(conditions, part); });
  if (std::any_of(conditions.begin(), conditions.end(),
                  [&](const ExprPtr& given) { return ImpliesOne(given, predicate); }))
    return true;
  return IsLogical(*predicate, LogicalExpression::KIND_OR) &&
         std::any_of(predicate->args.begin(), predicate->args.end(),
                     [&](const ExprPtr& arm) { return Implies(conditions, arm); });
}

}  // namespace adbms::sql::plan
