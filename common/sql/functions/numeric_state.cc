#include "common/sql/functions/numeric_state.h"

#include <algorithm>

namespace adbms::sql::functions {

using types::BigInteger;
using types::Decimal;
using types::DecimalView;
using types::WideDecimal;

void StoredDecimal::Set(const DecimalView& value) {
  DecimalView stored = value;
  if (value.is_wide()) {
    char* const copy = new char[value.form().size()];
    std::memcpy(copy, value.form().data(), value.form().size());
    stored = DecimalView::OfForm({copy, value.form().size()});
  }
  const DecimalView before = Get();
  std::memcpy(bytes_, static_cast<const void*>(&stored), sizeof(stored));
  if (before.is_wide()) delete[] before.form().data();
}

template <bool kSquares>
struct NumericSums<kSquares>::Rest {
  WideDecimal sum;
  WideDecimal squares;
  int64_t nans = 0;
  int64_t infinities = 0;
  int64_t negative_infinities = 0;

  static void AddTo(WideDecimal* total, WideDecimal more) {
    const int scale = std::max(total->scale, more.scale);
    total->RescaleTo(scale);
    more.RescaleTo(scale);
    total->unscaled += more.unscaled;
  }
  void Add(const WideDecimal& value) {
    if (kSquares) AddTo(&squares, {value.unscaled * value.unscaled, 2 * value.scale});
    AddTo(&sum, value);
  }
};

template <bool kSquares>
typename NumericSums<kSquares>::Rest& NumericSums<kSquares>::rest() {
  if (rest_ == nullptr) rest_ = new Rest();
  return *rest_;
}

template <bool kSquares>
int64_t NumericSums<kSquares>::GrowthOf(const DecimalView& value) const {
  if (!value.is_wide()) return 0;
  // A sum is about as long as the longest that came.
  const size_t held = rest_ == nullptr ? 0 : rest_->sum.unscaled.BitCount() / 8;
  const size_t size = value.form().size();
  const size_t more = size > held ? size - held : 0;
  return static_cast<int64_t>((rest_ == nullptr ? sizeof(Rest) : 0) + (kSquares ? 3 : 1) * more);
}

template <bool kSquares>
void NumericSums<kSquares>::Flush() {
  Rest::AddTo(&rest().sum, {BigInteger::Of128(sum_), scale_});
  if (kSquares) Rest::AddTo(&rest().squares, {BigInteger::Of128(squares_), 2 * scale_});
  sum_ = 0;
  squares_ = 0;
}

template <bool kSquares>
void NumericSums<kSquares>::AddOther(const DecimalView& value) {
  if (!value.is_finite()) {
    Rest& counts = rest();
    ++(value.is_nan()     ? counts.nans
       : value.Sign() > 0 ? counts.infinities
                          : counts.negative_infinities);
    return;
  }
  if (value.is_wide()) return rest().Add(WideDecimal::Of(value));
  if (value.scale() > scale_) {
    // The sums take the greater scale, if not in 128 bits then from here on.
    if (sum_ != 0 || squares_ != 0) Flush();
    scale_ = static_cast<int16_t>(value.scale());
  }
  const auto scaled = value.Rescale(scale_);
  if (scaled.ok() && scaled->is_narrow() && AddUnscaled(scaled->unscaled())) return;
  Flush();
  if (!scaled.ok() || !scaled->is_narrow() || !AddUnscaled(scaled->unscaled())) {
    rest().Add(WideDecimal::Of(value));
  }
}

template <bool kSquares>
void NumericSums<kSquares>::Combine(const NumericSums& other) {
  if (other.count_ == 0) return;
  count_ += other.count_;
  if (other.rest_ == nullptr && rest_ == nullptr && scale_ == other.scale_) {
    __int128 sum;
    __int128 squares;
    if (!__builtin_add_overflow(__int128{sum_}, __int128{other.sum_}, &sum) &&
        !__builtin_add_overflow(__int128{squares_}, __int128{other.squares_}, &squares)) {
      sum_ = sum;
      squares_ = squares;
      return;
    }
  }
  Rest& all = rest();
  Rest::AddTo(&all.sum, {BigInteger::Of128(other.sum_), other.scale_});
  Rest::AddTo(&all.squares, {BigInteger::Of128(other.squares_), 2 * other.scale_});
  if (other.rest_ == nullptr) return;
  Rest::AddTo(&all.sum, other.rest_->sum);
  Rest::AddTo(&all.squares, other.rest_->squares);
  all.nans += other.rest_->nans;
  all.infinities += other.rest_->infinities;
  all.negative_infinities += other.rest_->negative_infinities;
}

template <bool kSquares>
void NumericSums<kSquares>::Destroy() {
  delete rest_;
  rest_ = nullptr;
}

template <bool kSquares>
DecimalView NumericSums<kSquares>::special() const {
  if (rest_ == nullptr) return {};
  if (rest_->nans > 0 || (rest_->infinities > 0 && rest_->negative_infinities > 0))
    return DecimalView::NaN();
  if (rest_->infinities > 0) return DecimalView::Infinity(false);
  return rest_->negative_infinities > 0 ? DecimalView::Infinity(true) : DecimalView();
}

template <bool kSquares>
WideDecimal NumericSums<kSquares>::sum() const {
  WideDecimal result{BigInteger::Of128(sum_), scale_};
  if (rest_ != nullptr) Rest::AddTo(&result, rest_->sum);
  return result;
}

template <bool kSquares>
WideDecimal NumericSums<kSquares>::squares() const {
  WideDecimal result{BigInteger::Of128(squares_), 2 * scale_};
  if (rest_ != nullptr) Rest::AddTo(&result, rest_->squares);
  return result;
}

template <bool kSquares>
absl::StatusOr<Decimal> NumericSums<kSquares>::total() const {
  if (const DecimalView found = special(); !found.is_finite()) return found;
  if (rest_ == nullptr && sum_ < DecimalView::kLimit && sum_ > -DecimalView::kLimit)
    return Decimal(sum_, scale_);
  return sum().Finish();
}

template class NumericSums<false>;
template class NumericSums<true>;

}  // namespace adbms::sql::functions
