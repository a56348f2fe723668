// Identifiers as they stand in SQL text.
#pragma once

#include <string>

namespace adbms::sql::ddl {

inline std::string QuoteName(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out + "\"";
}

}  // namespace adbms::sql::ddl
