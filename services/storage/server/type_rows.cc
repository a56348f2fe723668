// pg_type.
#include "services/storage/server/type_rows.h"

#include <deque>
#include <string>
#include <vector>

#include "common/sql/operator_classes/ordering_classes.h"
#include "common/types/collation.h"
#include "common/types/declared_type.h"
#include "common/types/range.h"
#include "services/storage/server/declared_type_rows.h"
#include "services/storage/server/pg_catalog_rows.h"

namespace adbms::storage::server {
namespace {

// Arrays follow from their elements.
constexpr TypeRow kPlainTypes[] = {
    {16, "bool", 1, true, "b", "B", true, 0, 1000, "c", "p", 0, 1242, 1243},
    {17, "bytea", -1, false, "b", "U", false, 0, 1001, "i", "x", 0, 1244, 31},
    {18, "char", 1, true, "b", "Z", false, 0, 1002, "c", "p", 0, 1245, 33},
    {19, "name", 64, false, "b", "S", false, 18, 1003, "c", "p", 950, 34, 35},
    {20, "int8", 8, true, "b", "N", false, 0, 1016, "d", "p", 0, 460, 461},
    {21, "int2", 2, true, "b", "N", false, 0, 1005, "s", "p", 0, 38, 39},
    {22, "int2vector", -1, false, "b", "A", false, 21, 1006, "i", "p", 0, 40, 41},
    {23, "int4", 4, true, "b", "N", false, 0, 1007, "i", "p", 0, 42, 43},
    {25, "text", -1, false, "b", "S", true, 0, 1009, "i", "x", 100, 46, 47},
    {26, "oid", 4, true, "b", "N", true, 0, 1028, "i", "p", 0, 1798, 1799},
    {30, "oidvector", -1, false, "b", "A", false, 26, 1013, "i", "p", 0, 54, 55},
    {114, "json", -1, false, "b", "U", false, 0, 199, "i", "x", 0, 321, 322},
    {700, "float4", 4, true, "b", "N", false, 0, 1021, "i", "p", 0, 200, 201},
    {701, "float8", 8, true, "b", "N", true, 0, 1022, "d", "p", 0, 214, 215},
    {705, "unknown", -2, false, "p", "X", false, 0, 0, "c", "p", 0, 109, 110},
    {1042, "bpchar", -1, false, "b", "S", false, 0, 1014, "i", "x", 100, 1044, 1045},
    {1043, "varchar", -1, false, "b", "S", false, 0, 1015, "i", "x", 100, 1046, 1047},
    {1082, "date", 4, true, "b", "D", false, 0, 1182, "i", "p", 0, 1084, 1085},
    {1083, "time", 8, true, "b", "D", false, 0, 1183, "d", "p", 0, 1143, 1144},
    {1114, "timestamp", 8, true, "b", "D", false, 0, 1115, "d", "p", 0, 1312, 1313},
    {1184, "timestamptz", 8, true, "b", "D", true, 0, 1185, "d", "p", 0, 1150, 1151},
    {1186, "interval", 16, false, "b", "T", true, 0, 1187, "d", "p", 0, 1160, 1161},
    {1700, "numeric", -1, false, "b", "N", false, 0, 1231, "i", "m", 0, 1701, 1702},
    {24, "regproc", 4, true, "b", "N", false, 0, 1008, "i", "p", 0, 44, 45},
    {2205, "regclass", 4, true, "b", "N", false, 0, 2210, "i", "p", 0, 2218, 2219},
    {2206, "regtype", 4, true, "b", "N", false, 0, 2211, "i", "p", 0, 2220, 2221},
    {2249, "record", -1, false, "p", "P", false, 0, 2287, "d", "x", 0, 2290, 2291},
    {2275, "cstring", -2, false, "p", "P", false, 0, 1263, "c", "p", 0, 2292, 2293},
    {2276, "any", 4, true, "p", "P", false, 0, 0, "i", "p", 0, 2294, 2295},
    {2277, "anyarray", -1, false, "p", "P", false, 0, 0, "d", "x", 0, 2296, 2297},
    {5077, "anycompatible", 4, true, "p", "P", false, 0, 0, "i", "p", 0, 5086, 5087},
    {5078, "anycompatiblearray", -1, false, "p", "P", false, 0, 0, "d", "x", 0, 5088, 5089},
    {2283, "anyelement", 4, true, "p", "P", false, 0, 0, "i", "p", 0, 2312, 2313},
    {3500, "anyenum", 4, true, "p", "P", false, 0, 0, "i", "p", 0, 3504, 3505},
    {2278, "void", 4, true, "p", "P", false, 0, 0, "i", "p", 0, 2298, 2299},
    {2279, "trigger", 4, true, "p", "P", false, 0, 0, "i", "p", 0, 2300, 2301},
    {4089, "regnamespace", 4, true, "b", "N", false, 0, 4090, "i", "p", 0, 4084, 4085},
    {3802, "jsonb", -1, false, "b", "U", false, 0, 3807, "i", "x", 0, 3806, 3804},
    {4072, "jsonpath", -1, false, "b", "U", false, 0, 4073, "i", "x", 0, 4001, 4003},
    {3614, "tsvector", -1, false, "b", "U", false, 0, 3643, "i", "x", 0, 3610, 3611},
    {3615, "tsquery", -1, false, "b", "U", false, 0, 3645, "i", "p", 0, 3612, 3613},
    {3734, "regconfig", 4, true, "b", "N", false, 0, 3735, "i", "p", 0, 3736, 3737},
    {3769, "regdictionary", 4, true, "b", "N", false, 0, 3770, "i", "p", 0, 3771, 3772},
    {869, "inet", -1, false, "b", "I", true, 0, 1041, "i", "m", 0, 910, 911},
    {650, "cidr", -1, false, "b", "I", false, 0, 651, "i", "m", 0, 1267, 1427},
    {829, "macaddr", 6, false, "b", "U", false, 0, 1040, "i", "p", 0, 436, 437},
    {774, "macaddr8", 8, false, "b", "U", false, 0, 775, "i", "p", 0, 4110, 4111},
    {3904, "int4range", -1, false, "r", "R", false, 0, 3905, "i", "x", 0, 3834, 3835},
    {3906, "numrange", -1, false, "r", "R", false, 0, 3907, "i", "x", 0, 3834, 3835},
    {3908, "tsrange", -1, false, "r", "R", false, 0, 3909, "d", "x", 0, 3834, 3835},
    {3910, "tstzrange", -1, false, "r", "R", false, 0, 3911, "d", "x", 0, 3834, 3835},
    {3912, "daterange", -1, false, "r", "R", false, 0, 3913, "i", "x", 0, 3834, 3835},
    {3926, "int8range", -1, false, "r", "R", false, 0, 3927, "d", "x", 0, 3834, 3835},
    {4451, "int4multirange", -1, false, "m", "R", false, 0, 6150, "i", "x", 0, 4231, 4232},
    {4532, "nummultirange", -1, false, "m", "R", false, 0, 6151, "i", "x", 0, 4231, 4232},
    {4533, "tsmultirange", -1, false, "m", "R", false, 0, 6152, "d", "x", 0, 4231, 4232},
    {4534, "tstzmultirange", -1, false, "m", "R", false, 0, 6153, "d", "x", 0, 4231, 4232},
    {4535, "datemultirange", -1, false, "m", "R", false, 0, 6155, "i", "x", 0, 4231, 4232},
    {4536, "int8multirange", -1, false, "m", "R", false, 0, 6157, "d", "x", 0, 4231, 4232},
    {3831, "anyrange", -1, false, "p", "P", false, 0, 0, "d", "x", 0, 3832, 3833},
    {4537, "anymultirange", -1, false, "p", "P", false, 0, 0, "d", "x", 0, 4229, 4230},
    {2776, "anynonarray", 4, true, "p", "P", false, 0, 0, "i", "p", 0, 2777, 2778},
    {2950, "uuid", 16, false, "b", "U", false, 0, 2951, "c", "p", 0, 2952, 2953},
};

constexpr int64_t kArrayIn = 750;
constexpr int64_t kArrayOut = 751;

const std::vector<TypeRow>& Types() {
  static const auto* const kTypes = [] {
    static std::deque<std::string> names;
    auto* types = new std::vector<TypeRow>(std::begin(kPlainTypes), std::end(kPlainTypes));
    for (const TypeRow& element : kPlainTypes) {
      if (element.array == 0) continue;
      const std::string& name = names.emplace_back("_" + std::string(element.name));
      const char* align = std::string_view(element.align) == "d" ? "d" : "i";
      const bool pseudo = std::string_view(element.kind) == "p";
      types->push_back({element.array, name.c_str(), -1, false, pseudo ? "p" : "b", "A", false,
                        element.oid, 0, align, "x", element.collation, kArrayIn, kArrayOut});
    }
    return types;
  }();
  return *kTypes;
}

void FillType(const RowSource& source, RowBuilder* rows) {
  for (const TypeRow& type : Types()) {
    rows->Row()
        .Set("oid", type.oid)
        .Set("typname", type.name)
        .Set("typnamespace", 11)
        .Set("typowner", 10)
        .Set("typlen", type.length)
        .SetBool("typbyval", type.by_value)
        .Set("typtype", type.kind)
        .Set("typcategory", type.category)
        .SetBool("typispreferred", type.preferred)
        .SetBool("typisdefined", true)
        .Set("typdelim", ",")
        .Set("typrelid", int64_t{0})
        .Set("typsubscript", int64_t{0})
        .Set("typelem", type.element)
        .Set("typarray", type.array)
        .Set("typinput", type.input)
        .Set("typoutput", type.output)
        .Set("typreceive", int64_t{0})
        .Set("typsend", int64_t{0})
        .Set("typmodin", int64_t{0})
        .Set("typmodout", int64_t{0})
        .Set("typanalyze", int64_t{0})
        .Set("typalign", type.align)
        .Set("typstorage", type.storage)
        .SetBool("typnotnull", false)
        .Set("typbasetype", int64_t{0})
        .Set("typtypmod", -1)
        .Set("typndims", int64_t{0})
        .Set("typcollation", type.collation);
  }
  AddDeclaredTypeRows(source, rows);
}

// Of a range type: the operator class of its bounds, and the functions that make it canonical and
// measure it.
struct RangeRow {
  types::TypeId id;
  int64_t operator_class, canonical, difference;
};
constexpr RangeRow kRanges[] = {
    {types::TypeId::kInt4Range, 1978, 3914, 3922}, {types::TypeId::kNumRange, 3125, 0, 3924},
    {types::TypeId::kTsRange, 3128, 0, 3929},      {types::TypeId::kTstzRange, 3127, 0, 3930},
    {types::TypeId::kDateRange, 3122, 3915, 3925}, {types::TypeId::kInt8Range, 3124, 3928, 3923},
};

void FillDeclaredRanges(const RowSource& source, RowBuilder* rows) {
  for (const auto& [oid, type] : source.catalog->types()) {
    if (!type->declared().has_range()) continue;
    const common::v1::RangeDefinition& range = type->declared().range();
    const types::Type subtype = types::FromProto(range.subtype());
    const sql::OrderingClass* const ordering = sql::DefaultOrderingClass(types::BaseOf(subtype));
    const TypeRow* const info = FindType(types::OidOf(types::WithoutDomain(subtype)));
    rows->Row()
        .Set("rngtypid", oid)
        .Set("rngsubtype", static_cast<int64_t>(types::OidOf(subtype)))
        .Set("rngmultitypid", range.multirange_oid())
        .Set("rngcollation", info != nullptr ? info->collation : 0)
        .Set("rngsubopc", range.operator_class_oid() != 0 ? range.operator_class_oid()
                          : ordering != nullptr           ? ordering->oid
                                                          : 0)
        .Set("rngcanonical", int64_t{0})
        .Set("rngsubdiff", range.subtype_diff_oid());
  }
}

void FillRange(const RowSource& source, RowBuilder* rows) {
  FillDeclaredRanges(source, rows);
  for (const RangeRow& range : kRanges) {
    rows->Row()
        .Set("rngtypid", static_cast<int64_t>(types::OidOf(range.id)))
        .Set("rngsubtype", static_cast<int64_t>(types::OidOf(types::BoundOf(range.id))))
        .Set("rngmultitypid", static_cast<int64_t>(types::OidOf(types::MultirangeOf(range.id))))
        .Set("rngcollation", int64_t{0})
        .Set("rngsubopc", range.operator_class)
        .Set("rngcanonical", range.canonical)
        .Set("rngsubdiff", range.difference);
  }
}

}  // namespace

std::span<const TypeRow> AllTypes() { return Types(); }

const TypeRow* FindType(int64_t oid) {
  for (const TypeRow& type : Types()) {
    if (type.oid == oid) return &type;
  }
  return nullptr;
}

void AddTypeFills(RowFillMap* fills) {
  fills->emplace("pg_catalog.pg_type", FillType);
  fills->emplace("pg_catalog.pg_range", FillRange);
}

int64_t CollationOid(const types::Type& type, int64_t by_default) {
  const common::v1::Collation* const collation = types::DefinitionOf(type.collation);
  return collation == nullptr ? by_default : int64_t{collation->oid()};
}

}  // namespace adbms::storage::server
