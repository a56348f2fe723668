// = <> < <= > >= on all comparable types, IS DISTINCT aside, which is an expression of its own.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/ordering.h"
#include "common/types/datetime.h"
#include "common/types/form.h"

namespace adbms::sql::functions {
namespace {

using types::DecimalView;
using types::Interval;
using types::TypeId;

constexpr std::string_view kSymbols[] = {"=", "<>", "<", "<=", ">", ">="};
constexpr std::string_view kCommutators[] = {"=", "<>", ">", ">=", "<", "<="};
constexpr std::string_view kNegators[] = {"<>", "=", ">=", ">", "<=", "<"};

// Whether a three-way result satisfies operator kSymbols[Index].
template <int Index>
constexpr bool Holds(int order) {
  if constexpr (Index == 0) return order == 0;
  if constexpr (Index == 1) return order != 0;
  if constexpr (Index == 2) return order < 0;
  if constexpr (Index == 3) return order <= 0;
  if constexpr (Index == 4) return order > 0;
  return order >= 0;
}

template <int Index, typename A, typename B>
bool CompareRow(const A& a, const B& b) {
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B>) {
    using Wide = std::common_type_t<A, B>;
    const Wide x = a;
    const Wide y = b;
    if constexpr (Index == 0) return x == y;
    if constexpr (Index == 1) return x != y;
    if constexpr (Index == 2) return x < y;
    if constexpr (Index == 3) return x <= y;
    if constexpr (Index == 4) return x > y;
    return x >= y;
  } else if constexpr (std::is_same_v<A, std::string_view> && Index < 2) {
    return (a == b) == (Index == 0);
  } else {
    return Holds<Index>(CompareThreeWay(a, b));
  }
}

template <typename A, typename B, int Index>
void AddOne(CatalogBuilder& builder, TypeId a, TypeId b) {
  builder.AddOperator(kSymbols[Index], {a, b}, TypeId::kBool,
                      Map<[](const A& x, const B& y) { return CompareRow<Index, A, B>(x, y); }>,
                      kCommutators[Index], kNegators[Index]);
}

template <typename A, typename B>
void AddAll(CatalogBuilder& builder, TypeId a, TypeId b) {
  AddOne<A, B, 0>(builder, a, b);
  AddOne<A, B, 1>(builder, a, b);
  AddOne<A, B, 2>(builder, a, b);
  AddOne<A, B, 3>(builder, a, b);
  AddOne<A, B, 4>(builder, a, b);
  AddOne<A, B, 5>(builder, a, b);
}

// Strings with an order of their own.
template <typename Order, int... Index>
void AddOrdered(CatalogBuilder& builder, TypeId id, std::integer_sequence<int, Index...>) {
  (builder.AddOperator(kSymbols[Index], {id, id}, TypeId::kBool,
                       Map<[](const std::string_view& x, const std::string_view& y) {
                         return Holds<Index>(Order::Compare(x, y));
                       }>,
                       kCommutators[Index], kNegators[Index]),
   ...);
}

int64_t DateToTimestamp(int32_t days) {
  if (days == types::kDateInfinity) return types::kTimestampInfinity;
  if (days == types::kDateMinusInfinity) return types::kTimestampMinusInfinity;
  int64_t us;
  if (__builtin_mul_overflow(int64_t{days}, types::kMicrosecondsPerDay, &us)) {
    return days > 0 ? types::kTimestampInfinity - 1 : types::kTimestampMinusInfinity + 1;
  }
  return us;
}

// A date or timestamp as an instant: local values are read in the session's zone.
template <bool kIsDate, bool kIsLocal>
int64_t Instant(const absl::TimeZone& zone, const types::Vector& column, uint32_t row) {
  const int64_t us =
      kIsDate ? DateToTimestamp(column.data<int32_t>()[row]) : column.data<int64_t>()[row];
  // Of a day that is beyond all timestamps no zone makes one.
  const bool beyond =
      kIsDate && (us >= types::kTimestampInfinity - 1 || us <= types::kTimestampMinusInfinity + 1);
  return kIsLocal && !beyond ? types::LocalToUtc(zone, us) : us;
}

template <int Index, bool kDateA, bool kDateB, bool kLocalA, bool kLocalB>
absl::Status CompareInstants(const EvaluationContext& context,
                             const std::vector<const types::Vector*>& arguments, uint32_t rows,
                             types::Vector* result) {
  absl::TimeZone zone = absl::UTCTimeZone();
  if (kLocalA || kLocalB) zone = ZoneOf(context);
  auto* out = result->data<uint8_t>();
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    out[row] =
        CompareRow<Index, int64_t, int64_t>(Instant<kDateA, kLocalA>(zone, *arguments[0], row),
                                            Instant<kDateB, kLocalB>(zone, *arguments[1], row));
  }
  return absl::OkStatus();
}

template <bool kDateA, bool kDateB, bool kLocalA, bool kLocalB, int... Index>
void AddInstants(CatalogBuilder& builder, TypeId a, TypeId b,
                 std::integer_sequence<int, Index...>) {
  const FunctionOptions options = kLocalA || kLocalB ? kStable : FunctionOptions{};
  (builder.AddOperator(kSymbols[Index], {a, b}, TypeId::kBool,
                       CompareInstants<Index, kDateA, kDateB, kLocalA, kLocalB>,
                       kCommutators[Index], kNegators[Index], options),
   ...);
}

void AddDatetimePairs(CatalogBuilder& builder) {
  constexpr auto kAllSix = std::make_integer_sequence<int, 6>();
  const TypeId date = TypeId::kDate;
  const TypeId local = TypeId::kTimestamp;
  const TypeId zoned = TypeId::kTimestamptz;
  AddInstants<true, false, false, false>(builder, date, local, kAllSix);
  AddInstants<false, true, false, false>(builder, local, date, kAllSix);
  AddInstants<true, false, true, false>(builder, date, zoned, kAllSix);
  AddInstants<false, true, false, true>(builder, zoned, date, kAllSix);
  AddInstants<false, false, true, false>(builder, local, zoned, kAllSix);
  AddInstants<false, false, false, true>(builder, zoned, local, kAllSix);
}

template <TypeId kType>
struct FormOrder {
  static int Compare(std::string_view a, std::string_view b) {
    return types::CompareStrings(kType, a, b);
  }
};

}  // namespace

void AddComparisons(CatalogBuilder& builder) {
  AddAll<uint8_t, uint8_t>(builder, TypeId::kBool, TypeId::kBool);
  AddAll<int16_t, int16_t>(builder, TypeId::kInt2, TypeId::kInt2);
  AddAll<int16_t, int32_t>(builder, TypeId::kInt2, TypeId::kInt4);
  AddAll<int16_t, int64_t>(builder, TypeId::kInt2, TypeId::kInt8);
  AddAll<int32_t, int16_t>(builder, TypeId::kInt4, TypeId::kInt2);
  AddAll<int32_t, int32_t>(builder, TypeId::kInt4, TypeId::kInt4);
  AddAll<int32_t, int64_t>(builder, TypeId::kInt4, TypeId::kInt8);
  AddAll<int64_t, int16_t>(builder, TypeId::kInt8, TypeId::kInt2);
  AddAll<int64_t, int32_t>(builder, TypeId::kInt8, TypeId::kInt4);
  AddAll<int64_t, int64_t>(builder, TypeId::kInt8, TypeId::kInt8);
  AddAll<float, float>(builder, TypeId::kFloat4, TypeId::kFloat4);
  AddAll<float, double>(builder, TypeId::kFloat4, TypeId::kFloat8);
  AddAll<double, float>(builder, TypeId::kFloat8, TypeId::kFloat4);
  AddAll<double, double>(builder, TypeId::kFloat8, TypeId::kFloat8);
  AddAll<double, double>(builder, TypeId::kEnum, TypeId::kEnum);
  AddAll<DecimalView, DecimalView>(builder, TypeId::kNumeric, TypeId::kNumeric);
  AddAll<Interval, Interval>(builder, TypeId::kInterval, TypeId::kInterval);
  AddAll<int32_t, int32_t>(builder, TypeId::kDate, TypeId::kDate);
  for (const TypeId id : {TypeId::kTime, TypeId::kTimetz, TypeId::kTimestamp, TypeId::kTimestamptz,
                          TypeId::kOid, TypeId::kRegclass, TypeId::kRegtype, TypeId::kRegnamespace,
                          TypeId::kRegproc, TypeId::kRegconfig, TypeId::kRegdictionary}) {
    AddAll<int64_t, int64_t>(builder, id, id);
  }
  AddAll<int64_t, int64_t>(builder, TypeId::kRegclass, TypeId::kOid);
  AddAll<int64_t, int64_t>(builder, TypeId::kOid, TypeId::kRegclass);
  for (const TypeId id : {TypeId::kText, TypeId::kVarchar, TypeId::kName, TypeId::kChar,
                          TypeId::kBytea, TypeId::kUuid, TypeId::kInet, TypeId::kMacaddr,
                          TypeId::kMacaddr8, TypeId::kBit, TypeId::kTid, TypeId::kVarbit}) {
    AddAll<std::string_view, std::string_view>(builder, id, id);
  }
  AddAll<std::string_view, std::string_view>(builder, TypeId::kName, TypeId::kText);
  AddAll<std::string_view, std::string_view>(builder, TypeId::kText, TypeId::kName);
  constexpr auto kAllSix = std::make_integer_sequence<int, 6>();
  AddOrdered<BlankPadded>(builder, TypeId::kBpchar, kAllSix);
  AddOrdered<JsonbOrder>(builder, TypeId::kJsonb, kAllSix);
  AddOrdered<FormOrder<TypeId::kTsVector>>(builder, TypeId::kTsVector, kAllSix);
  AddOrdered<FormOrder<TypeId::kTsQuery>>(builder, TypeId::kTsQuery, kAllSix);
  AddDatetimePairs(builder);
}

}  // namespace adbms::sql::functions
