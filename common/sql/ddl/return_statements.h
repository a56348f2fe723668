// What RETURN may have in a PL/pgSQL body, by what the function is declared to return.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "adbms/common/v1/catalog.pb.h"
#include "common/sql/program/program.h"

namespace adbms::sql::ddl {

// Errors: 42804, 42601, with the position (characters, from 1) in the body.
absl::Status CheckReturns(const common::v1::FunctionDescriptor& function,
                          const program::Program& program, std::string_view body);

}  // namespace adbms::sql::ddl
