// CREATE DOMAIN and ALTER DOMAIN.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/quoting.h"
#include "common/sql/ddl/table_expressions.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/row_types.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::DeclaredType;
using common::v1::TypeDescriptor;

constexpr size_t kLongestName = 63;

// A table whose only column is the value, in the order of what the domain is over: as PostgreSQL
// has it, the domain's COLLATE is not for its checks.
common::v1::TableDescriptor ValueTable(Type base) {
  base.collation =
      types::IsDomain(base) ? types::TypeOf(base.declared).collation : types::kDefaultCollation;
  common::v1::TableDescriptor table;
  table.set_name("value");
  auto* column = table.add_columns();
  column->set_name("value");
  *column->mutable_type() = types::ToProto(base);
  return table;
}

// The condition about a column instead of VALUE.
std::string About(const std::string& condition, const std::string& column) {
  std::string result;
  size_t copied = 0;
  parser::Lexer lexer(condition);
  for (parser::Token token = lexer.Next();
       token.kind != parser::Token::Kind::kEnd && token.kind != parser::Token::Kind::kInvalid;
       token = lexer.Next()) {
    if (token.kind != parser::Token::Kind::kWord || !lexer.Is(token, "value")) continue;
    const auto at = static_cast<size_t>(token.offset);
    result.append(condition, copied, at - copied);
    result.append(QuoteName(column));
    copied = at + static_cast<size_t>(token.length);
  }
  return result + condition.substr(copied);
}

bool IsOver(Type type, uint32_t domain) {
  for (; types::IsDomain(type); type = type.declared->base) {
    if (type.declared->definition.oid() == domain) return true;
  }
  return false;
}

// Whether values of the type have such of the domain in them.
bool HasInside(const Type& type, uint32_t domain) {
  const auto is = [domain](const Type& part) {
    return IsOver(part, domain) || HasInside(part, domain);
  };
  const Type base = types::BaseOf(type);
  if (!types::HoldsDomain(base)) return false;
  if (types::IsArray(base.id)) return is(types::ElementOf(base));
  if (base.declared->is_range()) return is(base.declared->subtype);
  if (base.declared->is_multirange()) return HasInside(base.declared->base, domain);
  return std::any_of(base.declared->fields.begin(), base.declared->fields.end(),
                     [&](const types::CompositeField& field) { return is(field.type); });
}

bool HasCheck(const TypeDescriptor& type, const std::string& name) {
  return std::any_of(type.checks().begin(), type.checks().end(),
                     [&](const auto& check) { return check.name() == name; });
}

// What is to be a column's, not a domain's. Null: it can be a domain's.
const char* WrongKind(PgQuery__ConstrType kind) {
  switch (kind) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
      return "unique";
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
      return "primary key";
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
      return "exclusion";
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
      return "foreign key";
    default:
      return nullptr;
  }
}

}  // namespace

absl::StatusOr<std::string> DdlBinder::BindDomainCheck(const std::string& sql,
                                                       const Type& base) const {
  const Table table = ValueTable(base);
  TableExpressions expressions(input_, tree_, table);
  ASSIGN_OR_RETURN(const plan::ExprPtr condition, expressions.BindCheck(sql));
  if (plan::HasSubquery(condition))
    return status::Error(sqlstate::kFeatureNotSupported, "cannot use subquery in check constraint");
  return expressions.Encode(condition);
}

absl::Status DdlBinder::AddDomainCheck(const PgQuery__Constraint& constraint,
                                       TypeDescriptor* type) {
  DeclaredType* declared = type->mutable_declared();
  ASSIGN_OR_RETURN(const std::string sql,
                   ExpressionText(constraint.raw_expr, constraint.location, "check"));
  std::string name(parser::View(constraint.conname));
  if (!name.empty() && HasCheck(*type, name))
    return status::Error(sqlstate::kDuplicateObject,
                         absl::StrCat("constraint \"", name, "\" for domain ",
                                      types::QuotedName(declared->name()), " already exists"));
  if (name.empty()) {
    const std::string base = declared->name().substr(0, kLongestName - 8) + "_check";
    name = base;
    for (int i = 1; HasCheck(*type, name); ++i) name = absl::StrCat(base, i);
  }
  ASSIGN_OR_RETURN(const std::string bound,
                   BindDomainCheck(sql, types::FromProto(declared->base())));
  auto* check = type->add_checks();
  check->set_name(name);
  check->set_sql(sql);
  check->set_not_valid(constraint.skip_validation);
  auto* made = declared->add_checks();
  made->set_name(name);
  made->set_condition(bound);
  return absl::OkStatus();
}

absl::Status DdlBinder::AddDomainConstraint(const PgQuery__Constraint& constraint,
                                            TypeDescriptor* type) {
  if (const char* wrong = WrongKind(constraint.contype))
    return ErrorAt(sqlstate::kSyntaxError, -1,
                   absl::StrCat(wrong, " constraints not possible for domains"));
  switch (constraint.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
      type->mutable_declared()->set_not_null(true);
      return absl::OkStatus();
    case PG_QUERY__CONSTR_TYPE__CONSTR_NULL:
      return absl::OkStatus();
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
      return AddDomainCheck(constraint, type);
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT: {
      if (!type->default_sql().empty())
        return ErrorAt(sqlstate::kSyntaxError, -1, "multiple default expressions");
      ASSIGN_OR_RETURN(const std::string sql,
                       ExpressionText(constraint.raw_expr, constraint.location, "default"));
      common::v1::ColumnDescriptor column;
      column.set_name(type->declared().name());
      *column.mutable_type() = type->declared().base();
      RETURN_IF_ERROR(BindKeptDefault(sql, column).status());
      type->set_default_sql(sql);
      return absl::OkStatus();
    }
    default:
      return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                     "specifying constraint deferrability not supported for domains");
  }
}

absl::Status DdlBinder::CreateDomain(const PgQuery__CreateDomainStmt& create) {
  const std::vector<std::string> names =
      parser::StringsOf({create.domainname, create.n_domainname});
  ASSIGN_OR_RETURN(const std::string schema, NewTypeSchema(names));
  ASSIGN_OR_RETURN(Type base, Binder(input_, tree_).ResolveType(*create.type_name));
  if (base.id == TypeId::kVoid || base.id == TypeId::kUnknown || base.id == TypeId::kUnspecified)
    return ErrorAt(
        sqlstate::kDatatypeMismatch, -1,
        absl::StrCat("\"", types::Format(base), "\" is not a valid base type for a domain"));
  const types::DeclaredType* const row = types::CompositeOf(base);
  if (types::HoldsRow(base.id) && (row == nullptr || row->is_anonymous()))
    return ErrorAt(
        sqlstate::kDatatypeMismatch, -1,
        absl::StrCat("\"", types::Format(base), "\" is not a valid base type for a domain"));
  if (row != nullptr && TableOfRowType(row->definition.oid()).has_value())
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   absl::StrCat("a domain over the row type of \"", row->definition.name(),
                                "\" is not supported"),
                   "CREATE TYPE … AS (…) with the same fields, and use that.");
  ASSIGN_OR_RETURN(base, Collated(base, create.coll_clause));
  TypeDescriptor type;
  type.set_owner(input_.current_user);
  DeclaredType* declared = type.mutable_declared();
  declared->set_kind(DeclaredType::KIND_DOMAIN);
  declared->set_schema(schema);
  declared->set_name(names.back());
  *declared->mutable_base() = types::ToProto(base);
  const NodeList constraints(create.constraints, create.n_constraints);
  const auto has = [&](PgQuery__ConstrType kind) {
    return std::any_of(constraints.begin(), constraints.end(),
                       [kind](const Node* node) { return node->constraint->contype == kind; });
  };
  if (has(PG_QUERY__CONSTR_TYPE__CONSTR_NULL) && has(PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL))
    return ErrorAt(sqlstate::kSyntaxError, -1, "conflicting NULL/NOT NULL constraints");
  for (const Node* node : constraints)
    RETURN_IF_ERROR(AddDomainConstraint(*node->constraint, &type));
  *Add()->mutable_create_type()->mutable_type() = std::move(type);
  return absl::OkStatus();
}

absl::Status DdlBinder::AddDomainValidations(const TypeDescriptor& type,
                                             const std::string& condition,
                                             common::v1::AlterType* alter) {
  const uint32_t domain = type.declared().oid();
  for (const Table& table : input_.catalog->snapshot().tables()) {
    if (table.is_virtual() || !table.view_sql().empty()) continue;
    for (int i = 0; i < table.columns_size(); ++i) {
      const auto& column = table.columns(i);
      if (column.dropped()) continue;
      const Type of = types::FromProto(column.type());
      if (HasInside(of, domain))
        return status::Error(
            sqlstate::kFeatureNotSupported,
            absl::StrCat("cannot alter type \"", type.declared().name(), "\" because column \"",
                         table.name(), ".", column.name(), "\" uses it"));
      if (!IsOver(of, domain)) continue;
      ASSIGN_OR_RETURN(const common::v1::Plan plan,
                       ValidationPlan(table, About(condition, column.name())));
      common::v1::DomainValidation* validation = alter->add_validations();
      validation->set_table_id(table.table_id());
      validation->set_column(static_cast<uint32_t>(i));
      validation->set_plan(plan.SerializeAsString());
    }
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterDomain(const PgQuery__AlterDomainStmt& alter) {
  const std::vector<std::string> names = parser::StringsOf({alter.type_name, alter.n_type_name});
  ASSIGN_OR_RETURN(const TypeDescriptor* found, FindType(names));
  if (found->declared().kind() != DeclaredType::KIND_DOMAIN)
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat(types::QuotedName(names.back()), " is not a domain"));
  const TypeDescriptor& type = *found;
  common::v1::AlterType* change = AlterDeclared(type);
  const std::string name(parser::View(alter.name));
  const std::string_view kind = parser::View(alter.subtype);
  if (kind == "T") {
    change->set_default_sql("");
    if (alter.def == nullptr) return absl::OkStatus();
    const std::string_view text = tree_.parse->text();
    parser::Lexer lexer(text, tree_.offset);
    parser::Token token = lexer.Next();
    while (token.kind != parser::Token::Kind::kEnd && !lexer.Is(token, "default"))
      token = lexer.Next();
    ASSIGN_OR_RETURN(const std::string sql, ExpressionText(alter.def, token.offset, "default"));
    common::v1::ColumnDescriptor column;
    column.set_name(type.declared().name());
    *column.mutable_type() = type.declared().base();
    RETURN_IF_ERROR(BindKeptDefault(sql, column).status());
    change->set_default_sql(sql);
    return absl::OkStatus();
  }
  if (kind == "N" || kind == "O") {
    change->set_not_null(kind == "O");
    if (kind == "N" || type.declared().not_null()) return absl::OkStatus();
    return AddDomainValidations(type, "VALUE IS NOT NULL", change);
  }
  if (kind == "C") {
    const PgQuery__Constraint& constraint = *alter.def->constraint;
    if (constraint.contype != PG_QUERY__CONSTR_TYPE__CONSTR_CHECK) {
      if (const char* wrong = WrongKind(constraint.contype))
        return ErrorAt(sqlstate::kSyntaxError, -1,
                       absl::StrCat(wrong, " constraints not possible for domains"));
      return Unsupported(-1, "this constraint of a domain");
    }
    TypeDescriptor changed = type;
    RETURN_IF_ERROR(AddDomainCheck(constraint, &changed));
    *change->mutable_add_check()->mutable_check() = changed.checks(changed.checks_size() - 1);
    *change->mutable_add_check()->mutable_bound() =
        changed.declared().checks(changed.declared().checks_size() - 1);
    if (constraint.skip_validation) return absl::OkStatus();
    return AddDomainValidations(type, change->add_check().check().sql(), change);
  }
  if (kind == "X") {
    change->set_drop_check(name);
    change->set_if_exists(alter.missing_ok);
    return absl::OkStatus();
  }
  if (kind != "V") return Unsupported(-1, "this change of a domain");
  change->set_validate_check(name);
  for (const auto& check : type.checks()) {
    if (check.name() == name) return AddDomainValidations(type, check.sql(), change);
  }
  return status::Error(
      sqlstate::kUndefinedObject,
      absl::StrCat("constraint \"", name, "\" of domain \"", names.back(), "\" does not exist"));
}

}  // namespace adbms::sql::ddl
