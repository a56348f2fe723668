// An answer as the lines that a script holds: values as sqllogictest prints them, sorted and
// hashed as the record asks. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/sql/script.h"
#include "tests/sql/server.h"

namespace adbms::sql_test {

// NULL, (empty), an integer cut off after the point (I), %.3f (R), or the text with control
// characters as '@' (T).
std::string FormatValue(const std::optional<std::string>& value, char type);

// The rows in the record's sort order, one value each; with_names adds the names in front.
std::vector<std::vector<std::string>> FormatRows(const Answer& answer, const Record& record);

// One line a value, or "N values hashing to MD5" when there are more than `hash_threshold` > 0.
std::vector<std::string> ValueLines(const std::vector<std::vector<std::string>>& rows,
                                    size_t hash_threshold);

// One line a row, values parted by tabs.
std::vector<std::string> RowLines(const std::vector<std::vector<std::string>>& rows);

// The lines to compare with `expected`, in whichever of the forms above it is written.
std::vector<std::string> LinesLike(const std::vector<std::string>& expected,
                                   const std::vector<std::vector<std::string>>& rows);

}  // namespace adbms::sql_test
