// Making arrays, their bounds, subscripts and slices.
#include <algorithm>
#include <limits>

#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/polymorphic.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::ArrayBuilder;
using types::ArrayShape;
using types::ArrayView;
using types::TypeId;
using types::Vector;
using View = std::string_view;
using Arguments = std::vector<const Vector*>;
namespace sqlstate = status::sqlstate;

enum class Bound { kLength, kLower, kUpper };

template <Bound kBound>
absl::Status ArrayBound(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                        Vector* result) {
  const ArrayView array = ArrayAt(*arguments[0], row);
  const int32_t dimension = arguments[1]->data<int32_t>()[row];
  if (dimension < 1 || dimension > array.shape().dimensions) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const ArrayShape& shape = array.shape();
  result->data<int32_t>()[row] =
      kBound == Bound::kLength  ? static_cast<int32_t>(shape.length(dimension - 1))
      : kBound == Bound::kLower ? shape.lower(dimension - 1)
                                : static_cast<int32_t>(shape.upper(dimension - 1));
  return absl::OkStatus();
}

absl::Status Cardinality(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                         Vector* result) {
  result->data<int32_t>()[row] = static_cast<int32_t>(ArrayAt(*arguments[0], row).size());
  return absl::OkStatus();
}

template <bool kAsText>
absl::Status Dimensions(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                        Vector* result) {
  const ArrayView array = ArrayAt(*arguments[0], row);
  const ArrayShape& shape = array.shape();
  if (shape.dimensions == 0) {
    result->SetNull(row);
  } else if constexpr (kAsText) {
    std::string text;
    for (int i = 0; i < shape.dimensions; ++i)
      text += "[" + std::to_string(shape.lower(i)) + ":" + std::to_string(shape.upper(i)) + "]";
    return StoreArray(text, row, result);
  } else {
    result->data<int32_t>()[row] = shape.dimensions;
  }
  return absl::OkStatus();
}

// array(x, …): ARRAY[…] of elements.
absl::Status Construct(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                       Vector* result) {
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeForBuilding(arguments, row, &scratch));
  ArrayBuilder builder(types::ArrayOf(arguments[0]->type().id));
  for (const Vector* argument : arguments) builder.Add(*argument, row);
  return StoreArray(builder.Finish(), row, result);
}

absl::Status MismatchedParts() {
  return Error("2202E",
               "multidimensional arrays must have array expressions with matching dimensions");
}

// array_nest(x, …): ARRAY[…] of arrays. Empty and NULL ones count only as such among their like.
absl::Status Nest(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                  Vector* result) {
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeForBuilding(arguments, row, &scratch));
  ArrayBuilder builder(arguments[0]->type().id);
  ArrayShape inner;
  bool some_empty = false;
  for (const Vector* argument : arguments) {
    const ArrayView part =
        argument->is_null(row) ? ArrayView(View(), argument->type().id) : ArrayAt(*argument, row);
    if (part.size() == 0) {
      some_empty = true;
      continue;
    }
    if (builder.size() == 0) {
      inner = part.shape();
    } else if (!(inner == part.shape())) {
      return MismatchedParts();
    }
    for (uint32_t i = 0; i < part.size(); ++i) builder.Add(part, i);
  }
  if (builder.size() == 0) return StoreArray(builder.Finish(), row, result);
  if (some_empty) return MismatchedParts();
  if (inner.dimensions == types::kMaxDimensions)
    return types::TooManyDimensions(inner.dimensions + 1);
  ArrayShape shape;
  shape.Add(static_cast<uint32_t>(arguments.size()), 1);
  for (int i = 0; i < inner.dimensions; ++i) shape.Add(inner.length(i), inner.lower(i));
  RETURN_IF_ERROR(shape.Check());
  return StoreArray(builder.Finish(shape), row, result);
}

// array_get(array, subscript, …): NULL where there is no such element.
absl::Status Get(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                 Vector* result) {
  const ArrayView array = ArrayAt(*arguments[0], row);
  const ArrayShape& shape = array.shape();
  if (shape.dimensions != static_cast<int>(arguments.size()) - 1) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  int64_t position = 0;
  for (int i = 0; i < shape.dimensions; ++i) {
    const int32_t subscript = arguments[static_cast<size_t>(i) + 1]->data<int32_t>()[row];
    const int64_t offset = int64_t{subscript} - shape.lower(i);
    if (offset < 0 || offset >= shape.length(i)) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    position = position * shape.length(i) + offset;
  }
  array.Load(static_cast<uint32_t>(position), result, row);
  if (!result->is_null(row) && types::MayHaveStrings(result->physical())) result->OwnString(row);
  return absl::OkStatus();
}

// array_slice(array, which, lower, upper, …): a pair of subscripts for each dimension; in `which` a
// letter for each subscript, '-' where the array's own bound is meant.
absl::Status Slice(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                   Vector* result) {
  const ArrayView array = ArrayAt(*arguments[0], row);
  const ArrayShape& shape = array.shape();
  const View which = arguments[1]->data<View>()[row];
  const auto pairs = static_cast<int>((arguments.size() - 2) / 2);
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeForBuilding(arguments, row, &scratch));
  ArrayBuilder builder(arguments[0]->type().id);
  if (shape.dimensions < pairs || shape.dimensions == 0)
    return StoreArray(builder.Finish(), row, result);
  ArrayShape part;
  std::array<int64_t, types::kMaxDimensions> first = {};  // From the dimension's begin.
  for (int i = 0; i < shape.dimensions; ++i) {
    const auto bound = [&](size_t side, int64_t own) -> int64_t {
      const size_t at = static_cast<size_t>(i) * 2 + side;
      if (i >= pairs || at >= which.size() || which[at] == '-') return own;
      return arguments[at + 2]->data<int32_t>()[row];
    };
    const int64_t lower = std::max<int64_t>(bound(0, shape.lower(i)), shape.lower(i));
    const int64_t upper = std::min<int64_t>(bound(1, shape.upper(i)), shape.upper(i));
    if (lower > upper) return StoreArray(builder.Finish(), row, result);
    first[static_cast<size_t>(i)] = lower - shape.lower(i);
    part.Add(static_cast<uint32_t>(upper - lower + 1), 1);
  }
  const auto count = static_cast<uint32_t>(part.size());
  for (uint32_t k = 0; k < count; ++k) {
    int64_t position = 0;
    uint32_t rest = k;
    uint32_t span = count;
    for (int i = 0; i < shape.dimensions; ++i) {
      span /= part.length(i);
      position = position * shape.length(i) + first[static_cast<size_t>(i)] + rest / span;
      rest %= span;
    }
    builder.Add(array, static_cast<uint32_t>(position));
  }
  return StoreArray(builder.Finish(part), row, result);
}

absl::Status NullBounds(View what) {
  return Error(sqlstate::kNullNotAllowed, std::string(what) + " cannot be null");
}

absl::Status WrongSubscripts(View detail) {
  return Error("2202E", "wrong number of array subscripts", detail);
}

// The numbers of a one-dimensional int4[].
absl::StatusOr<std::vector<int32_t>> NumbersAt(const Vector& vector, uint32_t row, View what) {
  const ArrayView array = ArrayAt(vector, row);
  if (array.shape().dimensions > 1)
    return WrongSubscripts(std::string(what) + " array must be one dimensional.");
  std::vector<int32_t> numbers;
  const Vector elements = array.Elements();
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.is_null(i)) return NullBounds("dimension values");
    numbers.push_back(elements.data<int32_t>()[i]);
  }
  return numbers;
}

absl::Status Fill(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                  Vector* result) {
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i]->is_null(row)) return NullBounds("dimension array or low bound array");
  }
  ASSIGN_OR_RETURN(const std::vector<int32_t> lengths, NumbersAt(*arguments[1], row, "Dimension"));
  std::vector<int32_t> lowers(lengths.size(), 1);
  if (lengths.size() > size_t{types::kMaxDimensions})
    return types::TooManyDimensions(static_cast<int64_t>(lengths.size()));
  if (arguments.size() > 2) {
    ASSIGN_OR_RETURN(lowers, NumbersAt(*arguments[2], row, "Low bound"));
    if (lowers.size() != lengths.size())
      return WrongSubscripts("Low bound array has different size than dimensions array.");
  }
  ArrayShape shape;
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] < 0) return types::TooManyElements();
    shape.Add(static_cast<uint32_t>(lengths[i]), lowers[i]);
  }
  ArrayBuilder builder(types::ArrayOf(arguments[0]->type().id));
  if (shape.size() == 0) return StoreArray(builder.Finish(), row, result);
  RETURN_IF_ERROR(shape.Check());
  const std::string one = Single(*arguments[0], row);
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(scratch.Take(2 * shape.size() * one.size()));
  for (uint64_t i = 0; i < shape.size(); ++i) {
    if (i % 65536 == 0) RETURN_IF_ERROR(context.Handled(65536));
    builder.Add(*arguments[0], row);
  }
  return StoreArray(builder.Finish(shape), row, result);
}

absl::Status Trim(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                  Vector* result) {
  const ArrayView array = ArrayAt(*arguments[0], row);
  const ArrayShape& shape = array.shape();
  const int32_t trimmed = arguments[1]->data<int32_t>()[row];
  const uint32_t length = shape.dimensions == 0 ? 0 : shape.length(0);
  if (trimmed < 0 || static_cast<uint32_t>(trimmed) > length) {
    return Error("2202E",
                 "number of elements to trim must be between 0 and " + std::to_string(length));
  }
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeForBuilding(arguments, row, &scratch));
  ArrayBuilder builder(arguments[0]->type().id);
  const uint32_t left = length - static_cast<uint32_t>(trimmed);
  if (left == 0) return StoreArray(builder.Finish(), row, result);
  ArrayShape part;
  for (int i = 0; i < shape.dimensions; ++i) part.Add(i == 0 ? left : shape.length(i), 1);
  for (uint32_t i = 0; i < part.size(); ++i) builder.Add(array, i);
  return StoreArray(builder.Finish(part), row, result);
}

}  // namespace

void AddArrays(CatalogBuilder& builder) {
  AddPolymorphicFunction(builder, "array_length", "Ai", 'i', MapAny<ArrayBound<Bound::kLength>>);
  AddPolymorphicFunction(builder, "array_lower", "Ai", 'i', MapAny<ArrayBound<Bound::kLower>>);
  AddPolymorphicFunction(builder, "array_upper", "Ai", 'i', MapAny<ArrayBound<Bound::kUpper>>);
  AddPolymorphicFunction(builder, "cardinality", "A", 'i', MapAny<Cardinality>);
  AddPolymorphicFunction(builder, "array_ndims", "A", 'i', MapAny<Dimensions<false>>);
  AddPolymorphicFunction(builder, "array_dims", "A", 't', MapAny<Dimensions<true>>);
  const FunctionOptions any_number = {true, true, Volatility::kImmutable};
  const FunctionOptions of_nulls = {false, true, Volatility::kImmutable};
  AddPolymorphicFunction(builder, kArrayConstructor, "E", 'A', MapAny<Construct>,
                         {false, false, of_nulls});
  AddPolymorphicFunction(builder, kArrayNesting, "A", 'A', MapAny<Nest>, {false, false, of_nulls});
  AddPolymorphicFunction(builder, kArraySubscript, "Ai", 'E', MapAny<Get>,
                         {false, false, any_number});
  AddPolymorphicFunction(builder, kArraySlice, "Ati", 'A', MapAny<Slice>,
                         {false, false, any_number});
  AddPolymorphicFunction(builder, "array_fill", "EI", 'A', MapAny<Fill>,
                         {false, false, kNotStrict});
  AddPolymorphicFunction(builder, "array_fill", "EII", 'A', MapAny<Fill>,
                         {false, false, kNotStrict});
  AddPolymorphicFunction(builder, "trim_array", "Ai", 'A', MapAny<Trim>);
  AddArrayEdits(builder);
  AddArraySearches(builder);
  AddArrayTexts(builder);
}

}  // namespace adbms::sql::functions
