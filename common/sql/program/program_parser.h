// PL/pgSQL text to a tree. Statements and declarations are read here; SQL in them is left as text,
// though looked at for syntax by PostgreSQL's own grammar. Pure; thread-safe.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "common/sql/program/program.h"

namespace adbms::sql::program {

// Deepest nesting of blocks and control statements; beyond it error 54001.
inline constexpr int kMaxNesting = 200;

// A body as it stands between the quotes of CREATE FUNCTION or DO. Errors: 42601 with PostgreSQL's
// words and the position (characters, from 1) in the body, 0A000 for what is not supported, 54001.
absl::StatusOr<ProgramPtr> ParseProgram(std::string_view body);

// The same for nothing but the errors, when a function is made.
absl::Status CheckProgram(std::string_view body);

}  // namespace adbms::sql::program
