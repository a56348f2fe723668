// greatest and least: NULL arguments do not count.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/ordering.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Vector;

// Compares by CompareThreeWay.
struct ByValue {};

template <typename T, bool kGreatest, typename Order>
absl::Status Extreme(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                     uint32_t rows, Vector* result) {
  T* out = result->data<T>();
  for (const Vector* argument : arguments) {
    if constexpr (std::is_same_v<T, std::string_view>) result->ShareStrings(*argument);
  }
  for (uint32_t row = 0; row < rows; ++row) {
    const T* best = nullptr;
    for (const Vector* argument : arguments) {
      if (argument->is_null(row)) continue;
      const T& value = argument->data<T>()[row];
      if (best != nullptr) {
        int order;
        if constexpr (std::is_same_v<Order, ByValue>) {
          order = CompareThreeWay(value, *best);
        } else {
          order = Order::Compare(value, *best);
        }
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

template <typename T, typename Order = ByValue>
void AddType(CatalogBuilder& builder, TypeId id) {
  const FunctionOptions options = {false, true, Volatility::kImmutable};
  builder.AddFunction("greatest", {id}, id, Extreme<T, true, Order>, options);
  builder.AddFunction("least", {id}, id, Extreme<T, false, Order>, options);
}

}  // namespace

void AddConditionals(CatalogBuilder& builder) {
  AddType<uint8_t>(builder, TypeId::kBool);
  AddType<int16_t>(builder, TypeId::kInt2);
  AddType<int32_t>(builder, TypeId::kInt4);
  AddType<int32_t>(builder, TypeId::kDate);
  for (const TypeId id :
       {TypeId::kInt8, TypeId::kTime, TypeId::kTimestamp, TypeId::kTimestamptz, TypeId::kOid}) {
    AddType<int64_t>(builder, id);
  }
  AddType<float>(builder, TypeId::kFloat4);
  AddType<double>(builder, TypeId::kFloat8);
  AddType<types::Decimal>(builder, TypeId::kNumeric);
  AddType<types::Interval>(builder, TypeId::kInterval);
  for (const TypeId id : {TypeId::kText, TypeId::kVarchar, TypeId::kName, TypeId::kBytea,
                          TypeId::kUuid, TypeId::kChar}) {
    AddType<std::string_view>(builder, id);
  }
  AddType<std::string_view, BlankPadded>(builder, TypeId::kBpchar);
  AddType<std::string_view, JsonbOrder>(builder, TypeId::kJsonb);
}

}  // namespace adbms::sql::functions
