// What would break with a function, since the catalog keeps it as text that calls it: views,
// defaults, checks. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "common/sql/sql.h"

namespace adbms::sql::parser {
struct StatementTree;
}  // namespace adbms::sql::parser

namespace adbms::sql::ddl {

struct FunctionDependent {
  enum class Kind { kView, kMaterializedView, kDefault, kCheck };
  Kind kind = Kind::kView;
  const common::v1::TableDescriptor* table = nullptr;  // The catalog's.
  uint32_t column = 0;                                 // Of kDefault.
  std::string check;                                   // Of kCheck.
  uint32_t function_id = 0;                            // The first that it calls.
};

// As messages name it: `view v`, `default value for column a of table t`.
std::string Shown(const FunctionDependent& dependent);

// Of the functions with these numbers. Text that means something else by now is passed over.
std::vector<FunctionDependent> DependentsOf(const std::vector<uint32_t>& function_ids,
                                            const PlanningInput& input,
                                            const parser::StatementTree& tree);

}  // namespace adbms::sql::ddl
