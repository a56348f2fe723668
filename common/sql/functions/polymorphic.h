// Registers functions of any element type: an instance for every type that has arrays. The binder
// keeps, of a name's instances, those of the element that the arguments have.
#pragma once

#include <string_view>

#include "common/sql/functions/catalog_builder.h"

namespace adbms::sql::functions {

struct PolymorphicOptions {
  // anycompatible…: arguments become the common type; otherwise they must be of one type.
  bool compatible = false;
  // For elements that compare only (not json).
  bool ordered = false;
  FunctionOptions function = {};
};

// Letters stand for types: A the array, E its element, i int4, I int4[], t text, b boolean, R a
// declared range and M its multirange, whose bounds E then is.
std::vector<types::TypeId> TypesOf(std::string_view pattern, types::TypeId element);
types::TypeId TypeOf(char letter, types::TypeId element);
// What an instance of `pattern` is of.
Polymorphism PolymorphismOf(std::string_view pattern, types::TypeId element, bool compatible);
// The types that have arrays.
std::vector<types::TypeId> ElementTypes();

void AddPolymorphicFunction(CatalogBuilder& builder, std::string_view name,
                            std::string_view pattern, char result, Kernel kernel,
                            const PolymorphicOptions& options = {});
void AddPolymorphicOperator(CatalogBuilder& builder, std::string_view symbol,
                            std::string_view pattern, char result, Kernel kernel,
                            const PolymorphicOptions& options = {},
                            std::string_view commutator = {}, std::string_view negator = {});

inline constexpr PolymorphicOptions kCompatible = {true, false, kNotStrict};
inline constexpr PolymorphicOptions kCompatibleOrdered = {true, true, kNotStrict};
inline constexpr PolymorphicOptions kOrdered = {false, true, {}};

}  // namespace adbms::sql::functions
