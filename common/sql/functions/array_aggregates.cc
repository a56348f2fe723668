// array_agg of elements and of arrays; min and max of arrays.
#include <cstring>
#include <string>

#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/polymorphic.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::ArrayBuilder;
using types::ArrayShape;
using types::ArrayView;
using types::TypeId;
using types::Vector;
namespace sqlstate = status::sqlstate;

// What has come so far: its elements, and, of arrays, how many there were of which shape.
struct Collected {
  explicit Collected(TypeId array) : builder(array) {}
  ArrayBuilder builder;
  ArrayShape inner;
  uint32_t arrays = 0;
};

class ArrayAgg : public Aggregate {
 public:
  // `element` is the argument's type.
  explicit ArrayAgg(TypeId element)
      : of_arrays_(types::IsArray(element)),
        array_(of_arrays_ ? element : types::ArrayOf(element)) {}

  size_t state_size() const override { return sizeof(Collected*); }
  void Initialize(char* state) const override { std::memset(state, 0, sizeof(Collected*)); }

  absl::Status Update(const std::vector<const Vector*>& arguments, uint32_t rows,
                      char* const* states) const override {
    for (uint32_t row = 0; row < rows; ++row) {
      Collected*& collected = At(states[row]);
      if (collected == nullptr) collected = new Collected(array_);
      if (of_arrays_) {
        RETURN_IF_ERROR(AddArray(*arguments[0], row, collected));
      } else {
        collected->builder.Add(*arguments[0], row);
      }
      if (collected->builder.size() > types::kMaxArraySize) return types::TooManyElements();
    }
    return absl::OkStatus();
  }

  int64_t GrowthOf(const std::vector<const Vector*>& arguments, uint32_t rows,
                   char* const* states) const override {
    // What is there may move to twice the room, and is there again when the array is made.
    auto bytes = static_cast<int64_t>(rows * 4 * types::WidthOf(arguments[0]->physical()));
    if (!arguments[0]->has_strings()) return bytes;
    for (uint32_t row = 0; row < rows; ++row) {
      if (arguments[0]->is_null(row)) continue;
      bytes += static_cast<int64_t>(3 * arguments[0]->string(row).size());
    }
    return bytes;
  }

  absl::Status Finalize(const char* state, Vector* result, uint32_t row) const override {
    const Collected* collected = At(const_cast<char*>(state));
    if (collected == nullptr) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    if (!of_arrays_) return StoreArray(collected->builder.Finish(), row, result);
    ArrayShape shape;
    shape.Add(collected->arrays, 1);
    for (int i = 0; i < collected->inner.dimensions; ++i)
      shape.Add(collected->inner.length(i), collected->inner.lower(i));
    return StoreArray(collected->builder.Finish(shape), row, result);
  }

  void Destroy(char* state) const override {
    delete At(state);
    At(state) = nullptr;
  }

 private:
  static Collected*& At(char* state) { return *reinterpret_cast<Collected**>(state); }

  absl::Status AddArray(const Vector& arrays, uint32_t row, Collected* collected) const {
    if (arrays.is_null(row)) {
      return status::Error(sqlstate::kNullNotAllowed, "cannot accumulate null arrays");
    }
    const ArrayView array(arrays.data<std::string_view>()[row], array_);
    if (array.size() == 0) return status::Error("2202E", "cannot accumulate empty arrays");
    if (array.shape().dimensions == types::kMaxDimensions)
      return types::TooManyDimensions(types::kMaxDimensions + 1);
    if (collected->arrays == 0) collected->inner = array.shape();
    if (!(collected->inner == array.shape())) {
      return status::Error("2202E", "cannot accumulate arrays of different dimensionality");
    }
    for (uint32_t i = 0; i < array.size(); ++i) collected->builder.Add(array, i);
    ++collected->arrays;
    return absl::OkStatus();
  }

  const bool of_arrays_;
  const TypeId array_;
};

class ArrayExtreme : public Aggregate {
 public:
  ArrayExtreme(TypeId array, bool max) : array_(array), max_(max) {}

  size_t state_size() const override { return sizeof(std::string*); }
  void Initialize(char* state) const override { std::memset(state, 0, sizeof(std::string*)); }

  absl::Status Update(const std::vector<const Vector*>& arguments, uint32_t rows,
                      char* const* states) const override {
    for (uint32_t row = 0; row < rows; ++row) {
      if (arguments[0]->is_null(row)) continue;
      const std::string_view array = arguments[0]->data<std::string_view>()[row];
      std::string*& best = At(states[row]);
      if (best == nullptr) {
        best = new std::string(array);
      } else if (const int order = types::CompareArrays(array, *best, array_);
                 max_ ? order > 0 : order < 0) {
        *best = array;
      }
    }
    return absl::OkStatus();
  }

  int64_t GrowthOf(const std::vector<const Vector*>& arguments, uint32_t rows,
                   char* const* states) const override {
    int64_t bytes = 0;
    for (uint32_t row = 0; row < rows; ++row) {
      if (arguments[0]->is_null(row)) continue;
      const std::string* best = At(states[row]);
      const size_t size = arguments[0]->string(row).size();
      if (best == nullptr || size > best->capacity()) bytes += static_cast<int64_t>(size) + 32;
    }
    return bytes;
  }

  absl::Status Finalize(const char* state, Vector* result, uint32_t row) const override {
    const std::string* best = At(const_cast<char*>(state));
    if (best != nullptr) return StoreArray(*best, row, result);
    result->SetNull(row);
    return absl::OkStatus();
  }

  void Destroy(char* state) const override {
    delete At(state);
    At(state) = nullptr;
  }

 private:
  static std::string*& At(char* state) { return *reinterpret_cast<std::string**>(state); }

  const TypeId array_;
  const bool max_;
};

}  // namespace

void AddArrayAggregates(CatalogBuilder& builder) {
  for (const TypeId element : ElementTypes()) {
    const TypeId array = types::ArrayOf(element);
    for (const char* pattern : {"E", "A"}) {
      const TypeId argument = *pattern == 'E' ? element : array;
      builder.AddAggregate("array_agg", {argument}, array,
                           [argument] { return std::make_unique<ArrayAgg>(argument); });
      builder.aggregates.back().polymorphism = PolymorphismOf(pattern, element, false);
    }
    if (!types::IsComparable(element)) continue;
    for (const bool max : {false, true}) {
      builder.AddAggregate(max ? "max" : "min", {array}, array,
                           [array, max] { return std::make_unique<ArrayExtreme>(array, max); });
      builder.aggregates.back().polymorphism = PolymorphismOf("A", element, false);
    }
  }
}

}  // namespace adbms::sql::functions
