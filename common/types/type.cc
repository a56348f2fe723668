#include "common/types/type.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/types/collation.h"
#include "common/types/declared_type.h"
#include "common/types/time_modifier.h"

namespace adbms::types {
namespace {

struct TypeRow {
  TypeId id;
  Physical physical;
  uint32_t oid;
  uint32_t array_oid;  // 0: no arrays.
  int16_t length;
  char category;
  bool preferred;
  std::string_view catalog_name;
  std::string_view sql_name;
};

// One line declares a type, and its arrays by their oid.
constexpr TypeRow kTypes[] = {
    {TypeId::kUnknown, Physical::kString, 705, 0, -2, 'X', false, "unknown", "unknown"},
    {TypeId::kBool, Physical::kBool, 16, 1000, 1, 'B', true, "bool", "boolean"},
    {TypeId::kInt2, Physical::kInt16, 21, 1005, 2, 'N', false, "int2", "smallint"},
    {TypeId::kInt4, Physical::kInt32, 23, 1007, 4, 'N', false, "int4", "integer"},
    {TypeId::kInt8, Physical::kInt64, 20, 1016, 8, 'N', false, "int8", "bigint"},
    {TypeId::kFloat4, Physical::kFloat, 700, 1021, 4, 'N', false, "float4", "real"},
    {TypeId::kFloat8, Physical::kDouble, 701, 1022, 8, 'N', true, "float8", "double precision"},
    {TypeId::kNumeric, Physical::kDecimal, 1700, 1231, -1, 'N', false, "numeric", "numeric"},
    {TypeId::kText, Physical::kString, 25, 1009, -1, 'S', true, "text", "text"},
    {TypeId::kVarchar, Physical::kString, 1043, 1015, -1, 'S', false, "varchar",
     "character varying"},
    {TypeId::kBpchar, Physical::kString, 1042, 1014, -1, 'S', false, "bpchar", "character"},
    {TypeId::kDate, Physical::kInt32, 1082, 1182, 4, 'D', false, "date", "date"},
    {TypeId::kTimestamp, Physical::kInt64, 1114, 1115, 8, 'D', false, "timestamp",
     "timestamp without time zone"},
    {TypeId::kTimestamptz, Physical::kInt64, 1184, 1185, 8, 'D', true, "timestamptz",
     "timestamp with time zone"},
    {TypeId::kInterval, Physical::kInterval, 1186, 1187, 16, 'T', true, "interval", "interval"},
    {TypeId::kBytea, Physical::kString, 17, 1001, -1, 'U', false, "bytea", "bytea"},
    {TypeId::kUuid, Physical::kString, 2950, 2951, 16, 'U', false, "uuid", "uuid"},
    {TypeId::kJson, Physical::kString, 114, 199, -1, 'U', false, "json", "json"},
    {TypeId::kOid, Physical::kInt64, 26, 1028, 4, 'N', true, "oid", "oid"},
    {TypeId::kName, Physical::kString, 19, 1003, 64, 'S', false, "name", "name"},
    {TypeId::kChar, Physical::kString, 18, 1002, 1, 'Z', false, "char", "\"char\""},
    {TypeId::kRegclass, Physical::kInt64, 2205, 2210, 4, 'N', false, "regclass", "regclass"},
    {TypeId::kRegtype, Physical::kInt64, 2206, 2211, 4, 'N', false, "regtype", "regtype"},
    {TypeId::kRegnamespace, Physical::kInt64, 4089, 4090, 4, 'N', false, "regnamespace",
     "regnamespace"},
    {TypeId::kRegproc, Physical::kInt64, 24, 1008, 4, 'N', false, "regproc", "regproc"},
    {TypeId::kVoid, Physical::kString, 2278, 0, 4, 'P', false, "void", "void"},
    {TypeId::kBit, Physical::kString, 1560, 1561, -1, 'V', false, "bit", "bit"},
    {TypeId::kVarbit, Physical::kString, 1562, 1563, -1, 'V', true, "varbit", "bit varying"},
    {TypeId::kTid, Physical::kString, 27, 1010, 6, 'U', false, "tid", "tid"},
    {TypeId::kTimetz, Physical::kInt64, 1266, 1270, 12, 'D', false, "timetz",
     "time with time zone"},
    {TypeId::kTime, Physical::kInt64, 1083, 1183, 8, 'D', false, "time", "time without time zone"},
    {TypeId::kInt2Vector, Physical::kString, 22, 0, -1, 'A', false, "int2vector", "int2vector"},
    {TypeId::kOidVector, Physical::kString, 30, 0, -1, 'A', false, "oidvector", "oidvector"},
    {TypeId::kJsonb, Physical::kString, 3802, 3807, -1, 'U', false, "jsonb", "jsonb"},
    {TypeId::kInet, Physical::kString, 869, 1041, -1, 'I', true, "inet", "inet"},
    {TypeId::kCidr, Physical::kString, 650, 651, -1, 'I', false, "cidr", "cidr"},
    {TypeId::kMacaddr, Physical::kString, 829, 1040, 6, 'U', false, "macaddr", "macaddr"},
    {TypeId::kMacaddr8, Physical::kString, 774, 775, 8, 'U', false, "macaddr8", "macaddr8"},
    {TypeId::kInt4Range, Physical::kString, 3904, 3905, -1, 'R', false, "int4range", "int4range"},
    {TypeId::kInt8Range, Physical::kString, 3926, 3927, -1, 'R', false, "int8range", "int8range"},
    {TypeId::kNumRange, Physical::kString, 3906, 3907, -1, 'R', false, "numrange", "numrange"},
    {TypeId::kTsRange, Physical::kString, 3908, 3909, -1, 'R', false, "tsrange", "tsrange"},
    {TypeId::kTstzRange, Physical::kString, 3910, 3911, -1, 'R', false, "tstzrange", "tstzrange"},
    {TypeId::kDateRange, Physical::kString, 3912, 3913, -1, 'R', false, "daterange", "daterange"},
    {TypeId::kInt4Multirange, Physical::kString, 4451, 6150, -1, 'R', false, "int4multirange",
     "int4multirange"},
    {TypeId::kInt8Multirange, Physical::kString, 4536, 6157, -1, 'R', false, "int8multirange",
     "int8multirange"},
    {TypeId::kNumMultirange, Physical::kString, 4532, 6151, -1, 'R', false, "nummultirange",
     "nummultirange"},
    {TypeId::kTsMultirange, Physical::kString, 4533, 6152, -1, 'R', false, "tsmultirange",
     "tsmultirange"},
    {TypeId::kTstzMultirange, Physical::kString, 4534, 6153, -1, 'R', false, "tstzmultirange",
     "tstzmultirange"},
    {TypeId::kDateMultirange, Physical::kString, 4535, 6155, -1, 'R', false, "datemultirange",
     "datemultirange"},
    {TypeId::kJsonpath, Physical::kString, 4072, 4073, -1, 'U', false, "jsonpath", "jsonpath"},
    {TypeId::kTsVector, Physical::kString, 3614, 3643, -1, 'U', false, "tsvector", "tsvector"},
    {TypeId::kTsQuery, Physical::kString, 3615, 3645, -1, 'U', false, "tsquery", "tsquery"},
    {TypeId::kRegconfig, Physical::kInt64, 3734, 3735, 4, 'N', false, "regconfig", "regconfig"},
    {TypeId::kRegdictionary, Physical::kInt64, 3769, 3770, 4, 'N', false, "regdictionary",
     "regdictionary"},
    // The oids are those of anyenum and anyarray: no enum has them.
    {TypeId::kEnum, Physical::kDouble, 3500, 2277, 4, 'E', false, "anyenum", "anyenum"},
    // The oids are those of anyrange, anymultirange and anyarray: no declared range has them.
    {TypeId::kRange, Physical::kString, 3831, 2277, -1, 'R', false, "anyrange", "anyrange"},
    {TypeId::kMultirange, Physical::kString, 4537, 2277, -1, 'R', false, "anymultirange",
     "anymultirange"},
    // Composite types have the category; of anonymous rows nobody asks for it.
    {TypeId::kRecord, Physical::kString, 2249, 2287, -1, 'C', false, "record", "record"},
};

// No value has one: only arguments and results of functions are declared with them.
constexpr TypeRow kPseudoTypes[] = {
    {TypeId::kAnyElement, Physical::kString, 2283, 0, 4, 'P', false, "anyelement", "anyelement"},
    {TypeId::kAnyArray, Physical::kString, 2277, 0, -1, 'P', false, "anyarray", "anyarray"},
    {TypeId::kAnyNonArray, Physical::kString, 2776, 0, 4, 'P', false, "anynonarray", "anynonarray"},
    {TypeId::kAnyEnum, Physical::kString, 3500, 0, 4, 'P', false, "anyenum", "anyenum"},
    {TypeId::kAnyCompatible, Physical::kString, 5077, 0, 4, 'P', false, "anycompatible",
     "anycompatible"},
    {TypeId::kAnyCompatibleArray, Physical::kString, 5078, 0, -1, 'P', false, "anycompatiblearray",
     "anycompatiblearray"},
    {TypeId::kAnyCompatibleNonArray, Physical::kString, 5079, 0, 4, 'P', false,
     "anycompatiblenonarray", "anycompatiblenonarray"},
    {TypeId::kAnyRange, Physical::kString, 3831, 0, -1, 'P', false, "anyrange", "anyrange"},
    {TypeId::kAnyMultirange, Physical::kString, 4537, 0, -1, 'P', false, "anymultirange",
     "anymultirange"},
    {TypeId::kAnyCompatibleRange, Physical::kString, 5080, 0, -1, 'P', false, "anycompatiblerange",
     "anycompatiblerange"},
    {TypeId::kAnyCompatibleMultirange, Physical::kString, 4538, 0, -1, 'P', false,
     "anycompatiblemultirange", "anycompatiblemultirange"},
    {TypeId::kAny, Physical::kString, 2276, 0, 4, 'P', false, "any", "\"any\""},
};

constexpr TypeRow kNoType = {
    TypeId::kUnspecified, Physical::kString, 0, 0, -1, 'P', false, "", "???"};

constexpr size_t kTypeLimit = 128;

constexpr std::array<TypeRow, kTypeLimit> MakeIndex() {
  std::array<TypeRow, kTypeLimit> index{};
  for (auto& row : index) row = kNoType;
  for (const auto& row : kTypes) index[static_cast<size_t>(row.id)] = row;
  for (const auto& row : kPseudoTypes) index[static_cast<size_t>(row.id)] = row;
  return index;
}
constexpr std::array<TypeRow, kTypeLimit> kIndex = MakeIndex();

constexpr bool HasArrayBit(TypeId id) {
  return static_cast<uint8_t>(id) > static_cast<uint8_t>(TypeId::kArrayOf);
}

constexpr TypeId WithoutArrayBit(TypeId id) {
  return static_cast<TypeId>(static_cast<uint8_t>(id) & ~static_cast<uint8_t>(TypeId::kArrayOf));
}

// Of an array: its element's.
const TypeRow& RowOf(TypeId id) {
  if (HasArrayBit(id)) id = WithoutArrayBit(id);
  const size_t position = static_cast<size_t>(id);
  return position < kTypeLimit ? kIndex[position] : kNoType;
}

// Of these there is none without a definition, and so no name or number of its own.
constexpr bool IsDeclaredOnly(TypeId id) {
  return id == TypeId::kEnum || id == TypeId::kRange || id == TypeId::kMultirange;
}

// Spellings beyond the catalog's and the SQL names of kTypes.
constexpr std::pair<std::string_view, TypeId> kAliases[] = {
    {"int", TypeId::kInt4},     {"decimal", TypeId::kNumeric}, {"dec", TypeId::kNumeric},
    {"float", TypeId::kFloat8}, {"char", TypeId::kBpchar},     {"timestamp", TypeId::kTimestamp},
    {"time", TypeId::kTime},    {"string", TypeId::kText},
};

}  // namespace

std::span<const TypeId> PlainTypes() {
  static constexpr auto kIds = [] {
    std::array<TypeId, std::size(kTypes)> ids{};
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = kTypes[i].id;
    return ids;
  }();
  return kIds;
}

std::optional<TypeId> PolymorphicFromName(std::string_view name) {
  for (const auto& row : kPseudoTypes) {
    if (row.catalog_name == name && row.id != TypeId::kAny) return row.id;
  }
  return std::nullopt;
}

bool IsPolymorphic(TypeId id) { return id >= TypeId::kAnyElement && id < TypeId::kAny; }

Physical PhysicalOf(TypeId id) { return HasArrayBit(id) ? Physical::kString : RowOf(id).physical; }

uint32_t OidOf(TypeId id) { return HasArrayBit(id) ? RowOf(id).array_oid : RowOf(id).oid; }

std::optional<TypeId> FromOid(uint32_t oid) {
  if (oid == 0) return std::nullopt;
  for (const auto& row : kTypes) {
    if (IsDeclaredOnly(row.id)) continue;
    if (row.oid == oid) return row.id;
    if (row.array_oid == oid) return ArrayOf(row.id);
  }
  return std::nullopt;
}

uint32_t OidOf(const Type& type) {
  if (type.declared == nullptr) return OidOf(type.id);
  const common::v1::DeclaredType& definition = type.declared->definition;
  return types::DeclarationOf(type) != nullptr ? definition.oid() : definition.array_oid();
}

char CategoryOf(TypeId id) { return HasArrayBit(id) ? 'A' : RowOf(id).category; }

bool IsPreferred(TypeId id) { return !HasArrayBit(id) && RowOf(id).preferred; }

int16_t PgTypeLength(TypeId id) { return HasArrayBit(id) ? -1 : RowOf(id).length; }

int32_t PgTypmod(const Type& type) { return type.modifier - 1; }

std::string Format(const Type& type) {
  if (const DeclaredType* declared = types::DeclarationOf(type))
    return QuotedName(declared->definition.name());
  if (HasArrayBit(type.id)) return Format(ElementOf(type)) + "[]";
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
    case TypeId::kTimetz:
      return "time" + precision + " with time zone";
    case TypeId::kBit:
    case TypeId::kVarbit:
      return name + "(" + std::to_string(PgTypmod(type)) + ")";
    case TypeId::kInterval:
      return name + IntervalModifierText(type);
    default:
      return name;
  }
}

std::string_view CatalogName(TypeId id) {
  if (!HasArrayBit(id)) return RowOf(id).catalog_name;
  static const auto* const kNames = [] {
    auto* names = new std::array<std::string, kTypeLimit>();
    for (const auto& row : kTypes) {
      (*names)[static_cast<size_t>(row.id)] = "_" + std::string(row.catalog_name);
    }
    return names;
  }();
  return (*kNames)[static_cast<size_t>(RowOf(id).id)];
}

std::string_view CatalogName(const Type& type) {
  if (type.declared == nullptr) return CatalogName(type.id);
  const common::v1::DeclaredType& definition = type.declared->definition;
  return types::DeclarationOf(type) != nullptr ? definition.name() : definition.array_name();
}

std::optional<TypeId> FromName(std::string_view name) {
  if (name.empty()) return std::nullopt;
  for (const auto& [alias, id] : kAliases) {
    if (alias == name) return id;
  }
  for (const auto& row : kTypes) {
    if (IsDeclaredOnly(row.id)) continue;
    if (row.catalog_name == name || row.sql_name == name) return row.id;
  }
  std::optional<TypeId> element;
  for (const auto& row : kTypes) {
    if (!IsDeclaredOnly(row.id) && name.starts_with('_') && row.catalog_name == name.substr(1))
      element = row.id;
  }
  if (name.ends_with("[]")) element = FromName(name.substr(0, name.size() - 2));
  if (!element.has_value() || ArrayOf(*element) == TypeId::kUnspecified) return std::nullopt;
  return ArrayOf(*element);
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
  return id == TypeId::kDate || id == TypeId::kTime || id == TypeId::kTimetz ||
         id == TypeId::kTimestamp || id == TypeId::kTimestamptz;
}

bool IsVector(TypeId id) { return id == TypeId::kInt2Vector || id == TypeId::kOidVector; }

bool IsArray(TypeId id) { return HasArrayBit(id) || IsVector(id); }

TypeId ElementOf(TypeId array) {
  if (array == TypeId::kInt2Vector) return TypeId::kInt2;
  if (array == TypeId::kOidVector) return TypeId::kOid;
  return WithoutArrayBit(array);
}

Type ElementOf(const Type& array) {
  // A domain over an array: that array's.
  if (const DeclaredType* declared = types::DeclarationOf(array)) return ElementOf(declared->base);
  return {ElementOf(array.id), array.modifier, array.declared, array.collation};
}

TypeId ArrayOf(TypeId element) {
  if (HasArrayBit(element) || RowOf(element).array_oid == 0) return TypeId::kUnspecified;
  return static_cast<TypeId>(static_cast<uint8_t>(TypeId::kArrayOf) |
                             static_cast<uint8_t>(element));
}

Type ArrayOf(const Type& element) {
  return {ArrayOf(element.id), element.modifier, element.declared, element.collation};
}

bool IsComparable(TypeId id) {
  if (HasArrayBit(id)) id = WithoutArrayBit(id);
  return id != TypeId::kJson && id != TypeId::kJsonpath && id != TypeId::kVoid &&
         id != TypeId::kUnspecified;
}

bool IsComparable(const Type& type) {
  if (!IsComparable(type.id)) return false;
  const DeclaredType* const row = CompositeOf(type);
  if (row == nullptr) return true;
  return std::all_of(row->fields.begin(), row->fields.end(),
                     [](const CompositeField& field) { return IsComparable(field.type); });
}

bool IsIndexable(TypeId id) { return IsComparable(id); }

bool IsIndexable(const Type& type) { return IsComparable(type); }

common::v1::DataType ToProto(const Type& type) {
  common::v1::DataType proto;
  proto.set_id(static_cast<common::v1::TypeId>(type.id));
  proto.set_modifier(type.modifier);
  if (type.declared != nullptr) *proto.mutable_declared() = type.declared->definition;
  if (const common::v1::Collation* const collation = DefinitionOf(type.collation))
    *proto.mutable_collation() = *collation;
  return proto;
}

Type FromProto(const common::v1::DataType& proto) {
  return {static_cast<TypeId>(proto.id()), proto.modifier(),
          proto.has_declared() ? Intern(proto.declared()) : nullptr,
          proto.has_collation() ? Intern(proto.collation()) : kDefaultCollation};
}

}  // namespace adbms::types
