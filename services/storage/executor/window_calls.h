// Calls of window functions, row by row.
//
// WindowCallSpec: immutable, thread-safe. WindowCall: one execution of it, not thread-safe; lives
// no longer than the execution.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/sql/functions/function_catalog.h"
#include "services/storage/executor/declared_aggregate.h"
#include "services/storage/executor/operator.h"
#include "services/storage/executor/window_frame.h"
#include "services/storage/executor/window_rows.h"

namespace adbms::storage::executor {

struct WindowCallSpec {
  common::v1::WindowFunction function = common::v1::WINDOW_FUNCTION_UNSPECIFIED;
  std::unique_ptr<sql::functions::Aggregate> aggregate;  // WINDOW_FUNCTION_AGGREGATE
  // `aggregate`, where a user has made it; null otherwise.
  const DeclaredAggregate* declared = nullptr;
  std::vector<size_t> arguments;  // Columns among the rows.
  std::vector<types::Type> argument_types;
  std::optional<size_t> filter;  // Column.
  types::Type type;

  bool uses_frame() const;
  // Whether it asks where the peers end.
  bool uses_peers() const { return function == common::v1::WINDOW_FUNCTION_CUME_DIST; }
  // Whether it looks at no row after those of the frame and the current one, nor counts them.
  bool looks_back_only() const;
  // Whether rows that a later frame does not begin with are looked at again.
  bool looks_at_frame_rows() const {
    return uses_frame() && function != common::v1::WINDOW_FUNCTION_AGGREGATE;
  }
};

// The function and its arguments' types fit; `aggregate` is that of the catalog of functions.
// Errors: INVALID_ARGUMENT for a malformed plan.
absl::Status CheckWindowCall(const WindowCallSpec& spec,
                             const sql::functions::AggregateFunction* aggregate);

class WindowCall {
 public:
  virtual ~WindowCall() = default;
  WindowCall(const WindowCall&) = delete;
  WindowCall& operator=(const WindowCall&) = delete;

  virtual void StartPartition() {}
  // Results go to a fresh vector from now on.
  virtual void StartBatch() {}
  // The result for a row, the next of the partition, into row `at` of `out`, which is valid and
  // zero. Errors: those of the function, 53200, 58030, 57014.
  virtual absl::Status Evaluate(const WindowRow& row, types::Vector* out, uint32_t at) = 0;
  // Lets go of all rows.
  virtual void Release() = 0;

 protected:
  WindowCall() = default;
};

// Borrows what it gets.
std::unique_ptr<WindowCall> OpenWindowCall(ExecutionContext* context, const WindowCallSpec* spec,
                                           WindowRows* rows);
// Of an aggregate (window_aggregate.cc).
std::unique_ptr<WindowCall> OpenWindowAggregate(ExecutionContext* context,
                                                const WindowCallSpec* spec, WindowRows* rows);

}  // namespace adbms::storage::executor
