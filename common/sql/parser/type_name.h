// Type names of the syntax tree.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "common/sql/parser/parse_tree.h"
#include "common/types/type.h"

namespace adbms::sql::parser {

// The type that `name` means. `text` is the statement's text, for positions. Composite types are
// errors. Errors: 42704, 0A000, 22023, each with position.
absl::StatusOr<types::Type> ResolveTypeName(const PgQuery__TypeName& name, std::string_view text);

// The integer type behind serial, bigserial and smallserial, which only columns can have; nothing
// for any other name.
std::optional<types::TypeId> SerialType(const PgQuery__TypeName& name);

// The mask of an interval's fields (`interval day`); 0 for all of them and for any other type.
int IntervalFields(const PgQuery__TypeName& name);

}  // namespace adbms::sql::parser
