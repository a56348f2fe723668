// Index candidates out of what statements really do: the conditions, joins and orderings of their
// default plans. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "common/sql/sql.h"

namespace adbms::indexer::candidates {

// How one statement uses one table.
struct TableUsage {
  uint32_t table_id = 0;
  std::set<uint32_t> equality;     // Ordinals compared with = or IN to something outside the table.
  std::set<uint32_t> range;        // Compared with <, <=, >, >=.
  std::set<uint32_t> join;         // Equality with another table's column.
  std::vector<uint32_t> order;     // Leading ORDER BY columns, all ascending or all descending.
  std::set<uint32_t> needed;       // Every column the statement reads of it.
  std::set<uint32_t> unindexable;  // Columns in conditions whose type has no order.
};

// By table, of one plan.
std::vector<TableUsage> UsageOf(const common::v1::Plan& plan, const sql::Catalog& catalog);

// An index that might help.
struct Candidate {
  uint32_t table_id = 0;
  std::vector<uint32_t> columns;
  std::vector<uint32_t> include;
  friend auto operator<=>(const Candidate&, const Candidate&) = default;
};

// Candidates for one table's use: single columns, equality prefix with a range, join or order
// column behind it, and the best of these covering the statement when few columns are missing.
// Columns are ordered by `distinct` (most first).
std::vector<Candidate> CandidatesFor(const TableUsage& usage,
                                     const common::v1::TableDescriptor& table,
                                     const std::map<uint32_t, double>& distinct);

// Whether the table has an index, or a primary key, that starts with the candidate's columns and
// holds its included ones.
bool IsCovered(const Candidate& candidate, const common::v1::TableDescriptor& table);

// "orders(customer_id, placed_at) include (total)".
std::string Describe(const Candidate& candidate, const common::v1::TableDescriptor& table);
// CREATE INDEX …; names are quoted where needed.
std::string CreateStatement(const Candidate& candidate, const common::v1::TableDescriptor& table,
                            const std::string& index_name);
std::string QuoteIdentifier(const std::string& name);

}  // namespace adbms::indexer::candidates
