// Elements in arrays, and arrays compared with arrays.
#include <algorithm>

#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/polymorphic.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::ArrayBuilder;
using types::ArrayView;
using types::TypeId;
using types::Vector;
using View = std::string_view;
using Arguments = std::vector<const Vector*>;
namespace sqlstate = status::sqlstate;

// The positions, from 0, of the elements that are what argument 1 is; NULL is NULL.
absl::StatusOr<std::vector<uint32_t>> Find(const EvaluationContext& context,
                                           const Arguments& arguments, uint32_t row,
                                           const ArrayView& array, uint32_t from, bool all) {
  if (array.shape().dimensions > 1) {
    return status::Error(sqlstate::kFeatureNotSupported,
                         "searching for elements in multidimensional arrays is not supported");
  }
  std::vector<uint32_t> found;
  const std::string single = Single(*arguments[1], row);
  const ArrayView wanted(single, arguments[0]->type().id);
  for (uint32_t i = from; i < array.size(); ++i) {
    RETURN_IF_ERROR(context.Handled(16));
    const bool same = array.is_null(i) || wanted.is_null(0)
                          ? array.is_null(i) == wanted.is_null(0)
                          : types::CompareElements(array, i, wanted, 0) == 0;
    if (!same) continue;
    found.push_back(i);
    if (!all) break;
  }
  return found;
}

absl::Status Position(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                      Vector* result) {
  if (arguments.size() > 2 && arguments[2]->is_null(row) && !arguments[0]->is_null(row)) {
    return status::Error(sqlstate::kNullNotAllowed, "initial position must not be null");
  }
  if (arguments[0]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const ArrayView array = ArrayAt(*arguments[0], row);
  const int32_t lower = array.shape().dimensions == 0 ? 1 : array.shape().lower(0);
  int64_t from = 0;
  if (arguments.size() > 2) {
    from =
        std::clamp<int64_t>(int64_t{arguments[2]->data<int32_t>()[row]} - lower, 0, array.size());
  }
  ASSIGN_OR_RETURN(const std::vector<uint32_t> found,
                   Find(context, arguments, row, array, static_cast<uint32_t>(from), false));
  if (found.empty()) {
    result->SetNull(row);
  } else {
    result->data<int32_t>()[row] = lower + static_cast<int32_t>(found[0]);
  }
  return absl::OkStatus();
}

absl::Status Positions(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                       Vector* result) {
  if (arguments[0]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const ArrayView array = ArrayAt(*arguments[0], row);
  const int32_t lower = array.shape().dimensions == 0 ? 1 : array.shape().lower(0);
  ASSIGN_OR_RETURN(const std::vector<uint32_t> found,
                   Find(context, arguments, row, array, 0, true));
  ArrayBuilder builder(TypeId::kInt4Array);
  for (const uint32_t i : found)
    builder.Add(types::Value::Int(TypeId::kInt4, lower + static_cast<int32_t>(i)));
  return StoreArray(builder.Finish(), row, result);
}

enum class Relation { kContains, kContained, kOverlaps };

// About elements alone, whatever the dimensions; NULL is equal to nothing.
template <Relation kRelation>
absl::Status Relate(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                    Vector* result) {
  const ArrayView whole = ArrayAt(*arguments[kRelation == Relation::kContained ? 1 : 0], row);
  const ArrayView part = ArrayAt(*arguments[kRelation == Relation::kContained ? 0 : 1], row);
  const bool overlaps = kRelation == Relation::kOverlaps;
  bool answer = !overlaps;
  for (uint32_t i = 0; i < part.size() && answer != overlaps; ++i) {
    RETURN_IF_ERROR(context.Handled(size_t{whole.size()} * 8));
    bool found = false;
    for (uint32_t j = 0; j < whole.size() && !found && !part.is_null(i); ++j)
      found = !whole.is_null(j) && types::CompareElements(part, i, whole, j) == 0;
    if (found == overlaps) answer = overlaps;
  }
  result->data<uint8_t>()[row] = answer ? 1 : 0;
  return absl::OkStatus();
}

template <auto F>
absl::Status Compare(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                     Vector* result) {
  const int order = types::CompareArrays(arguments[0]->data<View>()[row],
                                         arguments[1]->data<View>()[row], arguments[0]->type().id);
  result->data<uint8_t>()[row] = F(order) ? 1 : 0;
  return absl::OkStatus();
}

}  // namespace

void AddArraySearches(CatalogBuilder& builder) {
  AddPolymorphicFunction(builder, "array_position", "AE", 'i', MapAny<Position>,
                         kCompatibleOrdered);
  AddPolymorphicFunction(builder, "array_position", "AEi", 'i', MapAny<Position>,
                         kCompatibleOrdered);
  AddPolymorphicFunction(builder, "array_positions", "AE", 'I', MapAny<Positions>,
                         kCompatibleOrdered);
  const auto add = [&](View symbol, Kernel kernel, View commutator, View negator = {}) {
    AddPolymorphicOperator(builder, symbol, "AA", 'b', kernel, kOrdered, commutator, negator);
  };
  add("@>", MapAny<Relate<Relation::kContains>>, "<@");
  add("<@", MapAny<Relate<Relation::kContained>>, "@>");
  add("&&", MapAny<Relate<Relation::kOverlaps>>, "&&");
  add("=", MapAny<Compare<([](int x) { return x == 0; })>>, "=", "<>");
  add("<>", MapAny<Compare<([](int x) { return x != 0; })>>, "<>", "=");
  add("<", MapAny<Compare<([](int x) { return x < 0; })>>, ">", ">=");
  add("<=", MapAny<Compare<([](int x) { return x <= 0; })>>, ">=", ">");
  add(">", MapAny<Compare<([](int x) { return x > 0; })>>, "<", "<=");
  add(">=", MapAny<Compare<([](int x) { return x >= 0; })>>, "<=", "<");
}

}  // namespace adbms::sql::functions
