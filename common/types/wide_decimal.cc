#include "common/types/wide_decimal.h"

#include "common/types/decimal_math.h"

namespace adbms::types {
namespace {

// Whether there are too many digits before the point.
bool IsOutOfRange(const BigInteger& unscaled, int scale) {
  const size_t most = size_t{DecimalView::kMaxIntegralDigits} + static_cast<size_t>(scale);
  // 10^n has more than 3.32 n bits.
  return unscaled.BitCount() * 100 > most * 332 && unscaled.DigitCount() > most;
}

}  // namespace

WideDecimal WideDecimal::Of(const DecimalView& value) {
  if (value.is_narrow()) return {BigInteger::Of128(value.unscaled()), value.scale()};
  WideDecimal result{BigInteger::OfBytes(value.form().substr(DecimalView::kFormHeader)),
                     value.scale()};
  if (value.Sign() < 0) result.unscaled.Negate();
  return result;
}

void WideDecimal::RescaleTo(int to) {
  if (to > scale) unscaled *= BigInteger::PowerOfTen(to - scale);
  if (to < scale) unscaled.DivideRounded(BigInteger::PowerOfTen(scale - to));
  scale = to;
}

absl::StatusOr<Decimal> WideDecimal::Finish() const {
  if (scale > DecimalView::kMaxScale) return NumericOverflow();
  int128 narrow;
  if (scale <= DecimalView::kMaxDigits && unscaled.FitsNarrow(&narrow)) {
    return Decimal(narrow, scale);
  }
  if (IsOutOfRange(unscaled, scale)) return NumericOverflow();
  std::string form;
  form.push_back(unscaled.Sign() < 0 ? 1 : 0);
  form.push_back(static_cast<char>(scale & 0xff));
  form.push_back(static_cast<char>(scale >> 8));
  unscaled.AppendBytes(&form);
  return Decimal(DecimalView::OfForm(form));
}

bool DecimalView::IsForm(std::string_view bytes) {
  if (bytes.size() < kFormHeader || static_cast<uint8_t>(bytes[0]) > 1) return false;
  const int scale = static_cast<uint8_t>(bytes[1]) | static_cast<uint8_t>(bytes[2]) << 8;
  const std::string_view magnitude = bytes.substr(kFormHeader);
  if (scale > kMaxScale) return false;
  if (magnitude.empty()) return bytes[0] == 0 && scale > kMaxDigits;
  if (magnitude.back() == 0 || magnitude.size() > kMostMagnitudeBytes) return false;
  const BigInteger unscaled = BigInteger::OfBytes(magnitude);
  int128 narrow;
  if (scale <= kMaxDigits && unscaled.FitsNarrow(&narrow)) return false;
  return !IsOutOfRange(unscaled, scale);
}

}  // namespace adbms::types
