// The session's settings beyond those of EvaluationContext, and which functions ask for them, so
// that their plans need session_details. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/sql/functions/function_catalog.h"

namespace adbms::sql::functions {

// As SHOW shows it, with what the statement itself has changed; nothing: there is no such setting.
// REQUIRES: session_details, else it is the initial value.
std::optional<std::string> CurrentSettingOf(const EvaluationContext& context,
                                            std::string_view name);

bool AsksForSettings(const Function& function);
bool AsksForSettings(const TableFunction& function);

}  // namespace adbms::sql::functions
