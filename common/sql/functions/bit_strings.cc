// bit and bit varying: operators, functions and casts.
#include <algorithm>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bit_string.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

constexpr std::string_view kSubscriptError = "2202E";
constexpr std::string_view kSubstringError = "22011";

template <char kOperator>
absl::StatusOr<std::string> Combine(const View& a, const View& b) {
  constexpr const char* kWords = kOperator == '&' ? "AND" : kOperator == '|' ? "OR" : "XOR";
  if (a.size() != b.size())
    return status::Error("22026",
                         std::string("cannot ") + kWords + " bit strings of different sizes");
  std::string result(a);
  for (size_t i = 0; i < a.size(); ++i) {
    const bool x = a[i] == '1';
    const bool y = b[i] == '1';
    const bool bit = kOperator == '&' ? x && y : kOperator == '|' ? x || y : x != y;
    result[i] = bit ? '1' : '0';
  }
  return result;
}

std::string Not(const View& bits) {
  std::string result(bits);
  for (char& c : result) c = c == '1' ? '0' : '1';
  return result;
}

// To the left by that many places; what comes in is zeros.
std::string Shift(View bits, int64_t by) {
  const auto length = static_cast<int64_t>(bits.size());
  std::string result(bits.size(), '0');
  for (int64_t i = 0; i < length; ++i) {
    const int64_t from = i + by;
    if (from >= 0 && from < length)
      result[static_cast<size_t>(i)] = bits[static_cast<size_t>(from)];
  }
  return result;
}

absl::StatusOr<std::string> Concatenate(const View& a, const View& b) {
  if (a.size() + b.size() > kLargestText) return TooLong(a.size() + b.size());
  std::string result(a);
  result.append(b);
  return result;
}

// Characters `from` to before `end`, counted from 1.
std::string Between(View bits, int64_t from, int64_t end) {
  const auto length = static_cast<int64_t>(bits.size());
  from = std::clamp<int64_t>(from, 1, length + 1);
  end = std::clamp<int64_t>(end, from, length + 1);
  return std::string(bits.substr(static_cast<size_t>(from - 1), static_cast<size_t>(end - from)));
}
std::string Substring(const View& bits, int32_t from) {
  return Between(bits, from, static_cast<int64_t>(bits.size()) + 1);
}
absl::StatusOr<std::string> SubstringFor(const View& bits, int32_t from, int32_t count) {
  if (count < 0) return status::Error(kSubstringError, "negative substring length not allowed");
  return Between(bits, from, int64_t{from} + count);
}
absl::StatusOr<std::string> OverlayFor(const View& bits, const View& by, int32_t from,
                                       int32_t count) {
  if (from <= 0) return status::Error(kSubstringError, "negative substring length not allowed");
  const auto length = static_cast<int64_t>(bits.size());
  std::string result = Between(bits, 1, from);
  result.append(by);
  return result.append(Between(bits, std::max<int64_t>(int64_t{from} + count, 1), length + 1));
}
absl::StatusOr<std::string> Overlay(const View& bits, const View& by, int32_t from) {
  return OverlayFor(bits, by, from, static_cast<int32_t>(by.size()));
}

int32_t Position(const View& part, const View& whole) {
  if (whole.empty()) return 0;
  if (part.empty()) return 1;
  const size_t at = whole.find(part);
  return at == View::npos ? 0 : static_cast<int32_t>(at) + 1;
}

int32_t Length(const View& bits) { return static_cast<int32_t>(bits.size()); }
int32_t Octets(const View& bits) { return static_cast<int32_t>((bits.size() + 7) / 8); }
int64_t Count(const View& bits) { return std::count(bits.begin(), bits.end(), '1'); }

absl::Status CheckIndex(View bits, int32_t index) {
  if (index >= 0 && static_cast<size_t>(index) < bits.size()) return absl::OkStatus();
  return status::Error(kSubscriptError,
                       "bit index " + std::to_string(index) + " out of valid range (0.." +
                           std::to_string(static_cast<int64_t>(bits.size()) - 1) + ")");
}
absl::StatusOr<int32_t> GetBit(const View& bits, int32_t index) {
  RETURN_IF_ERROR(CheckIndex(bits, index));
  return bits[static_cast<size_t>(index)] - '0';
}
absl::StatusOr<std::string> SetBit(const View& bits, int32_t index, int32_t value) {
  RETURN_IF_ERROR(CheckIndex(bits, index));
  if (value != 0 && value != 1)
    return status::Error(sqlstate::kInvalidParameterValue, "new bit must be 0 or 1");
  std::string result(bits);
  result[static_cast<size_t>(index)] = static_cast<char>('0' + value);
  return result;
}

// The lowest bits of the number in as many places as bit(n) has.
template <typename T>
absl::Status FromInteger(const EvaluationContext& context, const Vector& input, bool is_explicit,
                         Vector* result) {
  const types::Type type = result->type();
  const size_t length = type.modifier == 0 ? 1 : static_cast<size_t>(types::PgTypmod(type));
  const auto* values = input.data<T>();
  for (uint32_t row = 0; row < input.size(); ++row) {
    if (result->is_null(row)) continue;
    RETURN_IF_ERROR(context.Handled(length));
    std::string bits(length, values[row] < 0 ? '1' : '0');
    for (size_t place = 0; place < std::min(length, sizeof(T) * 8); ++place)
      bits[length - 1 - place] = (values[row] >> place & 1) != 0 ? '1' : '0';
    result->data<View>()[row] = result->arena()->Add(bits);
  }
  return absl::OkStatus();
}

template <typename T>
absl::StatusOr<T> ToInteger(const View& bits) {
  if (bits.size() > sizeof(T) * 8)
    return status::Error(sqlstate::kNumericOutOfRange,
                         sizeof(T) == 4 ? "integer out of range" : "bigint out of range");
  uint64_t value = 0;
  for (const char c : bits) value = value << 1 | (c == '1' ? 1 : 0);
  return static_cast<T>(value);
}

template <auto F>
absl::Status Cast(const EvaluationContext& context, const Vector& input, bool is_explicit,
                  Vector* result) {
  return Map<F>(context, {&input}, input.size(), result);
}

}  // namespace

void AddBitStrings(CatalogBuilder& builder) {
  constexpr TypeId kInt4 = TypeId::kInt4;
  constexpr TypeId kInt8 = TypeId::kInt8;
  constexpr TypeId kBit = TypeId::kBit;
  constexpr TypeId kVarbit = TypeId::kVarbit;
  builder.AddOperator("||", {kVarbit, kVarbit}, kVarbit, Map<Concatenate>);
  builder.AddOperator("&", {kBit, kBit}, kBit, Map<Combine<'&'>>, "&");
  builder.AddOperator("|", {kBit, kBit}, kBit, Map<Combine<'|'>>, "|");
  builder.AddOperator("#", {kBit, kBit}, kBit, Map<Combine<'#'>>, "#");
  builder.AddOperator("~", {kBit}, kBit, Map<Not>);
  builder.AddOperator("<<", {kBit, kInt4}, kBit,
                      Map<[](const View& x, int32_t n) { return Shift(x, n); }>);
  builder.AddOperator(">>", {kBit, kInt4}, kBit,
                      Map<[](const View& x, int32_t n) { return Shift(x, -int64_t{n}); }>);
  builder.AddFunction("substring", {kBit, kInt4}, kBit, Map<Substring>);
  builder.AddFunction("substring", {kBit, kInt4, kInt4}, kBit, Map<SubstringFor>);
  builder.AddFunction("overlay", {kBit, kBit, kInt4}, kBit, Map<Overlay>);
  builder.AddFunction("overlay", {kBit, kBit, kInt4, kInt4}, kBit, Map<OverlayFor>);
  builder.AddFunction(
      "position", {kBit, kBit}, kInt4,
      Map<[](const View& whole, const View& part) { return Position(part, whole); }>);
  for (const char* name : {"length", "bit_length"})
    builder.AddFunction(name, {kBit}, kInt4, Map<Length>);
  builder.AddFunction("octet_length", {kBit}, kInt4, Map<Octets>);
  builder.AddFunction("bit_count", {kBit}, kInt8, Map<Count>);
  builder.AddFunction("get_bit", {kBit, kInt4}, kInt4, Map<GetBit>);
  builder.AddFunction("set_bit", {kBit, kInt4, kInt4}, kBit, Map<SetBit>);
  builder.AddCast(kInt4, kBit, CastContext::kExplicit, FromInteger<int32_t>);
  builder.AddCast(kInt8, kBit, CastContext::kExplicit, FromInteger<int64_t>);
  builder.AddCast(kBit, kInt4, CastContext::kExplicit, Cast<ToInteger<int32_t>>);
  builder.AddCast(kBit, kInt8, CastContext::kExplicit, Cast<ToInteger<int64_t>>);
  constexpr auto kSame = [](const View& x) { return x; };
  builder.AddCast(kBit, kVarbit, CastContext::kImplicit, Cast<kSame>);
  builder.AddCast(kVarbit, kBit, CastContext::kImplicit, Cast<kSame>);
}

}  // namespace adbms::sql::functions
