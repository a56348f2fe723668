// Marks that are no letters, and are nevertheless part of the words they stand in: combining
// characters, as PostgreSQL 15's parser takes them.
#pragma once

namespace adbms::text_search {

// REQUIRES: no letter, of which some lie between.
bool IsWordMark(char32_t c);

}  // namespace adbms::text_search
