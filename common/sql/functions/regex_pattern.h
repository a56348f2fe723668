// Regular expressions as PostgreSQL writes them ("advanced" ones), for the libraries that run them.
#pragma once

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
  bool literal = false;   // The pattern is plain text.
  bool expanded = false;  // White space and comments in it are not of it.

  bool operator==(const RegexFlags&) const = default;
};

// Errors: 22023 for an unknown one; 0A000 for those of other kinds of expressions.
absl::StatusOr<RegexFlags> ReadRegexFlags(std::string_view text);

struct RegexPattern {
  std::string text;        // In the syntax that RE2 and PCRE2 have in common, if it has one there.
  std::string definition;  // With `backtracks`: of the group "word" that the text calls; or empty.
  std::string short_text;  // The same with every quantifier preferring little.
  // A match is as long as it can be, or as short, by what is quantified first; parts of it may want
  // the other: then `text` decides what they get of it.
  bool prefers_short = false;
  bool mixed = false;
  bool backtracks = false;    // RE2 does not run it: has what is not regular, or looks around.
  bool by_character = false;  // Has classes of characters that are not the same beyond ASCII.
};

// `flags` also get the options that the pattern begins with. `ascii`: for texts of nothing else,
// for which classes are short. Errors: 2201B with PostgreSQL's reasons, 0A000.
absl::StatusOr<RegexPattern> TranslateRegex(std::string_view pattern, bool ascii,
                                            RegexFlags* flags);

}  // namespace adbms::sql::functions
