#include <algorithm>
#include <cctype>
#include <cstdio>
#include <string>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"
#include "common/types/json_reader.h"
#include "common/types/json_string.h"
#include "common/types/jsonb.h"

namespace adbms::types {
namespace {

absl::Status Invalid(const std::string& detail) {
  return status::Error(status::sqlstate::kInvalidTextRepresentation,
                       "invalid input syntax for type json", detail);
}

class JsonReader {
 public:
  JsonReader(std::string_view text, JsonSink* sink) : text_(text), sink_(sink) {}

  absl::Status Read() {
    RETURN_IF_ERROR(Value(0));
    SkipSpaces();
    if (position_ < text_.size()) return Unexpected("end of input");
    return absl::OkStatus();
  }

 private:
  char Peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  static bool IsWord(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
  }
  std::string_view Token() const {
    size_t end = position_;
    if (text_[end] == '"') {
      for (++end; end < text_.size() && text_[end] != '"'; ++end) end += text_[end] == '\\' ? 1 : 0;
      return text_.substr(position_, end + 1 - position_);
    }
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
    if (depth >= kDeepestJson) {
      return status::Error(status::sqlstate::kStatementTooComplex, "stack depth limit exceeded");
    }
    SkipSpaces();
    const char c = Peek();
    if (c == '{') return Object(depth);
    if (c == '[') return Array(depth);
    if (c == '"') {
      RETURN_IF_ERROR(String());
      return sink_ == nullptr ? absl::OkStatus() : sink_->String(unescaped_);
    }
    if (c == '-' || std::isdigit(static_cast<unsigned char>(c)) != 0) return Number();
    const std::string_view token = position_ < text_.size() ? Token() : std::string_view();
    if (token == "true" || token == "false" || token == "null") {
      position_ += token.size();
      if (sink_ == nullptr) return absl::OkStatus();
      return token == "null" ? sink_->Null() : sink_->Bool(token == "true");
    }
    return Unexpected("JSON value");
  }

  absl::Status Object(int depth) {
    if (sink_ != nullptr) RETURN_IF_ERROR(sink_->BeginObject());
    RETURN_IF_ERROR(Members(depth));
    return sink_ == nullptr ? absl::OkStatus() : sink_->EndObject();
  }

  absl::Status Members(int depth) {
    ++position_;
    if (Take('}')) return absl::OkStatus();
    for (bool first = true;; first = false) {
      SkipSpaces();
      if (Peek() != '"') return Unexpected(first ? "string or \"}\"" : "string");
      RETURN_IF_ERROR(String());
      if (sink_ != nullptr) RETURN_IF_ERROR(sink_->Key(unescaped_));
      if (!Take(':')) return Unexpected("\":\"");
      RETURN_IF_ERROR(Value(depth + 1));
      if (Take('}')) return absl::OkStatus();
      if (!Take(',')) return Unexpected("\",\" or \"}\"");
    }
  }

  absl::Status Array(int depth) {
    if (sink_ != nullptr) RETURN_IF_ERROR(sink_->BeginArray());
    RETURN_IF_ERROR(Elements(depth));
    return sink_ == nullptr ? absl::OkStatus() : sink_->EndArray();
  }

  absl::Status Elements(int depth) {
    ++position_;
    if (Take(']')) return absl::OkStatus();
    while (true) {
      RETURN_IF_ERROR(Value(depth + 1));
      if (Take(']')) return absl::OkStatus();
      if (!Take(',')) return Unexpected("\",\" or \"]\"");
    }
  }

  // Reads a string literal, into unescaped_ where there is a sink.
  absl::Status String() {
    const size_t start = position_++;
    unescaped_.clear();
    JsonStringReader reader(sink_ == nullptr ? nullptr : &unescaped_);
    while (position_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[position_]);
      if (c == '"') {
        ++position_;
        return reader.End();
      }
      if (c < 0x20) {
        char code[8];
        std::snprintf(code, sizeof(code), "%02x", c);
        return Invalid(std::string("Character with value 0x") + code + " must be escaped.");
      }
      if (c == '\\' && position_ + 1 == text_.size()) break;
      RETURN_IF_ERROR(reader.Next(text_, &position_));
    }
    return Invalid("Token \"" + std::string(text_.substr(start)) + "\" is invalid.");
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
    if (valid && (position_ >= text_.size() || !IsWord(Peek()))) {
      return sink_ == nullptr ? absl::OkStatus()
                              : sink_->Number(text_.substr(start, position_ - start));
    }
    while (position_ < text_.size() && IsWord(Peek())) ++position_;
    return Invalid("Token \"" + std::string(text_.substr(start, position_ - start)) +
                   "\" is invalid.");
  }

  std::string_view text_;
  JsonSink* const sink_;
  size_t position_ = 0;
  std::string unescaped_;  // The last string literal's text.
};

}  // namespace

absl::Status ReadJson(std::string_view text, JsonSink* sink) {
  return JsonReader(text, sink).Read();
}

absl::Status ValidateJson(std::string_view text) { return ReadJson(text, nullptr); }

}  // namespace adbms::types
