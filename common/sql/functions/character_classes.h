// The characters of a class, as the C library's C.UTF-8 has them, which is PostgreSQL's source too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adbms::sql::functions {

using CharacterRanges = std::vector<std::pair<uint32_t, uint32_t>>;  // Ordered, both ends in.

// "alpha", "digit", …, and "word": alnum and the underscore. Null for an unknown one. Thread-safe;
// lives as long as the process.
const CharacterRanges* CharactersOf(std::string_view name);
// All others.
CharacterRanges Complement(const CharacterRanges& ranges);
// As the inside of a bracket expression: \x{61}-\x{7a}… Only those of ASCII, if so asked.
std::string InBrackets(const CharacterRanges& ranges, bool ascii);

}  // namespace adbms::sql::functions
