// Views whose rows may be changed: those that show rows of one table, or of one such view, as they
// are (PostgreSQL manual, CREATE VIEW, "Updatable Views"). What changes is the table; the statement
// is bound over its columns, with the view's names for them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/sql/binder/scope.h"
#include "common/sql/parser/parse_tree.h"

namespace adbms::sql::binder {

// Why rows cannot be changed through a view with this query, as PostgreSQL's detail has it; empty
// when its form allows it.
std::string WhyNotUpdatable(const PgQuery__SelectStmt& select);

// The views through which a statement reaches the table that it changes.
struct TargetViews {
  // Of one level: the view, and the role for which what it reads is read.
  struct Level {
    const common::v1::TableDescriptor* view = nullptr;
    std::string reads_as;
    std::shared_ptr<const parser::ParseTree> tree;
    const PgQuery__SelectStmt* select = nullptr;
    // WHERE over the table's columns; null: none.
    plan::ExprPtr condition;
  };
  std::vector<Level> levels;  // The one that the statement names first.
  // By the view's column: the table's ordinal, nullopt for one that is computed.
  std::vector<std::optional<uint32_t>> ordinals;
  std::vector<std::string> names;
  // What stands for a computed column.
  std::map<plan::ColumnId, plan::ExprPtr> computed;

  bool empty() const { return levels.empty(); }
  const common::v1::TableDescriptor& named() const { return *levels.front().view; }
};

}  // namespace adbms::sql::binder
