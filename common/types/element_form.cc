#include "common/types/element_form.h"

#include <cstring>

#include "common/types/form.h"
#include "common/types/key_form.h"

namespace adbms::types {
namespace {

constexpr size_t kDecimalBytes = 17;
constexpr int8_t kNanScale = -1;
constexpr int8_t kWideScale = -2;
constexpr int8_t kInfinityScale = -3;
constexpr int8_t kNegativeInfinityScale = -4;

template <typename T>
T Read(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

template <typename T>
void Put(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendDecimal(const DecimalView& value, std::string* out) {
  Put(value.is_narrow() ? value.unscaled() : int128{0}, out);
  int8_t scale = static_cast<int8_t>(value.scale());
  if (value.is_wide()) scale = kWideScale;
  if (value.is_nan()) scale = kNanScale;
  if (value.is_infinite()) scale = value.Sign() < 0 ? kNegativeInfinityScale : kInfinityScale;
  Put(scale, out);
  if (value.is_wide()) out->append(value.form());
}

bool IsDecimal(std::string_view bytes) {
  const auto unscaled = Read<int128>(bytes.data());
  const auto scale = Read<int8_t>(bytes.data() + sizeof(int128));
  if (scale == kWideScale) return DecimalView::IsForm(bytes.substr(kDecimalBytes));
  return bytes.size() == kDecimalBytes && scale >= kNegativeInfinityScale &&
         scale <= DecimalView::kMaxDigits && unscaled < DecimalView::kLimit &&
         unscaled > -DecimalView::kLimit;
}

// Borrows the bytes. 0 for those that are none.
DecimalView ReadDecimal(std::string_view bytes) {
  const auto unscaled = Read<int128>(bytes.data());
  const auto scale = Read<int8_t>(bytes.data() + sizeof(int128));
  const std::string_view form = bytes.substr(kDecimalBytes);
  switch (scale) {
    case kNanScale:
      return DecimalView::NaN();
    case kInfinityScale:
    case kNegativeInfinityScale:
      return DecimalView::Infinity(scale == kNegativeInfinityScale);
    case kWideScale:
      return DecimalView::IsForm(form) ? DecimalView::OfForm(form) : DecimalView();
    default:
      return IsDecimal(bytes) ? DecimalView(unscaled, scale) : DecimalView();
  }
}

int Sign(std::strong_ordering order) { return order < 0 ? -1 : (order > 0 ? 1 : 0); }

template <typename T>
int CompareAs(const char* a, const char* b) {
  const T x = Read<T>(a);
  const T y = Read<T>(b);
  return x < y ? -1 : (y < x ? 1 : 0);
}

template <typename T>
int CompareFloats(const char* a, const char* b) {
  const T x = Read<T>(a);
  const T y = Read<T>(b);
  if (x != x) return y != y ? 0 : 1;  // NaN is the greatest.
  if (y != y) return -1;
  return x < y ? -1 : (y < x ? 1 : 0);
}

}  // namespace

size_t ElementWidth(Physical physical) {
  switch (physical) {
    case Physical::kString:
      return 0;
    case Physical::kDecimal:
      return kDecimalBytes;
    default:
      return WidthOf(physical);
  }
}

void AppendElement(const Vector& values, uint32_t row, std::string* out) {
  switch (values.physical()) {
    case Physical::kString:
      out->append(values.data<std::string_view>()[row]);
      break;
    case Physical::kDecimal:
      AppendDecimal(values.data<DecimalView>()[row], out);
      break;
    default: {
      const size_t width = ElementWidth(values.physical());
      out->append(values.data<char>() + row * width, width);
    }
  }
}

void LoadElement(std::string_view bytes, Vector* out, uint32_t row) {
  out->SetValid(row);
  const size_t width = ElementWidth(out->physical());
  if (bytes.size() < width) return;
  if (out->physical() == Physical::kString) {
    out->data<std::string_view>()[row] = bytes;
  } else if (out->physical() == Physical::kDecimal) {
    const DecimalView value = ReadDecimal(bytes);
    out->data<DecimalView>()[row] = value;
    if (value.is_wide()) out->BorrowStrings();
  } else {
    std::memcpy(out->data<char>() + row * width, bytes.data(), width);
  }
}

bool IsWellFormedElement(std::string_view bytes, TypeId id) {
  const Physical physical = PhysicalOf(id);
  if (physical == Physical::kString) return IsWellFormed(id, bytes);
  if (bytes.size() < ElementWidth(physical)) return false;
  if (physical == Physical::kDecimal) return IsDecimal(bytes);
  if (bytes.size() > ElementWidth(physical)) return false;
  return physical != Physical::kBool || bytes[0] == 0 || bytes[0] == 1;
}

int CompareElementForms(std::string_view a, std::string_view b, TypeId id) {
  const Physical physical = PhysicalOf(id);
  // Of types that a damaged plan has mixed up.
  const size_t width = ElementWidth(physical);
  if (a.size() < width || b.size() < width) return 0;
  const char* const x = a.data();
  const char* const y = b.data();
  switch (physical) {
    case Physical::kBool:
      return CompareAs<uint8_t>(x, y);
    case Physical::kInt16:
      return CompareAs<int16_t>(x, y);
    case Physical::kInt32:
      return CompareAs<int32_t>(x, y);
    case Physical::kInt64:
      return CompareAs<int64_t>(x, y);
    case Physical::kFloat:
      return CompareFloats<float>(x, y);
    case Physical::kDouble:
      return CompareFloats<double>(x, y);
    case Physical::kDecimal:
      return Sign(Compare(ReadDecimal(a), ReadDecimal(b)));
    case Physical::kInterval:
      return Sign(Compare(Read<Interval>(x), Read<Interval>(y)));
    case Physical::kString:
      break;
  }
  return CompareStrings(id, a, b);
}

void AppendElementKey(std::string_view bytes, TypeId id, std::string* out) {
  const Physical physical = PhysicalOf(id);
  const char* const at = bytes.data();
  if (bytes.size() < ElementWidth(physical)) return;
  switch (physical) {
    case Physical::kBool:
      out->push_back(*at);
      break;
    case Physical::kInt16:
      key_form::AppendSigned(Read<int16_t>(at), out);
      break;
    case Physical::kInt32:
      key_form::AppendSigned(Read<int32_t>(at), out);
      break;
    case Physical::kInt64:
      key_form::AppendSigned(Read<int64_t>(at), out);
      break;
    case Physical::kFloat:
      key_form::AppendFloat(Read<float>(at), out);
      break;
    case Physical::kDouble:
      key_form::AppendFloat(Read<double>(at), out);
      break;
    case Physical::kDecimal:
      key_form::AppendDecimal(ReadDecimal(bytes), out);
      break;
    case Physical::kInterval:
      key_form::AppendInterval(Read<Interval>(at), out);
      break;
    case Physical::kString:
      key_form::AppendString(bytes, id, out);
      break;
  }
}

}  // namespace adbms::types
