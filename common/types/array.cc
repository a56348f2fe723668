#include "common/types/array.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "common/status/sql_error.h"
#include "common/types/decimal_math.h"
#include "common/types/form.h"
#include "common/types/key_form.h"

namespace adbms::types {
namespace {

constexpr size_t kHeader = 2;
constexpr size_t kDimensionBytes = 8;
constexpr size_t kDecimalBytes = 17;
constexpr int8_t kNanScale = -1;
constexpr uint8_t kHasNulls = 1;

// Of an element in the form; 0 for strings.
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

bool IsDecimal(const char* bytes) {
  static const int128 limit = PowerOfTen(Decimal::kMaxDigits);
  const auto unscaled = Read<int128>(bytes);
  const auto scale = Read<int8_t>(bytes + sizeof(int128));
  return scale >= kNanScale && scale <= Decimal::kMaxDigits && unscaled < limit &&
         unscaled > -limit;
}

// 0 for bytes that are none.
Decimal ReadDecimal(const char* bytes) {
  if (!IsDecimal(bytes)) return Decimal();
  const auto scale = Read<int8_t>(bytes + sizeof(int128));
  if (scale == kNanScale) return Decimal{0, 0, true};
  return Decimal{Read<int128>(bytes), scale, false};
}

void PutDecimal(const Decimal& value, std::string* out) {
  Put(value.unscaled, out);
  Put(value.nan ? kNanScale : static_cast<int8_t>(value.scale), out);
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

template <typename T>
int CompareNumbers(T a, T b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

}  // namespace

absl::Status TooManyElements() {
  return status::Error(
      status::sqlstate::kProgramLimitExceeded,
      "array size exceeds the maximum allowed (" + std::to_string(kMaxArraySize) + ")");
}

absl::Status TooManyDimensions(int64_t dimensions) {
  return status::Error(status::sqlstate::kProgramLimitExceeded,
                       "number of array dimensions (" + std::to_string(dimensions) +
                           ") exceeds the maximum allowed (" + std::to_string(kMaxDimensions) +
                           ")");
}

ArrayShape ArrayShape::OfLength(uint32_t length, int32_t lower) {
  ArrayShape shape;
  if (length > 0) shape.Add(length, lower);
  return shape;
}

void ArrayShape::Add(uint32_t length, int32_t lower) {
  lengths[static_cast<size_t>(dimensions)] = length;
  lowers[static_cast<size_t>(dimensions)] = lower;
  ++dimensions;
}

uint64_t ArrayShape::size() const {
  if (dimensions == 0) return 0;
  uint64_t count = 1;
  for (int i = 0; i < dimensions; ++i) {
    count *= length(i);
    if (count > kMaxArraySize) return uint64_t{kMaxArraySize} + 1;
  }
  return count;
}

absl::Status ArrayShape::Check() const {
  if (size() > kMaxArraySize) return TooManyElements();
  for (int i = 0; i < dimensions; ++i) {
    // As in PostgreSQL one beyond the last subscript is an int4 too.
    if (int64_t{lower(i)} + length(i) > std::numeric_limits<int32_t>::max()) {
      return status::Error(status::sqlstate::kProgramLimitExceeded,
                           "array lower bound is too large: " + std::to_string(lower(i)));
    }
  }
  return absl::OkStatus();
}

bool operator==(const ArrayShape& a, const ArrayShape& b) {
  const auto count = static_cast<size_t>(a.dimensions);
  return a.dimensions == b.dimensions &&
         std::equal(a.lengths.begin(), a.lengths.begin() + count, b.lengths.begin()) &&
         std::equal(a.lowers.begin(), a.lowers.begin() + count, b.lowers.begin());
}

ArrayView::ArrayView(std::string_view bytes, TypeId array)
    : element_(ElementOf(array)), physical_(PhysicalOf(element_)) {
  if (bytes.size() < kHeader) return;
  const auto dimensions = static_cast<uint8_t>(bytes[0]);
  const auto flags = static_cast<uint8_t>(bytes[1]);
  if (dimensions > kMaxDimensions || flags > kHasNulls) return;
  size_t at = kHeader + size_t{dimensions} * kDimensionBytes;
  if (bytes.size() < at) return;
  ArrayShape shape;
  for (size_t i = 0; i < dimensions; ++i) {
    const char* bounds = bytes.data() + kHeader + i * kDimensionBytes;
    shape.Add(Read<uint32_t>(bounds), Read<int32_t>(bounds + 4));
  }
  const uint64_t count = shape.size();
  if (count > kMaxArraySize || (dimensions > 0 && count == 0)) return;
  const size_t null_bytes = flags == kHasNulls ? (count + 7) / 8 : 0;
  const size_t width = physical_ == Physical::kString ? sizeof(uint32_t) : ElementWidth(physical_);
  if (bytes.size() - at < null_bytes || bytes.size() - at - null_bytes < count * width) return;
  if (null_bytes > 0) nulls_ = bytes.data() + at;
  data_ = bytes.substr(at + null_bytes);
  shape_ = shape;
  size_ = static_cast<uint32_t>(count);
  valid_ = physical_ == Physical::kString || data_.size() == count * width;
}

std::string_view ArrayView::bytes(uint32_t i) const {
  if (physical_ != Physical::kString) {
    const size_t width = ElementWidth(physical_);
    return data_.substr(i * width, width);
  }
  const size_t base = size_t{size_} * sizeof(uint32_t);
  const size_t begin = i == 0 ? 0 : Read<uint32_t>(data_.data() + (i - 1) * sizeof(uint32_t));
  const size_t end = Read<uint32_t>(data_.data() + i * sizeof(uint32_t));
  if (begin > end || base + end > data_.size()) return {};
  return data_.substr(base + begin, end - begin);
}

void ArrayView::Load(uint32_t i, Vector* out, uint32_t row) const {
  if (is_null(i)) {
    out->SetNull(row);
    return;
  }
  out->SetValid(row);
  const std::string_view element = bytes(i);
  if (physical_ == Physical::kString) {
    out->data<std::string_view>()[row] = element;
  } else if (physical_ == Physical::kDecimal) {
    out->data<Decimal>()[row] = ReadDecimal(element.data());
  } else {
    std::memcpy(out->data<char>() + row * element.size(), element.data(), element.size());
  }
}

Value ArrayView::Get(uint32_t i) const {
  Vector one(Type{element_, 0});
  one.Resize(1);
  Load(i, &one, 0);
  return one.Get(0);
}

Vector ArrayView::Elements(const Type& type) const {
  Vector elements(type);
  elements.Resize(size_);
  for (uint32_t i = 0; i < size_; ++i) Load(i, &elements, i);
  return elements;
}

bool IsWellFormedArray(std::string_view bytes, TypeId array) {
  const ArrayView view(bytes, array);
  if (!view.valid_) return bytes == std::string_view("\0\0", 2);
  if (IsVector(array) && view.shape().dimensions > 1) return false;
  uint32_t end = 0;
  for (uint32_t i = 0; i < view.size(); ++i) {
    if (view.physical_ == Physical::kString) {
      const auto next = Read<uint32_t>(view.data_.data() + i * sizeof(uint32_t));
      if (next < end) return false;
      end = next;
    }
  }
  const size_t total = view.physical_ == Physical::kString
                           ? view.size() * sizeof(uint32_t) + end
                           : view.size() * ElementWidth(view.physical_);
  if (view.data_.size() != total || !view.shape().Check().ok()) return false;
  for (uint32_t i = 0; i < view.size(); ++i) {
    if (view.is_null(i)) continue;
    const std::string_view element = view.bytes(i);
    switch (view.physical_) {
      case Physical::kString:
        if (!IsWellFormed(view.element(), element)) return false;
        break;
      case Physical::kDecimal:
        if (!IsDecimal(element.data())) return false;
        break;
      case Physical::kBool:
        if (element[0] != 0 && element[0] != 1) return false;
        break;
      default:
        break;
    }
  }
  return true;
}

ArrayBuilder::ArrayBuilder(TypeId array) : array_(array), physical_(PhysicalOf(ElementOf(array))) {}

void ArrayBuilder::AddNull() {
  nulls_.resize(size_);
  nulls_.push_back(true);
  ++size_;
  if (physical_ == Physical::kString) {
    ends_.push_back(static_cast<uint32_t>(data_.size()));
  } else {
    data_.append(ElementWidth(physical_), '\0');
  }
}

void ArrayBuilder::Add(const Value& value) {
  Vector one(Type{ElementOf(array_), 0});
  one.Append(value);
  Add(one, 0);
}

void ArrayBuilder::Add(const Vector& values, uint32_t row) {
  if (values.is_null(row)) return AddNull();
  switch (physical_) {
    case Physical::kString:
      return AddBytes(values.data<std::string_view>()[row]);
    case Physical::kDecimal:
      PutDecimal(values.data<Decimal>()[row], &data_);
      break;
    default: {
      const size_t width = ElementWidth(physical_);
      data_.append(values.data<char>() + row * width, width);
    }
  }
  ++size_;
}

void ArrayBuilder::Add(const ArrayView& other, uint32_t i) {
  if (other.is_null(i)) return AddNull();
  if (physical_ == Physical::kString) return AddBytes(other.bytes(i));
  data_.append(other.bytes(i));
  ++size_;
}

void ArrayBuilder::AddBytes(std::string_view bytes) {
  data_.append(bytes);
  ends_.push_back(static_cast<uint32_t>(data_.size()));
  ++size_;
}

std::string ArrayBuilder::Finish() const {
  return Finish(ArrayShape::OfLength(size_, IsVector(array_) ? 0 : 1));
}

std::string ArrayBuilder::Finish(const ArrayShape& shape) const {
  if (size_ == 0) return std::string(kHeader, '\0');
  const size_t null_bytes = nulls_.empty() ? 0 : (size_t{size_} + 7) / 8;
  std::string out;
  out.reserve(kHeader + static_cast<size_t>(shape.dimensions) * kDimensionBytes + null_bytes +
              ends_.size() * sizeof(uint32_t) + data_.size());
  out.push_back(static_cast<char>(shape.dimensions));
  out.push_back(null_bytes > 0 ? static_cast<char>(kHasNulls) : '\0');
  for (int i = 0; i < shape.dimensions; ++i) {
    Put(shape.length(i), &out);
    Put(shape.lower(i), &out);
  }
  const size_t bitmap = out.size();
  out.append(null_bytes, '\0');
  for (size_t i = 0; i < nulls_.size(); ++i) {
    if (nulls_[i]) out[bitmap + i / 8] = static_cast<char>(out[bitmap + i / 8] | 1 << (i % 8));
  }
  out.append(reinterpret_cast<const char*>(ends_.data()), ends_.size() * sizeof(uint32_t));
  out.append(data_);
  return out;
}

int CompareElements(const ArrayView& a, uint32_t i, const ArrayView& b, uint32_t j) {
  const std::string_view x = a.bytes(i);
  const std::string_view y = b.bytes(j);
  // Of types that a damaged plan has mixed up.
  const size_t width = ElementWidth(PhysicalOf(a.element()));
  if (x.size() < width || y.size() < width) return 0;
  switch (PhysicalOf(a.element())) {
    case Physical::kBool:
      return CompareAs<uint8_t>(x.data(), y.data());
    case Physical::kInt16:
      return CompareAs<int16_t>(x.data(), y.data());
    case Physical::kInt32:
      return CompareAs<int32_t>(x.data(), y.data());
    case Physical::kInt64:
      return CompareAs<int64_t>(x.data(), y.data());
    case Physical::kFloat:
      return CompareFloats<float>(x.data(), y.data());
    case Physical::kDouble:
      return CompareFloats<double>(x.data(), y.data());
    case Physical::kDecimal:
      return Sign(Compare(ReadDecimal(x.data()), ReadDecimal(y.data())));
    case Physical::kInterval:
      return Sign(Compare(Read<Interval>(x.data()), Read<Interval>(y.data())));
    case Physical::kString:
      break;
  }
  return CompareStrings(a.element(), x, y);
}

int CompareArrays(std::string_view a, std::string_view b, TypeId array) {
  const ArrayView x(a, array);
  const ArrayView y(b, array);
  const uint32_t common = std::min(x.size(), y.size());
  for (uint32_t i = 0; i < common; ++i) {
    if (x.is_null(i) || y.is_null(i)) {
      if (x.is_null(i) && y.is_null(i)) continue;
      return x.is_null(i) ? 1 : -1;
    }
    if (const int order = CompareElements(x, i, y, i); order != 0) return order;
  }
  if (x.size() != y.size()) return CompareNumbers(x.size(), y.size());
  const ArrayShape& s = x.shape();
  const ArrayShape& t = y.shape();
  if (s.dimensions != t.dimensions) return CompareNumbers(s.dimensions, t.dimensions);
  for (int i = 0; i < s.dimensions; ++i) {
    if (s.length(i) != t.length(i)) return CompareNumbers(s.length(i), t.length(i));
  }
  for (int i = 0; i < s.dimensions; ++i) {
    if (s.lower(i) != t.lower(i)) return CompareNumbers(s.lower(i), t.lower(i));
  }
  return 0;
}

void AppendArrayKey(std::string_view bytes, TypeId array, std::string* out) {
  constexpr char kEnd = 1;
  constexpr char kElement = 2;
  constexpr char kNull = 3;
  const ArrayView view(bytes, array);
  for (uint32_t i = 0; i < view.size(); ++i) {
    out->push_back(view.is_null(i) ? kNull : kElement);
    if (view.is_null(i)) continue;
    const std::string_view element = view.bytes(i);
    const char* at = element.data();
    switch (PhysicalOf(view.element())) {
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
        key_form::AppendDecimal(ReadDecimal(at), out);
        break;
      case Physical::kInterval:
        key_form::AppendInterval(Read<Interval>(at), out);
        break;
      case Physical::kString:
        key_form::AppendString(element, view.element(), out);
        break;
    }
  }
  out->push_back(kEnd);
  out->push_back(static_cast<char>(view.shape().dimensions));
  for (int i = 0; i < view.shape().dimensions; ++i)
    key_form::AppendBigEndian(view.shape().length(i), out);
  for (int i = 0; i < view.shape().dimensions; ++i)
    key_form::AppendSigned(view.shape().lower(i), out);
}

std::vector<ArrayElement> TextElements(std::string_view text_array) {
  const ArrayView view(text_array, TypeId::kTextArray);
  std::vector<ArrayElement> elements(view.size());
  for (uint32_t i = 0; i < view.size(); ++i) {
    elements[i].null = view.is_null(i);
    if (!elements[i].null) elements[i].text = view.bytes(i);
  }
  return elements;
}

std::string TextArray(const std::vector<ArrayElement>& elements) {
  ArrayBuilder builder(TypeId::kTextArray);
  for (const ArrayElement& element : elements) {
    if (element.null) {
      builder.AddNull();
    } else {
      builder.AddBytes(element.text);
    }
  }
  return builder.Finish();
}

}  // namespace adbms::types
