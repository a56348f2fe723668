// jsonb to json and back, and its scalars to numbers and boolean.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/jsonb_builder.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::Decimal;
using types::Jsonb;
using types::JsonbKind;
using types::TypeId;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

template <auto F>
absl::Status Convert(const EvaluationContext& context, const Vector& input, bool, Vector* result) {
  return Map<F>(context, {&input}, input.size(), result);
}

View NameOf(JsonbKind kind) {
  switch (kind) {
    case JsonbKind::kNull:
      return "null";
    case JsonbKind::kString:
      return "string";
    case JsonbKind::kNumber:
      return "numeric";
    case JsonbKind::kBool:
      return "boolean";
    case JsonbKind::kArray:
      return "array";
    case JsonbKind::kObject:
      return "object";
  }
  return {};
}

absl::Status CannotCast(const Jsonb& value, TypeId to) {
  return Error(sqlstate::kInvalidParameterValue, "cannot cast jsonb " +
                                                     std::string(NameOf(value.kind())) +
                                                     " to type " + types::Format({to, 0}));
}

absl::StatusOr<bool> ToBool(const View& jsonb) {
  const Jsonb value(jsonb);
  if (value.kind() != JsonbKind::kBool) return CannotCast(value, TypeId::kBool);
  return value.bool_value();
}

absl::StatusOr<Decimal> ToNumeric(const View& jsonb) {
  const Jsonb value(jsonb);
  if (value.kind() != JsonbKind::kNumber) return CannotCast(value, TypeId::kNumeric);
  return types::ToDecimal(value.number());
}

template <typename T, TypeId kTo>
absl::StatusOr<T> ToWhole(const View& jsonb) {
  const Jsonb value(jsonb);
  if (value.kind() != JsonbKind::kNumber) return CannotCast(value, kTo);
  const absl::StatusOr<int64_t> number = types::ToInteger(value.number());
  if (!number.ok() || *number != static_cast<T>(*number)) {
    return Error(sqlstate::kNumericOutOfRange, types::Format({kTo, 0}) + " out of range");
  }
  return static_cast<T>(*number);
}

absl::StatusOr<double> ToFloat8(const View& jsonb) {
  const Jsonb value(jsonb);
  if (value.kind() != JsonbKind::kNumber) return CannotCast(value, TypeId::kFloat8);
  return types::ToDouble(value.number());
}

absl::StatusOr<float> ToFloat4(const View& jsonb) {
  const Jsonb value(jsonb);
  if (value.kind() != JsonbKind::kNumber) return CannotCast(value, TypeId::kFloat4);
  std::string text;
  types::FormatJsonbNumber(value.number(), &text);
  Vector single({TypeId::kFloat4, 0});
  single.Resize(1);
  RETURN_IF_ERROR(types::ParseTextInto(text, types::TextOptions{}, &single, 0));
  return single.data<float>()[0];
}

absl::StatusOr<std::string> FromJson(const View& json) { return types::ParseJsonb(json); }

std::string ToJson(const View& jsonb) {
  std::string text;
  types::FormatJsonb(Jsonb(jsonb), false, &text);
  return text;
}

}  // namespace

void AddJsonbCasts(CatalogBuilder& builder) {
  const TypeId jsonb = TypeId::kJsonb;
  builder.AddCast(TypeId::kJson, jsonb, CastContext::kAssignment, Convert<FromJson>);
  builder.AddCast(jsonb, TypeId::kJson, CastContext::kAssignment, Convert<ToJson>);
  const auto add = [&](TypeId to, CastKernel kernel) {
    builder.AddCast(jsonb, to, CastContext::kExplicit, kernel);
  };
  add(TypeId::kBool, Convert<ToBool>);
  add(TypeId::kNumeric, Convert<ToNumeric>);
  add(TypeId::kInt2, Convert<ToWhole<int16_t, TypeId::kInt2>>);
  add(TypeId::kInt4, Convert<ToWhole<int32_t, TypeId::kInt4>>);
  add(TypeId::kInt8, Convert<ToWhole<int64_t, TypeId::kInt8>>);
  add(TypeId::kFloat4, Convert<ToFloat4>);
  add(TypeId::kFloat8, Convert<ToFloat8>);
}

}  // namespace adbms::sql::functions
