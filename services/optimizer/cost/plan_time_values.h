// What the planner knows of an expression's value before execution: constants, constants lifted
// out of the text, and what can be computed from them (PostgreSQL's estimate_expression_value).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/sql/plan/logical.h"
#include "common/sql/sql.h"

namespace adbms::optimizer::cost {

// How lifted constants are taken. Planning the same statement under several tells whether its plan
// depends on their values.
enum class LiteralMode {
  kValues,   // As they are.
  kAverage,  // Unknown: the average over the column.
  kFewest,   // Unknown: an equality finds the column's rarest value.
  kMost,     // Unknown: an equality finds its most common value, a range finds all.
};

// Of one statement. Not thread-safe.
class PlanTimeValues {
 public:
  // `literals`: the text's lifted constants, borrowed; null: none.
  PlanTimeValues(const std::vector<sql::Literal>* literals, const std::string& time_zone,
                 LiteralMode mode);
  // nullopt when it is not known; NULL is a known value.
  std::optional<types::Value> Find(const sql::plan::ExprPtr& expression) const;
  // How to take the unknown value of an expression: kAverage unless it comes from lifted constants.
  LiteralMode ModeOf(const sql::plan::ExprPtr& expression) const;
  // The expression with every lifted constant replaced by its value; null when something stays
  // unknown.
  sql::plan::ExprPtr Substitute(const sql::plan::ExprPtr& expression) const;
  // Positions of the lifted constants that were asked for.
  const std::set<uint32_t>& used() const { return used_; }

 private:
  std::optional<types::Value> Lifted(int literal, const types::Type& type) const;

  const std::vector<sql::Literal>* const literals_;
  const std::string time_zone_;
  const LiteralMode mode_;
  mutable std::set<uint32_t> used_;
};

}  // namespace adbms::optimizer::cost
