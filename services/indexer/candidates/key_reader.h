// Reads expressions of a plan as keys that an index could have.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "adbms/common/v1/plan.pb.h"
#include "common/sql/sql.h"
#include "common/types/type.h"
#include "services/indexer/candidates/candidate.h"

namespace adbms::indexer::candidates {

// Where an output column of an operator comes from.
struct Source {
  uint32_t table_id = 0;
  uint32_t ordinal = 0;
};
// By position; nullopt: from no table's column.
using Sources = std::vector<std::optional<Source>>;

// A key of a table.
struct TableKey {
  uint32_t table_id = 0;
  Key key;
  types::Type type;
};

// The column that an expression is, if it is one.
std::optional<Source> ColumnOf(const common::v1::Expression& expression, const Sources& sources);
// Every column in the expression, subqueries' correlation aside.
std::vector<Source> ColumnsIn(const common::v1::Expression& expression, const Sources& sources);
// The expression as a key: a column, or an immutable expression over the columns of one table, at
// least one. Nullopt for what no index can have.
std::optional<TableKey> ReadKey(const common::v1::Expression& expression, const Sources& sources,
                                const sql::Catalog& catalog);
// What is left of the expression without conversions that keep values and their order.
const common::v1::Expression& WithoutRelabels(const common::v1::Expression& expression);

}  // namespace adbms::indexer::candidates
