#include "common/sql/functions/json_values.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/composite.h"
#include "common/types/declared_type.h"
#include "common/types/range.h"

namespace adbms::sql::functions {
namespace {

using types::JsonbBuilder;
using types::TypeId;
using types::Vector;
using View = std::string_view;

bool IsBareNumber(TypeId type, View text) {
  return types::IsNumber(type) && text != "NaN" && text != "Infinity" && text != "-Infinity";
}

// The text of what is neither json nor an array.
std::string ScalarText(const Vector& values, uint32_t row, types::TextOptions options) {
  const TypeId type = values.type().id;
  if (type == TypeId::kBool) return values.data<uint8_t>()[row] != 0 ? "true" : "false";
  std::string text;
  // Always ISO, but not in a range, whose text is anybody's.
  if (!types::IsRange(type) && !types::IsMultirange(type)) options.date_format = {};
  types::FormatText(values, row, options, &text);
  if (type != TypeId::kTimestamp && type != TypeId::kTimestamptz) return text;
  if (const size_t space = text.find(' '); space != std::string::npos) text[space] = 'T';
  // "+02" is "+02:00" there; " BC" may follow.
  if (const size_t sign = text.find_last_of("+-");
      type == TypeId::kTimestamptz && sign != std::string::npos && sign > 10) {
    const size_t end = std::min(text.find(' ', sign), text.size());
    if (end == sign + 3) text.insert(end, ":00");
  }
  return text;
}

// Walks an array of any number of dimensions: `open` and `close` for each of its parts, `element`
// for each of its elements, all of which may fail; `first`: it is the first of its part.
template <typename Open, typename Element, typename Close>
absl::Status WalkArray(const types::ArrayShape& shape, int dimension, uint32_t* next, Open open,
                       Element element, Close close) {
  RETURN_IF_ERROR(open());
  const uint32_t length = dimension < shape.dimensions ? shape.length(dimension) : 0;
  for (uint32_t i = 0; i < length; ++i) {
    if (dimension + 1 < shape.dimensions) {
      RETURN_IF_ERROR(WalkArray(shape, dimension + 1, next, open, element, close));
    } else {
      RETURN_IF_ERROR(element((*next)++));
    }
  }
  return close();
}

absl::Status AppendArray(View bytes, const types::Type& type, const types::TextOptions& options,
                         std::string* out) {
  const types::ArrayView array(bytes, type.id);
  const Vector elements = array.Elements(types::ElementOf(type));
  bool first = true;
  const auto separate = [&first, out] {
    if (!first) out->push_back(',');
    first = false;
  };
  uint32_t next = 0;
  return WalkArray(
      array.shape(), 0, &next,
      [&] {
        separate();
        out->push_back('[');
        first = true;
        return absl::OkStatus();
      },
      [&](uint32_t i) {
        separate();
        return AppendAsJson(elements, i, options, out);
      },
      [&] {
        out->push_back(']');
        first = false;
        return absl::OkStatus();
      });
}

absl::Status AddArray(View bytes, const types::Type& type, const types::TextOptions& options,
                      JsonbBuilder* out) {
  const types::ArrayView array(bytes, type.id);
  const Vector elements = array.Elements(types::ElementOf(type));
  uint32_t next = 0;
  return WalkArray(
      array.shape(), 0, &next, [&] { return out->BeginArray(); },
      [&](uint32_t i) { return AddAsJsonb(elements, i, options, out); },
      [&] { return out->EndArray(); });
}

// The fields' names; those of a row of which nothing is known are PostgreSQL's.
std::string FieldName(const types::Type& row, uint32_t i, uint32_t fields) {
  const types::DeclaredType* const definition = types::CompositeOf(row);
  if (definition == nullptr || definition->fields.size() != fields)
    return "f" + std::to_string(i + 1);
  return definition->fields[i].name;
}

absl::Status AddRow(View bytes, const types::Type& type, const types::TextOptions& options,
                    JsonbBuilder* out) {
  const types::CompositeView view(bytes);
  RETURN_IF_ERROR(out->BeginObject());
  for (uint32_t i = 0; i < view.size(); ++i) {
    RETURN_IF_ERROR(out->Key(FieldName(type, i, view.size())));
    RETURN_IF_ERROR(AddAsJsonb(view.Field(i, type), 0, options, out));
  }
  return out->EndObject();
}

}  // namespace

absl::Status AppendRowAsJson(const Vector& rows, uint32_t row, const types::TextOptions& options,
                             bool line_feeds, std::string* out) {
  const types::CompositeView view(rows.data<View>()[row]);
  out->push_back('{');
  for (uint32_t i = 0; i < view.size(); ++i) {
    if (i > 0) out->append(line_feeds ? ",\n " : ",");
    types::AppendJsonString(FieldName(rows.type(), i, view.size()), out);
    out->push_back(':');
    RETURN_IF_ERROR(AppendAsJson(view.Field(i, rows.type()), 0, options, out));
  }
  out->push_back('}');
  return absl::OkStatus();
}

bool DependsOnSettings(const types::Type& type) {
  if (types::IsArray(type.id)) return DependsOnSettings(types::ElementOf(type));
  if (type.id == TypeId::kRecord) {
    const types::DeclaredType* const row = types::CompositeOf(type);
    return row == nullptr || std::any_of(row->fields.begin(), row->fields.end(),
                                         [](const types::CompositeField& field) {
                                           return DependsOnSettings(field.type);
                                         });
  }
  if (types::IsRange(type.id) || types::IsMultirange(type.id))
    return types::HoldsAny(type, types::IsDateTime);
  return type.id == TypeId::kTimestamptz || type.id == TypeId::kInterval ||
         type.id == TypeId::kBytea || type.id == TypeId::kFloat4 || type.id == TypeId::kFloat8;
}

absl::Status AppendAsJson(const Vector& values, uint32_t row, const types::TextOptions& options,
                          std::string* out) {
  const TypeId type = values.type().id;
  if (values.is_null(row)) {
    out->append("null");
    return absl::OkStatus();
  }
  if (types::IsArray(type))
    return AppendArray(values.data<View>()[row], values.type(), options, out);
  if (type == TypeId::kRecord) return AppendRowAsJson(values, row, options, false, out);
  if (type == TypeId::kJson || type == TypeId::kJsonb) {
    types::FormatText(values, row, options, out);
    return absl::OkStatus();
  }
  const std::string text = ScalarText(values, row, options);
  if (type == TypeId::kBool || IsBareNumber(type, text)) {
    out->append(text);
  } else {
    types::AppendJsonString(text, out);
  }
  return absl::OkStatus();
}

absl::Status AddAsJsonb(const Vector& values, uint32_t row, const types::TextOptions& options,
                        JsonbBuilder* out) {
  const TypeId type = values.type().id;
  if (values.is_null(row)) return out->Null();
  if (types::IsArray(type)) return AddArray(values.data<View>()[row], values.type(), options, out);
  if (type == TypeId::kRecord) return AddRow(values.data<View>()[row], values.type(), options, out);
  if (type == TypeId::kJson) return types::ReadJson(values.data<View>()[row], out);
  if (type == TypeId::kJsonb) return out->Add(types::Jsonb(values.data<View>()[row]));
  if (type == TypeId::kBool) return out->Bool(values.data<uint8_t>()[row] != 0);
  const std::string text = ScalarText(values, row, options);
  return IsBareNumber(type, text) ? out->Number(text) : out->String(text);
}

absl::StatusOr<std::string> AsJsonKey(const Vector& values, uint32_t row,
                                      const types::TextOptions& options) {
  const TypeId type = values.type().id;
  if (type == TypeId::kJson || type == TypeId::kJsonb || type == TypeId::kRecord ||
      types::IsArray(type)) {
    return status::Error(status::sqlstate::kInvalidParameterValue,
                         "key value must be scalar, not array, composite, or json");
  }
  return ScalarText(values, row, options);
}

}  // namespace adbms::sql::functions
