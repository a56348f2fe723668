// Names of types as SQL text has them.
#pragma once

#include <optional>
#include <string_view>

#include "common/types/type.h"

namespace adbms::types {

// As FromName, of a name in any case, in double quotes, or with pg_catalog before it.
std::optional<TypeId> FromSqlName(std::string_view text);

// The name of a type that no value has but that functions take or return, by PostgreSQL's number:
// "record", "trigger"; empty for any other.
std::string_view PseudoTypeName(uint32_t oid);

}  // namespace adbms::types
