// Functions of arrays, which are carried in PostgreSQL's text form.
#include <algorithm>

#include "common/sql/functions/array_elements.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/find.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {

using types::ArrayElement;
using types::TypeId;
using types::Value;
using types::Vector;
using View = std::string_view;

absl::StatusOr<std::vector<ArrayElement>> ElementsOf(View array, TypeId type) {
  if (LowerBoundOf(type) == 1) return types::ParseArray(array);
  std::vector<ArrayElement> elements;
  while (!array.empty()) {
    const size_t end = std::min(array.find(' '), array.size());
    if (end > 0) elements.push_back({std::string(array.substr(0, end)), false});
    array.remove_prefix(std::min(end + 1, array.size()));
  }
  return elements;
}

size_t BytesOfElements(View array) {
  const auto elements = static_cast<size_t>(std::count(array.begin(), array.end(), ',')) + 1;
  return array.size() + 3 * elements * sizeof(ArrayElement) / 2;  // A vector grows ahead.
}

absl::StatusOr<types::ShapedArray> ShapeOf(View array, TypeId type) {
  if (LowerBoundOf(type) == 1) return types::ParseShapedArray(array);
  types::ShapedArray shaped;
  ASSIGN_OR_RETURN(shaped.elements, ElementsOf(array, type));
  if (!shaped.elements.empty()) {
    shaped.lengths = {static_cast<uint32_t>(shaped.elements.size())};
  }
  return shaped;
}

namespace {

const TypeId kText = TypeId::kText;
const TypeId kInt4 = TypeId::kInt4;

// The elements of argument `index` in `row`.
absl::StatusOr<std::vector<ArrayElement>> ElementsAt(const std::vector<const Vector*>& arguments,
                                                     size_t index, uint32_t row) {
  return ElementsOf(arguments[index]->data<View>()[row], arguments[index]->type().id);
}

absl::StatusOr<types::ShapedArray> ShapeAt(const Vector& array, uint32_t row) {
  return ShapeOf(array.data<View>()[row], array.type().id);
}

std::string TextOf(const Vector& vector, uint32_t row) {
  std::string text;
  types::FormatText(vector, row, types::TextOptions{}, &text);
  return text;
}

void StoreText(View text, uint32_t row, Vector* result) {
  result->data<View>()[row] = result->arena()->Add(text);
}

// Elements are in canonical text, so equal values have equal text.
absl::Status AnyEqual(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                      uint32_t row, Vector* result) {
  ASSIGN_OR_RETURN(const auto elements, ElementsAt(arguments, 1, row));
  const std::string wanted = TextOf(*arguments[0], row);
  bool null = false;
  for (const auto& element : elements) {
    if (!element.null && element.text == wanted) {
      result->data<uint8_t>()[row] = 1;
      return absl::OkStatus();
    }
    null |= element.null;
  }
  if (null) result->SetNull(row);
  return absl::OkStatus();
}

absl::Status AllNotEqual(const EvaluationContext& context,
                         const std::vector<const Vector*>& arguments, uint32_t row,
                         Vector* result) {
  RETURN_IF_ERROR(AnyEqual(context, arguments, row, result));
  if (!result->is_null(row)) result->data<uint8_t>()[row] ^= 1;
  return absl::OkStatus();
}

absl::Status ArrayGet(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                      uint32_t row, Vector* result) {
  ASSIGN_OR_RETURN(const auto elements, ElementsAt(arguments, 0, row));
  const int64_t index =
      int64_t{arguments[1]->data<int32_t>()[row]} - LowerBoundOf(arguments[0]->type().id);
  if (index < 0 || index >= static_cast<int64_t>(elements.size()) ||
      elements[static_cast<size_t>(index)].null) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  return types::ParseTextInto(elements[static_cast<size_t>(index)].text, types::TextOptions{},
                              result, row);
}

absl::Status ArrayPosition(const EvaluationContext& context,
                           const std::vector<const Vector*>& arguments, uint32_t row,
                           Vector* result) {
  if (arguments[0]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const auto elements, ElementsAt(arguments, 0, row));
  const bool null = arguments[1]->is_null(row);
  const std::string wanted = null ? std::string() : TextOf(*arguments[1], row);
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].null == null && elements[i].text == wanted) {
      result->data<int32_t>()[row] =
          static_cast<int32_t>(i) + LowerBoundOf(arguments[0]->type().id);
      return absl::OkStatus();
    }
  }
  result->SetNull(row);
  return absl::OkStatus();
}

enum class Bound { kLength, kLower, kUpper };

template <Bound kBound>
absl::Status ArrayBound(const EvaluationContext& context,
                        const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  ASSIGN_OR_RETURN(const types::ShapedArray array, ShapeAt(*arguments[0], row));
  const int32_t dimension = arguments[1]->data<int32_t>()[row];
  if (dimension < 1 || dimension > static_cast<int32_t>(array.lengths.size())) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const int32_t lower = LowerBoundOf(arguments[0]->type().id);
  const auto count = static_cast<int32_t>(array.lengths[static_cast<size_t>(dimension) - 1]);
  result->data<int32_t>()[row] = kBound == Bound::kLength  ? count
                                 : kBound == Bound::kLower ? lower
                                                           : lower + count - 1;
  return absl::OkStatus();
}

absl::Status Cardinality(const EvaluationContext& context,
                         const std::vector<const Vector*>& arguments, uint32_t row,
                         Vector* result) {
  ASSIGN_OR_RETURN(const types::ShapedArray array, ShapeAt(*arguments[0], row));
  result->data<int32_t>()[row] = static_cast<int32_t>(array.elements.size());
  return absl::OkStatus();
}

absl::Status Dimensions(const EvaluationContext& context,
                        const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  ASSIGN_OR_RETURN(const types::ShapedArray array, ShapeAt(*arguments[0], row));
  if (array.lengths.empty()) {
    result->SetNull(row);
  } else if (result->type().id == kInt4) {
    result->data<int32_t>()[row] = static_cast<int32_t>(array.lengths.size());
  } else {
    const int32_t lower = LowerBoundOf(arguments[0]->type().id);
    std::string text;
    for (const uint32_t length : array.lengths) {
      text += "[" + std::to_string(lower) + ":" +
              std::to_string(lower + static_cast<int32_t>(length) - 1) + "]";
    }
    StoreText(text, row, result);
  }
  return absl::OkStatus();
}

absl::Status ArrayToString(const EvaluationContext& context,
                           const std::vector<const Vector*>& arguments, uint32_t row,
                           Vector* result) {
  if (arguments[0]->is_null(row) || arguments[1]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const types::ShapedArray array, ShapeAt(*arguments[0], row));
  const bool show_nulls = arguments.size() > 2 && !arguments[2]->is_null(row);
  const View delimiter = arguments[1]->data<View>()[row];
  GrowingText grown(context);
  std::string out;
  bool first = true;
  for (const auto& element : array.elements) {
    if (element.null && !show_nulls) continue;
    const View text = element.null ? arguments[2]->data<View>()[row] : View(element.text);
    RETURN_IF_ERROR(context.Handled(delimiter.size() + text.size() + 16));
    RETURN_IF_ERROR(grown.Reached(out.size() + delimiter.size() + text.size()));
    if (!first) out.append(delimiter);
    first = false;
    out.append(text);
  }
  StoreText(out, row, result);
  return absl::OkStatus();
}

absl::Status StringToArray(const EvaluationContext& context,
                           const std::vector<const Vector*>& arguments, uint32_t row,
                           Vector* result) {
  if (arguments[0]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const View text = arguments[0]->data<View>()[row];
  const bool has_null = arguments.size() > 2 && !arguments[2]->is_null(row);
  ScratchMemory scratch(context);
  std::vector<ArrayElement> elements;
  const auto add = [&](View part) -> absl::Status {
    // The element, and its part of the text that is made of them all.
    RETURN_IF_ERROR(scratch.Take(3 * sizeof(ArrayElement) + 2 * part.size()));
    RETURN_IF_ERROR(context.Handled(part.size() + 64));
    const bool null = has_null && part == arguments[2]->data<View>()[row];
    elements.push_back({null ? std::string() : std::string(part), null});
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
  StoreText(types::FormatArray(elements), row, result);
  return absl::OkStatus();
}

ArrayElement ElementAt(const Vector& vector, uint32_t row) {
  if (vector.is_null(row)) return {std::string(), true};
  return {TextOf(vector, row), false};
}

// What ElementAt of these arguments makes.
absl::Status TakeElements(const std::vector<const Vector*>& arguments, uint32_t row,
                          ScratchMemory* scratch) {
  size_t bytes = 0;
  for (const Vector* argument : arguments) {
    if (argument->physical() != types::Physical::kString || argument->is_null(row)) continue;
    bytes += argument->data<View>()[row].size();
  }
  return bytes < 4096 ? absl::OkStatus() : scratch->Take(bytes);
}

// Stores the text of the elements, which is there twice for a moment.
absl::Status StoreArray(const EvaluationContext& context, const std::vector<ArrayElement>& elements,
                        uint32_t row, Vector* result) {
  size_t bytes = 2;
  for (const ArrayElement& element : elements) bytes += element.text.size() + 5;
  ScratchMemory scratch(context);
  if (bytes > 4096) RETURN_IF_ERROR(scratch.Take(bytes));
  StoreText(types::FormatArray(elements), row, result);
  return absl::OkStatus();
}

// array_append, array_prepend and array_cat: a NULL array counts as empty.
enum class Join { kAppend, kPrepend, kConcatenate };

template <Join kJoin>
absl::Status ArrayJoin(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  const size_t array = kJoin == Join::kPrepend ? 1 : 0;
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeElements(arguments, row, &scratch));
  std::vector<ArrayElement> elements;
  if (!arguments[array]->is_null(row)) {
    ASSIGN_OR_RETURN(elements, ElementsAt(arguments, array, row));
  } else if (kJoin == Join::kConcatenate && arguments[1]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  if constexpr (kJoin == Join::kAppend) {
    elements.push_back(ElementAt(*arguments[1], row));
  } else if constexpr (kJoin == Join::kPrepend) {
    elements.insert(elements.begin(), ElementAt(*arguments[0], row));
  } else if (!arguments[1]->is_null(row)) {
    ASSIGN_OR_RETURN(auto more, ElementsAt(arguments, 1, row));
    std::move(more.begin(), more.end(), std::back_inserter(elements));
  }
  return StoreArray(context, elements, row, result);
}

absl::Status ArrayRemove(const EvaluationContext& context,
                         const std::vector<const Vector*>& arguments, uint32_t row,
                         Vector* result) {
  if (arguments[0]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeElements(arguments, row, &scratch));
  ASSIGN_OR_RETURN(auto elements, ElementsAt(arguments, 0, row));
  const ArrayElement wanted = ElementAt(*arguments[1], row);
  std::erase_if(elements, [&](const ArrayElement& element) {
    return element.null == wanted.null && element.text == wanted.text;
  });
  return StoreArray(context, elements, row, result);
}

enum class Relation { kContains, kContained, kOverlaps };

template <Relation kRelation>
absl::Status Relate(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                    uint32_t row, Vector* result) {
  ASSIGN_OR_RETURN(auto left, ElementsAt(arguments, 0, row));
  ASSIGN_OR_RETURN(auto right, ElementsAt(arguments, 1, row));
  if (kRelation == Relation::kContained) left.swap(right);
  absl::Status interrupted;
  const auto in_left = [&](const ArrayElement& element) {
    interrupted.Update(context.Handled(left.size() * sizeof(ArrayElement)));
    return interrupted.ok() && !element.null &&
           std::any_of(left.begin(), left.end(), [&](const ArrayElement& other) {
             return !other.null && other.text == element.text;
           });
  };
  result->data<uint8_t>()[row] = kRelation == Relation::kOverlaps
                                     ? std::any_of(right.begin(), right.end(), in_left)
                                     : std::all_of(right.begin(), right.end(), in_left);
  return interrupted;
}

// array(x, …): the elements' array constructor.
absl::Status Construct(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeElements(arguments, row, &scratch));
  std::vector<ArrayElement> elements;
  for (const Vector* argument : arguments) elements.push_back(ElementAt(*argument, row));
  return StoreArray(context, elements, row, result);
}

absl::Status CurrentSchemas(const EvaluationContext& context,
                            const std::vector<const Vector*>& arguments, uint32_t row,
                            Vector* result) {
  std::vector<ArrayElement> elements;
  const std::vector<std::string> path = EffectiveSearchPath(context);
  const bool named = std::find(path.begin(), path.end(), "pg_catalog") != path.end();
  if (arguments[0]->data<uint8_t>()[row] != 0 && !named) elements.push_back({"pg_catalog", false});
  for (const std::string& schema : path) elements.push_back({schema, false});
  StoreText(types::FormatArray(elements), row, result);
  return absl::OkStatus();
}

void AddForArray(CatalogBuilder& builder, TypeId array, TypeId element) {
  const TypeId boolean = TypeId::kBool;
  builder.AddFunction("any_eq", {element, array}, boolean, MapAny<AnyEqual>);
  builder.AddFunction("all_ne", {element, array}, boolean, MapAny<AllNotEqual>);
  builder.AddFunction("array_get", {array, kInt4}, element, MapAny<ArrayGet>);
  builder.AddFunction("array_position", {array, element}, kInt4, MapAny<ArrayPosition>, kNotStrict);
  builder.AddFunction("array_length", {array, kInt4}, kInt4, MapAny<ArrayBound<Bound::kLength>>);
  builder.AddFunction("array_lower", {array, kInt4}, kInt4, MapAny<ArrayBound<Bound::kLower>>);
  builder.AddFunction("array_upper", {array, kInt4}, kInt4, MapAny<ArrayBound<Bound::kUpper>>);
  builder.AddFunction("cardinality", {array}, kInt4, MapAny<Cardinality>);
  builder.AddFunction("array_ndims", {array}, kInt4, MapAny<Dimensions>);
  builder.AddFunction("array_dims", {array}, kText, MapAny<Dimensions>);
  builder.AddFunction("array_to_string", {array, kText}, kText, MapAny<ArrayToString>,
                      {false, false, Volatility::kStable});
  builder.AddFunction("array_to_string", {array, kText, kText}, kText, MapAny<ArrayToString>,
                      {false, false, Volatility::kStable});
  builder.AddOperator("@>", {array, array}, boolean, MapAny<Relate<Relation::kContains>>, "<@");
  builder.AddOperator("<@", {array, array}, boolean, MapAny<Relate<Relation::kContained>>, "@>");
  builder.AddOperator("&&", {array, array}, boolean, MapAny<Relate<Relation::kOverlaps>>, "&&");
  if (LowerBoundOf(array) == 0) return;
  builder.AddFunction("array", {element}, array, MapAny<Construct>,
                      {false, true, Volatility::kImmutable});
  builder.AddFunction("array_append", {array, element}, array, MapAny<ArrayJoin<Join::kAppend>>,
                      kNotStrict);
  builder.AddFunction("array_prepend", {element, array}, array, MapAny<ArrayJoin<Join::kPrepend>>,
                      kNotStrict);
  builder.AddFunction("array_cat", {array, array}, array, MapAny<ArrayJoin<Join::kConcatenate>>,
                      kNotStrict);
  builder.AddFunction("array_remove", {array, element}, array, MapAny<ArrayRemove>, kNotStrict);
  builder.AddOperator("||", {array, array}, array, MapAny<ArrayJoin<Join::kConcatenate>>, {}, {},
                      kNotStrict);
  builder.AddOperator("||", {array, element}, array, MapAny<ArrayJoin<Join::kAppend>>, {}, {},
                      kNotStrict);
  builder.AddOperator("||", {element, array}, array, MapAny<ArrayJoin<Join::kPrepend>>, {}, {},
                      kNotStrict);
}

}  // namespace

void AddArrays(CatalogBuilder& builder) {
  constexpr TypeId kArrays[] = {TypeId::kTextArray,  TypeId::kInt2Array, TypeId::kInt4Array,
                                TypeId::kInt8Array,  TypeId::kOidArray,  TypeId::kNameArray,
                                TypeId::kInt2Vector, TypeId::kOidVector};
  for (const TypeId array : kArrays) AddForArray(builder, array, types::ElementOf(array));
  builder.AddFunction("string_to_array", {kText, kText}, TypeId::kTextArray, MapAny<StringToArray>,
                      kNotStrict);
  builder.AddFunction("string_to_array", {kText, kText, kText}, TypeId::kTextArray,
                      MapAny<StringToArray>, kNotStrict);
  builder.AddFunction("current_schemas", {TypeId::kBool}, TypeId::kNameArray,
                      MapAny<CurrentSchemas>, kStable);
}

}  // namespace adbms::sql::functions
