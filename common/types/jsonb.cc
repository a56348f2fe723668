#include "common/types/jsonb.h"

#include <algorithm>
#include <cstring>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"

namespace adbms::types {
namespace {

constexpr size_t kFooter = 7;  // How many, depth and tag.
constexpr size_t kNumberFooter = 7;

template <typename T>
T Load(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

JsonbKind KindOf(JsonbTag tag) {
  switch (tag) {
    case JsonbTag::kNull:
      return JsonbKind::kNull;
    case JsonbTag::kFalse:
    case JsonbTag::kTrue:
      return JsonbKind::kBool;
    case JsonbTag::kString:
      return JsonbKind::kString;
    case JsonbTag::kArray:
      return JsonbKind::kArray;
    case JsonbTag::kObject:
      return JsonbKind::kObject;
    default:
      return JsonbKind::kNumber;
  }
}

absl::Status Corrupt() {
  return status::Error(status::sqlstate::kDataCorrupted, "malformed jsonb value");
}

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsNumber(std::string_view bytes) {
  const auto tag = static_cast<JsonbTag>(bytes.back() & 0x0f);
  if (tag == JsonbTag::kInteger || tag == JsonbTag::kNegativeInteger) {
    const std::string_view digits = bytes.substr(0, bytes.size() - 1);
    if (digits.empty() || digits.size() > kMostJsonbExponent || !AllDigits(digits)) return false;
    return digits[0] != '0' || (digits.size() == 1 && tag == JsonbTag::kInteger);
  }
  if (bytes.size() < kNumberFooter) return false;
  const std::string_view digits = bytes.substr(0, bytes.size() - kNumberFooter);
  const auto exponent = Load<int32_t>(bytes, digits.size());
  const int32_t scale = Load<uint16_t>(bytes, digits.size() + 4);
  if (scale < 1 || scale > kMostJsonbScale || !AllDigits(digits)) return false;
  if (exponent > kMostJsonbExponent || exponent < -scale) return false;
  const JsonbNumber number = Jsonb(bytes).number();
  if (JsonbNumberLength(number) > digits.size() + kNumberPadding) return false;
  if (number.IsZero()) return exponent == 0 && tag == JsonbTag::kNumber;
  // No digit stands beyond the scale.
  return digits.front() != '0' && static_cast<int64_t>(number.digits.size()) - exponent <= scale;
}

bool IsValid(std::string_view bytes, int deepest);

// The ends ascend, and the parts that they cut are what they should be.
bool IsContainer(const Jsonb& value, int deepest) {
  const bool object = value.kind() == JsonbKind::kObject;
  const size_t count = value.size();
  const std::string_view bytes = value.bytes();
  const size_t ends = object ? 2 * count : count;
  const size_t tables = bytes.size() - kFooter - 4 * ends;
  uint32_t last = 0;
  for (size_t i = 0; i < ends; ++i) {
    const auto end = Load<uint32_t>(bytes, tables + 4 * i);
    if (end < last || end > tables) return false;
    last = end;
  }
  if (last != tables) return false;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t first = i == 0 ? 0 : Load<uint32_t>(bytes, tables + 4 * (i - 1));
    const auto end = Load<uint32_t>(bytes, tables + 4 * i);
    if (!IsValid(bytes.substr(first, end - first), deepest)) return false;
    if (!object) continue;
    if (!ValidateUtf8(value.Key(i)).ok()) return false;
    if (i > 0 && CompareJsonbKeys(value.Key(i - 1), value.Key(i)) >= 0) return false;
  }
  return true;
}

bool IsValid(std::string_view bytes, int deepest) {
  if (bytes.empty() || static_cast<uint8_t>(bytes.back()) >> 4 != kJsonbVersion) return false;
  const auto tag = static_cast<JsonbTag>(bytes.back() & 0x0f);
  if (tag > JsonbTag::kObject) return false;
  switch (KindOf(tag)) {
    case JsonbKind::kNull:
    case JsonbKind::kBool:
      return bytes.size() == 1;
    case JsonbKind::kNumber:
      return IsNumber(bytes);
    case JsonbKind::kString:
      return ValidateUtf8(bytes.substr(0, bytes.size() - 1)).ok();
    default: {
      const Jsonb value(bytes);
      // What does not fit reads as null.
      return value.IsContainer() && value.depth() <= deepest &&
             IsContainer(value, value.depth() - 1);
    }
  }
}

}  // namespace

Jsonb::Jsonb(std::string_view bytes, int deepest) {
  if (bytes.empty() || static_cast<uint8_t>(bytes.back()) >> 4 != kJsonbVersion) return;
  const auto tag = static_cast<JsonbTag>(bytes.back() & 0x0f);
  if (tag > JsonbTag::kObject) return;
  bytes_ = bytes;
  kind_ = KindOf(tag);
  if (kind_ >= JsonbKind::kArray) ReadContainer(deepest);
}

void Jsonb::ReadContainer(int deepest) {
  const std::string_view bytes = bytes_;
  const bool object = kind_ == JsonbKind::kObject;
  const size_t count =
      bytes.size() < kFooter ? SIZE_MAX : Load<uint32_t>(bytes, bytes.size() - kFooter);
  const size_t width = object ? 8 : 4;
  if (count == SIZE_MAX || (bytes.size() - kFooter) / width < count || bytes.size() > UINT32_MAX) {
    *this = Jsonb();
    return;
  }
  depth_ = Load<uint16_t>(bytes, bytes.size() - 3);
  if (depth_ < 1 || depth_ > deepest) {
    *this = Jsonb();
    return;
  }
  size_ = static_cast<uint32_t>(count);
  tables_ = static_cast<uint32_t>(bytes.size() - kFooter - width * count);
}

uint32_t Jsonb::EndAt(uint32_t table, uint32_t i) const {
  return Load<uint32_t>(bytes_, tables_ + size_t{4} * (table * size_t{size_} + i));
}

std::string_view Jsonb::Slice(uint32_t table, uint32_t i, uint32_t first) const {
  const uint32_t begin = i == 0 ? first : EndAt(table, i - 1);
  const uint32_t end = EndAt(table, i);
  if (begin > end || end > tables_) return {};
  return bytes_.substr(begin, end - begin);
}

Jsonb Jsonb::At(uint32_t i) const { return Jsonb(Slice(0, i, 0), depth_ - 1); }

std::string_view Jsonb::Key(uint32_t i) const { return Slice(1, i, EndAt(0, size_ - 1)); }

std::optional<uint32_t> Jsonb::Position(std::string_view key) const {
  if (kind_ != JsonbKind::kObject) return std::nullopt;
  uint32_t low = 0;
  uint32_t high = size_;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const int order = CompareJsonbKeys(Key(middle), key);
    if (order == 0) return middle;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

std::optional<Jsonb> Jsonb::Find(std::string_view key) const {
  const std::optional<uint32_t> position = Position(key);
  if (!position.has_value()) return std::nullopt;
  return At(*position);
}

JsonbNumber Jsonb::number() const {
  JsonbNumber result;
  result.negative = tag() == JsonbTag::kNegativeInteger || tag() == JsonbTag::kNegativeNumber;
  if (tag() == JsonbTag::kInteger || tag() == JsonbTag::kNegativeInteger) {
    result.digits = bytes_.substr(0, bytes_.size() - 1);
    result.exponent = static_cast<int32_t>(result.digits.size());
    while (!result.digits.empty() && result.digits.back() == '0') result.digits.remove_suffix(1);
    if (result.digits.empty()) result.exponent = 0;
    return result;
  }
  if (bytes_.size() < kNumberFooter) return {};
  result.digits = bytes_.substr(0, bytes_.size() - kNumberFooter);
  result.exponent = Load<int32_t>(bytes_, result.digits.size());
  result.scale = Load<uint16_t>(bytes_, result.digits.size() + 4);
  while (!result.digits.empty() && result.digits.back() == '0') result.digits.remove_suffix(1);
  // An exponent out of bounds would make a text out of bounds.
  if (result.exponent > kMostJsonbExponent || result.exponent < -kMostJsonbScale) return {};
  return result;
}

int CompareJsonbKeys(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

absl::Status ValidateJsonb(std::string_view bytes) {
  return IsValid(bytes, kDeepestJson) ? absl::OkStatus() : Corrupt();
}

}  // namespace adbms::types
