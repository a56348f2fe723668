// SQL types: identity, PostgreSQL oid, physical representation. Pure functions and small values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "adbms/common/v1/type.pb.h"

namespace adbms::types {

enum class TypeId : uint8_t {
  kUnspecified = common::v1::TYPE_ID_UNSPECIFIED,
  kUnknown = common::v1::TYPE_ID_UNKNOWN,
  kBool = common::v1::TYPE_ID_BOOL,
  kInt2 = common::v1::TYPE_ID_INT2,
  kInt4 = common::v1::TYPE_ID_INT4,
  kInt8 = common::v1::TYPE_ID_INT8,
  kFloat4 = common::v1::TYPE_ID_FLOAT4,
  kFloat8 = common::v1::TYPE_ID_FLOAT8,
  kNumeric = common::v1::TYPE_ID_NUMERIC,
  kText = common::v1::TYPE_ID_TEXT,
  kVarchar = common::v1::TYPE_ID_VARCHAR,
  kBpchar = common::v1::TYPE_ID_BPCHAR,
  kDate = common::v1::TYPE_ID_DATE,
  kTimestamp = common::v1::TYPE_ID_TIMESTAMP,
  kTimestamptz = common::v1::TYPE_ID_TIMESTAMPTZ,
  kInterval = common::v1::TYPE_ID_INTERVAL,
  kBytea = common::v1::TYPE_ID_BYTEA,
  kUuid = common::v1::TYPE_ID_UUID,
  kJson = common::v1::TYPE_ID_JSON,
  kOid = common::v1::TYPE_ID_OID,
  kName = common::v1::TYPE_ID_NAME,
  kChar = common::v1::TYPE_ID_CHAR,
  kRegclass = common::v1::TYPE_ID_REGCLASS,
  kRegtype = common::v1::TYPE_ID_REGTYPE,
  kVoid = common::v1::TYPE_ID_VOID,
  kTime = common::v1::TYPE_ID_TIME,
  kInt2Vector = common::v1::TYPE_ID_INT2_VECTOR,
  kOidVector = common::v1::TYPE_ID_OID_VECTOR,
  kRegnamespace = common::v1::TYPE_ID_REGNAMESPACE,
  kRegproc = common::v1::TYPE_ID_REGPROC,
  kJsonb = common::v1::TYPE_ID_JSONB,
  kInet = common::v1::TYPE_ID_INET,
  kCidr = common::v1::TYPE_ID_CIDR,
  kMacaddr = common::v1::TYPE_ID_MACADDR,
  kMacaddr8 = common::v1::TYPE_ID_MACADDR8,
  // Any enum: which one says Type::declared.
  kEnum = common::v1::TYPE_ID_ENUM,
  // Any row: which one says Type::declared, where it is known.
  kRecord = common::v1::TYPE_ID_RECORD,
  kInt4Range = common::v1::TYPE_ID_INT4_RANGE,
  kInt8Range = common::v1::TYPE_ID_INT8_RANGE,
  kNumRange = common::v1::TYPE_ID_NUM_RANGE,
  kTsRange = common::v1::TYPE_ID_TS_RANGE,
  kTstzRange = common::v1::TYPE_ID_TSTZ_RANGE,
  kDateRange = common::v1::TYPE_ID_DATE_RANGE,
  kInt4Multirange = common::v1::TYPE_ID_INT4_MULTIRANGE,
  kInt8Multirange = common::v1::TYPE_ID_INT8_MULTIRANGE,
  kNumMultirange = common::v1::TYPE_ID_NUM_MULTIRANGE,
  kTsMultirange = common::v1::TYPE_ID_TS_MULTIRANGE,
  kTstzMultirange = common::v1::TYPE_ID_TSTZ_MULTIRANGE,
  kDateMultirange = common::v1::TYPE_ID_DATE_MULTIRANGE,
  kJsonpath = common::v1::TYPE_ID_JSONPATH,
  // The pseudo-types of functions' arguments.
  kAnyElement = common::v1::TYPE_ID_ANYELEMENT,
  kAnyArray = common::v1::TYPE_ID_ANYARRAY,
  kAnyNonArray = common::v1::TYPE_ID_ANYNONARRAY,
  kAnyEnum = common::v1::TYPE_ID_ANYENUM,
  kAnyCompatible = common::v1::TYPE_ID_ANYCOMPATIBLE,
  kAnyCompatibleArray = common::v1::TYPE_ID_ANYCOMPATIBLEARRAY,
  kAnyCompatibleNonArray = common::v1::TYPE_ID_ANYCOMPATIBLENONARRAY,
  kAnyRange = common::v1::TYPE_ID_ANYRANGE,
  kAnyMultirange = common::v1::TYPE_ID_ANYMULTIRANGE,
  kAnyCompatibleRange = common::v1::TYPE_ID_ANYCOMPATIBLERANGE,
  kAnyCompatibleMultirange = common::v1::TYPE_ID_ANYCOMPATIBLEMULTIRANGE,
  kAny = common::v1::TYPE_ID_ANY,
  // Any range or multirange that a user has declared: which one says Type::declared.
  kRange = common::v1::TYPE_ID_RANGE,
  kMultirange = common::v1::TYPE_ID_MULTIRANGE,
  kBit = common::v1::TYPE_ID_BIT,
  kVarbit = common::v1::TYPE_ID_VARBIT,
  kTimetz = common::v1::TYPE_ID_TIMETZ,
  kTid = common::v1::TYPE_ID_TID,
  kTsVector = common::v1::TYPE_ID_TSVECTOR,
  kTsQuery = common::v1::TYPE_ID_TSQUERY,
  kRegconfig = common::v1::TYPE_ID_REGCONFIG,
  kRegdictionary = common::v1::TYPE_ID_REGDICTIONARY,

  // Arrays: of every type that has them, ArrayOf(element). These are named because code names them.
  kArrayOf = common::v1::TYPE_ID_ARRAY_OF,
  kTextArray = kArrayOf + kText,
  kInt2Array = kArrayOf + kInt2,
  kInt4Array = kArrayOf + kInt4,
  kInt8Array = kArrayOf + kInt8,
  kOidArray = kArrayOf + kOid,
  kNameArray = kArrayOf + kName,
};

// How values of a type lie in a vector.
enum class Physical : uint8_t {
  kBool,   // uint8_t, 0 or 1
  kInt16,  // int2
  kInt32,  // int4, date (days since 2000-01-01)
  kInt64,  // int8, oid and reg* (0..2^32-1), time, timestamp, timestamptz (us since 2000-01-01 UTC)
  kFloat,  // float4
  kDouble,    // float8, enums (the sort order of the label)
  kDecimal,   // numeric: types::Decimal
  kInterval,  // types::Interval
  kString,  // std::string_view: text family, bytea (raw), uuid (16 bytes), json, jsonpath; in forms
            // of their own (form.h) jsonb, inet, cidr, macaddr, macaddr8, ranges, arrays, rows,
            // tsvector, tsquery
};

struct DeclaredType;

// Stands for a collation within the process; 0: the database's own order, that of the bytes.
using CollationId = uint16_t;
inline constexpr CollationId kDefaultCollation = 0;

// A type with its modifier. `modifier` is PostgreSQL's atttypmod plus one; 0: none. An array has
// the modifier of its elements. `declared` is the definition of what a user has declared
// (declared_type.h), null for all other types: an enum has id kEnum, a domain the id of the type
// that it is over, a composite type kRecord, a range kRange, its multirange kMultirange, an array
// the definition of its elements.
// `collation` is the order of its strings (collation.h), which makes no other type of it.
struct Type {
  constexpr Type() = default;
  constexpr Type(TypeId id, int32_t modifier = 0, const DeclaredType* declared = nullptr,
                 CollationId collation = kDefaultCollation)
      : id(id), collation(collation), modifier(modifier), declared(declared) {}

  TypeId id = TypeId::kUnspecified;
  CollationId collation = kDefaultCollation;
  int32_t modifier = 0;
  const DeclaredType* declared = nullptr;

  friend bool operator==(const Type& a, const Type& b) {
    return a.id == b.id && a.modifier == b.modifier && a.declared == b.declared;
  }
};

// Every built-in type but arrays, kEnum and kRecord, in the order of their declaration.
std::span<const TypeId> PlainTypes();

Physical PhysicalOf(TypeId id);

// PostgreSQL's oid of the type, and back (nullopt for a type we do not have).
uint32_t OidOf(TypeId id);
std::optional<TypeId> FromOid(uint32_t oid);
// That of a declared type, too.
uint32_t OidOf(const Type& type);

// pg_type.typcategory and typispreferred; 'P' for a type we do not have.
char CategoryOf(TypeId id);
bool IsPreferred(TypeId id);

// pg_type.typlen: bytes of a fixed-size type, -1 for variable size, -2 for C strings.
int16_t PgTypeLength(TypeId id);

// atttypmod as PostgreSQL shows it: -1 for none.
int32_t PgTypmod(const Type& type);

// `format_type`: "character varying(10)", "numeric(12,2)", "timestamp with time zone". A declared
// type comes with its schema unless that is public.
std::string Format(const Type& type);

// The catalog's short name: "int4", "varchar", "timestamptz"; "anyenum" for enums.
std::string_view CatalogName(TypeId id);
// That of a declared type, too.
std::string_view CatalogName(const Type& type);

// The type for a catalog or SQL name ("int", "integer", "int4", "character varying", …), lower
// case, without modifier; nullopt when there is none.
std::optional<TypeId> FromName(std::string_view name);
// The pseudo-type of that name, which FromName does not know; `any` is none of these.
std::optional<TypeId> PolymorphicFromName(std::string_view name);
// Whether it is such a pseudo-type: a call decides what type it is.
bool IsPolymorphic(TypeId id);

// numeric(p,s) of the modifier; nullopt without one.
struct NumericModifier {
  int precision;
  int scale;
};
std::optional<NumericModifier> NumericModifierOf(const Type& type);
Type NumericType(int precision, int scale);

// n of varchar(n) and char(n); nullopt without one.
std::optional<int> LengthModifierOf(const Type& type);
Type StringType(TypeId id, int length);

bool IsInteger(TypeId id);       // int2, int4, int8
bool IsNumber(TypeId id);        // integers, floats, numeric
bool IsString(TypeId id);        // text, varchar, bpchar, name, "char", unknown
bool IsDateTime(TypeId id);      // date, time, timestamp, timestamptz
bool IsArray(TypeId id);         // including int2vector and oidvector
bool IsVector(TypeId id);        // int2vector, oidvector
TypeId ElementOf(TypeId array);  // REQUIRES: IsArray(array)
Type ElementOf(const Type& array);
// The arrays of an element; kUnspecified where there are none (void, unknown, arrays).
TypeId ArrayOf(TypeId element);
Type ArrayOf(const Type& element);
bool IsComparable(TypeId id);  // has a default ordering: not json, jsonpath, arrays of them, void
bool IsComparable(const Type& type);  // The same; rows if all of their fields have.
bool IsIndexable(TypeId id);          // may be a key column
bool IsIndexable(const Type& type);

common::v1::DataType ToProto(const Type& type);
Type FromProto(const common::v1::DataType& proto);

}  // namespace adbms::types
