// Expressions over one row of a table, as descriptors and changes of the catalog carry them.
// Stateless.
#pragma once

#include <cstdint>
#include <set>

#include "absl/status/statusor.h"
#include "common/sql/expression/evaluator.h"

namespace adbms::sql::routing {

// Compiles what another process, or a descriptor, says to compute of a row; adds the ordinals that
// it reads to `columns`. Errors: INVALID_ARGUMENT for what is no expression over `column_count`
// columns alone; those of compiling.
absl::StatusOr<expression::CompiledExpressionPtr> CompileOverRow(
    const common::v1::Expression& expression, size_t column_count, std::set<uint32_t>* columns);

}  // namespace adbms::sql::routing
