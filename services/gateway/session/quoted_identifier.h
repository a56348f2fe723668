// Names in SQL that a session writes itself. Pure.
#pragma once

#include <string>
#include <string_view>

namespace adbms::gateway::session {

// The name in double quotes, as it is, whatever is in it.
inline std::string QuoteIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace adbms::gateway::session
