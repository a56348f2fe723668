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
  // Keeps a copy. Cheap when `pattern` is the one already prepared. Errors: 22025.
  absl::Status Prepare(std::string_view pattern);
  bool Matches(std::string_view text) const;

 private:
  // Literal pieces between '%'; used when the pattern has no '_'.
  bool MatchesPieces(std::string_view text) const;
  bool MatchesGeneral(std::string_view text, std::string_view pattern) const;

  bool prepared_ = false;
  bool general_ = false;
  std::string pattern_;
  std::vector<std::string> pieces_;
};

}  // namespace adbms::sql::functions
