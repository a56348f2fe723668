#include "common/types/jsonb_order.h"

namespace adbms::types {
namespace {

template <typename T>
int ThreeWay(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

int CompareParts(const Jsonb& a, const Jsonb& b) {
  if (a.kind() != b.kind()) return a.kind() < b.kind() ? -1 : 1;
  switch (a.kind()) {
    case JsonbKind::kNull:
      return 0;
    case JsonbKind::kBool:
      return ThreeWay(a.bool_value(), b.bool_value());
    case JsonbKind::kString:
      return a.text().compare(b.text());
    case JsonbKind::kNumber:
      return CompareJsonbNumbers(a.number(), b.number());
    case JsonbKind::kArray:
    case JsonbKind::kObject:
      break;
  }
  if (a.size() != b.size()) return ThreeWay(a.size(), b.size());
  for (uint32_t i = 0; i < a.size(); ++i) {
    if (a.kind() == JsonbKind::kObject) {
      if (const int order = a.Key(i).compare(b.Key(i)); order != 0) return order;
    }
    if (const int order = CompareParts(a.At(i), b.At(i)); order != 0) return order;
  }
  return 0;
}

// A count in few bytes, and few zeros.
void AppendCount(uint32_t count, std::string* out) {
  if (count < 0xf0) {
    out->push_back(static_cast<char>(count + 1));
    return;
  }
  out->push_back(static_cast<char>(0xff));
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(count >> shift));
}

void AppendNumber(const JsonbNumber& number, std::string* out) {
  if (number.IsZero()) {
    out->push_back(0x20);
    return;
  }
  out->push_back(number.negative ? 0x10 : 0x30);
  const size_t start = out->size();
  const int32_t exponent = number.exponent;
  if (exponent >= -100 && exponent <= 100) {
    out->push_back(static_cast<char>(128 + exponent));
  } else {
    out->push_back(static_cast<char>(exponent > 0 ? 0xf0 : 0x0f));
    const auto biased = static_cast<uint32_t>(exponent + 0x800000);
    for (int shift = 16; shift >= 0; shift -= 8) out->push_back(static_cast<char>(biased >> shift));
  }
  out->append(number.digits);
  out->push_back(1);  // Less than a digit.
  if (!number.negative) return;
  for (size_t i = start; i < out->size(); ++i) (*out)[i] = static_cast<char>(~(*out)[i]);
}

void AppendText(std::string_view text, std::string* out) {
  out->append(text);  // Without zeros.
  out->push_back(0);
}

void AppendPart(const Jsonb& value, std::string* out) {
  out->push_back(static_cast<char>(1 + static_cast<int>(value.kind())));
  switch (value.kind()) {
    case JsonbKind::kNull:
      break;
    case JsonbKind::kBool:
      out->push_back(value.bool_value() ? 2 : 1);
      break;
    case JsonbKind::kString:
      AppendText(value.text(), out);
      break;
    case JsonbKind::kNumber:
      AppendNumber(value.number(), out);
      break;
    case JsonbKind::kArray:
    case JsonbKind::kObject:
      AppendCount(value.size(), out);
      for (uint32_t i = 0; i < value.size(); ++i) {
        if (value.kind() == JsonbKind::kObject) AppendText(value.Key(i), out);
        AppendPart(value.At(i), out);
      }
      break;
  }
}

}  // namespace

int CompareJsonb(const Jsonb& a, const Jsonb& b) {
  const bool a_object = a.kind() == JsonbKind::kObject;
  const bool b_object = b.kind() == JsonbKind::kObject;
  if (a_object != b_object) return a_object ? 1 : -1;
  if (a.IsContainer() != b.IsContainer()) {
    const uint32_t size = (a.IsContainer() ? a : b).size();
    const int array_is = size == 0 ? -1 : 1;
    return a.IsContainer() ? array_is : -array_is;
  }
  return CompareParts(a, b);
}

void AppendJsonbKey(const Jsonb& value, std::string* out) {
  if (value.kind() == JsonbKind::kObject) {
    out->push_back(2);
    return AppendPart(value, out);
  }
  out->push_back(1);
  AppendCount(value.IsContainer() ? value.size() : 1, out);
  out->push_back(value.IsContainer() ? 2 : 1);
  if (!value.IsContainer()) return AppendPart(value, out);
  for (uint32_t i = 0; i < value.size(); ++i) AppendPart(value.At(i), out);
}

}  // namespace adbms::types
