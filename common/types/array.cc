#include "common/types/array.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "common/status/sql_error.h"
#include "common/types/element_form.h"
#include "common/types/key_form.h"

namespace adbms::types {
namespace {

constexpr size_t kHeader = 2;
constexpr size_t kDimensionBytes = 8;
constexpr uint8_t kHasNulls = 1;
constexpr uint8_t kVariable = 2;

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
  variable_ = physical_ == Physical::kString || (flags & kVariable) != 0;
  if (dimensions > kMaxDimensions || flags > (kHasNulls | kVariable) ||
      ((flags & kVariable) != 0 && physical_ != Physical::kDecimal)) {
    return;
  }
  size_t at = kHeader + size_t{dimensions} * kDimensionBytes;
  if (bytes.size() < at) return;
  ArrayShape shape;
  for (size_t i = 0; i < dimensions; ++i) {
    const char* bounds = bytes.data() + kHeader + i * kDimensionBytes;
    shape.Add(Read<uint32_t>(bounds), Read<int32_t>(bounds + 4));
  }
  const uint64_t count = shape.size();
  if (count > kMaxArraySize || (dimensions > 0 && count == 0)) return;
  const size_t null_bytes = (flags & kHasNulls) != 0 ? (count + 7) / 8 : 0;
  const size_t width = variable_ ? sizeof(uint32_t) : ElementWidth(physical_);
  if (bytes.size() - at < null_bytes || bytes.size() - at - null_bytes < count * width) return;
  if (null_bytes > 0) nulls_ = bytes.data() + at;
  data_ = bytes.substr(at + null_bytes);
  shape_ = shape;
  size_ = static_cast<uint32_t>(count);
  valid_ = variable_ || data_.size() == count * width;
}

std::string_view ArrayView::bytes(uint32_t i) const {
  if (!variable_) {
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
  LoadElement(bytes(i), out, row);
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
    if (view.variable_) {
      const auto next = Read<uint32_t>(view.data_.data() + i * sizeof(uint32_t));
      if (next < end) return false;
      end = next;
    }
  }
  const size_t total = view.variable_ ? view.size() * sizeof(uint32_t) + end
                                      : view.size() * ElementWidth(view.physical_);
  if (view.data_.size() != total || !view.shape().Check().ok()) return false;
  for (uint32_t i = 0; i < view.size(); ++i) {
    if (view.is_null(i)) continue;
    if (!IsWellFormedElement(view.bytes(i), view.element())) return false;
  }
  return true;
}

ArrayBuilder::ArrayBuilder(TypeId array)
    : array_(array),
      physical_(PhysicalOf(ElementOf(array))),
      variable_(physical_ == Physical::kString) {}

void ArrayBuilder::EndElement() {
  ++size_;
  if (!variable_) {
    const size_t width = ElementWidth(physical_);
    if (data_.size() == size_ * width) [[likely]]
      return;
    // The first wide decimal: those before it get ends.
    variable_ = true;
    for (uint32_t i = 1; i < size_; ++i) ends_.push_back(static_cast<uint32_t>(i * width));
  }
  ends_.push_back(static_cast<uint32_t>(data_.size()));
}

void ArrayBuilder::AddNull() {
  nulls_.resize(size_);
  nulls_.push_back(true);
  data_.append(ElementWidth(physical_), '\0');
  EndElement();
}

void ArrayBuilder::Add(const Value& value) {
  Vector one(Type{ElementOf(array_), 0});
  one.Append(value);
  Add(one, 0);
}

void ArrayBuilder::Add(const Vector& values, uint32_t row) {
  if (values.is_null(row)) return AddNull();
  AppendElement(values, row, &data_);
  EndElement();
}

void ArrayBuilder::Add(const ArrayView& other, uint32_t i) {
  if (other.is_null(i)) return AddNull();
  AddBytes(other.bytes(i));
}

void ArrayBuilder::AddBytes(std::string_view bytes) {
  data_.append(bytes);
  EndElement();
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
  const bool wide = variable_ && physical_ != Physical::kString;
  out.push_back(static_cast<char>((null_bytes > 0 ? kHasNulls : 0) | (wide ? kVariable : 0)));
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
  return CompareElementForms(a.bytes(i), b.bytes(j), a.element());
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
    AppendElementKey(view.bytes(i), view.element(), out);
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
