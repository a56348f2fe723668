#include "services/storage/codec/key_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "common/types/form.h"
#include "common/types/key_form.h"

namespace adbms::storage::codec {
namespace {

using types::Physical;
using types::TypeId;
using types::key_form::AppendBigEndian;
using types::key_form::AppendDecimal;
using types::key_form::AppendFloat;
using types::key_form::AppendInterval;
using types::key_form::AppendSigned;
using types::key_form::AppendString;
using types::key_form::kNumericFarAbove;
using types::key_form::kNumericFarBelow;
using types::key_form::kNumericNegative;
using types::key_form::kNumericPositive;

constexpr char kNotNull = 0x01;
constexpr char kNull = 0x02;

// Memory that has room enough, as something to append to.
class Room {
 public:
  explicit Room(char* begin) : begin_(begin), end_(begin) {}
  void push_back(char c) { *end_++ = c; }
  void append(const char* bytes, size_t size) {
    if (size > 0) std::memcpy(end_, bytes, size);
    end_ += size;
  }
  void append(std::string_view bytes) { append(bytes.data(), bytes.size()); }
  void reserve(size_t) {}
  size_t size() const { return static_cast<size_t>(end_ - begin_); }
  char& operator[](size_t i) { return begin_[i]; }
  char* end() const { return end_; }

 private:
  char* const begin_;
  char* end_;
};

template <typename U>
U ReadBigEndian(const char* bytes) {
  U value = 0;
  for (size_t i = 0; i < sizeof(U); ++i)
    value = static_cast<U>((value << 8) | static_cast<uint8_t>(bytes[i]));
  return value;
}

template <typename F, typename U>
F FromOrderedBits(U bits) {
  constexpr U kSign = U{1} << (sizeof(U) * 8 - 1);
  bits = (bits & kSign) != 0 ? static_cast<U>(bits & ~kSign) : static_cast<U>(~bits);
  return std::bit_cast<F>(bits);
}

// Encodes marker and inversion around `body`, which appends the ascending form.
template <typename Out, typename Body>
void Wrap(bool null, const KeyColumn& column, Out* out, Body body) {
  const size_t start = out->size();
  if (column.nullable) out->push_back(null ? kNull : kNotNull);
  if (!null) body();
  if (column.descending) {
    for (size_t i = start; i < out->size(); ++i) (*out)[i] = static_cast<char>(~(*out)[i]);
  }
}

// Bytes that one column's body takes at the front of `in` (in ascending form after `flip`); 0:
// malformed.
size_t BodySize(std::string_view in, const KeyColumn& column, uint8_t flip) {
  const auto at = [&](size_t i) {
    return static_cast<uint8_t>(static_cast<uint8_t>(in[i]) ^ flip);
  };
  size_t fixed = 0;
  switch (types::PhysicalOf(column.type.id)) {
    case Physical::kBool:
      fixed = 1;
      break;
    case Physical::kInt16:
      fixed = 2;
      break;
    case Physical::kInt32:
    case Physical::kFloat:
      fixed = 4;
      break;
    case Physical::kInt64:
    case Physical::kDouble:
      fixed = 8;
      break;
    case Physical::kInterval:
      fixed = 16;
      break;
    case Physical::kDecimal: {
      if (in.empty()) return 0;
      const uint8_t sign = at(0);
      if (sign != kNumericNegative && sign != kNumericPositive) return 1;
      if (in.size() < 2) return 0;
      const uint8_t inverted = sign == kNumericNegative ? 0xff : 0x00;
      const uint8_t exponent = at(1) ^ inverted;
      const bool far = exponent == kNumericFarAbove || exponent == kNumericFarBelow;
      for (size_t i = far ? 5 : 2; i < in.size(); ++i) {
        if (at(i) == inverted) return i + 1;
      }
      return 0;
    }
    case Physical::kString: {
      if (column.type.id == TypeId::kUuid) {
        fixed = 16;
        break;
      }
      for (size_t i = 0; i + 1 < in.size(); ++i) {
        if (at(i) != 0) continue;
        if (at(i + 1) == 0x01) return i + 2;
        ++i;
      }
      return 0;
    }
  }
  return in.size() < fixed ? 0 : fixed;
}

void StoreString(std::string_view body, TypeId id, types::Vector* out, uint32_t row) {
  if (id == TypeId::kUuid) {
    out->data<std::string_view>()[row] = out->arena()->Add(body);
    return;
  }
  body.remove_suffix(2);
  char* target = out->arena()->Allocate(body.size());
  size_t size = 0;
  for (size_t i = 0; i < body.size(); ++i) {
    target[size++] = body[i];
    if (body[i] == 0) ++i;
  }
  out->data<std::string_view>()[row] = {target, size};
}

void Store(std::string_view body, TypeId id, types::Vector* out, uint32_t row) {
  const char* p = body.data();
  switch (out->physical()) {
    case Physical::kBool:
      out->data<uint8_t>()[row] = static_cast<uint8_t>(*p);
      break;
    case Physical::kInt16:
      out->data<int16_t>()[row] = static_cast<int16_t>(ReadBigEndian<uint16_t>(p) ^ 0x8000u);
      break;
    case Physical::kInt32:
      out->data<int32_t>()[row] = static_cast<int32_t>(ReadBigEndian<uint32_t>(p) ^ 0x80000000u);
      break;
    case Physical::kInt64:
      out->data<int64_t>()[row] =
          static_cast<int64_t>(ReadBigEndian<uint64_t>(p) ^ (uint64_t{1} << 63));
      break;
    case Physical::kFloat:
      out->data<float>()[row] = FromOrderedBits<float, uint32_t>(ReadBigEndian<uint32_t>(p));
      break;
    case Physical::kDouble:
      out->data<double>()[row] = FromOrderedBits<double, uint64_t>(ReadBigEndian<uint64_t>(p));
      break;
    case Physical::kString:
      StoreString(body, id, out, row);
      break;
    case Physical::kDecimal:
    case Physical::kInterval:
      break;
  }
}

// The most bytes of a numeric.
size_t DecimalBound(const types::DecimalView& value) {
  // Sign, exponent, a byte for two of at most 40 digits, end.
  if (!value.is_wide()) return 23;
  // A byte is less than two and a half digits.
  return 8 + value.form().size() * 5 / 4;
}

template <typename Out>
void AppendVectorKey(const types::Vector& vector, uint32_t row, const KeyColumn& column, Out* out) {
  Wrap(vector.is_null(row), column, out, [&] {
    switch (vector.physical()) {
      case Physical::kBool:
        out->push_back(static_cast<char>(vector.data<uint8_t>()[row]));
        break;
      case Physical::kInt16:
        AppendSigned<int16_t>(vector.data<int16_t>()[row], out);
        break;
      case Physical::kInt32:
        AppendSigned<int32_t>(vector.data<int32_t>()[row], out);
        break;
      case Physical::kInt64:
        AppendSigned<int64_t>(vector.data<int64_t>()[row], out);
        break;
      case Physical::kFloat:
        AppendFloat<float>(vector.data<float>()[row], out);
        break;
      case Physical::kDouble:
        AppendFloat<double>(vector.data<double>()[row], out);
        break;
      case Physical::kDecimal:
        AppendDecimal(vector.data<types::DecimalView>()[row], out);
        break;
      case Physical::kInterval:
        AppendInterval(vector.data<types::Interval>()[row], out);
        break;
      case Physical::kString:
        AppendString(vector.data<std::string_view>()[row], column.type.id, out);
        break;
    }
  });
}

}  // namespace

void AppendSpace(uint32_t space, std::string* out) { AppendBigEndian<uint32_t>(space, out); }

uint32_t SpaceOf(std::string_view key) {
  return key.size() < 4 ? 0 : ReadBigEndian<uint32_t>(key.data());
}

void AppendKey(const types::Vector& vector, uint32_t row, const KeyColumn& column,
               std::string* out) {
  AppendVectorKey(vector, row, column, out);
}

char* WriteKey(const types::Vector& vector, uint32_t row, const KeyColumn& column, char* out) {
  Room room(out);
  AppendVectorKey(vector, row, column, &room);
  return room.end();
}

size_t KeyBound(const types::Vector& vector, uint32_t row, const KeyColumn& column) {
  const size_t marker = column.nullable ? 1 : 0;
  if (vector.is_null(row)) return marker;
  if (vector.physical() == Physical::kDecimal)
    return marker + DecimalBound(vector.data<types::DecimalView>()[row]);
  if (vector.physical() != Physical::kString) return marker + types::WidthOf(vector.physical());
  std::string_view text = vector.data<std::string_view>()[row];
  std::string ordered;
  if (types::HasOrderKey(column.type.id)) {
    types::AppendOrderKey(column.type.id, text, &ordered);
    text = ordered;
  }
  // Most have no zeros, which memchr is fast to see.
  const bool zeros = !text.empty() && std::memchr(text.data(), 0, text.size()) != nullptr;
  return marker + text.size() + 2 +
         (zeros ? static_cast<size_t>(std::count(text.begin(), text.end(), '\0')) : 0);
}

void AppendKey(const types::Value& value, const KeyColumn& column, std::string* out) {
  Wrap(value.is_null(), column, out, [&] {
    switch (types::PhysicalOf(column.type.id)) {
      case Physical::kBool:
        out->push_back(value.bool_value() ? 1 : 0);
        break;
      case Physical::kInt16:
        AppendSigned<int16_t>(static_cast<int16_t>(value.int_value()), out);
        break;
      case Physical::kInt32:
        AppendSigned<int32_t>(static_cast<int32_t>(value.int_value()), out);
        break;
      case Physical::kInt64:
        AppendSigned<int64_t>(value.int_value(), out);
        break;
      case Physical::kFloat:
        AppendFloat<float>(static_cast<float>(value.float_value()), out);
        break;
      case Physical::kDouble:
        AppendFloat<double>(value.float_value(), out);
        break;
      case Physical::kDecimal:
        AppendDecimal(value.decimal(), out);
        break;
      case Physical::kInterval:
        AppendInterval(value.interval(), out);
        break;
      case Physical::kString:
        AppendString(value.bytes(), column.type.id, out);
        break;
    }
  });
}

bool DecodeKey(std::string_view* in, const KeyColumn& column, types::Vector* out, uint32_t row) {
  const uint8_t flip = column.descending ? 0xff : 0x00;
  if (column.nullable) {
    if (in->empty()) return false;
    const char marker = static_cast<char>(static_cast<uint8_t>((*in)[0]) ^ flip);
    in->remove_prefix(1);
    if (marker == kNull) {
      if (out != nullptr) out->SetNull(row);
      return true;
    }
    if (marker != kNotNull) return false;
  }
  const size_t size = BodySize(*in, column, flip);
  if (size == 0) return false;
  if (out != nullptr) {
    if (flip == 0) {
      Store(in->substr(0, size), column.type.id, out, row);
    } else {
      std::string body(in->substr(0, size));
      for (char& c : body) c = static_cast<char>(~c);
      Store(body, column.type.id, out, row);
    }
  }
  in->remove_prefix(size);
  return true;
}

bool IsExact(TypeId id) {
  switch (types::PhysicalOf(id)) {
    case Physical::kDecimal:
    case Physical::kInterval:
    case Physical::kFloat:
    case Physical::kDouble:
      return false;
    default:
      return id != TypeId::kBpchar && !types::HasOrderKey(id);
  }
}

std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

}  // namespace adbms::storage::codec
