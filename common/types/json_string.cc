#include "common/types/json_string.h"

#include <cctype>

#include "common/status/sql_error.h"
#include "common/types/json_reader.h"

namespace adbms::types {
namespace {

absl::Status Invalid(const std::string& detail) {
  return status::Error(status::sqlstate::kInvalidTextRepresentation,
                       "invalid input syntax for type json", detail);
}

absl::Status LowSurrogate() {
  return Invalid("Unicode low surrogate must follow a high surrogate.");
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

uint32_t HexDigit(char c) {
  return static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

// The escapes of one character, and what they stand for.
constexpr std::string_view kEscapes = "\"\\/bfnrt";
constexpr std::string_view kCharacters = "\"\\/\b\f\n\r\t";

}  // namespace

absl::Status JsonStringReader::End() const {
  return high_surrogate_ != 0 ? LowSurrogate() : absl::OkStatus();
}

absl::Status JsonStringReader::Next(std::string_view text, size_t* position) {
  if (text[*position] != '\\') {
    if (high_surrogate_ != 0) return LowSurrogate();
    if (out_ != nullptr) out_->push_back(text[*position]);
    ++*position;
    return absl::OkStatus();
  }
  const char c = text[++*position];
  ++*position;
  if (c == 'u') return Unicode(text, position);
  if (high_surrogate_ != 0) return LowSurrogate();
  const size_t escape = c == '\0' ? std::string_view::npos : kEscapes.find(c);
  if (escape == std::string_view::npos) {
    return Invalid(std::string("Escape sequence \"\\") + c + "\" is invalid.");
  }
  if (out_ != nullptr) out_->push_back(kCharacters[escape]);
  return absl::OkStatus();
}

absl::Status JsonStringReader::Unicode(std::string_view text, size_t* position) {
  char32_t code = 0;
  for (int i = 0; i < 4; ++i, ++*position) {
    if (*position >= text.size() ||
        std::isxdigit(static_cast<unsigned char>(text[*position])) == 0) {
      return Invalid("\"\\u\" must be followed by four hexadecimal digits.");
    }
    code = code << 4 | HexDigit(text[*position]);
  }
  if (out_ == nullptr) return absl::OkStatus();
  if (code >= 0xd800 && code < 0xdc00) {
    if (high_surrogate_ != 0) {
      return Invalid("Unicode high surrogate must not follow a high surrogate.");
    }
    high_surrogate_ = code;
    return absl::OkStatus();
  }
  const bool low = code >= 0xdc00 && code < 0xe000;
  if (low != (high_surrogate_ != 0)) return LowSurrogate();
  if (low) code = 0x10000 + ((high_surrogate_ - 0xd800) << 10) + (code - 0xdc00);
  high_surrogate_ = 0;
  if (code == 0) {
    return status::Error(status::sqlstate::kUntranslatableCharacter,
                         "unsupported Unicode escape sequence",
                         "\\u0000 cannot be converted to text.");
  }
  AppendUtf8(code, out_);
  return absl::OkStatus();
}

void AppendJsonString(std::string_view text, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\b':
        *out += "\\b";
        break;
      case '\f':
        *out += "\\f";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          *out += "\\u00";
          out->push_back(kHex[static_cast<size_t>(c) >> 4]);
          out->push_back(kHex[static_cast<size_t>(c) & 15]);
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

}  // namespace adbms::types
