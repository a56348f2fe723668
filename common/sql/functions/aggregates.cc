// count, sum, avg, bool_and, bool_or, bit_and, bit_or, string_agg, array_agg.
#include <cmath>

#include "common/sql/functions/aggregate_state.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/datetime_arithmetic.h"
#include "common/sql/functions/numeric_state.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/decimal_math.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::Decimal;
using types::DecimalView;
using types::Interval;
using types::TypeId;
using types::Vector;
namespace sqlstate = status::sqlstate;

class Count : public Aggregate {
 public:
  size_t state_size() const override { return sizeof(int64_t); }
  void Initialize(char* state) const override { std::memset(state, 0, sizeof(int64_t)); }
  absl::Status Update(const std::vector<const Vector*>& arguments, uint32_t rows,
                      char* const* states) const override {
    const bool count_all = arguments.empty() || !arguments[0]->may_have_nulls();
    if (count_all && IsOneGroup(states, rows)) {
      *reinterpret_cast<int64_t*>(states[0]) += rows;
      return absl::OkStatus();
    }
    for (uint32_t row = 0; row < rows; ++row) {
      if (count_all || !arguments[0]->is_null(row)) ++*reinterpret_cast<int64_t*>(states[row]);
    }
    return absl::OkStatus();
  }
  bool Retract(const std::vector<const Vector*>& arguments, uint32_t rows,
               char* const* states) const override {
    for (uint32_t row = 0; row < rows; ++row) {
      if (arguments.empty() || !arguments[0]->is_null(row))
        --*reinterpret_cast<int64_t*>(states[row]);
    }
    return true;
  }
  bool combinable() const override { return true; }
  absl::Status Combine(char* const* others, uint32_t count, char* const* states) const override {
    for (uint32_t i = 0; i < count; ++i)
      *reinterpret_cast<int64_t*>(states[i]) += *reinterpret_cast<const int64_t*>(others[i]);
    return absl::OkStatus();
  }
  absl::Status Finalize(const char* state, Vector* result, uint32_t row) const override {
    result->data<int64_t>()[row] = *reinterpret_cast<const int64_t*>(state);
    return absl::OkStatus();
  }
};

struct IntegerState {
  PackedInt128 sum;
  int64_t count;
};

// Sums and averages of integers: exact in 128 bits. Finish decides what comes out.
template <typename T, auto Finish>
class IntegerSum : public Aggregate {
 public:
  size_t state_size() const override { return sizeof(IntegerState); }
  void Initialize(char* state) const override { std::memset(state, 0, sizeof(IntegerState)); }
  absl::Status Update(const std::vector<const Vector*>& arguments, uint32_t rows,
                      char* const* states) const override {
    const Vector& column = *arguments[0];
    const T* values = column.data<T>();
    if (!column.may_have_nulls() && IsOneGroup(states, rows)) {
      // A batch of narrow integers can't overflow 64 bits: a loop that vectorizes.
      using Partial = std::conditional_t<(sizeof(T) < 8), int64_t, __int128>;
      Partial partial = 0;
      for (uint32_t row = 0; row < rows; ++row) partial += values[row];
      auto& state = *reinterpret_cast<IntegerState*>(states[0]);
      state.sum += partial;
      state.count += rows;
      return absl::OkStatus();
    }
    const bool has_nulls = column.may_have_nulls();
    for (uint32_t row = 0; row < rows; ++row) {
      if (has_nulls && column.is_null(row)) continue;
      auto& state = *reinterpret_cast<IntegerState*>(states[row]);
      state.sum += values[row];
      ++state.count;
    }
    return absl::OkStatus();
  }
  bool Retract(const std::vector<const Vector*>& arguments, uint32_t rows,
               char* const* states) const override {
    for (uint32_t row = 0; row < rows; ++row) {
      if (arguments[0]->is_null(row)) continue;
      auto& state = *reinterpret_cast<IntegerState*>(states[row]);
      state.sum -= arguments[0]->data<T>()[row];
      --state.count;
    }
    return true;
  }
  bool combinable() const override { return true; }
  absl::Status Combine(char* const* others, uint32_t count, char* const* states) const override {
    for (uint32_t i = 0; i < count; ++i) {
      auto& state = *reinterpret_cast<IntegerState*>(states[i]);
      const auto& other = *reinterpret_cast<const IntegerState*>(others[i]);
      state.sum += other.sum;
      state.count += other.count;
    }
    return absl::OkStatus();
  }
  absl::Status Finalize(const char* bytes, Vector* result, uint32_t row) const override {
    const auto& state = *reinterpret_cast<const IntegerState*>(bytes);
    if (state.count == 0) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    return Finish(state, result, row);
  }
};

absl::Status FinishBigint(const IntegerState& state, Vector* result, uint32_t row) {
  const __int128 sum = state.sum;
  if (sum != static_cast<int64_t>(sum)) {
    return Error(sqlstate::kNumericOutOfRange, "bigint out of range");
  }
  result->data<int64_t>()[row] = static_cast<int64_t>(sum);
  return absl::OkStatus();
}

absl::Status FinishNumeric(const IntegerState& state, Vector* result, uint32_t row) {
  result->data<DecimalView>()[row] = DecimalView(state.sum, 0);
  return absl::OkStatus();
}

absl::Status FinishAverage(const IntegerState& state, Vector* result, uint32_t row) {
  ASSIGN_OR_RETURN(const Decimal average,
                   types::Divide(Decimal(state.sum, 0), Decimal::FromInt(state.count)));
  result->SetDecimal(row, average);
  return absl::OkStatus();
}

template <bool kAverage>
struct NumericSum {
  using State = NumericSums<false>;
  using Input = DecimalView;
  static void Add(State& state, const DecimalView& value) { state.Add(value); }
  static void Combine(State& state, State& other) { state.Combine(other); }
  static bool Remove(State& state, const DecimalView& value) { return state.Remove(value); }
  static absl::Status Finish(const State& state, Vector* result, uint32_t row) {
    if (state.count() == 0) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(Decimal total, state.total());
    if constexpr (kAverage) {
      ASSIGN_OR_RETURN(total, types::Divide(total, Decimal::FromInt(state.count())));
    }
    result->SetDecimal(row, total);
    return absl::OkStatus();
  }
  static int64_t GrowthOf(const State& state, const DecimalView& value) {
    return state.GrowthOf(value);
  }
  static void Destroy(State& state) { state.Destroy(); }
};

template <typename T, typename Sum, typename Out, bool kAverage>
struct FloatSum {
  struct State {
    Sum sum;
    int64_t count;
  };
  using Input = T;
  static absl::Status Add(State& state, T value) {
    const Sum before = state.sum;
    state.sum += value;
    ++state.count;
    if (std::isinf(state.sum) && !std::isinf(before) && !std::isinf(value)) [[unlikely]] {
      return Error(sqlstate::kNumericOutOfRange, "value out of range: overflow");
    }
    return absl::OkStatus();
  }
  static absl::Status Combine(State& state, State& other) {
    const Sum before = state.sum;
    state.sum += other.sum;
    state.count += other.count;
    if (std::isinf(state.sum) && !std::isinf(before) && !std::isinf(other.sum)) [[unlikely]] {
      return Error(sqlstate::kNumericOutOfRange, "value out of range: overflow");
    }
    return absl::OkStatus();
  }
  static absl::Status Finish(const State& state, Vector* result, uint32_t row) {
    if (state.count == 0) {
      result->SetNull(row);
    } else {
      result->data<Out>()[row] = kAverage
                                     ? static_cast<Out>(state.sum / static_cast<Sum>(state.count))
                                     : static_cast<Out>(state.sum);
    }
    return absl::OkStatus();
  }
};

template <bool kAverage>
struct IntervalSum {
  struct State {
    Interval sum;
    int64_t count;
  };
  using Input = Interval;
  static absl::Status Add(State& state, const Interval& value) {
    ++state.count;
    if (__builtin_add_overflow(state.sum.months, value.months, &state.sum.months) ||
        __builtin_add_overflow(state.sum.days, value.days, &state.sum.days) ||
        __builtin_add_overflow(state.sum.microseconds, value.microseconds,
                               &state.sum.microseconds)) {
      return Error(sqlstate::kDatetimeOverflow, "interval out of range");
    }
    return absl::OkStatus();
  }
  static absl::Status Combine(State& state, State& other) {
    const int64_t count = state.count + other.count;
    RETURN_IF_ERROR(Add(state, other.sum));
    state.count = count;
    return absl::OkStatus();
  }
  static bool Remove(State& state, const Interval& value) {
    --state.count;
    return !__builtin_sub_overflow(state.sum.months, value.months, &state.sum.months) &&
           !__builtin_sub_overflow(state.sum.days, value.days, &state.sum.days) &&
           !__builtin_sub_overflow(state.sum.microseconds, value.microseconds,
                                   &state.sum.microseconds);
  }
  static absl::Status Finish(const State& state, Vector* result, uint32_t row) {
    if (state.count == 0) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    Interval out = state.sum;
    if constexpr (kAverage) {
      ASSIGN_OR_RETURN(out, DivideInterval(state.sum, static_cast<double>(state.count)));
    }
    result->data<Interval>()[row] = out;
    return absl::OkStatus();
  }
};

template <bool kAnd>
struct BoolFold {
  struct State {
    bool any;
    bool value;
  };
  using Input = uint8_t;
  static void Add(State& state, uint8_t value) {
    const bool flag = value != 0;
    state.value = !state.any ? flag : kAnd ? (state.value && flag) : (state.value || flag);
    state.any = true;
  }
  static void Combine(State& state, State& other) {
    if (other.any) Add(state, other.value ? 1 : 0);
  }
  static absl::Status Finish(const State& state, Vector* result, uint32_t row) {
    if (!state.any) {
      result->SetNull(row);
    } else {
      result->data<uint8_t>()[row] = state.value ? 1 : 0;
    }
    return absl::OkStatus();
  }
};

template <typename T, char kOperator>
struct BitFold {
  struct State {
    T value;
    bool any;
  };
  using Input = T;
  static void Add(State& state, T value) {
    if (!state.any) {
      state.value = value;
    } else if constexpr (kOperator == '&') {
      state.value &= value;
    } else if constexpr (kOperator == '|') {
      state.value |= value;
    } else {
      state.value ^= value;
    }
    state.any = true;
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

// A state's text of more bytes is long.
constexpr size_t kLongText = size_t{1} << 20;

struct TextState {
  std::string* text;
};

template <typename State>
State& StateAt(char* bytes) {
  return *reinterpret_cast<State*>(bytes);
}

// string_agg of text and bytea: the delimiter comes before every value but the first.
class StringAgg : public Aggregate {
 public:
  size_t state_size() const override { return sizeof(TextState); }
  void Initialize(char* state) const override { std::memset(state, 0, sizeof(TextState)); }
  absl::Status Update(const std::vector<const Vector*>& arguments, uint32_t rows,
                      char* const* states) const override {
    const auto* values = arguments[0]->data<std::string_view>();
    const auto* delimiters = arguments[1]->data<std::string_view>();
    for (uint32_t row = 0; row < rows; ++row) {
      if (arguments[0]->is_null(row)) continue;
      auto& state = StateAt<TextState>(states[row]);
      const bool first = state.text == nullptr;
      if (first) state.text = new std::string();
      const bool delimited = !first && !arguments[1]->is_null(row);
      const size_t size =
          state.text->size() + values[row].size() + (delimited ? delimiters[row].size() : 0);
      if (size > kLargestText) return TooLong(size);
      // What is long grows by a quarter, so that it is never much more than what was counted.
      if (size > state.text->capacity() && size > kLongText) state.text->reserve(size + size / 4);
      if (delimited) state.text->append(delimiters[row]);
      state.text->append(values[row]);
    }
    return absl::OkStatus();
  }
  int64_t GrowthOf(const std::vector<const Vector*>& arguments, uint32_t rows,
                   char* const* states) const override {
    int64_t bytes = 0;
    for (uint32_t row = 0; row < rows; ++row) {
      if (arguments[0]->is_null(row)) continue;
      if (StateAt<TextState>(states[row]).text == nullptr) bytes += sizeof(std::string);
      size_t added = arguments[0]->data<std::string_view>()[row].size();
      if (!arguments[1]->is_null(row)) added += arguments[1]->data<std::string_view>()[row].size();
      bytes += static_cast<int64_t>(2 * added);
    }
    return bytes;
  }
  absl::Status Finalize(const char* bytes, Vector* result, uint32_t row) const override {
    const auto& state = *reinterpret_cast<const TextState*>(bytes);
    if (state.text == nullptr) {
      result->SetNull(row);
    } else {
      result->data<std::string_view>()[row] = result->arena()->Add(*state.text);
    }
    return absl::OkStatus();
  }
  void Destroy(char* bytes) const override {
    auto& state = StateAt<TextState>(bytes);
    delete state.text;
    state.text = nullptr;
  }
};

template <typename T>
void AddBits(CatalogBuilder& builder, TypeId id) {
  builder.AddAggregate("bit_and", {id}, id, Make<PolicyAggregate<BitFold<T, '&'>>>);
  builder.AddAggregate("bit_or", {id}, id, Make<PolicyAggregate<BitFold<T, '|'>>>);
  builder.AddAggregate("bit_xor", {id}, id, Make<PolicyAggregate<BitFold<T, '^'>>>);
}

}  // namespace

void AddAggregates(CatalogBuilder& builder) {
  builder.AddAggregate("count", {}, TypeId::kInt8, Make<Count>);
  builder.AddAggregate("count", {TypeId::kUnspecified}, TypeId::kInt8, Make<Count>);

  builder.AddAggregate("sum", {TypeId::kInt2}, TypeId::kInt8,
                       Make<IntegerSum<int16_t, FinishBigint>>);
  builder.AddAggregate("sum", {TypeId::kInt4}, TypeId::kInt8,
                       Make<IntegerSum<int32_t, FinishBigint>>);
  builder.AddAggregate("sum", {TypeId::kInt8}, TypeId::kNumeric,
                       Make<IntegerSum<int64_t, FinishNumeric>>);
  builder.AddAggregate("sum", {TypeId::kNumeric}, TypeId::kNumeric,
                       Make<NumericAggregate<NumericSum<false>>>);
  builder.AddAggregate("sum", {TypeId::kFloat4}, TypeId::kFloat4,
                       Make<PolicyAggregate<FloatSum<float, float, float, false>>>);
  builder.AddAggregate("sum", {TypeId::kFloat8}, TypeId::kFloat8,
                       Make<PolicyAggregate<FloatSum<double, double, double, false>>>);
  builder.AddAggregate("sum", {TypeId::kInterval}, TypeId::kInterval,
                       Make<PolicyAggregate<IntervalSum<false>>>);

  builder.AddAggregate("avg", {TypeId::kInt2}, TypeId::kNumeric,
                       Make<IntegerSum<int16_t, FinishAverage>>);
  builder.AddAggregate("avg", {TypeId::kInt4}, TypeId::kNumeric,
                       Make<IntegerSum<int32_t, FinishAverage>>);
  builder.AddAggregate("avg", {TypeId::kInt8}, TypeId::kNumeric,
                       Make<IntegerSum<int64_t, FinishAverage>>);
  builder.AddAggregate("avg", {TypeId::kNumeric}, TypeId::kNumeric,
                       Make<NumericAggregate<NumericSum<true>>>);
  builder.AddAggregate("avg", {TypeId::kFloat4}, TypeId::kFloat8,
                       Make<PolicyAggregate<FloatSum<float, double, double, true>>>);
  builder.AddAggregate("avg", {TypeId::kFloat8}, TypeId::kFloat8,
                       Make<PolicyAggregate<FloatSum<double, double, double, true>>>);
  builder.AddAggregate("avg", {TypeId::kInterval}, TypeId::kInterval,
                       Make<PolicyAggregate<IntervalSum<true>>>);

  builder.AddAggregate("bool_and", {TypeId::kBool}, TypeId::kBool,
                       Make<PolicyAggregate<BoolFold<true>>>);
  builder.AddAggregate("every", {TypeId::kBool}, TypeId::kBool,
                       Make<PolicyAggregate<BoolFold<true>>>);
  builder.AddAggregate("bool_or", {TypeId::kBool}, TypeId::kBool,
                       Make<PolicyAggregate<BoolFold<false>>>);
  AddBits<int16_t>(builder, TypeId::kInt2);
  AddBits<int32_t>(builder, TypeId::kInt4);
  AddBits<int64_t>(builder, TypeId::kInt8);

  builder.AddAggregate("string_agg", {TypeId::kText, TypeId::kText}, TypeId::kText,
                       Make<StringAgg>);
  builder.AddAggregate("string_agg", {TypeId::kBytea, TypeId::kBytea}, TypeId::kBytea,
                       Make<StringAgg>);
  AddArrayAggregates(builder);
}

}  // namespace adbms::sql::functions
