// json and jsonb of values: to_json, build_array, build_object, object.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/json_values.h"
#include "common/sql/functions/jsonb_path.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/polymorphic.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::ArrayElement;
using types::JsonbBuilder;
using types::TypeId;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

absl::Status ToJson(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                    uint32_t row, Vector* result) {
  std::string out;
  RETURN_IF_ERROR(AppendAsJson(*arguments[0], row, OptionsOf(context), &out));
  StoreBytes(out, row, result);
  return absl::OkStatus();
}

absl::Status ToJsonb(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                     uint32_t row, Vector* result) {
  JsonbBuilder out;
  RETURN_IF_ERROR(AddAsJsonb(*arguments[0], row, OptionsOf(context), &out));
  StoreBytes(out.Take(), row, result);
  return absl::OkStatus();
}

absl::Status ToKey(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                   uint32_t row, Vector* result) {
  ASSIGN_OR_RETURN(const std::string key, AsJsonKey(*arguments[0], row, OptionsOf(context)));
  StoreBytes(key, row, result);
  return absl::OkStatus();
}

absl::Status Odd(const std::string& name) {
  return Error(sqlstate::kInvalidParameterValue, "argument list must have even number of elements",
               {}, "The arguments of " + name + "() must consist of alternating keys and values.");
}

// A scratch text that grew longer is not kept for the next row.
constexpr size_t kScratchKept = size_t{1} << 20;

template <bool kObject>
absl::Status BuildJson(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t rows, Vector* result) {
  const types::TextOptions options = OptionsOf(context);
  if (kObject && arguments.size() % 2 != 0) return Odd("json_build_object");
  std::string out;
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
          return Error(sqlstate::kInvalidParameterValue,
                       "argument " + std::to_string(i + 1) + " cannot be null", {},
                       "Object keys should be text.");
        }
        ASSIGN_OR_RETURN(const std::string key, AsJsonKey(*arguments[i], row, options));
        types::AppendJsonString(key, &out);
        out += " : ";
      } else {
        RETURN_IF_ERROR(AppendAsJson(*arguments[i], row, options, &out));
      }
      RETURN_IF_ERROR(grown.Reached(out.size()));
    }
    out += kObject ? "}" : "]";
    StoreBytes(out, row, result);
  }
  return absl::OkStatus();
}

template <bool kObject>
absl::Status BuildJsonb(const EvaluationContext& context,
                        const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  const types::TextOptions options = OptionsOf(context);
  if (kObject && arguments.size() % 2 != 0) return Odd("jsonb_build_object");
  JsonbBuilder out;
  GrowingText grown(context);
  RETURN_IF_ERROR(kObject ? out.BeginObject() : out.BeginArray());
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!kObject || i % 2 == 1) {
      RETURN_IF_ERROR(AddAsJsonb(*arguments[i], row, options, &out));
      RETURN_IF_ERROR(grown.Reached(2 * out.bytes()));
      continue;
    }
    if (arguments[i]->is_null(row)) {
      return Error(sqlstate::kInvalidParameterValue,
                   "argument " + std::to_string(i + 1) + ": key must not be null");
    }
    ASSIGN_OR_RETURN(const std::string key, AsJsonKey(*arguments[i], row, options));
    RETURN_IF_ERROR(out.Key(key));
  }
  RETURN_IF_ERROR(kObject ? out.EndObject() : out.EndArray());
  StoreBytes(out.Take(), row, result);
  return absl::OkStatus();
}

// About what the elements of a text[] take in memory.
size_t BytesOf(View array) {
  return array.size() +
         size_t{types::ArrayView(array, TypeId::kTextArray).size()} * sizeof(ArrayElement);
}

using Pairs = std::vector<std::pair<ArrayElement, ArrayElement>>;

absl::StatusOr<Pairs> PairsOf(View array) {
  const types::ArrayView view(array, TypeId::kTextArray);
  std::vector<ArrayElement> elements = types::TextElements(array);
  if (view.shape().dimensions > 2) return Error("2202E", "wrong number of array subscripts");
  if (view.shape().dimensions == 2 && view.shape().length(1) != 2) {
    return Error("2202E", "array must have two columns");
  }
  if (elements.size() % 2 != 0) {
    return Error("2202E", "array must have even number of elements");
  }
  Pairs pairs;
  for (size_t i = 0; i < elements.size(); i += 2) {
    pairs.emplace_back(std::move(elements[i]), std::move(elements[i + 1]));
  }
  return pairs;
}

absl::StatusOr<Pairs> PairsOfTwo(View key_array, View value_array) {
  ASSIGN_OR_RETURN(auto keys, PathOf(key_array));
  ASSIGN_OR_RETURN(auto values, PathOf(value_array));
  if (keys.size() != values.size()) return Error("2202E", "mismatched array dimensions");
  Pairs pairs;
  for (size_t i = 0; i < keys.size(); ++i) {
    pairs.emplace_back(std::move(keys[i]), std::move(values[i]));
  }
  return pairs;
}

absl::Status NullKey() {
  return Error(sqlstate::kNullNotAllowed, "null value not allowed for object key");
}

absl::StatusOr<std::string> JsonOf(const Pairs& pairs) {
  std::string out = "{";
  for (const auto& [key, value] : pairs) {
    if (key.null) return NullKey();
    if (out.size() > 1) out += ", ";
    types::AppendJsonString(key.text, &out);
    out += " : ";
    if (value.null) {
      out += "null";
    } else {
      types::AppendJsonString(value.text, &out);
    }
  }
  return out + "}";
}

absl::StatusOr<std::string> JsonbOf(const Pairs& pairs) {
  JsonbBuilder out;
  RETURN_IF_ERROR(out.BeginObject());
  for (const auto& [key, value] : pairs) {
    if (key.null) return NullKey();
    RETURN_IF_ERROR(out.Key(key.text));
    RETURN_IF_ERROR(value.null ? out.Null() : out.String(value.text));
  }
  RETURN_IF_ERROR(out.EndObject());
  return out.Take();
}

template <bool kJsonb>
absl::StatusOr<std::string> ObjectOf(const EvaluationContext& context, const View& array) {
  // The elements, twice, and what is made of them.
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(scratch.Take(2 * BytesOf(array)));
  ASSIGN_OR_RETURN(const Pairs pairs, PairsOf(array));
  return kJsonb ? JsonbOf(pairs) : JsonOf(pairs);
}

template <bool kJsonb>
absl::StatusOr<std::string> ObjectOfTwo(const EvaluationContext& context, const View& keys,
                                        const View& values) {
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(scratch.Take(BytesOf(keys) + BytesOf(values)));
  ASSIGN_OR_RETURN(const Pairs pairs, PairsOfTwo(keys, values));
  return kJsonb ? JsonbOf(pairs) : JsonOf(pairs);
}

// array_to_json with line feeds between the elements of the first dimension, which are not made
// here.
absl::Status ArrayToJson(const EvaluationContext& context,
                         const std::vector<const Vector*>& arguments, uint32_t row,
                         Vector* result) {
  if (arguments.size() > 1 && arguments[1]->data<uint8_t>()[row] != 0) {
    return status::NotSupported("array_to_json with line feeds");
  }
  return ToJson(context, arguments, row, result);
}

}  // namespace

void AddJsonMake(CatalogBuilder& builder) {
  const TypeId json = TypeId::kJson;
  const TypeId jsonb = TypeId::kJsonb;
  const TypeId any = TypeId::kUnspecified;
  const TypeId texts = TypeId::kTextArray;
  builder.AddFunction("to_json", {any}, json, MapAny<ToJson>, kStable);
  builder.AddFunction("to_jsonb", {any}, jsonb, MapAny<ToJsonb>, kStable);
  // Of json_object_agg and jsonb_object_agg.
  builder.AddFunction(std::string(kJsonKeyFunction), {any}, TypeId::kText, MapAny<ToKey>, kStable);
  for (const TypeId element : ElementTypes()) {
    for (const char* pattern : {"A", "Ab"}) {
      builder.AddFunction("array_to_json", TypesOf(pattern, element), json, MapAny<ArrayToJson>,
                          kStable);
      builder.functions.back().polymorphism = PolymorphismOf(pattern, element, false);
    }
  }
  const FunctionOptions any_number = {false, true, Volatility::kStable};
  builder.AddFunction("json_build_object", {}, json, Map<[]() -> View { return "{}"; }>);
  builder.AddFunction("json_build_object", {any}, json, BuildJson<true>, any_number);
  builder.AddFunction("json_build_array", {}, json, Map<[]() -> View { return "[]"; }>);
  builder.AddFunction("json_build_array", {any}, json, BuildJson<false>, any_number);
  builder.AddFunction("jsonb_build_object", {}, jsonb, MapAny<BuildJsonb<true>>);
  builder.AddFunction("jsonb_build_object", {any}, jsonb, MapAny<BuildJsonb<true>>, any_number);
  builder.AddFunction("jsonb_build_array", {}, jsonb, MapAny<BuildJsonb<false>>);
  builder.AddFunction("jsonb_build_array", {any}, jsonb, MapAny<BuildJsonb<false>>, any_number);
  builder.AddFunction("json_object", {texts}, json, Map<ObjectOf<false>>);
  builder.AddFunction("json_object", {texts, texts}, json, Map<ObjectOfTwo<false>>);
  builder.AddFunction("jsonb_object", {texts}, jsonb, Map<ObjectOf<true>>);
  builder.AddFunction("jsonb_object", {texts, texts}, jsonb, Map<ObjectOfTwo<true>>);
}

}  // namespace adbms::sql::functions
