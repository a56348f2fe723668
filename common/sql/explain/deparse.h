// Plan expressions back to SQL text, as PostgreSQL's EXPLAIN prints them.
#pragma once

#include <functional>
#include <string>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"

namespace adbms::sql::explain {

// `column_name` answers input positions. Parameters print as $1…, correlation slots as outer
// references.
std::string Deparse(const common::v1::Expression& expression,
                    const std::function<std::string(uint32_t)>& column_name);
// An expression that an index keeps as pg_get_expr prints it; `column_name` answers ordinals,
// quoted where they must be. `pretty`: without the parentheses that can be done without, as far as
// simple forms go.
std::string DeparseDefinition(const common::v1::IndexExpression& expression,
                              const std::function<std::string(uint32_t)>& column_name, bool pretty);
// The same as a key of an index: in parentheses unless it is a function call.
std::string DeparseKey(const common::v1::IndexExpression& expression,
                       const std::function<std::string(uint32_t)>& column_name, bool pretty);
// Whether it is a sort key, which prints as the string with its COLLATE clause.
bool IsSortKey(const common::v1::Expression& expression);
// A constant as SQL text: 5, 'x'::text.
std::string DeparseDatum(const common::v1::Datum& datum);

}  // namespace adbms::sql::explain
