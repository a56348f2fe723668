// PostgreSQL's rules for the types of expressions (manual, chapter 10): categories, common types
// and the choice among overloaded functions. Pure functions.
#pragma once

#include <optional>
#include <vector>

#include "common/sql/functions/function_catalog.h"
#include "common/types/type.h"

namespace adbms::sql::binder {

using types::Type;
using types::TypeId;

using types::CategoryOf;
using types::IsPreferred;

// Whether each actual type may implicitly become the candidate's; `any` accepts all, unknown
// becomes all.
bool CanCoerce(TypeId from, TypeId to, functions::CastContext context);

// The common type for UNION, CASE, VALUES and the like; nullopt: they cannot be matched (`conflict`
// then names the type that did not fit). kUnknown alone gives text.
std::optional<TypeId> SelectCommonType(const std::vector<TypeId>& types, TypeId* conflict);

// The element type of the instance of a polymorphic function that these arguments call for, as
// PostgreSQL's check_generic_type_consistency; kUnspecified: none. kUnknown: no argument says.
// Of declared ranges it is kRange, whatever they are of.
TypeId DeduceElement(const functions::Polymorphism& polymorphism, const std::vector<Type>& actual);

// Whether a function is a candidate for these arguments: no polymorphic one, or the instance for
// them. `undetermined` becomes true where no argument says which instance.
template <typename F>
bool IsCandidate(const F& function, const std::vector<Type>& actual, bool* undetermined) {
  if (function.polymorphism.element == TypeId::kUnspecified) return true;
  const TypeId element = DeduceElement(function.polymorphism, actual);
  if (element == TypeId::kUnknown) *undetermined = true;
  return element == function.polymorphism.element;
}

// What the arguments become: the types of the signature, where it has an enum or a declared range
// that one which they are of, and where any type stands beside such a range that of its bounds.
// nullopt: they are of several, or none says which.
std::optional<std::vector<Type>> OperandTypes(const std::vector<TypeId>& signature,
                                              const std::vector<Type>& actual);

// An overload's argument types.
using Signature = std::vector<TypeId>;

// The outcome of choosing among overloads: an index, or none or too many.
struct Choice {
  int index = -1;
  bool ambiguous = false;
};
// func_match_argtypes and func_select_candidate. Candidates have as many arguments as `actual`.
Choice ChooseCandidate(const std::vector<Signature>& candidates, const std::vector<TypeId>& actual,
                       bool is_operator);

}  // namespace adbms::sql::binder
