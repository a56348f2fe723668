#include "common/types/vector.h"

#include <algorithm>
#include <new>

#include "common/status/sql_error.h"

namespace adbms::types {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kFirstBlock = 4096;
constexpr size_t kLargestBlock = size_t{1} << 20;

uint32_t WordsFor(uint32_t rows) { return (rows + 63) / 64; }

template <typename T>
void GatherFixed(const Vector& input, const uint32_t* selection, uint32_t count, Vector* output) {
  const T* source = input.data<T>();
  T* target = output->data<T>();
  for (uint32_t i = 0; i < count; ++i) target[i] = source[selection[i]];
}

}  // namespace

Arena::~Arena() {
  // First: what is given back is somebody else's at once.
  blocks_.clear();
  if (counted_ > 0) account_->Give(counted_);
}

absl::Status TooLong(uint64_t size) {
  return status::Error(status::sqlstate::kProgramLimitExceeded, "requested length too large",
                       "The value would have " + std::to_string(size) + " bytes.",
                       "A value has at most 1 GB.");
}

absl::Status Arena::Refusal() const {
  return too_long_ > 0 ? TooLong(too_long_) : account_->Refusal();
}

bool Arena::Grow(size_t size) {
  const size_t block = std::max(size, std::clamp(allocated_, kFirstBlock, kLargestBlock));
  if (account_ != nullptr) {
    if (size > kLargestText) too_long_ = size;
    if (too_long_ > 0 || !account_->Take(static_cast<int64_t>(block))) {
      refused_ = true;
      return false;
    }
    counted_ += static_cast<int64_t>(block);
  }
  AddBlock(block);
  return true;
}

void Arena::AddBlock(size_t size) {
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
  next_ = blocks_.back().get();
  left_ = size;
  allocated_ += size;
}

void Vector::FreeDeleter::operator()(char* p) const {
  ::operator delete (p, std::align_val_t{kAlignment});
}

size_t WidthOf(Physical physical) {
  switch (physical) {
    case Physical::kBool:
      return sizeof(uint8_t);
    case Physical::kInt16:
      return sizeof(int16_t);
    case Physical::kInt32:
      return sizeof(int32_t);
    case Physical::kInt64:
      return sizeof(int64_t);
    case Physical::kFloat:
      return sizeof(float);
    case Physical::kDouble:
      return sizeof(double);
    case Physical::kDecimal:
      return sizeof(DecimalView);
    case Physical::kInterval:
      return sizeof(Interval);
    case Physical::kString:
      return sizeof(std::string_view);
  }
  return 0;
}

void Vector::Reserve(uint32_t size) {
  if (size <= capacity_) return;
  const size_t width = WidthOf(physical_);
  auto* memory = static_cast<char*>(
      ::operator new (std::max<size_t>(size, 1) * width, std::align_val_t{kAlignment}));
  if (size_ > 0) std::memcpy(memory, data_.get(), size_ * width);
  data_.reset(memory);
  capacity_ = size;
}

void Vector::Resize(uint32_t size) {
  if (size > capacity_) {
    const uint32_t doubled = capacity_ > UINT32_MAX / 2 ? UINT32_MAX : capacity_ * 2;
    Reserve(size_ == 0 ? size : std::max({size, doubled, uint32_t{16}}));
  }
  const size_t width = WidthOf(physical_);
  if (size > size_) std::memset(data_.get() + size_ * width, 0, (size - size_) * width);
  if (!validity_.empty()) {
    validity_.resize(std::max<uint32_t>(WordsFor(size), 1), ~uint64_t{0});
    for (uint32_t row = size_; row < size && (row & 63) != 0; ++row) SetValid(row);
  }
  size_ = size;
}

void Vector::Clear() {
  size_ = 0;
  validity_.clear();
  heap_.reset();
  own_heap_ = false;
  borrows_ = false;
  strings_counted_ = true;
  refused_ = nullptr;
}

void Vector::SetNull(uint32_t row) {
  if (validity_.empty()) {
    validity_.assign(std::max<uint32_t>(WordsFor(std::max(size_, row + 1)), 1), ~uint64_t{0});
  }
  validity_[row >> 6] &= ~(uint64_t{1} << (row & 63));
}

StringHeap* Vector::OwnHeap() {
  if (!own_heap_) {
    auto heap = std::make_shared<StringHeap>(account_);
    if (heap_ != nullptr) heap->others.push_back(std::move(heap_));
    heap_ = std::move(heap);
    own_heap_ = true;
  }
  return heap_.get();
}

Arena* Vector::arena() {
  strings_counted_ &= account_ != nullptr;
  return &OwnHeap()->arena;
}

void Vector::ShareStrings(const Vector& other) {
  borrows_ |= other.borrows_;
  if (other.heap_ == nullptr || other.heap_ == heap_) return;
  strings_counted_ &= other.strings_counted_;
  if (other.strings_refused()) refused_ = other.refused_arena();
  if (heap_ == nullptr) {
    heap_ = other.heap_;
    return;
  }
  // Runs of the same one are kept once; more is not worth looking for.
  std::vector<std::shared_ptr<const StringHeap>>& others = OwnHeap()->others;
  if (others.empty() || others.back() != other.heap_) others.push_back(other.heap_);
}

void Vector::AppendNull() {
  Resize(size_ + 1);
  SetNull(size_ - 1);
}

void Vector::Append(const Value& value) {
  Resize(size_ + 1);
  Set(size_ - 1, value);
}

void Vector::AppendFrom(const Vector& other, uint32_t row) {
  Resize(size_ + 1);
  if (other.is_null(row)) {
    SetNull(size_ - 1);
    return;
  }
  const size_t width = WidthOf(physical_);
  std::memcpy(data_.get() + (size_ - 1) * width, other.data_.get() + row * width, width);
}

void Vector::OwnString(uint32_t row) {
  if (physical_ == Physical::kString) {
    auto& value = data<std::string_view>()[row];
    value = arena()->Add(value);
    return;
  }
  auto& value = data<DecimalView>()[row];
  if (!value.is_wide()) return;
  const std::string_view form = arena()->Add(value.form());
  value = form.empty() ? DecimalView() : DecimalView::OfForm(form);
}

void Vector::CopyFrom(uint32_t row, const Vector& other, uint32_t other_row) {
  if (other.is_null(other_row)) {
    SetNull(row);
    return;
  }
  const size_t width = WidthOf(physical_);
  std::memcpy(data_.get() + row * width, other.data_.get() + other_row * width, width);
  if (MayHaveStrings(physical_)) OwnString(row);
}

void Vector::Set(uint32_t row, const Value& value) {
  if (value.is_null()) {
    SetNull(row);
    return;
  }
  SetValid(row);
  switch (physical_) {
    case Physical::kBool:
      data<uint8_t>()[row] = value.bool_value() ? 1 : 0;
      break;
    case Physical::kInt16:
      data<int16_t>()[row] = static_cast<int16_t>(value.int_value());
      break;
    case Physical::kInt32:
      data<int32_t>()[row] = static_cast<int32_t>(value.int_value());
      break;
    case Physical::kInt64:
      data<int64_t>()[row] = value.int_value();
      break;
    case Physical::kFloat:
      data<float>()[row] = static_cast<float>(value.float_value());
      break;
    case Physical::kDouble:
      data<double>()[row] = value.float_value();
      break;
    case Physical::kDecimal:
      SetDecimal(row, value.decimal());
      break;
    case Physical::kInterval:
      data<Interval>()[row] = value.interval();
      break;
    case Physical::kString:
      data<std::string_view>()[row] = arena()->Add(value.bytes());
      break;
  }
}

Value Vector::Get(uint32_t row) const {
  if (is_null(row)) return Value::Null(type_);
  Value value;
  switch (physical_) {
    case Physical::kBool:
      value = Value::Bool(data<uint8_t>()[row] != 0);
      break;
    case Physical::kInt16:
      value = Value::Int(type_.id, data<int16_t>()[row]);
      break;
    case Physical::kInt32:
      value = Value::Int(type_.id, data<int32_t>()[row]);
      break;
    case Physical::kInt64:
      value = Value::Int(type_.id, data<int64_t>()[row]);
      break;
    case Physical::kFloat:
      value = Value::Float(type_.id, data<float>()[row]);
      break;
    case Physical::kDouble:
      value = Value::Float(type_.id, data<double>()[row]);
      break;
    case Physical::kDecimal:
      value = Value::Numeric(data<DecimalView>()[row]);
      break;
    case Physical::kInterval:
      value = Value::OfInterval(data<Interval>()[row]);
      break;
    case Physical::kString:
      value = Value::String(type_, std::string(data<std::string_view>()[row]));
      break;
  }
  value.set_type(type_);
  return value;
}

VectorPtr Gather(const Vector& input, const uint32_t* selection, uint32_t count) {
  auto output = std::make_shared<Vector>(input.type());
  output->Resize(count);
  switch (input.physical()) {
    case Physical::kBool:
      GatherFixed<uint8_t>(input, selection, count, output.get());
      break;
    case Physical::kInt16:
      GatherFixed<int16_t>(input, selection, count, output.get());
      break;
    case Physical::kInt32:
    case Physical::kFloat:
      GatherFixed<int32_t>(input, selection, count, output.get());
      break;
    case Physical::kInt64:
    case Physical::kDouble:
      GatherFixed<int64_t>(input, selection, count, output.get());
      break;
    case Physical::kDecimal:
      GatherFixed<DecimalView>(input, selection, count, output.get());
      output->ShareStrings(input);
      break;
    case Physical::kInterval:
      GatherFixed<Interval>(input, selection, count, output.get());
      break;
    case Physical::kString:
      GatherFixed<std::string_view>(input, selection, count, output.get());
      output->ShareStrings(input);
      break;
  }
  if (input.may_have_nulls()) {
    for (uint32_t i = 0; i < count; ++i) {
      if (input.is_null(selection[i])) output->SetNull(i);
    }
  }
  return output;
}

Batch GatherCopy(const Batch& input, const uint32_t* selection, uint32_t count,
                 const MemoryAccountPtr& account) {
  Batch output;
  output.row_count = count;
  for (const auto& column : input.columns) {
    if (!column->has_strings()) {
      output.columns.push_back(Gather(*column, selection, count));
      continue;
    }
    auto copy = std::make_shared<Vector>(column->type());
    copy->CountStrings(account);
    copy->Resize(count);
    for (uint32_t i = 0; i < count; ++i) {
      copy->CopyFrom(i, *column, selection[i]);
    }
    output.columns.push_back(std::move(copy));
  }
  return output;
}

Batch Gather(const Batch& input, const uint32_t* selection, uint32_t count) {
  Batch output;
  output.row_count = count;
  output.columns.reserve(input.columns.size());
  for (const auto& column : input.columns) {
    output.columns.push_back(Gather(*column, selection, count));
  }
  return output;
}

}  // namespace adbms::types
