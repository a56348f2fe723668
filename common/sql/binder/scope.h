// What names mean inside a query: the relations of FROM, common table expressions, and the
// enclosing query's.
#pragma once

#include <string>
#include <vector>

#include "common/sql/plan/logical.h"

namespace adbms::sql::binder {

// A column that a name can mean.
struct ScopeColumn {
  std::string name;
  plan::ColumnId id = 0;
  types::Type type;
};

// A relation of FROM, or a join's merged columns.
struct ScopeItem {
  std::string alias;   // Empty: only its columns can be named.
  std::string schema;  // Set when the table itself, not an alias, gives the name.
  std::vector<ScopeColumn> columns;
  const common::v1::TableDescriptor* table = nullptr;
  bool relation_visible = true;  // alias.column works
  bool columns_visible = true;   // column works, and `*` includes it
};

struct CteEntry {
  std::string name;
  int index = -1;  // In Query.ctes.
  std::vector<ScopeColumn> columns;
};

struct GroupingState;

struct Scope {
  explicit Scope(Scope* parent) : parent(parent) {}
  Scope* parent = nullptr;
  std::vector<ScopeItem> items;
  std::vector<CteEntry> ctes;
  // Set while binding clauses in which aggregates of this query may stand.
  GroupingState* grouping = nullptr;
  // Why aggregates are not allowed now: "WHERE", "JOIN conditions", ….
  const char* clause = "";
  // Set while binding a select list: where its set-returning functions are collected, to be joined
  // to the rows.
  std::vector<plan::RelPtr>* series = nullptr;
};

// A query's aggregates as they are found.
struct GroupingState {
  std::vector<plan::AggregateCall> calls;
  std::vector<plan::ColumnId> outputs;
  bool inside_aggregate = false;
};

}  // namespace adbms::sql::binder
