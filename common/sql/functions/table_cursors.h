// Rows of set-returning functions that several of them have.
#pragma once

#include <memory>
#include <string_view>

#include "common/sql/functions/function_catalog.h"

namespace adbms::sql::functions {

using CursorPtr = std::unique_ptr<TableFunction::Cursor>;

// No rows.
class EmptyCursor : public TableFunction::Cursor {
 public:
  absl::StatusOr<bool> Next(types::Batch*) override { return false; }
};

// The array's elements, a row each; `numbered`: with their subscripts beside them. `context`
// outlives the cursor. Errors: 22P02, 53200.
absl::StatusOr<CursorPtr> OpenElements(const EvaluationContext& context, std::string_view array,
                                       types::TypeId array_type, bool numbered = false);

}  // namespace adbms::sql::functions
