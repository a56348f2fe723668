// Early return on error.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define ADBMS_STATUS_CONCAT_INNER(a, b) a##b
#define ADBMS_STATUS_CONCAT(a, b) ADBMS_STATUS_CONCAT_INNER(a, b)

// Returns from the enclosing function when `expression`, a Status, is not OK.
#define RETURN_IF_ERROR(expression)            \
  do {                                         \
    absl::Status adbms_status_ = (expression); \
    if (!adbms_status_.ok()) [[unlikely]]      \
      return adbms_status_;                    \
  } while (false)

// Assigns a StatusOr's value to `target` (which may be a declaration), or returns its status.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_INNER(ADBMS_STATUS_CONCAT(adbms_status_or_, __LINE__), target, expression)
#define ASSIGN_OR_RETURN_INNER(temporary, target, expression) \
  auto temporary = (expression);                              \
  if (!temporary.ok()) [[unlikely]]                           \
    return std::move(temporary).status();                     \
  target = *std::move(temporary)
