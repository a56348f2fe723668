#include "services/storage/codec/row_codec.h"

#include <cstring>

#include "common/status/sql_error.h"

namespace adbms::storage::codec {
namespace {

using types::Physical;

constexpr uint8_t kHasNulls = 1;
constexpr uint8_t kWideOffsets = 2;
constexpr size_t kHeaderBytes = 4;
// In the place of a scale.
constexpr uint8_t kNan = 0xff;
constexpr uint8_t kWide = 0xfe;
constexpr uint8_t kInfinity = 0xfd;
constexpr uint8_t kNegativeInfinity = 0xfc;

uint32_t FixedWidth(Physical physical) {
  switch (physical) {
    case Physical::kBool:
      return 1;
    case Physical::kInt16:
      return 2;
    case Physical::kInt32:
    case Physical::kFloat:
      return 4;
    case Physical::kInt64:
    case Physical::kDouble:
      return 8;
    case Physical::kInterval:
      return 16;
    case Physical::kDecimal:
    case Physical::kString:
      return 0;
  }
  return 0;
}

uint8_t MarkOf(const types::DecimalView& value) {
  if (value.is_wide()) return kWide;
  if (value.is_nan()) return kNan;
  return value.Sign() < 0 ? kNegativeInfinity : kInfinity;
}

void AppendDecimal(const types::DecimalView& value, std::string* out) {
  if (!value.is_narrow()) [[unlikely]] {
    out->push_back(static_cast<char>(MarkOf(value)));
    if (value.is_wide()) out->append(value.form());
    return;
  }
  out->push_back(static_cast<char>(value.scale()));
  types::int128 rest = value.unscaled();
  while (true) {
    const auto byte = static_cast<int8_t>(static_cast<uint8_t>(rest));
    const types::int128 left = rest >> 8;
    if (rest == 0) return;
    out->push_back(static_cast<char>(byte));
    if (left == (byte < 0 ? -1 : 0)) return;
    rest = left;
    if (rest == 0) {  // The sign needs a byte of its own.
      out->push_back(0);
      return;
    }
  }
}

types::int128 ReadLong(std::string_view digits) {
  unsigned __int128 bits =
      static_cast<int8_t>(digits.back()) < 0 ? ~static_cast<unsigned __int128>(0) : 0;
  std::memcpy(&bits, digits.data(), digits.size());
  return static_cast<types::int128>(bits);
}

// What is no number of up to eight bytes. Of sound bytes every number is one; only damage has more
// digits than there are.
bool ReadOther(std::string_view field, types::Vector* out, uint32_t row) {
  using types::DecimalView;
  auto* const value = out->data<DecimalView>() + row;
  const auto scale = static_cast<uint8_t>(field[0]);
  const std::string_view digits = field.substr(1);
  if (scale == kWide) {
    if (!DecimalView::IsForm(digits)) return false;
    out->SetDecimal(row, DecimalView::OfForm(digits));
    return true;
  }
  if (scale == kNan || scale == kInfinity || scale == kNegativeInfinity) {
    *value = scale == kNan ? DecimalView::NaN() : DecimalView::Infinity(scale != kInfinity);
    return digits.empty();
  }
  if (digits.size() > sizeof(types::int128) || scale > DecimalView::kMaxDigits) return false;
  const types::int128 unscaled = digits.empty() ? 0 : ReadLong(digits);
  *value = DecimalView(unscaled, scale);
  return unscaled < DecimalView::kLimit && unscaled > -DecimalView::kLimit;
}

// The number that a field's bytes are; false when they are none. REQUIRES: eight bytes of the row
// lie before the field's end, if it has two or more.
bool ReadDecimal(std::string_view field, types::Vector* out, uint32_t row) {
  if (field.empty()) [[unlikely]]
    return false;
  const auto scale = static_cast<uint8_t>(field[0]);
  const size_t digits = field.size() - 1;
  if (digits > 0 && digits <= 8 && scale <= types::DecimalView::kMaxDigits) [[likely]] {
    // What lies before the number is shifted out, which leaves it with its sign.
    int64_t bits;
    std::memcpy(&bits, field.data() + field.size() - sizeof(bits), sizeof(bits));
    out->data<types::DecimalView>()[row] = {bits >> (64 - 8 * digits), scale};
    return true;
  }
  return ReadOther(field, out, row);
}

absl::Status Corrupt() {
  return status::Error(status::sqlstate::kDataCorrupted, "a stored row is corrupted", {},
                       "Restore the table from a backup.");
}

template <typename T>
void Load(const char* source, types::Vector* out, uint32_t row) {
  std::memcpy(out->data<T>() + row, source, sizeof(T));
}

types::Interval ReadInterval(const char* source) {
  types::Interval value;
  std::memcpy(&value.microseconds, source, 8);
  std::memcpy(&value.days, source + 8, 4);
  std::memcpy(&value.months, source + 12, 4);
  return value;
}

// The end of variable field `position`, by the row's array of them.
uint32_t EndOf(const char* offsets, uint32_t position, bool wide) {
  if (!wide) {
    uint16_t end;
    std::memcpy(&end, offsets + position * sizeof(end), sizeof(end));
    return end;
  }
  uint32_t end;
  std::memcpy(&end, offsets + position * sizeof(end), sizeof(end));
  return end;
}

void StoreFixed(const types::Vector& in, uint32_t row, char* target) {
  switch (in.physical()) {
    case Physical::kBool:
      std::memcpy(target, in.data<uint8_t>() + row, 1);
      break;
    case Physical::kInt16:
      std::memcpy(target, in.data<int16_t>() + row, 2);
      break;
    case Physical::kInt32:
      std::memcpy(target, in.data<int32_t>() + row, 4);
      break;
    case Physical::kInt64:
      std::memcpy(target, in.data<int64_t>() + row, 8);
      break;
    case Physical::kFloat:
      std::memcpy(target, in.data<float>() + row, 4);
      break;
    case Physical::kDouble:
      std::memcpy(target, in.data<double>() + row, 8);
      break;
    case Physical::kInterval: {
      const types::Interval& value = in.data<types::Interval>()[row];
      std::memcpy(target, &value.microseconds, 8);
      std::memcpy(target + 8, &value.days, 4);
      std::memcpy(target + 12, &value.months, 4);
      break;
    }
    default:
      break;
  }
}

}  // namespace

RowLayout::RowLayout(std::vector<types::Type> types) : types_(std::move(types)) {
  uint32_t fixed = 0;
  uint32_t variable = 0;
  fixed_bytes_.push_back(0);
  variable_count_.push_back(0);
  for (const types::Type& type : types_) {
    const uint32_t width = FixedWidth(types::PhysicalOf(type.id));
    slots_.push_back({width != 0, width != 0 ? fixed : variable, width});
    fixed += width;
    variable += width == 0 ? 1 : 0;
    fixed_bytes_.push_back(fixed);
    variable_count_.push_back(variable);
  }
}

void RowLayout::Append(std::span<const types::Vector* const> columns, uint32_t row,
                       std::string* out) const {
  const auto count = static_cast<uint32_t>(types_.size());
  bool nulls = false;
  size_t variable_bytes = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const bool null = columns[i] == nullptr || columns[i]->is_null(row);
    nulls |= null;
    if (null || slots_[i].fixed) continue;
    variable_bytes += columns[i]->physical() == Physical::kString
                          ? columns[i]->data<std::string_view>()[row].size()
                          : 18 + columns[i]->string(row).size();
  }
  const bool wide = variable_bytes > 0xffff;
  const size_t start = out->size();
  const size_t bitmap = nulls ? (count + 7) / 8 : 0;
  const size_t fixed_at = start + kHeaderBytes + bitmap;
  const size_t offsets_at = fixed_at + fixed_bytes_[count];
  const size_t offset_width = wide ? 4 : 2;
  const size_t data_at = offsets_at + variable_count_[count] * offset_width;
  out->reserve(data_at + variable_bytes);
  out->resize(data_at, '\0');
  char* base = out->data() + start;
  base[0] = static_cast<char>(kRowVersion);
  base[1] = static_cast<char>((nulls ? kHasNulls : 0) | (wide ? kWideOffsets : 0));
  base[2] = static_cast<char>(count & 0xff);
  base[3] = static_cast<char>(count >> 8);
  for (uint32_t i = 0; i < count; ++i) {
    const Slot& slot = slots_[i];
    const bool null = columns[i] == nullptr || columns[i]->is_null(row);
    if (null) (*out)[start + kHeaderBytes + i / 8] |= static_cast<char>(1 << (i % 8));
    if (slot.fixed) {
      if (!null) StoreFixed(*columns[i], row, out->data() + fixed_at + slot.position);
      continue;
    }
    if (!null) {
      if (columns[i]->physical() == Physical::kString) {
        out->append(columns[i]->data<std::string_view>()[row]);
      } else {
        AppendDecimal(columns[i]->data<types::DecimalView>()[row], out);
      }
    }
    const auto end = static_cast<uint32_t>(out->size() - data_at);
    char* offset = out->data() + offsets_at + slot.position * offset_width;
    std::memcpy(offset, &end, offset_width);  // Little endian, as the supported machines are.
  }
}

RowDecoder::RowDecoder(const RowLayout* layout, std::vector<uint32_t> columns,
                       const std::vector<types::Value>* missing)
    : layout_(layout), columns_(std::move(columns)), missing_(missing) {
  for (const uint32_t column : columns_) {
    fields_.push_back(
        {column, layout->slots_[column].position, types::PhysicalOf(layout->types_[column].id)});
  }
}

absl::Status RowDecoder::Decode(std::string_view bytes, uint32_t row,
                                types::Vector* const* out) const {
  if (bytes.size() < kHeaderBytes || static_cast<uint8_t>(bytes[0]) != kRowVersion)
    return Corrupt();
  const auto flags = static_cast<uint8_t>(bytes[1]);
  const uint32_t count =
      static_cast<uint8_t>(bytes[2]) | static_cast<uint32_t>(static_cast<uint8_t>(bytes[3])) << 8;
  if (count > layout_->types_.size()) return Corrupt();
  const bool nulls = (flags & kHasNulls) != 0;
  const bool wide = (flags & kWideOffsets) != 0;
  const size_t fixed_at = kHeaderBytes + (nulls ? (count + 7) / 8 : 0);
  const size_t offsets_at = fixed_at + layout_->fixed_bytes_[count];
  const size_t data_at = offsets_at + layout_->variable_count_[count] * (wide ? 4 : 2);
  if (data_at > bytes.size()) return Corrupt();
  const char* const base = bytes.data();
  for (size_t i = 0; i < fields_.size(); ++i) {
    const Field field = fields_[i];
    if (field.column >= count) [[unlikely]] {
      const types::Value& value = (*missing_)[field.column];
      if (value.is_null()) {
        out[i]->SetNull(row);
      } else {
        out[i]->Set(row, value);
      }
      continue;
    }
    if (nulls && ((base[kHeaderBytes + field.column / 8] >> (field.column % 8)) & 1) != 0) {
      out[i]->SetNull(row);
      continue;
    }
    const char* const fixed = base + fixed_at + field.position;
    switch (field.form) {
      case Physical::kBool:
        Load<uint8_t>(fixed, out[i], row);
        continue;
      case Physical::kInt16:
        Load<int16_t>(fixed, out[i], row);
        continue;
      case Physical::kInt32:
      case Physical::kFloat:
        Load<int32_t>(fixed, out[i], row);
        continue;
      case Physical::kInt64:
      case Physical::kDouble:
        Load<int64_t>(fixed, out[i], row);
        continue;
      case Physical::kInterval:
        out[i]->data<types::Interval>()[row] = ReadInterval(fixed);
        continue;
      case Physical::kDecimal:
      case Physical::kString:
        break;
    }
    const char* const offsets = base + offsets_at;
    const uint32_t begin = field.position > 0 ? EndOf(offsets, field.position - 1, wide) : 0;
    const uint32_t end = EndOf(offsets, field.position, wide);
    if (begin > end || data_at + end > bytes.size()) return Corrupt();
    const std::string_view content(base + data_at + begin, end - begin);
    if (field.form == Physical::kString) {
      out[i]->data<std::string_view>()[row] = out[i]->arena()->Add(content);
    } else if (!ReadDecimal(content, out[i], row)) {
      return Corrupt();
    }
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::codec
