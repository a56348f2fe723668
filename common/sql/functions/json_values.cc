#include "common/sql/functions/json_values.h"

#include "common/sql/functions/array_elements.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

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
  options.date_format = types::DateFormat{};  // Always ISO.
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
absl::Status WalkArray(const types::ShapedArray& array, size_t dimension, size_t* next, Open open,
                       Element element, Close close) {
  RETURN_IF_ERROR(open(dimension));
  const size_t length = dimension < array.lengths.size() ? array.lengths[dimension] : 0;
  for (size_t i = 0; i < length; ++i) {
    if (dimension + 1 < array.lengths.size()) {
      RETURN_IF_ERROR(WalkArray(array, dimension + 1, next, open, element, close));
    } else {
      RETURN_IF_ERROR(element(array.elements[(*next)++]));
    }
  }
  return close();
}

absl::Status AppendArray(View text, TypeId type, std::string* out) {
  ASSIGN_OR_RETURN(const types::ShapedArray array, ShapeOf(text, type));
  const TypeId element_type = types::ElementOf(type);
  const auto separate = [out] {
    if (!out->empty() && out->back() != '[') out->push_back(',');
  };
  std::string body;  // Apart, so that what stands before does not count.
  std::swap(body, *out);
  size_t next = 0;
  const absl::Status status = WalkArray(
      array, 0, &next,
      [&](size_t) {
        separate();
        out->push_back('[');
        return absl::OkStatus();
      },
      [&](const types::ArrayElement& element) {
        separate();
        if (element.null) {
          out->append("null");
        } else if (IsBareNumber(element_type, element.text) || element_type == TypeId::kJsonb) {
          out->append(element.text);
        } else {
          types::AppendJsonString(element.text, out);
        }
        return absl::OkStatus();
      },
      [&] {
        out->push_back(']');
        return absl::OkStatus();
      });
  out->insert(0, body);
  return status;
}

absl::Status AddArray(View text, TypeId type, JsonbBuilder* out) {
  ASSIGN_OR_RETURN(const types::ShapedArray array, ShapeOf(text, type));
  const TypeId element_type = types::ElementOf(type);
  size_t next = 0;
  return WalkArray(
      array, 0, &next, [&](size_t) { return out->BeginArray(); },
      [&](const types::ArrayElement& element) {
        if (element.null) return out->Null();
        if (element_type == TypeId::kJsonb) return types::ReadJson(element.text, out);
        if (IsBareNumber(element_type, element.text)) return out->Number(element.text);
        return out->String(element.text);
      },
      [&] { return out->EndArray(); });
}

}  // namespace

bool DependsOnSettings(TypeId type) {
  return type == TypeId::kTimestamptz || type == TypeId::kInterval || type == TypeId::kBytea ||
         type == TypeId::kFloat4 || type == TypeId::kFloat8;
}

absl::Status AppendAsJson(const Vector& values, uint32_t row, const types::TextOptions& options,
                          std::string* out) {
  const TypeId type = values.type().id;
  if (values.is_null(row)) {
    out->append("null");
    return absl::OkStatus();
  }
  if (types::IsArray(type)) return AppendArray(values.data<View>()[row], type, out);
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
  if (types::IsArray(type)) return AddArray(values.data<View>()[row], type, out);
  if (type == TypeId::kJson) return types::ReadJson(values.data<View>()[row], out);
  if (type == TypeId::kJsonb) return out->Add(types::Jsonb(values.data<View>()[row]));
  if (type == TypeId::kBool) return out->Bool(values.data<uint8_t>()[row] != 0);
  const std::string text = ScalarText(values, row, options);
  return IsBareNumber(type, text) ? out->Number(text) : out->String(text);
}

absl::StatusOr<std::string> AsJsonKey(const Vector& values, uint32_t row,
                                      const types::TextOptions& options) {
  const TypeId type = values.type().id;
  if (type == TypeId::kJson || type == TypeId::kJsonb || types::IsArray(type)) {
    return status::Error(status::sqlstate::kInvalidParameterValue,
                         "key value must be scalar, not array, composite, or json");
  }
  return ScalarText(values, row, options);
}

}  // namespace adbms::sql::functions
