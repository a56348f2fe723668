// What EXPLAIN shows of each operator, apart from the output format.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adbms/common/v1/plan.pb.h"
#include "common/sql/sql.h"

namespace adbms::sql::explain {

struct Description {
  std::string node_type;                                      // "Seq Scan"
  std::string title;                                          // "Seq Scan on emp e"
  std::vector<std::pair<std::string, std::string>> identity;  // JSON: "Relation Name", "Alias", …
  std::vector<std::pair<std::string, std::string>> properties;  // "Filter", "Index Cond", …
  bool filters = false;                                         // Shows "Rows Removed by Filter".
};

Description Describe(const common::v1::Operator& op, const Catalog& catalog);
// Its inputs; none where it is shown together with them: expressions over no table's rows.
std::vector<const common::v1::Operator*> ShownInputs(const common::v1::Operator& op);
// Average output width in bytes.
int WidthOf(const common::v1::Operator& op);
// The names of output columns, comma-separated.
std::string OutputOf(const common::v1::Operator& op);

}  // namespace adbms::sql::explain
