// Plan expressions back to SQL text, as PostgreSQL's EXPLAIN prints them.
#pragma once

#include <functional>
#include <string>

#include "adbms/common/v1/plan.pb.h"

namespace adbms::sql::explain {

// `column_name` answers input positions. Parameters print as $1…, correlation slots as outer
// references.
std::string Deparse(const common::v1::Expression& expression,
                    const std::function<std::string(uint32_t)>& column_name);
// A constant as SQL text: 5, 'x'::text.
std::string DeparseDatum(const common::v1::Datum& datum);

}  // namespace adbms::sql::explain
