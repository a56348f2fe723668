// Integers of any size, by GMP: what numeric beyond 38 digits is computed with. Values, which may
// be moved from; not thread-safe. GMP has no way to report that memory has run out, so callers
// bound what they make: numeric's range is 62 kB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/types/decimal.h"

namespace adbms::types {

class BigInteger {
 public:
  BigInteger();  // 0
  BigInteger(int64_t value);
  static BigInteger Of128(int128 value);
  // Decimal digits, without a sign.
  static BigInteger OfDigits(std::string_view digits);
  // A magnitude, little endian.
  static BigInteger OfBytes(std::string_view bytes);
  static BigInteger PowerOfTen(int64_t exponent);
  static BigInteger Factorial(uint64_t n);
  BigInteger(const BigInteger& other);
  BigInteger(BigInteger&& other) noexcept;
  BigInteger& operator=(BigInteger other) noexcept;
  ~BigInteger();

  int Sign() const;  // -1, 0, 1
  // Whether the magnitude is below 10^38; if so the value.
  bool FitsNarrow(int128* value) const;
  bool FitsInt64() const;
  int64_t ToInt64() const;    // REQUIRES: FitsInt64().
  size_t BitCount() const;    // 0 for 0
  size_t DigitCount() const;  // 1 for 0
  // value = result · 2^exponent, 0.5 <= |result| < 1.
  double Mantissa(int64_t* exponent) const;
  std::string Digits() const;                // Of the magnitude.
  void AppendBytes(std::string* out) const;  // The magnitude's, none for 0.

  BigInteger& operator+=(const BigInteger& other);
  BigInteger& operator-=(const BigInteger& other);
  BigInteger& operator*=(const BigInteger& other);
  BigInteger& operator<<=(size_t bits);
  BigInteger& operator>>=(size_t bits);  // Rounded down.
  void Negate();
  // Divided and rounded towards zero. REQUIRES: divisor != 0.
  void DivideBy(const BigInteger& divisor);
  void DivideBy(uint64_t divisor);
  // The same; the remainder has the dividend's sign.
  BigInteger DivideWithRemainder(const BigInteger& divisor);
  // Divided and rounded half away from zero.
  void DivideRounded(const BigInteger& divisor);
  BigInteger SquareRoot() const;  // Rounded down. REQUIRES: >= 0.

  friend BigInteger operator+(BigInteger a, const BigInteger& b) {
    a += b;
    return a;
  }
  friend BigInteger operator-(BigInteger a, const BigInteger& b) {
    a -= b;
    return a;
  }
  friend BigInteger operator*(BigInteger a, const BigInteger& b) {
    a *= b;
    return a;
  }
  static int Compare(const BigInteger& a, const BigInteger& b);
  static int CompareMagnitudes(const BigInteger& a, const BigInteger& b);
  static BigInteger GreatestCommonDivisor(const BigInteger& a, const BigInteger& b);

 private:
  struct Number;
  Number* number();
  const Number* number() const;

  // What GMP's mpz_t is.
  alignas(8) unsigned char storage_[16];
};

}  // namespace adbms::types
