// Operators of real and double precision.
#include <cmath>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
namespace sqlstate = status::sqlstate;

template <typename T>
constexpr TypeId kFloatId = sizeof(T) == 4 ? TypeId::kFloat4 : TypeId::kFloat8;

absl::Status Overflow() {
  return status::Error(sqlstate::kNumericOutOfRange, "value out of range: overflow");
}

template <typename A, typename B>
void AddPair(CatalogBuilder& builder) {
  using R = std::conditional_t<sizeof(A) == 4 && sizeof(B) == 4, float, double>;
  const TypeId a = kFloatId<A>;
  const TypeId b = kFloatId<B>;
  const TypeId r = kFloatId<R>;
  builder.AddOperator("+", {a, b}, r,
                      MapChecked<A, B, R,
                                 [](A x, B y, R* out) {
                                   *out = static_cast<R>(x) + static_cast<R>(y);
                                   return std::isinf(*out) && !std::isinf(x) && !std::isinf(y);
                                 },
                                 Overflow>,
                      "+");
  builder.AddOperator("-", {a, b}, r,
                      MapChecked<A, B, R,
                                 [](A x, B y, R* out) {
                                   *out = static_cast<R>(x) - static_cast<R>(y);
                                   return std::isinf(*out) && !std::isinf(x) && !std::isinf(y);
                                 },
                                 Overflow>);
  builder.AddOperator("*", {a, b}, r, Map<[](A x, B y) -> absl::StatusOr<R> {
                        const R product = static_cast<R>(x) * static_cast<R>(y);
                        if (std::isinf(product) && !std::isinf(x) && !std::isinf(y)) {
                          return Overflow();
                        }
                        if (product == 0 && x != 0 && y != 0) {
                          return status::Error(sqlstate::kNumericOutOfRange,
                                               "value out of range: underflow");
                        }
                        return product;
                      }>,
                      "*");
  builder.AddOperator("/", {a, b}, r, Map<[](A x, B y) -> absl::StatusOr<R> {
                        if (y == 0 && !std::isnan(x)) {
                          return status::Error(sqlstate::kDivisionByZero, "division by zero");
                        }
                        const R quotient = static_cast<R>(x) / static_cast<R>(y);
                        if (std::isinf(quotient) && !std::isinf(x)) return Overflow();
                        if (quotient == 0 && x != 0 && !std::isinf(y)) {
                          return status::Error(sqlstate::kNumericOutOfRange,
                                               "value out of range: underflow");
                        }
                        return quotient;
                      }>);
}

template <typename T>
void AddSingle(CatalogBuilder& builder) {
  const TypeId id = kFloatId<T>;
  builder.AddOperator("+", {id}, id, Map<[](T x) { return x; }>);
  builder.AddOperator("-", {id}, id, Map<[](T x) { return -x; }>);
  builder.AddOperator("@", {id}, id, Map<[](T x) { return std::fabs(x); }>);
  builder.AddFunction("abs", {id}, id, Map<[](T x) { return std::fabs(x); }>);
}

}  // namespace

void AddFloatArithmetic(CatalogBuilder& builder) {
  AddPair<float, float>(builder);
  AddPair<float, double>(builder);
  AddPair<double, float>(builder);
  AddPair<double, double>(builder);
  AddSingle<float>(builder);
  AddSingle<double>(builder);
}

}  // namespace adbms::sql::functions
