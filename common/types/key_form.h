// Bytes that compare as values do: what keys and the elements of an array's key are made of.
// Layout: services/storage/codec/KEYS.md. `Out` is a std::string, or something else that has
// push_back, append, size and []. Pure functions.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/types/decimal.h"
#include "common/types/form.h"
#include "common/types/interval.h"
#include "common/types/type.h"

namespace adbms::types::key_form {

inline constexpr uint8_t kNumericNegativeInfinity = 0x08;
inline constexpr uint8_t kNumericNegative = 0x10;
inline constexpr uint8_t kNumericZero = 0x20;
inline constexpr uint8_t kNumericPositive = 0x30;
inline constexpr uint8_t kNumericInfinity = 0x38;
inline constexpr uint8_t kNumericNan = 0x40;
// Exponents beyond 100 and below -100 are marked and take three bytes more.
inline constexpr int kNumericNearExponent = 100;
inline constexpr uint8_t kNumericFarAbove = 0xf0;
inline constexpr uint8_t kNumericFarBelow = 0x0f;
inline constexpr int kNumericFarBias = 0x800000;

template <typename U, typename Out>
void AppendBigEndian(U value, Out* out) {
  char bytes[sizeof(U)];
  for (size_t i = 0; i < sizeof(U); ++i) {
    bytes[i] = static_cast<char>(value >> (8 * (sizeof(U) - 1 - i)));
  }
  out->append(bytes, sizeof(U));
}

template <typename S, typename Out>
void AppendSigned(S value, Out* out) {
  using U = std::make_unsigned_t<S>;
  constexpr U kSign = U{1} << (sizeof(U) * 8 - 1);
  AppendBigEndian<U>(static_cast<U>(value) ^ kSign, out);
}

template <typename F>
auto OrderedBits(F value) {
  using U = std::conditional_t<sizeof(F) == 4, uint32_t, uint64_t>;
  if (std::isnan(value)) value = std::numeric_limits<F>::quiet_NaN();
  if (value == 0) value = 0;  // -0 equals 0.
  constexpr U kSign = U{1} << (sizeof(U) * 8 - 1);
  U bits = std::bit_cast<U>(value);
  if (std::isnan(value)) bits &= ~kSign;
  return (bits & kSign) != 0 ? static_cast<U>(~bits) : static_cast<U>(bits | kSign);
}

template <typename F, typename Out>
void AppendFloat(F value, Out* out) {
  AppendBigEndian(OrderedBits(value), out);
}

// ±0.d1d2… · 10^exponent, d1 not 0; `digits` are numbers, not ASCII.
template <typename Out>
void AppendDigits(bool negative, int exponent, std::string_view digits, Out* out) {
  while (!digits.empty() && digits.back() == 0) digits.remove_suffix(1);
  out->push_back(static_cast<char>(negative ? kNumericNegative : kNumericPositive));
  const size_t start = out->size();
  if (exponent >= -kNumericNearExponent && exponent <= kNumericNearExponent) {
    out->push_back(static_cast<char>(exponent + 128));
  } else {
    out->push_back(static_cast<char>(exponent > 0 ? kNumericFarAbove : kNumericFarBelow));
    const int biased = exponent + kNumericFarBias;
    for (const int shift : {16, 8, 0}) out->push_back(static_cast<char>(biased >> shift));
  }
  for (size_t i = 0; i < digits.size(); i += 2) {
    const int pair = digits[i] * 10 + (i + 1 < digits.size() ? digits[i + 1] : 0);
    out->push_back(static_cast<char>(pair + 1));
  }
  out->push_back(0);
  if (negative) {
    for (size_t i = start; i < out->size(); ++i) (*out)[i] = static_cast<char>(~(*out)[i]);
  }
}

// The digits of the magnitude of a wide value's unscaled integer, as numbers.
std::string WideDigits(const DecimalView& value);

template <typename Out>
void AppendDecimal(const DecimalView& value, Out* out) {
  if (value.is_nan()) return out->push_back(static_cast<char>(kNumericNan));
  if (value.is_zero()) return out->push_back(static_cast<char>(kNumericZero));
  const bool negative = value.Sign() < 0;
  if (value.is_infinite()) {
    return out->push_back(
        static_cast<char>(negative ? kNumericNegativeInfinity : kNumericInfinity));
  }
  if (value.is_wide()) {
    const std::string digits = WideDigits(value);
    return AppendDigits(negative, static_cast<int>(digits.size()) - value.scale(), digits, out);
  }
  unsigned __int128 magnitude = negative ? -static_cast<unsigned __int128>(value.unscaled())
                                         : static_cast<unsigned __int128>(value.unscaled());
  char digits[48];
  char* const end = digits + sizeof(digits);
  char* first = end;
  while (magnitude != 0) {
    *--first = static_cast<char>(magnitude % 10);
    magnitude /= 10;
  }
  const auto count = static_cast<size_t>(end - first);
  AppendDigits(negative, static_cast<int>(count) - value.scale(), {first, count}, out);
}

template <typename Out>
void AppendInterval(const Interval& value, Out* out) {
  const int128 days = static_cast<int128>(value.months) * 30 + value.days;
  const int128 total = days * 86400000000 + value.microseconds;
  const auto bits =
      static_cast<unsigned __int128>(total) ^ (static_cast<unsigned __int128>(1) << 127);
  AppendBigEndian<uint64_t>(static_cast<uint64_t>(bits >> 64), out);
  AppendBigEndian<uint64_t>(static_cast<uint64_t>(bits), out);
}

inline constexpr size_t kLongString = 4096;

template <typename Out>
void AppendString(std::string_view bytes, TypeId id, Out* out) {
  if (id == TypeId::kUuid && bytes.size() == 16) {
    out->append(bytes);
    return;
  }
  if (id == TypeId::kBpchar) {
    while (!bytes.empty() && bytes.back() == ' ') bytes.remove_suffix(1);
  }
  std::string ordered;
  if (HasOrderKey(id)) {
    ordered.reserve(bytes.size() + 8);
    AppendOrderKey(id, bytes, &ordered);
    bytes = ordered;
  }
  const char* next = bytes.data();
  const char* end = next + bytes.size();
  if (bytes.size() > kLongString) {
    // Exactly: what grows by itself takes three times as much for a moment, and keeps twice.
    const auto zeros = static_cast<size_t>(std::count(next, end, '\0'));
    out->reserve(out->size() + bytes.size() + zeros + 2);
  }
  while (next < end) {
    const char* zero =
        static_cast<const char*>(std::memchr(next, 0, static_cast<size_t>(end - next)));
    if (zero == nullptr) {
      out->append(next, static_cast<size_t>(end - next));
      break;
    }
    out->append(next, static_cast<size_t>(zero - next));
    out->append("\x00\xff", 2);
    next = zero + 1;
  }
  out->append("\x00\x01", 2);
}

}  // namespace adbms::types::key_form
