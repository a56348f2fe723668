#include "common/sql/functions/regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/functions/backtracking_regex.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using View = std::string_view;

bool IsAscii(View text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

absl::StatusOr<std::unique_ptr<RE2>> CompileRe2(const std::string& text, bool ignore_case,
                                                bool longest) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(!ignore_case);
  options.set_longest_match(longest);
  options.set_max_mem(int64_t{16} << 20);
  auto regex = std::make_unique<RE2>(text, options);
  if (regex->ok()) return regex;
  const bool large = regex->error_code() == RE2::ErrorPatternTooLarge ||
                     regex->error_code() == RE2::ErrorRepeatSize;
  return status::Error(status::sqlstate::kInvalidRegex,
                       absl::StrCat("invalid regular expression: ",
                                    large ? "regular expression is too complex" : regex->error()));
}

}  // namespace

struct Regex::Program {
  absl::StatusOr<bool> Find(View text, size_t start, std::vector<View>* groups,
                            const EvaluationContext* context) const;

  RegexPattern pattern;
  std::unique_ptr<BacktrackingRegex> backtracking;  // Or ...
  std::unique_ptr<RE2> longest;                     // ... what finds the longest match,
  std::unique_ptr<RE2> shortest;  // the shortest one, if that is what is preferred, and ...
  std::unique_ptr<RE2> sharing;   // ... what the parts of a mixed one get of it.
};

absl::StatusOr<bool> Regex::Program::Find(View text, size_t start, std::vector<View>* groups,
                                          const EvaluationContext* context) const {
  using Wish = BacktrackingRegex::Wish;
  if (backtracking != nullptr)
    return backtracking->Find(text, start, pattern.prefers_short ? Wish::kShortest : Wish::kLongest,
                              groups, context);
  const re2::StringPiece piece(text.data(), text.size());
  if (groups == nullptr)
    return longest->Match(piece, start, text.size(), RE2::UNANCHORED, nullptr, 0);
  const RE2& first = pattern.prefers_short ? *shortest : *longest;
  std::vector<re2::StringPiece> found(static_cast<size_t>(longest->NumberOfCapturingGroups()) + 1);
  const auto count = static_cast<int>(found.size());
  // Of a mixed one only the whole is known at first.
  if (!first.Match(piece, start, text.size(), RE2::UNANCHORED, found.data(),
                   sharing == nullptr ? count : 1))
    return false;
  if (sharing != nullptr && count > 1) {
    const auto begin = static_cast<size_t>(found[0].data() - text.data());
    sharing->Match(piece, begin, begin + found[0].size(), RE2::ANCHOR_BOTH, found.data(), count);
  }
  groups->assign(found.size(), View());
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i].data() != nullptr) (*groups)[i] = View(found[i].data(), found[i].size());
  }
  return true;
}

Regex::Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

absl::StatusOr<std::unique_ptr<Regex::Program>> Regex::Compile(bool ascii) const {
  auto program = std::make_unique<Program>();
  RegexFlags flags = flags_;
  ASSIGN_OR_RETURN(program->pattern, TranslateRegex(pattern_, ascii, &flags));
  const RegexPattern& pattern = program->pattern;
  if (pattern.backtracks) {
    ASSIGN_OR_RETURN(
        program->backtracking,
        BacktrackingRegex::Compile(pattern.text, pattern.definition, flags.ignore_case));
    return program;
  }
  ASSIGN_OR_RETURN(program->longest, CompileRe2(pattern.text, flags.ignore_case, true));
  if (pattern.prefers_short) {
    ASSIGN_OR_RETURN(program->shortest, CompileRe2(pattern.short_text, flags.ignore_case, false));
  }
  if (pattern.mixed) {
    ASSIGN_OR_RETURN(program->sharing, CompileRe2(pattern.text, flags.ignore_case, false));
  }
  return program;
}

absl::Status Regex::Prepare(View pattern, const RegexFlags& flags) {
  if (ascii_ != nullptr && pattern == pattern_ && flags == flags_) return absl::OkStatus();
  ascii_.reset();
  unicode_.reset();
  pattern_ = pattern;
  flags_ = flags;
  ASSIGN_OR_RETURN(ascii_, Compile(true));
  return absl::OkStatus();
}

size_t Regex::groups() const {
  return ascii_->backtracking != nullptr
             ? ascii_->backtracking->groups()
             : static_cast<size_t>(ascii_->longest->NumberOfCapturingGroups());
}

void Regex::SetText(View text, const EvaluationContext* context) {
  text_ = text;
  context_ = context;
  is_ascii_ = !ascii_->pattern.by_character || IsAscii(text);
}

absl::StatusOr<bool> Regex::Find(size_t start, std::vector<View>* groups) {
  if (is_ascii_) return ascii_->Find(text_, start, groups, context_);
  if (unicode_ == nullptr) {
    ASSIGN_OR_RETURN(unicode_, Compile(false));
  }
  return unicode_->Find(text_, start, groups, context_);
}

}  // namespace adbms::sql::functions
