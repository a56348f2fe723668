#include "common/sql/functions/like.h"

#include "common/sql/functions/find.h"
#include "common/sql/functions/unicode.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {

void LikePattern::Prepare(std::string_view pattern) {
  if (prepared_ && pattern == pattern_) return;
  pattern_ = pattern;
  prepared_ = true;
  general_ = false;
  pieces_.assign(1, std::string());
  for (size_t i = 0; i < pattern_.size(); ++i) {
    if (pattern_[i] == '%') {
      pieces_.emplace_back();
    } else if (pattern_[i] == '_') {
      general_ = true;
    } else if (pattern_[i] == '\\' && ++i >= pattern_.size()) {
      general_ = true;
    } else {
      pieces_.back().push_back(pattern_[i]);
    }
  }
}

size_t LikePattern::LengthOf(char first) const {
  return unit_ == Unit::kByte ? 1 : CharacterLength(first);
}

absl::Status LikePattern::EndsWithEscape() {
  return status::Error(status::sqlstate::kInvalidEscape,
                       "LIKE pattern must not end with escape character");
}

absl::StatusOr<bool> LikePattern::Matches(std::string_view text, const EvaluationContext& context,
                                          bool* failed) const {
  if (general_) return MatchesGeneral(text, context, failed);
  RETURN_IF_ERROR(context.Handled(text.size()));
  return MatchesPieces(text);
}

bool LikePattern::MatchesPieces(std::string_view text) const {
  if (pieces_.size() == 1) return text == pieces_[0];
  const std::string& first = pieces_.front();
  const std::string& last = pieces_.back();
  if (text.size() < first.size() + last.size()) return false;
  if (text.substr(0, first.size()) != first) return false;
  if (text.substr(text.size() - last.size()) != last) return false;
  text.remove_prefix(first.size());
  text.remove_suffix(last.size());
  for (size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const size_t found = Find(text, pieces_[i]);
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + pieces_[i].size());
  }
  return true;
}

// Backtracks only to the last '%': what follows an earlier one has matched at its first place.
absl::StatusOr<bool> LikePattern::MatchesGeneral(std::string_view text,
                                                 const EvaluationContext& context,
                                                 bool* failed) const {
  const std::string_view pattern = pattern_;
  const auto ends_with_escape = [&pattern](size_t at) {
    return pattern[at] == '\\' && at + 1 == pattern.size();
  };
  size_t t = 0;
  size_t p = 0;
  size_t retry_pattern = std::string_view::npos;
  size_t retry_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      // A run of '%' and '_' is any text of so many characters at least.
      for (; p < pattern.size() && (pattern[p] == '%' || pattern[p] == '_'); ++p) {
        if (pattern[p] == '%') continue;
        if (t >= text.size()) return false;
        t += LengthOf(text[t]);
      }
      if (p == pattern.size()) return true;
      if (ends_with_escape(p)) {
        *failed = true;
        return false;
      }
      retry_pattern = p;
      retry_text = t;
      continue;
    }
    if (p < pattern.size() && pattern[p] == '_') {
      ++p;
      t += LengthOf(text[t]);
      continue;
    }
    if (p < pattern.size() && ends_with_escape(p)) {
      *failed = true;
      return false;
    }
    const size_t literal = p < pattern.size() && pattern[p] == '\\' ? p + 1 : p;
    if (literal < pattern.size() && pattern[literal] == text[t]) {
      p = literal + 1;
      ++t;
      continue;
    }
    if (retry_pattern == std::string_view::npos) return false;
    RETURN_IF_ERROR(context.Handled(t - retry_text + 1));
    retry_text += LengthOf(text[retry_text]);
    if (retry_text > text.size()) return false;
    t = retry_text;
    p = retry_pattern;
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return t == text.size() && p == pattern.size();
}

}  // namespace adbms::sql::functions
