// numeric, of PostgreSQL's range: 131072 digits before the point, 16383 after it, NaN and the
// infinities.
//
// What has at most 38 digits and a scale of at most 38 is narrow: a 128-bit unscaled integer and
// a scale, in place. All else that is finite is wide: its form lies elsewhere. A value that can be
// narrow is. A DecimalView is what vectors hold and functions take: trivially copyable, it borrows
// the form, as std::string_view its bytes. A Decimal owns it. Values only; no locking.
#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::types {

using int128 = __int128;
using uint128 = unsigned __int128;

class Decimal;

class DecimalView {
 public:
  static constexpr int kMaxDigits = 38;  // Of what is narrow.
  static constexpr int kMaxScale = 16383;
  static constexpr int kMaxIntegralDigits = 131072;
  static constexpr size_t kFormHeader = 3;              // Bytes of a form before its digits.
  static constexpr size_t kMostMagnitudeBytes = 61230;  // Of 147455 digits.
  static constexpr int128 kLimit = [] {                 // What is narrow stays below.
    int128 limit = 1;
    for (int i = 0; i < kMaxDigits; ++i) limit *= 10;
    return limit;
  }();

  constexpr DecimalView() = default;  // 0
  // Narrow: unscaled / 10^scale. REQUIRES: |unscaled| < kLimit, 0 <= scale <= kMaxDigits.
  constexpr DecimalView(int128 unscaled, int scale)
      : bits_(unscaled), scale_(static_cast<int16_t>(scale)) {}
  DecimalView(Decimal&&) = delete;  // It would borrow from what ends here.
  static constexpr DecimalView NaN() { return DecimalView(Kind::kNaN); }
  static constexpr DecimalView Infinity(bool negative) {
    return DecimalView(negative ? Kind::kNegativeInfinity : Kind::kInfinity);
  }
  // Borrows a form: u8 1 when negative, u16 scale, then the unscaled integer's magnitude, little
  // endian, whose last byte is not 0. REQUIRES: IsForm(form).
  static DecimalView OfForm(std::string_view form) {
    DecimalView value(Kind::kWide);
    value.bits_ = static_cast<int128>(static_cast<uint128>(form.size()) << 64 |
                                      reinterpret_cast<uintptr_t>(form.data()));
    std::memcpy(&value.scale_, form.data() + 1, sizeof(value.scale_));
    return value;
  }
  // Whether bytes from elsewhere are the form of a wide value.
  static bool IsForm(std::string_view bytes);

  bool is_narrow() const { return kind_ == Kind::kNarrow; }
  bool is_wide() const { return kind_ == Kind::kWide; }
  bool is_finite() const { return kind_ == Kind::kNarrow || kind_ == Kind::kWide; }
  // Equal to itself, greater than everything else.
  bool is_nan() const { return kind_ == Kind::kNaN; }
  bool is_infinite() const { return kind_ == Kind::kInfinity || kind_ == Kind::kNegativeInfinity; }
  bool is_zero() const {
    return kind_ == Kind::kNarrow ? bits_ == 0 : is_wide() && form().size() == kFormHeader;
  }
  // -1, 0 or 1; 0 for NaN.
  int Sign() const {
    if (kind_ == Kind::kNarrow) return bits_ < 0 ? -1 : (bits_ > 0 ? 1 : 0);
    if (kind_ == Kind::kWide && !is_zero()) return form()[0] != 0 ? -1 : 1;
    return kind_ == Kind::kInfinity ? 1 : (kind_ == Kind::kNegativeInfinity ? -1 : 0);
  }
  int128 unscaled() const { return bits_; }  // REQUIRES: is_narrow().
  // REQUIRES: is_wide(). Belongs to whom it is borrowed from.
  std::string_view form() const {
    return {reinterpret_cast<const char*>(static_cast<uintptr_t>(static_cast<uint64_t>(bits_))),
            static_cast<size_t>(static_cast<uint128>(bits_) >> 64)};
  }
  int scale() const { return scale_; }  // PostgreSQL's dscale; 0 of what is not finite.

  std::string ToString() const;  // "12.50", "NaN", "-Infinity"
  // The nearest; an infinity when there is none.
  double ToDouble() const;
  // Rounded half away from zero to `scale` digits. Errors: 22003 when scale exceeds 16383 or the
  // result the range. REQUIRES: scale >= 0.
  absl::StatusOr<Decimal> Rescale(int scale) const;
  // Rounded to numeric(precision, scale). Errors: 22003 "numeric field overflow" with PostgreSQL's
  // detail.
  absl::StatusOr<Decimal> Fit(int precision, int scale) const;
  // Rounded half away from zero. Errors: 22003; 0A000 for what is not finite.
  absl::StatusOr<int64_t> ToInt64() const;

 protected:
  enum class Kind : uint8_t { kNarrow, kNaN, kInfinity, kNegativeInfinity, kWide };
  constexpr explicit DecimalView(Kind kind) : kind_(kind) {}

  int128 bits_ = 0;  // unscaled, or size and address of the form.
  int16_t scale_ = 0;
  Kind kind_ = Kind::kNarrow;
};

class Decimal : public DecimalView {
 public:
  Decimal() = default;
  Decimal(int128 unscaled, int scale) : DecimalView(unscaled, scale) {}
  Decimal(const DecimalView& value) : DecimalView(value) { Own(); }
  Decimal(const Decimal& other) : DecimalView(static_cast<const DecimalView&>(other)) { Own(); }
  Decimal(Decimal&& other) noexcept : DecimalView(static_cast<const DecimalView&>(other)) {
    other.kind_ = Kind::kNarrow;
  }
  Decimal& operator=(Decimal other) noexcept {
    std::swap(static_cast<DecimalView&>(*this), static_cast<DecimalView&>(other));
    return *this;
  }
  ~Decimal() {
    if (is_wide()) [[unlikely]]
      Free();
  }

  static Decimal FromInt(int64_t value) { return {value, 0}; }
  // Errors: 22P02 when it is no number, 22003 when it is out of range.
  static absl::StatusOr<Decimal> Parse(std::string_view text);
  // As PostgreSQL's float8::numeric: the shortest text of 15 digits.
  static absl::StatusOr<Decimal> FromDouble(double value);

 private:
  void Own() {
    if (is_wide()) [[unlikely]]
      Copy();
  }
  void Copy();
  void Free();
};

// Result scales as PostgreSQL: max(scales) for + - %, sum for *, select_div_scale for /.
// Errors: 22003 when the result is out of range, 22012 on division by zero.
absl::StatusOr<Decimal> Add(const DecimalView& a, const DecimalView& b);
absl::StatusOr<Decimal> Subtract(const DecimalView& a, const DecimalView& b);
absl::StatusOr<Decimal> Multiply(const DecimalView& a, const DecimalView& b);
absl::StatusOr<Decimal> Divide(const DecimalView& a, const DecimalView& b);
absl::StatusOr<Decimal> Modulo(const DecimalView& a, const DecimalView& b);
Decimal Negate(const DecimalView& a);

// The same for narrow values with a narrow result of the same scale or, multiplied, of both
// scales; false when they or it are others, and the result is undefined.
inline bool AddNarrow(const DecimalView& a, const DecimalView& b, DecimalView* sum) {
  if (!a.is_narrow() || !b.is_narrow() || a.scale() != b.scale()) return false;
  int128 unscaled;
  if (__builtin_add_overflow(a.unscaled(), b.unscaled(), &unscaled)) return false;
  *sum = DecimalView(unscaled, a.scale());
  return unscaled < DecimalView::kLimit && unscaled > -DecimalView::kLimit;
}
inline bool SubtractNarrow(const DecimalView& a, const DecimalView& b, DecimalView* difference) {
  if (!a.is_narrow() || !b.is_narrow() || a.scale() != b.scale()) return false;
  int128 unscaled;
  if (__builtin_sub_overflow(a.unscaled(), b.unscaled(), &unscaled)) return false;
  *difference = DecimalView(unscaled, a.scale());
  return unscaled < DecimalView::kLimit && unscaled > -DecimalView::kLimit;
}
inline bool MultiplyNarrow(const DecimalView& a, const DecimalView& b, DecimalView* product) {
  const auto x = static_cast<int64_t>(a.unscaled());
  const auto y = static_cast<int64_t>(b.unscaled());
  const int scale = a.scale() + b.scale();
  if (!a.is_narrow() || !b.is_narrow() || x != a.unscaled() || y != b.unscaled() ||
      scale > DecimalView::kMaxDigits) {
    return false;
  }
  const int128 unscaled = static_cast<int128>(x) * y;
  *product = DecimalView(unscaled, scale);
  return unscaled < DecimalView::kLimit && unscaled > -DecimalView::kLimit;
}

// By value: 1.0 equals 1.00; NaN is greatest, infinities are beyond all that is finite.
std::strong_ordering Compare(const DecimalView& a, const DecimalView& b);
// Equal values have equal hashes.
uint64_t Hash(const DecimalView& value);

}  // namespace adbms::types
