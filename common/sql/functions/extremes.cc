// min and max.
#include "common/sql/functions/aggregate_state.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/numeric_state.h"
#include "common/sql/functions/ordering.h"

namespace adbms::sql::functions {
namespace {

using types::DecimalView;
using types::TypeId;
using types::Vector;

template <typename T, bool kMax>
struct Extreme {
  struct State {
    T value;
    bool any;
  };
  using Input = T;
  static void Add(State& state, const T& value) {
    if (state.any) {
      const int order = CompareThreeWay(value, state.value);
      if (kMax ? order <= 0 : order >= 0) return;
    }
    state = {value, true};
  }
  static void Combine(State& state, State& other) {
    if (other.any) Add(state, other.value);
  }
  static absl::Status Finish(const State& state, Vector* result, uint32_t row) {
    if (!state.any) {
      result->SetNull(row);
    } else {
      result->data<T>()[row] = state.value;
    }
    return absl::OkStatus();
  }
};

template <bool kMax>
struct NumericExtreme {
  struct State {
    StoredDecimal value;
    bool any;
  };
  using Input = DecimalView;
  static void Add(State& state, const DecimalView& value) {
    if (state.any) {
      const int order = CompareThreeWay(value, state.value.Get());
      if (kMax ? order <= 0 : order >= 0) return;
    }
    state.any = true;
    state.value.Set(value);
  }
  static void Combine(State& state, State& other) {
    if (other.any) Add(state, other.value.Get());
  }
  static int64_t GrowthOf(const State&, const DecimalView& value) { return BytesOf(value); }
  static absl::Status Finish(const State& state, Vector* result, uint32_t row) {
    if (!state.any) {
      result->SetNull(row);
    } else {
      result->SetDecimal(row, state.value.Get());
    }
    return absl::OkStatus();
  }
  static void Destroy(State& state) { state.value.Set(DecimalView()); }
};

template <bool kMax, bool kBlankPadded>
struct TextExtreme {
  struct State {
    std::string* text;
  };
  using Input = std::string_view;
  static void Add(State& state, std::string_view value) {
    if (state.text == nullptr) {
      state.text = new std::string(value);
    } else if (Replaces(state, value)) {
      state.text->assign(value);
    }
  }
  static void Combine(State& state, State& other) {
    if (other.text == nullptr) return;
    if (state.text == nullptr || Replaces(state, *other.text)) std::swap(state.text, other.text);
  }
  static bool Replaces(const State& state, std::string_view value) {
    const int order = kBlankPadded ? BlankPadded::Compare(value, *state.text)
                                   : CompareThreeWay(value, std::string_view(*state.text));
    return kMax ? order > 0 : order < 0;
  }
  static int64_t GrowthOf(const State& state, std::string_view value) {
    const auto size = static_cast<int64_t>(value.size());
    if (state.text == nullptr) return static_cast<int64_t>(sizeof(std::string)) + size;
    const auto capacity = static_cast<int64_t>(state.text->capacity());
    return size > capacity && Replaces(state, value) ? size : 0;
  }
  static absl::Status Finish(const State& state, Vector* result, uint32_t row) {
    if (state.text == nullptr) {
      result->SetNull(row);
    } else {
      result->data<std::string_view>()[row] = result->arena()->Add(*state.text);
    }
    return absl::OkStatus();
  }
  static void Destroy(State& state) {
    delete state.text;
    state.text = nullptr;
  }
};

template <typename T>
void AddFixed(CatalogBuilder& builder, TypeId id) {
  builder.AddAggregate("min", {id}, id, Make<PolicyAggregate<Extreme<T, false>>>);
  builder.AddAggregate("max", {id}, id, Make<PolicyAggregate<Extreme<T, true>>>);
}

}  // namespace

void AddExtremes(CatalogBuilder& builder) {
  AddFixed<uint8_t>(builder, TypeId::kBool);
  AddFixed<int16_t>(builder, TypeId::kInt2);
  AddFixed<int32_t>(builder, TypeId::kInt4);
  AddFixed<int32_t>(builder, TypeId::kDate);
  for (const TypeId id : {TypeId::kInt8, TypeId::kTime, TypeId::kTimetz, TypeId::kTimestamp,
                          TypeId::kTimestamptz, TypeId::kOid}) {
    AddFixed<int64_t>(builder, id);
  }
  AddFixed<float>(builder, TypeId::kFloat4);
  AddFixed<double>(builder, TypeId::kFloat8);
  AddFixed<double>(builder, TypeId::kEnum);
  const TypeId numeric = TypeId::kNumeric;
  builder.AddAggregate("min", {numeric}, numeric, Make<NumericAggregate<NumericExtreme<false>>>);
  builder.AddAggregate("max", {numeric}, numeric, Make<NumericAggregate<NumericExtreme<true>>>);
  AddFixed<types::Interval>(builder, TypeId::kInterval);
  for (const TypeId id : {TypeId::kText, TypeId::kVarchar, TypeId::kName, TypeId::kBytea,
                          TypeId::kUuid, TypeId::kChar, TypeId::kInet}) {
    builder.AddAggregate("min", {id}, id, Make<PolicyAggregate<TextExtreme<false, false>>>);
    builder.AddAggregate("max", {id}, id, Make<PolicyAggregate<TextExtreme<true, false>>>);
  }
  builder.AddAggregate("min", {TypeId::kBpchar}, TypeId::kBpchar,
                       Make<PolicyAggregate<TextExtreme<false, true>>>);
  builder.AddAggregate("max", {TypeId::kBpchar}, TypeId::kBpchar,
                       Make<PolicyAggregate<TextExtreme<true, true>>>);
}

}  // namespace adbms::sql::functions
