// json: stored as text, navigated by scanning. Values are valid JSON: their type has checked them.
#include <optional>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/json_scan.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Vector;
using View = std::string_view;

absl::StatusOr<std::optional<View>> GetMember(const View& json, const View& key) {
  RETURN_IF_ERROR(CheckJsonEscapes(json));
  return JsonMember(json, key);
}
absl::StatusOr<std::optional<View>> GetElement(const View& json, int32_t index) {
  RETURN_IF_ERROR(CheckJsonEscapes(json));
  return JsonElement(json, index);
}
absl::StatusOr<std::optional<std::string>> GetMemberText(const View& json, const View& key) {
  ASSIGN_OR_RETURN(const std::optional<View> member, GetMember(json, key));
  return JsonAsText(member);
}
absl::StatusOr<std::optional<std::string>> GetElementText(const View& json, int32_t index) {
  ASSIGN_OR_RETURN(const std::optional<View> element, GetElement(json, index));
  return JsonAsText(element);
}

// What `path` leads to; nothing where a step is NULL.
absl::StatusOr<std::optional<View>> Follow(View json, View path) {
  RETURN_IF_ERROR(CheckJsonEscapes(json));
  const std::vector<types::ArrayElement> steps = types::TextElements(path);
  json = SkipJsonSpaces(json);
  std::optional<View> at = json.substr(0, JsonValueLength(json));
  for (const types::ArrayElement& step : steps) {
    if (step.null) return std::optional<View>();
    if (at.has_value()) at = JsonStep(*at, step.text);
  }
  return at;
}

absl::StatusOr<std::optional<std::string>> GetPath(const View& json, const View& path) {
  // Without steps it is the whole, as it is written.
  ASSIGN_OR_RETURN(const std::optional<View> found, Follow(json, path));
  if (!found.has_value()) return std::optional<std::string>();
  return std::optional<std::string>(
      types::ArrayView(path, TypeId::kTextArray).size() == 0 ? json : *found);
}

absl::StatusOr<std::optional<std::string>> GetPathText(const View& json, const View& path) {
  ASSIGN_OR_RETURN(const std::optional<View> found, Follow(json, path));
  return JsonAsText(found);
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

absl::StatusOr<int32_t> ArrayLength(const View& json) {
  const char first = SkipJsonSpaces(json).empty() ? '\0' : SkipJsonSpaces(json)[0];
  if (first != '[') {
    return status::Error(status::sqlstate::kInvalidParameterValue,
                         first == '{' ? "cannot get array length of a non-array"
                                      : "cannot get array length of a scalar");
  }
  int32_t count = 0;
  ForEachInJson(json, [&](View, View) { return ++count, true; });
  return count;
}

}  // namespace

void AddJson(CatalogBuilder& builder) {
  const TypeId json = TypeId::kJson;
  const TypeId text = TypeId::kText;
  const TypeId int4 = TypeId::kInt4;
  builder.AddOperator("->", {json, text}, json, Map<GetMember>);
  builder.AddOperator("->", {json, int4}, json, Map<GetElement>);
  builder.AddOperator("->>", {json, text}, text, Map<GetMemberText>);
  builder.AddOperator("->>", {json, int4}, text, Map<GetElementText>);
  builder.AddOperator("#>", {json, TypeId::kTextArray}, json, Map<GetPath>);
  builder.AddOperator("#>>", {json, TypeId::kTextArray}, text, Map<GetPathText>);
  builder.AddFunction("json_typeof", {json}, text, Map<TypeOfJson>);
  builder.AddFunction("json_array_length", {json}, int4, Map<ArrayLength>);
}

}  // namespace adbms::sql::functions
