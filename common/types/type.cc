#include "common/types/type.h"

#include <algorithm>
#include <array>
#include <utility>

namespace adbms::types {
namespace {

struct TypeRow {
  TypeId id;
  Physical physical;
  uint32_t oid;
  int16_t length;
  std::string_view catalog_name;
  std::string_view sql_name;
};

constexpr TypeRow kTypes[] = {
    {TypeId::kUnknown, Physical::kString, 705, -2, "unknown", "unknown"},
    {TypeId::kBool, Physical::kBool, 16, 1, "bool", "boolean"},
    {TypeId::kInt2, Physical::kInt16, 21, 2, "int2", "smallint"},
    {TypeId::kInt4, Physical::kInt32, 23, 4, "int4", "integer"},
    {TypeId::kInt8, Physical::kInt64, 20, 8, "int8", "bigint"},
    {TypeId::kFloat4, Physical::kFloat, 700, 4, "float4", "real"},
    {TypeId::kFloat8, Physical::kDouble, 701, 8, "float8", "double precision"},
    {TypeId::kNumeric, Physical::kDecimal, 1700, -1, "numeric", "numeric"},
    {TypeId::kText, Physical::kString, 25, -1, "text", "text"},
    {TypeId::kVarchar, Physical::kString, 1043, -1, "varchar", "character varying"},
    {TypeId::kBpchar, Physical::kString, 1042, -1, "bpchar", "character"},
    {TypeId::kDate, Physical::kInt32, 1082, 4, "date", "date"},
    {TypeId::kTimestamp, Physical::kInt64, 1114, 8, "timestamp", "timestamp without time zone"},
    {TypeId::kTimestamptz, Physical::kInt64, 1184, 8, "timestamptz", "timestamp with time zone"},
    {TypeId::kInterval, Physical::kInterval, 1186, 16, "interval", "interval"},
    {TypeId::kBytea, Physical::kString, 17, -1, "bytea", "bytea"},
    {TypeId::kUuid, Physical::kString, 2950, 16, "uuid", "uuid"},
    {TypeId::kJson, Physical::kString, 114, -1, "json", "json"},
    {TypeId::kOid, Physical::kInt64, 26, 4, "oid", "oid"},
    {TypeId::kName, Physical::kString, 19, 64, "name", "name"},
    {TypeId::kChar, Physical::kString, 18, 1, "char", "\"char\""},
    {TypeId::kRegclass, Physical::kInt64, 2205, 4, "regclass", "regclass"},
    {TypeId::kRegtype, Physical::kInt64, 2206, 4, "regtype", "regtype"},
    {TypeId::kRegnamespace, Physical::kInt64, 4089, 4, "regnamespace", "regnamespace"},
    {TypeId::kRegproc, Physical::kInt64, 24, 4, "regproc", "regproc"},
    {TypeId::kVoid, Physical::kString, 2278, 4, "void", "void"},
    {TypeId::kTime, Physical::kInt64, 1083, 8, "time", "time without time zone"},
    {TypeId::kTextArray, Physical::kString, 1009, -1, "_text", "text[]"},
    {TypeId::kInt2Array, Physical::kString, 1005, -1, "_int2", "smallint[]"},
    {TypeId::kInt4Array, Physical::kString, 1007, -1, "_int4", "integer[]"},
    {TypeId::kOidArray, Physical::kString, 1028, -1, "_oid", "oid[]"},
    {TypeId::kNameArray, Physical::kString, 1003, -1, "_name", "name[]"},
    {TypeId::kInt2Vector, Physical::kString, 22, -1, "int2vector", "int2vector"},
    {TypeId::kOidVector, Physical::kString, 30, -1, "oidvector", "oidvector"},
    {TypeId::kInt8Array, Physical::kString, 1016, -1, "_int8", "bigint[]"},
    {TypeId::kJsonb, Physical::kString, 3802, -1, "jsonb", "jsonb"},
    {TypeId::kJsonbArray, Physical::kString, 3807, -1, "_jsonb", "jsonb[]"},
};

constexpr TypeRow kNoType = {TypeId::kUnspecified, Physical::kString, 0, -1, "", "???"};

constexpr size_t kTypeLimit = 64;

constexpr std::array<TypeRow, kTypeLimit> MakeIndex() {
  std::array<TypeRow, kTypeLimit> index{};
  for (auto& row : index) row = kNoType;
  for (const auto& row : kTypes) index[static_cast<size_t>(row.id)] = row;
  return index;
}
constexpr std::array<TypeRow, kTypeLimit> kIndex = MakeIndex();

const TypeRow& RowOf(TypeId id) {
  const size_t position = static_cast<size_t>(id);
  return position < kTypeLimit ? kIndex[position] : kNoType;
}

// Spellings beyond the catalog's and the SQL names of kTypes.
constexpr std::pair<std::string_view, TypeId> kAliases[] = {
    {"int", TypeId::kInt4},
    {"decimal", TypeId::kNumeric},
    {"dec", TypeId::kNumeric},
    {"float", TypeId::kFloat8},
    {"char", TypeId::kBpchar},
    {"timestamp", TypeId::kTimestamp},
    {"time", TypeId::kTime},
    {"string", TypeId::kText},
    {"text[]", TypeId::kTextArray},
    {"int2[]", TypeId::kInt2Array},
    {"int4[]", TypeId::kInt4Array},
    {"int[]", TypeId::kInt4Array},
    {"int8[]", TypeId::kInt8Array},
    {"_varchar", TypeId::kTextArray},
    {"varchar[]", TypeId::kTextArray},
    {"character varying[]", TypeId::kTextArray},
};

}  // namespace

Physical PhysicalOf(TypeId id) { return RowOf(id).physical; }

uint32_t OidOf(TypeId id) { return RowOf(id).oid; }

std::optional<TypeId> FromOid(uint32_t oid) {
  for (const auto& row : kTypes) {
    if (row.oid == oid) return row.id;
  }
  return std::nullopt;
}

int16_t PgTypeLength(TypeId id) { return RowOf(id).length; }

int32_t PgTypmod(const Type& type) { return type.modifier - 1; }

std::string Format(const Type& type) {
  std::string name(RowOf(type.id).sql_name);
  if (type.modifier == 0) return name;
  if (auto numeric = NumericModifierOf(type)) {
    return name + "(" + std::to_string(numeric->precision) + "," + std::to_string(numeric->scale) +
           ")";
  }
  if (auto length = LengthModifierOf(type)) return name + "(" + std::to_string(*length) + ")";
  const std::string precision = "(" + std::to_string(PgTypmod(type) & 0xffff) + ")";
  switch (type.id) {
    case TypeId::kTimestamp:
      return "timestamp" + precision + " without time zone";
    case TypeId::kTimestamptz:
      return "timestamp" + precision + " with time zone";
    case TypeId::kTime:
      return "time" + precision + " without time zone";
    case TypeId::kInterval:
      return (PgTypmod(type) & 0xffff) <= 6 ? "interval" + precision : name;
    default:
      return name;
  }
}

std::string_view CatalogName(TypeId id) { return RowOf(id).catalog_name; }

std::optional<TypeId> FromName(std::string_view name) {
  if (name.empty()) return std::nullopt;
  for (const auto& [alias, id] : kAliases) {
    if (alias == name) return id;
  }
  for (const auto& row : kTypes) {
    if (row.catalog_name == name || row.sql_name == name) return row.id;
  }
  return std::nullopt;
}

std::optional<NumericModifier> NumericModifierOf(const Type& type) {
  if (type.id != TypeId::kNumeric || type.modifier <= 4) return std::nullopt;
  const int32_t packed = PgTypmod(type) - 4;
  // The scale is an 11-bit two's complement number.
  return NumericModifier{(packed >> 16) & 0xffff, ((packed & 0x7ff) ^ 1024) - 1024};
}

Type NumericType(int precision, int scale) {
  return {TypeId::kNumeric, ((precision << 16) | (scale & 0x7ff)) + 4 + 1};
}

std::optional<int> LengthModifierOf(const Type& type) {
  if (type.id != TypeId::kVarchar && type.id != TypeId::kBpchar) return std::nullopt;
  if (type.modifier <= 4) return std::nullopt;
  return PgTypmod(type) - 4;
}

Type StringType(TypeId id, int length) { return {id, length + 4 + 1}; }

bool IsInteger(TypeId id) {
  return id == TypeId::kInt2 || id == TypeId::kInt4 || id == TypeId::kInt8;
}

bool IsNumber(TypeId id) {
  return IsInteger(id) || id == TypeId::kFloat4 || id == TypeId::kFloat8 || id == TypeId::kNumeric;
}

bool IsString(TypeId id) {
  switch (id) {
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpchar:
    case TypeId::kName:
    case TypeId::kChar:
    case TypeId::kUnknown:
      return true;
    default:
      return false;
  }
}

bool IsDateTime(TypeId id) {
  return id == TypeId::kDate || id == TypeId::kTime || id == TypeId::kTimestamp ||
         id == TypeId::kTimestamptz;
}

bool IsArray(TypeId id) {
  return (id >= TypeId::kTextArray && id <= TypeId::kOidVector) || id == TypeId::kInt8Array ||
         id == TypeId::kJsonbArray;
}

TypeId ElementOf(TypeId array) {
  switch (array) {
    case TypeId::kInt2Array:
    case TypeId::kInt2Vector:
      return TypeId::kInt2;
    case TypeId::kInt4Array:
      return TypeId::kInt4;
    case TypeId::kInt8Array:
      return TypeId::kInt8;
    case TypeId::kOidArray:
    case TypeId::kOidVector:
      return TypeId::kOid;
    case TypeId::kNameArray:
      return TypeId::kName;
    case TypeId::kJsonbArray:
      return TypeId::kJsonb;
    default:
      return TypeId::kText;
  }
}

bool IsComparable(TypeId id) {
  return id != TypeId::kJson && id != TypeId::kJsonbArray && id != TypeId::kVoid &&
         id != TypeId::kUnspecified;
}

bool IsIndexable(TypeId id) { return IsComparable(id) && !IsArray(id); }

common::v1::DataType ToProto(const Type& type) {
  common::v1::DataType proto;
  proto.set_id(static_cast<common::v1::TypeId>(type.id));
  proto.set_modifier(type.modifier);
  return proto;
}

Type FromProto(const common::v1::DataType& proto) {
  return {static_cast<TypeId>(proto.id()), proto.modifier()};
}

}  // namespace adbms::types
