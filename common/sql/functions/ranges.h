// The constructors of declared ranges, whose bounds are of any type; of no names that a statement
// can write. A call's type says which range it makes.
#pragma once

namespace adbms::sql::functions {

// A range of two bounds, and of text that says which of them belong to it.
inline constexpr char kRangeConstructor[] = "range of";
// A multirange of any number of ranges.
inline constexpr char kMultirangeConstructor[] = "multirange of";

}  // namespace adbms::sql::functions
