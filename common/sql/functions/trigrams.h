// Trigrams, as the extension pg_trgm has them. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace adbms::sql::functions {

// What `%` asks for: PostgreSQL's pg_trgm.similarity_threshold at its default.
inline constexpr float kSimilarityThreshold = 0.3F;

// Whether the character, of a text in lower case, belongs to a word. REQUIRES: it is not empty.
bool IsTrigramCharacter(std::string_view character);
// Those of a word of such characters, or of a part of one: `begins`, `ends`: it is the word's
// beginning, its end.
void AppendTrigrams(std::vector<std::string> word, bool begins, bool ends,
                    std::vector<std::string>* trigrams);
// A text's, each once, in order.
std::vector<std::string> TrigramsOf(std::string_view text);

}  // namespace adbms::sql::functions
