// Rows of the tables that storage computes. Implemented by the server, which knows engine and
// settings.
#pragma once

#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"
#include "common/types/vector.h"
#include "services/storage/catalog/catalog_state.h"

namespace adbms::storage::catalog {

class VirtualTables {
 public:
  virtual ~VirtualTables() = default;
  // All rows with all columns of a virtual table. Thread-safe.
  virtual absl::StatusOr<types::Batch> Rows(
      const TableEntry& table, const CatalogState& catalog,
      const sql::functions::EvaluationContext& session) const = 0;
};

}  // namespace adbms::storage::catalog
