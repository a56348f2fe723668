// PostgreSQL's parser "default": cuts a document into tokens of 23 types (manual, 12.5). In time
// linear in the document's size. Not thread-safe; borrows the document.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace adbms::text_search {

// In PostgreSQL's numbers.
enum class TokenType : uint8_t {
  kAsciiWord = 1,
  kWord,
  kNumWord,
  kEmail,
  kUrl,
  kHost,
  kScientific,
  kVersion,
  kHyphenatedNumPart,
  kHyphenatedPart,
  kHyphenatedAsciiPart,
  kBlank,
  kTag,
  kProtocol,
  kHyphenatedNumWord,
  kHyphenatedAsciiWord,
  kHyphenatedWord,
  kUrlPath,
  kFile,
  kFloat,
  kInt,
  kUint,
  kEntity,
};
inline constexpr int kTokenTypes = 23;

struct TokenTypeName {
  const char* alias;
  const char* description;
};
// Of all types, from number 1 on.
std::span<const TokenTypeName> TokenTypeNames();

struct Token {
  TokenType type = TokenType::kBlank;
  std::string_view text;
};

class DefaultParser {
 public:
  // REQUIRES: UTF-8.
  explicit DefaultParser(std::string_view text) : text_(text) {}
  // The next token; false at the end. Compound words and URLs come before their parts, so the texts
  // of tokens overlap.
  bool Next(Token* token);

 private:
  // What a character may be; combinations of bits.
  using Classes = uint8_t;
  enum : Classes {
    kAsciiLetter = 1,
    kLetter = 2,
    kDigit = 4,
    kAlphanumeric = 8,
    kSpace = 16,
    kSpecial = 32,  // A mark that is a part of words.
  };
  enum class HostState : uint8_t { kFirstOfDomain, kSecondOfDomain, kDomain, kFirst, kInside };
  // What was found: a type, and where it ends. No type: nothing.
  struct Found {
    TokenType type = TokenType::kBlank;
    size_t end = 0;
    explicit operator bool() const { return end > 0; }
  };

  bool AtEnd(size_t at) const { return at >= text_.size(); }
  char ByteAt(size_t at) const { return AtEnd(at) ? '\0' : text_[at]; }
  Classes ClassesAt(size_t at) const;
  bool Is(size_t at, int classes) const { return (ClassesAt(at) & classes) != 0; }
  size_t After(size_t at) const;
  size_t SkipWhile(size_t at, int classes) const;
  bool IsDigit(size_t at) const { return Is(at, kDigit); }
  // A letter of ASCII, a digit or _.
  bool IsNameByte(size_t at) const { return Is(at, kAsciiLetter | kDigit) || ByteAt(at) == '_'; }

  Found FromBase(size_t begin);
  Found FromAsciiWord(size_t begin);
  Found FromWord(size_t at);
  Found FromNumWord(size_t at);
  Found FromUnsigned(size_t begin);
  Found FromSign(size_t at);
  Found Blank(size_t at) const;
  // What follows digits: a fraction, a version, an exponent.
  Found Fraction(size_t at, bool version) const;
  size_t ExponentEnd(size_t at) const;
  Found Entity(size_t at) const;

  // Of words with hyphens, from the first - on; `type`: what the words before it are.
  Found Hyphenated(size_t at, TokenType type) const;
  // A part of such a word; nothing: no more parts.
  Found HyphenatedPart(size_t at) const;

  // Hosts, and emails and URLs that begin like hosts. `embedded`: a host alone, behind an @.
  Found Host(size_t at, HostState state, bool embedded);
  Found HostEnd(size_t at, bool embedded);
  Found EmailAt(size_t at);
  size_t HostAfterAt(size_t at);

  // Files and paths; the state is what came last.
  enum class PathState : uint8_t { kSlash, kTilde, kDot, kFirstDot, kTwoDots, kName };
  Found Path(size_t at, PathState state);
  // A dot that a name follows, from a word on.
  Found FileAfterDot(size_t at);

  Found Tag(size_t begin);
  Found TagName(size_t begin, size_t at);
  Found InsideTag(size_t at);
  Found Comment(size_t at);
  void NoteScript(size_t begin, size_t end);

  const std::string_view text_;
  size_t at_ = 0;
  bool ended_ = false;
  bool in_hyphenated_ = false;
  // Inside <script> and <style> nothing but tags counts.
  bool ignores_ = false;
  // Of a URL that has been told: where its host ends, and the path.
  size_t url_host_end_ = 0;
  size_t url_path_end_ = 0;
  // Attempts that came to nothing have seen all separators before these.
  size_t dead_hosts_end_ = 0;
  size_t dead_paths_end_ = 0;
  bool no_comment_ends_ = false;
  // Where attempts at tags have been, in which quotes.
  std::vector<uint8_t> seen_in_tags_;
};

}  // namespace adbms::text_search
