// json: paths, and rows of objects and arrays.
#include <algorithm>
#include <memory>
#include <optional>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/json_scan.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::TypeId;
using types::Value;
using types::Vector;
using View = std::string_view;
using CursorPtr = std::unique_ptr<TableFunction::Cursor>;
namespace sqlstate = status::sqlstate;

View KindOf(View json) {
  json = SkipJsonSpaces(json);
  if (json.starts_with('{')) return "object";
  return json.starts_with('[') ? "array" : "scalar";
}

// Follows the path in arguments 1 and on; a step is a key, or an index into an array.
template <bool kText>
absl::Status ExtractPath(const EvaluationContext& context,
                         const std::vector<const Vector*>& arguments, uint32_t row,
                         Vector* result) {
  const View json = SkipJsonSpaces(arguments[0]->data<View>()[row]);
  RETURN_IF_ERROR(CheckJsonEscapes(json));
  std::optional<View> at = json.substr(0, JsonValueLength(json));
  for (size_t i = 1; i < arguments.size() && at.has_value(); ++i) {
    at = JsonStep(*at, arguments[i]->data<View>()[row]);
  }
  const std::optional<std::string> text = kText            ? JsonAsText(at)
                                          : at.has_value() ? std::optional<std::string>(*at)
                                                           : std::nullopt;
  if (!text.has_value()) {
    result->SetNull(row);
  } else {
    result->data<View>()[row] = result->arena()->Add(*text);
  }
  return absl::OkStatus();
}

void StripNulls(View json, std::string* out) {
  json = SkipJsonSpaces(json);
  const View kind = KindOf(json);
  if (kind == "scalar") {
    const View scalar = json.substr(0, JsonValueLength(json));
    // Strings are written anew, as in PostgreSQL.
    if (scalar.starts_with('"')) {
      AppendJsonString(UnescapeJson(scalar), out);
    } else {
      out->append(scalar);
    }
    return;
  }
  const bool object = kind == "object";
  out->push_back(object ? '{' : '[');
  bool first = true;
  ForEachInJson(json, [&](View key, View value) {
    if (object && value == "null") return true;
    if (!first) out->push_back(',');
    first = false;
    if (object) {
      AppendJsonString(UnescapeJson(key), out);
      out->push_back(':');
    }
    StripNulls(value, out);
    return true;
  });
  out->push_back(object ? '}' : ']');
}

absl::StatusOr<std::string> StripNullsOf(const View& json) {
  RETURN_IF_ERROR(CheckJsonEscapes(json));
  std::string out;
  StripNulls(json, &out);
  return out;
}

// What a set-returning function yields of each member or element.
enum class Yield { kKeys, kValues, kTexts, kPairs, kTextPairs };

class MembersCursor : public TableFunction::Cursor {
 public:
  // The scratch counts the value and what is found in it, as long as they are held.
  MembersCursor(std::string json, Yield yield, std::unique_ptr<ScratchMemory> scratch,
                const EvaluationContext& context)
      : scratch_(std::move(scratch)), context_(context), json_(std::move(json)), yield_(yield) {
    ForEachInJson(json_, [this](View key, View value) {
      members_.emplace_back(key, value);
      return true;
    });
  }
  absl::StatusOr<bool> Next(types::Batch* batch) override {
    if (next_ >= members_.size()) return false;
    *batch = types::Batch();
    const bool keys =
        yield_ == Yield::kKeys || yield_ == Yield::kPairs || yield_ == Yield::kTextPairs;
    const bool texts = yield_ == Yield::kTexts || yield_ == Yield::kTextPairs;
    const TypeId value_type = texts ? TypeId::kText : TypeId::kJson;
    auto key_column = std::make_shared<Vector>(types::Type{TypeId::kText, 0});
    auto value_column = std::make_shared<Vector>(types::Type{value_type, 0});
    key_column->CountStrings(context_.memory);
    value_column->CountStrings(context_.memory);
    for (; next_ < members_.size() && batch->row_count < types::BatchRows(); ++next_) {
      const auto& [key, value] = members_[next_];
      ++batch->row_count;
      if (keys) key_column->Append(Value::Text(UnescapeJson(key)));
      if (yield_ == Yield::kKeys) continue;
      const std::optional<std::string> text = texts ? JsonAsText(value) : std::string(value);
      value_column->Append(text.has_value() ? Value::String({value_type, 0}, *text)
                                            : Value::Null({value_type, 0}));
    }
    for (const auto& column : {key_column, value_column}) {
      if (column->strings_refused()) return column->StringsRefusal();
    }
    if (keys) batch->columns.push_back(std::move(key_column));
    if (yield_ != Yield::kKeys) batch->columns.push_back(std::move(value_column));
    return true;
  }

 private:
  const std::unique_ptr<ScratchMemory> scratch_;
  const EvaluationContext& context_;  // Of the execution.
  const std::string json_;            // What members_ point into.
  const Yield yield_;
  std::vector<std::pair<View, View>> members_;
  size_t next_ = 0;
};

class NoMembers : public TableFunction::Cursor {
 public:
  absl::StatusOr<bool> Next(types::Batch*) override { return false; }
};

template <Yield kYield>
absl::StatusOr<CursorPtr> Open(const EvaluationContext& context,
                               const std::vector<Value>& arguments) {
  if (arguments[0].is_null()) return std::make_unique<NoMembers>();
  constexpr bool kElements = kYield == Yield::kValues || kYield == Yield::kTexts;
  auto scratch = std::make_unique<ScratchMemory>(context);
  // Members are about as many as commas, and a vector of them grows ahead.
  constexpr size_t kMemberBytes = 2 * sizeof(std::pair<View, View>);
  const View text = arguments[0].bytes();
  RETURN_IF_ERROR(CheckJsonEscapes(text));
  RETURN_IF_ERROR(scratch->Take(
      text.size() + kMemberBytes * static_cast<size_t>(std::count(text.begin(), text.end(), ','))));
  std::string json(text);
  const View kind = KindOf(json);
  const std::string name = kYield == Yield::kKeys     ? "json_object_keys"
                           : kYield == Yield::kValues ? "json_array_elements"
                           : kYield == Yield::kTexts  ? "json_array_elements_text"
                           : kYield == Yield::kPairs  ? "json_each"
                                                      : "json_each_text";
  if (kind != (kElements ? "array" : "object")) {
    const std::string message =
        kElements ? (kind == "object" ? "cannot call " + name + " on a non-array"
                                      : "cannot call " + name + " on a scalar")
        : kYield == Yield::kKeys
            ? "cannot call " + name + (kind == "array" ? " on an array" : " on a scalar")
            : "cannot deconstruct " +
                  std::string(kind == "array" ? "an array as an object" : "a scalar");
    return Error(sqlstate::kInvalidParameterValue, message);
  }
  return std::make_unique<MembersCursor>(std::move(json), kYield, std::move(scratch), context);
}

}  // namespace

void AddJsonSets(CatalogBuilder& builder) {
  const TypeId json = TypeId::kJson;
  const TypeId text = TypeId::kText;
  const FunctionOptions path = {true, true, Volatility::kImmutable};
  builder.AddFunction("json_extract_path", {json, text}, json, MapAny<ExtractPath<false>>, path);
  builder.AddFunction("json_extract_path_text", {json, text}, text, MapAny<ExtractPath<true>>,
                      path);
  builder.AddFunction("json_strip_nulls", {json}, json, Map<StripNullsOf>);
  using Opener = absl::StatusOr<CursorPtr> (*)(const EvaluationContext&, const std::vector<Value>&);
  const auto add = [&](const char* name, std::vector<TypeId> types,
                       std::vector<std::string> columns, Opener open) {
    TableFunction function;
    function.name = name;
    function.arguments = {json};
    function.result = std::move(types);
    function.column_names = std::move(columns);
    function.open = open;
    builder.AddTableFunction(std::move(function));
  };
  add("json_array_elements", {json}, {"value"}, Open<Yield::kValues>);
  add("json_array_elements_text", {text}, {"value"}, Open<Yield::kTexts>);
  add("json_object_keys", {text}, {"json_object_keys"}, Open<Yield::kKeys>);
  add("json_each", {text, json}, {"key", "value"}, Open<Yield::kPairs>);
  add("json_each_text", {text, text}, {"key", "value"}, Open<Yield::kTextPairs>);
}

}  // namespace adbms::sql::functions
