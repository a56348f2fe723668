// Ranges and multiranges, as PostgreSQL has them (manual, 8.17). A value's form:
//   range:      u8 flags (PostgreSQL's: 1 empty, 2 lower inclusive, 4 upper inclusive, 8 lower
//               infinite, 16 upper infinite), then the finite bounds, lower first. Of the built-in
//               kinds each is as its type's vector holds it: i32, i64, or for numeric i128 and i32
//               scale. Of declared ones it is u8 type id, u32 bytes, and the value as in
//               element_form.h, so that comparing and checking takes no definition
//   multirange: for each range u32 bytes and its form, in order, none empty, overlapping or
//   adjacent
// in the machine's byte order. Equal values may have other bytes (numeric scales). Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/text_io.h"
#include "common/types/type.h"
#include "common/types/value.h"

namespace adbms::types {

inline constexpr bool IsRange(TypeId id) {
  return (id >= TypeId::kInt4Range && id <= TypeId::kDateRange) || id == TypeId::kRange;
}
inline constexpr bool IsMultirange(TypeId id) {
  return (id >= TypeId::kInt4Multirange && id <= TypeId::kDateMultirange) ||
         id == TypeId::kMultirange;
}
// The built-in ones.
std::vector<TypeId> RangeTypes();
// Of a range or multirange: the type of its bounds; kUnspecified for a declared one, of which the
// type's id does not tell.
TypeId BoundOf(TypeId range);
TypeId MultirangeOf(TypeId range);
TypeId RangeOf(TypeId multirange);
// The same of types, declared ones too. kUnspecified where the definition is missing.
Type BoundOf(const Type& range);
Type MultirangeOf(const Type& range);
Type RangeOf(const Type& multirange);

struct Range {
  bool empty = false;
  bool lower_infinite = true;
  bool upper_infinite = true;
  bool lower_inclusive = false;
  bool upper_inclusive = false;
  Value lower, upper;  // Set where finite.

  static Range Empty() {
    Range range;
    range.empty = true;
    return range;
  }
};
using Ranges = std::vector<Range>;

// One of the bounds of a range, for comparing.
struct RangeBound {
  const Value* value = nullptr;
  bool infinite = true;
  bool inclusive = false;
  bool lower = true;
};
RangeBound LowerOf(const Range& range);
RangeBound UpperOf(const Range& range);
// Negative, 0 or positive. At equal values a lower bound that excludes comes after one that
// includes.
int CompareBounds(const RangeBound& a, const RangeBound& b);

// In its canonical form: empty where no value can be in it, `[)` for whole numbers and dates.
// Errors: 22000 when the lower bound is above the upper one, 22003 and 22008 for a bound beyond its
// type.
absl::StatusOr<Range> Canonical(Range range, TypeId id);

std::string EncodeRange(const Range& range, TypeId id);
// What is not well-formed is empty, or ends the multirange.
Range DecodeRange(std::string_view form, TypeId id);
// Those that are not empty, of a range or a multirange.
Ranges RangesOf(std::string_view form, TypeId id);
// Sorts, merges and drops the empty ones first.
std::string EncodeMultirange(Ranges ranges, TypeId id);
Ranges DecodeMultirange(std::string_view form, TypeId id);
// Of either.
bool IsWellFormedRange(std::string_view form, TypeId id);

// Of ranges or multiranges of one type: PostgreSQL's default order.
int CompareRangeForms(std::string_view a, std::string_view b, TypeId id);
// Bytes that compare as values do (form.h).
void AppendRangeKey(std::string_view form, TypeId id, std::string* out);

// The input functions. Errors: 22P02 and those of the bounds' type.
absl::StatusOr<std::string> ParseRange(std::string_view text, const Type& type,
                                       const TextOptions& options);
void FormatRange(std::string_view form, const Type& type, const TextOptions& options,
                 std::string* out);
// PostgreSQL's binary format. Errors: 22P03, 08P01.
absl::StatusOr<std::string> ParseRangeBinary(std::string_view bytes, const Type& type);
void FormatRangeBinary(std::string_view form, const Type& type, std::string* out);

// Of two ranges of one type, as the operators (manual, 9.20).
bool Contains(const Range& outer, const Range& inner);
bool ContainsValue(const Range& range, const Value& value);
bool Overlaps(const Range& a, const Range& b);
// Whether a lies wholly below b.
bool IsBefore(const Range& a, const Range& b);
bool IsAdjacent(const Range& a, const Range& b);
Range Intersect(const Range& a, const Range& b);
// The smallest range with both in it.
Range Span(const Range& a, const Range& b);
// What is left of `a` without `b`: no, one or two ranges.
Ranges Without(const Range& a, const Range& b);
// Sorted, without empty ones, those merged that overlap or touch.
Ranges Normalized(Ranges ranges);

}  // namespace adbms::types
