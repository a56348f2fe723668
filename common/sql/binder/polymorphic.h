// Functions whose arguments are declared with pseudo-types: what a call makes of them (PostgreSQL's
// manual, 38.2.5). Pure.
#pragma once

#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "common/types/type.h"

namespace adbms::sql::binder {

bool IsPolymorphic(const common::v1::FunctionDescriptor& function);

// The types that the pseudo-types stand for.
struct PolymorphicTypes {
  types::Type element;     // Of the family of anyelement; kUnspecified: not known.
  types::Type compatible;  // Of that of anycompatible.
  // The ranges over them, where some argument is such a range or multirange.
  types::Type range;
  types::Type compatible_range;
};

// `declared` with them: anyarray of int4 is int4[]. kUnspecified where there is no such type.
types::Type Concrete(const types::Type& declared, const PolymorphicTypes& types);

// What the types are when values of type `given` meet arguments of type `declared`, one for one;
// kUnknown says nothing. nullopt: the values do not fit together.
std::optional<PolymorphicTypes> Deduce(std::span<const types::Type> declared,
                                       std::span<const types::Type> given);

// The function with its arguments and result made concrete.
common::v1::FunctionDescriptor Concrete(const common::v1::FunctionDescriptor& function,
                                        const PolymorphicTypes& types);

// As it is called with values of these types, one for each input; itself when it is not
// polymorphic. Errors: 42804 when they do not determine the types.
absl::StatusOr<common::v1::FunctionDescriptor> ConcreteFor(
    const common::v1::FunctionDescriptor& function, std::span<const types::Type> given);

}  // namespace adbms::sql::binder
