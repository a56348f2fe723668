// + - * / % and bit operators of the integer types and numeric.
#include <limits>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/decimal_math.h"

namespace adbms::sql::functions {
namespace {

using types::Decimal;
using types::DecimalView;
using types::TypeId;
namespace sqlstate = status::sqlstate;

template <typename T>
constexpr TypeId kIdOf = sizeof(T) == 2   ? TypeId::kInt2
                         : sizeof(T) == 4 ? TypeId::kInt4
                                          : TypeId::kInt8;

template <typename R>
absl::Status OutOfRange() {
  const char* name = sizeof(R) == 2 ? "smallint" : sizeof(R) == 4 ? "integer" : "bigint";
  return status::Error(sqlstate::kNumericOutOfRange, std::string(name) + " out of range");
}

absl::Status DivisionByZero() {
  return status::Error(sqlstate::kDivisionByZero, "division by zero");
}

template <typename A, typename B, typename R>
void AddPair(CatalogBuilder& builder) {
  const TypeId a = kIdOf<A>;
  const TypeId b = kIdOf<B>;
  const TypeId r = kIdOf<R>;
  builder.AddOperator(
      "+", {a, b}, r,
      MapChecked<A, B, R, [](A x, B y, R* out) { return __builtin_add_overflow(x, y, out); },
                 OutOfRange<R>>,
      "+");
  builder.AddOperator(
      "-", {a, b}, r,
      MapChecked<A, B, R, [](A x, B y, R* out) { return __builtin_sub_overflow(x, y, out); },
                 OutOfRange<R>>);
  builder.AddOperator(
      "*", {a, b}, r,
      MapChecked<A, B, R, [](A x, B y, R* out) { return __builtin_mul_overflow(x, y, out); },
                 OutOfRange<R>>,
      "*");
  builder.AddOperator("/", {a, b}, r, Map<[](A x, B y) -> absl::StatusOr<R> {
                        if (y == 0) return DivisionByZero();
                        if (y == -1) {
                          R negated;
                          if (__builtin_sub_overflow(R{0}, static_cast<R>(x), &negated)) {
                            return OutOfRange<R>();
                          }
                          return negated;
                        }
                        return static_cast<R>(x / y);
                      }>);
}

template <typename T>
absl::StatusOr<T> Remainder(T x, T y) {
  if (y == 0) return DivisionByZero();
  return y == -1 ? T{0} : static_cast<T>(x % y);
}

template <typename T>
void AddSingle(CatalogBuilder& builder) {
  const TypeId id = kIdOf<T>;
  using Unsigned = std::make_unsigned_t<T>;
  constexpr int kBits = sizeof(T) * 8;
  constexpr T kLeast = std::numeric_limits<T>::min();
  builder.AddOperator("%", {id, id}, id, Map<[](T x, T y) { return Remainder<T>(x, y); }>);
  builder.AddFunction("mod", {id, id}, id, Map<[](T x, T y) { return Remainder<T>(x, y); }>);
  builder.AddOperator("+", {id}, id, Map<[](T x) { return x; }>);
  builder.AddOperator("-", {id}, id, Map<[](T x) -> absl::StatusOr<T> {
                        if (x == kLeast) return OutOfRange<T>();
                        return static_cast<T>(-x);
                      }>);
  constexpr auto kAbsolute = [](T x) -> absl::StatusOr<T> {
    if (x == kLeast) return OutOfRange<T>();
    return static_cast<T>(x < 0 ? -x : x);
  };
  builder.AddOperator("@", {id}, id, Map<kAbsolute>);
  builder.AddFunction("abs", {id}, id, Map<kAbsolute>);
  builder.AddOperator("&", {id, id}, id, Map<[](T x, T y) { return static_cast<T>(x & y); }>, "&");
  builder.AddOperator("|", {id, id}, id, Map<[](T x, T y) { return static_cast<T>(x | y); }>, "|");
  builder.AddOperator("#", {id, id}, id, Map<[](T x, T y) { return static_cast<T>(x ^ y); }>, "#");
  builder.AddOperator("~", {id}, id, Map<[](T x) { return static_cast<T>(~x); }>);
  // int2 is shifted as int4, then cut; the machine takes the count modulo the width.
  constexpr int kShiftMask = (kBits < 32 ? 32 : kBits) - 1;
  using Shifted = std::conditional_t<(kBits < 32), uint32_t, Unsigned>;
  builder.AddOperator("<<", {id, TypeId::kInt4}, id, Map<[](T x, int32_t n) {
                        return static_cast<T>(static_cast<Shifted>(x) << (n & kShiftMask));
                      }>);
  builder.AddOperator(">>", {id, TypeId::kInt4}, id,
                      Map<[](T x, int32_t n) { return static_cast<T>(x >> (n & kShiftMask)); }>);
}

// `Narrow` does what it can in place; `General` does the others.
template <auto Narrow, auto General>
absl::Status MapNumeric(const EvaluationContext& context,
                        const std::vector<const types::Vector*>& arguments, uint32_t rows,
                        types::Vector* result) {
  const DecimalView* left = arguments[0]->data<DecimalView>();
  const DecimalView* right = arguments[1]->data<DecimalView>();
  auto* out = result->data<DecimalView>();
  const bool has_nulls = result->may_have_nulls();
  for (uint32_t row = 0; row < rows; ++row) {
    if (has_nulls && result->is_null(row)) continue;
    if (Narrow(left[row], right[row], &out[row])) [[likely]]
      continue;
    ASSIGN_OR_RETURN(const Decimal value, General(left[row], right[row]));
    result->SetDecimal(row, value);
    if (value.is_wide()) RETURN_IF_ERROR(internal::CheckWide(context, row, *result));
  }
  return absl::OkStatus();
}

void AddNumeric(CatalogBuilder& builder) {
  const TypeId id = TypeId::kNumeric;
  builder.AddOperator("+", {id, id}, id, MapNumeric<types::AddNarrow, types::Add>, "+");
  builder.AddOperator("-", {id, id}, id, MapNumeric<types::SubtractNarrow, types::Subtract>);
  builder.AddOperator("*", {id, id}, id, MapNumeric<types::MultiplyNarrow, types::Multiply>, "*");
  builder.AddOperator("/", {id, id}, id, Map<types::Divide>);
  builder.AddOperator("%", {id, id}, id, Map<types::Modulo>);
  builder.AddFunction("mod", {id, id}, id, Map<types::Modulo>);
  builder.AddOperator("+", {id}, id, Map<[](const DecimalView& a) { return Decimal(a); }>);
  builder.AddOperator("-", {id}, id, Map<types::Negate>);
  builder.AddFunction("numeric_inc", {id}, id,
                      Map<[](const DecimalView& a) { return types::Add(a, DecimalView(1, 0)); }>);
  builder.AddOperator("@", {id}, id, Map<types::Absolute>);
  builder.AddFunction("abs", {id}, id, Map<types::Absolute>);
}

}  // namespace

void AddArithmetic(CatalogBuilder& builder) {
  AddPair<int16_t, int16_t, int16_t>(builder);
  AddPair<int16_t, int32_t, int32_t>(builder);
  AddPair<int32_t, int16_t, int32_t>(builder);
  AddPair<int32_t, int32_t, int32_t>(builder);
  AddPair<int16_t, int64_t, int64_t>(builder);
  AddPair<int64_t, int16_t, int64_t>(builder);
  AddPair<int32_t, int64_t, int64_t>(builder);
  AddPair<int64_t, int32_t, int64_t>(builder);
  AddPair<int64_t, int64_t, int64_t>(builder);
  AddSingle<int16_t>(builder);
  AddSingle<int32_t>(builder);
  AddSingle<int64_t>(builder);
  AddNumeric(builder);
}

}  // namespace adbms::sql::functions
