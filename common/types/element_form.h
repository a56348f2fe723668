// Values inside of other values: the elements of arrays and the fields of rows. Each is in its
// type's physical form, little endian, unaligned:
//   bool u8, int2 i16, int4 and date i32, int8, oid, reg* and times i64, float4 f32, float8 and
//   enums f64, interval i64 microseconds, i32 days, i32 months, numeric i128 unscaled, i8 scale
//   (-1: NaN, -3: infinity, -4: -infinity; -2: a wide value, with 0 as unscaled and followed by its
//   form); strings as they are.
// Pure functions. Bytes that are too short read as zero.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/types/type.h"
#include "common/types/vector.h"

namespace adbms::types {

// Bytes of a value of fixed width; 0 for strings. The least of numeric, which only a wide value
// exceeds.
size_t ElementWidth(Physical physical);
// REQUIRES: !values.is_null(row).
void AppendElement(const Vector& values, uint32_t row, std::string* out);
// Into a row of a vector of the value's type; strings are borrowed.
void LoadElement(std::string_view bytes, Vector* out, uint32_t row);
// Whether bytes from elsewhere are such a value.
bool IsWellFormedElement(std::string_view bytes, TypeId id);
// Two values of a type in its default order. Negative, 0 or positive.
int CompareElementForms(std::string_view a, std::string_view b, TypeId id);
// See AppendOrderKey in form.h; for any type.
void AppendElementKey(std::string_view bytes, TypeId id, std::string* out);

}  // namespace adbms::types
