// PostgreSQL's order of jsonb: Object > Array > Boolean > Number > String > null; more elements or
// members > fewer; then piece by piece, keys and strings by their bytes, numbers by value. As
// there, a scalar alone counts as an array of one, which is less than a real one and more than an
// empty one. Pure functions.
#pragma once

#include <string>

#include "common/types/jsonb.h"

namespace adbms::types {

// Negative, 0 or positive.
int CompareJsonb(const Jsonb& a, const Jsonb& b);

// Bytes that compare as the values do, and of which none begins another; equal values have equal
// bytes. Layout: services/storage/codec/KEYS.md. No longer than the value's own bytes and a few
// more.
void AppendJsonbKey(const Jsonb& value, std::string* out);

}  // namespace adbms::types
