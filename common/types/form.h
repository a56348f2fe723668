// String types whose values are not any bytes, or do not compare by them: what a place that handles
// all strings alike must ask. Pure functions; the forms are in jsonb.h, array.h, composite.h,
// network.h, mac_address.h and text_search.h.
#pragma once

#include <string>
#include <string_view>

#include "common/types/type.h"

namespace adbms::types {

// Whether the type's values have a form that is to be checked when they come from elsewhere.
bool HasForm(TypeId id);
// Whether `bytes` are such a value; true for every type without a form.
bool IsWellFormed(TypeId id, std::string_view bytes);

// Whether the default order is that of the bytes: not for char(n), jsonb, ranges, arrays, rows,
// tsvector and tsquery.
bool ComparesAsBytes(TypeId id);
// The default order. Negative, 0 or positive. REQUIRES: the type's physical form is kString.
int CompareStrings(TypeId id, std::string_view a, std::string_view b);

// Whether AppendOrderKey makes something else of the value: for jsonb, ranges, arrays, rows and
// tsquery, of which equal ones may have different bytes, and for tsvector.
bool HasOrderKey(TypeId id);
// Bytes that compare as the values do, of which none begins another; equal values have equal bytes.
// Layout: services/storage/codec/KEYS.md. REQUIRES: HasOrderKey(id).
void AppendOrderKey(TypeId id, std::string_view bytes, std::string* out);

}  // namespace adbms::types
