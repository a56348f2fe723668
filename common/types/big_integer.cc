#include "common/types/big_integer.h"

#include <gmp.h>

#include <utility>

namespace adbms::types {

struct BigInteger::Number {
  mpz_t z;
};

BigInteger::Number* BigInteger::number() { return reinterpret_cast<Number*>(storage_); }
const BigInteger::Number* BigInteger::number() const {
  return reinterpret_cast<const Number*>(storage_);
}

BigInteger::BigInteger() {
  static_assert(sizeof(Number) == sizeof(storage_) && alignof(Number) <= 8);
  mpz_init(number()->z);
}

BigInteger::BigInteger(int64_t value) { mpz_init_set_si(number()->z, value); }

BigInteger BigInteger::Of128(int128 value) {
  const uint128 magnitude = value < 0 ? -static_cast<uint128>(value) : static_cast<uint128>(value);
  BigInteger result;
  mpz_import(result.number()->z, 1, 1, sizeof(magnitude), 0, 0, &magnitude);
  if (value < 0) result.Negate();
  return result;
}

BigInteger BigInteger::OfDigits(std::string_view digits) {
  BigInteger result;
  if (!digits.empty()) mpz_set_str(result.number()->z, std::string(digits).c_str(), 10);
  return result;
}

BigInteger BigInteger::OfBytes(std::string_view bytes) {
  BigInteger result;
  mpz_import(result.number()->z, bytes.size(), -1, 1, 0, 0, bytes.data());
  return result;
}

BigInteger BigInteger::PowerOfTen(int64_t exponent) {
  BigInteger result;
  mpz_ui_pow_ui(result.number()->z, 10, static_cast<unsigned long>(exponent));
  return result;
}

BigInteger BigInteger::Factorial(uint64_t n) {
  BigInteger result;
  mpz_fac_ui(result.number()->z, n);
  return result;
}

BigInteger::BigInteger(const BigInteger& other) { mpz_init_set(number()->z, other.number()->z); }

BigInteger::BigInteger(BigInteger&& other) noexcept {
  mpz_init(number()->z);
  mpz_swap(number()->z, other.number()->z);
}

BigInteger& BigInteger::operator=(BigInteger other) noexcept {
  mpz_swap(number()->z, other.number()->z);
  return *this;
}

BigInteger::~BigInteger() { mpz_clear(number()->z); }

int BigInteger::Sign() const { return mpz_sgn(number()->z); }

bool BigInteger::FitsNarrow(int128* value) const {
  if (mpz_size(number()->z) > 2) return false;
  uint128 magnitude = mpz_getlimbn(number()->z, 0);
  magnitude |= static_cast<uint128>(mpz_getlimbn(number()->z, 1)) << 64;
  if (magnitude >= static_cast<uint128>(DecimalView::kLimit)) return false;
  *value = Sign() < 0 ? -static_cast<int128>(magnitude) : static_cast<int128>(magnitude);
  return true;
}

bool BigInteger::FitsInt64() const { return mpz_fits_slong_p(number()->z) != 0; }
int64_t BigInteger::ToInt64() const { return mpz_get_si(number()->z); }
size_t BigInteger::BitCount() const { return Sign() == 0 ? 0 : mpz_sizeinbase(number()->z, 2); }

size_t BigInteger::DigitCount() const {
  // Exact, or one too many.
  const size_t most = mpz_sizeinbase(number()->z, 10);
  if (most == 1) return most;
  const BigInteger power = PowerOfTen(static_cast<int64_t>(most) - 1);
  return CompareMagnitudes(*this, power) < 0 ? most - 1 : most;
}

double BigInteger::Mantissa(int64_t* exponent) const {
  long power;
  const double mantissa = mpz_get_d_2exp(&power, number()->z);
  *exponent = power;
  return mantissa;
}

std::string BigInteger::Digits() const {
  std::string digits(mpz_sizeinbase(number()->z, 10) + 2, '\0');
  mpz_get_str(digits.data(), 10, number()->z);
  digits.resize(digits.find('\0'));
  if (digits[0] == '-') digits.erase(0, 1);
  return digits;
}

void BigInteger::AppendBytes(std::string* out) const {
  const size_t start = out->size();
  out->resize(start + (BitCount() + 7) / 8);
  mpz_export(out->data() + start, nullptr, -1, 1, 0, 0, number()->z);
}

BigInteger& BigInteger::operator+=(const BigInteger& other) {
  mpz_add(number()->z, number()->z, other.number()->z);
  return *this;
}

BigInteger& BigInteger::operator-=(const BigInteger& other) {
  mpz_sub(number()->z, number()->z, other.number()->z);
  return *this;
}

BigInteger& BigInteger::operator*=(const BigInteger& other) {
  mpz_mul(number()->z, number()->z, other.number()->z);
  return *this;
}

BigInteger& BigInteger::operator<<=(size_t bits) {
  mpz_mul_2exp(number()->z, number()->z, bits);
  return *this;
}

BigInteger& BigInteger::operator>>=(size_t bits) {
  mpz_fdiv_q_2exp(number()->z, number()->z, bits);
  return *this;
}

void BigInteger::Negate() { mpz_neg(number()->z, number()->z); }

void BigInteger::DivideBy(const BigInteger& divisor) {
  mpz_tdiv_q(number()->z, number()->z, divisor.number()->z);
}

void BigInteger::DivideBy(uint64_t divisor) { mpz_tdiv_q_ui(number()->z, number()->z, divisor); }

BigInteger BigInteger::DivideWithRemainder(const BigInteger& divisor) {
  BigInteger remainder;
  mpz_tdiv_qr(number()->z, remainder.number()->z, number()->z, divisor.number()->z);
  return remainder;
}

void BigInteger::DivideRounded(const BigInteger& divisor) {
  const int sign = Sign() * divisor.Sign();
  BigInteger twice = DivideWithRemainder(divisor);
  twice <<= 1;
  if (CompareMagnitudes(twice, divisor) >= 0) *this += BigInteger(sign);
}

BigInteger BigInteger::SquareRoot() const {
  BigInteger root;
  mpz_sqrt(root.number()->z, number()->z);
  return root;
}

int BigInteger::Compare(const BigInteger& a, const BigInteger& b) {
  return mpz_cmp(a.number()->z, b.number()->z);
}

int BigInteger::CompareMagnitudes(const BigInteger& a, const BigInteger& b) {
  return mpz_cmpabs(a.number()->z, b.number()->z);
}

BigInteger BigInteger::GreatestCommonDivisor(const BigInteger& a, const BigInteger& b) {
  BigInteger result;
  mpz_gcd(result.number()->z, a.number()->z, b.number()->z);
  return result;
}

}  // namespace adbms::types
