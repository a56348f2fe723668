// Bounds recursion over syntax trees.
#pragma once

#include "absl/status/status.h"
#include "common/sql/parser/parse_tree.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {

class DepthGuard {
 public:
  explicit DepthGuard(int* depth) : depth_(depth) { ++*depth_; }
  ~DepthGuard() { --*depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  bool too_deep() const { return *depth_ > parser::kMaxDepth; }
  static absl::Status Error() {
    return status::Error(status::sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                         "Simplify the statement: its expressions are nested too deeply.");
  }

 private:
  int* depth_;
};

}  // namespace adbms::sql::binder
