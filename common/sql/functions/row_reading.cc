// json as values of declared types: what json_populate_record makes of a member.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/jsonb_path.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/rows.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/composite.h"
#include "common/types/declared_type.h"
#include "common/types/jsonb_builder.h"

namespace adbms::sql::functions {
namespace {

using types::Jsonb;
using types::JsonbKind;
using types::Type;
using types::TypeId;
using types::Vector;
using Arguments = std::vector<const Vector*>;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

absl::Status NoObject(bool array) {
  return status::Error(
      sqlstate::kInvalidParameterValue,
      std::string("cannot call populate_composite on ") + (array ? "an array" : "a scalar"));
}

// Where in the value the reader is, for messages.
struct Place {
  std::string key;
  std::vector<uint32_t> indexes;
};

absl::Status NoArray(const Place& place) {
  std::string hint;
  if (!place.indexes.empty()) {
    hint = "See the array element ";
    for (const uint32_t index : place.indexes) hint += "[" + std::to_string(index) + "]";
    hint += place.key.empty() ? "." : " of key \"" + place.key + "\".";
  } else if (!place.key.empty()) {
    hint = "See the value of key \"" + place.key + "\".";
  }
  return status::Error(sqlstate::kInvalidTextRepresentation, "expected JSON array", {}, hint);
}

class Reader {
 public:
  explicit Reader(const types::TextOptions& options) : options_(options) {}

  // Into a row of a vector of the wanted type.
  absl::Status Read(const Jsonb& value, Place place, Vector* out, uint32_t row) const {
    const Type& type = out->type();
    if (value.kind() == JsonbKind::kNull) {
      out->SetNull(row);
      return absl::OkStatus();
    }
    if (type.id == TypeId::kJsonb) {
      StoreBytes(value.bytes(), row, out);
      return absl::OkStatus();
    }
    if (type.id != TypeId::kJson && value.kind() != JsonbKind::kString) {
      if (types::IsRow(type)) return ReadRow(value, out, row);
      if (types::IsArray(type.id)) return ReadArray(value, std::move(place), out, row);
    }
    std::string text;
    if (value.kind() == JsonbKind::kString && type.id != TypeId::kJson)
      text = value.text();
    else
      types::FormatJsonb(value, false, &text);
    return types::ParseTextInto(text, options_, out, row);
  }

 private:
  absl::Status ReadRow(const Jsonb& value, Vector* out, uint32_t row) const {
    RETURN_IF_ERROR(types::CheckReadable(out->type()));
    if (value.kind() != JsonbKind::kObject) return NoObject(value.kind() == JsonbKind::kArray);
    types::CompositeBuilder builder;
    for (const types::CompositeField& field : types::CompositeOf(out->type())->fields) {
      const std::optional<Jsonb> member = value.Find(field.name);
      Vector one(field.type);
      one.Resize(1);
      if (member.has_value())
        RETURN_IF_ERROR(Read(*member, {field.name, {}}, &one, 0));
      else
        one.SetNull(0);
      builder.Add(one, 0);
    }
    StoreBytes(builder.Finish(), row, out);
    return absl::OkStatus();
  }

  absl::Status ReadArray(const Jsonb& value, Place place, Vector* out, uint32_t row) const {
    const Type element = types::ElementOf(out->type());
    if (value.kind() != JsonbKind::kArray) return NoArray(place);
    // As deep as the first elements are arrays; of json elements nothing is taken apart.
    std::vector<uint32_t> lengths;
    const bool takes_arrays = element.id == TypeId::kJson || element.id == TypeId::kJsonb;
    std::optional<Jsonb> at = value;
    while (at.has_value() && at->kind() == JsonbKind::kArray &&
           (lengths.empty() || !takes_arrays)) {
      if (lengths.size() == size_t{types::kMaxDimensions})
        return types::TooManyDimensions(types::kMaxDimensions + 1);
      lengths.push_back(at->size());
      at = at->size() > 0 ? std::optional<Jsonb>(at->At(0)) : std::nullopt;
    }
    types::ArrayBuilder builder(out->type().id);
    RETURN_IF_ERROR(AddElements(value, lengths, 0, element, &place, &builder));
    types::ArrayShape shape;
    if (builder.size() > 0) {
      for (const uint32_t length : lengths) shape.Add(length, 1);
    }
    StoreBytes(builder.Finish(shape), row, out);
    return absl::OkStatus();
  }

  absl::Status AddElements(const Jsonb& value, const std::vector<uint32_t>& lengths, size_t depth,
                           const Type& element, Place* place, types::ArrayBuilder* out) const {
    if (value.kind() != JsonbKind::kArray) return NoArray(*place);
    if (value.size() != lengths[depth])
      return status::Error(
          sqlstate::kInvalidTextRepresentation, "malformed JSON array",
          "Multidimensional arrays must have sub-arrays with matching dimensions.");
    for (uint32_t i = 0; i < value.size(); ++i) {
      place->indexes.push_back(i);
      if (depth + 1 < lengths.size()) {
        RETURN_IF_ERROR(AddElements(value.At(i), lengths, depth + 1, element, place, out));
      } else {
        Vector one(element);
        one.Resize(1);
        RETURN_IF_ERROR(Read(value.At(i), *place, &one, 0));
        out->Add(one, 0);
      }
      place->indexes.pop_back();
    }
    return absl::OkStatus();
  }

  const types::TextOptions& options_;
};

absl::Status ReadJsonb(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                       Vector* result) {
  const types::TextOptions options = OptionsOf(context);
  return Reader(options).Read(Jsonb(arguments[0]->data<View>()[row]),
                              {std::string(arguments[1]->data<View>()[row]), {}}, result, row);
}

JsonbKind KindOf(View bytes, TypeId type) {
  if (type == TypeId::kJsonb) return Jsonb(bytes).kind();
  const size_t first = bytes.find_first_not_of(" \t\n\r");
  if (first != View::npos && bytes[first] == '{') return JsonbKind::kObject;
  if (first != View::npos && bytes[first] == '[') return JsonbKind::kArray;
  return JsonbKind::kString;
}

// The documents themselves, which each field of a row asks for: they are not copied.
absl::Status CheckObjects(const EvaluationContext&, const Arguments& arguments, uint32_t rows,
                          Vector* result) {
  const Vector& documents = *arguments[0];
  result->ShareStrings(documents);
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const View bytes = documents.data<View>()[row];
    const JsonbKind kind = KindOf(bytes, documents.type().id);
    if (kind != JsonbKind::kObject) return NoObject(kind == JsonbKind::kArray);
    result->data<View>()[row] = bytes;
  }
  return absl::OkStatus();
}

}  // namespace

void AddRowReading(CatalogBuilder& builder) {
  builder.AddFunction(kJsonbRead, {TypeId::kJsonb, TypeId::kText}, TypeId::kUnspecified,
                      MapAny<ReadJsonb>, kStable);
  for (const TypeId id : {TypeId::kJson, TypeId::kJsonb})
    builder.AddFunction(kJsonObject, {id}, id, CheckObjects);
}

}  // namespace adbms::sql::functions
