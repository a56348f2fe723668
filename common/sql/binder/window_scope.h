// A query's scope while parts of a window function's call are bound.
#pragma once

#include <vector>

#include "common/sql/binder/scope.h"

namespace adbms::sql::binder {

// While a call's arguments or a window's definition are bound, with no set-returning functions.
class WindowRefusal {
 public:
  WindowRefusal(Scope* scope, const char* refusal)
      : scope_(*scope),
        no_sets_(scope, "window function calls cannot contain set-returning function calls") {
    if (scope->windowing != nullptr) {
      before_ = scope->windowing->refusal;
      scope->windowing->refusal = refusal;
    }
  }
  ~WindowRefusal() {
    if (scope_.windowing != nullptr) scope_.windowing->refusal = before_;
  }
  WindowRefusal(const WindowRefusal&) = delete;
  WindowRefusal& operator=(const WindowRefusal&) = delete;

 private:
  Scope& scope_;
  const SeriesRefusal no_sets_;
  const char* before_ = nullptr;
};

}  // namespace adbms::sql::binder
