#include "common/sql/operator_classes/ordering_classes.h"

#include <array>

#include "common/types/range.h"

namespace adbms::sql {
namespace {

using types::TypeId;

constexpr uint32_t kAnyArray = 2277;
constexpr uint32_t kAnyEnum = 3500;
constexpr uint32_t kAnyRange = 3831;
constexpr uint32_t kAnyMultirange = 4537;
constexpr uint32_t kRecord = 2249;

constexpr std::array<OrderingClass, 40> kClasses = {{
    {"array_ops", 10000, 397, kAnyArray},
    {"bit_ops", 10002, 423, 1560},
    {"bool_ops", 10003, 424, 16},
    {"bpchar_ops", 10004, 426, 1042},
    {"bpchar_pattern_ops", 4219, 2097, 1042, false},
    {"bytea_ops", 10006, 428, 17},
    {"char_ops", 10007, 429, 18},
    {"cidr_ops", 10009, 1974, 869, false},
    {"date_ops", 3122, 434, 1082},
    {"enum_ops", 10069, 3522, kAnyEnum},
    {"float4_ops", 10012, 1970, 700},
    {"float8_ops", 3123, 1970, 701},
    {"inet_ops", 10015, 1974, 869},
    {"int2_ops", 1979, 1976, 21},
    {"int4_ops", 1978, 1976, 23},
    {"int8_ops", 3124, 1976, 20},
    {"interval_ops", 10022, 1982, 1186},
    {"jsonb_ops", 10088, 4033, 3802},
    {"macaddr8_ops", 10026, 3371, 774},
    {"macaddr_ops", 10024, 1984, 829},
    {"multirange_ops", 10080, 4199, kAnyMultirange},
    {"name_ops", 10028, 1994, 19},
    {"numeric_ops", 3125, 1988, 1700},
    {"oid_ops", 1981, 1989, 26},
    {"oidvector_ops", 10032, 1991, 30},
    {"range_ops", 10076, 3901, kAnyRange},
    {"record_ops", 10034, 2994, kRecord},
    {"text_ops", 3126, 1994, 25},
    {"text_pattern_ops", 4217, 2095, 25, false},
    {"tid_ops", 10050, 2789, 27},
    {"time_ops", 10038, 1996, 1083},
    {"timestamp_ops", 3128, 434, 1114},
    {"timestamptz_ops", 3127, 434, 1184},
    {"timetz_ops", 10041, 2000, 1266},
    {"tsquery_ops", 10074, 3683, 3615},
    {"tsvector_ops", 10071, 3626, 3614},
    {"uuid_ops", 10065, 2968, 2950},
    {"varbit_ops", 10043, 2002, 1562},
    {"varchar_ops", 10044, 1994, 25, false},
    {"varchar_pattern_ops", 4218, 2095, 25, false},
}};

// What pg_opclass has for it.
uint32_t InputOf(const types::Type& type) {
  if (type.id == TypeId::kVarchar) return 25;
  if (type.id == TypeId::kCidr) return 869;
  if (type.id == TypeId::kRegclass || type.id == TypeId::kRegtype || type.id == TypeId::kRegproc ||
      type.id == TypeId::kRegnamespace || type.id == TypeId::kRegconfig ||
      type.id == TypeId::kRegdictionary)
    return 26;
  if (type.id == TypeId::kEnum) return kAnyEnum;
  if (type.id == TypeId::kRecord) return kRecord;
  if (types::IsRange(type.id)) return kAnyRange;
  if (types::IsMultirange(type.id)) return kAnyMultirange;
  if (types::IsArray(type.id) && type.id != TypeId::kOidVector) return kAnyArray;
  return types::OidOf(type.id);
}

}  // namespace

std::span<const OrderingClass> OrderingClasses() { return kClasses; }

const OrderingClass* FindOrderingClass(std::string_view name) {
  for (const OrderingClass& one : kClasses) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

const OrderingClass* DefaultOrderingClass(const types::Type& type) {
  const uint32_t input = InputOf(type);
  for (const OrderingClass& one : kClasses) {
    if (one.is_default && one.input_oid == input) return &one;
  }
  return nullptr;
}

bool Accepts(const OrderingClass& ordering, const types::Type& type) {
  return ordering.input_oid == InputOf(type);
}

}  // namespace adbms::sql
