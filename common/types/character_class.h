// Characters of UTF-8 text and what they are in the locale C.UTF-8, which is PostgreSQL's ctype
// for text search here. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace adbms::types {

// Bytes of the character that starts at `at`, no more than there are; 1 for what starts none.
size_t CharacterBytes(std::string_view text, size_t at);
// That character. REQUIRES: at < text.size().
char32_t CharacterAt(std::string_view text, size_t at);

bool IsSpaceCharacter(char32_t c);
bool IsLetter(char32_t c);
bool IsDigitCharacter(char32_t c);
bool IsLetterOrDigit(char32_t c);
// Every character in lower case.
std::string LowerCase(std::string_view text);

}  // namespace adbms::types
