// Ranges and multiranges: constructors, operators, functions and aggregates. Most operators take
// both alike: a range is a multirange of one.
#include "common/types/range.h"

#include <cstring>
#include <memory>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/polymorphic.h"
#include "common/sql/functions/ranges.h"
#include "common/sql/functions/table_cursors.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"

namespace adbms::sql::functions {
namespace {

using types::Range;
using types::Ranges;
using types::TypeId;
using types::Value;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

// The ranges of a value, none of them empty, in order.
Ranges ListOf(const Vector& values, uint32_t row) {
  return types::RangesOf(values.data<View>()[row], values.type().id);
}

Range RangeAt(const Vector& values, uint32_t row) {
  return types::DecodeRange(values.data<View>()[row], values.type().id);
}

absl::Status Store(const std::string& form, uint32_t row, Vector* result) {
  result->data<View>()[row] = result->arena()->Add(form);
  return result->strings_refused() ? result->StringsRefusal() : absl::OkStatus();
}

absl::Status StoreRange(const Range& range, uint32_t row, Vector* result) {
  return Store(types::EncodeRange(range, result->type().id), row, result);
}

// ---- Predicates ----

using Predicate = bool (*)(const Ranges&, const Ranges&);

template <Predicate kHolds>
absl::Status Test(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                  uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    RETURN_IF_ERROR(context.Handled(arguments[0]->data<View>()[row].size() +
                                    arguments[1]->data<View>()[row].size()));
    result->data<uint8_t>()[row] = kHolds(ListOf(*arguments[0], row), ListOf(*arguments[1], row));
  }
  return absl::OkStatus();
}

bool ListContains(const Ranges& a, const Ranges& b) {
  size_t at = 0;
  for (const Range& inner : b) {
    while (at < a.size() && types::IsBefore(a[at], inner)) ++at;
    if (at == a.size() || !types::Contains(a[at], inner)) return false;
  }
  return true;
}
bool ListIsContained(const Ranges& a, const Ranges& b) { return ListContains(b, a); }
bool ListsOverlap(const Ranges& a, const Ranges& b) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (types::Overlaps(a[i], b[j])) return true;
    if (types::IsBefore(a[i], b[j])) {
      ++i;
    } else {
      ++j;
    }
  }
  return false;
}
bool ListIsBefore(const Ranges& a, const Ranges& b) {
  return !a.empty() && !b.empty() && types::IsBefore(a.back(), b.front());
}
bool ListIsAfter(const Ranges& a, const Ranges& b) { return ListIsBefore(b, a); }
bool EndsNotAfter(const Ranges& a, const Ranges& b) {
  return !a.empty() && !b.empty() &&
         types::CompareBounds(types::UpperOf(a.back()), types::UpperOf(b.back())) <= 0;
}
bool BeginsNotBefore(const Ranges& a, const Ranges& b) {
  return !a.empty() && !b.empty() &&
         types::CompareBounds(types::LowerOf(a.front()), types::LowerOf(b.front())) >= 0;
}
bool ListsTouch(const Ranges& a, const Ranges& b) {
  if (a.empty() || b.empty()) return false;
  // Only at their ends, the one behind the other.
  return (ListIsBefore(a, b) && types::IsAdjacent(a.back(), b.front())) ||
         (ListIsBefore(b, a) && types::IsAdjacent(b.back(), a.front()));
}

// Argument `kList` of the two holds the ranges, the other one a value.
template <size_t kList>
absl::Status HasValue(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                      uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const Value value = arguments[1 - kList]->Get(row);
    bool found = false;
    for (const Range& range : ListOf(*arguments[kList], row))
      found |= types::ContainsValue(range, value);
    result->data<uint8_t>()[row] = found;
  }
  return absl::OkStatus();
}

template <bool (*kHolds)(int)>
absl::Status Compare(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                     uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    result->data<uint8_t>()[row] = kHolds(types::CompareRangeForms(
        arguments[0]->data<View>()[row], arguments[1]->data<View>()[row], arguments[0]->type().id));
  }
  return absl::OkStatus();
}

// ---- Sets ----

absl::StatusOr<Ranges> UnionOf(Ranges a, Ranges b) {
  for (Range& range : b) a.push_back(std::move(range));
  return types::Normalized(std::move(a));
}
absl::StatusOr<Ranges> IntersectionOf(Ranges a, Ranges b) {
  Ranges both;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    Range common = types::Intersect(a[i], b[j]);
    if (!common.empty) both.push_back(std::move(common));
    if (types::CompareBounds(types::UpperOf(a[i]), types::UpperOf(b[j])) < 0) {
      ++i;
    } else {
      ++j;
    }
  }
  return both;
}
absl::StatusOr<Ranges> DifferenceOf(Ranges a, Ranges b) {
  Ranges left;
  size_t first = 0;  // Those of `b` before it lie below all that is still to come of `a`.
  for (Range& range : a) {
    while (first < b.size() && types::IsBefore(b[first], range)) ++first;
    Range rest = std::move(range);
    for (size_t i = first; i < b.size() && types::Overlaps(rest, b[i]); ++i) {
      Range above = Range::Empty();
      for (Range& piece : types::Without(rest, b[i])) {
        if (types::IsBefore(piece, b[i])) {
          left.push_back(std::move(piece));
        } else {
          above = std::move(piece);
        }
      }
      rest = std::move(above);
    }
    if (!rest.empty) left.push_back(std::move(rest));
  }
  return left;
}

using SetOperation = absl::StatusOr<Ranges> (*)(Ranges, Ranges);

// Of ranges the result has to be one, too; `kWhat` says of what it is not.
template <SetOperation kOperation, const char* kWhat>
absl::Status Combine(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                     uint32_t rows, Vector* result) {
  const TypeId id = result->type().id;
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    RETURN_IF_ERROR(context.Handled(
        2 * (arguments[0]->data<View>()[row].size() + arguments[1]->data<View>()[row].size())));
    ASSIGN_OR_RETURN(Ranges ranges,
                     kOperation(ListOf(*arguments[0], row), ListOf(*arguments[1], row)));
    if (types::IsMultirange(id)) {
      RETURN_IF_ERROR(Store(types::EncodeMultirange(std::move(ranges), id), row, result));
      continue;
    }
    if (ranges.size() > 1)
      return status::Error("22000",
                           std::string("result of range ") + kWhat + " would not be contiguous");
    RETURN_IF_ERROR(StoreRange(ranges.empty() ? Range::Empty() : ranges[0], row, result));
  }
  return absl::OkStatus();
}
constexpr char kUnion[] = "union";
constexpr char kIntersection[] = "intersection";
constexpr char kDifference[] = "difference";

// range_merge: of two ranges, or of all of a multirange.
absl::Status Merge(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                   uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    Range merged = Range::Empty();
    for (const Vector* argument : arguments) {
      for (const Range& range : ListOf(*argument, row)) merged = types::Span(merged, range);
    }
    RETURN_IF_ERROR(StoreRange(merged, row, result));
  }
  return absl::OkStatus();
}

// ---- Parts ----

template <bool kLower>
absl::Status Bound(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                   uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const Ranges ranges = ListOf(*arguments[0], row);
    const types::RangeBound bound = ranges.empty() ? types::RangeBound()
                                    : kLower       ? types::LowerOf(ranges.front())
                                                   : types::UpperOf(ranges.back());
    if (bound.infinite) {
      result->SetNull(row);
    } else {
      result->Set(row, *bound.value);
    }
  }
  return absl::OkStatus();
}

enum class Question { kEmpty, kLowerInclusive, kUpperInclusive, kLowerInfinite, kUpperInfinite };

template <Question kQuestion>
absl::Status Ask(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                 uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const Ranges ranges = ListOf(*arguments[0], row);
    const auto answer = [&] {
      if (kQuestion == Question::kEmpty) return ranges.empty();
      if (ranges.empty()) return false;
      switch (kQuestion) {
        case Question::kLowerInclusive:
          return ranges.front().lower_inclusive;
        case Question::kUpperInclusive:
          return ranges.back().upper_inclusive;
        case Question::kLowerInfinite:
          return ranges.front().lower_infinite;
        default:
          return ranges.back().upper_infinite;
      }
    };
    result->data<uint8_t>()[row] = answer();
  }
  return absl::OkStatus();
}

// ---- Constructors ----

absl::Status ReadFlags(View flags, Range* range) {
  range->lower_inclusive = flags.starts_with('[');
  range->upper_inclusive = flags.ends_with(']');
  const bool valid = flags.size() == 2 && (flags[0] == '[' || flags[0] == '(') &&
                     (flags[1] == ']' || flags[1] == ')');
  if (valid) return absl::OkStatus();
  return status::Error(sqlstate::kSyntaxError, "invalid range bound flags", {},
                       "Valid values are \"[]\", \"[)\", \"(]\", and \"()\".");
}

// Not strict: NULL bounds are infinite.
absl::Status MakeRange(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                       uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    Range range;
    range.lower_inclusive = true;
    if (arguments.size() > 2) {
      if (arguments[2]->is_null(row))
        return status::Error("22000", "range constructor flags argument must not be null");
      RETURN_IF_ERROR(ReadFlags(arguments[2]->data<View>()[row], &range));
    }
    range.lower_infinite = arguments[0]->is_null(row);
    range.upper_infinite = arguments[1]->is_null(row);
    if (!range.lower_infinite) range.lower = arguments[0]->Get(row);
    if (!range.upper_infinite) range.upper = arguments[1]->Get(row);
    ASSIGN_OR_RETURN(range, types::Canonical(std::move(range), result->type().id));
    RETURN_IF_ERROR(StoreRange(range, row, result));
  }
  return absl::OkStatus();
}

absl::Status MakeMultirange(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                            uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    Ranges ranges;
    bool null = false;
    for (const Vector* argument : arguments) {
      null |= argument->is_null(row);
      if (!argument->is_null(row)) ranges.push_back(RangeAt(*argument, row));
    }
    // One is strict, of several none may be NULL.
    if (null && arguments.size() == 1) {
      result->SetNull(row);
      continue;
    }
    if (null) return status::Error("22004", "multirange values cannot contain null members");
    RETURN_IF_ERROR(
        Store(types::EncodeMultirange(std::move(ranges), result->type().id), row, result));
  }
  return absl::OkStatus();
}

absl::Status CastToMultirange(const EvaluationContext&, const Vector& input, bool, Vector* result) {
  for (uint32_t row = 0; row < input.size(); ++row) {
    if (input.is_null(row)) continue;
    RETURN_IF_ERROR(
        Store(types::EncodeMultirange(ListOf(input, row), result->type().id), row, result));
  }
  return absl::OkStatus();
}

// ---- Aggregates ----

struct Gathered {
  Ranges ranges;
  bool any = false;
};

// range_agg, and range_intersect_agg.
class RangeAggregate : public Aggregate {
 public:
  explicit RangeAggregate(bool intersects) : intersects_(intersects) {}

  size_t state_size() const override { return sizeof(Gathered*); }
  void Initialize(char* state) const override { std::memset(state, 0, sizeof(Gathered*)); }
  absl::Status Update(const std::vector<const Vector*>& arguments, uint32_t rows,
                      char* const* states) const override {
    for (uint32_t row = 0; row < rows; ++row) {
      if (arguments[0]->is_null(row)) continue;
      Gathered*& gathered = At(states[row]);
      if (gathered == nullptr) gathered = new Gathered();
      Ranges ranges = ListOf(*arguments[0], row);
      if (intersects_ && gathered->any) {
        ASSIGN_OR_RETURN(gathered->ranges,
                         IntersectionOf(std::move(gathered->ranges), std::move(ranges)));
      } else {
        for (Range& range : ranges) gathered->ranges.push_back(std::move(range));
      }
      gathered->any = true;
    }
    return absl::OkStatus();
  }
  int64_t GrowthOf(const std::vector<const Vector*>& arguments, uint32_t rows,
                   char* const*) const override {
    int64_t bytes = 0;
    for (uint32_t row = 0; row < rows; ++row) {
      // About as many ranges as there are bounds of eight bytes.
      if (!arguments[0]->is_null(row))
        bytes += static_cast<int64_t>((arguments[0]->data<View>()[row].size() / 8 + 1) * 2 *
                                      sizeof(Range));
    }
    return bytes;
  }
  absl::Status Finalize(const char* state, Vector* result, uint32_t row) const override {
    const Gathered* gathered = At(const_cast<char*>(state));
    if (gathered == nullptr) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    const TypeId id = result->type().id;
    if (types::IsMultirange(id))
      return Store(types::EncodeMultirange(gathered->ranges, id), row, result);
    return StoreRange(gathered->ranges.empty() ? Range::Empty() : gathered->ranges[0], row, result);
  }
  void Destroy(char* state) const override {
    delete At(state);
    At(state) = nullptr;
  }

 private:
  static Gathered*& At(char* state) { return *reinterpret_cast<Gathered**>(state); }

  const bool intersects_;
};

// unnest of a multirange.
class RangesCursor : public TableFunction::Cursor {
 public:
  RangesCursor(Ranges ranges, const types::Type& type) : ranges_(std::move(ranges)), type_(type) {}
  absl::StatusOr<bool> Next(types::Batch* batch) override {
    if (next_ == ranges_.size()) return false;
    auto column = std::make_shared<Vector>(type_);
    for (; next_ < ranges_.size() && column->size() < types::BatchRows(); ++next_)
      column->Append(Value::String(type_, types::EncodeRange(ranges_[next_], type_.id)));
    *batch = types::Batch();
    batch->row_count = column->size();
    batch->columns.push_back(std::move(column));
    return true;
  }

 private:
  const Ranges ranges_;
  const types::Type type_;
  size_t next_ = 0;
};

absl::StatusOr<CursorPtr> OpenRanges(const EvaluationContext&,
                                     const std::vector<Value>& arguments) {
  if (arguments[0].is_null()) return std::make_unique<EmptyCursor>();
  const types::Type& type = arguments[0].type();
  return std::make_unique<RangesCursor>(types::DecodeMultirange(arguments[0].bytes(), type.id),
                                        types::RangeOf(type));
}

// ---- Registration ----

bool IsLess(int order) { return order < 0; }
bool IsNotGreater(int order) { return order <= 0; }
bool IsSame(int order) { return order == 0; }
bool IsOther(int order) { return order != 0; }
bool IsNotLess(int order) { return order >= 0; }
bool IsGreater(int order) { return order > 0; }

// Registers what ranges and multiranges of one kind have. Patterns are as in polymorphic.h, R the
// range and M the multirange. All declared ranges are one kind, whose bounds are of any type: the
// binder sees to it that they are of the right one.
class RangeKind {
 public:
  RangeKind(CatalogBuilder* builder, TypeId range, TypeId bound)
      : builder_(*builder), range_(range), multirange_(types::MultirangeOf(range)), bound_(bound) {}

  bool declared() const { return range_ == TypeId::kRange; }
  TypeId range() const { return range_; }
  TypeId multirange() const { return multirange_; }
  TypeId bound() const { return bound_; }

  void Operator(const char* symbol, std::string_view pattern, char result, Kernel kernel,
                const char* commutator = "", const char* negator = "") {
    builder_.AddOperator(symbol, Types(pattern), Of(result), kernel, commutator, negator);
    Mark(pattern, &builder_.functions.back().polymorphism);
  }
  void Function(std::string_view name, std::string_view pattern, char result, Kernel kernel,
                FunctionOptions options = {}) {
    builder_.AddFunction(name, Types(pattern), Of(result), kernel, options);
    Mark(pattern, &builder_.functions.back().polymorphism);
  }
  void Aggregate(const char* name, std::string_view pattern, char result, bool intersects) {
    builder_.AddAggregate(name, Types(pattern), Of(result),
                          [intersects] { return std::make_unique<RangeAggregate>(intersects); });
    Mark(pattern, &builder_.aggregates.back().polymorphism);
  }
  void Unnest() {
    TableFunction unnest;
    unnest.name = "unnest";
    unnest.arguments = {multirange_};
    unnest.result = {range_};
    unnest.column_names = {"unnest"};
    unnest.open = OpenRanges;
    Mark("M", &unnest.polymorphism);
    builder_.AddTableFunction(std::move(unnest));
  }
  void Cast() { builder_.AddCast(range_, multirange_, CastContext::kExplicit, CastToMultirange); }

 private:
  TypeId Of(char letter) const {
    return letter == 'R' ? range_ : letter == 'M' ? multirange_ : functions::TypeOf(letter, bound_);
  }
  std::vector<TypeId> Types(std::string_view pattern) const {
    std::vector<TypeId> ids;
    for (const char letter : pattern) ids.push_back(Of(letter));
    return ids;
  }
  void Mark(std::string_view pattern, Polymorphism* polymorphism) const {
    if (declared()) *polymorphism = PolymorphismOf(pattern, TypeId::kRange, false);
  }

  CatalogBuilder& builder_;
  const TypeId range_;
  const TypeId multirange_;
  const TypeId bound_;
};

void AddKind(RangeKind kind) {
  for (const std::string one : {"R", "M"}) {
    const std::string two = one + one;
    kind.Operator("=", two, 'b', Compare<IsSame>, "=", "<>");
    kind.Operator("<>", two, 'b', Compare<IsOther>, "<>", "=");
    kind.Operator("<", two, 'b', Compare<IsLess>, ">", ">=");
    kind.Operator("<=", two, 'b', Compare<IsNotGreater>, ">=", ">");
    kind.Operator(">", two, 'b', Compare<IsGreater>, "<", "<=");
    kind.Operator(">=", two, 'b', Compare<IsNotLess>, "<=", "<");
    kind.Operator("@>", one + "E", 'b', HasValue<0>);
    kind.Operator("<@", "E" + one, 'b', HasValue<1>);
    kind.Operator("+", two, one[0], Combine<UnionOf, kUnion>, "+");
    kind.Operator("*", two, one[0], Combine<IntersectionOf, kIntersection>, "*");
    kind.Operator("-", two, one[0], Combine<DifferenceOf, kDifference>);
    kind.Function("lower", one, 'E', Bound<true>);
    kind.Function("upper", one, 'E', Bound<false>);
    kind.Function("isempty", one, 'b', Ask<Question::kEmpty>);
    kind.Function("lower_inc", one, 'b', Ask<Question::kLowerInclusive>);
    kind.Function("upper_inc", one, 'b', Ask<Question::kUpperInclusive>);
    kind.Function("lower_inf", one, 'b', Ask<Question::kLowerInfinite>);
    kind.Function("upper_inf", one, 'b', Ask<Question::kUpperInfinite>);
    kind.Aggregate("range_intersect_agg", one, one[0], /*intersects=*/true);
    kind.Aggregate("range_agg", one, 'M', /*intersects=*/false);
  }
  for (const char* two : {"RR", "RM", "MR", "MM"}) {
    kind.Operator("@>", two, 'b', Test<ListContains>, "<@");
    kind.Operator("<@", two, 'b', Test<ListIsContained>, "@>");
    kind.Operator("&&", two, 'b', Test<ListsOverlap>, "&&");
    kind.Operator("<<", two, 'b', Test<ListIsBefore>, ">>");
    kind.Operator(">>", two, 'b', Test<ListIsAfter>, "<<");
    kind.Operator("&<", two, 'b', Test<EndsNotAfter>);
    kind.Operator("&>", two, 'b', Test<BeginsNotBefore>);
    kind.Operator("-|-", two, 'b', Test<ListsTouch>, "-|-");
  }
  kind.Function("multirange", "R", 'M', MakeMultirange);
  kind.Function("range_merge", "RR", 'R', Merge);
  kind.Function("range_merge", "M", 'R', Merge);
  kind.Cast();
  kind.Unnest();
}

void AddConstructors(CatalogBuilder& builder, const RangeKind& kind) {
  const TypeId bound = kind.bound();
  const std::string name(kind.declared() ? kRangeConstructor : types::CatalogName(kind.range()));
  const std::string multi_name(kind.declared() ? kMultirangeConstructor
                                               : types::CatalogName(kind.multirange()));
  builder.AddFunction(name, {bound, bound}, kind.range(), MakeRange, kNotStrict);
  builder.AddFunction(name, {bound, bound, TypeId::kText}, kind.range(), MakeRange, kNotStrict);
  builder.AddFunction(multi_name, {}, kind.multirange(), MakeMultirange, kNotStrict);
  builder.AddFunction(multi_name, {kind.range()}, kind.multirange(), MakeMultirange,
                      {false, true, Volatility::kImmutable});
}

}  // namespace

void AddRanges(CatalogBuilder& builder) {
  std::vector<TypeId> ranges = types::RangeTypes();
  ranges.push_back(TypeId::kRange);
  for (const TypeId range : ranges) {
    const RangeKind kind(&builder, range, types::BoundOf(range));
    AddKind(kind);
    AddConstructors(builder, kind);
  }
}

}  // namespace adbms::sql::functions
