#include "common/types/range.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/declared_type.h"
#include "common/types/element_form.h"
#include "common/types/key_form.h"
#include "common/types/vector.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;

enum Flag : uint8_t {
  kEmpty = 1,
  kLowerInclusive = 2,
  kUpperInclusive = 4,
  kLowerInfinite = 8,
  kUpperInfinite = 16,
};

struct RangeKind {
  TypeId range;
  TypeId multirange;
  TypeId bound;
};
// In the order of both kinds' ids.
constexpr RangeKind kKinds[] = {
    {TypeId::kInt4Range, TypeId::kInt4Multirange, TypeId::kInt4},
    {TypeId::kInt8Range, TypeId::kInt8Multirange, TypeId::kInt8},
    {TypeId::kNumRange, TypeId::kNumMultirange, TypeId::kNumeric},
    {TypeId::kTsRange, TypeId::kTsMultirange, TypeId::kTimestamp},
    {TypeId::kTstzRange, TypeId::kTstzMultirange, TypeId::kTimestamptz},
    {TypeId::kDateRange, TypeId::kDateMultirange, TypeId::kDate},
};
constexpr RangeKind kDeclaredKind = {TypeId::kRange, TypeId::kMultirange, TypeId::kUnspecified};

constexpr size_t PlaceOf(TypeId id) {
  const TypeId first = IsRange(id) ? TypeId::kInt4Range : TypeId::kInt4Multirange;
  return static_cast<size_t>(id) - static_cast<size_t>(first);
}
static_assert(std::size(kKinds) == PlaceOf(TypeId::kDateRange) + 1);
static_assert(PlaceOf(TypeId::kDateRange) == PlaceOf(TypeId::kDateMultirange));
static_assert(std::all_of(std::begin(kKinds), std::end(kKinds), [](const RangeKind& kind) {
  return &kind == &kKinds[PlaceOf(kind.range)] && &kind == &kKinds[PlaceOf(kind.multirange)];
}));

// REQUIRES: IsRange(id) || IsMultirange(id)
const RangeKind& KindOf(TypeId id) {
  const bool declared = id == TypeId::kRange || id == TypeId::kMultirange;
  return declared ? kDeclaredKind : kKinds[PlaceOf(id)];
}

size_t WidthOfBound(TypeId bound) {
  switch (bound) {
    case TypeId::kInt4:
    case TypeId::kDate:
      return sizeof(int32_t);
    case TypeId::kNumeric:
      return sizeof(int128) + sizeof(int32_t);
    default:
      return sizeof(int64_t);
  }
}

// Scales that no numeric has. A wide one has its form behind the bound, whose size is in the place
// of the unscaled integer.
constexpr int32_t kNanScale = -1;
constexpr int32_t kWideScale = -2;
constexpr int32_t kInfinityScale = -3;
constexpr int32_t kNegativeInfinityScale = -4;

int32_t MarkOf(const DecimalView& value) {
  if (value.is_wide()) return kWideScale;
  if (value.is_nan()) return kNanScale;
  if (value.is_infinite()) return value.Sign() < 0 ? kNegativeInfinityScale : kInfinityScale;
  return value.scale();
}

// Of a declared range: u8 type id, u32 bytes.
constexpr size_t kBoundHeader = 5;

void PutDeclaredBound(const Value& value, std::string* out) {
  Vector one({value.type().id, 0});
  one.Append(value);
  std::string bytes;
  AppendElement(one, 0, &bytes);
  const auto size = static_cast<uint32_t>(bytes.size());
  out->push_back(static_cast<char>(value.type().id));
  out->append(reinterpret_cast<const char*>(&size), sizeof(size));
  out->append(bytes);
}

// REQUIRES: bytes.size() >= kBoundHeader.
TypeId TypeOfDeclaredBound(std::string_view bytes) {
  return static_cast<TypeId>(static_cast<uint8_t>(bytes[0]));
}

void PutBound(const Value& value, TypeId bound, std::string* out) {
  if (bound == TypeId::kUnspecified) return PutDeclaredBound(value, out);
  const auto put = [out](const auto& part) {
    out->append(reinterpret_cast<const char*>(&part), sizeof(part));
  };
  if (bound == TypeId::kNumeric) {
    const DecimalView decimal = value.decimal();
    const int128 size = decimal.is_wide() ? static_cast<int128>(decimal.form().size()) : int128{0};
    put(decimal.is_narrow() ? decimal.unscaled() : size);
    put(MarkOf(decimal));
    if (decimal.is_wide()) out->append(decimal.form());
  } else if (WidthOfBound(bound) == sizeof(int32_t)) {
    put(static_cast<int32_t>(value.int_value()));
  } else {
    put(value.int_value());
  }
}

// Bytes of the bound that `bytes` begin with; 0 when they are none.
size_t SizeOfBound(std::string_view bytes, TypeId bound) {
  if (bound == TypeId::kUnspecified) {
    uint32_t size;
    if (bytes.size() < kBoundHeader) return 0;
    std::memcpy(&size, bytes.data() + 1, sizeof(size));
    if (bytes.size() - kBoundHeader < size) return 0;
    const bool sound =
        IsWellFormedElement(bytes.substr(kBoundHeader, size), TypeOfDeclaredBound(bytes));
    return sound ? kBoundHeader + size : 0;
  }
  const size_t width = WidthOfBound(bound);
  if (bytes.size() < width) return 0;
  if (bound != TypeId::kNumeric) return width;
  int128 unscaled;
  int32_t scale;
  std::memcpy(&unscaled, bytes.data(), sizeof(unscaled));
  std::memcpy(&scale, bytes.data() + sizeof(unscaled), sizeof(scale));
  if (scale == kWideScale) {
    const std::string_view rest = bytes.substr(width);
    if (unscaled < 0 || unscaled > static_cast<int128>(rest.size())) return 0;
    const auto size = static_cast<size_t>(unscaled);
    return DecimalView::IsForm(rest.substr(0, size)) ? width + size : 0;
  }
  const bool sound = scale >= kNegativeInfinityScale && scale <= DecimalView::kMaxDigits &&
                     unscaled < DecimalView::kLimit && unscaled > -DecimalView::kLimit;
  return sound ? width : 0;
}

// REQUIRES: bytes.size() == SizeOfBound(bytes, bound).
Value GetBound(std::string_view bytes, TypeId bound) {
  if (bound == TypeId::kUnspecified) {
    Vector one({TypeOfDeclaredBound(bytes), 0});
    one.Resize(1);
    LoadElement(bytes.substr(kBoundHeader), &one, 0);
    return one.Get(0);
  }
  if (bound == TypeId::kNumeric) {
    int128 unscaled;
    int32_t scale;
    std::memcpy(&unscaled, bytes.data(), sizeof(unscaled));
    std::memcpy(&scale, bytes.data() + sizeof(unscaled), sizeof(scale));
    switch (scale) {
      case kNanScale:
        return Value::Numeric(DecimalView::NaN());
      case kInfinityScale:
      case kNegativeInfinityScale:
        return Value::Numeric(DecimalView::Infinity(scale == kNegativeInfinityScale));
      case kWideScale:
        return Value::Numeric(DecimalView::OfForm(bytes.substr(WidthOfBound(bound))));
      default:
        return Value::Numeric(DecimalView(unscaled, scale));
    }
  }
  if (WidthOfBound(bound) == sizeof(int32_t)) {
    int32_t number;
    std::memcpy(&number, bytes.data(), sizeof(number));
    return Value::Int(bound, number);
  }
  int64_t number;
  std::memcpy(&number, bytes.data(), sizeof(number));
  return Value::Int(bound, number);
}

bool IsDiscrete(TypeId bound) {
  return bound == TypeId::kInt4 || bound == TypeId::kInt8 || bound == TypeId::kDate;
}

// The value after this one. Errors: 22003, 22008.
absl::Status Advance(TypeId bound, Value* value) {
  int64_t next;
  const bool overflows = __builtin_add_overflow(value->int_value(), 1, &next);
  if (bound == TypeId::kDate) {
    const auto day = static_cast<int32_t>(value->int_value());
    if (!IsFiniteDate(day)) return absl::OkStatus();
    if (!IsValidDate(next)) return status::Error(sqlstate::kDatetimeOverflow, "date out of range");
  } else if (overflows || (bound == TypeId::kInt4 && next > std::numeric_limits<int32_t>::max())) {
    return status::Error(sqlstate::kNumericOutOfRange,
                         bound == TypeId::kInt4 ? "integer out of range" : "bigint out of range");
  }
  *value = Value::Int(bound, next);
  return absl::OkStatus();
}

// Of two bounds; of what only damaged bytes can put together, any.
int Order(const Value& a, const Value& b) {
  if (PhysicalOf(a.type().id) != PhysicalOf(b.type().id))
    return static_cast<int>(a.type().id) - static_cast<int>(b.type().id);
  return CompareValues(a, b);
}

// Whether nothing lies between the bounds.
bool IsVoid(const Range& range) {
  if (range.lower_infinite || range.upper_infinite) return false;
  const int order = Order(range.lower, range.upper);
  return order > 0 || (order == 0 && !(range.lower_inclusive && range.upper_inclusive));
}

Range Make(const RangeBound& lower, const RangeBound& upper) {
  Range range;
  range.lower_infinite = lower.infinite;
  range.upper_infinite = upper.infinite;
  range.lower_inclusive = !lower.infinite && lower.inclusive;
  range.upper_inclusive = !upper.infinite && upper.inclusive;
  if (!lower.infinite) range.lower = *lower.value;
  if (!upper.infinite) range.upper = *upper.value;
  return IsVoid(range) ? Range::Empty() : range;
}

// The bound at which another range would have to begin or end to touch this one.
RangeBound Beside(RangeBound bound) {
  bound.inclusive = !bound.inclusive;
  bound.lower = !bound.lower;
  return bound;
}

bool Touch(const RangeBound& upper, const RangeBound& lower) {
  if (upper.infinite || lower.infinite) return false;
  const int order = Order(*upper.value, *lower.value);
  if (order == 0) return upper.inclusive != lower.inclusive;
  // Whole numbers with none between them: canonical bounds would be equal.
  return false;
}

int CompareRanges(const Range& a, const Range& b) {
  if (a.empty || b.empty) return static_cast<int>(b.empty) - static_cast<int>(a.empty);
  const int order = CompareBounds(LowerOf(a), LowerOf(b));
  return order != 0 ? order : CompareBounds(UpperOf(a), UpperOf(b));
}

void AppendBoundKey(const RangeBound& bound, bool declared, std::string* out) {
  if (bound.infinite) {
    out->push_back(bound.lower ? 0 : 2);
    return;
  }
  out->push_back(1);
  if (declared) {
    std::string form;
    PutDeclaredBound(*bound.value, &form);
    AppendElementKey(std::string_view(form).substr(kBoundHeader), bound.value->type().id, out);
    out->push_back(bound.lower != bound.inclusive ? 1 : 0);
    return;
  }
  switch (bound.value->type().id) {
    case TypeId::kInt4:
    case TypeId::kDate:
      key_form::AppendSigned(static_cast<int32_t>(bound.value->int_value()), out);
      break;
    case TypeId::kNumeric:
      key_form::AppendDecimal(bound.value->decimal(), out);
      break;
    default:
      key_form::AppendSigned(bound.value->int_value(), out);
  }
  // A lower bound that excludes comes after one that includes, an upper one before it.
  out->push_back(bound.lower != bound.inclusive ? 1 : 0);
}

void AppendKeyOf(const Range& range, TypeId id, std::string* out) {
  const bool declared = BoundOf(id) == TypeId::kUnspecified;
  out->push_back(range.empty ? 0 : 1);
  if (range.empty) return;
  AppendBoundKey(LowerOf(range), declared, out);
  AppendBoundKey(UpperOf(range), declared, out);
}

bool IsWellFormedOne(std::string_view form, TypeId bound) {
  // Bounds may be ranges in turn; no type is nested as deep as bytes from elsewhere may be.
  constexpr int kDeepest = 32;
  static thread_local int depth = 0;
  struct Level {
    Level() { ++depth; }
    ~Level() { --depth; }
  } level_of_this;
  if (form.empty() || depth > kDeepest) return false;
  const auto flags = static_cast<uint8_t>(form[0]);
  if (flags == kEmpty) return form.size() == 1;
  if ((flags & ~(kLowerInclusive | kUpperInclusive | kLowerInfinite | kUpperInfinite)) != 0)
    return false;
  std::string_view rest = form.substr(1);
  for (const auto infinite : {kLowerInfinite, kUpperInfinite}) {
    if ((flags & infinite) != 0) continue;
    const size_t size = SizeOfBound(rest, bound);
    if (size == 0) return false;
    rest.remove_prefix(size);
  }
  return rest.empty();
}

}  // namespace

std::vector<TypeId> RangeTypes() {
  std::vector<TypeId> ids;
  for (const RangeKind& kind : kKinds) ids.push_back(kind.range);
  return ids;
}
TypeId BoundOf(TypeId range) { return KindOf(range).bound; }
TypeId MultirangeOf(TypeId range) { return KindOf(range).multirange; }
TypeId RangeOf(TypeId multirange) { return KindOf(multirange).range; }

namespace {

// The range's own definition; null for one of a built-in kind, or of which nothing is known.
const DeclaredType* DeclaredRangeOf(const Type& type) {
  const DeclaredType* const definition = DefinitionOf(type);
  if (definition == nullptr) return nullptr;
  if (definition->is_range()) return definition;
  return definition->is_multirange() ? definition->base.declared : nullptr;
}

}  // namespace

Type BoundOf(const Type& range) {
  const DeclaredType* const declared = DeclaredRangeOf(range);
  return declared != nullptr ? declared->subtype : Type(BoundOf(range.id));
}
Type MultirangeOf(const Type& range) {
  const DeclaredType* const declared = DeclaredRangeOf(range);
  return declared != nullptr ? DeclaredMultirangeOf(*declared) : Type(MultirangeOf(range.id));
}
Type RangeOf(const Type& multirange) {
  const DeclaredType* const declared = DeclaredRangeOf(multirange);
  return declared != nullptr ? TypeOf(declared) : Type(RangeOf(multirange.id));
}

RangeBound LowerOf(const Range& range) {
  return {&range.lower, range.lower_infinite, range.lower_inclusive, true};
}
RangeBound UpperOf(const Range& range) {
  return {&range.upper, range.upper_infinite, range.upper_inclusive, false};
}

namespace {

// By the values alone; infinite bounds are equal where both are lower, or both upper.
int CompareBoundValues(const RangeBound& a, const RangeBound& b) {
  if (a.infinite && b.infinite) return a.lower == b.lower ? 0 : a.lower ? -1 : 1;
  if (a.infinite) return a.lower ? -1 : 1;
  if (b.infinite) return b.lower ? 1 : -1;
  return Order(*a.value, *b.value);
}

}  // namespace

int CompareBounds(const RangeBound& a, const RangeBound& b) {
  const int order = CompareBoundValues(a, b);
  if (order != 0 || a.infinite) return order;
  // How far from the value the bound is: excluded below it, on it, excluded above it.
  const auto side = [](const RangeBound& bound) {
    return bound.inclusive ? 0 : bound.lower ? 1 : -1;
  };
  return side(a) - side(b);
}

absl::StatusOr<Range> Canonical(Range range, TypeId id) {
  if (range.empty) return Range::Empty();
  if (range.lower_infinite) range.lower_inclusive = false;
  if (range.upper_infinite) range.upper_inclusive = false;
  if (!range.lower_infinite && !range.upper_infinite && Order(range.lower, range.upper) > 0)
    return status::Error("22000",
                         "range lower bound must be less than or equal to range upper bound");
  if (IsVoid(range)) return Range::Empty();
  // A declared range is not discrete, whatever it is of: that takes a canonical function.
  const TypeId bound = BoundOf(id);
  if (!IsDiscrete(bound)) return range;
  const auto finite = [bound](const Value& value) {
    return bound != TypeId::kDate || IsFiniteDate(static_cast<int32_t>(value.int_value()));
  };
  if (!range.lower_infinite && !range.lower_inclusive && finite(range.lower)) {
    RETURN_IF_ERROR(Advance(bound, &range.lower));
    range.lower_inclusive = true;
  }
  if (!range.upper_infinite && range.upper_inclusive && finite(range.upper)) {
    RETURN_IF_ERROR(Advance(bound, &range.upper));
    range.upper_inclusive = false;
  }
  return IsVoid(range) ? Range::Empty() : range;
}

std::string EncodeRange(const Range& range, TypeId id) {
  if (range.empty) return std::string(1, static_cast<char>(kEmpty));
  std::string form(1, static_cast<char>((range.lower_inclusive ? kLowerInclusive : 0) |
                                        (range.upper_inclusive ? kUpperInclusive : 0) |
                                        (range.lower_infinite ? kLowerInfinite : 0) |
                                        (range.upper_infinite ? kUpperInfinite : 0)));
  if (!range.lower_infinite) PutBound(range.lower, BoundOf(id), &form);
  if (!range.upper_infinite) PutBound(range.upper, BoundOf(id), &form);
  return form;
}

Range DecodeRange(std::string_view form, TypeId id) {
  if (!IsWellFormedOne(form, BoundOf(id))) return Range::Empty();
  const auto flags = static_cast<uint8_t>(form[0]);
  if ((flags & kEmpty) != 0) return Range::Empty();
  Range range;
  range.lower_inclusive = (flags & kLowerInclusive) != 0;
  range.upper_inclusive = (flags & kUpperInclusive) != 0;
  range.lower_infinite = (flags & kLowerInfinite) != 0;
  range.upper_infinite = (flags & kUpperInfinite) != 0;
  const TypeId bound = BoundOf(id);
  std::string_view rest = form.substr(1);
  const auto next = [&] {
    const size_t size = SizeOfBound(rest, bound);
    Value value = GetBound(rest.substr(0, size), bound);
    rest.remove_prefix(size);
    return value;
  };
  if (!range.lower_infinite) range.lower = next();
  if (!range.upper_infinite) range.upper = next();
  return range;
}

Ranges Normalized(Ranges ranges) {
  std::erase_if(ranges, [](const Range& range) { return range.empty; });
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return CompareRanges(a, b) < 0; });
  Ranges merged;
  for (Range& range : ranges) {
    if (!merged.empty() && (Overlaps(merged.back(), range) || IsAdjacent(merged.back(), range))) {
      merged.back() = Span(merged.back(), range);
    } else {
      merged.push_back(std::move(range));
    }
  }
  return merged;
}

std::string EncodeMultirange(Ranges ranges, TypeId id) {
  std::string form;
  for (const Range& range : Normalized(std::move(ranges))) {
    const std::string one = EncodeRange(range, id);
    const auto size = static_cast<uint32_t>(one.size());
    form.append(reinterpret_cast<const char*>(&size), sizeof(size));
    form.append(one);
  }
  return form;
}

Ranges RangesOf(std::string_view form, TypeId id) {
  if (IsMultirange(id)) return DecodeMultirange(form, id);
  Range range = DecodeRange(form, id);
  if (range.empty) return {};
  return {std::move(range)};
}

Ranges DecodeMultirange(std::string_view form, TypeId id) {
  Ranges ranges;
  while (!form.empty()) {
    uint32_t size;
    if (form.size() < sizeof(size)) break;
    std::memcpy(&size, form.data(), sizeof(size));
    form.remove_prefix(sizeof(size));
    if (form.size() < size) break;
    ranges.push_back(DecodeRange(form.substr(0, size), id));
    form.remove_prefix(size);
  }
  return ranges;
}

bool IsWellFormedRange(std::string_view form, TypeId id) {
  const TypeId bound = BoundOf(id);
  if (IsRange(id)) return IsWellFormedOne(form, bound);
  while (!form.empty()) {
    uint32_t size;
    if (form.size() < sizeof(size)) return false;
    std::memcpy(&size, form.data(), sizeof(size));
    form.remove_prefix(sizeof(size));
    if (form.size() < size || !IsWellFormedOne(form.substr(0, size), bound)) return false;
    form.remove_prefix(size);
  }
  return true;
}

int CompareRangeForms(std::string_view a, std::string_view b, TypeId id) {
  if (IsRange(id)) return CompareRanges(DecodeRange(a, id), DecodeRange(b, id));
  const Ranges left = DecodeMultirange(a, id);
  const Ranges right = DecodeMultirange(b, id);
  for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
    const int order = CompareRanges(left[i], right[i]);
    if (order != 0) return order;
  }
  return left.size() < right.size() ? -1 : left.size() > right.size() ? 1 : 0;
}

void AppendRangeKey(std::string_view form, TypeId id, std::string* out) {
  if (IsRange(id)) return AppendKeyOf(DecodeRange(form, id), id, out);
  for (const Range& range : DecodeMultirange(form, id)) AppendKeyOf(range, id, out);
  out->push_back(0);
}

bool Contains(const Range& outer, const Range& inner) {
  if (inner.empty) return true;
  if (outer.empty) return false;
  return CompareBounds(LowerOf(outer), LowerOf(inner)) <= 0 &&
         CompareBounds(UpperOf(outer), UpperOf(inner)) >= 0;
}

bool ContainsValue(const Range& range, const Value& value) {
  if (range.empty) return false;
  const auto below = [](int order, bool inclusive) {
    return order < 0 || (order == 0 && inclusive);
  };
  return (range.lower_infinite || below(Order(range.lower, value), range.lower_inclusive)) &&
         (range.upper_infinite || below(Order(value, range.upper), range.upper_inclusive));
}

bool Overlaps(const Range& a, const Range& b) {
  if (a.empty || b.empty) return false;
  return CompareBounds(LowerOf(a), UpperOf(b)) <= 0 && CompareBounds(LowerOf(b), UpperOf(a)) <= 0;
}

bool IsBefore(const Range& a, const Range& b) {
  return !a.empty && !b.empty && CompareBounds(UpperOf(a), LowerOf(b)) < 0;
}

bool IsAdjacent(const Range& a, const Range& b) {
  if (a.empty || b.empty) return false;
  return Touch(UpperOf(a), LowerOf(b)) || Touch(UpperOf(b), LowerOf(a));
}

Range Intersect(const Range& a, const Range& b) {
  if (!Overlaps(a, b)) return Range::Empty();
  return Make(CompareBounds(LowerOf(a), LowerOf(b)) >= 0 ? LowerOf(a) : LowerOf(b),
              CompareBounds(UpperOf(a), UpperOf(b)) <= 0 ? UpperOf(a) : UpperOf(b));
}

Range Span(const Range& a, const Range& b) {
  if (a.empty) return b;
  if (b.empty) return a;
  return Make(CompareBounds(LowerOf(a), LowerOf(b)) <= 0 ? LowerOf(a) : LowerOf(b),
              CompareBounds(UpperOf(a), UpperOf(b)) >= 0 ? UpperOf(a) : UpperOf(b));
}

Ranges Without(const Range& a, const Range& b) {
  if (a.empty) return {};
  if (!Overlaps(a, b)) return {a};
  Ranges left;
  if (CompareBounds(LowerOf(a), LowerOf(b)) < 0)
    left.push_back(Make(LowerOf(a), Beside(LowerOf(b))));
  if (CompareBounds(UpperOf(a), UpperOf(b)) > 0)
    left.push_back(Make(Beside(UpperOf(b)), UpperOf(a)));
  std::erase_if(left, [](const Range& range) { return range.empty; });
  return left;
}

}  // namespace adbms::types
