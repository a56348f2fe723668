// Text of boolean, integer and floating-point types, as PostgreSQL reads and writes it. Pure
// functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/types/type.h"

namespace adbms::types {

// Errors: 22P02 'invalid input syntax for type integer: "abc"',
// 22003 'value "99999999999" is out of range for type integer'.
absl::Status ParseInteger(std::string_view text, TypeId type, int64_t* result);  // int2, int4, int8
absl::Status ParseOid(std::string_view text, int64_t* result);
absl::Status ParseBool(std::string_view text, bool* result);
// PostgreSQL's parse_bool: true, false, yes, no, on and off in any case, as short as they say which
// one is meant, 1 and 0; nothing else, and no spaces.
std::optional<bool> BoolOfWord(std::string_view word);
absl::Status ParseFloat4(std::string_view text, float* result);
absl::Status ParseFloat8(std::string_view text, double* result);

void FormatInteger(int64_t value, std::string* out);
// `extra_float_digits` as in TextOptions.
void FormatFloat4(float value, int extra_float_digits, std::string* out);
void FormatFloat8(double value, int extra_float_digits, std::string* out);

// 22P02 'invalid input syntax for type <name>: "<text>"'.
absl::Status InvalidSyntax(std::string_view type_name, std::string_view text);

// isspace in the C locale.
inline bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
std::string_view TrimSpaces(std::string_view text);
bool EqualsIgnoreCase(std::string_view text, std::string_view lower);

}  // namespace adbms::types
