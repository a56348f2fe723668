// How a statement uses its tables, as far as indexes could serve it: read from its default plan.
// Pure functions.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adbms/common/v1/plan.pb.h"
#include "common/sql/sql.h"
#include "services/indexer/candidates/candidate.h"

namespace adbms::indexer::candidates {

// How one statement uses one table.
struct TableUsage {
  uint32_t table_id = 0;
  std::set<Key> equality;  // Compared with = or IN to something outside the table.
  std::set<Key> range;     // Compared with <, <=, >, >=, or LIKE a pattern that begins with text.
  std::set<Key> join;      // Equality with another table's column.
  std::vector<Key> order;  // Leading ORDER BY keys, all ascending or all descending.
  std::set<Key> ends;      // Of min() and max() over the whole.
  std::set<std::pair<Key, std::string>> items;  // With an operator class that serves a condition.
  // Conditions that choose rows by constants, as common::v1::IndexExpression in bytes: IS [NOT]
  // NULL, = and <> and IN, booleans.
  std::set<std::string> facts;
  // Of each OR, what its alternatives ask for; only where each asks for something.
  std::vector<std::vector<TableUsage>> alternatives;
  std::set<uint32_t> needed;       // Every column the statement reads of it.
  std::set<uint32_t> unindexable;  // Columns in conditions whose type has no order.
};

// By table, of one plan.
std::vector<TableUsage> UsageOf(const common::v1::Plan& plan, const sql::Catalog& catalog);

}  // namespace adbms::indexer::candidates
