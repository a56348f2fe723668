// Arrays from arrays: append, prepend, concatenate, remove, replace.
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

// A NULL array counts as empty.
ArrayView ArrayOrEmpty(const Vector& vector, uint32_t row) {
  if (vector.is_null(row)) return ArrayView(View(), vector.type().id);
  return ArrayAt(vector, row);
}

void AddAll(const ArrayView& array, ArrayBuilder* builder) {
  for (uint32_t i = 0; i < array.size(); ++i) builder->Add(array, i);
}

// array_append and array_prepend.
template <bool kAppend>
absl::Status AddElement(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                        Vector* result) {
  const Vector& arrays = *arguments[kAppend ? 0 : 1];
  const Vector& elements = *arguments[kAppend ? 1 : 0];
  const ArrayView array = ArrayOrEmpty(arrays, row);
  if (array.shape().dimensions > 1)
    return Error("22000", "argument must be empty or one-dimensional array");
  const int32_t lower = array.size() == 0 ? 1 : array.shape().lower(0);
  const bool beyond = kAppend ? array.size() > 0 && array.shape().upper(0) >=
                                                        std::numeric_limits<int32_t>::max() - 1
                              : lower == std::numeric_limits<int32_t>::min();
  if (beyond) return Error(sqlstate::kNumericOutOfRange, "integer out of range");
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeForBuilding(arguments, row, &scratch));
  ArrayBuilder builder(arrays.type().id);
  if constexpr (kAppend) {
    AddAll(array, &builder);
    builder.Add(elements, row);
  } else {
    builder.Add(elements, row);
    AddAll(array, &builder);
  }
  if (builder.size() > types::kMaxArraySize) return types::TooManyElements();
  return StoreArray(builder.Finish(ArrayShape::OfLength(builder.size(), lower)), row, result);
}

absl::Status Incompatible(std::string_view detail) {
  return Error("2202E", "cannot concatenate incompatible arrays", detail);
}

// Whether `part` has the dimensions of `whole` from `first` on.
bool Matches(const ArrayShape& part, int part_first, const ArrayShape& whole, int whole_first) {
  for (int i = 0; part_first + i < part.dimensions; ++i) {
    if (part.length(part_first + i) != whole.length(whole_first + i) ||
        part.lower(part_first + i) != whole.lower(whole_first + i))
      return false;
  }
  return true;
}

absl::StatusOr<ArrayShape> ShapeOfBoth(const ArrayShape& a, const ArrayShape& b) {
  ArrayShape shape = a.dimensions >= b.dimensions ? a : b;
  if (a.dimensions == b.dimensions) {
    if (!Matches(a, 1, b, 1)) {
      return Incompatible(
          "Arrays with differing element dimensions are not compatible for concatenation.");
    }
    shape.lengths[0] = a.length(0) + b.length(0);
    return shape;
  }
  if (std::max(a.dimensions, b.dimensions) - std::min(a.dimensions, b.dimensions) != 1) {
    return Incompatible("Arrays of " + std::to_string(a.dimensions) + " and " +
                        std::to_string(b.dimensions) +
                        " dimensions are not compatible for concatenation.");
  }
  const ArrayShape& part = a.dimensions < b.dimensions ? a : b;
  if (!Matches(part, 0, shape, 1))
    return Incompatible("Arrays with differing dimensions are not compatible for concatenation.");
  ++shape.lengths[0];
  return shape;
}

absl::Status Concatenate(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                         Vector* result) {
  if (arguments[0]->is_null(row) && arguments[1]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const ArrayView a = ArrayOrEmpty(*arguments[0], row);
  const ArrayView b = ArrayOrEmpty(*arguments[1], row);
  ArrayShape shape = a.size() == 0 ? b.shape() : a.shape();
  if (a.size() > 0 && b.size() > 0) {
    ASSIGN_OR_RETURN(shape, ShapeOfBoth(a.shape(), b.shape()));
    RETURN_IF_ERROR(shape.Check());
  }
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeForBuilding(arguments, row, &scratch));
  ArrayBuilder builder(arguments[0]->type().id);
  AddAll(a, &builder);
  AddAll(b, &builder);
  return StoreArray(builder.Finish(shape), row, result);
}

// array_remove(array, old) and array_replace(array, old, new). NULL equals NULL.
absl::Status Replace(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                     Vector* result) {
  if (arguments[0]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const bool removes = arguments.size() == 2;
  const ArrayView array = ArrayAt(*arguments[0], row);
  if (removes && array.shape().dimensions > 1) {
    return Error(sqlstate::kFeatureNotSupported,
                 "removing elements from multidimensional arrays is not supported");
  }
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeForBuilding(arguments, row, &scratch));
  const std::string single = Single(*arguments[1], row);
  const ArrayView old(single, arguments[0]->type().id);
  ArrayBuilder builder(arguments[0]->type().id);
  for (uint32_t i = 0; i < array.size(); ++i) {
    const bool is_old = array.is_null(i) || old.is_null(0)
                            ? array.is_null(i) == old.is_null(0)
                            : types::CompareElements(array, i, old, 0) == 0;
    if (!is_old) {
      builder.Add(array, i);
    } else if (!removes) {
      builder.Add(*arguments[2], row);
    }
  }
  ArrayShape shape = array.shape();
  if (removes) {
    shape = ArrayShape::OfLength(builder.size(), shape.dimensions == 0 ? 1 : shape.lower(0));
  }
  return StoreArray(builder.Finish(shape), row, result);
}

// The shape with room for what the subscripts name; a dimension of one can grow at both ends.
absl::StatusOr<ArrayShape> Extended(ArrayShape shape, const std::vector<int32_t>& subscripts) {
  if (shape.dimensions == 0) {
    for (const int32_t subscript : subscripts) shape.Add(1, subscript);
    RETURN_IF_ERROR(shape.Check());
    return shape;
  }
  if (shape.dimensions != static_cast<int>(subscripts.size()))
    return Error("2202E", "wrong number of array subscripts");
  for (int i = 0; i < shape.dimensions; ++i) {
    const int32_t subscript = subscripts[static_cast<size_t>(i)];
    if (subscript >= shape.lower(i) && subscript <= shape.upper(i)) continue;
    if (shape.dimensions > 1) return Error("2202E", "array subscript out of range");
    const int64_t lower = std::min<int64_t>(subscript, shape.lower(0));
    const int64_t length = std::max<int64_t>(subscript, shape.upper(0)) - lower + 1;
    if (length > types::kMaxArraySize) return types::TooManyElements();
    shape.lowers[0] = static_cast<int32_t>(lower);
    shape.lengths[0] = static_cast<uint32_t>(length);
  }
  RETURN_IF_ERROR(shape.Check());
  return shape;
}

// column[i]… = value; what lies between the old elements and a new one is NULL.
absl::Status Assign(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                    Vector* result) {
  std::vector<int32_t> subscripts;
  for (size_t i = 2; i < arguments.size(); ++i) {
    if (arguments[i]->is_null(row))
      return Error(sqlstate::kNullNotAllowed, "array subscript in assignment must not be null");
    subscripts.push_back(arguments[i]->data<int32_t>()[row]);
  }
  if (subscripts.size() > size_t{types::kMaxDimensions})
    return types::TooManyDimensions(static_cast<int64_t>(subscripts.size()));
  const ArrayView array = ArrayOrEmpty(*arguments[0], row);
  ASSIGN_OR_RETURN(const ArrayShape shape, Extended(array.shape(), subscripts));
  int64_t target = 0;
  for (int i = 0; i < shape.dimensions; ++i)
    target = target * shape.length(i) + subscripts[static_cast<size_t>(i)] - shape.lower(i);
  // Only one dimension has grown, so that old elements stand together.
  const int64_t shift = array.size() == 0 ? 0 : int64_t{array.shape().lower(0)} - shape.lower(0);
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeForBuilding(arguments, row, &scratch));
  RETURN_IF_ERROR(scratch.Take(shape.size() * sizeof(uint32_t)));
  ArrayBuilder builder(arguments[0]->type().id);
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i) {
    const int64_t old = i - shift;
    if (i % 65536 == 0) RETURN_IF_ERROR(context.Handled(1 << 18));
    if (i == target) {
      builder.Add(*arguments[1], row);
    } else if (old >= 0 && old < array.size()) {
      builder.Add(array, static_cast<uint32_t>(old));
    } else {
      builder.AddNull();
    }
  }
  return StoreArray(builder.Finish(shape), row, result);
}

// What an assignment to a slice makes of one dimension: where the slice begins and ends, and the
// dimension with it.
struct SliceBounds {
  int64_t lower = 0;
  int64_t upper = 0;
};

absl::Status NoUpperBound() {
  return Error("2202E", "upper bound cannot be less than lower bound");
}

// column[a:b]… = array: arguments are the column, the value, `which` and the bounds as array slices
// have them.
absl::Status AssignSlice(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                         Vector* result) {
  const View which = arguments[2]->data<View>()[row];
  const size_t pairs = (arguments.size() - 3) / 2;
  for (size_t i = 3; i < arguments.size(); ++i) {
    if (arguments[i]->is_null(row))
      return Error(sqlstate::kNullNotAllowed, "array subscript in assignment must not be null");
  }
  if (pairs > size_t{types::kMaxDimensions})
    return types::TooManyDimensions(static_cast<int64_t>(pairs));
  if (arguments[1]->is_null(row)) {
    // Nothing is assigned.
    if (arguments[0]->is_null(row)) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    result->data<View>()[row] = result->arena()->Add(arguments[0]->data<View>()[row]);
    return absl::OkStatus();
  }
  const ArrayView array = ArrayOrEmpty(*arguments[0], row);
  const ArrayView values = ArrayAt(*arguments[1], row);
  ArrayShape shape = array.shape();
  const bool empty = shape.dimensions == 0;
  if (!empty && shape.dimensions < static_cast<int>(pairs))
    return Error("2202E", "wrong number of array subscripts");
  std::vector<SliceBounds> slice;
  const int dimensions = empty ? static_cast<int>(pairs) : shape.dimensions;
  for (int i = 0; i < dimensions; ++i) {
    const auto given = [&](size_t side) {
      const size_t at = static_cast<size_t>(i) * 2 + side;
      return at < which.size() && which[at] != '-';
    };
    const auto bound = [&](size_t side, int64_t own) -> int64_t {
      return given(side) ? arguments[static_cast<size_t>(i) * 2 + side + 3]->data<int32_t>()[row]
                         : own;
    };
    if (empty && !(given(0) && given(1)))
      return Error("2202E", "array slice subscript must provide both boundaries",
                   "When assigning to a slice of an empty array value, slice boundaries must be "
                   "fully specified.");
    const SliceBounds bounds = {bound(0, empty ? 0 : shape.lower(i)),
                                bound(1, empty ? 0 : shape.upper(i))};
    if (bounds.lower > bounds.upper) return NoUpperBound();
    if (bounds.upper - bounds.lower >= int64_t{types::kMaxArraySize})
      return types::TooManyElements();
    slice.push_back(bounds);
    if (empty) {
      shape.Add(static_cast<uint32_t>(bounds.upper - bounds.lower + 1),
                static_cast<int32_t>(bounds.lower));
    } else if (shape.dimensions == 1) {
      const int64_t lower = std::min<int64_t>(bounds.lower, shape.lower(0));
      const int64_t length = std::max<int64_t>(bounds.upper, shape.upper(0)) - lower + 1;
      if (length > types::kMaxArraySize) return types::TooManyElements();
      shape.lowers[0] = static_cast<int32_t>(lower);
      shape.lengths[0] = static_cast<uint32_t>(length);
    } else if (bounds.lower < shape.lower(i) || bounds.upper > shape.upper(i)) {
      return Error("2202E", "array subscript out of range");
    }
  }
  RETURN_IF_ERROR(shape.Check());
  uint64_t wanted = 1;
  for (const SliceBounds& bounds : slice)
    wanted *= static_cast<uint64_t>(bounds.upper - bounds.lower + 1);
  if (values.size() < wanted) return Error("2202E", "source array too small");
  const int64_t shift = empty ? 0 : int64_t{array.shape().lower(0)} - shape.lower(0);
  const bool grows = !empty && shape.dimensions == 1;
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeForBuilding(arguments, row, &scratch));
  RETURN_IF_ERROR(scratch.Take(shape.size() * sizeof(uint32_t)));
  ArrayBuilder builder(arguments[0]->type().id);
  uint32_t next = 0;
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i) {
    if (i % 65536 == 0) RETURN_IF_ERROR(context.Handled(1 << 18));
    bool inside = true;
    int64_t rest = i;
    for (int d = shape.dimensions - 1; d >= 0; --d) {
      const int64_t subscript = shape.lower(d) + rest % shape.length(d);
      rest /= shape.length(d);
      const SliceBounds& bounds = slice[static_cast<size_t>(d)];
      inside = inside && subscript >= bounds.lower && subscript <= bounds.upper;
    }
    const int64_t old = grows ? i - shift : i;
    if (inside) {
      builder.Add(values, next++);
    } else if (old >= 0 && old < array.size()) {
      builder.Add(array, static_cast<uint32_t>(old));
    } else {
      builder.AddNull();
    }
  }
  return StoreArray(builder.Finish(shape), row, result);
}

}  // namespace

void AddArrayEdits(CatalogBuilder& builder) {
  AddPolymorphicFunction(builder, "array_append", "AE", 'A', MapAny<AddElement<true>>, kCompatible);
  AddPolymorphicFunction(builder, "array_prepend", "EA", 'A', MapAny<AddElement<false>>,
                         kCompatible);
  AddPolymorphicFunction(builder, "array_cat", "AA", 'A', MapAny<Concatenate>, kCompatible);
  AddPolymorphicFunction(builder, "array_remove", "AE", 'A', MapAny<Replace>, kCompatibleOrdered);
  AddPolymorphicFunction(builder, "array_replace", "AEE", 'A', MapAny<Replace>, kCompatibleOrdered);
  AddPolymorphicFunction(builder, kArrayAssignment, "AEi", 'A', MapAny<Assign>,
                         {false, false, {false, true, Volatility::kImmutable}});
  AddPolymorphicFunction(builder, kArraySliceAssignment, "AAti", 'A', MapAny<AssignSlice>,
                         {false, false, {false, true, Volatility::kImmutable}});
  AddPolymorphicOperator(builder, "||", "AA", 'A', MapAny<Concatenate>, kCompatible);
  AddPolymorphicOperator(builder, "||", "AE", 'A', MapAny<AddElement<true>>, kCompatible);
  AddPolymorphicOperator(builder, "||", "EA", 'A', MapAny<AddElement<false>>, kCompatible);
}

}  // namespace adbms::sql::functions
