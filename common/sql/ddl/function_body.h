// Bodies of functions, as far as they are looked at when the function is made. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "adbms/common/v1/catalog.pb.h"

namespace adbms::sql::ddl {

// Errors: 42704 for a language that there is not, 0A000 for one that is not supported.
absl::Status CheckLanguage(const std::string& language);

// The part of CREATE FUNCTION from RETURN or BEGIN ATOMIC on; empty where there is none.
std::string StandardBody(std::string_view statement);

// The body's syntax, and whether it goes with the function's arguments and result. `statement`: the
// CREATE FUNCTION, whose positions the errors have. Errors: 42601, 42P13, 0A000.
absl::Status CheckFunctionBody(const common::v1::FunctionDescriptor& function,
                               std::string_view statement);

}  // namespace adbms::sql::ddl
