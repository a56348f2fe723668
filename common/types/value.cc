#include "common/types/value.h"

#include <cmath>

#include "absl/status/status.h"
#include "common/status/macros.h"
#include "common/types/form.h"

namespace adbms::types {
namespace {

template <typename T>
int ThreeWay(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

int CompareDoubles(double a, double b) {
  if (std::isnan(a)) return std::isnan(b) ? 0 : 1;
  if (std::isnan(b)) return -1;
  return ThreeWay(a, b);
}

int Sign(std::strong_ordering order) { return order < 0 ? -1 : (order > 0 ? 1 : 0); }

absl::Status WrongKind() {
  return absl::InvalidArgumentError("datum: the kind does not suit the type");
}

}  // namespace

Value Value::Null(Type type) {
  Value value;
  value.type_ = type;
  return value;
}

Value Value::Bool(bool input) {
  Value value;
  value.type_ = {TypeId::kBool, 0};
  value.null_ = false;
  value.scalar_.i = input ? 1 : 0;
  return value;
}

Value Value::Int(TypeId id, int64_t input) {
  Value value;
  value.type_ = {id, 0};
  value.null_ = false;
  value.scalar_.i = input;
  return value;
}

Value Value::Float(TypeId id, double input) {
  Value value;
  value.type_ = {id, 0};
  value.null_ = false;
  value.scalar_.d = input;
  return value;
}

Value Value::Numeric(const DecimalView& input, Type type) {
  Value value;
  value.type_ = type;
  value.null_ = false;
  value.scalar_.decimal = input;
  if (input.is_wide()) value.bytes_ = input.form();
  return value;
}

Value Value::OfInterval(Interval input) {
  Value value;
  value.type_ = {TypeId::kInterval, 0};
  value.null_ = false;
  value.scalar_.interval = input;
  return value;
}

Value Value::String(Type type, std::string bytes) {
  Value value;
  value.type_ = type;
  value.null_ = false;
  value.bytes_ = std::move(bytes);
  return value;
}

bool operator==(const Value& a, const Value& b) {
  // Equal ones can have different text.
  if (a.type_.id == b.type_.id && HasOrderKey(a.type_.id)) {
    return a.null_ == b.null_ && a.bytes_ == b.bytes_;
  }
  return a.type_.id == b.type_.id && CompareValues(a, b) == 0;
}

int CompareValues(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return ThreeWay(a.is_null() ? 1 : 0, b.is_null() ? 1 : 0);
  switch (PhysicalOf(a.type().id)) {
    case Physical::kBool:
    case Physical::kInt16:
    case Physical::kInt32:
    case Physical::kInt64:
      return ThreeWay(a.int_value(), b.int_value());
    case Physical::kFloat:
    case Physical::kDouble:
      return CompareDoubles(a.float_value(), b.float_value());
    case Physical::kDecimal:
      return Sign(Compare(a.decimal(), b.decimal()));
    case Physical::kInterval:
      return Sign(Compare(a.interval(), b.interval()));
    case Physical::kString:
      break;
  }
  return CompareStrings(a.type().id, a.bytes(), b.bytes());
}

common::v1::Datum ToProto(const Value& value) {
  common::v1::Datum proto;
  *proto.mutable_type() = ToProto(value.type());
  if (value.is_null()) return proto;
  switch (PhysicalOf(value.type().id)) {
    case Physical::kBool:
      proto.set_bool_value(value.bool_value());
      break;
    case Physical::kInt16:
    case Physical::kInt32:
    case Physical::kInt64:
      proto.set_int_value(value.int_value());
      break;
    case Physical::kFloat:
    case Physical::kDouble:
      proto.set_float_value(value.float_value());
      break;
    case Physical::kDecimal:
      proto.set_bytes_value(value.decimal().ToString());
      break;
    case Physical::kInterval: {
      auto* interval = proto.mutable_interval_value();
      interval->set_months(value.interval().months);
      interval->set_days(value.interval().days);
      interval->set_microseconds(value.interval().microseconds);
      break;
    }
    case Physical::kString:
      proto.set_bytes_value(std::string(value.bytes()));
      break;
  }
  return proto;
}

absl::StatusOr<Value> FromProto(const common::v1::Datum& proto) {
  using common::v1::Datum;
  const Type type = FromProto(proto.type());
  if (proto.kind_case() == Datum::KIND_NOT_SET) return Value::Null(type);
  Value value;
  switch (PhysicalOf(type.id)) {
    case Physical::kBool:
      if (proto.kind_case() != Datum::kBoolValue) return WrongKind();
      value = Value::Bool(proto.bool_value());
      break;
    case Physical::kInt16:
    case Physical::kInt32:
    case Physical::kInt64: {
      if (proto.kind_case() != Datum::kIntValue) return WrongKind();
      const int64_t number = proto.int_value();
      const Physical physical = PhysicalOf(type.id);
      if ((physical == Physical::kInt16 && number != static_cast<int16_t>(number)) ||
          (physical == Physical::kInt32 && number != static_cast<int32_t>(number))) {
        return absl::InvalidArgumentError("datum: the number exceeds the type's range");
      }
      value = Value::Int(type.id, number);
      break;
    }
    case Physical::kFloat:
    case Physical::kDouble:
      if (proto.kind_case() != Datum::kFloatValue) return WrongKind();
      value = Value::Float(type.id, proto.float_value());
      break;
    case Physical::kDecimal: {
      if (proto.kind_case() != Datum::kBytesValue) return WrongKind();
      auto decimal = Decimal::Parse(proto.bytes_value());
      if (!decimal.ok()) return absl::InvalidArgumentError(decimal.status().message());
      value = Value::Numeric(*decimal);
      break;
    }
    case Physical::kInterval: {
      if (proto.kind_case() != Datum::kIntervalValue) return WrongKind();
      const auto& interval = proto.interval_value();
      value = Value::OfInterval({interval.microseconds(), interval.days(), interval.months()});
      break;
    }
    case Physical::kString:
      if (proto.kind_case() != Datum::kBytesValue) return WrongKind();
      if (!IsWellFormed(type.id, proto.bytes_value())) {
        return absl::InvalidArgumentError("datum: malformed " + std::string(CatalogName(type.id)));
      }
      value = Value::String(type, proto.bytes_value());
      break;
  }
  value.set_type(type);
  return value;
}

}  // namespace adbms::types
