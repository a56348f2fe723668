// JSON validation (RFC 8259) with PostgreSQL's error details.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <string>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"

namespace adbms::types {
namespace {

constexpr int kDeepest = 1000;

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  absl::Status Validate() {
    RETURN_IF_ERROR(Value(0));
    SkipSpaces();
    if (position_ < text_.size()) return Unexpected("end of input");
    return absl::OkStatus();
  }

 private:
  static absl::Status Invalid(const std::string& detail) {
    return status::Error(status::sqlstate::kInvalidTextRepresentation,
                         "invalid input syntax for type json", detail);
  }
  char Peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  static bool IsWord(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
  }
  std::string_view Token() const {
    size_t end = position_;
    while (end < text_.size() && IsWord(text_[end])) ++end;
    return text_.substr(position_, std::max(end - position_, size_t{1}));
  }
  absl::Status Unexpected(const std::string& expected) const {
    if (position_ >= text_.size()) return Invalid("The input string ended unexpectedly.");
    const std::string token(Token());
    const bool valid = std::string_view("{}[],:\"-").find(token[0]) != std::string_view::npos ||
                       std::isdigit(static_cast<unsigned char>(token[0])) != 0 || token == "true" ||
                       token == "false" || token == "null";
    if (!valid) return Invalid("Token \"" + token + "\" is invalid.");
    return Invalid("Expected " + expected + ", but found \"" + token + "\".");
  }
  void SkipSpaces() {
    while (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' || Peek() == '\r') ++position_;
  }
  bool Take(char c) {
    SkipSpaces();
    if (Peek() != c) return false;
    ++position_;
    return true;
  }

  absl::Status Value(int depth) {
    if (depth > kDeepest) {
      return status::Error(status::sqlstate::kStatementTooComplex, "stack depth limit exceeded");
    }
    SkipSpaces();
    const char c = Peek();
    if (c == '{') return Object(depth);
    if (c == '[') return Array(depth);
    if (c == '"') return String();
    if (c == '-' || std::isdigit(static_cast<unsigned char>(c)) != 0) return Number();
    const std::string_view token = position_ < text_.size() ? Token() : std::string_view();
    if (token == "true" || token == "false" || token == "null") {
      position_ += token.size();
      return absl::OkStatus();
    }
    return Unexpected("JSON value");
  }

  absl::Status Object(int depth) {
    ++position_;
    if (Take('}')) return absl::OkStatus();
    while (true) {
      SkipSpaces();
      if (Peek() != '"') return Unexpected("string");
      RETURN_IF_ERROR(String());
      if (!Take(':')) return Unexpected("\":\"");
      RETURN_IF_ERROR(Value(depth + 1));
      if (Take('}')) return absl::OkStatus();
      if (!Take(',')) return Unexpected("\",\" or \"}\"");
    }
  }

  absl::Status Array(int depth) {
    ++position_;
    if (Take(']')) return absl::OkStatus();
    while (true) {
      RETURN_IF_ERROR(Value(depth + 1));
      if (Take(']')) return absl::OkStatus();
      if (!Take(',')) return Unexpected("\",\" or \"]\"");
    }
  }

  absl::Status String() {
    const size_t start = position_++;
    while (position_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[position_++]);
      if (c == '"') return absl::OkStatus();
      if (c < 0x20) {
        char code[8];
        std::snprintf(code, sizeof(code), "%02x", c);
        return Invalid(std::string("Character with value 0x") + code + " must be escaped.");
      }
      if (c == '\\') RETURN_IF_ERROR(Escape());
    }
    return Invalid("Token \"" + std::string(text_.substr(start)) + "\" is invalid.");
  }

  absl::Status Escape() {
    const char c = Peek();
    ++position_;
    if (c == 'u') {
      for (int i = 0; i < 4; ++i, ++position_) {
        if (std::isxdigit(static_cast<unsigned char>(Peek())) == 0) {
          return Invalid("\"\\u\" must be followed by four hexadecimal digits.");
        }
      }
      return absl::OkStatus();
    }
    if (c != '\0' && std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos) {
      return absl::OkStatus();
    }
    return Invalid(std::string("Escape sequence \"\\") + c + "\" is invalid.");
  }

  bool Digits() {
    const size_t start = position_;
    while (std::isdigit(static_cast<unsigned char>(Peek())) != 0) ++position_;
    return position_ > start;
  }

  absl::Status Number() {
    const size_t start = position_;
    if (Peek() == '-') ++position_;
    bool valid = true;
    if (Peek() == '0') {
      ++position_;
    } else {
      valid = Digits();
    }
    if (valid && Peek() == '.') {
      ++position_;
      valid = Digits();
    }
    if (valid && (Peek() == 'e' || Peek() == 'E')) {
      ++position_;
      if (Peek() == '+' || Peek() == '-') ++position_;
      valid = Digits();
    }
    if (valid && (position_ >= text_.size() || !IsWord(Peek()))) return absl::OkStatus();
    while (position_ < text_.size() && IsWord(Peek())) ++position_;
    return Invalid("Token \"" + std::string(text_.substr(start, position_ - start)) +
                   "\" is invalid.");
  }

  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace

absl::Status ValidateJson(std::string_view text) { return JsonReader(text).Validate(); }

}  // namespace adbms::types
