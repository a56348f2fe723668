#include "common/types/bit_string.h"

#include <algorithm>

#include "common/status/sql_error.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;

constexpr std::string_view kLengthMismatch = "22026";
constexpr std::string_view kInvalidBinary = "22P03";

absl::Status NoDigit(std::string_view text, size_t at, const char* what) {
  // A character may be of several bytes.
  size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  return status::Error(
      sqlstate::kInvalidTextRepresentation,
      "\"" + std::string(text.substr(at, end - at)) + "\" is not a valid " + what + " digit");
}

}  // namespace

Type BitType(TypeId id, int length) { return {id, length + 1}; }

absl::StatusOr<std::string> ParseBits(std::string_view text) {
  const bool hex = !text.empty() && (text[0] == 'x' || text[0] == 'X');
  const bool binary = !text.empty() && (text[0] == 'b' || text[0] == 'B');
  size_t at = hex || binary ? 1 : 0;
  std::string bits;
  bits.reserve(hex ? 4 * text.size() : text.size());
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (!hex) {
      if (c != '0' && c != '1') return NoDigit(text, at, "binary");
      bits.push_back(c);
      continue;
    }
    const char lower = static_cast<char>(c | 0x20);
    int value = 0;
    if (c >= '0' && c <= '9')
      value = c - '0';
    else if (lower >= 'a' && lower <= 'f')
      value = lower - 'a' + 10;
    else
      return NoDigit(text, at, "hexadecimal");
    for (int bit = 3; bit >= 0; --bit) bits.push_back((value >> bit & 1) != 0 ? '1' : '0');
  }
  return bits;
}

absl::StatusOr<std::string_view> FitBits(std::string_view bits, const Type& type, bool is_explicit,
                                         std::string* scratch) {
  if (type.modifier == 0) return bits;
  const auto length = static_cast<size_t>(PgTypmod(type));
  if (bits.size() == length) return bits;
  if (type.id == TypeId::kVarbit) {
    if (bits.size() <= length) return bits;
    if (!is_explicit)
      return status::Error(
          sqlstate::kStringTruncation,
          "bit string too long for type bit varying(" + std::to_string(length) + ")");
    return bits.substr(0, length);
  }
  if (!is_explicit)
    return status::Error(kLengthMismatch, "bit string length " + std::to_string(bits.size()) +
                                              " does not match type bit(" + std::to_string(length) +
                                              ")");
  if (bits.size() > length) return bits.substr(0, length);
  scratch->assign(bits);
  scratch->append(length - bits.size(), '0');
  return std::string_view(*scratch);
}

bool AreBits(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '0' || c == '1'; });
}

void AppendBitsBinary(std::string_view bits, std::string* out) {
  const auto length = static_cast<uint32_t>(bits.size());
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(length >> shift));
  for (size_t at = 0; at < bits.size(); at += 8) {
    int byte = 0;
    for (size_t i = 0; i < 8; ++i)
      byte = byte << 1 | (at + i < bits.size() && bits[at + i] == '1' ? 1 : 0);
    out->push_back(static_cast<char>(byte));
  }
}

absl::StatusOr<std::string> ParseBitsBinary(std::string_view bytes) {
  if (bytes.size() < 4)
    return status::Error(sqlstate::kProtocolViolation, "insufficient data left in message");
  uint32_t length = 0;
  for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(bytes[i]);
  if (length > INT32_MAX - 7 || bytes.size() - 4 != (uint64_t{length} + 7) / 8)
    return status::Error(kInvalidBinary, "invalid length in external bit string");
  std::string bits(length, '0');
  for (uint32_t i = 0; i < length; ++i) {
    if ((static_cast<uint8_t>(bytes[4 + i / 8]) >> (7 - i % 8) & 1) != 0) bits[i] = '1';
  }
  return bits;
}

}  // namespace adbms::types
