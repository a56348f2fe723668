#include "common/sql/parser/type_name.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"
#include "common/types/bit_string.h"
#include "common/types/declared_type.h"
#include "common/types/time_modifier.h"

namespace adbms::sql::parser {
namespace {

using types::Type;
using types::TypeId;
namespace sqlstate = status::sqlstate;

std::optional<int> IntegerModifier(const Node* node) {
  if (node->node_case != PG_QUERY__NODE__NODE_A_CONST || node->a_const->isnull ||
      node->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL)
    return std::nullopt;
  return node->a_const->ival->ival;
}

// PostgreSQL cuts digits that it does not keep, with a warning.
absl::StatusOr<int> TimePrecision(int precision, const char* name, int position) {
  if (precision < 0)
    return status::ErrorAt(sqlstate::kInvalidParameterValue, position,
                           absl::StrCat(name, "(", precision, ") precision must not be negative"));
  return std::min(precision, types::kMaxTimePrecision);
}

absl::StatusOr<Type> WithModifiers(TypeId id, const std::vector<int>& modifiers, int position) {
  switch (id) {
    case TypeId::kVarchar:
    case TypeId::kBpchar: {
      const char* name = id == TypeId::kVarchar ? "varchar" : "char";
      if (modifiers[0] < 1)
        return status::ErrorAt(sqlstate::kInvalidParameterValue, position,
                               absl::StrCat("length for type ", name, " must be at least 1"));
      if (modifiers[0] > 10485760)
        return status::ErrorAt(sqlstate::kInvalidParameterValue, position,
                               absl::StrCat("length for type ", name, " cannot exceed 10485760"));
      return types::StringType(id, modifiers[0]);
    }
    case TypeId::kNumeric: {
      const int scale = modifiers.size() > 1 ? modifiers[1] : 0;
      if (modifiers[0] < 1 || modifiers[0] > 1000)
        return status::ErrorAt(
            sqlstate::kInvalidParameterValue, position,
            absl::StrCat("NUMERIC precision ", modifiers[0], " must be between 1 and 1000"));
      if (scale < -1000 || scale > 1000)
        return status::ErrorAt(
            sqlstate::kInvalidParameterValue, position,
            absl::StrCat("NUMERIC scale ", scale, " must be between -1000 and 1000"));
      return types::NumericType(modifiers[0], scale);
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTime:
    case TypeId::kTimetz: {
      const bool of_day = id == TypeId::kTime || id == TypeId::kTimetz;
      auto precision = TimePrecision(modifiers[0], of_day ? "TIME" : "TIMESTAMP", position);
      if (!precision.ok()) return precision.status();
      return types::TimeType(id, *precision);
    }
    case TypeId::kInterval: {
      // Fields, then the digits of the seconds.
      std::optional<int> digits;
      if (modifiers.size() > 1) {
        auto precision = TimePrecision(modifiers[1], "INTERVAL", position);
        if (!precision.ok()) return precision.status();
        digits = *precision;
      }
      const std::optional<Type> type = types::IntervalType(modifiers[0], digits);
      if (!type.has_value())
        return status::ErrorAt(sqlstate::kInvalidParameterValue, position,
                               "invalid INTERVAL type modifier");
      return *type;
    }
    case TypeId::kBit:
    case TypeId::kVarbit: {
      const char* name = id == TypeId::kBit ? "bit" : "varbit";
      if (modifiers[0] < 1)
        return status::ErrorAt(sqlstate::kInvalidParameterValue, position,
                               absl::StrCat("length for type ", name, " must be at least 1"));
      if (modifiers[0] > 83886080)
        return status::ErrorAt(sqlstate::kInvalidParameterValue, position,
                               absl::StrCat("length for type ", name, " cannot exceed 83886080"));
      return types::BitType(id, modifiers[0]);
    }
    default:
      return status::ErrorAt(sqlstate::kSyntaxError, position,
                             absl::StrCat("type modifier is not allowed for type \"",
                                          absl::string_view(types::CatalogName(id).data(),
                                                            types::CatalogName(id).size()),
                                          "\""));
  }
}

}  // namespace

std::optional<TypeId> SerialType(const PgQuery__TypeName& name) {
  if (name.n_names != 1 || name.n_array_bounds > 0) return std::nullopt;
  const std::string_view word = StringOf(name.names[0]);
  if (word == "serial" || word == "serial4") return TypeId::kInt4;
  if (word == "bigserial" || word == "serial8") return TypeId::kInt8;
  if (word == "smallserial" || word == "serial2") return TypeId::kInt2;
  return std::nullopt;
}

std::string TypeNameText(const PgQuery__TypeName& name) {
  std::string text;
  for (const std::string& part : StringsOf({name.names, name.n_names})) {
    if (!text.empty()) text.push_back('.');
    text.append(types::QuotedName(part));
  }
  if (name.n_array_bounds > 0) text.append("[]");
  return text;
}

absl::StatusOr<Type> ResolveTypeName(const PgQuery__TypeName& name, std::string_view text,
                                     const DeclaredTypeLookup& declared) {
  const int position = CharacterPosition(text, name.location);
  const std::vector<std::string> names = StringsOf({name.names, name.n_names});
  if (names.empty() || name.setof || name.pct_type)
    return status::ErrorAt(sqlstate::kFeatureNotSupported, position, "this type is not supported");
  const std::string& last = names.back();
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : std::string();
  const bool plain = schema.empty() || schema == "pg_catalog";
  const std::string shown = plain ? last : absl::StrCat(schema, ".", last);
  std::optional<TypeId> id;
  if (plain) id = types::FromName(last);
  // In pg_catalog "char" is the one-byte type; the keyword arrives as bpchar.
  if (plain && last == "char") id = TypeId::kChar;
  std::optional<Type> found;
  if (id.has_value()) {
    found = Type{*id, 0};
  } else if (declared != nullptr) {
    found = declared(schema, last);
  }
  if (!found.has_value()) {
    for (const char* known : {"xml", "money", "point", "line", "box", "path", "polygon", "circle",
                              "lseg", "xid", "regrole", "pg_lsn", "cstring", "record"}) {
      if (last == known)
        return status::ErrorAt(sqlstate::kFeatureNotSupported, position,
                               absl::StrCat("type ", last, " is not supported"));
    }
    return status::ErrorAt(sqlstate::kUndefinedObject, position,
                           absl::StrCat("type \"", shown, "\" does not exist"));
  }
  Type type = *found;
  if (name.n_typmods > 0) {
    std::vector<int> modifiers;
    for (const Node* node : NodeList(name.typmods, name.n_typmods)) {
      const std::optional<int> value = IntegerModifier(node);
      if (!value.has_value())
        return status::ErrorAt(sqlstate::kInvalidParameterValue, position,
                               "type modifiers must be simple constants or identifiers");
      modifiers.push_back(*value);
    }
    auto with = WithModifiers(type.id, modifiers, position);
    if (!with.ok()) return with.status();
    type = *with;
  }
  if (name.n_array_bounds > 0 && types::IsDomain(type) && types::IsArray(type.id))
    return status::ErrorAt(
        sqlstate::kFeatureNotSupported, position,
        absl::StrCat("arrays of domain ", types::Format(type),
                     ", which is over an array, are not "
                     "supported"),
        "Use an array of more dimensions, with the domain's check on the column.");
  if (name.n_array_bounds > 0) {
    // More brackets than one say nothing more.
    if (types::IsArray(type.id)) return type;
    const Type array = types::ArrayOf(type);
    if (array.id == TypeId::kUnspecified)
      return status::ErrorAt(sqlstate::kFeatureNotSupported, position,
                             absl::StrCat("type ", types::Format(type), "[] is not supported"));
    return array;
  }
  return type;
}

}  // namespace adbms::sql::parser
