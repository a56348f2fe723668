// What a LIKE pattern says of the order of the strings that match it (PostgreSQL's like_support.c,
// for strings that are ordered by their bytes). Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace adbms::sql::default_planner {

// Every string that matches lies in [lower, upper), or is `lower` when `single`.
struct PatternBounds {
  std::string lower;                 // Not empty.
  std::optional<std::string> upper;  // Absent: no string is too great.
  bool single = false;               // Without wildcards.
  bool exact = false;                // Every string within the bounds matches.
};

// Of a LIKE pattern with `\` as its escape; nullopt where it does not begin with a character that
// stands for itself, or ends in an escape.
std::optional<PatternBounds> BoundsOfLike(std::string_view pattern);

}  // namespace adbms::sql::default_planner
