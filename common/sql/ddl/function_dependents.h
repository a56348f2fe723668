// What would break with a function, since the catalog keeps it as text that calls it: views,
// defaults, checks. Pure functions.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "common/sql/sql.h"

namespace adbms::sql::parser {
struct StatementTree;
}  // namespace adbms::sql::parser

namespace adbms::sql::ddl {

// Adds what has to go before the functions do, and says so in the drop's notices. Errors: 2BP01
// without CASCADE where anything has to.
absl::Status DropDependents(common::v1::DropFunction* drop, const PlanningInput& input,
                            const parser::StatementTree& tree,
                            std::vector<common::v1::DdlStatement>* changes);

}  // namespace adbms::sql::ddl
