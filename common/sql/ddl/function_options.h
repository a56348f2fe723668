// The clauses of CREATE FUNCTION and ALTER FUNCTION behind arguments and result. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "adbms/common/v1/catalog.pb.h"
#include "common/sql/parser/parse_tree.h"

namespace adbms::sql::ddl {

// Each clause that was given.
struct FunctionOptions {
  std::optional<std::vector<std::string>> as;
  std::optional<std::string> language;
  std::optional<std::string> volatility;
  std::optional<std::string> parallel;
  std::optional<bool> strict;
  std::optional<bool> security_definer;
  std::optional<bool> leakproof;
  std::optional<float> cost;
  std::optional<float> rows;
  std::vector<const PgQuery__VariableSetStmt*> settings;
};

// `text`: the statement's, for positions. Errors: 42601 for a clause given twice, 42P13 for one
// that a procedure has not, 0A000.
absl::Status ReadFunctionOptions(parser::NodeList options, bool procedure, std::string_view text,
                                 FunctionOptions* out);

// Changes what the options say, but AS and LANGUAGE. Errors: 22023 and 42704 of settings, COST and
// ROWS; 42601 for PARALLEL.
absl::Status ApplyFunctionOptions(const FunctionOptions& options,
                                  common::v1::FunctionDescriptor* function);

}  // namespace adbms::sql::ddl
