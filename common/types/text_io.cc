#include "common/types/text_io.h"

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/bit_string.h"
#include "common/types/bytes_text.h"
#include "common/types/composite.h"
#include "common/types/datetime.h"
#include "common/types/declared_type.h"
#include "common/types/interval_text.h"
#include "common/types/jsonb_builder.h"
#include "common/types/jsonpath.h"
#include "common/types/mac_address.h"
#include "common/types/network.h"
#include "common/types/number_text.h"
#include "common/types/range.h"
#include "common/types/row_identity.h"
#include "common/types/text_search.h"
#include "common/types/text_search_objects.h"
#include "common/types/time_modifier.h"
#include "common/types/timetz.h"
#include "common/types/type_name.h"

namespace adbms::types {
namespace {

using status::Error;
namespace sqlstate = status::sqlstate;

// "char": the first byte, or the one that a backslash and three octal digits name.
std::string_view ReadCharByte(std::string_view text, std::string* scratch) {
  const auto octal = [&](size_t i) { return text[i] >= '0' && text[i] <= '7'; };
  if (text.size() != 4 || text[0] != '\\' || !octal(1) || !octal(2) || !octal(3))
    return text.substr(0, 1);
  const int byte = (text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0');
  scratch->assign(1, static_cast<char>(byte & 0xff));
  // The zero byte is the empty string.
  return (byte & 0xff) == 0 ? std::string_view() : std::string_view(*scratch);
}

absl::Status ParseRegistered(std::string_view text, TypeId id, int64_t* oid) {
  if (text == "-") {
    *oid = 0;
    return absl::OkStatus();
  }
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') return ParseOid(text, oid);
  if (id == TypeId::kRegtype) {
    const auto type = FromSqlName(text);
    if (type.has_value()) {
      *oid = OidOf(*type);
      return absl::OkStatus();
    }
    return Error(sqlstate::kUndefinedObject, "type \"" + std::string(text) + "\" does not exist");
  }
  return Error(sqlstate::kUndefinedTable, "relation \"" + std::string(text) + "\" does not exist");
}

DateTimeInput InputOf(const TextOptions& options) {
  return {options.time_zone, options.now_us, options.date_format.order};
}

// Integers of every kind, dates and times.
absl::Status ParseIntegral(std::string_view text, const Type& type, const TextOptions& options,
                           int64_t* result) {
  switch (type.id) {
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
      return ParseInteger(text, type.id, result);
    case TypeId::kOid:
      return ParseOid(text, result);
    case TypeId::kDate: {
      int32_t days = 0;
      RETURN_IF_ERROR(ParseDate(text, InputOf(options), &days));
      *result = days;
      return absl::OkStatus();
    }
    case TypeId::kTime:
      RETURN_IF_ERROR(ParseTime(text, InputOf(options), result));
      break;
    case TypeId::kTimetz:
      RETURN_IF_ERROR(ParseTimeTz(text, InputOf(options), result));
      *result = RoundTimeTz(*result, type.modifier);
      return absl::OkStatus();
    case TypeId::kTimestamp:
      RETURN_IF_ERROR(ParseTimestamp(text, InputOf(options), result));
      break;
    case TypeId::kTimestamptz:
      RETURN_IF_ERROR(ParseTimestamptz(text, InputOf(options), result));
      break;
    case TypeId::kRegconfig:
    case TypeId::kRegdictionary: {
      ASSIGN_OR_RETURN(*result, ParseTextSearchObject(text, type.id));
      return absl::OkStatus();
    }
    default:
      return ParseRegistered(text, type.id, result);
  }
  if (type.modifier != 0) *result = RoundToPrecision(*result, type.modifier);
  return absl::OkStatus();
}

absl::Status ParseNumeric(std::string_view text, const Type& type, Decimal* result) {
  ASSIGN_OR_RETURN(*result, Decimal::Parse(text));
  if (const auto modifier = NumericModifierOf(type)) {
    if (result->is_narrow() && result->scale() == modifier->scale &&
        result->unscaled() < 1'000'000 && result->unscaled() > -1'000'000 &&
        modifier->precision >= 6) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(*result, result->Fit(modifier->precision, modifier->scale));
  }
  return absl::OkStatus();
}

absl::Status ParseIntervalOf(std::string_view text, const Type& type, Interval* result) {
  RETURN_IF_ERROR(ParseInterval(text, IntervalFieldsOf(type), result));
  FitInterval(type, result);
  return absl::OkStatus();
}

// The physical form of a string type; may point into `text` or `scratch`.
absl::StatusOr<std::string_view> ParseString(std::string_view text, const Type& type,
                                             const TextOptions& options, std::string* scratch) {
  switch (type.id) {
    case TypeId::kBytea:
      RETURN_IF_ERROR(ParseBytea(text, scratch));
      return std::string_view(*scratch);
    case TypeId::kUuid:
      scratch->resize(16);
      RETURN_IF_ERROR(ParseUuid(text, scratch->data()));
      return std::string_view(*scratch);
    case TypeId::kVoid:
      return std::string_view();
    case TypeId::kInet:
    case TypeId::kCidr: {
      ASSIGN_OR_RETURN(const NetworkAddress address, ParseNetwork(text, type.id));
      *scratch = address.ToForm();
      return std::string_view(*scratch);
    }
    case TypeId::kMacaddr: {
      ASSIGN_OR_RETURN(*scratch, ParseMacaddr(text));
      return std::string_view(*scratch);
    }
    case TypeId::kMacaddr8: {
      ASSIGN_OR_RETURN(*scratch, ParseMacaddr8(text));
      return std::string_view(*scratch);
    }
    case TypeId::kTid: {
      ASSIGN_OR_RETURN(*scratch, ParseRowIdentity(text));
      return std::string_view(*scratch);
    }
    case TypeId::kBit:
    case TypeId::kVarbit: {
      ASSIGN_OR_RETURN(*scratch, ParseBits(text));
      return FitBits(*scratch, type, /*is_explicit=*/false, scratch);
    }
    default:
      break;
  }
  RETURN_IF_ERROR(ValidateUtf8(text));
  if (IsArray(type.id)) {
    ASSIGN_OR_RETURN(*scratch, ParseArray(text, type, options));
    return std::string_view(*scratch);
  }
  if (IsRange(type.id) || IsMultirange(type.id)) {
    ASSIGN_OR_RETURN(*scratch, ParseRange(text, type, options));
    return std::string_view(*scratch);
  }
  if (IsRow(type)) {
    ASSIGN_OR_RETURN(*scratch, ParseComposite(text, type, options));
    return std::string_view(*scratch);
  }
  switch (type.id) {
    case TypeId::kVarchar:
    case TypeId::kBpchar:
      return FitString(text, type, false, scratch);
    case TypeId::kName:
      return FitName(text);
    case TypeId::kChar:
      return ReadCharByte(text, scratch);
    case TypeId::kJson:
      RETURN_IF_ERROR(ValidateJson(text));
      return text;
    case TypeId::kJsonb: {
      ASSIGN_OR_RETURN(*scratch, ParseJsonb(text));
      return std::string_view(*scratch);
    }
    case TypeId::kJsonpath: {
      ASSIGN_OR_RETURN(*scratch, CanonicalJsonpath(text));
      return std::string_view(*scratch);
    }
    case TypeId::kTsVector: {
      ASSIGN_OR_RETURN(*scratch, ParseTsVector(text));
      return std::string_view(*scratch);
    }
    case TypeId::kTsQuery: {
      ASSIGN_OR_RETURN(*scratch, ParseTsQuery(text));
      return std::string_view(*scratch);
    }
    default:
      return text;
  }
}

void FormatIntegral(int64_t value, TypeId id, const TextOptions& options, std::string* out) {
  switch (id) {
    case TypeId::kDate:
      return FormatDate(static_cast<int32_t>(value), options.date_format, out);
    case TypeId::kTime:
      return FormatTime(value, out);
    case TypeId::kTimetz:
      return FormatTimeTz(value, out);
    case TypeId::kTimestamp:
      return FormatTimestamp(value, options.date_format, out);
    case TypeId::kTimestamptz:
      return FormatTimestamptz(value, options.time_zone, options.date_format, out);
    case TypeId::kRegconfig:
    case TypeId::kRegdictionary:
      out->append(FormatTextSearchObject(static_cast<uint32_t>(value), id));
      return;
    case TypeId::kRegtype:
      if (const auto type = FromOid(static_cast<uint32_t>(value))) {
        out->append(Format(Type{*type, 0}));
        return;
      }
      if (const auto name = PseudoTypeName(static_cast<uint32_t>(value)); !name.empty()) {
        out->append(name);
        return;
      }
      [[fallthrough]];
    case TypeId::kRegclass:
      if (value == 0) {
        out->push_back('-');
        return;
      }
      [[fallthrough]];
    default:
      FormatInteger(value, out);
  }
}

void FormatChar(std::string_view bytes, std::string* out) {
  if (bytes.empty() || (bytes[0] & 0x80) == 0) {
    out->append(bytes);
    return;
  }
  // No character of its own: as it can be read again.
  const auto byte = static_cast<unsigned char>(bytes[0]);
  out->push_back('\\');
  out->push_back(static_cast<char>('0' + (byte >> 6)));
  out->push_back(static_cast<char>('0' + (byte >> 3 & 7)));
  out->push_back(static_cast<char>('0' + (byte & 7)));
}

void FormatString(std::string_view bytes, const Type& type, const TextOptions& options,
                  std::string* out) {
  if (IsArray(type.id)) return FormatArray(bytes, type, options, out);
  if (IsRange(type.id) || IsMultirange(type.id)) return FormatRange(bytes, type, options, out);
  if (IsRow(type)) return FormatComposite(bytes, type, options, out);
  switch (type.id) {
    case TypeId::kBytea:
      return FormatBytea(bytes, options.bytea_hex, out);
    case TypeId::kUuid:
      return FormatUuid(bytes, out);
    case TypeId::kJsonb:
      return FormatJsonb(Jsonb(bytes), false, out);
    case TypeId::kInet:
    case TypeId::kCidr:
      return FormatNetwork(NetworkAddress::FromForm(bytes), type.id, out);
    case TypeId::kMacaddr:
    case TypeId::kMacaddr8:
      return FormatMacaddr(bytes, out);
    case TypeId::kTsVector:
      return FormatTsVector(bytes, out);
    case TypeId::kTsQuery:
      return FormatTsQuery(bytes, out);
    case TypeId::kChar:
      return FormatChar(bytes, out);
    case TypeId::kTid:
      return FormatRowIdentity(bytes, out);
    default:
      out->append(bytes);
  }
}

}  // namespace

absl::StatusOr<Value> ParseText(std::string_view text, const Type& type,
                                const TextOptions& options) {
  Value value;
  switch (PhysicalOf(type.id)) {
    case Physical::kBool: {
      bool flag = false;
      RETURN_IF_ERROR(ParseBool(text, &flag));
      value = Value::Bool(flag);
      break;
    }
    case Physical::kInt16:
    case Physical::kInt32:
    case Physical::kInt64: {
      int64_t number = 0;
      RETURN_IF_ERROR(ParseIntegral(text, type, options, &number));
      value = Value::Int(type.id, number);
      break;
    }
    case Physical::kFloat: {
      float number = 0;
      RETURN_IF_ERROR(ParseFloat4(text, &number));
      value = Value::Float(type.id, number);
      break;
    }
    case Physical::kDouble: {
      double number = 0;
      if (IsEnum(type)) {
        ASSIGN_OR_RETURN(number, ParseEnum(text, type));
      } else {
        RETURN_IF_ERROR(ParseFloat8(text, &number));
      }
      value = Value::Float(type.id, number);
      break;
    }
    case Physical::kDecimal: {
      Decimal decimal;
      RETURN_IF_ERROR(ParseNumeric(text, type, &decimal));
      value = Value::Numeric(decimal);
      break;
    }
    case Physical::kInterval: {
      Interval interval;
      RETURN_IF_ERROR(ParseIntervalOf(text, type, &interval));
      value = Value::OfInterval(interval);
      break;
    }
    case Physical::kString: {
      std::string scratch;
      ASSIGN_OR_RETURN(const std::string_view bytes, ParseString(text, type, options, &scratch));
      value = Value::String(type, std::string(bytes));
      break;
    }
  }
  value.set_type(type);
  return value;
}

absl::Status ParseTextInto(std::string_view text, const TextOptions& options, Vector* vector,
                           uint32_t row) {
  const Type& type = vector->type();
  vector->SetValid(row);
  switch (vector->physical()) {
    case Physical::kBool: {
      bool flag = false;
      RETURN_IF_ERROR(ParseBool(text, &flag));
      vector->data<uint8_t>()[row] = flag ? 1 : 0;
      return absl::OkStatus();
    }
    case Physical::kInt16:
    case Physical::kInt32:
    case Physical::kInt64: {
      int64_t number = 0;
      RETURN_IF_ERROR(ParseIntegral(text, type, options, &number));
      if (vector->physical() == Physical::kInt64) {
        vector->data<int64_t>()[row] = number;
      } else if (vector->physical() == Physical::kInt32) {
        vector->data<int32_t>()[row] = static_cast<int32_t>(number);
      } else {
        vector->data<int16_t>()[row] = static_cast<int16_t>(number);
      }
      return absl::OkStatus();
    }
    case Physical::kFloat:
      return ParseFloat4(text, &vector->data<float>()[row]);
    case Physical::kDouble:
      if (IsEnum(type)) {
        ASSIGN_OR_RETURN(vector->data<double>()[row], ParseEnum(text, type));
        return absl::OkStatus();
      }
      return ParseFloat8(text, &vector->data<double>()[row]);
    case Physical::kDecimal: {
      Decimal decimal;
      RETURN_IF_ERROR(ParseNumeric(text, type, &decimal));
      vector->SetDecimal(row, decimal);
      return vector->strings_refused() ? vector->StringsRefusal() : absl::OkStatus();
    }
    case Physical::kInterval:
      return ParseIntervalOf(text, type, &vector->data<Interval>()[row]);
    case Physical::kString: {
      std::string scratch;
      ASSIGN_OR_RETURN(const std::string_view bytes, ParseString(text, type, options, &scratch));
      vector->data<std::string_view>()[row] = vector->arena()->Add(bytes);
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

void FormatText(const Value& value, const TextOptions& options, std::string* out) {
  const TypeId id = value.type().id;
  switch (PhysicalOf(id)) {
    case Physical::kBool:
      out->push_back(value.bool_value() ? 't' : 'f');
      break;
    case Physical::kInt16:
    case Physical::kInt32:
    case Physical::kInt64:
      FormatIntegral(value.int_value(), id, options, out);
      break;
    case Physical::kFloat:
      FormatFloat4(static_cast<float>(value.float_value()), options.extra_float_digits, out);
      break;
    case Physical::kDouble:
      if (IsEnum(value.type())) return FormatEnum(value.float_value(), value.type(), out);
      FormatFloat8(value.float_value(), options.extra_float_digits, out);
      break;
    case Physical::kDecimal:
      out->append(value.decimal().ToString());
      break;
    case Physical::kInterval:
      FormatInterval(value.interval(), options.interval_style, out);
      break;
    case Physical::kString:
      FormatString(value.bytes(), value.type(), options, out);
      break;
  }
}

void FormatText(const Vector& vector, uint32_t row, const TextOptions& options, std::string* out) {
  const TypeId id = vector.type().id;
  switch (vector.physical()) {
    case Physical::kBool:
      out->push_back(vector.data<uint8_t>()[row] != 0 ? 't' : 'f');
      break;
    case Physical::kInt16:
      FormatIntegral(vector.data<int16_t>()[row], id, options, out);
      break;
    case Physical::kInt32:
      FormatIntegral(vector.data<int32_t>()[row], id, options, out);
      break;
    case Physical::kInt64:
      FormatIntegral(vector.data<int64_t>()[row], id, options, out);
      break;
    case Physical::kFloat:
      FormatFloat4(vector.data<float>()[row], options.extra_float_digits, out);
      break;
    case Physical::kDouble:
      if (IsEnum(vector.type())) return FormatEnum(vector.data<double>()[row], vector.type(), out);
      FormatFloat8(vector.data<double>()[row], options.extra_float_digits, out);
      break;
    case Physical::kDecimal:
      out->append(vector.data<DecimalView>()[row].ToString());
      break;
    case Physical::kInterval:
      FormatInterval(vector.data<Interval>()[row], options.interval_style, out);
      break;
    case Physical::kString:
      FormatString(vector.data<std::string_view>()[row], vector.type(), options, out);
      break;
  }
}

}  // namespace adbms::types
