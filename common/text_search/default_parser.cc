#include "common/text_search/default_parser.h"

#include <algorithm>
#include <array>

#include "common/text_search/word_marks.h"
#include "common/types/character_class.h"

namespace adbms::text_search {
namespace {

using types::CharacterAt;

constexpr std::array<TokenTypeName, kTokenTypes> kNames = {{
    {"asciiword", "Word, all ASCII"},
    {"word", "Word, all letters"},
    {"numword", "Word, letters and digits"},
    {"email", "Email address"},
    {"url", "URL"},
    {"host", "Host"},
    {"sfloat", "Scientific notation"},
    {"version", "Version number"},
    {"hword_numpart", "Hyphenated word part, letters and digits"},
    {"hword_part", "Hyphenated word part, all letters"},
    {"hword_asciipart", "Hyphenated word part, all ASCII"},
    {"blank", "Space symbols"},
    {"tag", "XML tag"},
    {"protocol", "Protocol head"},
    {"numhword", "Hyphenated word, letters and digits"},
    {"asciihword", "Hyphenated word, all ASCII"},
    {"hword", "Hyphenated word, all letters"},
    {"url_path", "URL path"},
    {"file", "File or path name"},
    {"float", "Decimal notation"},
    {"int", "Signed integer"},
    {"uint", "Unsigned integer"},
    {"entity", "XML entity"},
}};

}  // namespace

std::span<const TokenTypeName> TokenTypeNames() { return kNames; }

DefaultParser::Classes DefaultParser::ClassesAt(size_t at) const {
  if (AtEnd(at)) return 0;
  const char32_t c = CharacterAt(text_, at);
  if (c < 0x80) {
    const char32_t lower = c | 0x20;
    if (lower >= 'a' && lower <= 'z') return kAsciiLetter | kLetter | kAlphanumeric;
    if (c >= '0' && c <= '9') return kDigit | kAlphanumeric;
    return c == ' ' || (c >= '\t' && c <= '\r') ? kSpace : 0;
  }
  Classes classes = 0;
  if (types::IsLetter(c)) classes |= kLetter;
  if (types::IsLetterOrDigit(c)) classes |= kAlphanumeric;
  if (types::IsSpaceCharacter(c)) classes |= kSpace;
  if (IsWordMark(c)) classes |= kSpecial;
  return classes;
}

size_t DefaultParser::After(size_t at) const { return at + types::CharacterBytes(text_, at); }

size_t DefaultParser::SkipWhile(size_t at, int classes) const {
  while (Is(at, classes)) at = After(at);
  return at;
}

bool DefaultParser::Next(Token* token) {
  if (url_host_end_ > 0) {
    *token = {TokenType::kHost, text_.substr(at_, url_host_end_ - at_)};
    at_ = url_host_end_;
    url_host_end_ = 0;
    return true;
  }
  if (url_path_end_ > 0) {
    *token = {TokenType::kUrlPath, text_.substr(at_, url_path_end_ - at_)};
    at_ = url_path_end_;
    url_path_end_ = 0;
    return true;
  }
  if (AtEnd(at_) || ended_) return false;
  Found found;
  if (in_hyphenated_) {
    found = HyphenatedPart(at_);
    in_hyphenated_ = static_cast<bool>(found);
  }
  if (!found) found = FromBase(at_);
  if (ended_) return false;
  *token = {found.type, text_.substr(at_, found.end - at_)};
  switch (found.type) {
    case TokenType::kHyphenatedAsciiWord:
    case TokenType::kHyphenatedWord:
    case TokenType::kHyphenatedNumWord:
      in_hyphenated_ = true;
      break;
    case TokenType::kUrl:
      url_path_end_ = found.end;
      break;
    default:
      at_ = found.end;
  }
  return true;
}

DefaultParser::Found DefaultParser::FromBase(size_t begin) {
  Found found;
  const char c = text_[begin];
  if (c == '<') found = Tag(begin);
  if (found) return found;
  if (ignores_) return Blank(begin);
  if (Is(begin, kAsciiLetter)) return FromAsciiWord(begin);
  if (Is(begin, kLetter)) return FromWord(begin);
  if (IsDigit(begin)) return FromUnsigned(begin);
  if (c == '-' || c == '+') found = FromSign(begin + 1);
  if (c == '&') found = Entity(begin + 1);
  if (c == '~') found = Path(begin + 1, PathState::kTilde);
  if (c == '/') found = Path(begin + 1, PathState::kSlash);
  if (c == '.') found = Path(begin + 1, PathState::kFirstDot);
  return found ? found : Blank(begin);
}

DefaultParser::Found DefaultParser::Blank(size_t at) const {
  for (at = After(at); !AtEnd(at); at = After(at)) {
    const char c = text_[at];
    if (c == '<') break;
    if (ignores_) continue;
    if (c == '-' || c == '+' || c == '&' || c == '/' || Is(at, kAlphanumeric)) break;
  }
  return {TokenType::kBlank, at};
}

DefaultParser::Found DefaultParser::FromAsciiWord(size_t begin) {
  const size_t at = SkipWhile(begin, kAsciiLetter);
  Found found;
  switch (ByteAt(at)) {
    case '.':
      found = Host(at + 1, HostState::kFirstOfDomain, false);
      if (!found) found = FileAfterDot(at + 1);
      break;
    case '-':
      found = Host(at + 1, HostState::kFirst, false);
      if (!found) found = Hyphenated(at, TokenType::kHyphenatedAsciiWord);
      break;
    case '_':
      found = Host(at + 1, HostState::kFirst, false);
      break;
    case '@':
      found = EmailAt(at);
      break;
    case ':':
      if (text_.substr(at + 1, 2) == "//") found = {TokenType::kProtocol, at + 3};
      break;
    case '/':
      found = Path(at + 1, PathState::kSlash);
      break;
    default:
      if (IsDigit(at)) {
        found = Host(at + 1, HostState::kInside, false);
        return found ? found : FromNumWord(at + 1);
      }
      if (Is(at, kLetter | kSpecial)) return FromWord(at);
  }
  return found ? found : Found{TokenType::kAsciiWord, at};
}

DefaultParser::Found DefaultParser::FromWord(size_t at) {
  at = SkipWhile(at, kLetter | kSpecial);
  if (IsDigit(at)) return FromNumWord(at + 1);
  Found found;
  if (ByteAt(at) == '-') found = Hyphenated(at, TokenType::kHyphenatedWord);
  return found ? found : Found{TokenType::kWord, at};
}

DefaultParser::Found DefaultParser::FromNumWord(size_t at) {
  at = SkipWhile(at, kAlphanumeric | kSpecial);
  Found found;
  switch (ByteAt(at)) {
    case '@':
      found = EmailAt(at);
      break;
    case '/':
      found = Path(at + 1, PathState::kSlash);
      break;
    case '.':
      found = FileAfterDot(at + 1);
      break;
    case '-':
      found = Hyphenated(at, TokenType::kHyphenatedNumWord);
      break;
    default:
      break;
  }
  return found ? found : Found{TokenType::kNumWord, at};
}

DefaultParser::Found DefaultParser::FromUnsigned(size_t begin) {
  const size_t at = SkipWhile(begin, kDigit);
  const char c = ByteAt(at);
  Found found;
  if (c == '.') {
    found = Host(at + 1, HostState::kFirstOfDomain, false);
    if (!found && IsDigit(at + 1)) found = Fraction(at + 1, true);
  } else if (c == '-' || c == '_') {
    found = Host(at + 1, HostState::kFirst, false);
  } else if (c == '@') {
    found = EmailAt(at);
  } else if (c == '/') {
    found = Path(at + 1, PathState::kSlash);
  } else if (const size_t end = ExponentEnd(at); end > 0) {
    return {TokenType::kScientific, end};
  } else if (Is(at, kAsciiLetter)) {
    found = Host(at + 1, HostState::kInside, false);
    if (!found) found = FromNumWord(at);
  } else if (Is(at, kLetter | kSpecial)) {
    return FromNumWord(at);
  }
  return found ? found : Found{TokenType::kUint, at};
}

DefaultParser::Found DefaultParser::FromSign(size_t at) {
  if (!IsDigit(at)) return {};
  at = SkipWhile(at, kDigit);
  if (ByteAt(at) == '.' && IsDigit(at + 1)) {
    // A version has no sign.
    return Fraction(at + 1, true).type == TokenType::kVersion ? Found{} : Fraction(at + 1, false);
  }
  const size_t end = ExponentEnd(at);
  return end > 0 ? Found{TokenType::kScientific, end} : Found{TokenType::kInt, at};
}

DefaultParser::Found DefaultParser::Fraction(size_t at, bool version) const {
  at = SkipWhile(at, kDigit);
  if (version && ByteAt(at) == '.' && IsDigit(at + 1)) {
    while (ByteAt(at) == '.' && IsDigit(at + 1)) at = SkipWhile(at + 1, kDigit);
    return {TokenType::kVersion, at};
  }
  const size_t end = ExponentEnd(at);
  return end > 0 ? Found{TokenType::kScientific, end} : Found{TokenType::kFloat, at};
}

size_t DefaultParser::ExponentEnd(size_t at) const {
  if (ByteAt(at) != 'e' && ByteAt(at) != 'E') return 0;
  ++at;
  if (ByteAt(at) == '+' || ByteAt(at) == '-') ++at;
  return IsDigit(at) ? SkipWhile(at, kDigit) : 0;
}

DefaultParser::Found DefaultParser::Entity(size_t at) const {
  if (ByteAt(at) == '#') {
    ++at;
    const bool hex = ByteAt(at) == 'x' || ByteAt(at) == 'X';
    if (hex) ++at;
    const size_t digits = at;
    const auto is_digit = [&] {
      const char lower = static_cast<char>(ByteAt(at) | 0x20);
      return IsDigit(at) || (hex && lower >= 'a' && lower <= 'f');
    };
    while (is_digit()) ++at;
    return at > digits && ByteAt(at) == ';' ? Found{TokenType::kEntity, at + 1} : Found{};
  }
  if (!Is(at, kAsciiLetter) && ByteAt(at) != ':' && ByteAt(at) != '_') return {};
  while (Is(at, kAlphanumeric) ||
         (!AtEnd(at) && std::string_view(":_.-").find(text_[at]) != std::string_view::npos))
    at = After(at);
  return ByteAt(at) == ';' ? Found{TokenType::kEntity, at + 1} : Found{};
}

DefaultParser::Found DefaultParser::Hyphenated(size_t at, TokenType type) const {
  Found found;
  while (ByteAt(at) == '-') {
    size_t next = at + 1;
    if (IsDigit(next)) {
      next = SkipWhile(next, kDigit);
      if (!Is(next, kLetter | kSpecial)) break;
      type = TokenType::kHyphenatedNumWord;
    } else if (!Is(next, kLetter)) {
      break;
    }
    // The types go from letters of ASCII over letters to letters and digits.
    if (type == TokenType::kHyphenatedAsciiWord) {
      next = SkipWhile(next, kAsciiLetter);
      if (Is(next, kLetter | kSpecial)) type = TokenType::kHyphenatedWord;
      if (IsDigit(next)) type = TokenType::kHyphenatedNumWord;
    }
    if (type == TokenType::kHyphenatedWord) {
      next = SkipWhile(next, kLetter | kSpecial);
      if (IsDigit(next)) type = TokenType::kHyphenatedNumWord;
    }
    if (type == TokenType::kHyphenatedNumWord) next = SkipWhile(next, kAlphanumeric | kSpecial);
    at = next;
    found = {type, at};
  }
  return found;
}

DefaultParser::Found DefaultParser::HyphenatedPart(size_t at) const {
  if (ByteAt(at) == '-')
    return Is(at + 1, kAlphanumeric | kSpecial) ? Found{TokenType::kBlank, at + 1} : Found{};
  if (IsDigit(at)) {
    at = SkipWhile(at, kDigit);
    if (!Is(at, kLetter | kSpecial)) return {};
    return {TokenType::kHyphenatedNumPart, SkipWhile(at, kAlphanumeric | kSpecial)};
  }
  if (!Is(at, kLetter)) return {};
  TokenType type = TokenType::kHyphenatedAsciiPart;
  at = SkipWhile(at, kAsciiLetter);
  if (Is(at, kLetter | kSpecial)) {
    type = TokenType::kHyphenatedPart;
    at = SkipWhile(at, kLetter | kSpecial);
  }
  if (IsDigit(at)) {
    type = TokenType::kHyphenatedNumPart;
    at = SkipWhile(at, kAlphanumeric | kSpecial);
  }
  return {type, at};
}

}  // namespace adbms::text_search
