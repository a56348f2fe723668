// Texts that are read as PostgreSQL's utilities write them: qualified names, sizes in memory units.
#include <cctype>
#include <cmath>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::ArrayBuilder;
using types::TypeId;
using types::Vector;
using View = std::string_view;
using Arguments = std::vector<const Vector*>;
namespace sqlstate = status::sqlstate;

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool StartsName(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool ContinuesName(char c) { return StartsName(c) || IsDigit(c) || c == '$'; }

size_t SkipSpace(View text, size_t at) {
  while (at < text.size() && IsSpace(text[at])) ++at;
  return at;
}

absl::Status NoIdentifier(View text, View detail = {}) {
  return status::Error(sqlstate::kInvalidParameterValue,
                       "string is not a valid identifier: \"" + std::string(text) + "\"", detail);
}

// One name from `*at` on, which is moved behind it; empty: there is none.
absl::StatusOr<std::string> TakeName(View text, size_t* at) {
  std::string name;
  if (*at >= text.size()) return name;
  if (text[*at] != '"') {
    if (!StartsName(text[*at])) return name;
    for (; *at < text.size() && ContinuesName(text[*at]); ++*at) {
      const char c = text[*at];
      name.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
    return name;
  }
  for (++*at;; ++*at) {
    if (*at >= text.size()) return NoIdentifier(text, "String has unclosed double quotes.");
    if (text[*at] != '"') {
      name.push_back(text[*at]);
      continue;
    }
    if (*at + 1 >= text.size() || text[*at + 1] != '"') break;
    name.push_back('"');
    ++*at;
  }
  ++*at;
  if (name.empty()) return NoIdentifier(text, "Quoted identifier must not be empty.");
  return name;
}

// parse_ident(text, strict)
absl::Status ParseIdent(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                        Vector* result) {
  const View text = arguments[0]->data<View>()[row];
  const bool strict = arguments.size() < 2 || arguments[1]->data<uint8_t>()[row] != 0;
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(scratch.Take(8 * text.size() + 64));
  RETURN_IF_ERROR(context.Handled(text.size() + 64));
  ArrayBuilder names(TypeId::kTextArray);
  bool after_dot = false;
  for (size_t at = SkipSpace(text, 0);;) {
    ASSIGN_OR_RETURN(const std::string name, TakeName(text, &at));
    if (name.empty()) {
      if (at < text.size() && text[at] == '.')
        return NoIdentifier(text, "No valid identifier before \".\".");
      return NoIdentifier(text, after_dot ? "No valid identifier after \".\"." : "");
    }
    names.AddBytes(name);
    at = SkipSpace(text, at);
    if (at < text.size() && text[at] == '.') {
      after_dot = true;
      at = SkipSpace(text, at + 1);
      continue;
    }
    if (at < text.size() && strict) return NoIdentifier(text);
    break;
  }
  return StoreArray(names.Finish(), row, result);
}

// The number at the beginning of the text as it stands there; empty: there is none.
View NumberOf(View text) {
  size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  bool digits = false;
  for (; at < text.size() && IsDigit(text[at]); ++at) digits = true;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && IsDigit(text[at]); ++at) digits = true;
  }
  if (!digits) return {};
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    size_t exponent = at + 1;
    if (exponent < text.size() && (text[exponent] == '-' || text[exponent] == '+')) ++exponent;
    const size_t first = exponent;
    while (exponent < text.size() && IsDigit(text[exponent])) ++exponent;
    if (exponent > first) at = exponent;
  }
  return text.substr(0, at);
}

absl::StatusOr<int64_t> SizeBytes(const View& whole) {
  const auto invalid = [&](const std::string& detail, const std::string& hint) {
    return status::Error(sqlstate::kInvalidParameterValue,
                         "invalid size: \"" + std::string(whole) + "\"", detail, hint);
  };
  View text = whole.substr(SkipSpace(whole, 0));
  const View number = NumberOf(text);
  if (number.empty()) return invalid("", "");
  text = text.substr(number.size());
  text = text.substr(SkipSpace(text, 0));
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  long double factor = 1;
  if (!text.empty()) {
    constexpr absl::string_view kUnits[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    while (unit < std::size(kUnits) &&
           !absl::EqualsIgnoreCase(kUnits[unit], absl::string_view(text.data(), text.size())))
      ++unit;
    if (unit == std::size(kUnits))
      return invalid("Invalid size unit: \"" + std::string(text) + "\".",
                     "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".");
    factor = std::ldexp(static_cast<long double>(1), static_cast<int>(10 * unit));
  }
  const long double bytes = std::round(std::strtold(std::string(number).c_str(), nullptr) * factor);
  constexpr long double kLimit = 9223372036854775808.0L;
  if (!(bytes >= -kLimit && bytes < kLimit))
    return status::Error(sqlstate::kNumericOutOfRange, "bigint out of range");
  return static_cast<int64_t>(bytes);
}

}  // namespace

void AddTextReaders(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  builder.AddFunction("parse_ident", {text}, TypeId::kTextArray, MapAny<ParseIdent>);
  builder.AddFunction("parse_ident", {text, TypeId::kBool}, TypeId::kTextArray, MapAny<ParseIdent>);
  builder.AddFunction("pg_size_bytes", {text}, TypeId::kInt8, Map<SizeBytes>);
}

}  // namespace adbms::sql::functions
