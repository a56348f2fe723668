// Conditions as statements have them.
#pragma once

#include <string_view>

namespace adbms::sql::ddl {

// Without parentheses around all of it, which are shown in any case.
std::string_view WithoutParentheses(std::string_view condition);

}  // namespace adbms::sql::ddl
