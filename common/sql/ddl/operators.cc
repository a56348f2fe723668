// CREATE, ALTER and DROP OPERATOR.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/parser/options.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::OperatorDescriptor;

constexpr char kInvalidFunctionDefinition[] = "42P13";

absl::Status InvalidDefinition(std::string_view message, std::string_view detail = {}) {
  return status::Error(kInvalidFunctionDefinition, message, detail);
}

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
      return {parser::ConstantText(option.arg)};
  }
}

uint32_t OidOf(const common::v1::DataType& type) {
  return type.id() == common::v1::TYPE_ID_UNSPECIFIED ? 0 : types::OidOf(types::FromProto(type));
}

bool SameOperands(const OperatorDescriptor& a, const OperatorDescriptor& b) {
  return OidOf(a.left()) == OidOf(b.left()) && OidOf(a.right()) == OidOf(b.right());
}

// "integer === text".
std::string Shown(const std::string& name, const Type* left, const Type& right) {
  return absl::StrCat(left != nullptr ? types::Format(*left) + " " : "", name, " ",
                      types::Format(right));
}

bool IsTrue(const PgQuery__DefElem& option) {
  const auto value = parser::ReadBoolean(option);
  return value.ok() && *value;
}

}  // namespace

absl::StatusOr<uint32_t> DdlBinder::OperatorOid(const std::vector<std::string>& names,
                                                const OperatorDescriptor& of, bool swapped) const {
  OperatorDescriptor wanted = of;
  if (swapped) {
    *wanted.mutable_left() = of.right();
    *wanted.mutable_right() = of.left();
  }
  ASSIGN_OR_RETURN(const std::string schema, SchemaOf(names));
  for (const auto* found :
       input_.catalog->FindOperators(schema, names.back(), input_.search_path)) {
    if (SameOperands(*found, wanted)) return found->operator_id();
  }
  return uint32_t{0};
}

absl::Status DdlBinder::CreateOperator(const PgQuery__DefineStmt& create) {
  const std::vector<std::string> names = parser::StringsOf({create.defnames, create.n_defnames});
  OperatorDescriptor made;
  ASSIGN_OR_RETURN(const std::string schema, SchemaOf(names));
  ASSIGN_OR_RETURN(*made.mutable_schema(), SchemaToCreateIn(schema, -1));
  made.set_name(names.back() == "!=" ? "<>" : names.back());
  made.set_owner(input_.current_user);
  const PgQuery__DefElem* function = nullptr;
  const PgQuery__DefElem* commutator = nullptr;
  const PgQuery__DefElem* negator = nullptr;
  for (const Node* node : NodeList(create.definition, create.n_definition)) {
    const PgQuery__DefElem& option = *node->def_elem;
    const std::string_view name = parser::View(option.defname);
    if (name == "leftarg" || name == "rightarg") {
      if (option.arg != nullptr && option.arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME &&
          option.arg->type_name->setof)
        return InvalidDefinition("SETOF type not allowed for operator argument");
      ASSIGN_OR_RETURN(const Type type, AggregateOption(option));
      *(name == "leftarg" ? made.mutable_left() : made.mutable_right()) = types::ToProto(type);
    } else if (name == "function" || name == "procedure") {
      function = &option;
    } else if (name == "commutator") {
      commutator = &option;
    } else if (name == "negator") {
      negator = &option;
    } else if (name == "restrict") {
      made.set_restrict_estimator(absl::StrJoin(NamesOf(option), "."));
    } else if (name == "join") {
      made.set_join_estimator(absl::StrJoin(NamesOf(option), "."));
    } else if (name == "hashes") {
      made.set_hashes(IsTrue(option));
    } else if (name == "merges") {
      made.set_merges(IsTrue(option));
    } else if (name == "sort1" || name == "sort2" || name == "ltcmp" || name == "gtcmp") {
      made.set_merges(true);
    }
  }
  if (function == nullptr) return InvalidDefinition("operator function must be specified");
  if (!made.has_left() && !made.has_right())
    return InvalidDefinition("operator argument types must be specified");
  if (!made.has_right())
    return InvalidDefinition("operator right argument type must be specified",
                             "Postfix operators are not supported.");
  std::vector<Type> operands;
  if (made.has_left()) operands.push_back(types::FromProto(made.left()));
  operands.push_back(types::FromProto(made.right()));
  ASSIGN_OR_RETURN(const Support support, FindSupport(NamesOf(*function), operands));
  *made.mutable_function() = support.function;
  *made.mutable_result() = types::ToProto({support.result.id, 0, support.result.declared});
  if (!made.has_left()) {
    if (commutator != nullptr)
      return InvalidDefinition("only binary operators can have commutators");
    if (!made.join_estimator().empty())
      return InvalidDefinition("only binary operators can have join selectivity");
    if (made.merges()) return InvalidDefinition("only binary operators can merge join");
    if (made.hashes()) return InvalidDefinition("only binary operators can hash");
  }
  if (support.result.id != TypeId::kBool) {
    if (negator != nullptr) return InvalidDefinition("only boolean operators can have negators");
    if (!made.restrict_estimator().empty())
      return InvalidDefinition("only boolean operators can have restriction selectivity");
    if (!made.join_estimator().empty())
      return InvalidDefinition("only boolean operators can have join selectivity");
    if (made.merges()) return InvalidDefinition("only boolean operators can merge join");
    if (made.hashes()) return InvalidDefinition("only boolean operators can hash");
  }
  for (const auto* known : input_.catalog->FindOperators(made.schema(), made.name(), {})) {
    if (SameOperands(*known, made))
      return status::Error("42723", absl::StrCat("operator ", made.name(), " already exists"));
  }
  if (commutator != nullptr) {
    ASSIGN_OR_RETURN(const uint32_t oid, OperatorOid(NamesOf(*commutator), made, true));
    made.set_commutator_oid(oid);
  }
  if (negator != nullptr) {
    const std::vector<std::string> negated = NamesOf(*negator);
    if (negated.size() == 1 && negated[0] == made.name())
      return InvalidDefinition("operator cannot be its own negator");
    ASSIGN_OR_RETURN(const uint32_t oid, OperatorOid(negated, made, false));
    made.set_negator_oid(oid);
  }
  *Add()->mutable_create_operator()->mutable_operator_() = std::move(made);
  return absl::OkStatus();
}

absl::StatusOr<const OperatorDescriptor*> DdlBinder::FindOperator(
    const PgQuery__ObjectWithArgs& object) const {
  const std::vector<std::string> names = parser::StringsOf({object.objname, object.n_objname});
  ASSIGN_OR_RETURN(const std::string schema, SchemaOf(names));
  if (!schema.empty() && !input_.catalog->HasSchema(schema))
    return ErrorAt(sqlstate::kInvalidSchemaName, -1,
                   absl::StrCat("schema \"", schema, "\" does not exist"));
  OperatorDescriptor wanted;
  std::vector<Type> types;
  for (size_t i = 0; i < object.n_objargs; ++i) {
    if (object.objargs[i]->node_case != PG_QUERY__NODE__NODE_TYPE_NAME) continue;
    ASSIGN_OR_RETURN(const Type type, AggregateType(*object.objargs[i]->type_name));
    *(i == 0 && object.n_objargs > 1 ? wanted.mutable_left() : wanted.mutable_right()) =
        types::ToProto(type);
    types.push_back(type);
  }
  for (const auto* found :
       input_.catalog->FindOperators(schema, names.back(), input_.search_path)) {
    if (SameOperands(*found, wanted)) return found;
  }
  const bool binary = wanted.has_left();
  if (types.empty())
    return ErrorAt(sqlstate::kUndefinedFunction, -1,
                   absl::StrCat("operator does not exist: ", absl::StrJoin(names, ".")));
  return ErrorAt(
      sqlstate::kUndefinedFunction, -1,
      absl::StrCat("operator does not exist: ",
                   Shown(absl::StrJoin(names, "."), binary ? &types[0] : nullptr, types.back())));
}

absl::Status DdlBinder::DropOperators(const PgQuery__DropStmt& drop) {
  common::v1::DropOperator out;
  out.set_cascade(drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
  for (const Node* node : NodeList(drop.objects, drop.n_objects)) {
    const auto found = FindOperator(*node->object_with_args);
    if (found.ok()) {
      out.add_operator_ids((*found)->operator_id());
      continue;
    }
    const status::SqlError error = status::FromStatus(found.status());
    const bool missing = error.sqlstate == sqlstate::kUndefinedFunction ||
                         error.sqlstate == sqlstate::kInvalidSchemaName ||
                         error.sqlstate == sqlstate::kUndefinedObject;
    if (!drop.missing_ok || !missing) return found.status();
    const std::string name = absl::StrJoin(
        parser::StringsOf({node->object_with_args->objname, node->object_with_args->n_objname}),
        ".");
    out.add_notices(error.sqlstate == sqlstate::kUndefinedFunction
                        ? absl::StrCat("operator ", name, " does not exist, skipping")
                        : absl::StrCat(error.message, ", skipping"));
  }
  *Add()->mutable_drop_operator() = std::move(out);
  return absl::OkStatus();
}

common::v1::OperatorDescriptor* DdlBinder::Alter(const OperatorDescriptor& op) {
  auto* const changed = Add()->mutable_alter_operator()->mutable_operator_();
  *changed = op;
  return changed;
}

absl::Status DdlBinder::SetOperatorOwner(const PgQuery__AlterOwnerStmt& change) {
  ASSIGN_OR_RETURN(const OperatorDescriptor* op, FindOperator(*change.object->object_with_args));
  Alter(*op)->set_owner(RoleOf(*change.newowner));
  return absl::OkStatus();
}

absl::Status DdlBinder::SetOperatorSchema(const PgQuery__AlterObjectSchemaStmt& move) {
  ASSIGN_OR_RETURN(const OperatorDescriptor* op, FindOperator(*move.object->object_with_args));
  const std::string schema(parser::View(move.newschema));
  if (!input_.catalog->HasSchema(schema))
    return ErrorAt(sqlstate::kInvalidSchemaName, -1,
                   absl::StrCat("schema \"", schema, "\" does not exist"));
  Alter(*op)->set_schema(schema);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
