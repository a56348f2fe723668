// The kernel of functions that storage answers, a row at a time (CatalogFunctions).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/sql/functions/function_catalog.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {

// Each function needs an instantiation of its own, as kernels carry no state: the name is a
// template argument.
template <size_t N>
struct FixedName {
  char text[N];
  constexpr FixedName(const char (&name)[N]) { std::copy_n(name, N, text); }
  std::string_view view() const { return {text, N - 1}; }
};

template <FixedName kFunction>
absl::Status CallCatalog(const EvaluationContext& context,
                         const std::vector<const types::Vector*>& arguments, uint32_t rows,
                         types::Vector* result) {
  std::vector<types::Value> values;
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    if (context.catalog == nullptr) {
      return status::NotSupported("function " + std::string(kFunction.view()) + " here");
    }
    values.clear();
    for (const types::Vector* argument : arguments) values.push_back(argument->Get(row));
    ASSIGN_OR_RETURN(types::Value value, context.catalog->Call(kFunction.view(), values));
    result->Set(row, value);
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::functions
