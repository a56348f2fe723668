// Set-returning functions as plans name them.
#pragma once

#include <string>

#include "services/storage/executor/operator.h"

namespace adbms::storage::executor {

// The function of this signature, or of this name, that takes the arguments. Errors: INTERNAL when
// there is none, INVALID_ARGUMENT when it does not take them.
absl::StatusOr<const sql::functions::TableFunction*> FindTableFunction(
    const std::string& signature,
    const google::protobuf::RepeatedPtrField<common::v1::Expression>& arguments);

}  // namespace adbms::storage::executor
