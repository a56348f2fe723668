// Functions in FROM: generate_series, unnest, generate_subscripts.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/datetime_arithmetic.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/polymorphic.h"
#include "common/sql/functions/table_cursors.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/batch_rows.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::Batch;
using types::Decimal;
using types::DecimalView;
using types::Interval;
using types::TypeId;
using types::Value;
using types::Vector;
namespace sqlstate = status::sqlstate;

// A batch of one column.
Batch OneColumn(std::shared_ptr<Vector> column) {
  Batch batch;
  batch.row_count = column->size();
  batch.columns.push_back(std::move(column));
  return batch;
}

absl::Status StepZero() {
  return Error(sqlstate::kInvalidParameterValue, "step size cannot equal zero");
}

bool HasNull(const std::vector<Value>& arguments) {
  for (const Value& argument : arguments) {
    if (argument.is_null()) return true;
  }
  return false;
}

// A series is a policy: Done(), Put(Vector*, row), and Advance(), which returns false on overflow.
template <typename Series>
class SeriesCursor : public TableFunction::Cursor {
 public:
  SeriesCursor(Series series, TypeId type) : series_(std::move(series)), type_(type) {}
  absl::StatusOr<bool> Next(Batch* batch) override {
    if (done_ || series_.Done()) return false;
    auto column = std::make_shared<Vector>(types::Type{type_, 0});
    column->Resize(types::BatchRows());
    uint32_t rows = 0;
    while (rows < types::BatchRows() && !done_ && !series_.Done()) {
      series_.Put(column.get(), rows++);
      ASSIGN_OR_RETURN(const bool more, series_.Advance());
      done_ = !more;
    }
    column->Resize(rows);
    *batch = OneColumn(std::move(column));
    return true;
  }

 private:
  Series series_;
  TypeId type_;
  bool done_ = false;
};

template <typename T>
struct IntegerSeries {
  T next;
  T last;
  T step;
  bool Done() const { return step > 0 ? next > last : next < last; }
  void Put(Vector* column, uint32_t row) const { column->data<T>()[row] = next; }
  absl::StatusOr<bool> Advance() { return !__builtin_add_overflow(next, step, &next); }
};

struct NumericSeries {
  Decimal next;
  Decimal last;
  Decimal step;
  bool Done() const {
    const auto order = types::Compare(next, last);
    return step.Sign() > 0 ? order > 0 : order < 0;
  }
  void Put(Vector* column, uint32_t row) const { column->SetDecimal(row, next); }
  absl::StatusOr<bool> Advance() {
    auto sum = types::Add(next, step);
    if (!sum.ok()) return false;
    next = *std::move(sum);
    return true;
  }
};

struct TimestampSeries {
  int64_t next;
  int64_t last;
  Interval step;
  bool ascending;
  absl::TimeZone zone;
  bool Done() const { return ascending ? next > last : next < last; }
  void Put(Vector* column, uint32_t row) const { column->data<int64_t>()[row] = next; }
  absl::StatusOr<bool> Advance() {
    ASSIGN_OR_RETURN(next, AddToTimestamptz(next, step, zone));
    return true;
  }
};

template <typename T, TypeId kId>
absl::StatusOr<CursorPtr> OpenIntegers(const EvaluationContext& context,
                                       const std::vector<Value>& arguments) {
  if (HasNull(arguments)) return std::make_unique<EmptyCursor>();
  const int64_t step = arguments.size() > 2 ? arguments[2].int_value() : 1;
  if (step == 0) return StepZero();
  return std::make_unique<SeriesCursor<IntegerSeries<T>>>(
      IntegerSeries<T>{static_cast<T>(arguments[0].int_value()),
                       static_cast<T>(arguments[1].int_value()), static_cast<T>(step)},
      kId);
}

absl::StatusOr<CursorPtr> OpenNumerics(const EvaluationContext& context,
                                       const std::vector<Value>& arguments) {
  if (HasNull(arguments)) return std::make_unique<EmptyCursor>();
  const Decimal step = arguments.size() > 2 ? Decimal(arguments[2].decimal()) : Decimal::FromInt(1);
  constexpr std::string_view kNames[] = {"start value", "stop value", "step size"};
  for (size_t i = 0; i < arguments.size(); ++i) {
    const DecimalView value = arguments[i].decimal();
    if (!value.is_finite()) {
      return Error(
          sqlstate::kInvalidParameterValue,
          std::string(kNames[i]) + (value.is_nan() ? " cannot be NaN" : " cannot be infinity"));
    }
  }
  if (step.is_zero()) return StepZero();
  return std::make_unique<SeriesCursor<NumericSeries>>(
      NumericSeries{arguments[0].decimal(), arguments[1].decimal(), step}, TypeId::kNumeric);
}

template <TypeId kId>
absl::StatusOr<CursorPtr> OpenTimestamps(const EvaluationContext& context,
                                         const std::vector<Value>& arguments) {
  if (HasNull(arguments)) return std::make_unique<EmptyCursor>();
  const Interval step = arguments[2].interval();
  const auto order = types::Compare(step, Interval{});
  if (order == 0) return StepZero();
  TimestampSeries series{arguments[0].int_value(), arguments[1].int_value(), step, order > 0,
                         kId == TypeId::kTimestamptz ? ZoneOf(context) : absl::UTCTimeZone()};
  return std::make_unique<SeriesCursor<TimestampSeries>>(series, kId);
}

class ElementsCursor : public TableFunction::Cursor {
 public:
  // The scratch counts the array, as long as it is held.
  ElementsCursor(std::string_view array, TypeId type, bool numbered,
                 std::unique_ptr<ScratchMemory> scratch, const EvaluationContext& context)
      : bytes_(array),
        array_(bytes_, type),
        numbered_(numbered),
        scratch_(std::move(scratch)),
        context_(context) {}
  absl::StatusOr<bool> Next(Batch* batch) override {
    if (next_ >= array_.size()) return false;
    auto column = std::make_shared<Vector>(types::Type{array_.element(), 0});
    column->CountStrings(context_.memory);
    const uint32_t rows = std::min<uint32_t>(types::BatchRows(), array_.size() - next_);
    column->Resize(rows);
    for (uint32_t row = 0; row < rows; ++row, ++next_) {
      array_.Load(next_, column.get(), row);
      if (types::MayHaveStrings(column->physical()) && !column->is_null(row))
        column->OwnString(row);
    }
    if (column->strings_refused()) return column->StringsRefusal();
    *batch = OneColumn(std::move(column));
    if (!numbered_) return true;
    auto numbers = std::make_shared<Vector>(types::Type{TypeId::kInt4, 0});
    numbers->Resize(batch->row_count);
    for (uint32_t row = 0; row < batch->row_count; ++row)
      numbers->data<int32_t>()[row] = static_cast<int32_t>(next_ - batch->row_count + row + 1);
    batch->columns.push_back(std::move(numbers));
    return true;
  }

 private:
  const std::string bytes_;
  const types::ArrayView array_;
  const bool numbered_;
  std::unique_ptr<ScratchMemory> scratch_;
  const EvaluationContext& context_;  // Of the execution.
  uint32_t next_ = 0;
};

template <bool kNumbered>
absl::StatusOr<CursorPtr> OpenUnnest(const EvaluationContext& context,
                                     const std::vector<Value>& arguments) {
  if (HasNull(arguments)) return std::make_unique<EmptyCursor>();
  return OpenElements(context, arguments[0].bytes(), arguments[0].type().id, kNumbered);
}

absl::StatusOr<CursorPtr> OpenSubscripts(const EvaluationContext& context,
                                         const std::vector<Value>& arguments) {
  if (HasNull(arguments)) return std::make_unique<EmptyCursor>();
  const types::ArrayView array(arguments[0].bytes(), arguments[0].type().id);
  const types::ArrayShape& shape = array.shape();
  const int64_t dimension = arguments[1].int_value();
  if (dimension < 1 || dimension > shape.dimensions) return std::make_unique<EmptyCursor>();
  const int32_t lower = shape.lower(static_cast<int>(dimension) - 1);
  const auto upper = static_cast<int32_t>(shape.upper(static_cast<int>(dimension) - 1));
  const bool reverse = arguments.size() > 2 && arguments[2].bool_value();
  return std::make_unique<SeriesCursor<IntegerSeries<int32_t>>>(
      IntegerSeries<int32_t>{reverse ? upper : lower, reverse ? lower : upper, reverse ? -1 : 1},
      TypeId::kInt4);
}

// pg_options_to_table: the names and values of 'name=value' texts, all at once.
class OptionsCursor : public TableFunction::Cursor {
 public:
  explicit OptionsCursor(types::Batch rows) : rows_(std::move(rows)) {}
  absl::StatusOr<bool> Next(types::Batch* batch) override {
    if (rows_.row_count == 0) return false;
    *batch = std::exchange(rows_, types::Batch());
    return true;
  }

 private:
  types::Batch rows_;
};

absl::StatusOr<CursorPtr> OpenOptions(const EvaluationContext& context,
                                      const std::vector<Value>& arguments) {
  if (HasNull(arguments)) return std::make_unique<EmptyCursor>();
  const types::ArrayView array(arguments[0].bytes(), arguments[0].type().id);
  auto names = std::make_shared<types::Vector>(types::Type{TypeId::kText, 0});
  auto values = std::make_shared<types::Vector>(types::Type{TypeId::kText, 0});
  names->CountStrings(context.memory);
  values->CountStrings(context.memory);
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.is_null(i))
      return status::Error(status::sqlstate::kNullNotAllowed, "an option must not be null");
    const std::string option(array.Get(i).bytes());
    const size_t equals = option.find('=');
    names->Append(Value::Text(option.substr(0, equals)));
    if (equals == std::string::npos) {
      values->AppendNull();
    } else {
      values->Append(Value::Text(option.substr(equals + 1)));
    }
  }
  if (names->strings_refused()) return names->StringsRefusal();
  if (values->strings_refused()) return values->StringsRefusal();
  types::Batch rows;
  rows.row_count = array.size();
  rows.columns = {std::move(names), std::move(values)};
  return std::make_unique<OptionsCursor>(std::move(rows));
}

}  // namespace

absl::StatusOr<CursorPtr> OpenElements(const EvaluationContext& context, std::string_view array,
                                       TypeId array_type, bool numbered) {
  auto scratch = std::make_unique<ScratchMemory>(context);
  RETURN_IF_ERROR(scratch->Take(array.size()));
  return std::make_unique<ElementsCursor>(array, array_type, numbered, std::move(scratch), context);
}

void AddTableFunctions(CatalogBuilder& builder) {
  const auto add =
      [&](std::string_view name, std::vector<TypeId> arguments, TypeId result,
          absl::StatusOr<CursorPtr> (*open)(const EvaluationContext&, const std::vector<Value>&)) {
        TableFunction function;
        function.name = name;
        function.arguments = std::move(arguments);
        function.result = {result};
        function.column_names = {std::string(name)};
        function.open = open;
        builder.AddTableFunction(std::move(function));
      };
  const TypeId int4 = TypeId::kInt4;
  const TypeId int8 = TypeId::kInt8;
  const TypeId numeric = TypeId::kNumeric;
  add("generate_series", {int4, int4}, int4, OpenIntegers<int32_t, TypeId::kInt4>);
  add("generate_series", {int4, int4, int4}, int4, OpenIntegers<int32_t, TypeId::kInt4>);
  add("generate_series", {int8, int8}, int8, OpenIntegers<int64_t, TypeId::kInt8>);
  add("generate_series", {int8, int8, int8}, int8, OpenIntegers<int64_t, TypeId::kInt8>);
  add("generate_series", {numeric, numeric}, numeric, OpenNumerics);
  add("generate_series", {numeric, numeric, numeric}, numeric, OpenNumerics);
  add("generate_series", {TypeId::kTimestamp, TypeId::kTimestamp, TypeId::kInterval},
      TypeId::kTimestamp, OpenTimestamps<TypeId::kTimestamp>);
  add("generate_series", {TypeId::kTimestamptz, TypeId::kTimestamptz, TypeId::kInterval},
      TypeId::kTimestamptz, OpenTimestamps<TypeId::kTimestamptz>);
  TableFunction options;
  options.name = "pg_options_to_table";
  options.arguments = {TypeId::kTextArray};
  options.result = {TypeId::kText, TypeId::kText};
  options.column_names = {"option_name", "option_value"};
  options.open = OpenOptions;
  builder.AddTableFunction(std::move(options));
  for (const TypeId element : ElementTypes()) {
    const auto add_of = [&](std::string_view name, std::string_view pattern,
                            std::vector<TypeId> result, std::vector<std::string> columns,
                            absl::StatusOr<CursorPtr> (*open)(const EvaluationContext&,
                                                              const std::vector<Value>&)) {
      TableFunction function;
      function.name = name;
      function.arguments = TypesOf(pattern, element);
      function.result = std::move(result);
      function.column_names = std::move(columns);
      function.open = open;
      function.polymorphism = PolymorphismOf(pattern, element, false);
      builder.AddTableFunction(std::move(function));
    };
    add_of("unnest", "A", {element}, {"unnest"}, OpenUnnest<false>);
    for (const char* pattern : {"Ai", "Aib"})
      add_of("generate_subscripts", pattern, {int4}, {"generate_subscripts"}, OpenSubscripts);
    add_of("_pg_expandarray", "A", {element, int4}, {"x", "n"}, OpenUnnest<true>);
  }
}

}  // namespace adbms::sql::functions
