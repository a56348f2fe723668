// Regular expressions in PostgreSQL's syntax, run on RE2; what RE2 lacks (back references,
// look-around, word-start and word-end escapes) is reported as not supported. Not thread-safe.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::sql::functions {

struct RegexFlags {
  bool ignore_case = false;
  bool global = false;
  bool lines = false;
  // The halves of `lines`: . and [^…] stop at the end of a line; ^ and $ match at one.
  bool dot_stops = false;
  bool line_anchors = false;
  bool literal = false;  // The pattern is plain text.

  bool operator==(const RegexFlags&) const = default;
};

// Errors: 22023 for an unknown one.
absl::StatusOr<RegexFlags> ReadRegexFlags(std::string_view text);

// A compiled expression, reused while pattern and flags stay.
class Regex {
 public:
  // Errors: 2201B, 0A000.
  absl::Status Prepare(std::string_view pattern, const RegexFlags& flags);
  const RE2& regex() const { return *regex_; }

 private:
  std::unique_ptr<RE2> regex_;
  std::string pattern_;
  RegexFlags flags_;
};

inline re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace adbms::sql::functions
