// A function of FROM while its item is being bound.
#pragma once

#include <string>
#include <vector>

#include "common/sql/binder/binder.h"

namespace adbms::sql::binder {

// With its columns.
struct Binder::RangeCall {
  std::string name;
  int location = -1;
  plan::SetFunction function;
  std::vector<ColumnId> outputs;
  bool scalar = false;  // Its one column has no name of its own but the function's.
  // With a column definition list, and of rows: their columns, computed of outputs.
  std::vector<ColumnId> defined;
  std::vector<ExprPtr> definitions;
  Type row_type;  // Of a row whose fields these are.
};

}  // namespace adbms::sql::binder
