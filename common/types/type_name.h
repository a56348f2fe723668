// Names of types as SQL text has them.
#pragma once

#include <optional>
#include <string_view>

#include "common/types/type.h"

namespace adbms::types {

// As FromName, of a name in any case, in double quotes, or with pg_catalog before it.
std::optional<TypeId> FromSqlName(std::string_view text);

}  // namespace adbms::types
