// The function that is an error: what RAISE EXCEPTION in an inlined body becomes.
#pragma once

namespace adbms::sql::functions {

// (sqlstate, message, detail, hint), all text; of no name that a statement can write.
inline constexpr char kRaiseError[] = "raise error";

}  // namespace adbms::sql::functions
