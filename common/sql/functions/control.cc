// adbms.revert, adbms.approve and adbms.run_all_tables. The orchestrator answers them, which the
// gateway asks before a plan runs; a call that is left in a plan depends on rows.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/error_function.h"
#include "common/sql/functions/kernel.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Value;

absl::Status NotHere() {
  return status::Error(
      status::sqlstate::kFeatureNotSupported,
      "a control function whose argument depends on rows, or in a place other than "
      "a SELECT, is not supported",
      {}, "Call it with a constant or a parameter: SELECT adbms.revert($1).");
}

absl::StatusOr<std::string> OnAction(int64_t) { return NotHere(); }

absl::StatusOr<std::unique_ptr<TableFunction::Cursor>> OpenRun(const EvaluationContext&,
                                                               const std::vector<Value>&) {
  return NotHere();
}

absl::StatusOr<std::string> RaiseError(std::string_view code, std::string_view message,
                                       std::string_view detail, std::string_view hint) {
  return status::Error(code, message, detail, hint);
}

}  // namespace

void AddControl(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  builder.AddFunction(kRaiseError, {text, text, text, text}, text, Map<RaiseError>, kVolatile);
  for (const char* name : {"adbms.revert", "adbms.approve"})
    builder.AddFunction(name, {TypeId::kInt8}, text, Map<OnAction>, kVolatile);
  TableFunction run;
  run.name = "adbms.run_all_tables";
  run.result = {text};
  run.column_names = {"run_all_tables"};
  run.open = OpenRun;
  builder.AddTableFunction(std::move(run));
}

}  // namespace adbms::sql::functions
