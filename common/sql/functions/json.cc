// json: stored as text, navigated by scanning. Values are valid JSON: their type has checked them.
#include <optional>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/json_scan.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/number_text.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Vector;
using View = std::string_view;

std::optional<View> GetMember(const View& json, const View& key) { return JsonMember(json, key); }
std::optional<View> GetElement(const View& json, int32_t index) { return JsonElement(json, index); }
std::optional<std::string> GetMemberText(const View& json, const View& key) {
  return JsonAsText(JsonMember(json, key));
}
std::optional<std::string> GetElementText(const View& json, int32_t index) {
  return JsonAsText(JsonElement(json, index));
}

View TypeOfJson(const View& json) {
  const View text = SkipJsonSpaces(json);
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
  ForEachInJson(json, [&](View, View) { return ++count, true; });
  return count;
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

// A scratch text that grew longer is not kept for the next row.
constexpr size_t kScratchKept = size_t{1} << 20;

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
    const size_t bytes = internal::ScratchOf(arguments, row);
    RETURN_IF_ERROR(context.Handled(bytes + 64));
    // A text of its own for each argument, and the whole.
    GrowingText grown(context);
    RETURN_IF_ERROR(grown.Reached(2 * bytes));
    if (out.capacity() > kScratchKept) out = std::string();
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
        RETURN_IF_ERROR(grown.Reached(out.size()));
        out += " : ";
      } else {
        RETURN_IF_ERROR(AppendJsonValue(*arguments[i], row, options, &out));
        RETURN_IF_ERROR(grown.Reached(out.size()));
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
