// Arrays joined to texts, and texts split into arrays.
#include <algorithm>

#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/find.h"
#include "common/sql/functions/polymorphic.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"

namespace adbms::sql::functions {
namespace {

using types::ArrayBuilder;
using types::ArrayView;
using types::TypeId;
using types::Vector;
using View = std::string_view;
using Arguments = std::vector<const Vector*>;

// Whether values are numbers of objects whose names the catalog knows.
bool NamesObjects(TypeId id) {
  return id == TypeId::kRegclass || id == TypeId::kRegnamespace || id == TypeId::kRegproc ||
         id == TypeId::kRegtype;
}

absl::Status ArrayToString(const EvaluationContext& context, const Arguments& arguments,
                           uint32_t row, Vector* result) {
  if (arguments[0]->is_null(row) || arguments[1]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const ArrayView array = ArrayAt(*arguments[0], row);
  Vector elements = array.Elements(types::ElementOf(arguments[0]->type()));
  const types::TextOptions options = OptionsOf(context);
  if (NamesObjects(array.element()) && context.catalog != nullptr) {
    Vector names({TypeId::kText, 0});
    RETURN_IF_ERROR(FunctionCatalog::Builtin().Cast(context, elements, true, &names));
    elements = std::move(names);
  }
  const bool show_nulls = arguments.size() > 2 && !arguments[2]->is_null(row);
  const View delimiter = arguments[1]->data<View>()[row];
  GrowingText grown(context);
  std::string out;
  bool first = true;
  std::string formatted;
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.is_null(i) && !show_nulls) continue;
    formatted.clear();
    if (!array.is_null(i)) types::FormatText(elements, i, options, &formatted);
    const View text = array.is_null(i) ? arguments[2]->data<View>()[row] : View(formatted);
    RETURN_IF_ERROR(context.Handled(delimiter.size() + text.size() + 16));
    RETURN_IF_ERROR(grown.Reached(out.size() + delimiter.size() + text.size()));
    if (!first) out.append(delimiter);
    first = false;
    out.append(text);
  }
  return StoreArray(out, row, result);
}

absl::Status StringToArray(const EvaluationContext& context, const Arguments& arguments,
                           uint32_t row, Vector* result) {
  if (arguments[0]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const View text = arguments[0]->data<View>()[row];
  const bool has_null = arguments.size() > 2 && !arguments[2]->is_null(row);
  ScratchMemory scratch(context);
  ArrayBuilder elements(TypeId::kTextArray);
  const auto add = [&](View part) -> absl::Status {
    // The element, and its part of the array that is made of them all.
    RETURN_IF_ERROR(scratch.Take(4 * sizeof(uint32_t) + 3 * part.size()));
    RETURN_IF_ERROR(context.Handled(part.size() + 64));
    const bool null = has_null && part == arguments[2]->data<View>()[row];
    if (null) {
      elements.AddNull();
    } else {
      elements.AddBytes(part);
    }
    return absl::OkStatus();
  };
  if (arguments[1]->is_null(row)) {
    for (size_t i = 0; i < text.size();) {
      size_t end = i + 1;
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
      RETURN_IF_ERROR(add(text.substr(i, end - i)));
      i = end;
    }
  } else if (const View delimiter = arguments[1]->data<View>()[row]; !text.empty()) {
    size_t position = 0;
    while (!delimiter.empty()) {
      const size_t found = Find(text, delimiter, position);
      if (found == View::npos) break;
      RETURN_IF_ERROR(add(text.substr(position, found - position)));
      position = found + delimiter.size();
    }
    RETURN_IF_ERROR(add(text.substr(position)));
  }
  return StoreArray(elements.Finish(), row, result);
}

absl::Status CurrentSchemas(const EvaluationContext& context, const Arguments& arguments,
                            uint32_t row, Vector* result) {
  ArrayBuilder schemas(TypeId::kNameArray);
  const std::vector<std::string> path = EffectiveSearchPath(context);
  const bool named = std::find(path.begin(), path.end(), "pg_catalog") != path.end();
  if (arguments[0]->data<uint8_t>()[row] != 0) {
    const std::string_view temporary = TemporarySchemaOf(context.search_path);
    if (temporary != kTemporaryAlias) schemas.AddBytes(temporary);
    if (!named) schemas.AddBytes("pg_catalog");
  }
  for (const std::string& schema : path) schemas.AddBytes(schema);
  return StoreArray(schemas.Finish(), row, result);
}

}  // namespace

void AddArrayTexts(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  const PolymorphicOptions stable = {false, false, {false, false, Volatility::kStable}};
  AddPolymorphicFunction(builder, "array_to_string", "At", 't', MapAny<ArrayToString>, stable);
  AddPolymorphicFunction(builder, "array_to_string", "Att", 't', MapAny<ArrayToString>, stable);
  builder.AddFunction("string_to_array", {text, text}, TypeId::kTextArray, MapAny<StringToArray>,
                      kNotStrict);
  builder.AddFunction("string_to_array", {text, text, text}, TypeId::kTextArray,
                      MapAny<StringToArray>, kNotStrict);
  builder.AddFunction("current_schemas", {TypeId::kBool}, TypeId::kNameArray,
                      MapAny<CurrentSchemas>, kStable);
}

}  // namespace adbms::sql::functions
