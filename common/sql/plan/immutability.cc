#include "common/sql/plan/immutability.h"

#include <algorithm>

#include "common/types/declared_type.h"
#include "common/types/range.h"
#include "common/types/text_search_objects.h"

namespace adbms::sql::plan {

using types::TypeId;

namespace {

// Whether the session's settings say how the type's values are written.
bool IsWrittenAsSet(TypeId id) {
  return types::IsDateTime(id) || id == TypeId::kInterval || id == TypeId::kBytea ||
         id == TypeId::kFloat4 || id == TypeId::kFloat8 || id == TypeId::kEnum;
}

// The same of how they are read.
bool IsReadAsSet(TypeId id) { return types::IsDateTime(id) || id == TypeId::kEnum; }

TypeId IdWithoutArray(const types::Type& type) {
  return types::IsArray(type.id) ? types::ElementOf(type.id) : type.id;
}

// What PostgreSQL reads and prints by functions that are only stable, whatever it is of.
bool HasStableText(TypeId id) {
  return types::IsArray(id) || types::IsRange(id) || types::IsMultirange(id) ||
         id == TypeId::kRecord;
}

}  // namespace

bool IsStableCast(const types::Type& from_type, const types::Type& to_type) {
  const TypeId from = IdWithoutArray(from_type);
  const TypeId to = IdWithoutArray(to_type);
  const bool from_text = types::IsString(from);
  const bool to_text = types::IsString(to);
  if (from_text && !to_text && types::HoldsAny(to_type, IsReadAsSet)) return true;
  if (to_text && !from_text && types::HoldsAny(from_type, IsWrittenAsSet)) return true;
  if (from == TypeId::kTimestamptz || to == TypeId::kTimestamptz) return from != to;
  return from == TypeId::kRegclass || to == TypeId::kRegclass || from == TypeId::kRegtype ||
         to == TypeId::kRegtype || from == TypeId::kRegnamespace || types::NamesTextSearch(from) ||
         types::NamesTextSearch(to);
}

namespace {

bool IsImmutableCast(const types::Type& from, const types::Type& to) {
  if (IsStableCast(from, to)) return false;
  if (types::IsArray(from.id) != types::IsArray(to.id)) return false;
  return HasStableText(IdWithoutArray(from)) == HasStableText(IdWithoutArray(to));
}

// `text || any` is as stable as the conversion of its operands to text.
bool JoinsAsText(const Expr& e) {
  return e.function->is_operator && e.function->name == "||" &&
         e.function->result == TypeId::kText &&
         std::all_of(e.args.begin(), e.args.end(), [](const ExprPtr& arg) {
           return IsImmutableCast(arg->type, {TypeId::kText, 0});
         });
}

}  // namespace

bool IsImmutable(const ExprPtr& expression) {
  bool immutable = !HasSubquery(expression);
  Walk(expression, [&](const Expr& e) {
    if (e.kind == Expr::Kind::kCall)
      immutable &= e.function->volatility == functions::Volatility::kImmutable || JoinsAsText(e);
    if (e.kind == Expr::Kind::kCast) immutable &= IsImmutableCast(e.args[0]->type, e.type);
    immutable &= e.kind != Expr::Kind::kSession && e.kind != Expr::Kind::kParameter;
  });
  return immutable;
}

}  // namespace adbms::sql::plan
