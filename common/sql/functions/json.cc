// json: stored as text, navigated by scanning. Values are valid JSON: their type has checked them.
#include <optional>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/unicode.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/number_text.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Vector;
using View = std::string_view;

View SkipSpaces(View text) {
  while (!text.empty() && types::IsSpace(text.front())) text.remove_prefix(1);
  return text;
}

// Bytes of the string literal at the start of `text`.
size_t StringLength(View text) {
  size_t i = 1;
  while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

// Bytes of the value at the start of `text`.
size_t ValueLength(View text) {
  if (text.empty()) return 0;
  if (text[0] == '"') return StringLength(text);
  if (text[0] != '{' && text[0] != '[') {
    size_t i = 0;
    while (i < text.size() && View(",]} \t\r\n").find(text[i]) == View::npos) ++i;
    return i;
  }
  int depth = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      i += StringLength(text.substr(i));
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++i;
    if (depth == 0) return i;
  }
  return text.size();
}

uint32_t HexValue(View digits) {
  uint32_t value = 0;
  for (const char c : digits) {
    value = value * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

// The text of a string literal, quotes included in `literal`.
std::string Unescape(View literal) {
  std::string out;
  for (size_t i = 1; i + 1 < literal.size(); ++i) {
    if (literal[i] != '\\') {
      out.push_back(literal[i]);
      continue;
    }
    const char c = literal[++i];
    switch (c) {
      case 'b':
        out.push_back('\b');
        break;
      case 'f':
        out.push_back('\f');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 'r':
        out.push_back('\r');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 'u': {
        char32_t code = HexValue(literal.substr(i + 1, 4));
        i += 4;
        const bool high = code >= 0xd800 && code < 0xdc00;
        if (high && i + 6 < literal.size() && literal[i + 1] == '\\' && literal[i + 2] == 'u') {
          code = 0x10000 + ((code - 0xd800) << 10) + (HexValue(literal.substr(i + 3, 4)) - 0xdc00);
          i += 6;
        }
        AppendCharacter(code, &out);
        break;
      }
      default:
        out.push_back(c);
    }
  }
  return out;
}

// Calls visit(key, value) for each member, or visit("", value) for each element, until it returns
// false.
template <typename Visit>
void ForEach(View json, Visit visit) {
  json = SkipSpaces(json);
  const bool object = !json.empty() && json[0] == '{';
  if (json.empty() || (!object && json[0] != '[')) return;
  json = SkipSpaces(json.substr(1));
  while (!json.empty() && json[0] != '}' && json[0] != ']') {
    View key;
    if (object) {
      key = json.substr(0, StringLength(json));
      json = SkipSpaces(json.substr(key.size()));
      if (!json.empty()) json.remove_prefix(1);  // ':'
      json = SkipSpaces(json);
    }
    const View value = json.substr(0, ValueLength(json));
    if (!visit(key, value)) return;
    json = SkipSpaces(json.substr(value.size()));
    if (!json.empty() && json[0] == ',') json = SkipSpaces(json.substr(1));
  }
}

std::optional<View> Member(View json, View key) {
  std::optional<View> found;
  if (SkipSpaces(json).substr(0, 1) != "{") return found;
  ForEach(json, [&](View name, View value) {
    if (Unescape(name) == key) found = value;  // The last of equal keys counts.
    return true;
  });
  return found;
}

std::optional<View> Element(View json, int64_t index) {
  std::optional<View> found;
  if (SkipSpaces(json).substr(0, 1) != "[") return found;
  int64_t count = 0;
  if (index < 0) {
    ForEach(json, [&](View, View) { return ++count, true; });
    index += count;
    if (index < 0) return found;
    count = 0;
  }
  ForEach(json, [&](View, View value) {
    if (count++ != index) return true;
    found = value;
    return false;
  });
  return found;
}

std::optional<std::string> AsText(std::optional<View> value) {
  if (!value.has_value() || *value == "null") return std::nullopt;
  if ((*value)[0] == '"') return Unescape(*value);
  return std::string(*value);
}

std::optional<View> GetMember(const View& json, const View& key) { return Member(json, key); }
std::optional<View> GetElement(const View& json, int32_t index) { return Element(json, index); }
std::optional<std::string> GetMemberText(const View& json, const View& key) {
  return AsText(Member(json, key));
}
std::optional<std::string> GetElementText(const View& json, int32_t index) {
  return AsText(Element(json, index));
}

View TypeOfJson(const View& json) {
  const View text = SkipSpaces(json);
  switch (text.empty() ? '\0' : text[0]) {
    case '{':
      return "object";
    case '[':
      return "array";
    case '"':
      return "string";
    case 't':
    case 'f':
      return "boolean";
    case 'n':
      return "null";
    default:
      return "number";
  }
}

int32_t ArrayLength(const View& json) {
  int32_t count = 0;
  ForEach(json, [&](View, View) { return ++count, true; });
  return count;
}

void AppendJsonString(View text, std::string* out) {
  constexpr View kHex = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\b':
        *out += "\\b";
        break;
      case '\f':
        *out += "\\f";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          *out += "\\u00";
          out->push_back(kHex[static_cast<size_t>(c) >> 4]);
          out->push_back(kHex[static_cast<size_t>(c) & 15]);
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

// One value as PostgreSQL's to_json: numbers and booleans bare, times in ISO 8601.
absl::Status AppendJsonValue(const Vector& argument, uint32_t row,
                             const types::TextOptions& options, std::string* out) {
  const TypeId type = argument.type().id;
  if (argument.is_null(row)) {
    *out += "null";
    return absl::OkStatus();
  }
  if (types::IsArray(type)) return status::NotSupported("an array as json");
  if (type == TypeId::kBool) {
    *out += argument.data<uint8_t>()[row] != 0 ? "true" : "false";
    return absl::OkStatus();
  }
  std::string text;
  types::FormatText(argument, row, options, &text);
  const bool number =
      types::IsNumber(type) && text != "NaN" && text != "Infinity" && text != "-Infinity";
  if (number || type == TypeId::kJson) {
    *out += text;
    return absl::OkStatus();
  }
  if (type == TypeId::kTimestamp || type == TypeId::kTimestamptz) {
    if (const size_t space = text.find(' '); space != std::string::npos) text[space] = 'T';
    // "+02" is "+02:00" there.
    const size_t sign = text.find_last_of("+-");
    if (type == TypeId::kTimestamptz && sign != std::string::npos && sign > 10 &&
        text.size() == sign + 3)
      text += ":00";
  }
  AppendJsonString(text, out);
  return absl::OkStatus();
}

template <bool kObject>
absl::Status BuildJson(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t rows, Vector* result) {
  const types::TextOptions options = OptionsOf(context);
  if (kObject && arguments.size() % 2 != 0) {
    return status::Error(status::sqlstate::kInvalidParameterValue,
                         "argument list must have even number of elements", {},
                         "The arguments of json_build_object() must consist of alternating keys "
                         "and values.");
  }
  std::string out;
  std::string key;
  for (uint32_t row = 0; row < rows; ++row) {
    out = kObject ? "{" : "[";
    for (size_t i = 0; i < arguments.size(); ++i) {
      if (i > 0 && (!kObject || i % 2 == 0)) out += ", ";
      if (kObject && i % 2 == 0) {
        if (arguments[i]->is_null(row)) {
          return status::Error(status::sqlstate::kInvalidParameterValue,
                               "argument " + std::to_string(i + 1) + " cannot be null", {},
                               "Object keys should be text.");
        }
        key.clear();
        types::FormatText(*arguments[i], row, options, &key);
        AppendJsonString(key, &out);
        out += " : ";
      } else {
        RETURN_IF_ERROR(AppendJsonValue(*arguments[i], row, options, &out));
      }
    }
    out += kObject ? "}" : "]";
    result->data<View>()[row] = result->arena()->Add(out);
  }
  return absl::OkStatus();
}

View EmptyObject() { return "{}"; }
View EmptyArray() { return "[]"; }

}  // namespace

void AddJson(CatalogBuilder& builder) {
  const TypeId json = TypeId::kJson;
  const TypeId text = TypeId::kText;
  const TypeId int4 = TypeId::kInt4;
  builder.AddOperator("->", {json, text}, json, Map<GetMember>);
  builder.AddOperator("->", {json, int4}, json, Map<GetElement>);
  builder.AddOperator("->>", {json, text}, text, Map<GetMemberText>);
  builder.AddOperator("->>", {json, int4}, text, Map<GetElementText>);
  const FunctionOptions any_number = {false, true, Volatility::kStable};
  builder.AddFunction("json_build_object", {}, json, Map<EmptyObject>);
  builder.AddFunction("json_build_object", {TypeId::kUnspecified}, json, BuildJson<true>,
                      any_number);
  builder.AddFunction("json_build_array", {}, json, Map<EmptyArray>);
  builder.AddFunction("json_build_array", {TypeId::kUnspecified}, json, BuildJson<false>,
                      any_number);
  builder.AddFunction("json_typeof", {json}, text, Map<TypeOfJson>);
  builder.AddFunction("json_array_length", {json}, int4, Map<ArrayLength>);
}

}  // namespace adbms::sql::functions
