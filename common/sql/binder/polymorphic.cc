#include "common/sql/binder/polymorphic.h"

#include <algorithm>
#include <vector>

#include "common/sql/binder/type_resolution.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "common/types/range.h"

namespace adbms::sql::binder {
namespace {

using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;
using types::Type;
using types::TypeId;

bool IsOfElement(TypeId id) {
  return (id >= TypeId::kAnyElement && id <= TypeId::kAnyEnum) || id == TypeId::kAnyRange ||
         id == TypeId::kAnyMultirange;
}

bool IsRangeOf(TypeId id) { return id == TypeId::kAnyRange || id == TypeId::kAnyCompatibleRange; }

bool IsMultirangeOf(TypeId id) {
  return id == TypeId::kAnyMultirange || id == TypeId::kAnyCompatibleMultirange;
}

// The range that a value in the place of `declared` is, or is several of; nullopt: it is none.
std::optional<Type> RangeOfValue(TypeId declared, const Type& given) {
  const Type base = types::BaseOf(given);
  const bool fits = IsRangeOf(declared) ? types::IsRange(base.id) : types::IsMultirange(base.id);
  if (!fits) return std::nullopt;
  return IsRangeOf(declared) ? Type{base.id, 0, base.declared} : types::RangeOf(base);
}

bool IsArrayOf(TypeId id) { return id == TypeId::kAnyArray || id == TypeId::kAnyCompatibleArray; }

// What a value says of the family's type; nullopt: it cannot be one of `declared`.
std::optional<Type> Part(TypeId declared, const Type& given) {
  if (IsRangeOf(declared) || IsMultirangeOf(declared)) {
    const std::optional<Type> range = RangeOfValue(declared, given);
    if (!range.has_value()) return std::nullopt;
    const Type bound = types::BoundOf(*range);
    return Type{bound.id, 0, bound.declared};
  }
  if (IsArrayOf(declared)) {
    if (!types::IsArray(given.id)) return std::nullopt;
    const Type element = types::ElementOf(given);
    return Type{element.id, 0, element.declared};
  }
  const bool nonarray =
      declared == TypeId::kAnyNonArray || declared == TypeId::kAnyCompatibleNonArray;
  if (nonarray && types::IsArray(given.id)) return std::nullopt;
  if (declared == TypeId::kAnyEnum && given.id != TypeId::kEnum) return std::nullopt;
  return Type{given.id, 0, given.declared};
}

common::v1::DataType Made(const common::v1::DataType& declared, const PolymorphicTypes& types) {
  const Type type = types::FromProto(declared);
  return types::IsPolymorphic(type.id) ? types::ToProto(Concrete(type, types)) : declared;
}

}  // namespace

bool IsPolymorphic(const FunctionDescriptor& function) {
  return std::any_of(function.arguments().begin(), function.arguments().end(),
                     [](const FunctionArgument& argument) {
                       return types::IsPolymorphic(types::FromProto(argument.type()).id);
                     });
}

Type Concrete(const Type& declared, const PolymorphicTypes& types) {
  if (!types::IsPolymorphic(declared.id)) return declared;
  const Type& element = IsOfElement(declared.id) ? types.element : types.compatible;
  const Type& range = IsOfElement(declared.id) ? types.range : types.compatible_range;
  if (IsRangeOf(declared.id)) return range;
  if (IsMultirangeOf(declared.id))
    return range.id == TypeId::kUnspecified ? range : types::MultirangeOf(range);
  if (!IsArrayOf(declared.id) || element.id == TypeId::kUnspecified) return element;
  return types::ArrayOf(element);
}

std::optional<PolymorphicTypes> Deduce(std::span<const Type> declared,
                                       std::span<const Type> given) {
  PolymorphicTypes types;
  std::vector<Type> compatible;
  bool any_compatible = false;
  for (size_t i = 0; i < declared.size(); ++i) {
    const TypeId id = declared[i].id;
    if (!types::IsPolymorphic(id)) continue;
    any_compatible |= !IsOfElement(id);
    if (given[i].id == TypeId::kUnknown) continue;
    const std::optional<Type> part = Part(id, given[i]);
    if (!part.has_value()) return std::nullopt;
    if (IsRangeOf(id) || IsMultirangeOf(id)) {
      const Type range = *RangeOfValue(id, given[i]);
      Type& known = IsOfElement(id) ? types.range : types.compatible_range;
      if (known.id != TypeId::kUnspecified && known != range) return std::nullopt;
      known = range;
    }
    if (!IsOfElement(id)) {
      compatible.push_back(*part);
      continue;
    }
    if (types.element.id != TypeId::kUnspecified && types.element != *part) return std::nullopt;
    types.element = *part;
  }
  if (!any_compatible) return types;
  if (compatible.empty()) {
    types.compatible = {TypeId::kText, 0};
    return types;
  }
  std::vector<TypeId> ids;
  for (const Type& one : compatible) ids.push_back(one.id);
  const std::optional<TypeId> common = SelectCommonType(ids, nullptr);
  if (!common.has_value()) return std::nullopt;
  types.compatible = {*common, 0};
  for (const Type& one : compatible) {
    if (one.id == *common) types.compatible.declared = one.declared;
  }
  // A range is of the common type itself.
  if (types.compatible_range.id != TypeId::kUnspecified &&
      types::BaseOf(types::BoundOf(types.compatible_range)).id != *common)
    return std::nullopt;
  return types;
}

FunctionDescriptor Concrete(const FunctionDescriptor& function, const PolymorphicTypes& types) {
  FunctionDescriptor made = function;
  for (FunctionArgument& argument : *made.mutable_arguments())
    *argument.mutable_type() = Made(argument.type(), types);
  if (made.has_result()) *made.mutable_result() = Made(function.result(), types);
  if (made.has_aggregate())
    *made.mutable_aggregate()->mutable_state_type() =
        Made(function.aggregate().state_type(), types);
  return made;
}

absl::StatusOr<FunctionDescriptor> ConcreteFor(const FunctionDescriptor& function,
                                               std::span<const Type> given) {
  if (!IsPolymorphic(function)) return function;
  std::vector<Type> declared;
  for (const FunctionArgument& argument : function.arguments()) {
    const bool input = argument.mode() != FunctionArgument::MODE_OUT &&
                       argument.mode() != FunctionArgument::MODE_TABLE;
    if (input) declared.push_back(types::FromProto(argument.type()));
  }
  std::optional<PolymorphicTypes> types;
  if (declared.size() == given.size()) types = Deduce(declared, given);
  if (!types.has_value())
    return status::Error(status::sqlstate::kDatatypeMismatch,
                         "could not determine polymorphic type from the arguments");
  return Concrete(function, *types);
}

}  // namespace adbms::sql::binder
