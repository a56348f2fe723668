// What names mean inside a query: the relations of FROM, common table expressions, and the
// enclosing query's.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/sql/parser/parse_tree.h"
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
  std::vector<ScopeColumn> system_columns;  // Can be named, and are not part of `*`.
  const common::v1::TableDescriptor* table = nullptr;
  bool relation_visible = true;  // alias.column works
  bool columns_visible = true;   // column works, and `*` includes it
  bool recursive = false;        // The working table of the query that is being bound.
  bool scalar = false;           // A function's value: alias alone means its only column.
  bool joined = false;  // A join's columns: its row is one of NULLs, and never NULL itself.
  // Whose row the whole is: the row type of a table or view, or else this type; an anonymous row
  // where neither is set.
  const common::v1::TableDescriptor* relation = nullptr;
  types::Type row_type = {};
  // A column that is NULL in the rows that an outer join has made for want of one; none: there are
  // no such rows.
  std::optional<plan::ColumnId> present = {};
};

struct CteEntry {
  std::string name;
  int index = -1;  // In Query.ctes; -1: copied for each reader, or a working table.
  std::vector<ScopeColumn> columns;
  plan::RelPtr copied = nullptr;
  uint32_t working_table = 0;
  std::vector<ScopeColumn> hidden = {};  // Of a working table: further columns, not part of `*`.
};

struct GroupingState;
struct SeriesState;
struct WindowingState;

struct Scope {
  explicit Scope(Scope* parent) : parent(parent) {}
  Scope* parent = nullptr;
  std::vector<ScopeItem> items;
  std::vector<CteEntry> ctes;
  // Set while binding clauses in which aggregates of this query may stand.
  GroupingState* grouping = nullptr;
  // Set while binding clauses in which window functions of this query may stand.
  WindowingState* windowing = nullptr;
  // Why aggregates and window functions are not allowed now: "WHERE", "JOIN conditions", ….
  const char* clause = "";
  // The query's tree; null: of something else.
  const ProtobufCMessage* statement = nullptr;
  // The names in it that may mean relations, each with what stands behind them: columns, functions
  // of the row, or nothing (empty) where the row itself is meant. None: nobody has asked yet.
  mutable std::optional<std::map<std::string, std::set<std::string>>> whole_names = {};
  // Set while binding clauses in which set-returning functions of this query may stand.
  SeriesState* series = nullptr;
  // Set while binding clauses for whose rows functions may be called that storage cannot run.
  SeriesState* row_calls = nullptr;
};

// A query's set-returning functions outside of FROM, as they are found, and the functions that are
// called for its rows because storage cannot run them.
struct SeriesState {
  struct Call {
    plan::SetFunction function;
    const common::v1::FunctionDescriptor* program = nullptr;  // In place of function.function.
    bool in_aggregate = false;  // A program that is called for what an aggregate is about.
    std::vector<plan::ColumnId> outputs;
  };
  std::vector<Call> calls;
  // Why none may stand here, though they are allowed in the clause; null: one may.
  const char* refusal = nullptr;
};

// Refuses them for as long as it lives.
class SeriesRefusal {
 public:
  SeriesRefusal(const Scope* scope, const char* refusal) : series_(scope->series) {
    if (series_ == nullptr) return;
    outer_ = series_->refusal;
    series_->refusal = refusal;
  }
  ~SeriesRefusal() {
    if (series_ != nullptr) series_->refusal = outer_;
  }
  SeriesRefusal(const SeriesRefusal&) = delete;
  SeriesRefusal& operator=(const SeriesRefusal&) = delete;

 private:
  SeriesState* const series_;
  const char* outer_ = nullptr;
};

// A query's aggregates as they are found.
struct GroupingState {
  // GROUPING(…)
  struct Operation {
    std::vector<plan::ExprPtr> arguments;
    plan::ColumnId output = 0;
    int location = -1;
  };
  std::vector<Operation> operations;
  std::vector<plan::AggregateCall> calls;
  std::vector<plan::ColumnId> outputs;
  bool inside_aggregate = false;
};

// What stands in WINDOW, or between the parentheses of OVER.
struct WindowDefinition {
  std::string name;  // Empty: without one.
  std::vector<plan::ExprPtr> partition;
  std::vector<plan::SortKey> order;
  plan::WindowFrame frame;
  bool framed = false;  // A frame was written that is not the default one.
};

bool Same(const WindowDefinition& a, const WindowDefinition& b);

// A query's windows and the calls over them, as they are found.
struct WindowingState {
  struct Call {
    size_t window = 0;
    plan::WindowCall call;
    plan::ColumnId output = 0;
  };
  std::vector<WindowDefinition> windows;
  std::vector<Call> calls;
  // Why none may stand here, though they are allowed in the clause: "window function calls cannot
  // be nested"; null: one may.
  const char* refusal = nullptr;

  // Those that are evaluated on rows: all but the frames' offsets.
  template <typename Visit>
  void ForEachExpression(const Visit& visit) {
    for (WindowDefinition& window : windows) {
      for (plan::ExprPtr& e : window.partition) visit(e);
      for (plan::SortKey& key : window.order) visit(key.expression);
    }
    for (Call& call : calls) {
      for (plan::ExprPtr& e : call.call.arguments) visit(e);
      if (call.call.filter) visit(call.call.filter);
    }
  }
};

}  // namespace adbms::sql::binder
