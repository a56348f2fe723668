// array_ops: the elements.
#include "common/sql/operator_classes/class_list.h"
#include "common/types/array.h"

namespace adbms::sql {
namespace {

using types::ArrayView;
using types::Vector;
using Kind = ItemDemand::Kind;

// The item of a NULL.
constexpr char kNullElement = '0';

enum class Nulls { kAdded, kLeftOut };

// Whether there was a NULL.
bool AddElements(const ArrayView& array, const types::Type& type, Nulls nulls, ItemSink* sink) {
  const Vector elements = array.Elements(types::ElementOf(type));
  bool any_null = false;
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (!array.is_null(i)) {
      sink->AddValue(elements, i);
    } else {
      any_null = true;
      if (nulls == Nulls::kAdded) sink->Add(kNullElement, {});
    }
  }
  return any_null;
}

}  // namespace

bool IsArrayOfKeys(const types::Type& type) {
  return types::IsArray(type.id) && types::IsIndexable(types::ElementOf(type));
}

bool ArrayTakes(std::string_view, const types::Type& key, const types::Type& operand) {
  return key.id == operand.id;
}

void ArrayItems(const Vector& values, uint32_t row, ItemSink* sink) {
  AddElements(ArrayView(values.data<std::string_view>()[row], values.type().id), values.type(),
              Nulls::kAdded, sink);
}

// NULL is equal to NULL in `=` alone.
ItemDemand ArrayDemand(std::string_view name, const types::Value& operand, ItemSink* sink) {
  const ArrayView array(operand.bytes(), operand.type().id);
  const bool equal = name == "=";
  const bool any_null =
      AddElements(array, operand.type(), equal ? Nulls::kAdded : Nulls::kLeftOut, sink);
  if (name == "@>") return {any_null ? Kind::kNothing : Kind::kEvery};
  if (name == "<@" || (equal && array.size() == 0)) sink->AddEmpty();
  return {equal ? Kind::kEvery : Kind::kAny};
}

}  // namespace adbms::sql
