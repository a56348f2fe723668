// Changes of jsonb at a path, step by step as PostgreSQL's setPath. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/types/array.h"
#include "common/types/jsonb.h"

namespace adbms::sql::functions {

enum class PathChange {
  kCreate,  // Replaces what is there, or adds it.
  kReplace,
  kDelete,
  kInsertBefore,
  kInsertAfter,
  kAssign,  // As kCreate, with everything that the path needs on its way.
};

// `target` with the change. Errors: 22P02 for a step into an array that is no number, 22004 for a
// step that is NULL, 22023 for what an insertion or an assignment may not replace. REQUIRES: a
// container, or kAssign; a value unless kDelete.
absl::StatusOr<std::string> ChangeAtPath(PathChange change,
                                         const std::vector<types::ArrayElement>& path,
                                         std::optional<types::Jsonb> value,
                                         const types::Jsonb& target);

}  // namespace adbms::sql::functions
