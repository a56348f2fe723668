// LIKE patterns: '%' any characters, '_' one character, '\' takes the next literally.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"

namespace adbms::sql::functions {

// A pattern prepared for many matches. Not thread-safe while Prepare runs.
class LikePattern {
 public:
  // What '_' stands for: a character of UTF-8, or a byte.
  enum class Unit { kCharacter, kByte };
  explicit LikePattern(Unit unit = Unit::kCharacter) : unit_(unit) {}

  // Keeps a copy. Cheap when `pattern` is the one already prepared.
  void Prepare(std::string_view pattern);
  // As PostgreSQL, a pattern that ends with its escape character is an error only for a text whose
  // comparison comes that far: `*failed` is then set, which the caller clears beforehand.
  // Errors: 57014, where `context` is interrupted.
  absl::StatusOr<bool> Matches(std::string_view text, const EvaluationContext& context,
                               bool* failed) const;
  // 22025
  static absl::Status EndsWithEscape();

 private:
  // Literal pieces between '%'; used when the pattern has no '_' and does not end with an escape.
  bool MatchesPieces(std::string_view text) const;
  absl::StatusOr<bool> MatchesGeneral(std::string_view text, const EvaluationContext& context,
                                      bool* failed) const;

  // Of the unit that starts with this byte.
  size_t LengthOf(char first) const;

  Unit unit_;
  bool prepared_ = false;
  bool general_ = false;
  std::string pattern_;
  std::vector<std::string> pieces_;
};

}  // namespace adbms::sql::functions
