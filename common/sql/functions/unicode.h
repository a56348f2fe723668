// Characters of UTF-8 text. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace adbms::sql::functions {

// The character at `*position`, which advances past it. Invalid bytes count as one character each.
char32_t DecodeCharacter(std::string_view text, size_t* position);
void AppendCharacter(char32_t character, std::string* out);
// Bytes of the character that starts with `first`.
size_t CharacterLength(char first);

std::string ToLower(std::string_view text);
std::string ToUpper(std::string_view text);
char32_t LowerOf(char32_t character);
char32_t UpperOf(char32_t character);
bool IsAlphanumeric(char32_t character);

}  // namespace adbms::sql::functions
