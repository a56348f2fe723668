// Text of bytea, uuid and json, UTF-8, and string lengths. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/type.h"

namespace adbms::types {

// Errors: 22P02, 22023.
absl::Status ParseBytea(std::string_view text, std::string* bytes);
void FormatBytea(std::string_view bytes, bool hex, std::string* out);
// 16 bytes. Errors: 22P02.
absl::Status ParseUuid(std::string_view text, char* bytes);
void FormatUuid(std::string_view bytes, std::string* out);
// Errors: 22P02 unless `text` is one JSON value; 54001 when nested too deep.
absl::Status ValidateJson(std::string_view text);

// Errors: 22021 for a zero byte or an invalid sequence.
absl::Status ValidateUtf8(std::string_view text);
// Characters of valid UTF-8.
size_t Utf8Length(std::string_view text);
// Bytes of the first `characters` characters.
size_t Utf8Prefix(std::string_view text, size_t characters);

// Applies varchar(n) or char(n): what must be stored for `text`. `is_explicit` truncates; otherwise
// an excess other than blanks is 22001. Padding for char(n) goes through `scratch`.
absl::StatusOr<std::string_view> FitString(std::string_view text, const Type& type,
                                           bool is_explicit, std::string* scratch);
// At most 63 bytes, cut at a character's boundary.
std::string_view FitName(std::string_view text);
// char(n) without its padding.
inline std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace adbms::types
