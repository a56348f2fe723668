#include "common/sql/functions/polymorphic.h"

namespace adbms::sql::functions {

using types::TypeId;

TypeId TypeOf(char letter, TypeId element) {
  switch (letter) {
    case 'A':
      return types::ArrayOf(element);
    case 'E':
      return element;
    case 'i':
      return TypeId::kInt4;
    case 'I':
      return TypeId::kInt4Array;
    case 't':
      return TypeId::kText;
    case 'R':
      return TypeId::kRange;
    case 'M':
      return TypeId::kMultirange;
    default:
      return TypeId::kBool;
  }
}

std::vector<TypeId> TypesOf(std::string_view pattern, TypeId element) {
  std::vector<TypeId> ids;
  for (const char letter : pattern) ids.push_back(TypeOf(letter, element));
  return ids;
}

Polymorphism PolymorphismOf(std::string_view pattern, TypeId element, bool compatible) {
  Polymorphism result;
  result.element = element;
  result.compatible = compatible;
  const auto role = [](char letter) {
    switch (letter) {
      case 'A':
        return Polymorphism::Role::kArray;
      case 'E':
        return Polymorphism::Role::kElement;
      case 'R':
        return Polymorphism::Role::kRange;
      case 'M':
        return Polymorphism::Role::kMultirange;
      default:
        return Polymorphism::Role::kFixed;
    }
  };
  for (const char letter : pattern) result.roles.push_back(role(letter));
  return result;
}

std::vector<TypeId> ElementTypes() {
  std::vector<TypeId> ids;
  for (const TypeId id : types::PlainTypes()) {
    if (types::ArrayOf(id) != TypeId::kUnspecified) ids.push_back(id);
  }
  return ids;
}

void AddPolymorphicFunction(CatalogBuilder& builder, std::string_view name,
                            std::string_view pattern, char result, Kernel kernel,
                            const PolymorphicOptions& options) {
  for (const TypeId element : ElementTypes()) {
    if (options.ordered && !types::IsComparable(element)) continue;
    builder.AddFunction(name, TypesOf(pattern, element), TypeOf(result, element), kernel,
                        options.function);
    builder.functions.back().polymorphism = PolymorphismOf(pattern, element, options.compatible);
  }
}

void AddPolymorphicOperator(CatalogBuilder& builder, std::string_view symbol,
                            std::string_view pattern, char result, Kernel kernel,
                            const PolymorphicOptions& options, std::string_view commutator,
                            std::string_view negator) {
  for (const TypeId element : ElementTypes()) {
    if (options.ordered && !types::IsComparable(element)) continue;
    builder.AddOperator(symbol, TypesOf(pattern, element), TypeOf(result, element), kernel,
                        commutator, negator, options.function);
    builder.functions.back().polymorphism = PolymorphismOf(pattern, element, options.compatible);
  }
}

}  // namespace adbms::sql::functions
