// Functions and procedures that statements name.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/function_dependents.h"
#include "common/sql/parser/database_name.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::FunctionDescriptor;

bool IsProcedure(const FunctionDescriptor& function) {
  return function.kind() == FunctionDescriptor::KIND_PROCEDURE;
}

bool IsAggregate(const FunctionDescriptor& function) {
  return function.kind() == FunctionDescriptor::KIND_AGGREGATE;
}

bool Is(const FunctionDescriptor& function, PgQuery__ObjectType wanted) {
  if (wanted == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE) return IsAggregate(function);
  return wanted == PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE ||
         (IsProcedure(function) == (wanted == PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE) &&
          !IsAggregate(function));
}

// What tells a type from others: its number, and of a declared one its oid.
using TypeKey = std::pair<TypeId, uint32_t>;
TypeKey KeyOf(const Type& type) {
  return {type.id, type.declared == nullptr ? 0 : types::OidOf(type)};
}

std::vector<TypeKey> TypesOf(const FunctionDescriptor& function, bool outputs) {
  std::vector<TypeKey> keys;
  for (const auto& argument : function.arguments()) {
    if (outputs || IsInput(argument)) keys.push_back(KeyOf(types::FromProto(argument.type())));
  }
  return keys;
}

const char* Word(PgQuery__ObjectType type) {
  switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
      return "procedure";
    case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE:
      return "routine";
    case PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE:
      return "aggregate";
    default:
      return "function";
  }
}

// ROUTINE is called a function where there is none.
const char* MissingWord(PgQuery__ObjectType type) {
  return type == PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE   ? "procedure"
         : type == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE ? "aggregate"
                                                           : "function";
}

// "f(integer, text)"; "f(*)" for an aggregate without arguments.
std::string Signature(const std::string& name, const std::vector<Type>& arguments,
                      PgQuery__ObjectType wanted) {
  if (arguments.empty() && wanted == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE) return name + "(*)";
  return absl::StrCat(name, "(",
                      absl::StrJoin(arguments, ", ",
                                    [](std::string* out, const Type& type) {
                                      out->append(types::Format({type.id, 0, type.declared}));
                                    }),
                      ")");
}

// The types as the statement writes them, as a notice has them.
std::string WrittenSignature(const std::string& name, const PgQuery__ObjectWithArgs& object) {
  std::vector<std::string> written;
  for (const Node* node : NodeList(object.objargs, object.n_objargs)) {
    const PgQuery__TypeName& type = *node->type_name;
    written.push_back(
        absl::StrCat(absl::StrJoin(parser::StringsOf({type.names, type.n_names}), "."),
                     type.n_array_bounds > 0 ? "[]" : ""));
  }
  return absl::StrCat(name, "(", absl::StrJoin(written, ","), ")");
}

bool IsBuiltIn(const PgQuery__ObjectWithArgs& object) {
  const std::vector<std::string> names = parser::StringsOf({object.objname, object.n_objname});
  if (names.size() > 1 && names[names.size() - 2] != "pg_catalog") return false;
  const auto& builtin = functions::FunctionCatalog::Builtin();
  return !builtin.FindFunctions(names.back()).empty() ||
         !builtin.FindTableFunctions(names.back()).empty() ||
         !builtin.FindAggregates(names.back()).empty();
}

// Modes that are given say which arguments are inputs.
bool NamesModes(const PgQuery__ObjectWithArgs& object) {
  for (const Node* node : NodeList(object.objfuncargs, object.n_objfuncargs)) {
    if (node->function_parameter->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_DEFAULT)
      return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> DdlBinder::SchemaOf(const std::vector<std::string>& names) const {
  RETURN_IF_ERROR(parser::CheckDatabase(names, 1, input_.database));
  if (names.size() < 2) return std::string();
  const std::string& schema = names[names.size() - 2];
  return schema == kTemporaryAlias ? TemporaryTarget() : schema;
}

absl::StatusOr<std::vector<Type>> DdlBinder::ArgumentTypes(
    const PgQuery__ObjectWithArgs& object) const {
  std::vector<Type> types;
  for (const Node* node : NodeList(object.objargs, object.n_objargs)) {
    ASSIGN_OR_RETURN(const Type type, AggregateType(*node->type_name));
    types.push_back(type);
  }
  return types;
}

absl::StatusOr<const common::v1::FunctionDescriptor*> DdlBinder::FindFunction(
    PgQuery__ObjectType wanted, const PgQuery__ObjectWithArgs& object) const {
  const std::vector<std::string> parts = parser::StringsOf({object.objname, object.n_objname});
  ASSIGN_OR_RETURN(const std::string schema, SchemaOf(parts));
  const std::string written = absl::StrJoin(parts, ".");
  if (!schema.empty() && !input_.catalog->HasSchema(schema))
    return ErrorAt(sqlstate::kInvalidSchemaName, -1,
                   absl::StrCat("schema \"", schema, "\" does not exist"));
  const auto named = input_.catalog->FindFunctions(schema, parts.back(), input_.search_path);
  std::vector<const FunctionDescriptor*> found;
  if (object.args_unspecified) {
    for (const auto* function : named) {
      if (Is(*function, wanted)) found.push_back(function);
    }
    if (found.empty())
      return status::Error(
          sqlstate::kUndefinedFunction,
          absl::StrCat("could not find a ", MissingWord(wanted), " named \"", written, "\""));
  } else {
    ASSIGN_OR_RETURN(const std::vector<Type> arguments, ArgumentTypes(object));
    std::vector<TypeKey> ids;
    for (const Type& type : arguments) ids.push_back(KeyOf(type));
    const bool any_procedure = wanted != PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION &&
                               wanted != PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE &&
                               !NamesModes(object) && object.n_objfuncargs > 0;
    for (const auto* function : named) {
      if (TypesOf(*function, false) == ids ||
          (any_procedure && IsProcedure(*function) && TypesOf(*function, true) == ids))
        found.push_back(function);
    }
    if (found.empty())
      return status::Error(sqlstate::kUndefinedFunction,
                           absl::StrCat(MissingWord(wanted), " ",
                                        Signature(written, arguments, wanted), " does not exist"));
    const bool aggregate = found.size() == 1 && IsAggregate(*found[0]) &&
                           wanted == PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION;
    if (aggregate)
      return status::Error(sqlstate::kWrongObjectType,
                           absl::StrCat("\"", parts.back(), "\" is an aggregate function"), {},
                           "Use DROP AGGREGATE to drop aggregate functions.");
    if (found.size() == 1 && !Is(*found[0], wanted))
      return status::Error(
          sqlstate::kWrongObjectType,
          wanted == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE
              ? absl::StrCat("function ", Signature(written, arguments, wanted),
                             " is not an aggregate")
              : absl::StrCat(Signature(written, arguments, wanted), " is not a ", Word(wanted)));
  }
  if (found.size() == 1) return found[0];
  const char* word = Word(wanted);
  return status::Error(
      sqlstate::kAmbiguousFunction, absl::StrCat(word, " name \"", written, "\" is not unique"), {},
      object.args_unspecified
          ? absl::StrCat("Specify the argument list to select the ", word, " unambiguously.")
          : std::string());
}

absl::Status DdlBinder::DropFunctions(const PgQuery__DropStmt& drop) {
  common::v1::DropFunction out;
  out.set_cascade(drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
  for (const Node* node : NodeList(drop.objects, drop.n_objects)) {
    const PgQuery__ObjectWithArgs& object = *node->object_with_args;
    const auto function = FindFunction(drop.remove_type, object);
    if (function.ok()) {
      out.add_function_ids((*function)->function_id());
      continue;
    }
    const status::SqlError error = status::FromStatus(function.status());
    if (!drop.missing_ok) return function.status();
    if (error.sqlstate == sqlstate::kUndefinedFunction) {
      const std::string name =
          absl::StrJoin(parser::StringsOf({object.objname, object.n_objname}), ".");
      out.add_notices(absl::StrCat(Word(drop.remove_type), " ", WrittenSignature(name, object),
                                   " does not exist, skipping"));
    } else if (error.sqlstate == sqlstate::kInvalidSchemaName ||
               error.sqlstate == sqlstate::kUndefinedObject) {
      out.add_notices(absl::StrCat(error.message, ", skipping"));
    } else {
      return function.status();
    }
  }
  RETURN_IF_ERROR(DropDependents(&out, input_, tree_, &result_));
  *Add()->mutable_drop_function() = std::move(out);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint32_t>> DdlBinder::GrantedObjects() const {
  if (tree_.node->node_case != PG_QUERY__NODE__NODE_GRANT_STMT)
    return absl::InternalError("no GRANT");
  const PgQuery__GrantStmt& grant = *tree_.node->grant_stmt;
  std::vector<uint32_t> ids;
  for (const Node* node : NodeList(grant.objects, grant.n_objects)) {
    if (node->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
      // An aggregate is a function here.
      auto function =
          FindFunction(PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE, *node->object_with_args);
      if (!function.ok() || grant.objtype != PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION)
        function = FindFunction(grant.objtype, *node->object_with_args);
      if (status::HasSqlState(function.status(), sqlstate::kUndefinedFunction) &&
          IsBuiltIn(*node->object_with_args))
        return Unsupported(-1, "GRANT and REVOKE on a built-in function");
      RETURN_IF_ERROR(function.status());
      ids.push_back((*function)->function_id());
      continue;
    }
    PgQuery__TypeName name = PG_QUERY__TYPE_NAME__INIT;
    name.names = node->list->items;
    name.n_names = node->list->n_items;
    name.typemod = -1;
    ASSIGN_OR_RETURN(const Type type, Binder(input_, tree_).ResolveType(name));
    if (input_.catalog->FindType(types::OidOf(type)) == nullptr)
      return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                     absl::StrCat("GRANT and REVOKE on the built-in type ", types::Format(type),
                                  " is not supported"));
    if (grant.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN && !types::IsDomain(type))
      return ErrorAt(sqlstate::kWrongObjectType, -1,
                     absl::StrCat("\"", types::Format(type), "\" is not a domain"));
    ids.push_back(types::OidOf(type));
  }
  return ids;
}

}  // namespace adbms::sql::ddl
