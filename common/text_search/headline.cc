#include "common/text_search/headline.h"

#include <algorithm>

#include "common/status/macros.h"

namespace adbms::text_search {
namespace {

// How far a match may reach, in multiples of the longest headline.
constexpr int kCoverFactor = 10;
constexpr int kShortestMaxCover = 100;

// Compounds come once more as their parts.
bool IsCompound(TokenType type) {
  return type == TokenType::kUrl || type == TokenType::kHyphenatedNumWord ||
         type == TokenType::kHyphenatedAsciiWord || type == TokenType::kHyphenatedWord;
}

bool IsNoEnd(TokenType type) {
  switch (type) {
    case TokenType::kScientific:
    case TokenType::kVersion:
    case TokenType::kFloat:
    case TokenType::kInt:
    case TokenType::kUint:
    case TokenType::kProtocol:
    case TokenType::kEntity:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool Headline::IsWord(int i) const {
  const TokenType type = At(i).type;
  return type != TokenType::kBlank && type != TokenType::kTag && !IsCompound(type);
}

bool Headline::IsBadEnd(int i) const {
  if (IsFound(i)) return false;
  return !IsWord(i) || IsNoEnd(At(i).type) ||
         static_cast<int64_t>(At(i).text.size()) <= options_.short_word;
}

void Headline::AddWord(const Token& token, std::string_view lexeme, int position) {
  Word word;
  word.type = token.type;
  word.text = token.text;
  if (!lexeme.empty()) word.position = types::LimitedPosition(position);
  const size_t at = words_.size();
  words_.push_back(word);
  if (lexeme.empty()) return;
  for (uint32_t i = 0; i < query_.size(); ++i) {
    const types::TsQueryItem& item = query_[i];
    if (item.is_operator) continue;
    if (item.prefix ? !lexeme.starts_with(item.lexeme) : lexeme != item.lexeme) continue;
    if (words_[at].item < 0) {
      words_[at].item = static_cast<int32_t>(i);
    } else {
      word.item = static_cast<int32_t>(i);
      word.is_repeated = true;
      words_.push_back(word);
    }
  }
}

absl::Status Headline::Read(std::string_view document) {
  words_.clear();
  DefaultParser parser(document);
  Token token;
  int position = 0;
  while (parser.Next(&token)) {
    if (IsTooLong(token)) continue;
    std::string lexeme;
    if (normalizer_.DictionaryOf(token.type) != 0) {
      ASSIGN_OR_RETURN(lexeme, normalizer_.LexemeOf(token));
      position = std::min(position + 1, types::kLastPosition);
    }
    AddWord(token, lexeme, position);
    RETURN_IF_ERROR(progress_(sizeof(Word) + 16 * query_.size()));
  }
  return absl::OkStatus();
}

int Headline::NextFound(int from) const {
  for (int i = from; i < size(); ++i) {
    if (At(i).item >= 0) return i;
  }
  return -1;
}

absl::StatusOr<bool> Headline::Matches(int begin, int end) const {
  return Matcher(
             query_,
             [&](uint32_t item, Places* places) {
               bool found = false;
               for (int i = begin; i <= end; ++i) {
                 if (At(i).item != static_cast<int32_t>(item)) continue;
                 found = true;
                 if (places == nullptr) break;
                 std::vector<int>& positions = places->positions;
                 if (positions.empty() || positions.back() < At(i).position)
                   positions.push_back(At(i).position);
               }
               return found ? Match::kYes : Match::kNo;
             },
             [&](size_t bytes) { return progress_(bytes + static_cast<size_t>(end - begin)); })
      .Run();
}

absl::StatusOr<bool> Headline::NextCover(int* begin, int* end) const {
  int64_t longest =
      std::max<int64_t>(int64_t{options_.max_words} * kCoverFactor, kShortestMaxCover);
  if (options_.max_fragments > 0) longest *= options_.max_fragments;
  for (int first = NextFound(*begin); first >= 0; first = NextFound(first + 1)) {
    for (int last = first; last >= 0 && last - first < longest; last = NextFound(last + 1)) {
      ASSIGN_OR_RETURN(const bool matches, Matches(first, last));
      if (!matches) continue;
      *begin = first;
      *end = last;
      return true;
    }
  }
  return false;
}

// There is room: on to a good end, and where the document ends too early, back to the left.
void Headline::Lengthen(int cover_begin, int cover_end, int next, Fragment* headline) const {
  for (int i = next - 1; i < size() && headline->words < options_.max_words; ++i) {
    if (i > cover_end) {
      headline->words += IsWord(i) ? 1 : 0;
      headline->found += IsFound(i) ? 1 : 0;
    }
    headline->end = i;
    if (!IsBadEnd(i) && headline->words >= options_.min_words) break;
  }
  if (headline->words >= options_.min_words) return;
  int i = cover_begin - 1;
  for (; i >= 0; --i) {
    headline->words += IsWord(i) ? 1 : 0;
    headline->found += IsFound(i) ? 1 : 0;
    if (headline->words >= options_.max_words) break;
    if (!IsBadEnd(i) && headline->words >= options_.min_words) break;
  }
  headline->begin = std::max(i, 0);
}

void Headline::Shorten(int last, Fragment* headline) const {
  for (int i = last; headline->words > options_.min_words && IsBadEnd(i); --i) {
    headline->words -= IsWord(i) ? 1 : 0;
    headline->found -= IsFound(i) ? 1 : 0;
    headline->end = i - 1;
  }
}

Headline::Fragment Headline::AroundCover(int begin, int end) const {
  Fragment headline;
  headline.begin = headline.end = begin;
  int i = begin;
  for (; i <= end && headline.words < options_.max_words; ++i) {
    headline.words += IsWord(i) ? 1 : 0;
    headline.found += IsFound(i) ? 1 : 0;
    headline.end = i;
  }
  if (headline.words < options_.max_words) {
    Lengthen(begin, end, i, &headline);
  } else {
    Shorten(std::min(i, end), &headline);
  }
  return headline;
}

absl::Status Headline::ChooseOne() {
  if (options_.highlight_all) {
    Mark(0, size() - 1);
    return absl::OkStatus();
  }
  Fragment best;
  bool any = false;
  bool best_is_whole = false;
  int begin = 0;
  int end = 0;
  for (;; ++begin) {
    ASSIGN_OR_RETURN(const bool found, NextCover(&begin, &end));
    if (!found) break;
    const Fragment headline = AroundCover(begin, end);
    // It was cut when it is no longer all of the match.
    const bool is_whole = headline.begin <= begin && headline.end >= end;
    bool is_better = !any || is_whole > best_is_whole;
    if (any && is_whole == best_is_whole) {
      is_better = headline.found > best.found ||
                  (headline.found == best.found && !IsBadEnd(headline.end) && IsBadEnd(best.end));
    }
    if (!is_better) continue;
    best = headline;
    best_is_whole = is_whole;
    any = true;
  }
  if (any) {
    Mark(best.begin, best.end);
  } else {
    MarkBeginning();
  }
  return absl::OkStatus();
}

void Headline::MarkBeginning() {
  int words = 0;
  int end = 0;
  for (int i = 0; i < size() && words < options_.min_words; ++i) {
    words += IsWord(i) ? 1 : 0;
    end = i;
  }
  Mark(0, end);
}

void Headline::Mark(int begin, int end) {
  for (int i = begin; i <= end && i < size(); ++i) {
    Word& word = words_[static_cast<size_t>(i)];
    word.is_selected = word.item >= 0;
    word.is_skipped = IsCompound(word.type);
    word.is_replaced = !options_.highlight_all && word.type == TokenType::kTag;
    word.is_in = !word.is_repeated;
  }
}

std::string Headline::Text() const {
  std::string text;
  int fragments = 0;
  bool inside = false;
  for (const Word& word : words_) {
    if (word.is_repeated) continue;
    if (word.is_in && !inside && ++fragments > 1) text += options_.delimiter;
    inside = word.is_in;
    if (!inside || word.is_skipped) continue;
    if (word.is_replaced) {
      text += ' ';
      continue;
    }
    if (word.is_selected) text += options_.start;
    text += word.text;
    if (word.is_selected) text += options_.stop;
  }
  return text;
}

absl::StatusOr<std::string> Headline::Of(std::string_view document) {
  RETURN_IF_ERROR(Read(document));
  RETURN_IF_ERROR(options_.max_fragments == 0 ? ChooseOne() : ChooseFragments());
  return Text();
}

}  // namespace adbms::text_search
