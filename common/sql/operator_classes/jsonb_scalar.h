// Scalars of jsonb as items. Pure functions.
#pragma once

#include <string>

#include "common/types/jsonb.h"

namespace adbms::sql {

// Letters of items.
inline constexpr char kJsonKey = 'k';  // A member's key, or a string that is an array's element.
inline constexpr char kJsonString = 's';
inline constexpr char kJsonNumber = 'n';
inline constexpr char kJsonBool = 'b';
inline constexpr char kJsonNull = '0';
inline constexpr char kJsonPath = 'p';

// The letter of a scalar that is no container.
char JsonScalarKind(const types::Jsonb& scalar);
// Its bytes, the same for equal scalars, in place of what `out` holds.
void JsonScalarBytes(const types::Jsonb& scalar, std::string* out);

}  // namespace adbms::sql
