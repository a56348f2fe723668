// Which functions ask for the session's settings beyond those of EvaluationContext, so that their
// plans need session_details. Pure.
#pragma once

#include "common/sql/functions/function_catalog.h"

namespace adbms::sql::functions {

bool AsksForSettings(const Function& function);
bool AsksForSettings(const TableFunction& function);

}  // namespace adbms::sql::functions
