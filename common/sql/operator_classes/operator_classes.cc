#include <algorithm>

#include "common/sql/operator_classes/class_list.h"

namespace adbms::sql {
namespace {

constexpr std::string_view kJsonbOperators[] = {"@>", "?", "?|", "?&", "@?", "@@"};
constexpr std::string_view kJsonbPathOperators[] = {"@>", "@?", "@@"};
constexpr std::string_view kArrayOperators[] = {"&&", "@>", "<@", "="};
constexpr std::string_view kTsVectorOperators[] = {"@@", "@@@"};
constexpr std::string_view kTrigramOperators[] = {"%", "~~", "~~*", "~", "~*", "="};

constexpr OperatorClass kClasses[] = {
    {"jsonb_ops", "gin", 10090, 4036, 3802, 25, IsJsonb, true, false, kJsonbOperators, JsonbTakes,
     JsonbItems, JsonbDemand},
    {"jsonb_path_ops", "gin", 10091, 4037, 3802, 23, IsJsonb, false, false, kJsonbPathOperators,
     JsonbTakes, JsonbPathItems, JsonbPathDemand},
    {"array_ops", "gin", 10064, 2745, 2277, 2283, IsArrayOfKeys, true, false, kArrayOperators,
     ArrayTakes, ArrayItems, ArrayDemand},
    {"tsvector_ops", "gin", 10073, 3659, 3614, 25, IsTsVector, true, false, kTsVectorOperators,
     TsVectorTakes, TsVectorItems, TsVectorDemand},
    {"gin_trgm_ops", "gin", 13565, 13567, 25, 23, IsText, false, true, kTrigramOperators,
     TrigramTakes, TrigramItems, TrigramDemand},
    {"gist_trgm_ops", "gist", 13566, 13568, 25, 25, IsText, false, true, kTrigramOperators,
     TrigramTakes, TrigramItems, TrigramDemand},
};

}  // namespace

bool OperatorClass::Has(std::string_view operator_name) const {
  return std::find(operators.begin(), operators.end(), operator_name) != operators.end();
}

const OperatorClass* FindOperatorClass(std::string_view access_method, std::string_view name) {
  const OperatorClass* found = FindOperatorClass(name);
  return found != nullptr && found->access_method == access_method ? found : nullptr;
}

const OperatorClass* FindOperatorClass(std::string_view name) {
  for (const OperatorClass& one : kClasses) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

const OperatorClass* DefaultOperatorClass(std::string_view access_method, const types::Type& type) {
  for (const OperatorClass& one : kClasses) {
    if (one.is_default && one.access_method == access_method && one.accepts(type)) return &one;
  }
  return nullptr;
}

std::span<const OperatorClass> OperatorClasses() { return kClasses; }

}  // namespace adbms::sql
