// PostgreSQL's binary wire format: big-endian fixed-size values; numeric in base 10000; arrays with
// a header of dimensions.
#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/bit_string.h"
#include "common/types/bytes_text.h"
#include "common/types/composite.h"
#include "common/types/datetime.h"
#include "common/types/decimal_math.h"
#include "common/types/declared_type.h"
#include "common/types/jsonb_builder.h"
#include "common/types/jsonpath.h"
#include "common/types/mac_address.h"
#include "common/types/network.h"
#include "common/types/number_text.h"
#include "common/types/range.h"
#include "common/types/text_io.h"
#include "common/types/text_search.h"
#include "common/types/time_modifier.h"
#include "common/types/timetz.h"

namespace adbms::types {
namespace {

using status::Error;
namespace sqlstate = status::sqlstate;

constexpr uint16_t kNumericNegative = 0x4000;
constexpr uint16_t kNumericNan = 0xC000;
constexpr uint16_t kNumericInfinity = 0xD000;
constexpr uint16_t kNumericNegativeInfinity = 0xF000;
// With which PostgreSQL sends infinities.
constexpr int16_t kInfiniteScale = 32;
// What jsonb_send puts before the text.
constexpr char kJsonbWireVersion = 1;

template <typename T>
void Put(T value, std::string* out) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(static_cast<uint64_t>(value) >> shift));
  }
}

absl::Status Malformed(std::string_view what) {
  return status::Error(status::sqlstate::kInvalidBinaryRepresentation,
                       "incorrect binary data format: " + std::string(what));
}

absl::Status EndOfMessage() {
  return Error(sqlstate::kProtocolViolation, "insufficient data left in message");
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <typename T>
  bool Get(T* value) {
    if (bytes_.size() < sizeof(T)) return false;
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof(T); ++i) bits = bits << 8 | static_cast<unsigned char>(bytes_[i]);
    *value = static_cast<T>(bits);
    bytes_.remove_prefix(sizeof(T));
    return true;
  }
  bool Skip(size_t size, std::string_view* taken) {
    if (size > bytes_.size()) return false;
    *taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }
  bool AtEnd() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

absl::Status InvalidExternal(std::string_view what) {
  return status::Error(status::sqlstate::kInvalidBinaryRepresentation,
                       "invalid " + std::string(what) + " in external \"numeric\" value");
}

// Groups of four digits, the last of them first, of a value that has at most 35 digits.
struct ShortGroups {
  std::array<int16_t, 10> groups;
  int count = 0;
  int fraction = 0;  // How many are behind the point.
};

std::optional<ShortGroups> ShortGroupsOf(const DecimalView& value) {
  static const int128 limit = PowerOfTen(35);
  if (!value.is_narrow() || value.unscaled() >= limit || value.unscaled() <= -limit) return {};
  const int padding = (4 - value.scale() % 4) % 4;
  uint128 rest = value.unscaled() < 0 ? -static_cast<uint128>(value.unscaled())
                                      : static_cast<uint128>(value.unscaled());
  rest *= static_cast<uint128>(PowerOfTen(padding));
  ShortGroups result;
  result.fraction = (value.scale() + padding) / 4;
  const auto add = [&](uint64_t group) {
    result.groups[static_cast<size_t>(result.count++)] = static_cast<int16_t>(group);
  };
  for (; (rest >> 64) != 0; rest /= 10'000) add(static_cast<uint64_t>(rest % 10'000));
  for (auto low = static_cast<uint64_t>(rest); low != 0; low /= 10'000) add(low % 10'000);
  return result;
}

void PutShort(const DecimalView& value, const ShortGroups& parts, std::string* out) {
  int first = 0;  // Trailing zero groups are not sent.
  while (first < parts.count && parts.groups[static_cast<size_t>(first)] == 0) ++first;
  const int weight = parts.count == first ? 0 : parts.count - parts.fraction - 1;
  Put(static_cast<int16_t>(parts.count - first), out);
  Put(static_cast<int16_t>(weight), out);
  Put(value.unscaled() < 0 ? kNumericNegative : uint16_t{0}, out);
  Put(static_cast<int16_t>(value.scale()), out);
  for (int i = parts.count - 1; i >= first; --i) Put(parts.groups[static_cast<size_t>(i)], out);
}

// The digits of the unscaled integer's magnitude.
std::string DigitsOf(const DecimalView& value) {
  std::string digits;
  for (const char c : value.ToString()) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  return digits;
}

void PutNumeric(const DecimalView& value, std::string* out) {
  if (!value.is_finite()) {
    Put(int16_t{0}, out);
    Put(int16_t{0}, out);
    Put(value.is_nan() ? kNumericNan
                       : (value.Sign() < 0 ? kNumericNegativeInfinity : kNumericInfinity),
        out);
    // PostgreSQL's, with which infinities have a scale.
    Put(value.is_nan() ? int16_t{0} : kInfiniteScale, out);
    return;
  }
  if (const auto parts = ShortGroupsOf(value)) return PutShort(value, *parts, out);
  // Groups of four digits from the point, without those at the ends that are zero.
  std::string digits = DigitsOf(value);
  const auto scale = static_cast<size_t>(value.scale());
  const size_t before = digits.size() - scale;
  digits.insert(0, (4 - before % 4) % 4, '0');
  digits.append((4 - scale % 4) % 4, '0');
  const auto group = [&](size_t i) {
    int16_t number = 0;
    for (size_t at = 4 * i; at < 4 * i + 4; ++at)
      number = static_cast<int16_t>(number * 10 + (digits[at] - '0'));
    return number;
  };
  size_t first = 0;
  size_t end = digits.size() / 4;
  while (first < end && group(first) == 0) ++first;
  while (end > first && group(end - 1) == 0) --end;
  const auto weight =
      static_cast<int16_t>(static_cast<int>((before + 3) / 4) - 1 - static_cast<int>(first));
  Put(static_cast<int16_t>(end - first), out);
  Put(end == first ? int16_t{0} : weight, out);
  Put(value.Sign() < 0 ? kNumericNegative : uint16_t{0}, out);
  Put(static_cast<int16_t>(scale), out);
  for (size_t i = first; i < end; ++i) Put(group(i), out);
}

absl::StatusOr<Decimal> GetNumeric(Reader& reader) {
  uint16_t count;
  int16_t weight;
  uint16_t sign;
  int16_t scale;
  if (!reader.Get(&count) || !reader.Get(&weight) || !reader.Get(&sign) || !reader.Get(&scale)) {
    return EndOfMessage();
  }
  if (sign != 0 && sign != kNumericNegative && sign != kNumericNan && sign != kNumericInfinity &&
      sign != kNumericNegativeInfinity) {
    return InvalidExternal("sign");
  }
  if (scale < 0 || scale > DecimalView::kMaxScale) return InvalidExternal("scale");
  std::string digits;
  for (int i = 0; i < count; ++i) {
    int16_t digit;
    if (!reader.Get(&digit)) return EndOfMessage();
    if (digit < 0 || digit > 9999) return InvalidExternal("digit");
    digits += std::to_string(10'000 + digit).substr(1);
  }
  if (sign == kNumericNan) return DecimalView::NaN();
  if (sign == kNumericInfinity || sign == kNumericNegativeInfinity)
    return DecimalView::Infinity(sign == kNumericNegativeInfinity);
  if (digits.empty()) digits = "0";
  // The point is behind group `weight`; digits beyond the scale are cut off.
  const int64_t exponent = (int64_t{weight} + 1) * 4;
  const int64_t kept = std::max<int64_t>(exponent + scale, 0);
  if (static_cast<int64_t>(digits.size()) > kept) digits.resize(static_cast<size_t>(kept));
  if (digits.empty()) return Decimal().Rescale(scale);
  std::string text = sign == kNumericNegative ? "-" : "";
  text += digits;
  text += "e" + std::to_string(exponent - static_cast<int64_t>(digits.size()));
  ASSIGN_OR_RETURN(const Decimal value, Decimal::Parse(text));
  return value.Rescale(scale);
}

void PutInt(int64_t value, TypeId id, std::string* out) {
  switch (PgTypeLength(id)) {
    case 2:
      return Put(static_cast<int16_t>(value), out);
    case 4:
      return Put(static_cast<int32_t>(value), out);
    case 12: {
      const TimeTz time = UnpackTimeTz(value);
      Put(time.time_us, out);
      return Put(time.west_seconds, out);
    }
    default:
      return Put(value, out);
  }
}

// Reads one value, of all the bytes.
absl::StatusOr<Value> GetValue(Reader& reader, std::string_view bytes, const Type& type);

// A value with its length before it.
void PutSized(const Vector& values, uint32_t row, std::string* out) {
  if (values.is_null(row)) return Put(int32_t{-1}, out);
  const size_t at = out->size();
  Put(int32_t{0}, out);
  FormatBinary(values, row, out);
  std::string length;
  Put(static_cast<int32_t>(out->size() - at - sizeof(int32_t)), &length);
  out->replace(at, length.size(), length);
}

void PutArray(std::string_view bytes, const Type& type, std::string* out) {
  const ArrayView array(bytes, type.id);
  const Type element = ElementOf(type);
  ArrayShape shape = array.shape();
  // An empty vector has a dimension, without elements.
  if (IsVector(type.id) && shape.dimensions == 0) shape.Add(0, 0);
  Put(int32_t{shape.dimensions}, out);
  Put(int32_t{array.has_nulls() ? 1 : 0}, out);
  Put(OidOf(element), out);
  for (int i = 0; i < shape.dimensions; ++i) {
    Put(shape.length(i), out);
    Put(shape.lower(i), out);
  }
  const Vector elements = array.Elements(element);
  for (uint32_t i = 0; i < array.size(); ++i) {
    PutSized(elements, i, out);
  }
}

void PutComposite(std::string_view bytes, const Type& type, std::string* out) {
  const CompositeView row(bytes);
  Put(static_cast<int32_t>(row.size()), out);
  for (uint32_t i = 0; i < row.size(); ++i) {
    Put(OidOf(row.TypeOf(i, type)), out);
    PutSized(row.Field(i, type), 0, out);
  }
}

// "25 (text)"
std::string ShownOid(uint32_t oid) {
  const auto known = FromOid(oid);
  return std::to_string(oid) + " (" + (known.has_value() ? Format(Type{*known, 0}) : "???") + ")";
}

absl::StatusOr<std::string> GetComposite(Reader& reader, const Type& type) {
  RETURN_IF_ERROR(CheckReadable(type));
  const DeclaredType& definition = *CompositeOf(type);
  int32_t count;
  if (!reader.Get(&count)) return EndOfMessage();
  if (count < 0 || static_cast<size_t>(count) != definition.fields.size())
    return Error(sqlstate::kDatatypeMismatch, "wrong number of columns: " + std::to_string(count) +
                                                  ", expected " +
                                                  std::to_string(definition.fields.size()));
  CompositeBuilder builder;
  for (int32_t i = 0; i < count; ++i) {
    const Type& field = definition.fields[static_cast<size_t>(i)].type;
    uint32_t oid;
    int32_t length;
    if (!reader.Get(&oid)) return EndOfMessage();
    if (oid != OidOf(field))
      return Error(sqlstate::kDatatypeMismatch, "binary data has type " + ShownOid(oid) +
                                                    " instead of expected " +
                                                    std::to_string(OidOf(field)) + " (" +
                                                    Format(Type{field.id, 0, field.declared}) +
                                                    ") in record column " + std::to_string(i + 1));
    if (!reader.Get(&length)) return EndOfMessage();
    if (length == -1) {
      builder.AddNull(field.id);
      continue;
    }
    std::string_view bytes;
    if (length < 0 || !reader.Skip(static_cast<size_t>(length), &bytes))
      return Error(sqlstate::kInvalidBinaryRepresentation, "insufficient data left in message");
    Reader of_field(bytes);
    ASSIGN_OR_RETURN(const Value value, GetValue(of_field, bytes, field));
    if (!of_field.AtEnd())
      return Error(sqlstate::kInvalidBinaryRepresentation,
                   "improper binary format in record column " + std::to_string(i + 1));
    Vector one(field);
    one.Append(value);
    builder.Add(one, 0);
  }
  return builder.Finish();
}

absl::StatusOr<ArrayShape> GetShape(Reader& reader, int32_t dimensions) {
  ArrayShape shape;
  for (int32_t i = 0; i < dimensions; ++i) {
    int32_t length;
    int32_t lower;
    if (!reader.Get(&length) || !reader.Get(&lower)) return EndOfMessage();
    if (length < 0) return TooManyElements();
    shape.Add(static_cast<uint32_t>(length), lower);
  }
  RETURN_IF_ERROR(shape.Check());
  return shape;
}

absl::StatusOr<std::string> GetArray(Reader& reader, const Type& type) {
  int32_t dimensions;
  int32_t flags;
  uint32_t element_oid;
  if (!reader.Get(&dimensions) || !reader.Get(&flags) || !reader.Get(&element_oid)) {
    return EndOfMessage();
  }
  if (dimensions < 0) {
    return Error(sqlstate::kInvalidBinaryRepresentation,
                 "invalid number of dimensions: " + std::to_string(dimensions));
  }
  if (dimensions > kMaxDimensions) return TooManyDimensions(dimensions);
  if (flags != 0 && flags != 1) {
    return Error(sqlstate::kInvalidBinaryRepresentation, "invalid array flags");
  }
  const Type element = ElementOf(type);
  if (element_oid != OidOf(element)) {
    return Error(sqlstate::kDatatypeMismatch,
                 "binary data has array element type " + ShownOid(element_oid) +
                     " instead of expected " + std::to_string(OidOf(element)) + " (" +
                     Format(Type{element.id, 0, element.declared}) + ")");
  }
  ASSIGN_OR_RETURN(const ArrayShape shape, GetShape(reader, dimensions));
  ArrayBuilder builder(type.id);
  for (uint64_t i = 0; i < shape.size(); ++i) {
    int32_t length;
    std::string_view bytes;
    if (!reader.Get(&length)) return EndOfMessage();
    if (length == -1) {
      builder.AddNull();
      continue;
    }
    if (length < 0 || !reader.Skip(static_cast<size_t>(length), &bytes)) {
      return Error(sqlstate::kInvalidBinaryRepresentation, "insufficient data left in message");
    }
    Reader of_element(bytes);
    ASSIGN_OR_RETURN(Value value, GetValue(of_element, bytes, element));
    if (!of_element.AtEnd()) {
      return Error(sqlstate::kInvalidBinaryRepresentation,
                   "improper binary format in array element " + std::to_string(i + 1));
    }
    value.set_type(element);
    builder.Add(value);
  }
  return builder.Finish(shape);
}

absl::StatusOr<int64_t> GetInt(Reader& reader, const Type& type) {
  int64_t number = 0;
  bool complete = false;
  switch (PgTypeLength(type.id)) {
    case 2: {
      int16_t value;
      if ((complete = reader.Get(&value))) number = value;
      break;
    }
    case 4: {
      int32_t value;
      if ((complete = reader.Get(&value))) {
        number = PhysicalOf(type.id) == Physical::kInt64 ? int64_t{static_cast<uint32_t>(value)}
                                                         : int64_t{value};
      }
      break;
    }
    case 12: {
      int32_t west = 0;
      if (!reader.Get(&number) || !reader.Get(&west)) return EndOfMessage();
      if (number < 0 || number > kMicrosecondsPerDay)
        return status::Error(status::sqlstate::kDatetimeOverflow, "time out of range");
      if (!IsValidTimeTz(number, west))
        return status::Error("22009", "time zone displacement out of range");
      return RoundTimeTz(PackTimeTz({number, west}), type.modifier);
    }
    default:
      complete = reader.Get(&number);
  }
  if (!complete) return EndOfMessage();
  const bool is_timestamp = type.id == TypeId::kTimestamp || type.id == TypeId::kTimestamptz;
  if (is_timestamp && IsFiniteTimestamp(number) && !IsValidTimestamp(number)) {
    return status::Error(status::sqlstate::kDatetimeOverflow, "timestamp out of range");
  }
  if (type.id == TypeId::kDate && IsFiniteDate(static_cast<int32_t>(number)) &&
      !IsValidDate(number)) {
    return status::Error(status::sqlstate::kDatetimeOverflow, "date out of range");
  }
  if (type.id == TypeId::kTime && (number < 0 || number > kMicrosecondsPerDay)) {
    return status::Error(status::sqlstate::kDatetimeOverflow, "time out of range");
  }
  return RoundToPrecision(number, type.modifier);
}

// Of jsonb and jsonpath: a version, then the text.
absl::StatusOr<std::string_view> GetVersionedText(std::string_view bytes, std::string_view type) {
  if (bytes.empty()) {
    return status::Error(status::sqlstate::kProtocolViolation, "no data left in message");
  }
  if (bytes[0] != kJsonbWireVersion) {
    return status::Error(status::sqlstate::kInternalError,
                         "unsupported " + std::string(type) + " version number " +
                             std::to_string(static_cast<unsigned char>(bytes[0])));
  }
  RETURN_IF_ERROR(ValidateUtf8(bytes.substr(1)));
  return bytes.substr(1);
}

absl::StatusOr<std::string> GetString(Reader& reader, std::string_view bytes, const Type& type) {
  std::string_view all;
  if (IsArray(type.id)) return GetArray(reader, type);
  if (IsRow(type)) return GetComposite(reader, type);
  reader.Skip(bytes.size(), &all);
  if (IsRange(type.id) || IsMultirange(type.id)) return ParseRangeBinary(bytes, type);
  switch (type.id) {
    case TypeId::kUuid:
      if (bytes.size() < 16) return EndOfMessage();
      if (bytes.size() != 16) return Malformed("uuid");
      return std::string(bytes);
    case TypeId::kBytea:
      return std::string(bytes);
    case TypeId::kInet:
    case TypeId::kCidr: {
      ASSIGN_OR_RETURN(const NetworkAddress address, ParseNetworkBinary(bytes, type.id));
      return address.ToForm();
    }
    case TypeId::kBit:
    case TypeId::kVarbit: {
      ASSIGN_OR_RETURN(const std::string bits, ParseBitsBinary(bytes));
      std::string scratch;
      ASSIGN_OR_RETURN(const std::string_view fitted,
                       FitBits(bits, type, /*is_explicit=*/false, &scratch));
      return std::string(fitted);
    }
    case TypeId::kMacaddr:
      if (bytes.size() != kMacaddrSize) return Malformed("macaddr");
      return std::string(bytes);
    case TypeId::kMacaddr8:
      if (bytes.size() == kMacaddrSize) return MacaddrToMacaddr8(bytes);
      if (bytes.size() != kMacaddr8Size) return Malformed("macaddr8");
      return std::string(bytes);
    case TypeId::kJsonb: {
      ASSIGN_OR_RETURN(const std::string_view text, GetVersionedText(bytes, "jsonb"));
      return ParseJsonb(text);
    }
    case TypeId::kJsonpath: {
      ASSIGN_OR_RETURN(const std::string_view text, GetVersionedText(bytes, "jsonpath"));
      return CanonicalJsonpath(text);
    }
    case TypeId::kTsVector:
      return ParseTsVectorBinary(bytes);
    case TypeId::kTsQuery:
      return ParseTsQueryBinary(bytes);
    default: {
      ASSIGN_OR_RETURN(const Value value, ParseText(bytes, type, TextOptions{}));
      return std::string(value.bytes());
    }
  }
}

absl::StatusOr<Value> GetValue(Reader& reader, std::string_view bytes, const Type& type) {
  switch (PhysicalOf(type.id)) {
    case Physical::kBool: {
      uint8_t flag;
      if (!reader.Get(&flag)) return EndOfMessage();
      return Value::Bool(flag != 0);
    }
    case Physical::kInt16:
    case Physical::kInt32:
    case Physical::kInt64: {
      ASSIGN_OR_RETURN(const int64_t number, GetInt(reader, type));
      return Value::Int(type.id, number);
    }
    case Physical::kFloat: {
      uint32_t bits;
      if (!reader.Get(&bits)) return EndOfMessage();
      return Value::Float(type.id, std::bit_cast<float>(bits));
    }
    case Physical::kDouble: {
      if (IsEnum(type)) {
        std::string_view label;
        reader.Skip(bytes.size(), &label);
        RETURN_IF_ERROR(ValidateUtf8(label));
        ASSIGN_OR_RETURN(const double order, ParseEnum(label, type));
        return Value::Float(type.id, order);
      }
      uint64_t bits;
      if (!reader.Get(&bits)) return EndOfMessage();
      return Value::Float(type.id, std::bit_cast<double>(bits));
    }
    case Physical::kDecimal: {
      ASSIGN_OR_RETURN(Decimal decimal, GetNumeric(reader));
      if (const auto modifier = NumericModifierOf(type)) {
        ASSIGN_OR_RETURN(decimal, decimal.Fit(modifier->precision, modifier->scale));
      }
      return Value::Numeric(decimal);
    }
    case Physical::kInterval: {
      Interval interval;
      if (!reader.Get(&interval.microseconds) || !reader.Get(&interval.days) ||
          !reader.Get(&interval.months)) {
        return EndOfMessage();
      }
      FitInterval(type, &interval);
      return Value::OfInterval(interval);
    }
    case Physical::kString: {
      ASSIGN_OR_RETURN(std::string text, GetString(reader, bytes, type));
      return Value::String(type, std::move(text));
    }
  }
  return status::NotSupported("binary format of this type");
}

}  // namespace

void FormatBinary(const Vector& vector, uint32_t row, std::string* out) {
  const TypeId id = vector.type().id;
  switch (vector.physical()) {
    case Physical::kBool:
      out->push_back(vector.data<uint8_t>()[row] != 0 ? '\1' : '\0');
      break;
    case Physical::kInt16:
      Put(vector.data<int16_t>()[row], out);
      break;
    case Physical::kInt32:
      Put(vector.data<int32_t>()[row], out);
      break;
    case Physical::kInt64:
      PutInt(vector.data<int64_t>()[row], id, out);
      break;
    case Physical::kFloat:
      Put(std::bit_cast<uint32_t>(vector.data<float>()[row]), out);
      break;
    case Physical::kDouble:
      if (id == TypeId::kEnum) return FormatEnum(vector.data<double>()[row], vector.type(), out);
      Put(std::bit_cast<uint64_t>(vector.data<double>()[row]), out);
      break;
    case Physical::kDecimal:
      PutNumeric(vector.data<DecimalView>()[row], out);
      break;
    case Physical::kInterval: {
      const Interval& interval = vector.data<Interval>()[row];
      Put(interval.microseconds, out);
      Put(interval.days, out);
      Put(interval.months, out);
      break;
    }
    case Physical::kString: {
      const std::string_view bytes = vector.data<std::string_view>()[row];
      if (IsArray(id)) {
        PutArray(bytes, vector.type(), out);
      } else if (IsRange(id) || IsMultirange(id)) {
        FormatRangeBinary(bytes, vector.type(), out);
      } else if (id == TypeId::kRecord) {
        PutComposite(bytes, vector.type(), out);
      } else if (id == TypeId::kInet || id == TypeId::kCidr) {
        FormatNetworkBinary(NetworkAddress::FromForm(bytes), id, out);
      } else if (IsBitString(id)) {
        AppendBitsBinary(bytes, out);
      } else if (id == TypeId::kChar && bytes.empty()) {
        out->push_back('\0');
      } else if (id == TypeId::kJsonb) {
        out->push_back(kJsonbWireVersion);
        FormatJsonb(Jsonb(bytes), false, out);
      } else if (id == TypeId::kTsVector) {
        FormatTsVectorBinary(bytes, out);
      } else if (id == TypeId::kTsQuery) {
        FormatTsQueryBinary(bytes, out);
      } else if (id == TypeId::kJsonpath) {
        out->push_back(kJsonbWireVersion);
        out->append(bytes);
      } else {
        out->append(bytes);
      }
      break;
    }
  }
}

absl::StatusOr<Value> ParseBinary(std::string_view bytes, const Type& type) {
  Reader reader(bytes);
  ASSIGN_OR_RETURN(Value value, GetValue(reader, bytes, type));
  if (!reader.AtEnd()) return Malformed("bytes left over");
  value.set_type(type);
  return value;
}

}  // namespace adbms::types
