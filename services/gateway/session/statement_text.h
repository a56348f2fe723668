// What can be told of a statement by its text alone.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace adbms::gateway::session {

// The parser leaves the final semicolon out of a statement's text; so does the plan cache's key.
inline std::string_view WithoutFinalSemicolon(std::string_view sql) {
  while (!sql.empty() && (sql.back() == ';' || absl::ascii_isspace(sql.back()))) {
    sql.remove_suffix(1);
  }
  return sql;
}

// The normalized text with numbered parameters in place of the scanner's markers, for people.
// Client parameters come first.
inline std::string Readable(std::string_view normalized, uint32_t client_parameters) {
  std::string text;
  uint32_t next = client_parameters;
  for (const char c : normalized) {
    if (static_cast<unsigned char>(c) < 8) {
      absl::StrAppend(&text, "$", ++next);
    } else {
      text += c;
    }
  }
  return text;
}

// Whether a statement that begins with the word (lower case) may have a plan.
inline bool IsPlannableWord(const std::string& word) {
  return word == "select" || word == "insert" || word == "update" || word == "delete" ||
         word == "with" || word == "values" || word == "table";
}

}  // namespace adbms::gateway::session
