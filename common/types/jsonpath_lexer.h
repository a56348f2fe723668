// The words and signs of a path (PostgreSQL's manual, 9.16.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace adbms::types {

enum class JsonpathToken : uint8_t {
  kEnd,
  kSign,  // One character, or two.
  kString,
  kVariable,
  kInteger,
  kNumber,
  kWord,  // A key, a keyword, or both.
};

// Reads one token after another. The text must outlive it. Not thread-safe.
class JsonpathLexer {
 public:
  explicit JsonpathLexer(std::string_view text) : text_(text) {}

  // Moves to the next token. Errors: 42601, 22P02, 22P05.
  absl::Status Next();

  JsonpathToken token() const { return token_; }
  // Without quotes and escapes.
  const std::string& value() const { return value_; }
  bool IsSign(std::string_view sign) const {
    return token_ == JsonpathToken::kSign && value_ == sign;
  }
  // A keyword, in any case; true, false and null are in lower case only.
  bool IsKeyword(std::string_view lower) const;

  // 42601: `message` and the place of the token.
  absl::Status ErrorHere(std::string_view message) const;

 private:
  absl::Status SkipSpaces();
  absl::Status Quoted(JsonpathToken token);
  absl::Status Word();
  bool Number(absl::Status* status);
  absl::Status Escape();
  absl::Status Unicode();
  absl::Status AppendCode(char32_t code);
  size_t WordEnd(size_t from) const;
  bool StartsComment(size_t at) const { return text_.substr(at, 2) == "/*"; }
  absl::Status ErrorNear(std::string_view message, std::string_view near) const;

  const std::string_view text_;
  size_t position_ = 0;
  JsonpathToken token_ = JsonpathToken::kEnd;
  std::string value_;
  std::string near_;  // What a syntax error at the token shows; empty: the end.
};

}  // namespace adbms::types
