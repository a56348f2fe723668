#include "common/sql/plan/immutability.h"

#include <algorithm>

namespace adbms::sql::plan {

using types::TypeId;

namespace {

// Whether the session's settings say how the type's values are written.
bool IsWrittenAsSet(TypeId id) {
  return types::IsDateTime(id) || id == TypeId::kInterval || id == TypeId::kBytea ||
         id == TypeId::kFloat4 || id == TypeId::kFloat8 || id == TypeId::kEnum;
}

}  // namespace

bool IsStableCast(TypeId from, TypeId to) {
  if (types::IsArray(from)) from = types::ElementOf(from);
  if (types::IsArray(to)) to = types::ElementOf(to);
  const bool from_text = types::IsString(from);
  const bool to_text = types::IsString(to);
  if (from_text && to == TypeId::kEnum) return true;
  if ((from_text && types::IsDateTime(to)) || (to_text && IsWrittenAsSet(from))) return true;
  if (from == TypeId::kTimestamptz || to == TypeId::kTimestamptz) return from != to;
  return from == TypeId::kRegclass || to == TypeId::kRegclass || from == TypeId::kRegtype ||
         to == TypeId::kRegtype || from == TypeId::kRegnamespace;
}

namespace {

// `text || any` is as stable as the conversion of its operands to text.
bool JoinsAsText(const Expr& e) {
  return e.function->is_operator && e.function->name == "||" &&
         e.function->result == TypeId::kText &&
         std::all_of(e.args.begin(), e.args.end(), [](const ExprPtr& arg) {
           return !types::IsArray(arg->type.id) && !IsStableCast(arg->type.id, TypeId::kText);
         });
}

}  // namespace

bool IsImmutable(const ExprPtr& expression) {
  bool immutable = !HasSubquery(expression);
  Walk(expression, [&](const Expr& e) {
    if (e.kind == Expr::Kind::kCall)
      immutable &= e.function->volatility == functions::Volatility::kImmutable || JoinsAsText(e);
    if (e.kind == Expr::Kind::kCast) {
      const TypeId from = e.args[0]->type.id;
      // Arrays are read and printed by what is only stable, whatever they are of.
      immutable &=
          types::IsArray(from) == types::IsArray(e.type.id) && !IsStableCast(from, e.type.id);
    }
    immutable &= e.kind != Expr::Kind::kSession && e.kind != Expr::Kind::kParameter;
  });
  return immutable;
}

}  // namespace adbms::sql::plan
