// The names and defaults of the arguments of built-in functions that can be called by name
// (PostgreSQL's manual, 4.3). Thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/types/type.h"

namespace adbms::sql::functions {

struct NamedArgument {
  std::string_view name;
  std::optional<std::string_view> default_text = std::nullopt;
  types::TypeId default_type = types::TypeId::kUnspecified;
};

// Null for a function whose arguments have no names.
const std::vector<NamedArgument>* NamedArgumentsOf(std::string_view function);

}  // namespace adbms::sql::functions
