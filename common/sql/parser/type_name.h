// Type names of the syntax tree.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/sql/parser/parse_tree.h"
#include "common/types/type.h"

namespace adbms::sql::parser {

// Finds a type that is not built in; an empty schema is the search path.
using DeclaredTypeLookup =
    std::function<std::optional<types::Type>(std::string_view schema, std::string_view name)>;

// The type that `name` means. `text` is the statement's text, for positions. Composite types are
// errors. Errors: 42704, 0A000, 22023, each with position.
absl::StatusOr<types::Type> ResolveTypeName(const PgQuery__TypeName& name, std::string_view text,
                                            const DeclaredTypeLookup& declared = nullptr);

// The name as it can be read again, without modifiers.
std::string TypeNameText(const PgQuery__TypeName& name);

// The integer type behind serial, bigserial and smallserial, which only columns can have; nothing
// for any other name.
std::optional<types::TypeId> SerialType(const PgQuery__TypeName& name);

}  // namespace adbms::sql::parser
