// inet and cidr: IPv4 and IPv6 addresses with a mask length. Pure functions.
//
// The physical form compares bytewise as PostgreSQL's order does (family, network, mask length,
// address):
//   u8 family, 2: IPv4, 3: IPv6
//   4 or 16 bytes: the network, that is the address with its host bits zero
//   u8 mask length
//   4 or 16 bytes: the address; the network again for cidr
// Equal values have equal bytes; inet and cidr share the form.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/type.h"

namespace adbms::types {

class NetworkAddress {
 public:
  enum Family : uint8_t { kV4 = 2, kV6 = 3 };

  NetworkAddress() = default;
  // Of an address of 4 or 16 bytes. REQUIRES: bits <= 8 * address.size().
  NetworkAddress(std::string_view address, int bits);
  // Reads the physical form; bytes that are none give 0.0.0.0/0 rather than reading past them.
  static NetworkAddress FromForm(std::string_view form);
  std::string ToForm() const;
  static bool IsForm(std::string_view form);

  Family family() const { return size_ == 4 ? kV4 : kV6; }
  int size() const { return size_; }  // Bytes of the address.
  int max_bits() const { return size_ * 8; }
  int bits() const { return bits_; }  // Of the mask.
  uint8_t byte(int i) const { return bytes_[static_cast<size_t>(i)]; }
  std::string_view address() const {
    return {reinterpret_cast<const char*>(bytes_.data()), static_cast<size_t>(size_)};
  }
  uint8_t mask_byte(int i) const;

  void set_byte(int i, uint8_t value) { bytes_[static_cast<size_t>(i)] = value; }
  void set_bits(int bits) { bits_ = static_cast<uint8_t>(bits); }
  // The host bits zero.
  NetworkAddress Network() const;
  bool HasHostBits() const;
  // How many leading bits are the same, at most `limit`. REQUIRES: same family.
  int CommonBits(const NetworkAddress& other, int limit) const;

 private:
  std::array<uint8_t, 16> bytes_ = {};
  uint8_t size_ = 4;
  uint8_t bits_ = 0;
};

// The input functions; `id` is kInet or kCidr. Errors: 22P02.
absl::StatusOr<NetworkAddress> ParseNetwork(std::string_view text, TypeId id);
// The output functions: inet leaves a mask away that is the whole address.
void FormatNetwork(const NetworkAddress& value, TypeId id, std::string* out);
// abbrev(cidr): "10.1/16".
std::string AbbreviateNetwork(const NetworkAddress& value);

// PostgreSQL's binary format. Errors: 22P03.
void FormatNetworkBinary(const NetworkAddress& value, TypeId id, std::string* out);
absl::StatusOr<NetworkAddress> ParseNetworkBinary(std::string_view bytes, TypeId id);

}  // namespace adbms::types
