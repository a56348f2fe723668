#include "common/types/jsonb_builder.h"

#include <algorithm>
#include <numeric>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;

template <typename T>
void Put(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

absl::Status TooDeep() {
  return status::Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded");
}

absl::Status TooLargeString(std::string_view what) {
  return status::Error(sqlstate::kProgramLimitExceeded,
                       "string too long to represent as jsonb " + std::string(what),
                       "Due to an implementation restriction, jsonb strings cannot exceed " +
                           std::to_string(kLargestJsonb) + " bytes.");
}

absl::Status TooLarge(bool object) {
  return status::Error(sqlstate::kProgramLimitExceeded,
                       std::string("total size of jsonb ") + (object ? "object" : "array") +
                           " elements exceeds the maximum of " + std::to_string(kLargestJsonb) +
                           " bytes");
}

}  // namespace

absl::Status JsonbBuilder::EndValue() {
  if (frames_.empty()) return absl::OkStatus();
  const size_t size = out_.size() - frames_.back().first_byte;
  if (size > kLargestJsonb) return TooLarge(frames_.back().object);
  value_ends_.push_back(static_cast<uint32_t>(size));
  return absl::OkStatus();
}

absl::Status JsonbBuilder::Begin(bool object) {
  if (frames_.size() >= static_cast<size_t>(kDeepestJson)) return TooDeep();
  frames_.push_back({object, 1, out_.size(), keys_.size(), value_ends_.size(), key_ends_.size()});
  return absl::OkStatus();
}

absl::Status JsonbBuilder::BeginObject() { return Begin(true); }
absl::Status JsonbBuilder::BeginArray() { return Begin(false); }

std::string_view JsonbBuilder::KeyAt(const Frame& frame, size_t member) const {
  const size_t begin = member == 0 ? 0 : key_ends_[frame.first_key_end + member - 1];
  const size_t end = key_ends_[frame.first_key_end + member];
  return std::string_view(keys_).substr(frame.first_key + begin, end - begin);
}

// By key, the last of equal ones. Where they are so already nothing moves.
void JsonbBuilder::SortMembers(Frame& frame) {
  const size_t count = value_ends_.size() - frame.first_end;
  bool sorted = true;
  for (size_t i = 1; i < count && sorted; ++i) {
    sorted = CompareJsonbKeys(KeyAt(frame, i - 1), KeyAt(frame, i)) < 0;
  }
  if (sorted) return;
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return CompareJsonbKeys(KeyAt(frame, a), KeyAt(frame, b)) < 0;
  });
  std::string values;
  std::string keys;
  std::vector<uint32_t> value_ends;
  std::vector<uint32_t> key_ends;
  frame.depth = 1;  // What falls away may have been the deepest.
  for (size_t i = 0; i < count; ++i) {
    const uint32_t member = order[i];
    if (i + 1 < count && KeyAt(frame, member) == KeyAt(frame, order[i + 1])) continue;
    const size_t begin = member == 0 ? 0 : value_ends_[frame.first_end + member - 1];
    const size_t end = value_ends_[frame.first_end + member];
    const std::string_view value(out_.data() + frame.first_byte + begin, end - begin);
    frame.depth = std::max(frame.depth, static_cast<uint16_t>(Jsonb(value).depth() + 1));
    values.append(value);
    keys.append(KeyAt(frame, member));
    value_ends.push_back(static_cast<uint32_t>(values.size()));
    key_ends.push_back(static_cast<uint32_t>(keys.size()));
  }
  out_.resize(frame.first_byte);
  out_.append(values);
  keys_.resize(frame.first_key);
  keys_.append(keys);
  value_ends_.resize(frame.first_end);
  value_ends_.insert(value_ends_.end(), value_ends.begin(), value_ends.end());
  key_ends_.resize(frame.first_key_end);
  key_ends_.insert(key_ends_.end(), key_ends.begin(), key_ends.end());
}

absl::Status JsonbBuilder::Close(JsonbTag tag, uint32_t count, const Frame& frame) {
  Put(count, &out_);
  Put(frame.depth, &out_);
  out_.push_back(JsonbTagByte(tag));
  if (!frames_.empty()) {
    frames_.back().depth = std::max(frames_.back().depth, static_cast<uint16_t>(frame.depth + 1));
  }
  return EndValue();
}

absl::Status JsonbBuilder::EndArray() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  const size_t count = value_ends_.size() - frame.first_end;
  for (size_t i = 0; i < count; ++i) Put(value_ends_[frame.first_end + i], &out_);
  value_ends_.resize(frame.first_end);
  return Close(JsonbTag::kArray, static_cast<uint32_t>(count), frame);
}

absl::Status JsonbBuilder::EndObject() {
  Frame frame = frames_.back();
  frames_.pop_back();
  SortMembers(frame);
  const size_t count = value_ends_.size() - frame.first_end;
  const auto keys_begin = static_cast<uint32_t>(out_.size() - frame.first_byte);
  if (keys_begin + (keys_.size() - frame.first_key) > kLargestJsonb) return TooLarge(true);
  out_.append(keys_, frame.first_key);
  for (size_t i = 0; i < count; ++i) Put(value_ends_[frame.first_end + i], &out_);
  for (size_t i = 0; i < count; ++i) Put(keys_begin + key_ends_[frame.first_key_end + i], &out_);
  keys_.resize(frame.first_key);
  value_ends_.resize(frame.first_end);
  key_ends_.resize(frame.first_key_end);
  return Close(JsonbTag::kObject, static_cast<uint32_t>(count), frame);
}

absl::Status JsonbBuilder::Key(std::string_view key) {
  if (key.size() > kLargestJsonb) return TooLargeString("string");
  const Frame& frame = frames_.back();
  keys_.append(key);
  if (keys_.size() - frame.first_key > kLargestJsonb) return TooLarge(true);
  key_ends_.push_back(static_cast<uint32_t>(keys_.size() - frame.first_key));
  return absl::OkStatus();
}

absl::Status JsonbBuilder::String(std::string_view text) {
  if (text.size() > kLargestJsonb) return TooLargeString("string");
  out_.append(text);
  out_.push_back(JsonbTagByte(JsonbTag::kString));
  return EndValue();
}

absl::Status JsonbBuilder::Number(std::string_view token) {
  ASSIGN_OR_RETURN(const JsonbNumber number, ReadJsonbNumber(token, &digits_));
  if (number.scale == 0) {
    if (number.IsZero()) out_.push_back('0');
    out_.append(number.digits);
    out_.append(static_cast<size_t>(number.exponent) - number.digits.size(), '0');
    out_.push_back(JsonbTagByte(number.negative ? JsonbTag::kNegativeInteger : JsonbTag::kInteger));
    return EndValue();
  }
  out_.append(number.digits);
  const size_t length = JsonbNumberLength(number);
  if (length > number.digits.size() + kNumberPadding) {
    out_.append(length - number.digits.size() - kNumberPadding, '0');
  }
  Put(number.exponent, &out_);
  Put(number.scale, &out_);
  out_.push_back(JsonbTagByte(number.negative ? JsonbTag::kNegativeNumber : JsonbTag::kNumber));
  return EndValue();
}

absl::Status JsonbBuilder::Bool(bool value) {
  out_.push_back(JsonbTagByte(value ? JsonbTag::kTrue : JsonbTag::kFalse));
  return EndValue();
}

absl::Status JsonbBuilder::Null() {
  out_.push_back(JsonbTagByte(JsonbTag::kNull));
  return EndValue();
}

absl::Status JsonbBuilder::Add(const Jsonb& value) {
  if (frames_.size() + static_cast<size_t>(value.depth()) > static_cast<size_t>(kDeepestJson)) {
    return TooDeep();
  }
  out_.append(value.bytes());
  if (!frames_.empty()) {
    frames_.back().depth = std::max(frames_.back().depth, static_cast<uint16_t>(value.depth() + 1));
  }
  return EndValue();
}

std::string JsonbBuilder::Take() { return std::move(out_); }

}  // namespace adbms::types
