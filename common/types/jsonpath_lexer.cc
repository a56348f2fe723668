#include "common/types/jsonpath_lexer.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/number_text.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;
using View = std::string_view;

constexpr View kSpecial = "?%$.[]{}()|&!=<>@#,*:-+/";
constexpr View kBlanks = " \t\n\r\f";
constexpr std::array<View, 8> kPairs = {"&&", "||", "**", "<=", "==", "<>", "!=", ">="};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
// What unquoted words are made of, escapes aside.
bool IsOther(char c) {
  return kSpecial.find(c) == View::npos && kBlanks.find(c) == View::npos && c != '"' && c != '\\';
}
char32_t HexValue(View digits) {
  char32_t value = 0;
  for (const char c : digits) {
    value = value << 4 | static_cast<char32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

size_t DigitsEnd(View text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// The whole character that begins at `at`.
View CharacterAt(View text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (text[end] & 0xc0) == 0x80) ++end;
  return text.substr(at, end - at);
}

void AppendUtf8(char32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
    return;
  }
  const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr unsigned kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out->push_back(static_cast<char>(kLead[more] | c >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) {
    out->push_back(static_cast<char>(0x80 | (c >> (6 * i) & 0x3f)));
  }
}

absl::Status BadSurrogate(View detail) {
  return status::Error(sqlstate::kInvalidTextRepresentation,
                       "invalid input syntax for type jsonpath", detail);
}

constexpr View kLoneLow = "Unicode low surrogate must follow a high surrogate.";

}  // namespace

absl::Status JsonpathLexer::ErrorNear(View message, View near) const {
  std::string text(message);
  if (near.empty()) {
    text += " at end of jsonpath input";
  } else {
    text.append(" at or near \"").append(near).append("\" of jsonpath input");
  }
  return status::Error(sqlstate::kSyntaxError, text);
}

absl::Status JsonpathLexer::ErrorHere(View message) const { return ErrorNear(message, near_); }

bool JsonpathLexer::IsKeyword(View lower) const {
  if (token_ != JsonpathToken::kWord) return false;
  const bool exact = lower == "true" || lower == "false" || lower == "null";
  return exact ? value_ == lower : EqualsIgnoreCase(value_, lower);
}

absl::Status JsonpathLexer::SkipSpaces() {
  while (position_ < text_.size()) {
    if (kBlanks.find(text_[position_]) != View::npos) {
      ++position_;
    } else if (StartsComment(position_)) {
      const size_t end = text_.find("*/", position_ + 2);
      if (end == View::npos) return ErrorNear("unexpected end of comment", {});
      position_ = end + 2;
    } else {
      break;
    }
  }
  return absl::OkStatus();
}

absl::Status JsonpathLexer::Next() {
  RETURN_IF_ERROR(SkipSpaces());
  value_.clear();
  near_.clear();
  token_ = JsonpathToken::kEnd;
  if (position_ >= text_.size()) return absl::OkStatus();
  const char c = text_[position_];
  if (c == '"') return Quoted(JsonpathToken::kString);
  if (absl::Status status; Number(&status)) return status;
  if (c == '$' && text_.substr(position_, 2) == "$\"") {
    ++position_;
    return Quoted(JsonpathToken::kVariable);
  }
  if (c == '$' && WordEnd(position_ + 1) > position_ + 1) {
    const size_t end = WordEnd(position_ + 1);
    near_ = text_.substr(position_, end - position_);
    value_ = near_.substr(1);
    token_ = JsonpathToken::kVariable;
    position_ = end;
    return absl::OkStatus();
  }
  if (kSpecial.find(c) == View::npos) return Word();
  const bool pair =
      std::find(kPairs.begin(), kPairs.end(), text_.substr(position_, 2)) != kPairs.end();
  value_ = text_.substr(position_, pair ? 2 : 1);
  near_ = value_;
  token_ = JsonpathToken::kSign;
  position_ += value_.size();
  if (value_ == "<>") value_ = "!=";
  return absl::OkStatus();
}

size_t JsonpathLexer::WordEnd(size_t from) const {
  while (from < text_.size() && IsOther(text_[from])) ++from;
  return from;
}

// A number, unless what stands here is longer as a word. False: neither a number nor an error.
bool JsonpathLexer::Number(absl::Status* status) {
  const size_t start = position_;
  size_t end = start;
  bool integer = false;
  if (IsDigit(text_[start])) {
    end = text_[start] == '0' ? start + 1 : DigitsEnd(text_, start);
    integer = true;
  }
  if (end < text_.size() && text_[end] == '.' && (integer || DigitsEnd(text_, end + 1) > end + 1)) {
    end = DigitsEnd(text_, end + 1);
    integer = false;
  }
  if (end == start) return false;
  if (end < text_.size() && (text_[end] | 0x20) == 'e') {
    const bool sign = end + 1 < text_.size() && (text_[end + 1] == '+' || text_[end + 1] == '-');
    const size_t digits = end + (sign ? 2 : 1);
    if (DigitsEnd(text_, digits) > digits) {
      end = DigitsEnd(text_, digits);
      integer = false;
    } else if (sign) {
      *status = ErrorNear("invalid numeric literal", text_.substr(start, digits - start));
      return true;
    }
  }
  const bool junk = end < text_.size() && IsOther(text_[end]);
  if (WordEnd(start) > end + (junk ? 1 : 0)) return false;
  if (junk) {
    const size_t length = end - start + CharacterAt(text_, end).size();
    *status = ErrorNear("trailing junk after numeric literal", text_.substr(start, length));
    return true;
  }
  value_ = text_.substr(start, end - start);
  near_ = value_;
  token_ = integer ? JsonpathToken::kInteger : JsonpathToken::kNumber;
  position_ = end;
  return true;
}

absl::Status JsonpathLexer::Quoted(JsonpathToken token) {
  for (++position_; position_ < text_.size();) {
    if (text_[position_] == '"') {
      ++position_;
      token_ = token;
      near_ = "\"";
      return absl::OkStatus();
    }
    if (text_[position_] == '\\') {
      RETURN_IF_ERROR(Escape());
    } else {
      value_.push_back(text_[position_++]);
    }
  }
  return ErrorNear("unexpected end of quoted string", {});
}

absl::Status JsonpathLexer::Word() {
  while (position_ < text_.size()) {
    if (text_[position_] == '\\') {
      RETURN_IF_ERROR(Escape());
    } else if (IsOther(text_[position_])) {
      value_.push_back(text_[position_++]);
    } else {
      break;
    }
  }
  token_ = JsonpathToken::kWord;
  // PostgreSQL has read the blanks behind a word when it has the word.
  const size_t end = std::min(text_.find_first_not_of(kBlanks, position_), text_.size());
  near_ = text_.substr(position_, end - position_);
  return absl::OkStatus();
}

absl::Status JsonpathLexer::Escape() {
  if (position_ + 1 >= text_.size()) return ErrorNear("unexpected end after backslash", "\\");
  const char c = text_[position_ + 1];
  if (c == 'u') return Unicode();
  if (c == 'x') {
    const View digits = text_.substr(position_ + 2, 2);
    if (digits.size() < 2 || !IsHex(digits[0]) || !IsHex(digits[1])) {
      const size_t length = !digits.empty() && IsHex(digits[0]) ? 3 : 2;
      return ErrorNear("invalid hex character sequence", text_.substr(position_, length));
    }
    position_ += 4;
    return AppendCode(HexValue(digits));
  }
  constexpr View kLetters = "bfnrtv";
  constexpr View kControls = "\b\f\n\r\t\v";
  if (const size_t letter = kLetters.find(c); letter != View::npos) {
    value_.push_back(kControls[letter]);
    position_ += 2;
    return absl::OkStatus();
  }
  // Anything else stands for itself.
  const View character = CharacterAt(text_, position_ + 1);
  value_.append(character);
  position_ += 1 + character.size();
  return absl::OkStatus();
}

// One or more \uXXXX or \u{X…}, one behind the other: surrogates belong together.
absl::Status JsonpathLexer::Unicode() {
  char32_t high = 0;
  while (text_.substr(position_, 2) == "\\u") {
    const size_t start = position_;
    const bool braces = text_.substr(position_ + 2, 1) == "{";
    size_t at = position_ + (braces ? 3 : 2);
    const size_t first = at;
    while (at < text_.size() && at - first < (braces ? 6 : 4) && IsHex(text_[at])) ++at;
    const bool complete = braces ? at > first && text_.substr(at, 1) == "}" : at - first == 4;
    if (!complete) return ErrorNear("invalid unicode sequence", text_.substr(start, at - start));
    const char32_t code = HexValue(text_.substr(first, at - first));
    position_ = at + (braces ? 1 : 0);
    if (code >= 0xd800 && code < 0xdc00) {
      if (high != 0)
        return BadSurrogate("Unicode high surrogate must not follow a high surrogate.");
      high = code;
      continue;
    }
    const bool low = code >= 0xdc00 && code < 0xe000;
    if (low != (high != 0)) return BadSurrogate(kLoneLow);
    RETURN_IF_ERROR(AppendCode(low ? 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00) : code));
    high = 0;
  }
  return high != 0 ? BadSurrogate(kLoneLow) : absl::OkStatus();
}

absl::Status JsonpathLexer::AppendCode(char32_t code) {
  if (code == 0) {
    return status::Error(sqlstate::kUntranslatableCharacter, "unsupported Unicode escape sequence",
                         "\\u0000 cannot be converted to text.");
  }
  if (code > 0x10ffff) return status::Error(sqlstate::kSyntaxError, "invalid Unicode code point");
  AppendUtf8(code, &value_);
  return absl::OkStatus();
}

}  // namespace adbms::types
