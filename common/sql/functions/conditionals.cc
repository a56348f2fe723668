// greatest and least: NULL arguments do not count.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/ordering.h"
#include "common/types/form.h"

namespace adbms::sql::functions {
namespace {

using types::Physical;
using types::TypeId;
using types::Vector;

template <typename T>
int CompareValues(const T& a, const T& b, TypeId id) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return types::CompareStrings(id, a, b);
  } else {
    return CompareThreeWay(a, b);
  }
}

template <typename T, bool kGreatest>
absl::Status Extreme(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                     uint32_t rows, Vector* result) {
  T* out = result->data<T>();
  for (const Vector* argument : arguments) {
    if (types::MayHaveStrings(argument->physical())) result->ShareStrings(*argument);
  }
  for (uint32_t row = 0; row < rows; ++row) {
    const T* best = nullptr;
    for (const Vector* argument : arguments) {
      if (argument->is_null(row)) continue;
      const T& value = argument->data<T>()[row];
      if (best != nullptr) {
        const int order = CompareValues(value, *best, argument->type().id);
        if (kGreatest ? order <= 0 : order >= 0) continue;
      }
      best = &value;
    }
    if (best == nullptr) {
      result->SetNull(row);
    } else {
      out[row] = *best;
    }
  }
  return absl::OkStatus();
}

template <typename T>
void AddType(CatalogBuilder& builder, TypeId id) {
  const FunctionOptions options = {false, true, Volatility::kImmutable};
  builder.AddFunction("greatest", {id}, id, Extreme<T, true>, options);
  builder.AddFunction("least", {id}, id, Extreme<T, false>, options);
}

void AddPhysical(CatalogBuilder& builder, TypeId id) {
  switch (types::PhysicalOf(id)) {
    case Physical::kBool:
      return AddType<uint8_t>(builder, id);
    case Physical::kInt16:
      return AddType<int16_t>(builder, id);
    case Physical::kInt32:
      return AddType<int32_t>(builder, id);
    case Physical::kInt64:
      return AddType<int64_t>(builder, id);
    case Physical::kFloat:
      return AddType<float>(builder, id);
    case Physical::kDouble:
      return AddType<double>(builder, id);
    case Physical::kDecimal:
      return AddType<types::DecimalView>(builder, id);
    case Physical::kInterval:
      return AddType<types::Interval>(builder, id);
    case Physical::kString:
      return AddType<std::string_view>(builder, id);
  }
}

}  // namespace

void AddConditionals(CatalogBuilder& builder) {
  for (const TypeId id : types::PlainTypes()) {
    if (!types::IsComparable(id) || id == TypeId::kUnknown || types::IsVector(id)) continue;
    AddPhysical(builder, id);
    if (types::ArrayOf(id) == TypeId::kUnspecified) continue;
    AddPhysical(builder, types::ArrayOf(id));
  }
}

}  // namespace adbms::sql::functions
