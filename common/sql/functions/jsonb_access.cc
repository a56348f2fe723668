// jsonb: what is in it. Nothing here parses or copies more than what it answers.
#include <cerrno>
#include <cstdlib>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/jsonb_path.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/jsonb_builder.h"
#include "common/types/number_text.h"

namespace adbms::sql::functions {

using status::Error;
using types::Jsonb;
using types::JsonbKind;
using types::TypeId;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

std::optional<Jsonb> JsonbElement(const Jsonb& value, int64_t index) {
  if (value.kind() == JsonbKind::kObject) return std::nullopt;
  const int64_t size = value.IsContainer() ? value.size() : 1;
  if (index < 0) index += size;
  if (index < 0 || index >= size) return std::nullopt;
  return value.IsContainer() ? value.At(static_cast<uint32_t>(index)) : value;
}

std::optional<int32_t> PathIndex(View step) {
  const std::string text(step);
  char* end = nullptr;
  errno = 0;
  const long index = std::strtol(text.c_str(), &end, 10);
  if (end == text.c_str() || *end != '\0' || errno != 0 || index != static_cast<int32_t>(index)) {
    return std::nullopt;
  }
  return static_cast<int32_t>(index);
}

std::optional<Jsonb> JsonbStep(const Jsonb& value, View step) {
  if (value.kind() == JsonbKind::kObject) return value.Find(step);
  if (value.kind() != JsonbKind::kArray) return std::nullopt;
  const std::optional<int32_t> index = PathIndex(step);
  return index.has_value() ? JsonbElement(value, *index) : std::nullopt;
}

std::optional<std::string> JsonbAsText(const std::optional<Jsonb>& value) {
  if (!value.has_value() || value->kind() == JsonbKind::kNull) return std::nullopt;
  if (value->kind() == JsonbKind::kString) return std::string(value->text());
  std::string text;
  types::FormatJsonb(*value, false, &text);
  return text;
}

absl::StatusOr<std::vector<types::ArrayElement>> PathOf(View array) {
  if (types::ArrayView(array, TypeId::kTextArray).shape().dimensions > 1) {
    return Error("2202E", "wrong number of array subscripts");
  }
  return types::TextElements(array);
}

void StoreBytes(View bytes, uint32_t row, Vector* result) {
  result->data<View>()[row] = result->arena()->Add(bytes);
}

namespace {

std::optional<View> BytesOf(const std::optional<Jsonb>& value) {
  return value.has_value() ? std::optional<View>(value->bytes()) : std::nullopt;
}

std::optional<View> GetMember(const View& jsonb, const View& key) {
  return BytesOf(Jsonb(jsonb).Find(key));
}
std::optional<View> GetElement(const View& jsonb, int32_t index) {
  return BytesOf(JsonbElement(Jsonb(jsonb), index));
}
std::optional<std::string> GetMemberText(const View& jsonb, const View& key) {
  return JsonbAsText(Jsonb(jsonb).Find(key));
}
std::optional<std::string> GetElementText(const View& jsonb, int32_t index) {
  return JsonbAsText(JsonbElement(Jsonb(jsonb), index));
}

// What `path` leads to; nothing where a step is NULL.
absl::StatusOr<std::optional<Jsonb>> Follow(View jsonb, View path) {
  const std::vector<types::ArrayElement> steps = types::TextElements(path);
  std::optional<Jsonb> at = Jsonb(jsonb);
  for (const types::ArrayElement& step : steps) {
    if (step.null) return std::optional<Jsonb>();
    if (at.has_value()) at = JsonbStep(*at, step.text);
  }
  return at;
}

absl::StatusOr<std::optional<std::string>> GetPath(const View& jsonb, const View& path) {
  ASSIGN_OR_RETURN(const std::optional<Jsonb> found, Follow(jsonb, path));
  if (!found.has_value()) return std::optional<std::string>();
  return std::optional<std::string>(found->bytes());
}

absl::StatusOr<std::optional<std::string>> GetPathText(const View& jsonb, const View& path) {
  ASSIGN_OR_RETURN(const std::optional<Jsonb> found, Follow(jsonb, path));
  return JsonbAsText(found);
}

// The steps are arguments 1 and on.
template <bool kText>
absl::Status ExtractPath(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                         uint32_t row, Vector* result) {
  std::optional<Jsonb> at = Jsonb(arguments[0]->data<View>()[row]);
  for (size_t i = 1; i < arguments.size() && at.has_value(); ++i) {
    at = JsonbStep(*at, arguments[i]->data<View>()[row]);
  }
  const std::optional<std::string> text =
      kText ? JsonbAsText(at)
            : (at.has_value() ? std::optional<std::string>(at->bytes()) : std::nullopt);
  if (!text.has_value()) {
    result->SetNull(row);
  } else {
    StoreBytes(*text, row, result);
  }
  return absl::OkStatus();
}

// A key of an object, or a string in an array; a string alone counts as an array of one.
bool Exists(const Jsonb& value, View key) {
  if (value.kind() == JsonbKind::kObject) return value.Position(key).has_value();
  const auto is_key = [&](const Jsonb& element) {
    return element.kind() == JsonbKind::kString && element.text() == key;
  };
  if (!value.IsContainer()) return is_key(value);
  for (uint32_t i = 0; i < value.size(); ++i) {
    if (is_key(value.At(i))) return true;
  }
  return false;
}

bool ExistsOne(const View& jsonb, const View& key) { return Exists(Jsonb(jsonb), key); }

template <bool kAll>
absl::StatusOr<bool> ExistsMany(const View& jsonb, const View& keys) {
  const std::vector<types::ArrayElement> wanted = types::TextElements(keys);
  const Jsonb value(jsonb);
  for (const types::ArrayElement& key : wanted) {
    if (!key.null && Exists(value, key.text) != kAll) return !kAll;
  }
  return kAll;
}

View TypeOf(const View& jsonb) {
  switch (Jsonb(jsonb).kind()) {
    case JsonbKind::kObject:
      return "object";
    case JsonbKind::kArray:
      return "array";
    case JsonbKind::kString:
      return "string";
    case JsonbKind::kNumber:
      return "number";
    case JsonbKind::kBool:
      return "boolean";
    case JsonbKind::kNull:
      break;
  }
  return "null";
}

absl::StatusOr<int32_t> ArrayLength(const View& jsonb) {
  const Jsonb value(jsonb);
  if (value.kind() == JsonbKind::kArray) return static_cast<int32_t>(value.size());
  return Error(sqlstate::kInvalidParameterValue, value.IsContainer()
                                                     ? "cannot get array length of a non-array"
                                                     : "cannot get array length of a scalar");
}

std::string Pretty(const View& jsonb) {
  std::string text;
  types::FormatJsonb(Jsonb(jsonb), true, &text);
  return text;
}

// Without the members that are null.
absl::Status StripNulls(const Jsonb& value, types::JsonbBuilder* out) {
  if (!value.IsContainer()) return out->Add(value);
  const bool object = value.kind() == JsonbKind::kObject;
  RETURN_IF_ERROR(object ? out->BeginObject() : out->BeginArray());
  for (uint32_t i = 0; i < value.size(); ++i) {
    const Jsonb part = value.At(i);
    if (object) {
      if (part.kind() == JsonbKind::kNull) continue;
      RETURN_IF_ERROR(out->Key(value.Key(i)));
    }
    RETURN_IF_ERROR(StripNulls(part, out));
  }
  return object ? out->EndObject() : out->EndArray();
}

absl::StatusOr<std::string> StripNullsOf(const View& jsonb) {
  types::JsonbBuilder builder;
  RETURN_IF_ERROR(StripNulls(Jsonb(jsonb), &builder));
  return builder.Take();
}

}  // namespace

void AddJsonbAccess(CatalogBuilder& builder) {
  const TypeId jsonb = TypeId::kJsonb;
  const TypeId text = TypeId::kText;
  const TypeId int4 = TypeId::kInt4;
  const TypeId texts = TypeId::kTextArray;
  builder.AddOperator("->", {jsonb, text}, jsonb, Map<GetMember>);
  builder.AddOperator("->", {jsonb, int4}, jsonb, Map<GetElement>);
  builder.AddOperator("->>", {jsonb, text}, text, Map<GetMemberText>);
  builder.AddOperator("->>", {jsonb, int4}, text, Map<GetElementText>);
  builder.AddOperator("#>", {jsonb, texts}, jsonb, Map<GetPath>);
  builder.AddOperator("#>>", {jsonb, texts}, text, Map<GetPathText>);
  const FunctionOptions path = {true, true, Volatility::kImmutable};
  builder.AddFunction("jsonb_extract_path", {jsonb, text}, jsonb, MapAny<ExtractPath<false>>, path);
  builder.AddFunction("jsonb_extract_path_text", {jsonb, text}, text, MapAny<ExtractPath<true>>,
                      path);
  builder.AddOperator("?", {jsonb, text}, TypeId::kBool, Map<ExistsOne>);
  builder.AddOperator("?|", {jsonb, texts}, TypeId::kBool, Map<ExistsMany<false>>);
  builder.AddOperator("?&", {jsonb, texts}, TypeId::kBool, Map<ExistsMany<true>>);
  builder.AddFunction("jsonb_typeof", {jsonb}, text, Map<TypeOf>);
  builder.AddFunction("jsonb_array_length", {jsonb}, int4, Map<ArrayLength>);
  builder.AddFunction("jsonb_pretty", {jsonb}, text, Map<Pretty>);
  builder.AddFunction("jsonb_strip_nulls", {jsonb}, jsonb, Map<StripNullsOf>);
}

}  // namespace adbms::sql::functions
