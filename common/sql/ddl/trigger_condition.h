// WHEN of CREATE TRIGGER. Pure.
#pragma once

#include <string>

#include "adbms/common/v1/catalog.pb.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/sql.h"

namespace adbms::sql::ddl {

// The condition's text, after it has been bound over two rows of the table, "new" and "old".
// `statement`: the text that `when` stands in, whose positions the errors have. Errors: 42P17 for
// what the trigger's rows have not, those of any condition.
absl::StatusOr<std::string> TriggerCondition(const PlanningInput& input, const parser::Node* when,
                                             std::string_view statement, int offset,
                                             const common::v1::TableDescriptor& table,
                                             const common::v1::TriggerDescriptor& trigger);

}  // namespace adbms::sql::ddl
