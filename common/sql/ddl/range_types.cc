// CREATE TYPE … AS RANGE.
#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/operator_classes/ordering_classes.h"
#include "common/sql/row_types.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "common/types/range.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::DeclaredType;
using common::v1::FunctionDescriptor;
using common::v1::RangeDefinition;
using common::v1::TypeDescriptor;

constexpr size_t kLongestName = 63;
// Definitions are embedded in one another.
constexpr int kMaxRangeDepth = 6;

// What CREATE TYPE says, by name; each at most once.
struct RangeOptions {
  const PgQuery__DefElem* subtype = nullptr;
  const PgQuery__DefElem* operator_class = nullptr;
  const PgQuery__DefElem* collation = nullptr;
  const PgQuery__DefElem* canonical = nullptr;
  const PgQuery__DefElem* difference = nullptr;
  const PgQuery__DefElem* multirange = nullptr;
};

std::vector<std::string> NamesOf(const PgQuery__DefElem& option) {
  if (option.arg == nullptr) return {};
  switch (option.arg->node_case) {
    case PG_QUERY__NODE__NODE_TYPE_NAME:
      return parser::StringsOf({option.arg->type_name->names, option.arg->type_name->n_names});
    case PG_QUERY__NODE__NODE_LIST:
      return parser::StringsOf({option.arg->list->items, option.arg->list->n_items});
    case PG_QUERY__NODE__NODE_STRING:
      return {std::string(parser::StringOf(option.arg))};
    default:
      return {};
  }
}

// How many ranges stand in one another.
int DepthOf(const Type& type) {
  const types::DeclaredType* declared = types::DefinitionOf(type);
  if (declared == nullptr) return 0;
  if (declared->is_multirange()) declared = declared->base.declared;
  if (declared->is_range()) return 1 + DepthOf(declared->subtype);
  int deepest = 0;
  for (const types::CompositeField& field : declared->fields)
    deepest = std::max(deepest, DepthOf(field.type));
  return deepest;
}

// As PostgreSQL names the multirange of a range.
std::string MultirangeName(const std::string& range) {
  const size_t at = range.find("range");
  const std::string name = at == std::string::npos
                               ? range.substr(0, kLongestName - 11) + "_multirange"
                               : range.substr(0, at) + "multi" + range.substr(at);
  return name.substr(0, kLongestName);
}

// Errors: 42704, 42804.
absl::StatusOr<uint32_t> ClassOid(const std::string& name, const Type& subtype) {
  const OrderingClass* const found = FindOrderingClass(name);
  if (found == nullptr)
    return status::Error(
        sqlstate::kUndefinedObject,
        absl::StrCat("operator class \"", name, "\" does not exist for access method \"btree\""));
  if (!Accepts(*found, subtype))
    return status::Error(sqlstate::kDatatypeMismatch,
                         absl::StrCat("operator class \"", name, "\" does not accept data type ",
                                      types::Format(subtype)));
  return found->oid;
}

// Built-in functions that measure how far two values are apart.
struct Difference {
  const char* name;
  TypeId type;
  uint32_t oid;
};
constexpr std::array<Difference, 7> kDifferences = {{
    {"float8mi", TypeId::kFloat8, 219},
    {"int4range_subdiff", TypeId::kInt4, 3922},
    {"int8range_subdiff", TypeId::kInt8, 3923},
    {"numrange_subdiff", TypeId::kNumeric, 3924},
    {"daterange_subdiff", TypeId::kDate, 3925},
    {"tsrange_subdiff", TypeId::kTimestamp, 3929},
    {"tstzrange_subdiff", TypeId::kTimestamptz, 3930},
}};

}  // namespace

absl::StatusOr<uint32_t> DdlBinder::RangeDifference(const std::vector<std::string>& names,
                                                    const Type& subtype) const {
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : std::string();
  if (schema.empty() || schema == "pg_catalog") {
    for (const Difference& known : kDifferences) {
      if (names.back() == known.name && subtype.id == known.type) return known.oid;
    }
  }
  const std::string shown = absl::StrCat(schema.empty() ? "" : schema + ".", names.back(), "(",
                                         types::Format(subtype), ", ", types::Format(subtype), ")");
  for (const FunctionDescriptor* function :
       input_.catalog->FindFunctions(schema, names.back(), input_.search_path)) {
    std::vector<Type> inputs;
    for (const auto& argument : function->arguments())
      if (IsInput(argument)) inputs.push_back(types::FromProto(argument.type()));
    const auto same = [&](const Type& type) {
      return type.id == subtype.id && type.declared == subtype.declared;
    };
    if (inputs.size() != 2 || !same(inputs[0]) || !same(inputs[1])) continue;
    if (types::FromProto(function->result()).id != TypeId::kFloat8)
      return ErrorAt("42P17", -1,
                     absl::StrCat("range subtype diff function ", shown,
                                  " must return type double precision"));
    if (function->volatility() != FunctionDescriptor::VOLATILITY_IMMUTABLE)
      return ErrorAt("42P17", -1,
                     absl::StrCat("range subtype diff function ", shown, " must be immutable"));
    return function->function_id();
  }
  return ErrorAt(sqlstate::kUndefinedFunction, -1,
                 absl::StrCat("function ", shown, " does not exist"));
}

absl::StatusOr<Type> DdlBinder::RangeSubtype(const PgQuery__DefElem& option) {
  ASSIGN_OR_RETURN(
      Type subtype,
      option.arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME
          ? Binder(input_, tree_).ResolveType(*option.arg->type_name)
          : sql::ResolveType(NamesOf(option).empty() ? "" : NamesOf(option).back(), input_));
  subtype.modifier = subtype.declared == nullptr ? 0 : subtype.modifier;
  if (subtype.id == TypeId::kVoid || subtype.id == TypeId::kUnknown ||
      types::IsPolymorphic(subtype.id))
    return ErrorAt(sqlstate::kDatatypeMismatch, -1,
                   absl::StrCat("range subtype cannot be ", types::Format(subtype)));
  const types::DeclaredType* const row = types::CompositeOf(subtype);
  if (types::HoldsRow(subtype.id) &&
      (row == nullptr || row->is_anonymous() || TableOfRowType(row->definition.oid()).has_value()))
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   absl::StrCat("a range over ", types::Format(subtype), " is not supported"),
                   "CREATE TYPE … AS (…) with the same fields, and use that.");
  if (!types::IsComparable(subtype))
    return ErrorAt(sqlstate::kUndefinedObject, -1,
                   absl::StrCat("data type ", types::Format(subtype),
                                " has no default operator class for access method \"btree\""),
                   "You must specify an operator class for the range type or define a default "
                   "operator class for the subtype.");
  if (types::BaseOf(subtype).collation != types::kDefaultCollation)
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat("a range over ", types::Format(subtype), " with a collation is not supported"),
        {}, "Ranges of text are ordered by their bytes, as with \"C\".");
  if (DepthOf(subtype) >= kMaxRangeDepth)
    return status::Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                         absl::StrCat("Ranges can be nested ", kMaxRangeDepth, " deep."));
  return subtype;
}

absl::Status DdlBinder::CreateRange(const PgQuery__CreateRangeStmt& create) {
  const std::vector<std::string> names = parser::StringsOf({create.type_name, create.n_type_name});
  ASSIGN_OR_RETURN(const std::string schema, NewTypeSchema(names));
  RangeOptions options;
  const std::pair<const char*, const PgQuery__DefElem**> known[] = {
      {"subtype", &options.subtype},         {"subtype_opclass", &options.operator_class},
      {"collation", &options.collation},     {"canonical", &options.canonical},
      {"subtype_diff", &options.difference}, {"multirange_type_name", &options.multirange},
  };
  for (const Node* node : NodeList(create.params, create.n_params)) {
    const PgQuery__DefElem& option = *node->def_elem;
    const std::string_view name = parser::View(option.defname);
    const auto* const found = std::find_if(std::begin(known), std::end(known),
                                           [&](const auto& one) { return name == one.first; });
    if (found == std::end(known))
      return ErrorAt(sqlstate::kSyntaxError, -1,
                     absl::StrCat("type attribute \"", std::string(name), "\" not recognized"));
    if (*found->second != nullptr)
      return ErrorAt(sqlstate::kSyntaxError, option.location, "conflicting or redundant options");
    *found->second = &option;
  }
  if (options.subtype == nullptr)
    return ErrorAt(sqlstate::kSyntaxError, -1, "type attribute \"subtype\" is required");
  ASSIGN_OR_RETURN(const Type subtype, RangeSubtype(*options.subtype));
  if (options.canonical != nullptr)
    return status::Error(sqlstate::kFeatureNotSupported,
                         "canonical functions of ranges are not supported", {},
                         "Write the bounds in one form, or use a built-in range type.");
  TypeDescriptor type;
  type.set_owner(input_.current_user);
  DeclaredType* const declared = type.mutable_declared();
  declared->set_kind(DeclaredType::KIND_RANGE);
  declared->set_schema(schema);
  declared->set_name(names.back());
  RangeDefinition* const range = declared->mutable_range();
  *range->mutable_subtype() = types::ToProto(subtype);
  if (options.operator_class != nullptr) {
    const std::vector<std::string> class_names = NamesOf(*options.operator_class);
    ASSIGN_OR_RETURN(const uint32_t oid,
                     ClassOid(class_names.empty() ? "" : class_names.back(), subtype));
    range->set_operator_class_oid(oid);
  }
  if (options.collation != nullptr) {
    if (!types::IsString(types::BaseOf(subtype).id))
      return ErrorAt(sqlstate::kWrongObjectType, -1,
                     "range collation specified but subtype does not support collation");
    const std::vector<std::string> collation = NamesOf(*options.collation);
    const std::string name = collation.empty() ? "" : collation.back();
    if (name != "C" && name != "POSIX" && name != "default" && name != "ucs_basic")
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat("ranges with collation \"", name, "\" are not supported"),
                           {}, "Ranges of text are ordered by their bytes, as with \"C\".");
  }
  if (options.difference != nullptr) {
    ASSIGN_OR_RETURN(const uint32_t oid, RangeDifference(NamesOf(*options.difference), subtype));
    range->set_subtype_diff_oid(oid);
  }
  range->set_multirange_schema(schema);
  range->set_multirange_name(MultirangeName(names.back()));
  if (options.multirange != nullptr) {
    const std::vector<std::string> multirange = NamesOf(*options.multirange);
    ASSIGN_OR_RETURN(const std::string multirange_schema, NewTypeSchema(multirange));
    range->set_multirange_schema(multirange_schema);
    range->set_multirange_name(multirange.back());
  } else if (input_.catalog->FindType(schema, names.back()) == nullptr &&
             input_.catalog->FindType(schema, range->multirange_name()) != nullptr) {
    return status::Error(
        sqlstate::kDuplicateObject,
        absl::StrCat("type \"", range->multirange_name(), "\" already exists"),
        absl::StrCat("Failed while creating a multirange type for type \"", names.back(), "\"."),
        "You can manually specify a multirange type name using the \"multirange_type_name\" "
        "attribute.");
  }
  *Add()->mutable_create_type()->mutable_type() = std::move(type);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
