// Searching in texts. Thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

namespace adbms::sql::functions {

// Where `part` is in `text` at or after `from`; npos: nowhere. Takes time proportional to the text,
// whatever is in it.
size_t Find(std::string_view text, std::string_view part, size_t from = 0);

}  // namespace adbms::sql::functions
