// Words that say nothing of a document, by language: Snowball's lists, as PostgreSQL 15 has them.
#pragma once

#include <span>
#include <string_view>

namespace adbms::text_search {

// In the order of their bytes; none for a language without such a list. Lives forever.
std::span<const std::string_view> StopWordsOf(std::string_view language);

}  // namespace adbms::text_search
