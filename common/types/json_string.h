// The text of JSON string literals, escape by escape, as PostgreSQL reads them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace adbms::types {

// Reads one literal. Not thread-safe.
class JsonStringReader {
 public:
  // Where the text goes; null: escapes are looked at, but need not stand for a character.
  explicit JsonStringReader(std::string* out) : out_(out) {}
  // Reads the byte, or the escape, at `position`, and moves behind it. Errors: 22P02, 22P05.
  // REQUIRES: no quote is there, and a backslash is not the last byte.
  absl::Status Next(std::string_view text, size_t* position);
  // At the closing quote. Errors: 22P02 for half a character.
  absl::Status End() const;

 private:
  absl::Status Unicode(std::string_view text, size_t* position);

  std::string* const out_;
  char32_t high_surrogate_ = 0;  // Waits for its other half.
};

}  // namespace adbms::types
