// One SQL value, for parameters, literals and statistics: places where values come one by one.
// Vectors (vector.h) carry data in bulk. A Value owns its bytes. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/types/decimal.h"
#include "common/types/interval.h"
#include "common/types/type.h"

namespace adbms::types {

class Value {
 public:
  Value() = default;  // NULL of no type
  static Value Null(Type type);
  static Value Bool(bool value);
  // For every type whose physical form is kInt16, kInt32 or kInt64.
  static Value Int(TypeId id, int64_t value);
  static Value Float(TypeId id, double value);
  static Value Numeric(const DecimalView& value, Type type = {TypeId::kNumeric, 0});
  static Value OfInterval(Interval value);
  // For every type whose physical form is kString; `bytes` is the physical form.
  static Value String(Type type, std::string bytes);
  static Value Text(std::string text) { return String({TypeId::kText, 0}, std::move(text)); }

  const Type& type() const { return type_; }
  bool is_null() const { return null_; }
  // REQUIRES for the following: !is_null() and the matching physical form.
  bool bool_value() const { return scalar_.i != 0; }
  int64_t int_value() const { return scalar_.i; }
  double float_value() const { return scalar_.d; }
  // Borrows from this value.
  DecimalView decimal() const {
    return scalar_.decimal.is_wide() ? DecimalView::OfForm(bytes_) : scalar_.decimal;
  }
  const Interval& interval() const { return scalar_.interval; }
  // Also the form of a wide decimal; empty for every other one.
  std::string_view bytes() const { return bytes_; }

  void set_type(Type type) { type_ = type; }

  friend bool operator==(const Value& a, const Value& b);  // Same type id, NULL equals NULL.

 private:
  union Scalar {
    Scalar() : decimal() {}
    int64_t i;
    double d;
    DecimalView decimal;
    Interval interval;
  };
  Type type_;
  bool null_ = true;
  Scalar scalar_;
  std::string bytes_;
};

// Total order within one type, NULL last, as PostgreSQL's default btree order (C collation for
// text). REQUIRES: a and b have the same physical form.
int CompareValues(const Value& a, const Value& b);

common::v1::Datum ToProto(const Value& value);
// Errors: INVALID_ARGUMENT when the kind does not suit the type.
absl::StatusOr<Value> FromProto(const common::v1::Datum& proto);

}  // namespace adbms::types
