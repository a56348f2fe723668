// Identifiers inside stored SQL text (CHECK conditions): found and replaced outside of string
// literals.
#pragma once

#include <string>
#include <string_view>

namespace adbms::storage::catalog {

bool MentionsIdentifier(std::string_view sql, std::string_view name);
std::string ReplaceIdentifier(std::string_view sql, std::string_view name,
                              std::string_view replacement);

// `name` in double quotes where SQL needs them.
std::string QuoteIdentifier(std::string_view name);

}  // namespace adbms::storage::catalog
