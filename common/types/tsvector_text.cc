// Words of literals, and the text of tsvector.
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/character_class.h"
#include "common/types/text_search.h"
#include "common/types/ts_word_reader.h"

namespace adbms::types {
namespace {

using status::Error;
namespace sqlstate = status::sqlstate;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// 0 to 3 for the letter of a weight, -1 for anything else.
int WeightOf(char c) {
  if (c == '*') return 3;
  const char upper = static_cast<char>(c & ~0x20);
  return upper >= 'A' && upper <= 'D' ? 'D' - upper : -1;
}

absl::Status TooLong(size_t bytes, size_t most, std::string_view what) {
  return Error(sqlstate::kProgramLimitExceeded,
               absl::StrCat(std::string(what), " (", bytes, " bytes, max ", most, " bytes)"));
}

}  // namespace

absl::Status TsWordReader::SyntaxError() const {
  return Error(sqlstate::kSyntaxError,
               absl::StrCat("syntax error in ", kind_ == Kind::kVector ? "tsvector" : "tsquery",
                            ": \"", std::string(text_), "\""));
}

bool TsWordReader::IsSpaceAt(size_t at) const { return IsSpaceCharacter(CharacterAt(text_, at)); }

void TsWordReader::Take(size_t* at, std::string* word) const {
  const size_t bytes = CharacterBytes(text_, *at);
  word->append(text_.substr(*at, bytes));
  *at += bytes;
}

absl::Status TsWordReader::ReadEscaped(size_t* at, std::string* word) {
  ++*at;
  if (*at >= text_.size())
    return Error(sqlstate::kSyntaxError,
                 absl::StrCat("there is no escaped character: \"", std::string(text_), "\""));
  Take(at, word);
  return absl::OkStatus();
}

bool TsWordReader::EndsPlainWord(size_t at) const {
  if (at >= text_.size() || IsSpaceAt(at)) return true;
  if (kind_ == Kind::kVector) return false;
  return IsTsQueryOperator(text_[at]) || (kind_ == Kind::kWebSearch && text_[at] == '"');
}

absl::Status TsWordReader::ReadPlain(size_t* at, std::string* word, bool* has_positions) {
  const bool web = kind_ == Kind::kWebSearch;
  // The first character is one of the word whatever it is.
  bool first = true;
  while (true) {
    if (!first && EndsPlainWord(*at)) break;
    if (!web && text_[*at] == '\\') {
      RETURN_IF_ERROR(ReadEscaped(at, word));
    } else if (!first && text_[*at] == ':') {
      *has_positions = kind_ == Kind::kVector;
      if (*has_positions) ++*at;
      break;
    } else {
      Take(at, word);
    }
    first = false;
  }
  return word->empty() ? SyntaxError() : absl::OkStatus();
}

absl::Status TsWordReader::ReadQuoted(size_t* at, std::string* word, bool* has_positions) {
  ++*at;
  while (true) {
    if (*at >= text_.size()) return SyntaxError();
    const char c = text_[*at];
    if (c == '\\') {
      RETURN_IF_ERROR(ReadEscaped(at, word));
      continue;
    }
    if (c == '\'') {
      if (*at + 1 >= text_.size() || text_[*at + 1] != '\'') break;
      ++*at;
    }
    Take(at, word);
  }
  ++*at;
  if (word->empty()) return SyntaxError();
  *has_positions = kind_ == Kind::kVector && *at < text_.size() && text_[*at] == ':';
  if (*has_positions) ++*at;
  return absl::OkStatus();
}

absl::Status TsWordReader::ReadPositions(size_t* at, std::vector<TsPosition>* positions) {
  const auto at_digit = [&] { return *at < text_.size() && IsDigit(text_[*at]); };
  while (true) {
    if (!at_digit()) return SyntaxError();
    // As C reads it: what is too large is the largest, of which the lower half is kept.
    const std::string digits(text_.substr(*at, text_.find_first_not_of("0123456789", *at) - *at));
    const auto number = static_cast<int32_t>(std::strtol(digits.c_str(), nullptr, 10));
    const TsPosition position = TsPosition::Of(LimitedPosition(number), 0);
    if (position.position() == 0)
      return Error(sqlstate::kSyntaxError,
                   absl::StrCat("wrong position info in tsvector: \"", std::string(text_), "\""));
    positions->push_back(position);
    *at += digits.size();
    bool weighed = false;
    while (true) {
      if (*at >= text_.size() || IsSpaceAt(*at)) return absl::OkStatus();
      const char c = text_[*at];
      if (c == ',') break;
      if (const int weight = WeightOf(c); weight >= 0) {
        // D may be said again, and changes nothing that has not been said.
        if (weighed) return SyntaxError();
        weighed = weight > 0;
        positions->back() = TsPosition::Of(position.position(), weight);
      } else if (!IsDigit(c)) {
        return SyntaxError();
      }
      ++*at;
    }
    ++*at;
  }
}

absl::StatusOr<bool> TsWordReader::Next(size_t* at, std::string* word,
                                        std::vector<TsPosition>* positions) {
  word->clear();
  while (*at < text_.size() && IsSpaceAt(*at)) *at += CharacterBytes(text_, *at);
  if (*at >= text_.size()) return false;
  const char c = text_[*at];
  if (kind_ != Kind::kVector && IsTsQueryOperator(c)) return SyntaxError();
  bool has_positions = false;
  if (c == '\'' && kind_ != Kind::kWebSearch) {
    RETURN_IF_ERROR(ReadQuoted(at, word, &has_positions));
  } else {
    RETURN_IF_ERROR(ReadPlain(at, word, &has_positions));
  }
  if (has_positions) RETURN_IF_ERROR(ReadPositions(at, positions));
  return true;
}

absl::StatusOr<std::string> ParseTsVector(std::string_view text) {
  TsWordReader reader(text, TsWordReader::Kind::kVector);
  TsVectorBuilder builder;
  std::string word;
  std::vector<TsPosition> positions;
  size_t at = 0;
  size_t bytes = 0;
  while (true) {
    positions.clear();
    ASSIGN_OR_RETURN(const bool found, reader.Next(&at, &word, &positions));
    if (!found) break;
    if (word.size() > kLongestLexeme)
      return TooLong(word.size(), kLongestLexeme, "word is too long");
    if (bytes > kLargestTsVector)
      return TooLong(bytes, kLargestTsVector, "string is too long for tsvector");
    bytes += word.size();
    if (positions.empty()) builder.Add(word);
    for (const TsPosition position : positions) builder.Add(word, position);
  }
  return builder.Finish();
}

void AppendQuotedLexeme(std::string_view lexeme, std::string* out) {
  out->push_back('\'');
  for (const char c : lexeme) {
    if (c == '\'' || c == '\\') out->push_back(c);
    out->push_back(c);
  }
  out->push_back('\'');
}

void FormatTsVector(std::string_view form, std::string* out) {
  const TsVectorView vector(form);
  for (uint32_t i = 0; i < vector.size(); ++i) {
    if (i > 0) out->push_back(' ');
    const TsLexeme lexeme = vector.At(i);
    AppendQuotedLexeme(lexeme.text, out);
    for (size_t p = 0; p < lexeme.positions(); ++p) {
      const TsPosition position = lexeme.At(p);
      absl::StrAppend(out, p == 0 ? ":" : ",", position.position());
      if (position.weight() > 0) out->push_back(kWeightLetters[position.weight()]);
    }
  }
}

}  // namespace adbms::types
