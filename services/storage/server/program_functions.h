// Catalog functions about functions and triggers: pg_get_functiondef, texts of regproc … One
// statement's, on its thread.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"
#include "common/types/value.h"
#include "services/storage/catalog/catalog_state.h"

namespace adbms::storage::server {

// What a call of one sees. Borrowed.
struct ProgramQuestion {
  const catalog::CatalogState& catalog;
  const sql::functions::EvaluationContext& session;
  const std::vector<types::Value>& arguments;
};

// Whether CallProgramFunction answers it.
bool IsProgramFunction(std::string_view name);
absl::StatusOr<types::Value> CallProgramFunction(std::string_view name,
                                                 const ProgramQuestion& question);

// The function that "schema.name(type, …)" means. Errors: 42883; 42601 for a text of another form.
absl::StatusOr<uint32_t> FunctionWithArguments(const catalog::CatalogState& catalog,
                                               const sql::functions::EvaluationContext& session,
                                               std::string_view text);

}  // namespace adbms::storage::server
