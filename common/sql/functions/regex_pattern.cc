// The syntax is that of PostgreSQL's documentation, section 9.7.3, "Regular Expression Details".
#include "common/sql/functions/regex_pattern.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/sql/functions/character_classes.h"
#include "common/sql/functions/unicode.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

constexpr int kDeepest = 500;
constexpr int kMostRepetitions = 255;

absl::Status Invalid(const std::string& reason) {
  return Error(sqlstate::kInvalidRegex, absl::StrCat("invalid regular expression: ", reason));
}
absl::Status InvalidEscape() { return Invalid("invalid escape \\ sequence"); }
absl::Status InvalidOperand() { return Invalid("quantifier operand invalid"); }
absl::Status InvalidRange() { return Invalid("invalid character range"); }
absl::Status Unbalanced(const char* which) { return Invalid(absl::StrCat(which, " not balanced")); }

std::string Literal(uint32_t c) {
  if (c >= 0x80) {
    std::string out;
    AppendCharacter(c, &out);
    return out;
  }
  if (std::isalnum(static_cast<int>(c))) return std::string(1, static_cast<char>(c));
  return absl::StrCat("\\x{", absl::Hex(c), "}");
}

class Translator {
 public:
  Translator(View pattern, bool ascii, RegexFlags* flags)
      : pattern_(pattern), ascii_(ascii), flags_(flags) {}

  absl::StatusOr<RegexPattern> Run() {
    RETURN_IF_ERROR(Director());
    if (flags_->literal) {
      while (at_ < pattern_.size()) Emit(Literal(DecodeCharacter(pattern_, &at_)));
      return std::move(out_);
    }
    ASSIGN_OR_RETURN(const Wish wish, Alternatives(0));
    if (at_ < pattern_.size()) return Unbalanced("parentheses ()");
    out_.prefers_short = wish == Wish::kShort;
    out_.mixed = out_.prefers_short ? long_quantifiers_ : short_quantifiers_;
    // Which alternative is the shorter one is found by trying all.
    out_.backtracks |= out_.prefers_short && alternatives_;
    return std::move(out_);
  }

 private:
  enum class Wish { kNone, kLong, kShort };
  // A quantifier; {m} has no wish of its own.
  struct Quantifier {
    std::string text;
    Wish wish = Wish::kNone;
    bool fixed = false;
  };

  bool More() const { return at_ < pattern_.size(); }
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }
  bool Take(View text) {
    if (pattern_.substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }
  void Emit(View text) {
    out_.text.append(text);
    out_.short_text.append(text);
  }

  absl::Status Director();
  absl::Status SkipIgnored();
  absl::StatusOr<Wish> Alternatives(int depth);
  absl::StatusOr<Wish> Branch(int depth);
  // Of an atom; nothing for a constraint, which takes no quantifier.
  absl::StatusOr<std::optional<Wish>> Piece(int depth);
  absl::StatusOr<std::optional<Wish>> Parenthesis(int depth);
  absl::StatusOr<bool> Escape();  // Whether it is an atom.
  absl::StatusOr<std::optional<Quantifier>> ReadQuantifier();
  absl::Status Bracket();
  // One end of a range, or a lone character.
  absl::StatusOr<uint32_t> BracketCharacter();
  // After a backslash: the character that it stands for; nothing if it is no such escape.
  absl::StatusOr<std::optional<uint32_t>> EscapedCharacter();
  absl::StatusOr<uint32_t> HexDigits(size_t least, size_t most);
  // \d and the like, `c` the letter: the inside of a bracket expression.
  std::optional<std::string> ShorthandClass(char c);
  void WordBoundary(bool start, bool end);
  void DefineWord();

  const View pattern_;
  const bool ascii_;
  RegexFlags* const flags_;
  size_t at_ = 0;
  int groups_ = 0;        // That have been opened, and ...
  std::set<int> closed_;  // ... closed.
  bool looking_ = false;  // In a look-around, where groups do not capture.
  bool long_quantifiers_ = false;
  bool short_quantifiers_ = false;
  bool alternatives_ = false;
  RegexPattern out_;
};

absl::Status Translator::Director() {
  if (flags_->literal) return absl::OkStatus();
  if (Take("***=")) {
    flags_->literal = true;
    return absl::OkStatus();
  }
  if (!Take("***:") && pattern_.substr(0, 3) == "***") return InvalidOperand();
  if (Peek() != '(' || Peek(1) != '?' || !std::isalpha(static_cast<unsigned char>(Peek(2))))
    return absl::OkStatus();
  const size_t end = pattern_.find(')', at_);
  if (end == View::npos) return Invalid("invalid embedded option");
  for (const char c : pattern_.substr(at_ + 2, end - at_ - 2)) {
    if (!std::isalpha(static_cast<unsigned char>(c)) || c == 'g')
      return Invalid("invalid embedded option");
    const auto read = ReadRegexFlags(View(&c, 1));
    if (!read.ok()) {
      return read.status().code() == absl::StatusCode::kUnimplemented
                 ? read.status()
                 : Invalid("invalid embedded option");
    }
    if (c == 'i') flags_->ignore_case = true;
    if (c == 'c') flags_->ignore_case = false;
    if (c == 'm' || c == 'n') flags_->lines = true;
    if (c == 's') flags_->lines = flags_->dot_stops = flags_->line_anchors = false;
    if (c == 'p') flags_->dot_stops = true;
    if (c == 'w') flags_->line_anchors = true;
    if (c == 'q') flags_->literal = true;
    if (c == 'x') flags_->expanded = true;
    if (c == 't') flags_->expanded = false;
  }
  at_ = end + 1;
  return absl::OkStatus();
}

// Comments, and in an expanded expression white space.
absl::Status Translator::SkipIgnored() {
  for (;;) {
    if (Take("(?#")) {
      const size_t end = pattern_.find(')', at_);
      if (end == View::npos) return Unbalanced("parentheses ()");
      at_ = end + 1;
    } else if (flags_->expanded && More() && std::isspace(static_cast<unsigned char>(Peek()))) {
      ++at_;
    } else if (flags_->expanded && Peek() == '#') {
      while (More() && Peek() != '\n') ++at_;
    } else {
      return absl::OkStatus();
    }
  }
}

absl::StatusOr<Translator::Wish> Translator::Alternatives(int depth) {
  if (depth > kDeepest) return Invalid("regular expression is too complex");
  ASSIGN_OR_RETURN(Wish wish, Branch(depth));
  while (Peek() == '|' && More()) {
    ++at_;
    Emit("|");
    alternatives_ = true;
    RETURN_IF_ERROR(Branch(depth).status());
    wish = Wish::kLong;
  }
  return wish;
}

absl::StatusOr<Translator::Wish> Translator::Branch(int depth) {
  Wish wish = Wish::kNone;
  for (;;) {
    RETURN_IF_ERROR(SkipIgnored());
    if (!More() || Peek() == '|' || Peek() == ')') return wish;
    const size_t start = out_.text.size();
    const size_t short_start = out_.short_text.size();
    ASSIGN_OR_RETURN(const std::optional<Wish> atom, Piece(depth));
    RETURN_IF_ERROR(SkipIgnored());
    ASSIGN_OR_RETURN(const std::optional<Quantifier> quantifier, ReadQuantifier());
    Wish own = atom.value_or(Wish::kNone);
    if (quantifier.has_value()) {
      if (!atom.has_value()) return InvalidOperand();
      // What was written may be several characters.
      out_.text.insert(start, "(?:");
      out_.short_text.insert(short_start, "(?:");
      absl::StrAppend(&out_.text, ")", quantifier->text);
      absl::StrAppend(&out_.short_text, ")", quantifier->text);
      if (!quantifier->fixed) {
        own = quantifier->wish;
        (own == Wish::kLong ? long_quantifiers_ : short_quantifiers_) = true;
        if (own == Wish::kShort) out_.text.push_back('?');
        out_.short_text.push_back('?');
      }
      RETURN_IF_ERROR(SkipIgnored());
      ASSIGN_OR_RETURN(const std::optional<Quantifier> another, ReadQuantifier());
      if (another.has_value()) return InvalidOperand();
    }
    if (wish == Wish::kNone) wish = own;
  }
}

absl::StatusOr<std::optional<Translator::Quantifier>> Translator::ReadQuantifier() {
  Quantifier read;
  const char c = Peek();
  if (!More()) return std::nullopt;
  if (c == '*' || c == '+' || c == '?') {
    read.text = c;
    ++at_;
  } else if (c == '{' && std::isdigit(static_cast<unsigned char>(Peek(1)))) {
    const size_t end = pattern_.find('}', at_);
    const View inside = pattern_.substr(at_ + 1, end == View::npos ? end : end - at_ - 1);
    int counts[2] = {0, -1};
    int which = 0;
    for (const char digit : inside) {
      if (digit == ',' && which == 0) {
        which = 1;
      } else if (!std::isdigit(static_cast<unsigned char>(digit))) {
        return Invalid("invalid repetition count(s)");
      } else {
        counts[which] = std::max(counts[which], 0) * 10 + (digit - '0');
        if (counts[which] > kMostRepetitions) return Invalid("invalid repetition count(s)");
      }
    }
    if (end == View::npos) return Unbalanced("braces {}");
    if (counts[1] >= 0 && counts[1] < counts[0]) return Invalid("invalid repetition count(s)");
    read.fixed = which == 0;
    read.text = absl::StrCat("{", std::string(inside), "}");
    at_ = end + 1;
  } else {
    return std::nullopt;
  }
  read.wish = Take("?") ? Wish::kShort : Wish::kLong;
  return read;
}

absl::StatusOr<std::optional<Translator::Wish>> Translator::Piece(int depth) {
  const char c = Peek();
  switch (c) {
    case '(':
      return Parenthesis(depth);
    case '*':
    case '+':
    case '?':
      return InvalidOperand();
    case '{':
      if (std::isdigit(static_cast<unsigned char>(Peek(1)))) return InvalidOperand();
      ++at_;
      Emit("\\{");
      return Wish::kNone;
    case '^':
      ++at_;
      Emit(flags_->lines || flags_->line_anchors ? "(?m:^)" : "\\A");
      return std::nullopt;
    case '$':
      ++at_;
      Emit(flags_->lines || flags_->line_anchors ? "(?m:$)" : "\\z");
      return std::nullopt;
    case '.':
      ++at_;
      Emit(flags_->lines || flags_->dot_stops ? "[^\\n]" : "(?s:.)");
      return Wish::kNone;
    case '[': {
      const bool start = Take("[[:<:]]");
      if (start || Take("[[:>:]]")) {
        WordBoundary(start, !start);
        return std::nullopt;
      }
      RETURN_IF_ERROR(Bracket());
      return Wish::kNone;
    }
    case '\\': {
      ASSIGN_OR_RETURN(const bool atom, Escape());
      if (!atom) return std::nullopt;
      return Wish::kNone;
    }
    default:
      Emit(Literal(DecodeCharacter(pattern_, &at_)));
      return Wish::kNone;
  }
}

absl::StatusOr<std::optional<Translator::Wish>> Translator::Parenthesis(int depth) {
  ++at_;
  const bool was_looking = looking_;
  bool constraint = true;
  int group = 0;
  if (Take("?=")) {
    Emit("(?=");
  } else if (Take("?!")) {
    Emit("(?!");
  } else if (Take("?<=")) {
    Emit("(?<=");
  } else if (Take("?<!")) {
    Emit("(?<!");
  } else {
    constraint = false;
    const bool captures = !Take("?:");
    if (captures && Peek() == '?') return InvalidOperand();
    if (captures && !looking_) group = ++groups_;
    Emit(group > 0 ? "(" : "(?:");
  }
  out_.backtracks |= constraint;
  looking_ |= constraint;
  ASSIGN_OR_RETURN(const Wish wish, Alternatives(depth + 1));
  looking_ = was_looking;
  if (!Take(")")) return Unbalanced("parentheses ()");
  if (group > 0) closed_.insert(group);
  Emit(")");
  if (constraint) return std::nullopt;
  return wish;
}

void Translator::WordBoundary(bool start, bool end) {
  out_.by_character = true;
  if (start && end && ascii_) return Emit("\\b");
  DefineWord();
  constexpr View kStarts = "(?<!(?&word))(?=(?&word))";
  constexpr View kEnds = "(?<=(?&word))(?!(?&word))";
  if (start && end) Emit("(?:");
  if (start) Emit(kStarts);
  if (start && end) Emit("|");
  if (end) Emit(kEnds);
  if (start && end) Emit(")");
}

void Translator::DefineWord() {
  out_.backtracks = true;
  out_.definition = absl::StrCat("(?<word>[", InBrackets(*CharactersOf("word"), ascii_), "])");
}

std::optional<std::string> Translator::ShorthandClass(char c) {
  const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const View name = lower == 'd' ? "digit" : lower == 's' ? "space" : lower == 'w' ? "word" : "";
  if (name.empty()) return std::nullopt;
  out_.by_character = true;
  const CharacterRanges& ranges = *CharactersOf(name);
  return c == lower ? InBrackets(ranges, ascii_) : InBrackets(Complement(ranges), ascii_);
}

absl::StatusOr<bool> Translator::Escape() {
  ++at_;
  if (!More()) return InvalidEscape();
  const char c = Peek();
  if (const auto shorthand = ShorthandClass(c)) {
    ++at_;
    Emit(absl::StrCat("[", *shorthand, "]"));
    return true;
  }
  switch (c) {
    case 'A':
    case 'Z':
      ++at_;
      Emit(c == 'A' ? "\\A" : "\\z");
      return false;
    case 'm':
    case 'M':
    case 'y':
      ++at_;
      WordBoundary(c != 'M', c != 'm');
      return false;
    case 'Y':
      ++at_;
      out_.by_character = true;
      if (ascii_) {
        Emit("\\B");
      } else {
        DefineWord();
        Emit("(?:(?<=(?&word))(?=(?&word))|(?<!(?&word))(?!(?&word)))");
      }
      return false;
    default:
      break;
  }
  if (c >= '1' && c <= '9') {
    // One digit, or as many as make the number of a group that there is.
    size_t length = 1;
    int number = c - '0';
    while (std::isdigit(static_cast<unsigned char>(Peek(length))) &&
           number * 10 + (Peek(length) - '0') <= groups_)
      number = number * 10 + (Peek(length++) - '0');
    const bool octal = length == 1 && std::isdigit(static_cast<unsigned char>(Peek(1)));
    if (!octal || closed_.contains(number)) {
      if (looking_ || !closed_.contains(number)) return Invalid("invalid backreference number");
      at_ += length;
      out_.backtracks = true;
      Emit(absl::StrCat("\\g{", number, "}"));
      return true;
    }
  }
  ASSIGN_OR_RETURN(const std::optional<uint32_t> character, EscapedCharacter());
  if (!character.has_value()) return InvalidEscape();
  Emit(Literal(*character));
  return true;
}

absl::StatusOr<uint32_t> Translator::HexDigits(size_t least, size_t most) {
  uint32_t value = 0;
  size_t count = 0;
  for (; count < most && std::isxdigit(static_cast<unsigned char>(Peek())); ++count, ++at_) {
    const int c = std::tolower(static_cast<unsigned char>(Peek()));
    if (value >> 24 != 0) return InvalidEscape();
    value = value * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (count < least || value > 0x10FFFF || surrogate) return InvalidEscape();
  return value;
}

absl::StatusOr<std::optional<uint32_t>> Translator::EscapedCharacter() {
  const char c = Peek();
  if (static_cast<unsigned char>(c) >= 0x80 || !std::isalnum(static_cast<unsigned char>(c)))
    return std::optional<uint32_t>(DecodeCharacter(pattern_, &at_));
  ++at_;
  switch (c) {
    case 'a':
      return 0x07;
    case 'b':
      return 0x08;
    case 'B':
      return '\\';
    case 'c': {
      if (!More()) return InvalidEscape();
      return DecodeCharacter(pattern_, &at_) & 0x1F;
    }
    case 'e':
      return 0x1B;
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case 'u':
      return HexDigits(4, 4);
    case 'U':
      return HexDigits(8, 8);
    case 'x':
      return HexDigits(1, 255);
    default:
      break;
  }
  if (c < '0' || c > '9') return std::nullopt;
  // Octal.
  uint32_t value = static_cast<uint32_t>(c - '0');
  for (int i = 0; i < 2 && Peek() >= '0' && Peek() <= '7'; ++i, ++at_)
    value = value * 8 + static_cast<uint32_t>(Peek() - '0');
  if (c > '7' || value > 0xFF) return InvalidEscape();
  return value;
}

absl::StatusOr<uint32_t> Translator::BracketCharacter() {
  if (!More()) return Unbalanced("brackets []");
  if (Peek() == '[' && (Peek(1) == '.' || Peek(1) == '=')) {
    const char kind = Peek(1);
    at_ += 2;
    const size_t end = pattern_.find(std::string{kind, ']'}, at_);
    if (end == View::npos) return Unbalanced("brackets []");
    size_t after = at_;
    const uint32_t character = DecodeCharacter(pattern_, &after);
    if (after != end) return Invalid("invalid collating element");
    at_ = end + 2;
    return character;
  }
  if (Peek() != '\\') return DecodeCharacter(pattern_, &at_);
  ++at_;
  if (!More()) return InvalidEscape();
  ASSIGN_OR_RETURN(const std::optional<uint32_t> character, EscapedCharacter());
  if (!character.has_value()) return InvalidEscape();
  return *character;
}

absl::Status Translator::Bracket() {
  ++at_;
  const bool negated = Take("^");
  std::string inside;
  for (bool first = true;; first = false) {
    if (!More()) return Unbalanced("brackets []");
    if (!first && Take("]")) break;
    if (Take("[:")) {
      const size_t end = pattern_.find(":]", at_);
      if (end == View::npos) return Unbalanced("brackets []");
      const View name = pattern_.substr(at_, end - at_);
      const CharacterRanges* ranges = CharactersOf(name);
      if (ranges == nullptr) return Invalid("invalid character class");
      // Case is no matter where it is ignored.
      if (flags_->ignore_case && (name == "lower" || name == "upper"))
        ranges = CharactersOf("alpha");
      out_.by_character = true;
      inside += InBrackets(*ranges, ascii_);
      at_ = end + 2;
      if (Peek() == '-' && Peek(1) != ']') return InvalidRange();
      continue;
    }
    if (Peek() == '\\') {
      if (const auto shorthand = ShorthandClass(Peek(1))) {
        at_ += 2;
        inside += *shorthand;
        if (Peek() == '-' && Peek(1) != ']') return InvalidRange();
        continue;
      }
    }
    // A hyphen stands for itself only at an end.
    if (!first && Peek() == '-' && Peek(1) != ']') return InvalidRange();
    ASSIGN_OR_RETURN(const uint32_t low, BracketCharacter());
    uint32_t high = low;
    if (Peek() == '-' && Peek(1) != ']' && at_ + 1 < pattern_.size()) {
      ++at_;
      if (Peek() == '[' && Peek(1) == ':') return InvalidRange();
      if (Peek() == '\\' && ShorthandClass(Peek(1)).has_value()) return InvalidRange();
      ASSIGN_OR_RETURN(high, BracketCharacter());
      if (high < low) return InvalidRange();
    }
    absl::StrAppend(&inside, "\\x{", absl::Hex(low), "}");
    if (high > low) absl::StrAppend(&inside, "-\\x{", absl::Hex(high), "}");
  }
  if (negated && (flags_->lines || flags_->dot_stops)) inside += "\\n";
  if (inside.empty()) {
    // A class that has nothing in it among the texts in question.
    Emit(negated ? "(?s:.)" : "[^\\x{0}-\\x{10FFFF}]");
  } else {
    Emit(absl::StrCat(negated ? "[^" : "[", inside, "]"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RegexFlags> ReadRegexFlags(View text) {
  RegexFlags flags;
  for (const char c : text) {
    switch (c) {
      case 'i':
        flags.ignore_case = true;
        break;
      case 'c':
        flags.ignore_case = false;
        break;
      case 'g':
        flags.global = true;
        break;
      case 'n':
      case 'm':
        flags.lines = true;
        break;
      case 's':
        flags.lines = flags.dot_stops = flags.line_anchors = false;
        break;
      case 'p':
        flags.dot_stops = true;
        break;
      case 'w':
        flags.line_anchors = true;
        break;
      case 'q':
        flags.literal = true;
        break;
      case 'x':
        flags.expanded = true;
        break;
      case 't':
        flags.expanded = false;
        break;
      case 'b':
      case 'e':
        return status::NotSupported(
            absl::StrCat("regular expression option \"", std::string(1, c), "\""));
      default:
        return Error(
            sqlstate::kInvalidParameterValue,
            absl::StrCat("invalid regular expression option: \"", std::string(1, c), "\""));
    }
  }
  return flags;
}

absl::StatusOr<RegexPattern> TranslateRegex(View pattern, bool ascii, RegexFlags* flags) {
  return Translator(pattern, ascii, flags).Run();
}

}  // namespace adbms::sql::functions
