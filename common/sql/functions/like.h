// LIKE patterns: '%' any characters, '_' one character, '\' takes the next literally.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace adbms::sql::functions {

// A pattern prepared for many matches. Not thread-safe while Prepare runs.
class LikePattern {
 public:
  // Keeps a copy. Cheap when `pattern` is the one already prepared.
  void Prepare(std::string_view pattern);
  // As PostgreSQL, a pattern that ends with its escape character is an error only for a text whose
  // comparison comes that far: `*failed` is then set, which the caller clears beforehand.
  bool Matches(std::string_view text, bool* failed) const;
  // 22025
  static absl::Status EndsWithEscape();

 private:
  // Literal pieces between '%'; used when the pattern has no '_' and does not end with an escape.
  bool MatchesPieces(std::string_view text) const;
  bool MatchesGeneral(std::string_view text, bool* failed) const;

  bool prepared_ = false;
  bool general_ = false;
  std::string pattern_;
  std::vector<std::string> pieces_;
};

}  // namespace adbms::sql::functions
