// jsonb_path_ops: for each scalar a hash of it and of the keys that lead to it.
#include "common/sql/operator_classes/class_list.h"
#include "common/sql/operator_classes/json_path_demand.h"

namespace adbms::sql {
namespace {

using types::Jsonb;

void AddAll(const Jsonb& value, const JsonPathHash& path, ItemSink* sink) {
  if (!value.IsContainer()) return path.AddScalar(value, sink);
  const bool object = value.kind() == types::JsonbKind::kObject;
  for (uint32_t i = 0; i < value.size(); ++i)
    AddAll(value.At(i), object ? path.Under(value.Key(i)) : path, sink);
}

}  // namespace

void JsonbPathItems(const types::Vector& values, uint32_t row, ItemSink* sink) {
  AddAll(Jsonb(values.data<std::string_view>()[row]), JsonPathHash(), sink);
}

ItemDemand JsonbPathDemand(std::string_view name, const types::Value& operand, ItemSink* sink) {
  if (name != "@>") return JsonPathDemand(operand.bytes(), name == "@@", /*paths=*/true, sink);
  AddAll(Jsonb(operand.bytes()), JsonPathHash(), sink);
  return {ItemDemand::Kind::kEvery};
}

}  // namespace adbms::sql
