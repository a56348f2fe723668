#include "common/types/network.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/status/sql_error.h"

namespace adbms::types {

NetworkAddress::NetworkAddress(std::string_view address, int bits)
    : size_(static_cast<uint8_t>(address.size())), bits_(static_cast<uint8_t>(bits)) {
  std::memcpy(bytes_.data(), address.data(), address.size());
}

bool NetworkAddress::IsForm(std::string_view form) {
  if (form.empty()) return false;
  const size_t size = form[0] == kV4 ? 4 : form[0] == kV6 ? 16 : 0;
  if (size == 0 || form.size() != 2 + 2 * size) return false;
  const auto bits = static_cast<uint8_t>(form[1 + size]);
  if (bits > size * 8) return false;
  const NetworkAddress value(form.substr(2 + size), bits);
  return value.Network().address() == form.substr(1, size);
}

NetworkAddress NetworkAddress::FromForm(std::string_view form) {
  const size_t size = form.empty() ? 0 : form[0] == kV4 ? 4 : 16;
  if (size == 0 || form.size() != 2 + 2 * size) return NetworkAddress();
  const auto bits = static_cast<uint8_t>(form[1 + size]);
  return NetworkAddress(form.substr(2 + size), std::min<int>(bits, static_cast<int>(size) * 8));
}

std::string NetworkAddress::ToForm() const {
  std::string form;
  form.push_back(static_cast<char>(family()));
  form.append(Network().address());
  form.push_back(static_cast<char>(bits_));
  form.append(address());
  return form;
}

uint8_t NetworkAddress::mask_byte(int i) const {
  const int left = std::clamp(bits_ - 8 * i, 0, 8);
  return static_cast<uint8_t>(0xff00 >> left);
}

NetworkAddress NetworkAddress::Network() const {
  NetworkAddress network = *this;
  for (int i = 0; i < size_; ++i) network.set_byte(i, byte(i) & mask_byte(i));
  return network;
}

bool NetworkAddress::HasHostBits() const { return Network().bytes_ != bytes_; }

int NetworkAddress::CommonBits(const NetworkAddress& other, int limit) const {
  int common = 0;
  for (int i = 0; common < limit && i < size_; ++i) {
    const auto differing = static_cast<uint8_t>(byte(i) ^ other.byte(i));
    common += std::countl_zero(differing);
    if (differing != 0) break;
  }
  return std::min(common, limit);
}

namespace {

constexpr int kAllBits = -1;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Reads a text from the left; at its end current() is the zero byte, as in C.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  char current() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char following() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }
  bool at_end() const { return at_ >= text_.size(); }
  void Advance() { ++at_; }
  std::string_view rest() const { return text_.substr(std::min(at_, text_.size())); }
  // Decimal digits, at least one; false beyond `limit`.
  bool Number(int limit, int* value) {
    if (!IsDigit(current())) return false;
    for (*value = 0; IsDigit(current()); Advance()) {
      *value = *value * 10 + (current() - '0');
      if (*value > limit) return false;
    }
    return true;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// "/n" and nothing behind it.
bool ReadMask(Scanner* in, int limit, int* bits) {
  in->Advance();
  return in->Number(limit, bits) && in->at_end();
}

struct Octets {
  std::string bytes;
  int bits = kAllBits;
};

// 10.1.2.3/24, where a mask may stand for missing octets.
bool ReadInetV4(std::string_view text, Octets* out) {
  Scanner in(text);
  while (IsDigit(in.current())) {
    int octet = 0;
    if (!in.Number(255, &octet) || out->bytes.size() == 4) return false;
    out->bytes.push_back(static_cast<char>(octet));
    if (in.at_end() || in.current() == '/') break;
    if (in.current() != '.') return false;
    in.Advance();
  }
  const auto given = static_cast<int>(out->bytes.size());
  if (in.current() == '/' && given > 0) {
    if (!ReadMask(&in, 32, &out->bits)) return false;
  }
  if (!in.at_end() || given == 0) return false;
  if (out->bits == kAllBits) {
    if (given < 4) return false;
    out->bits = 32;
  }
  if (out->bits / 8 > given) return false;
  out->bytes.resize(4, '\0');
  return true;
}

bool ReadHexOctets(Scanner* in, std::string* bytes) {
  in->Advance();
  in->Advance();
  int digits = 0;
  for (; HexDigit(in->current()) >= 0; in->Advance(), ++digits) {
    const int digit = HexDigit(in->current());
    if (digits % 2 == 0) {
      if (bytes->size() == 4) return false;
      bytes->push_back(static_cast<char>(digit << 4));
    } else {
      bytes->back() = static_cast<char>(bytes->back() | digit);
    }
  }
  return true;
}

bool ReadDottedOctets(Scanner* in, std::string* bytes) {
  while (true) {
    int octet = 0;
    if (!in->Number(255, &octet) || bytes->size() == 4) return false;
    bytes->push_back(static_cast<char>(octet));
    if (in->at_end() || in->current() == '/') return true;
    if (in->current() != '.') return false;
    in->Advance();
  }
}

// The mask of an old network class, at least as wide as what was written.
int ClassBits(const std::string& bytes) {
  const auto first = static_cast<uint8_t>(bytes[0]);
  int bits = first >= 240 ? 32 : first >= 224 ? 8 : first >= 192 ? 24 : first >= 128 ? 16 : 8;
  bits = std::max(bits, static_cast<int>(bytes.size()) * 8);
  return bits == 8 && first == 224 ? 4 : bits;
}

bool ReadCidrV4(std::string_view text, Octets* out) {
  Scanner in(text);
  const bool hex = in.current() == '0' && (in.following() == 'x' || in.following() == 'X') &&
                   text.size() > 2 && HexDigit(text[2]) >= 0;
  if (!(hex ? ReadHexOctets(&in, &out->bytes) : ReadDottedOctets(&in, &out->bytes))) return false;
  if (in.current() == '/' && !ReadMask(&in, 32, &out->bits)) return false;
  if (!in.at_end()) return false;
  if (out->bits == kAllBits) out->bits = ClassBits(out->bytes);
  out->bytes.resize(4, '\0');
  return true;
}

// Digits without leading zeros, to the end.
bool ReadMaskV6(std::string_view text, int* bits) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  Scanner in(text);
  return in.Number(128, bits) && in.at_end();
}

// The dotted octets that may end an IPv6 address, and the mask behind them.
bool ReadEmbeddedV4(std::string_view text, std::string* bytes, int* bits) {
  Scanner in(text);
  std::string octets;
  while (true) {
    int octet = 0;
    if (in.current() == '0' && IsDigit(in.following())) return false;
    if (!in.Number(255, &octet) || octets.size() == 4) return false;
    octets.push_back(static_cast<char>(octet));
    if (in.at_end()) break;
    const char separator = in.current();
    in.Advance();
    if (separator == '/') {
      if (!ReadMaskV6(in.rest(), bits)) return false;
      break;
    }
    if (separator != '.') return false;
  }
  octets.resize(4, '\0');
  bytes->append(octets);
  return true;
}

bool ReadV6(std::string_view text, Octets* out) {
  std::string& bytes = out->bytes;
  size_t gap = std::string::npos;  // Where "::" stands.
  size_t i = 0;
  if (text[0] == ':') {
    if (text.size() < 2 || text[1] != ':') return false;
    i = 1;
  }
  size_t token = i;
  int digits = 0;
  int word = 0;
  const auto end_word = [&] {
    if (bytes.size() + 2 > 16) return false;
    bytes.push_back(static_cast<char>(word >> 8));
    bytes.push_back(static_cast<char>(word));
    digits = word = 0;
    return true;
  };
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (const int digit = HexDigit(c); digit >= 0) {
      if (++digits > 4) return false;
      word = word << 4 | digit;
    } else if (c == ':') {
      token = i + 1;
      if (digits == 0) {
        if (gap != std::string::npos) return false;
        gap = bytes.size();
      } else if (i + 1 == text.size() || !end_word()) {
        return false;
      }
    } else if (c == '.' && bytes.size() + 4 <= 16 &&
               ReadEmbeddedV4(text.substr(token), &bytes, &out->bits)) {
      digits = 0;
      break;
    } else if (c == '/' && ReadMaskV6(text.substr(i + 1), &out->bits)) {
      break;
    } else {
      return false;
    }
  }
  if (digits > 0 && !end_word()) return false;
  if (out->bits == kAllBits) out->bits = 128;
  if (gap != std::string::npos) {
    if (bytes.size() == 16) return false;
    bytes.insert(gap, 16 - bytes.size(), '\0');
  }
  return bytes.size() == 16;
}

int WordOf(const NetworkAddress& value, int i) {
  return value.byte(2 * i) << 8 | value.byte(2 * i + 1);
}

void AppendHex(int word, std::string* out) {
  char text[8];
  out->append(text, static_cast<size_t>(std::snprintf(text, sizeof(text), "%x", word)));
}

void AppendOctets(const NetworkAddress& value, int first, int end, std::string* out) {
  for (int i = first; i < end; ++i) {
    if (i > first) out->push_back('.');
    out->append(std::to_string(value.byte(i)));
  }
}

// A run of zero words.
struct Run {
  int begin = -1;
  int length = 0;
};

void AppendV6(const NetworkAddress& value, std::string* out) {
  Run best;
  Run run;
  for (int i = 0; i < 8; ++i) {
    if (WordOf(value, i) != 0) {
      run = Run();
      continue;
    }
    if (run.length++ == 0) run.begin = i;
    if (run.length > best.length) best = run;
  }
  if (best.length < 2) best = Run{-1, 0};
  const bool embeds_v4 =
      best.begin == 0 && (best.length == 6 || (best.length == 7 && WordOf(value, 7) != 1) ||
                          (best.length == 5 && WordOf(value, 5) == 0xffff));
  for (int i = 0; i < 8; ++i) {
    if (best.begin >= 0 && i >= best.begin && i < best.begin + best.length) {
      if (i == best.begin) out->push_back(':');
      continue;
    }
    if (i != 0) out->push_back(':');
    if (i == 6 && embeds_v4) {
      AppendOctets(value, 12, 16, out);
      break;
    }
    AppendHex(WordOf(value, i), out);
  }
  if (best.begin >= 0 && best.begin + best.length == 8) out->push_back(':');
}

void AbbreviateV4(const NetworkAddress& value, std::string* out) {
  if (value.bits() == 0) {
    out->push_back('0');
  } else {
    AppendOctets(value.Network(), 0, (value.bits() + 7) / 8, out);
  }
}

// As PostgreSQL: among runs of zeros one that follows a longer one is counted on.
Run ZerosOf(const NetworkAddress& value, int words) {
  Run best{0, 0};
  Run run{0, 0};
  for (int i = 0; i < words; ++i) {
    if (WordOf(value, i) == 0) {
      if (run.length++ == 0) run.begin = i;
    } else if (run.length > best.length) {
      best = run;
      run.length = 0;
    }
  }
  return run.length > best.length ? run : best;
}

void AbbreviateV6(const NetworkAddress& whole, std::string* out) {
  if (whole.bits() == 0) {
    out->append("::");
    return;
  }
  const NetworkAddress value = whole.Network();
  const int words = std::max((value.bits() + 15) / 16, 2);
  const Run zeros = ZerosOf(value, words);
  const bool is_v4 = zeros.length != words && zeros.begin == 0 &&
                     (zeros.length == 6 || (zeros.length == 5 && WordOf(value, 5) == 0xffff) ||
                      (zeros.length == 7 && value.byte(14) != 0 && value.byte(15) != 1));
  for (int i = 0; i < words; ++i) {
    if (zeros.length != 0 && i >= zeros.begin && i < zeros.begin + zeros.length) {
      if (i == zeros.begin) out->push_back(':');
      if (i == words - 1) out->push_back(':');
    } else if (is_v4 && i > 5) {
      out->push_back(i == 6 ? ':' : '.');
      AppendOctets(value, 2 * i, i != 7 || value.bits() > 120 ? 2 * i + 2 : 2 * i + 1, out);
    } else {
      if (!out->empty()) out->push_back(':');
      AppendHex(WordOf(value, i), out);
    }
  }
}

absl::Status MalformedBinary(std::string_view what, TypeId id, std::string_view detail = {}) {
  const std::string place = what.empty() ? "invalid" : "invalid " + std::string(what) + " in";
  return status::Error(status::sqlstate::kInvalidBinaryRepresentation,
                       place + " external \"" + std::string(CatalogName(id)) + "\" value", detail);
}

constexpr char kBitsRightOfMask[] = "Value has bits set to right of mask.";

}  // namespace

absl::StatusOr<NetworkAddress> ParseNetwork(std::string_view text, TypeId id) {
  Octets octets;
  const bool read = text.find(':') != std::string_view::npos ? ReadV6(text, &octets)
                    : id == TypeId::kCidr                    ? ReadCidrV4(text, &octets)
                                                             : ReadInetV4(text, &octets);
  if (!read) {
    return status::Error(status::sqlstate::kInvalidTextRepresentation,
                         "invalid input syntax for type " + std::string(CatalogName(id)) + ": \"" +
                             std::string(text) + "\"");
  }
  const NetworkAddress value(octets.bytes, octets.bits);
  if (id == TypeId::kCidr && value.HasHostBits()) {
    return status::Error(status::sqlstate::kInvalidTextRepresentation,
                         "invalid cidr value: \"" + std::string(text) + "\"", kBitsRightOfMask);
  }
  return value;
}

void FormatNetwork(const NetworkAddress& value, TypeId id, std::string* out) {
  if (value.family() == NetworkAddress::kV4) {
    AppendOctets(value, 0, 4, out);
  } else {
    AppendV6(value, out);
  }
  if (value.bits() != value.max_bits() || id == TypeId::kCidr) {
    out->push_back('/');
    out->append(std::to_string(value.bits()));
  }
}

std::string AbbreviateNetwork(const NetworkAddress& value) {
  std::string out;
  if (value.family() == NetworkAddress::kV4) {
    AbbreviateV4(value, &out);
  } else {
    AbbreviateV6(value, &out);
  }
  return out + "/" + std::to_string(value.bits());
}

void FormatNetworkBinary(const NetworkAddress& value, TypeId id, std::string* out) {
  out->push_back(static_cast<char>(value.family()));
  out->push_back(static_cast<char>(value.bits()));
  out->push_back(id == TypeId::kCidr ? '\1' : '\0');
  out->push_back(static_cast<char>(value.size()));
  out->append(value.address());
}

absl::StatusOr<NetworkAddress> ParseNetworkBinary(std::string_view bytes, TypeId id) {
  if (bytes.size() < 4) {
    return status::Error(status::sqlstate::kProtocolViolation, "insufficient data left in message");
  }
  if (bytes[0] != NetworkAddress::kV4 && bytes[0] != NetworkAddress::kV6) {
    return MalformedBinary("address family", id);
  }
  const size_t size = bytes[0] == NetworkAddress::kV4 ? 4 : 16;
  const auto bits = static_cast<uint8_t>(bytes[1]);
  if (bits > size * 8) return MalformedBinary("bits", id);
  // The third byte says inet or cidr; the type decides.
  if (static_cast<uint8_t>(bytes[3]) != size) return MalformedBinary("length", id);
  if (bytes.size() != 4 + size) {
    return status::Error(bytes.size() < 4 + size ? status::sqlstate::kProtocolViolation
                                                 : status::sqlstate::kInvalidBinaryRepresentation,
                         bytes.size() < 4 + size ? "insufficient data left in message"
                                                 : "incorrect binary data format");
  }
  const NetworkAddress value(bytes.substr(4), bits);
  if (id == TypeId::kCidr && value.HasHostBits()) {
    return MalformedBinary("", id, kBitsRightOfMask);
  }
  return value;
}

}  // namespace adbms::types
