// Constants, parameters and conversions between types.
#include <algorithm>
#include <cctype>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/sql/binder/binder.h"
#include "common/sql/functions/jsonpath_cache.h"
#include "common/sql/parser/database_name.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bit_string.h"
#include "common/types/collation.h"
#include "common/types/declared_type.h"
#include "common/types/range.h"
#include "common/types/time_zone.h"
#include "common/types/type_name.h"

namespace adbms::sql::binder {
namespace {

using functions::CastContext;
using plan::Expr;
using types::Value;
namespace sqlstate = status::sqlstate;

// Texts whose value depends on when they are read.
bool IsTimeDependent(std::string_view text, const Type& type) {
  if (!types::HoldsAny(type, types::IsDateTime)) return false;
  const std::string lower = absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
  for (const char* word : {"now", "today", "tomorrow", "yesterday", "allballs"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

// Whether the text has another value in a session with another TimeZone or DateStyle.
bool DependsOnSettings(std::string_view text, const Type& type, const Value& value,
                       types::TextOptions options) {
  if (!types::HoldsAny(type, types::IsDateTime)) return false;
  if (types::HoldsAny(
          type, [](TypeId id) { return id == TypeId::kTimestamptz || id == TypeId::kTimetz; }))
    return true;
  for (const auto order :
       {types::DateOrder::kMdy, types::DateOrder::kDmy, types::DateOrder::kYmd}) {
    options.date_format.order = order;
    const auto other = types::ParseText(text, type, options);
    if (!other.ok() || !(*other == value)) return true;
  }
  return false;
}

// Whether a number's text means the same in `to`, so that a lifted one can simply be read as that
// type.
bool ReadsAs(TypeId from, TypeId to) {
  switch (to) {
    case TypeId::kInt8:
      return from == TypeId::kInt4;
    case TypeId::kNumeric:
      return from == TypeId::kInt4 || from == TypeId::kInt8;
    case TypeId::kFloat8:
      return from == TypeId::kInt4 || from == TypeId::kInt8 || from == TypeId::kNumeric;
    default:
      return false;
  }
}

}  // namespace

int Binder::FindLiteral(int location, bool* negated) const {
  *negated = false;
  if (!literals_active_ || location < 0) return -1;
  size_t at = static_cast<size_t>(location);
  // A negated number is one node that starts at its sign; comments between are not looked through.
  while (at < text_.size()) {
    const char c = text_[at];
    if (c == '-') {
      *negated = !*negated;
    } else if (!std::isspace(static_cast<unsigned char>(c)) && c != '(') {
      break;
    }
    ++at;
  }
  const auto it = literal_by_offset_.find(static_cast<int>(at) - literal_base_);
  return it == literal_by_offset_.end() ? -1 : it->second;
}

bool Binder::CanLift(int literal) const {
  return literal >= 0 && literals_active_ && no_lift_ == 0 && !unliftable_.contains(literal);
}

ExprPtr Binder::LiftLiteral(int literal, const Type& type, int location) {
  auto copy = std::make_shared<Expr>(
      *plan::MakeParameter(static_cast<int>(query_->client_parameters) + literal, type, location));
  copy->literal = literal;
  return copy;
}

absl::StatusOr<ExprPtr> Binder::BindConst(const PgQuery__AConst& constant) {
  const int location = constant.location;
  if (constant.isnull) return plan::MakeLiteral(Value::Null({TypeId::kUnknown, 0}), location);
  bool negated = false;
  const int literal = FindLiteral(location, &negated);
  switch (constant.val_case) {
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
      return plan::MakeLiteral(Value::Bool(constant.boolval->boolval), location);
    case PG_QUERY__A__CONST__VAL_SVAL: {
      auto text = std::make_shared<Expr>(
          *plan::MakeLiteral(Value::String({TypeId::kUnknown, 0}, constant.sval->sval), location));
      // Only when the scanner read the same value is it the same constant.
      if (literal >= 0 && !negated && (*input_.literals)[literal].kind == Literal::Kind::kString &&
          (*input_.literals)[literal].value == constant.sval->sval)
        text->literal = literal;
      return ExprPtr(text);
    }
    case PG_QUERY__A__CONST__VAL_IVAL:
    case PG_QUERY__A__CONST__VAL_FVAL:
      break;
    default: {
      ASSIGN_OR_RETURN(std::string bits, types::ParseBits(constant.bsval->bsval));
      return plan::MakeLiteral(Value::String({TypeId::kBit, 0}, std::move(bits)), location);
    }
  }
  const std::string digits = constant.val_case == PG_QUERY__A__CONST__VAL_IVAL
                                 ? absl::StrCat(constant.ival->ival)
                                 : std::string(constant.fval->fval);
  Type type{TypeId::kNumeric, 0};
  int64_t integer = 0;
  if (absl::SimpleAtoi(digits, &integer) && digits.find('.') == std::string::npos)
    type.id = integer == static_cast<int32_t>(integer) ? TypeId::kInt4 : TypeId::kInt8;
  if (CanLift(literal)) {
    const Literal& source = (*input_.literals)[literal];
    const std::string expected = negated ? absl::StrCat("-", source.value) : source.value;
    uint64_t magnitude = 0;
    TypeId source_type = TypeId::kNumeric;
    if (source.kind == Literal::Kind::kInteger && absl::SimpleAtoi(source.value, &magnitude))
      source_type = magnitude <= INT32_MAX ? TypeId::kInt4 : TypeId::kInt8;
    const bool same =
        source.kind != Literal::Kind::kString && source_type == type.id &&
        (type.id == TypeId::kNumeric ? digits == expected
                                     : integer == (negated ? -static_cast<int64_t>(magnitude)
                                                           : static_cast<int64_t>(magnitude)));
    if (same) {
      ExprPtr parameter = LiftLiteral(literal, type, location);
      return negated ? Operator("-", nullptr, parameter, location) : parameter;
    }
  }
  if (type.id != TypeId::kNumeric) return plan::MakeLiteral(Value::Int(type.id, integer), location);
  auto decimal = types::Decimal::Parse(digits);
  if (!decimal.ok()) return decimal.status();
  return plan::MakeLiteral(Value::Numeric(*decimal), location);
}

absl::StatusOr<ExprPtr> Binder::BindParam(const PgQuery__ParamRef& param) {
  if (function_depth_ > 0) {
    // Of the function, not of the statement.
    ExprPtr argument = FindVariable({absl::StrCat("$", param.number)}, param.location);
    if (argument != nullptr) return argument;
    return ErrorAt(sqlstate::kUndefinedParameter, param.location,
                   absl::StrCat("there is no parameter $", param.number));
  }
  const int index = param.number - 1;
  if (index < 0 || index >= static_cast<int>(query_->client_parameters))
    return ErrorAt(sqlstate::kUndefinedParameter, param.location,
                   absl::StrCat("there is no parameter $", param.number));
  Type type = query_->parameter_types[index];
  if (type.id == TypeId::kUnspecified) type.id = TypeId::kUnknown;
  ExprPtr parameter = plan::MakeParameter(index, type, param.location);
  // What a client has sent is what it has been read as.
  const auto declared = checked_parameters_.find(index);
  if (declared == checked_parameters_.end()) return parameter;
  return plan::MakeCast(std::move(parameter), declared->second, false, param.location);
}

absl::Status Binder::SetParameterType(int parameter, const Type& type, int location) {
  Type& known = query_->parameter_types[parameter];
  if (known.id == TypeId::kUnspecified || known.id == TypeId::kUnknown) {
    known = {type.id, 0, type.declared};
    if (type.declared != nullptr) RenewParameterTypes();
    return absl::OkStatus();
  }
  if (known.id == type.id && types::DefinitionOf(known) == types::DefinitionOf(type))
    return absl::OkStatus();
  status::SqlError error;
  error.sqlstate = "42P08";
  error.message = absl::StrCat("inconsistent types deduced for parameter $", parameter + 1);
  error.detail =
      absl::StrCat(types::Format(known), " versus ", types::Format({type.id, 0, type.declared}));
  error.position = parser::CharacterPosition(text_, location);
  return status::ToStatus(error);
}

absl::StatusOr<ExprPtr> Binder::ParseLiteral(const ExprPtr& literal, const Type& type) {
  if (literal->value.is_null()) return plan::MakeLiteral(Value::Null(type), literal->location);
  const std::string text(literal->value.bytes());
  if (type.id == TypeId::kRegclass || type.id == TypeId::kRegtype ||
      type.id == TypeId::kRegnamespace || type.id == TypeId::kRegproc)
    return BindRegclass(text, type, literal->location);
  const TypeId element = types::IsArray(type.id) ? types::ElementOf(type.id) : type.id;
  // Names of objects in an array are looked up when the statement runs.
  if (types::IsArray(type.id) &&
      (element == TypeId::kRegclass || element == TypeId::kRegproc ||
       element == TypeId::kRegnamespace || element == TypeId::kRegtype)) {
    ASSIGN_OR_RETURN(ExprPtr names, ParseLiteral(literal, {TypeId::kTextArray, 0}));
    return plan::MakeCast(std::move(names), type, true, literal->location);
  }
  // What stands in for a long constant (gateway's long statements) is no json and no array: the
  // constant itself is read when the statement runs.
  const bool read_later = type.id == TypeId::kJson || type.id == TypeId::kJsonb ||
                          type.id == TypeId::kJsonpath || type.id == TypeId::kTsVector ||
                          type.id == TypeId::kTsQuery || types::HoldsRow(type.id) ||
                          types::IsArray(type.id);
  if (read_later && text == "…" && CanLift(literal->literal))
    return LiftLiteral(literal->literal, type, literal->location);
  types::TextOptions options;
  if (const auto zone = types::ReadTimeZoneSetting(input_.time_zone); zone.ok())
    options.time_zone = zone->zone;
  // What the catalog keeps is read with months first, whoever uses it.
  const bool to_keep = input_.keeps_text && view_ == nullptr;
  options.date_format.order =
      view_depth_ > 0 && !to_keep ? types::DateOrder::kMdy : input_.date_order;
  auto value = types::ParseText(text, type, options);
  if (value.ok() && type.id == TypeId::kJsonpath) {
    if (absl::Status regexes = functions::CheckJsonpathRegexes(value->bytes()); !regexes.ok())
      value = std::move(regexes);
  }
  if (to_keep && options.date_format.order != types::DateOrder::kMdy) {
    options.date_format.order = types::DateOrder::kMdy;
    const auto kept = types::ParseText(text, type, options);
    if (value.ok() && (!kept.ok() || !(*kept == *value)))
      return status::Error(
          sqlstate::kFeatureNotSupported,
          absl::StrCat("\"", text, "\" cannot be kept: what it means depends on DateStyle"), {},
          "Write the date as YYYY-MM-DD.");
  }
  if (!value.ok()) {
    status::SqlError error = status::FromStatus(value.status());
    error.position = parser::CharacterPosition(text_, literal->location);
    return status::ToStatus(error);
  }
  if (CanLift(literal->literal)) return LiftLiteral(literal->literal, type, literal->location);
  if (IsTimeDependent(text, type)) {
    return plan::MakeCast(plan::MakeLiteral(Value::Text(text), literal->location), type, true,
                          literal->location);
  }
  query_->session_dependent |= DependsOnSettings(text, type, *value, options);
  return plan::MakeLiteral(*std::move(value), literal->location);
}

absl::StatusOr<ExprPtr> Binder::CoerceUnknown(const ExprPtr& expression, const Type& type,
                                              CastContext context) {
  ExprPtr result;
  const bool null = expression->kind == Expr::Kind::kLiteral && expression->value.is_null();
  if (types::IsDomain(type) || (types::HoldsDomain(type) && !null)) {
    // What is in it is checked as a part of it.
    ASSIGN_OR_RETURN(result, CoerceUnknown(expression, types::Unchecked(type), context));
    if (result == nullptr) return result;
    return plan::MakeCast(result, type, context == CastContext::kExplicit, expression->location);
  }
  // The unit of a bare number is that of an interval's fields.
  const bool fields_matter = type.id == TypeId::kInterval;
  const Type plain{type.id, fields_matter ? type.modifier : 0, type.declared};
  if (expression->kind == Expr::Kind::kLiteral) {
    ASSIGN_OR_RETURN(result, ParseLiteral(expression, plain));
  } else if (expression->kind == Expr::Kind::kParameter) {
    RETURN_IF_ERROR(SetParameterType(expression->parameter, plain, expression->location));
    result = plan::MakeParameter(expression->parameter, plain, expression->location);
  } else {
    ASSIGN_OR_RETURN(ExprPtr text, ResolveUnknown(expression));
    return TryCoerce(text, type, CastContext::kExplicit);
  }
  if (type.modifier == 0) return result;
  return plan::MakeCast(result, type, context == CastContext::kExplicit, expression->location);
}

absl::StatusOr<ExprPtr> Binder::TryCoerce(ExprPtr e, const Type& type, CastContext context) {
  if (type.id == TypeId::kUnspecified) return e;
  if (e->type.id == TypeId::kUnknown) {
    if (type.id == TypeId::kUnknown) return e;
    return CoerceUnknown(e, type, context);
  }
  if (types::IsDomain(type)) {
    if (e->type.declared == type.declared) return e;
    const int location = e->location;
    ASSIGN_OR_RETURN(ExprPtr base, TryCoerce(std::move(e), types::BaseOf(type), context));
    if (base == nullptr) return base;
    return plan::MakeCast(base, type, context == CastContext::kExplicit, location);
  }
  if (e->type.id == TypeId::kRecord && type.id == TypeId::kRecord)
    return CoerceRow(e, type, context);
  if (types::HoldsDomain(type) && e->type.declared != type.declared) {
    const int location = e->location;
    ASSIGN_OR_RETURN(ExprPtr read, TryCoerce(std::move(e), types::Unchecked(type), context));
    if (read == nullptr) return read;
    return plan::MakeCast(read, type, context == CastContext::kExplicit, location);
  }
  if (e->type.id == type.id) {
    // Another enum, or an array of another.
    const types::DeclaredType* definition = types::DefinitionOf(type);
    const bool anonymous = definition != nullptr && definition->is_anonymous();
    if (definition != nullptr && !anonymous && definition != types::DefinitionOf(e->type))
      return ExprPtr();
    if (type.modifier == 0 || type.modifier == e->type.modifier) return e;
    return plan::MakeCast(e, type, context == CastContext::kExplicit, e->location);
  }
  if (e->kind == Expr::Kind::kParameter && e->literal >= 0 && type.modifier == 0 &&
      ReadsAs(e->type.id, type.id))
    return LiftLiteral(e->literal, type, e->location);
  if (!functions::FunctionCatalog::Builtin().CanCast(e->type.id, type.id, context))
    return ExprPtr();
  // The multirange of another range.
  if (e->type.id == TypeId::kRange && type.id == TypeId::kMultirange &&
      types::MultirangeOf(e->type).declared != type.declared)
    return ExprPtr();
  return plan::MakeCast(e, type, context == CastContext::kExplicit, e->location);
}

absl::Status Binder::CoerceArguments(const std::vector<Type>& types, std::vector<ExprPtr>* args) {
  for (size_t i = 0; i < args->size(); ++i) {
    ExprPtr& arg = (*args)[i];
    if (types[i].id == TypeId::kUnspecified) {
      ASSIGN_OR_RETURN(arg, ResolveUnknown(arg));
    } else {
      ASSIGN_OR_RETURN(arg, Implicit(arg, types[i]));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ExprPtr> Binder::Implicit(ExprPtr expression, const Type& type) {
  const Type from = expression->type;
  const int location = expression->location;
  ASSIGN_OR_RETURN(ExprPtr result, TryCoerce(std::move(expression), {type.id, 0, type.declared},
                                             CastContext::kImplicit));
  if (result == nullptr)
    return ErrorAt(
        sqlstate::kCannotCoerce, location,
        absl::StrCat("cannot cast type ", types::Format(from), " to ", types::Format(type)));
  return result;
}

absl::StatusOr<ExprPtr> Binder::ToBoolean(ExprPtr expression, const char* construct) {
  const Type from = expression->type;
  const int location = expression->location;
  ASSIGN_OR_RETURN(ExprPtr result,
                   TryCoerce(std::move(expression), {TypeId::kBool, 0}, CastContext::kAssignment));
  if (result == nullptr)
    return ErrorAt(sqlstate::kDatatypeMismatch, location,
                   absl::StrCat("argument of ", construct, " must be type boolean, not type ",
                                types::Format(from)));
  return result;
}

absl::StatusOr<ExprPtr> Binder::ResolveUnknown(ExprPtr expression) {
  if (expression->type.id != TypeId::kUnknown) return expression;
  if (expression->kind == Expr::Kind::kLiteral || expression->kind == Expr::Kind::kParameter)
    return CoerceUnknown(expression, {TypeId::kText, 0}, CastContext::kImplicit);
  return plan::MakeCast(expression, {TypeId::kText, 0}, false, expression->location);
}

absl::StatusOr<Type> Binder::Unify(std::vector<ExprPtr*> expressions, const char* construct) {
  std::vector<TypeId> types;
  for (const ExprPtr* e : expressions) types.push_back((*e)->type.id);
  TypeId conflict = TypeId::kUnspecified;
  const std::optional<TypeId> common = SelectCommonType(types, &conflict);
  if (!common.has_value()) {
    Type first{TypeId::kUnknown, 0};
    Type other{conflict, 0};
    int location = -1;
    for (const ExprPtr* e : expressions) {
      if (first.id == TypeId::kUnknown) first = (*e)->type;
      if ((*e)->type.id != conflict || location >= 0) continue;
      location = (*e)->location;
      other = (*e)->type;
    }
    return ErrorAt(
        sqlstate::kDatatypeMismatch, location,
        absl::StrCat(construct, " types ", types::Format({first.id, 0, first.declared}), " and ",
                     types::Format({other.id, 0, other.declared}), " cannot be matched"));
  }
  Type result = (*expressions[0])->type;
  const auto same = [&result](const ExprPtr* e) { return (*e)->type == result; };
  // A domain is kept only where all are of it.
  if (result.id != *common || !std::all_of(expressions.begin(), expressions.end(), same))
    result = {*common, 0};
  if (result.declared == nullptr && types::HoldsDeclared(*common)) {
    // A type of a name rather than a row without.
    for (const ExprPtr* e : expressions) {
      const types::DeclaredType* definition = types::DefinitionOf((*e)->type);
      const bool better = result.declared == nullptr || result.declared->is_anonymous();
      if (definition != nullptr && better) result.declared = definition;
    }
  }
  result.collation = types::kDefaultCollation;
  for (const ExprPtr* e : expressions)
    result.collation = types::CommonCollation(result.collation, (*e)->type.collation);
  for (ExprPtr* e : expressions) {
    const Type from = (*e)->type;
    const int location = (*e)->location;
    ASSIGN_OR_RETURN(ExprPtr coerced,
                     TryCoerce(*e, {*common, 0, result.declared}, CastContext::kImplicit));
    if (coerced == nullptr)
      return ErrorAt(sqlstate::kCannotCoerce, location,
                     absl::StrCat(construct == std::string_view("CASE") ? "CASE/WHEN" : construct,
                                  " could not convert type ", types::Format(from), " to ",
                                  types::Format(result)));
    *e = coerced;
  }
  return result;
}

absl::StatusOr<ExprPtr> Binder::BindRegclass(const std::string& text, const Type& type,
                                             int location) {
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](unsigned char c) { return std::isdigit(c); });
  int64_t oid = 0;
  if (digits && absl::SimpleAtoi(text, &oid))
    return plan::MakeLiteral(Value::Int(type.id, oid), location);
  if (type.id == TypeId::kRegnamespace) {
    for (const auto& schema : input_.catalog->snapshot().schemas()) {
      if (schema.name() == text)
        return plan::MakeLiteral(Value::Int(type.id, schema.schema_id()), location);
    }
    return ErrorAt(sqlstate::kInvalidSchemaName, location,
                   absl::StrCat("schema \"", text, "\" does not exist"));
  }
  if (type.id == TypeId::kRegproc) {
    // Storage knows the functions' numbers.
    return plan::MakeCall(functions::FunctionCatalog::Builtin().FindFunctions("regprocin").front(),
                          {plan::MakeLiteral(Value::Text(text), location)}, location);
  }
  if (type.id == TypeId::kRegtype) {
    if (const std::optional<TypeId> found = types::FromSqlName(text))
      return plan::MakeLiteral(Value::Int(type.id, types::OidOf(*found)), location);
    PlanningInput input = input_;
    input.search_path = search_path_;
    const absl::StatusOr<Type> declared = sql::ResolveType(text, input);
    if (!declared.ok())
      return ErrorAt(sqlstate::kUndefinedObject, location,
                     absl::StrCat("type \"", text, "\" does not exist"));
    // What is dropped and made again under the same name is another one.
    if (declared->declared != nullptr) (void)TypeOfOid(types::OidOf(*declared));
    names_row_types_ |= types::HoldsRow(declared->id);
    return plan::MakeLiteral(Value::Int(type.id, types::OidOf(*declared)), location);
  }
  // schema.name with quoted parts.
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      if (quoted && i + 1 < text.size() && text[i + 1] == '"')
        parts.back().push_back(text[++i]);
      else
        quoted = !quoted;
    } else if (c == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back().push_back(
          quoted ? c : static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  if (parts.size() > 3)
    return ErrorAt(sqlstate::kSyntaxError, location,
                   absl::StrCat("improper relation name (too many dotted names): ",
                                absl::StrJoin(parts, ".")));
  if (parts.size() == 3)
    RETURN_IF_ERROR(parser::CheckDatabase(parts[0], parts[1], parts[2], input_.database));
  std::string schema = parts.size() > 1 ? parts[parts.size() - 2] : "";
  if (schema == kTemporaryAlias) schema = TemporarySchemaOf(search_path_);
  const auto* table = input_.catalog->ResolveTable(schema, parts.back(), search_path_);
  if (table != nullptr) {
    // What is dropped and made again under the same name is another one.
    if (!table->is_virtual() || table->has_sequence()) MentionTable(*table);
    return plan::MakeLiteral(Value::Int(type.id, table->table_id()), location);
  }
  for (const auto& candidate : input_.catalog->snapshot().tables()) {
    if (!schema.empty() && candidate.schema() != schema) continue;
    if (schema.empty() && IsOtherTemporarySchema(candidate.schema(), search_path_)) continue;
    uint32_t found = 0;
    for (const auto& index : candidate.indexes()) {
      if (index.name() == parts.back()) found = index.index_id();
    }
    if (candidate.primary_key_oid() != 0 && candidate.primary_key_name() == parts.back())
      found = candidate.primary_key_oid();
    if (found == 0) continue;
    if (!candidate.is_virtual()) MentionTable(candidate);
    return plan::MakeLiteral(Value::Int(type.id, found), location);
  }
  return ErrorAt(sqlstate::kUndefinedTable, location,
                 absl::StrCat("relation \"", text, "\" does not exist"));
}

}  // namespace adbms::sql::binder
