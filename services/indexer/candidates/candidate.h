// An index that might help, and its words. Pure functions.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"

namespace adbms::indexer::candidates {

// What an index could be ordered by, or chosen by: a column, or an expression over the table's
// columns.
struct Key {
  uint32_t ordinal = 0;    // sql::kExpressionKey: an expression.
  std::string expression;  // A common::v1::IndexExpression as bytes; empty for a column.
  friend auto operator<=>(const Key&, const Key&) = default;
};
// The expression; REQUIRES: it is one.
common::v1::IndexExpression ExpressionOf(const Key& key);

struct Candidate {
  uint32_t table_id = 0;
  common::v1::IndexDescriptor index;  // Without id, name and maker.
};
bool operator<(const Candidate& a, const Candidate& b);
bool operator==(const Candidate& a, const Candidate& b);

// An ascending index by the keys, with the columns `include` in its entries, of the rows for which
// `predicate` (a common::v1::IndexExpression as bytes; empty: all) is true.
Candidate Ordered(uint32_t table_id, const std::vector<Key>& keys,
                  const std::vector<uint32_t>& include, const std::string& predicate);
// One by the items of the key; `operator_class`: sql::OperatorClass.name.
Candidate Inverted(uint32_t table_id, const Key& key, const std::string& operator_class);
// The candidate that an index of the catalog is.
Candidate From(uint32_t table_id, const common::v1::IndexDescriptor& index);

// Whether `index` serves for whatever a plan can want of `other`: the same leading keys in the same
// directions, the included columns, the same rows.
bool Serves(const common::v1::IndexDescriptor& index, const common::v1::IndexDescriptor& other);
// Whether the table's primary key does.
bool KeyServes(const common::v1::TableDescriptor& table, const common::v1::IndexDescriptor& other);
// Whether the table has an index, or a primary key, that serves for the candidate.
bool IsCovered(const Candidate& candidate, const common::v1::TableDescriptor& table);
// What the first key is about: of an expression, all its columns.
std::vector<uint32_t> LeadingColumns(const common::v1::IndexDescriptor& index);

// "orders(customer_id, lower(city)) include (total) where open".
std::string Describe(const Candidate& candidate, const common::v1::TableDescriptor& table);
// CREATE INDEX …; names are quoted where needed.
std::string CreateStatement(const Candidate& candidate, const common::v1::TableDescriptor& table,
                            const std::string& index_name);
// The predicate's text; empty: there is none.
std::string Predicate(const Candidate& candidate, const common::v1::TableDescriptor& table);
std::string QuoteIdentifier(const std::string& name);

}  // namespace adbms::indexer::candidates
