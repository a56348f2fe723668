// jsonb_ops: all keys and all scalars, wherever they stand.
#include "common/sql/operator_classes/class_list.h"
#include "common/sql/operator_classes/json_path_demand.h"
#include "common/sql/operator_classes/jsonb_scalar.h"
#include "common/types/array.h"

namespace adbms::sql {
namespace {

using types::Jsonb;
using types::JsonbKind;
using Kind = ItemDemand::Kind;

// A scalar alone counts as an array's element.
void AddAll(const Jsonb& value, bool element, std::string* bytes, ItemSink* sink) {
  if (!value.IsContainer()) {
    JsonScalarBytes(value, bytes);
    const bool key = element && value.kind() == JsonbKind::kString;
    sink->Add(key ? kJsonKey : JsonScalarKind(value), *bytes);
    return;
  }
  const bool object = value.kind() == JsonbKind::kObject;
  for (uint32_t i = 0; i < value.size(); ++i) {
    if (object) sink->Add(kJsonKey, value.Key(i));
    AddAll(value.At(i), !object, bytes, sink);
  }
}

}  // namespace

bool IsJsonb(const types::Type& type) { return type.id == types::TypeId::kJsonb; }

bool JsonbTakes(std::string_view name, const types::Type&, const types::Type& operand) {
  if (name == "@>") return IsJsonb(operand);
  if (name == "?") return IsText(operand);
  if (name.starts_with('@')) return operand.id == types::TypeId::kJsonpath;
  return operand.id == types::TypeId::kTextArray;
}

void JsonbItems(const types::Vector& values, uint32_t row, ItemSink* sink) {
  std::string bytes;
  AddAll(Jsonb(values.data<std::string_view>()[row]), true, &bytes, sink);
}

ItemDemand JsonbDemand(std::string_view name, const types::Value& operand, ItemSink* sink) {
  if (name == "@>") {
    std::string bytes;
    AddAll(Jsonb(operand.bytes()), true, &bytes, sink);
    return {Kind::kEvery};
  }
  if (name == "@?" || name == "@@")
    return JsonPathDemand(operand.bytes(), name == "@@", /*paths=*/false, sink);
  if (name == "?") {
    sink->Add(kJsonKey, operand.bytes());
    return {Kind::kEvery};
  }
  const types::ArrayView keys(operand.bytes(), operand.type().id);
  for (uint32_t i = 0; i < keys.size(); ++i) {
    if (!keys.is_null(i)) sink->Add(kJsonKey, keys.bytes(i));
  }
  return {name == "?&" ? Kind::kEvery : Kind::kAny};
}

}  // namespace adbms::sql
