// Conversions between types, in the contexts of PostgreSQL's pg_cast.
#include <cmath>
#include <limits>

#include <optional>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/jsonpath_cache.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/bytes_text.h"
#include "common/types/datetime.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::Decimal;
using types::DecimalView;
using types::Interval;
using types::TypeId;
using types::Vector;
namespace sqlstate = status::sqlstate;

constexpr auto kImplicit = CastContext::kImplicit;
constexpr auto kAssignment = CastContext::kAssignment;
constexpr auto kExplicit = CastContext::kExplicit;

// Applies the row function F, as Map does.
template <auto F>
absl::Status Convert(const EvaluationContext& context, const Vector& input, bool is_explicit,
                     Vector* result) {
  return Map<F>(context, {&input}, input.size(), result);
}

template <typename T>
constexpr std::string_view kIntegerName = sizeof(T) == 2   ? "smallint"
                                          : sizeof(T) == 4 ? "integer"
                                                           : "bigint";

template <typename To>
absl::Status OutOfRange(std::string_view name = kIntegerName<To>) {
  return Error(sqlstate::kNumericOutOfRange, std::string(name) + " out of range");
}

template <typename From, typename To>
void AddWidening(CatalogBuilder& builder, TypeId from, TypeId to, CastContext context = kImplicit) {
  builder.AddCast(from, to, context, Convert<[](From x) { return static_cast<To>(x); }>);
}

template <typename From, typename To>
void AddNarrowing(CatalogBuilder& builder, TypeId from, TypeId to) {
  builder.AddCast(from, to, kAssignment, Convert<[](From x) -> absl::StatusOr<To> {
                    const To narrow = static_cast<To>(x);
                    if (narrow != x) return OutOfRange<To>();
                    return narrow;
                  }>);
}

// Half to even, as the machine rounds.
template <typename From, typename To>
void AddFloatToInteger(CatalogBuilder& builder, TypeId from, TypeId to) {
  builder.AddCast(from, to, kAssignment, Convert<[](From x) -> absl::StatusOr<To> {
                    const double rounded = std::rint(static_cast<double>(x));
                    const double limit = std::ldexp(1.0, sizeof(To) * 8 - 1);
                    if (!(rounded >= -limit && rounded < limit)) return OutOfRange<To>();
                    return static_cast<To>(rounded);
                  }>);
}

template <typename To>
void AddNumericToInteger(CatalogBuilder& builder, TypeId to) {
  builder.AddCast(
      TypeId::kNumeric, to, kAssignment, Convert<[](const DecimalView& x) -> absl::StatusOr<To> {
        if (!x.is_finite()) {
          return Error(sqlstate::kFeatureNotSupported,
                       (x.is_nan() ? "cannot convert NaN to " : "cannot convert infinity to ") +
                           std::string(kIntegerName<To>));
        }
        const auto wide = x.ToInt64();
        if (!wide.ok() || *wide != static_cast<To>(*wide)) return OutOfRange<To>();
        return static_cast<To>(*wide);
      }>);
}

// Whether a floating-point type is too narrow for the number.
bool LosesRange(const DecimalView& number, double result) {
  return number.is_finite() && (std::isinf(result) || (result == 0 && !number.is_zero()));
}

absl::Status OutOfFloat(const DecimalView& number, std::string_view type) {
  return Error(sqlstate::kNumericOutOfRange,
               "\"" + number.ToString() + "\" is out of range for type " + std::string(type));
}

// PostgreSQL goes through 6 (real) or 15 significant digits.
absl::StatusOr<Decimal> FloatToDecimal(double value, int digits) {
  if (digits == 15 || std::isnan(value) || std::isinf(value)) return Decimal::FromDouble(value);
  char text[40];
  const int length = std::snprintf(text, sizeof(text), "%.*g", digits, value);
  return Decimal::Parse(std::string_view(text, static_cast<size_t>(length)));
}

void AddNumbers(CatalogBuilder& builder) {
  AddWidening<int16_t, int32_t>(builder, TypeId::kInt2, TypeId::kInt4);
  AddWidening<int16_t, int64_t>(builder, TypeId::kInt2, TypeId::kInt8);
  AddWidening<int32_t, int64_t>(builder, TypeId::kInt4, TypeId::kInt8);
  AddWidening<int16_t, float>(builder, TypeId::kInt2, TypeId::kFloat4);
  AddWidening<int32_t, float>(builder, TypeId::kInt4, TypeId::kFloat4);
  AddWidening<int64_t, float>(builder, TypeId::kInt8, TypeId::kFloat4);
  AddWidening<int16_t, double>(builder, TypeId::kInt2, TypeId::kFloat8);
  AddWidening<int32_t, double>(builder, TypeId::kInt4, TypeId::kFloat8);
  AddWidening<int64_t, double>(builder, TypeId::kInt8, TypeId::kFloat8);
  AddWidening<float, double>(builder, TypeId::kFloat4, TypeId::kFloat8);
  AddNarrowing<int32_t, int16_t>(builder, TypeId::kInt4, TypeId::kInt2);
  AddNarrowing<int64_t, int16_t>(builder, TypeId::kInt8, TypeId::kInt2);
  AddNarrowing<int64_t, int32_t>(builder, TypeId::kInt8, TypeId::kInt4);
  AddFloatToInteger<float, int16_t>(builder, TypeId::kFloat4, TypeId::kInt2);
  AddFloatToInteger<float, int32_t>(builder, TypeId::kFloat4, TypeId::kInt4);
  AddFloatToInteger<float, int64_t>(builder, TypeId::kFloat4, TypeId::kInt8);
  AddFloatToInteger<double, int16_t>(builder, TypeId::kFloat8, TypeId::kInt2);
  AddFloatToInteger<double, int32_t>(builder, TypeId::kFloat8, TypeId::kInt4);
  AddFloatToInteger<double, int64_t>(builder, TypeId::kFloat8, TypeId::kInt8);
  AddNumericToInteger<int16_t>(builder, TypeId::kInt2);
  AddNumericToInteger<int32_t>(builder, TypeId::kInt4);
  AddNumericToInteger<int64_t>(builder, TypeId::kInt8);
  builder.AddCast(TypeId::kInt2, TypeId::kNumeric, kImplicit,
                  Convert<[](int16_t x) { return Decimal::FromInt(x); }>);
  builder.AddCast(TypeId::kInt4, TypeId::kNumeric, kImplicit,
                  Convert<[](int32_t x) { return Decimal::FromInt(x); }>);
  builder.AddCast(TypeId::kInt8, TypeId::kNumeric, kImplicit,
                  Convert<[](int64_t x) { return Decimal::FromInt(x); }>);
  builder.AddCast(TypeId::kFloat4, TypeId::kNumeric, kAssignment,
                  Convert<[](float x) { return FloatToDecimal(x, 6); }>);
  builder.AddCast(TypeId::kFloat8, TypeId::kNumeric, kAssignment,
                  Convert<[](double x) { return FloatToDecimal(x, 15); }>);
  builder.AddCast(TypeId::kNumeric, TypeId::kFloat8, kImplicit,
                  Convert<[](const DecimalView& x) -> absl::StatusOr<double> {
                    const double result = x.ToDouble();
                    if (LosesRange(x, result)) return OutOfFloat(x, "double precision");
                    return result;
                  }>);
  builder.AddCast(TypeId::kNumeric, TypeId::kFloat4, kImplicit,
                  Convert<[](const DecimalView& x) -> absl::StatusOr<float> {
                    const auto result = static_cast<float>(x.ToDouble());
                    if (LosesRange(x, result)) return OutOfFloat(x, "real");
                    return result;
                  }>);
  builder.AddCast(TypeId::kFloat8, TypeId::kFloat4, kAssignment,
                  Convert<[](double x) -> absl::StatusOr<float> {
                    const auto narrow = static_cast<float>(x);
                    if (std::isinf(narrow) && !std::isinf(x)) {
                      return Error(sqlstate::kNumericOutOfRange, "value out of range: overflow");
                    }
                    if (narrow == 0 && x != 0) {
                      return Error(sqlstate::kNumericOutOfRange, "value out of range: underflow");
                    }
                    return narrow;
                  }>);
  builder.AddCast(TypeId::kBool, TypeId::kInt4, kExplicit,
                  Convert<[](uint8_t x) { return static_cast<int32_t>(x); }>);
  builder.AddCast(TypeId::kInt4, TypeId::kBool, kExplicit,
                  Convert<[](int32_t x) { return x != 0; }>);
}

void AddOids(CatalogBuilder& builder) {
  for (const TypeId id : {TypeId::kOid, TypeId::kRegclass, TypeId::kRegtype, TypeId::kRegnamespace,
                          TypeId::kRegproc, TypeId::kRegconfig, TypeId::kRegdictionary}) {
    AddWidening<int16_t, int64_t>(builder, TypeId::kInt2, id);
    builder.AddCast(
        TypeId::kInt4, id, kImplicit,
        Convert<[](int32_t x) { return static_cast<int64_t>(static_cast<uint32_t>(x)); }>);
    builder.AddCast(TypeId::kInt8, id, kImplicit, Convert<[](int64_t x) -> absl::StatusOr<int64_t> {
                      if (x != int64_t{static_cast<uint32_t>(x)}) return OutOfRange<int64_t>("OID");
                      return x;
                    }>);
    builder.AddCast(id, TypeId::kInt4, kAssignment,
                    Convert<[](int64_t x) { return static_cast<int32_t>(x); }>);
    builder.AddCast(id, TypeId::kInt8, kAssignment, Convert<[](int64_t x) { return x; }>);
    if (id != TypeId::kOid) {
      AddWidening<int64_t, int64_t>(builder, id, TypeId::kOid);
      AddWidening<int64_t, int64_t>(builder, TypeId::kOid, id);
    }
  }
}

template <auto F>
absl::Status ConvertWithZone(const EvaluationContext& context, const Vector& input,
                             bool is_explicit, Vector* result) {
  using Traits = internal::LambdaTraits<decltype(F)>;
  using From = std::tuple_element_t<1, typename Traits::Arguments>;
  const absl::TimeZone zone = ZoneOf(context);
  const auto* values = input.data<From>();
  for (uint32_t row = 0; row < input.size(); ++row) {
    if (result->is_null(row)) continue;
    if constexpr (internal::IsStatusOr<typename Traits::Result>::value) {
      ASSIGN_OR_RETURN(auto value, F(zone, values[row]));
      internal::Store(result, row, std::move(value));
    } else {
      internal::Store(result, row, F(zone, values[row]));
    }
  }
  return absl::OkStatus();
}

int64_t DateToTimestamp(int32_t days) {
  if (days == types::kDateInfinity) return types::kTimestampInfinity;
  if (days == types::kDateMinusInfinity) return types::kTimestampMinusInfinity;
  return days * types::kMicrosecondsPerDay;
}

absl::StatusOr<int64_t> CheckedDateToTimestamp(int32_t days) {
  constexpr int64_t kLast = int64_t{9'223'371'331'200'000'000} / types::kMicrosecondsPerDay;
  if (types::IsFiniteDate(days) && days >= kLast) {
    return Error(sqlstate::kDatetimeOverflow, "date out of range for timestamp");
  }
  return DateToTimestamp(days);
}

int32_t TimestampToDate(int64_t us) {
  if (us == types::kTimestampInfinity) return types::kDateInfinity;
  if (us == types::kTimestampMinusInfinity) return types::kDateMinusInfinity;
  const int64_t days = us / types::kMicrosecondsPerDay;
  return static_cast<int32_t>(days - (us % types::kMicrosecondsPerDay < 0 ? 1 : 0));
}

int64_t TimeOfDay(int64_t us) {
  const int64_t rest = us % types::kMicrosecondsPerDay;
  return rest < 0 ? rest + types::kMicrosecondsPerDay : rest;
}

std::optional<int64_t> TimestampToTime(int64_t us) {
  if (!types::IsFiniteTimestamp(us)) return std::nullopt;
  return TimeOfDay(us);
}

// 22008 where the zone's offset leads past the end of the calendar.
absl::StatusOr<int64_t> InRange(int64_t us) {
  if (types::IsFiniteTimestamp(us) && !types::IsValidTimestamp(us)) {
    return Error(sqlstate::kDatetimeOverflow, "timestamp out of range");
  }
  return us;
}

absl::StatusOr<int64_t> DateToInstant(const absl::TimeZone& zone, int32_t days) {
  ASSIGN_OR_RETURN(const int64_t local, CheckedDateToTimestamp(days));
  auto instant = InRange(types::LocalToUtc(zone, local));
  if (!instant.ok()) return Error(sqlstate::kDatetimeOverflow, "date out of range for timestamp");
  return instant;
}

void AddDatetimes(CatalogBuilder& builder) {
  const TypeId date = TypeId::kDate;
  const TypeId local = TypeId::kTimestamp;
  const TypeId zoned = TypeId::kTimestamptz;
  builder.AddCast(date, local, kImplicit,
                  Convert<[](int32_t x) { return CheckedDateToTimestamp(x); }>);
  builder.AddCast(date, zoned, kImplicit,
                  ConvertWithZone<[](const absl::TimeZone& zone, int32_t x) {
                    return DateToInstant(zone, x);
                  }>);
  builder.AddCast(local, date, kAssignment, Convert<[](int64_t x) { return TimestampToDate(x); }>);
  builder.AddCast(local, zoned, kImplicit,
                  ConvertWithZone<[](const absl::TimeZone& zone, int64_t x) {
                    return InRange(types::LocalToUtc(zone, x));
                  }>);
  builder.AddCast(zoned, local, kAssignment,
                  ConvertWithZone<[](const absl::TimeZone& zone, int64_t x) {
                    return InRange(types::UtcToLocal(zone, x));
                  }>);
  builder.AddCast(zoned, date, kAssignment,
                  ConvertWithZone<[](const absl::TimeZone& zone, int64_t x) {
                    return TimestampToDate(types::UtcToLocal(zone, x));
                  }>);
  builder.AddCast(local, TypeId::kTime, kAssignment,
                  Convert<[](int64_t x) { return TimestampToTime(x); }>);
  builder.AddCast(zoned, TypeId::kTime, kAssignment,
                  ConvertWithZone<[](const absl::TimeZone& zone, int64_t x) {
                    return TimestampToTime(types::UtcToLocal(zone, x));
                  }>);
  builder.AddCast(TypeId::kTime, TypeId::kInterval, kImplicit, Convert<[](int64_t x) {
                    return Interval{x, 0, 0};
                  }>);
  builder.AddCast(TypeId::kInterval, TypeId::kTime, kAssignment,
                  Convert<[](const Interval& x) { return TimeOfDay(x.microseconds); }>);
}

// Strings of one physical content.
absl::Status ShareStrings(const EvaluationContext& context, const Vector& input, bool is_explicit,
                          Vector* result) {
  return Map<[](const std::string_view& x) { return x; }>(context, {&input}, input.size(), result);
}

absl::Status TrimPadding(const EvaluationContext& context, const Vector& input, bool is_explicit,
                         Vector* result) {
  return Map<[](const std::string_view& x) { return types::TrimBlanks(x); }>(context, {&input},
                                                                             input.size(), result);
}

absl::Status ToName(const EvaluationContext& context, const Vector& input, bool is_explicit,
                    Vector* result) {
  const bool padded = input.type().id == TypeId::kBpchar;
  const auto* values = input.data<std::string_view>();
  result->ShareStrings(input);
  for (uint32_t row = 0; row < input.size(); ++row) {
    if (result->is_null(row)) continue;
    result->data<std::string_view>()[row] =
        types::FitName(padded ? types::TrimBlanks(values[row]) : values[row]);
  }
  return absl::OkStatus();
}

absl::Status ToFirstByte(const EvaluationContext& context, const Vector& input, bool is_explicit,
                         Vector* result) {
  const auto* texts = input.data<std::string_view>();
  for (uint32_t row = 0; row < input.size(); ++row) {
    if (result->is_null(row)) continue;
    RETURN_IF_ERROR(types::ParseTextInto(texts[row], types::TextOptions{}, result, row));
  }
  return absl::OkStatus();
}

// Whether values are numbers of objects whose names the catalog knows.
bool IsNamed(TypeId id) {
  return id == TypeId::kRegclass || id == TypeId::kRegnamespace || id == TypeId::kRegproc ||
         id == TypeId::kRegtype;
}

absl::Status ToText(const EvaluationContext& context, const Vector& input, bool is_explicit,
                    Vector* result);

// An array of such values, as text.
absl::Status FormatNames(const EvaluationContext& context, const Vector& input, uint32_t row,
                         std::string* text) {
  const types::ArrayView array(input.data<std::string_view>()[row], input.type().id);
  const Vector numbers = array.Elements();
  Vector names({TypeId::kText, 0});
  names.Resize(array.size());
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.is_null(i)) names.SetNull(i);
  }
  RETURN_IF_ERROR(ToText(context, numbers, false, &names));
  types::ArrayBuilder builder(TypeId::kTextArray);
  for (uint32_t i = 0; i < array.size(); ++i) builder.Add(names, i);
  types::FormatArray(builder.Finish(array.shape()), {TypeId::kTextArray, 0}, {}, text);
  return absl::OkStatus();
}

// The output function.
absl::Status ToText(const EvaluationContext& context, const Vector& input, bool is_explicit,
                    Vector* result) {
  const TypeId from = input.type().id;
  const types::TextOptions options = OptionsOf(context);
  std::string text;
  for (uint32_t row = 0; row < input.size(); ++row) {
    if (result->is_null(row)) continue;
    if (text.capacity() > internal::kLargeArguments) text = std::string();
    text.clear();
    const size_t bytes = internal::ScratchOf({&input}, row);
    RETURN_IF_ERROR(context.Handled(bytes + 64));
    ScratchMemory scratch(context);
    if (bytes > internal::kLargeArguments) RETURN_IF_ERROR(scratch.Take(3 * bytes));
    if (from == TypeId::kBool) {
      text = input.data<uint8_t>()[row] != 0 ? "true" : "false";
    } else if (IsNamed(from) && context.catalog != nullptr) {
      const char* const output = from == TypeId::kRegclass       ? "regclassout"
                                 : from == TypeId::kRegnamespace ? "regnamespaceout"
                                 : from == TypeId::kRegtype      ? "regtypeout"
                                                                 : "regprocout";
      ASSIGN_OR_RETURN(const types::Value name, context.catalog->Call(output, {input.Get(row)}));
      if (name.is_null()) {
        types::FormatText(input, row, options, &text);
      } else {
        text = name.bytes();
      }
    } else if (types::IsArray(from) && IsNamed(types::ElementOf(from)) &&
               context.catalog != nullptr) {
      RETURN_IF_ERROR(FormatNames(context, input, row, &text));
    } else {
      types::FormatText(input, row, options, &text);
    }
    result->data<std::string_view>()[row] = result->arena()->Add(text);
  }
  return absl::OkStatus();
}

// An object's name as its number, which the catalog knows. Nothing for types that are not numbers
// of objects, and for texts that are numbers already.
struct ObjectLookup {
  const char* function;
  std::string_view sqlstate;
  const char* kind;
};
std::optional<ObjectLookup> LookupOf(TypeId type, std::string_view text) {
  if (text.empty() || text == "-" || (text[0] >= '0' && text[0] <= '9')) return std::nullopt;
  switch (type) {
    case TypeId::kRegclass:
      return ObjectLookup{"to_regclass", sqlstate::kUndefinedTable, "relation"};
    case TypeId::kRegnamespace:
      return ObjectLookup{"to_regnamespace", sqlstate::kInvalidSchemaName, "schema"};
    case TypeId::kRegtype:
      return ObjectLookup{"to_regtype", sqlstate::kUndefinedObject, "type"};
    case TypeId::kRegproc:
      return ObjectLookup{"regprocin", sqlstate::kUndefinedFunction, "function"};
    default:
      return std::nullopt;
  }
}

// The input function. It applies the modifier, but a string's length only when it may truncate.
absl::Status FromText(const EvaluationContext& context, const Vector& input, bool is_explicit,
                      Vector* result) {
  const types::TextOptions options = OptionsOf(context);
  const auto* values = input.data<std::string_view>();
  const TypeId to = result->type().id;
  for (uint32_t row = 0; row < input.size(); ++row) {
    if (result->is_null(row)) continue;
    const std::string_view text = values[row];
    RETURN_IF_ERROR(context.Handled(text.size() + 64));
    ScratchMemory scratch(context);
    if (text.size() > internal::kLargeArguments) {
      // jsonb of many small parts, and what it is made of, take more than its text.
      const size_t times = to == TypeId::kJsonb ? 8 : 2;
      RETURN_IF_ERROR(scratch.Take(times * internal::ScratchOf({&input}, row)));
    }
    const auto lookup = context.catalog == nullptr ? std::nullopt : LookupOf(to, text);
    if (lookup.has_value()) {
      ASSIGN_OR_RETURN(
          const types::Value oid,
          context.catalog->Call(lookup->function, {types::Value::Text(std::string(text))}));
      if (oid.is_null()) {
        return Error(lookup->sqlstate,
                     std::string(lookup->kind) + " \"" + std::string(text) + "\" does not exist");
      }
      result->data<int64_t>()[row] = oid.int_value();
      continue;
    }
    RETURN_IF_ERROR(types::ParseTextInto(text, options, result, row));
    if (to == TypeId::kJsonpath)
      RETURN_IF_ERROR(CheckJsonpathRegexes(result->data<std::string_view>()[row]));
  }
  return absl::OkStatus();
}

// Every type that is no string, arrays too.
std::vector<TypeId> TypesWithText() {
  std::vector<TypeId> ids;
  for (const TypeId id : types::PlainTypes()) {
    if (!types::IsString(id)) ids.push_back(id);
    if (types::ArrayOf(id) != TypeId::kUnspecified) ids.push_back(types::ArrayOf(id));
  }
  return ids;
}

void AddStringCasts(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  const TypeId varchar = TypeId::kVarchar;
  const TypeId bpchar = TypeId::kBpchar;
  const TypeId name = TypeId::kName;
  const TypeId byte = TypeId::kChar;
  for (const TypeId from : TypesWithText()) {
    for (const TypeId string : {text, varchar, bpchar}) {
      builder.AddCast(from, string, kAssignment, ToText);
      builder.AddCast(string, from, kExplicit, FromText);
    }
    for (const TypeId string : {name, byte}) {
      builder.AddCast(from, string, kExplicit, ToText);
      builder.AddCast(string, from, kExplicit, FromText);
    }
    builder.AddCast(TypeId::kUnknown, from, kImplicit, FromText);
    builder.AddCast(from, TypeId::kUnknown, kExplicit, ToText);
  }
  builder.AddCast(TypeId::kText, TypeId::kRegclass, kImplicit, FromText);
  builder.AddCast(TypeId::kVarchar, TypeId::kRegclass, kImplicit, FromText);
  for (const TypeId string : {text, varchar, bpchar, name, byte}) {
    // Through the input function only where validation or cutting is due.
    builder.AddCast(TypeId::kUnknown, string, kImplicit,
                    string == name   ? ToName
                    : string == byte ? ToFirstByte
                                     : ShareStrings);
    builder.AddCast(string, TypeId::kUnknown, kExplicit, string == byte ? ToText : ShareStrings);
  }
  builder.AddCast(text, varchar, kImplicit, ShareStrings);
  builder.AddCast(text, bpchar, kImplicit, ShareStrings);
  builder.AddCast(varchar, text, kImplicit, ShareStrings);
  builder.AddCast(varchar, bpchar, kImplicit, ShareStrings);
  builder.AddCast(bpchar, text, kImplicit, TrimPadding);
  builder.AddCast(bpchar, varchar, kImplicit, TrimPadding);
  builder.AddCast(name, text, kImplicit, ShareStrings);
  builder.AddCast(name, varchar, kAssignment, ShareStrings);
  builder.AddCast(name, bpchar, kAssignment, ShareStrings);
  for (const TypeId string : {text, varchar, bpchar}) {
    builder.AddCast(string, name, kImplicit, ToName);
    builder.AddCast(string, byte, kAssignment, ToFirstByte);
  }
  builder.AddCast(byte, text, kImplicit, ToText);
  builder.AddCast(byte, varchar, kAssignment, ToText);
  builder.AddCast(byte, bpchar, kAssignment, ToText);
  builder.AddCast(byte, name, kExplicit, ToText);
  builder.AddCast(name, byte, kExplicit, ToFirstByte);
  builder.AddCast(byte, TypeId::kInt4, kExplicit, Convert<[](const std::string_view& x) {
                    return x.empty() ? int32_t{0} : int32_t{static_cast<signed char>(x[0])};
                  }>);
  builder.AddCast(TypeId::kInt4, byte, kExplicit,
                  Convert<[](int32_t x) -> absl::StatusOr<std::string> {
                    if (x != static_cast<signed char>(x)) {
                      return Error(sqlstate::kNumericOutOfRange, "\"char\" out of range");
                    }
                    return x == 0 ? std::string() : std::string(1, static_cast<char>(x));
                  }>);
}

}  // namespace

void AddCasts(CatalogBuilder& builder) {
  AddStringCasts(builder);
  AddNumbers(builder);
  AddOids(builder);
  AddDatetimes(builder);
}

}  // namespace adbms::sql::functions
