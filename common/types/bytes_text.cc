#include "common/types/bytes_text.h"

#include <array>
#include <cstdio>
#include <cstring>

#include "common/status/sql_error.h"
#include "common/types/number_text.h"

namespace adbms::types {
namespace {

using status::Error;
namespace sqlstate = status::sqlstate;

constexpr char kHex[] = "0123456789abcdef";

// A digit's value by character, -1 for what is none.
constexpr std::array<int8_t, 256> kHexDigits = [] {
  std::array<int8_t, 256> digits{};
  for (int c = 0; c < 256; ++c) {
    digits[static_cast<size_t>(c)] = static_cast<int8_t>(c >= '0' && c <= '9'   ? c - '0'
                                                         : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                                         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                                                : -1);
  }
  return digits;
}();

int HexDigit(char c) { return kHexDigits[static_cast<unsigned char>(c)]; }

bool IsOctal(char c, char highest) { return c >= '0' && c <= highest; }

absl::Status ParseHex(std::string_view text, std::string* bytes) {
  // Pairs of digits, up to the first that is none.
  bytes->resize(text.size() / 2);
  size_t pairs = 0;
  for (; 2 * pairs + 1 < text.size(); ++pairs) {
    const int value = HexDigit(text[2 * pairs]) * 16 | HexDigit(text[2 * pairs + 1]);
    if (value < 0) break;
    (*bytes)[pairs] = static_cast<char>(value);
  }
  bytes->resize(pairs);
  int high = -1;
  for (const char c : text.substr(2 * pairs)) {
    const int digit = HexDigit(c);
    if (digit < 0) {
      if (IsSpace(c) && high < 0) continue;
      return Error(sqlstate::kInvalidParameterValue,
                   std::string("invalid hexadecimal digit: \"") + c + "\"");
    }
    if (high < 0) {
      high = digit;
    } else {
      bytes->push_back(static_cast<char>(high * 16 + digit));
      high = -1;
    }
  }
  if (high >= 0) {
    return Error(sqlstate::kInvalidParameterValue,
                 "invalid hexadecimal data: odd number of digits");
  }
  return absl::OkStatus();
}

// Length of the UTF-8 sequence at `p`, 0 when invalid.
size_t SequenceLength(const unsigned char* p, size_t left) {
  const auto continues = [&](size_t i) { return i < left && (p[i] & 0xc0) == 0x80; };
  if (p[0] < 0x80) return p[0] == 0 ? 0 : 1;
  if (p[0] >= 0xc2 && p[0] <= 0xdf) return continues(1) ? 2 : 0;
  if (p[0] >= 0xe0 && p[0] <= 0xef) {
    if (!continues(1) || !continues(2)) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
    if (p[0] == 0xed && p[1] > 0x9f) return 0;
    return 3;
  }
  if (p[0] >= 0xf0 && p[0] <= 0xf4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (p[0] == 0xf0 && p[1] < 0x90) return 0;
    if (p[0] == 0xf4 && p[1] > 0x8f) return 0;
    return 4;
  }
  return 0;
}

absl::Status InvalidSequence(const unsigned char* p, size_t left) {
  size_t announced = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
  if (p[0] >= 0x80 && p[0] < 0xc0) announced = 1;
  if (p[0] > 0xf7) announced = 1;
  std::string message = "invalid byte sequence for encoding \"UTF8\":";
  for (size_t i = 0; i < announced && i < left && i < 8; ++i) {
    char byte[8];
    std::snprintf(byte, sizeof(byte), " 0x%02x", p[i]);
    message += byte;
  }
  return Error(sqlstate::kCharacterNotInRepertoire, message);
}

}  // namespace

absl::Status ParseBytea(std::string_view text, std::string* bytes) {
  bytes->clear();
  if (text.size() >= 2 && text[0] == '\\' && text[1] == 'x') {
    return ParseHex(text.substr(2), bytes);
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes->push_back(text[i]);
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      bytes->push_back('\\');
      ++i;
    } else if (i + 3 < text.size() && IsOctal(text[i + 1], '3') && IsOctal(text[i + 2], '7') &&
               IsOctal(text[i + 3], '7')) {
      bytes->push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                         (text[i + 3] - '0')));
      i += 3;
    } else {
      return Error(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type bytea");
    }
  }
  return absl::OkStatus();
}

void FormatBytea(std::string_view bytes, bool hex, std::string* out) {
  if (hex) {
    out->append("\\x");
    size_t at = out->size();
    out->resize(at + 2 * bytes.size());
    for (const unsigned char byte : bytes) {
      (*out)[at++] = kHex[byte >> 4];
      (*out)[at++] = kHex[byte & 15];
    }
    return;
  }
  for (const unsigned char byte : bytes) {
    if (byte == '\\') {
      out->append("\\\\");
    } else if (byte < 0x20 || byte > 0x7e) {
      out->push_back('\\');
      out->push_back(static_cast<char>('0' + (byte >> 6)));
      out->push_back(static_cast<char>('0' + (byte >> 3 & 7)));
      out->push_back(static_cast<char>('0' + (byte & 7)));
    } else {
      out->push_back(static_cast<char>(byte));
    }
  }
}

absl::Status ParseUuid(std::string_view text, char* bytes) {
  std::string_view rest = text;
  const auto invalid = [&] { return InvalidSyntax("uuid", text); };
  if (rest.size() >= 2 && rest.front() == '{') {
    if (rest.back() != '}') return invalid();
    rest = rest.substr(1, rest.size() - 2);
  }
  for (int i = 0; i < 16; ++i) {
    if (rest.size() < 2) return invalid();
    const int high = HexDigit(rest[0]);
    const int low = HexDigit(rest[1]);
    if (high < 0 || low < 0) return invalid();
    bytes[i] = static_cast<char>(high * 16 + low);
    rest.remove_prefix(2);
    if (i % 2 == 1 && i < 15 && !rest.empty() && rest.front() == '-') rest.remove_prefix(1);
  }
  return rest.empty() ? absl::OkStatus() : invalid();
}

void FormatUuid(std::string_view bytes, std::string* out) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out->push_back('-');
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out->push_back(kHex[byte >> 4]);
    out->push_back(kHex[byte & 15]);
  }
}

absl::Status ValidateUtf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  size_t left = text.size();
  while (left > 0) {
    if (left >= 8) {
      uint64_t word;
      std::memcpy(&word, p, 8);
      constexpr uint64_t kOnes = 0x0101010101010101ULL;
      // ASCII without zero bytes: no high bit now nor after subtracting one.
      if (((word | (word - kOnes)) & (kOnes << 7)) == 0) {
        p += 8;
        left -= 8;
        continue;
      }
    }
    const size_t length = SequenceLength(p, left);
    if (length == 0) return InvalidSequence(p, left);
    p += length;
    left -= length;
  }
  return absl::OkStatus();
}

size_t Utf8Length(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

size_t Utf8Prefix(std::string_view text, size_t characters) {
  if (characters >= text.size()) return text.size();
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
    if (characters-- == 0) break;
  }
  return i;
}

absl::StatusOr<std::string_view> FitString(std::string_view text, const Type& type,
                                           bool is_explicit, std::string* scratch) {
  const auto limit = LengthModifierOf(type);
  if (!limit.has_value()) return text;
  const auto characters = static_cast<size_t>(*limit);
  if (text.size() > characters) {
    const size_t prefix = Utf8Prefix(text, characters);
    if (prefix < text.size()) {
      if (!is_explicit && !TrimBlanks(text.substr(prefix)).empty()) {
        return Error(sqlstate::kStringTruncation, "value too long for type " + Format(type));
      }
      return text.substr(0, prefix);
    }
  }
  if (type.id != TypeId::kBpchar) return text;
  const size_t length = Utf8Length(text);
  if (length >= characters) return text;
  scratch->assign(text);
  scratch->append(characters - length, ' ');
  return std::string_view(*scratch);
}

std::string_view FitName(std::string_view text) {
  constexpr size_t kLongest = 63;
  if (text.size() <= kLongest) return text;
  size_t length = kLongest;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  return text.substr(0, length);
}

}  // namespace adbms::types
