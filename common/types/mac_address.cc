#include "common/types/mac_address.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "common/status/sql_error.h"
#include "common/types/number_text.h"

namespace adbms::types {
namespace {

constexpr char kHex[] = "0123456789abcdef";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

absl::StatusOr<std::string> ParseMacaddr(std::string_view text) {
  // The forms that PostgreSQL tries, in its order; the last conversion catches what follows.
  constexpr std::array<const char*, 7> kForms = {
      "%x:%x:%x:%x:%x:%x%1s",   "%x-%x-%x-%x-%x-%x%1s",    "%2x%2x%2x:%2x%2x%2x%1s",
      "%2x%2x%2x-%2x%2x%2x%1s", "%2x%2x.%2x%2x.%2x%2x%1s", "%2x%2x-%2x%2x-%2x%2x%1s",
      "%2x%2x%2x%2x%2x%2x%1s"};
  const std::string source(text);
  std::array<unsigned, kMacaddrSize> octets{};
  bool read = false;
  for (const char* form : kForms) {
    char junk[2];
    read = std::sscanf(source.c_str(), form, &octets[0], &octets[1], &octets[2], &octets[3],
                       &octets[4], &octets[5], junk) == 6;
    if (read) break;
  }
  if (!read) return InvalidSyntax("macaddr", text);
  std::string bytes;
  for (const unsigned octet : octets) {
    if (octet > 255) {
      return status::Error(status::sqlstate::kNumericOutOfRange,
                           "invalid octet value in \"macaddr\" value: \"" + source + "\"");
    }
    bytes.push_back(static_cast<char>(octet));
  }
  return bytes;
}

absl::StatusOr<std::string> ParseMacaddr8(std::string_view text) {
  const auto invalid = [&] { return InvalidSyntax("macaddr8", text); };
  std::string bytes;
  char spacer = '\0';
  size_t i = 0;
  while (i < text.size() && IsSpace(text[i])) ++i;
  // Digits come in pairs.
  while (i + 1 < text.size()) {
    const int high = HexDigit(text[i]);
    const int low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0 || bytes.size() == kMacaddr8Size) return invalid();
    bytes.push_back(static_cast<char>(high << 4 | low));
    i += 2;
    if (i < text.size() && (text[i] == ':' || text[i] == '-' || text[i] == '.')) {
      if (spacer == '\0') spacer = text[i];
      if (spacer != text[i]) return invalid();
      ++i;
    }
    const bool whole = bytes.size() == kMacaddrSize || bytes.size() == kMacaddr8Size;
    if (whole && i < text.size() && IsSpace(text[i])) {
      while (i < text.size() && IsSpace(text[i])) ++i;
      if (i < text.size()) return invalid();
    }
  }
  if (bytes.size() == kMacaddrSize) return MacaddrToMacaddr8(bytes);
  if (bytes.size() != kMacaddr8Size) return invalid();
  return bytes;
}

void FormatMacaddr(std::string_view bytes, std::string* out) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out->push_back(':');
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out->push_back(kHex[byte >> 4]);
    out->push_back(kHex[byte & 15]);
  }
}

std::string MacaddrToMacaddr8(std::string_view bytes) {
  std::string wide(bytes.substr(0, std::min<size_t>(3, bytes.size())));
  wide.append("\xff\xfe");
  wide.append(bytes.substr(std::min<size_t>(3, bytes.size())));
  return wide;
}

absl::StatusOr<std::string> Macaddr8ToMacaddr(std::string_view bytes) {
  if (bytes.size() != kMacaddr8Size || bytes.substr(3, 2) != "\xff\xfe") {
    return status::Error(
        status::sqlstate::kNumericOutOfRange, "macaddr8 data out of range to convert to macaddr",
        {},
        "Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for "
        "example xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.");
  }
  std::string narrow(bytes.substr(0, 3));
  narrow.append(bytes.substr(5));
  return narrow;
}

}  // namespace adbms::types
