// Rows as values: constructors, whole rows of FROM, fields (decision 044).
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/part_assignment.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/rows.h"
#include "common/sql/row_types.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {
namespace {

using common::v1::LogicalExpression;
using common::v1::TestExpression;
using functions::CastContext;
using functions::FunctionCatalog;
using plan::Expr;
using types::CompositeField;
using types::CompositeOf;
using types::DeclaredType;
using types::Value;
namespace sqlstate = status::sqlstate;

bool IsConstructor(const Expr& e) {
  return e.kind == Expr::Kind::kCall && e.function->name == functions::kRowConstructor;
}

// The constructor that the expression is; also under a CASE that makes NULL of a row whose fields
// are NULL by themselves. What users write as CASE may hide fields that are not.
const Expr* ConstructorOf(const Expr& e) {
  if (IsConstructor(e)) return &e;
  return e.null_row && IsConstructor(*e.args[2]) ? e.args[2].get() : nullptr;
}

// Only the catalog knows the names behind such numbers, which a row's text has not at hand.
bool IsObjectNumber(TypeId id) {
  if (types::IsArray(id)) id = types::ElementOf(id);
  return id == TypeId::kRegclass || id == TypeId::kRegtype || id == TypeId::kRegnamespace ||
         id == TypeId::kRegproc;
}

ExprPtr CallOf(const char* name, std::vector<TypeId> signature, std::vector<ExprPtr> args,
               const Type& type, int location) {
  const auto* function =
      FunctionCatalog::Builtin().BySignature(functions::SignatureOf(name, std::move(signature)));
  auto call = std::make_shared<Expr>(*plan::MakeCall(function, std::move(args), location));
  call->type = type;
  return call;
}

absl::Status CannotCast(const Type& from, const Type& to, std::string_view detail) {
  return status::Error(
      sqlstate::kCannotCoerce,
      absl::StrCat("cannot cast type ", types::Format(from), " to ", types::Format(to)), detail);
}

// Whether values of the two have the same bytes.
bool SameFields(const DeclaredType& a, const DeclaredType& b) {
  return std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(),
                    [](const CompositeField& x, const CompositeField& y) {
                      return x.type.id == y.type.id && x.type.declared == y.type.declared;
                    });
}

}  // namespace

absl::StatusOr<ExprPtr> Binder::MakeRow(std::vector<ExprPtr> args,
                                        const std::vector<std::string>& names, const Type& named,
                                        int location) {
  std::vector<ExprPtr> written = args;
  bool changed = false;
  bool numbers = false;
  std::vector<CompositeField> fields;
  for (size_t i = 0; i < args.size(); ++i) {
    ExprPtr& arg = args[i];
    if (arg->type.id == TypeId::kUnknown && arg->kind == Expr::Kind::kParameter) {
      // Takes its type from what the row becomes.
      arg = plan::MakeParameter(arg->parameter, {TypeId::kText, 0}, arg->location);
    } else if (arg->type.id == TypeId::kUnknown) {
      ++no_lift_;
      auto text = ResolveUnknown(arg);
      --no_lift_;
      RETURN_IF_ERROR(text.status());
      arg = *std::move(text);
    } else if (IsObjectNumber(arg->type.id)) {
      const bool array = types::IsArray(arg->type.id);
      arg =
          plan::MakeCast(arg, {array ? TypeId::kTextArray : TypeId::kText, 0}, true, arg->location);
      numbers = true;
    }
    changed |= arg != written[i];
    fields.push_back({names.empty() ? absl::StrCat("f", i + 1) : names[i], arg->type});
  }
  Type type = named;
  if (named.id == TypeId::kUnspecified || numbers) {
    auto anonymous = types::RowType(fields);
    if (!anonymous.ok()) return anonymous.status();
    type = *anonymous;
  }
  const std::vector<TypeId> signature(args.empty() ? 0 : 1, TypeId::kUnspecified);
  ExprPtr row = CallOf(functions::kRowConstructor, signature, std::move(args), type, location);
  if (changed) written_rows_[row.get()] = {row, std::move(written)};
  return row;
}

ExprPtr Binder::NullRowWhere(ExprPtr condition, ExprPtr row) {
  const Type type = row->type;
  const int location = row->location;
  auto whole = std::make_shared<Expr>(
      *plan::MakeCase(type, {std::move(condition), plan::MakeNull(type), std::move(row)}));
  whole->null_row = true;
  whole->location = location;
  return whole;
}

absl::StatusOr<std::vector<ExprPtr>> Binder::BindRowFields(const PgQuery__RowExpr& row,
                                                           Scope* scope) {
  std::vector<ExprPtr> args;
  for (const Node* node : NodeList(row.args, row.n_args)) {
    if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
      const PgQuery__ColumnRef& ref = *node->column_ref;
      if (ref.n_fields > 1 &&
          ref.fields[ref.n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR) {
        std::vector<Target> targets;
        RETURN_IF_ERROR(ExpandStar(node, scope, &targets));
        for (Target& target : targets) args.push_back(std::move(target.expression));
        continue;
      }
    }
    ASSIGN_OR_RETURN(ExprPtr arg, BindExpr(node, scope));
    args.push_back(std::move(arg));
  }
  return args;
}

absl::StatusOr<ExprPtr> Binder::BindRow(const PgQuery__RowExpr& row, Scope* scope) {
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindRowFields(row, scope));
  return MakeRow(std::move(args), {}, {}, row.location);
}

absl::StatusOr<ExprPtr> Binder::MakeTargetRow(const std::vector<Target>& targets, const Type& named,
                                              int location) {
  std::vector<ExprPtr> args;
  std::vector<std::string> names;
  for (const Target& target : targets) {
    args.push_back(target.expression);
    names.push_back(target.name);
  }
  return MakeRow(std::move(args), names, named, location);
}

Type Binder::RowTypeOfTable(const common::v1::TableDescriptor& table) {
  MentionTable(table);
  return types::TypeOf(types::Intern(RowTypeOf(table)));
}

absl::StatusOr<ExprPtr> Binder::WholeRow(const ScopeItem& item, int location) {
  std::vector<Target> targets;
  for (const ScopeColumn& column : item.columns) {
    ReadColumn(column.id);
    targets.push_back({plan::MakeColumn(column.id, column.type), column.name});
  }
  Type type = item.row_type;
  if (item.relation != nullptr) {
    type = RowTypeOfTable(*item.relation);
    // A view does not see the columns that its tables got later.
    if (CompositeOf(type)->fields.size() != targets.size()) type = {};
  }
  ASSIGN_OR_RETURN(ExprPtr row, MakeTargetRow(targets, type, location));
  if (!item.present.has_value()) return row;
  const ExprPtr present = plan::MakeColumn(*item.present, query_->columns[*item.present].type);
  return NullRowWhere(plan::MakeTest(TestExpression::KIND_IS_NULL, {present}), row);
}

absl::StatusOr<ExprPtr> Binder::BindRowOfStar(const PgQuery__ColumnRef& ref, Scope* scope) {
  if (ref.n_fields < 2)
    return ErrorAt(sqlstate::kSyntaxError, ref.location,
                   "row expansion via \"*\" is not supported here");
  const std::string alias(parser::StringOf(ref.fields[ref.n_fields - 2]));
  for (const Scope* level = scope; level != nullptr; level = level->parent) {
    for (const ScopeItem& item : level->items) {
      if (item.relation_visible && item.alias == alias) return WholeRow(item, ref.location);
    }
  }
  ASSIGN_OR_RETURN(ExprPtr record, RecordVariable(alias, ref.location));
  if (record != nullptr) return record;
  return ErrorAt(sqlstate::kUndefinedTable, ref.location,
                 absl::StrCat("missing FROM-clause entry for table \"", alias, "\""));
}

absl::StatusOr<ExprPtr> Binder::RowsDistinct(const PgQuery__RowExpr& left,
                                             const PgQuery__RowExpr& right, bool distinct,
                                             int location, Scope* scope) {
  if (left.n_args != right.n_args)
    return ErrorAt(sqlstate::kSyntaxError, location,
                   "unequal number of entries in row expressions");
  std::vector<ExprPtr> parts;
  for (size_t i = 0; i < left.n_args; ++i) {
    PgQuery__AExpr part = PG_QUERY__A__EXPR__INIT;
    part.kind = distinct ? PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT
                         : PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT;
    part.lexpr = left.args[i];
    part.rexpr = right.args[i];
    part.location = location;
    ASSIGN_OR_RETURN(ExprPtr bound, BindDistinct(part, scope));
    parts.push_back(std::move(bound));
  }
  if (parts.empty()) return plan::MakeBool(!distinct);
  if (parts.size() == 1) return parts[0];
  return plan::MakeLogical(distinct ? LogicalExpression::KIND_OR : LogicalExpression::KIND_AND,
                           std::move(parts));
}

absl::StatusOr<std::vector<Target>> Binder::FieldsOf(const ExprPtr& row) {
  const DeclaredType* const definition = CompositeOf(row->type);
  if (row->type.id != TypeId::kRecord)
    return ErrorAt(sqlstate::kWrongObjectType, row->location,
                   absl::StrCat("type ", types::Format(row->type), " is not composite"));
  if (definition == nullptr)
    return ErrorAt(sqlstate::kSyntaxError, row->location, "record type has not been registered");
  std::vector<Target> targets;
  for (size_t i = 0; i < definition->fields.size(); ++i)
    targets.push_back({FieldAt(row, i), definition->fields[i].name});
  return targets;
}

absl::StatusOr<std::vector<Target>> Binder::BindFieldStar(const Node* node, Scope* scope) {
  PgQuery__AIndirection indirection = *node->a_indirection;
  --indirection.n_indirection;
  ExprPtr row;
  if (indirection.n_indirection == 0) {
    ASSIGN_OR_RETURN(row, BindExpr(indirection.arg, scope));
  } else {
    ASSIGN_OR_RETURN(row, BindSubscript(indirection, scope));
  }
  return FieldsOf(row);
}

ExprPtr Binder::FieldAt(const ExprPtr& row, size_t field) {
  const CompositeField& of = CompositeOf(row->type)->fields[field];
  if (const Expr* made = ConstructorOf(*row)) return made->args[field];
  return CallOf(functions::kRowField, {TypeId::kRecord, TypeId::kInt4},
                {row, plan::MakeLiteral(Value::Int(TypeId::kInt4, static_cast<int64_t>(field)))},
                of.type, row->location);
}

absl::StatusOr<ExprPtr> Binder::FieldOf(const ExprPtr& row, const std::string& name, int location,
                                        Scope* scope) {
  if (row->type.id != TypeId::kRecord)
    return ErrorAt(sqlstate::kWrongObjectType, location,
                   absl::StrCat("column notation .", name, " applied to type ",
                                types::Format(row->type), ", which is not a composite type"));
  const DeclaredType* const definition = CompositeOf(row->type);
  for (size_t i = 0; definition != nullptr && i < definition->fields.size(); ++i) {
    if (definition->fields[i].name == name) return FieldAt(row, i);
  }
  // x.f is f(x), too.
  ASSIGN_OR_RETURN(ExprPtr value, CallWithRow(name, row, location, scope));
  if (value != nullptr) return value;
  return ErrorAt(sqlstate::kUndefinedColumn, location,
                 definition == nullptr || definition->is_anonymous()
                     ? absl::StrCat("could not identify column \"", name, "\" in record data type")
                     : absl::StrCat("column \"", name, "\" not found in data type ",
                                    types::Format(row->type)));
}

absl::StatusOr<ExprPtr> Binder::CoerceRow(const ExprPtr& row, const Type& type,
                                          CastContext context) {
  const DeclaredType* const to = CompositeOf(type);
  const DeclaredType* const from = CompositeOf(row->type);
  // Anything is a record.
  if (to == nullptr || to->is_anonymous() || to == from) return row;
  if (row->kind == Expr::Kind::kLiteral && row->value.is_null()) return plan::MakeNull(type);
  if (from == nullptr) return ExprPtr();
  // Of a definition that has changed since.
  if (from->definition.oid() == to->definition.oid() && SameFields(*from, *to)) return row;
  const Expr* const made = ConstructorOf(*row);
  if (made == nullptr && types::HoldsDomain(type) && from == CompositeOf(types::Unchecked(type)))
    return plan::MakeCast(row, type, context == CastContext::kExplicit, row->location);
  if (made == nullptr || !from->is_anonymous()) return ExprPtr();
  const auto written = written_rows_.find(made);
  std::vector<ExprPtr> args = written == written_rows_.end() ? made->args : written->second.fields;
  if (args.size() != to->fields.size())
    return CannotCast(row->type, type,
                      args.size() < to->fields.size() ? "Input has too few columns."
                                                      : "Input has too many columns.");
  std::vector<std::string> names;
  for (size_t i = 0; i < args.size(); ++i) {
    const CompositeField& field = to->fields[i];
    const Type given = args[i]->type;
    names.push_back(field.name);
    ASSIGN_OR_RETURN(args[i], TryCoerce(args[i], field.type, context));
    if (args[i] == nullptr)
      return CannotCast(row->type, type,
                        absl::StrCat("Cannot cast type ", types::Format(given), " to ",
                                     types::Format({field.type.id, 0, field.type.declared}),
                                     " in column ", i + 1, "."));
  }
  ASSIGN_OR_RETURN(const ExprPtr coerced, MakeRow(std::move(args), names, type, row->location));
  return made == row.get() ? coerced : NullRowWhere(row->args[0], coerced);
}

absl::Status Binder::CheckRowComparison(const std::string& op, const Type& left,
                                        const Type& right) const {
  const DeclaredType* const a = CompositeOf(left);
  const DeclaredType* const b = CompositeOf(right);
  if (a == nullptr || b == nullptr) return absl::OkStatus();
  if (a->fields.size() != b->fields.size())
    return status::Error(sqlstate::kDatatypeMismatch,
                         "cannot compare record types with different numbers of columns");
  for (size_t i = 0; i < a->fields.size(); ++i) {
    const Type& x = a->fields[i].type;
    const Type& y = b->fields[i].type;
    if (x.id != y.id || types::DefinitionOf(x) != types::DefinitionOf(y)) {
      if (x.id == y.id && types::HoldsRow(x.id)) {
        RETURN_IF_ERROR(CheckRowComparison(op, x, y));
        continue;
      }
      return status::Error(
          sqlstate::kDatatypeMismatch,
          absl::StrCat("cannot compare dissimilar column types ",
                       types::Format({x.id, 0, x.declared}), " and ",
                       types::Format({y.id, 0, y.declared}), " at record column ", i + 1));
    }
    if (!types::IsComparable(x))
      return status::Error(
          sqlstate::kUndefinedFunction,
          absl::StrCat("could not identify ",
                       op == "=" || op == "<>" ? "an equality operator" : "a comparison function",
                       " for type ", types::Format(x)));
  }
  return absl::OkStatus();
}

ExprPtr Binder::RowNullTest(const ExprPtr& row, bool is_null) {
  if (const Expr* const made = ConstructorOf(*row)) {
    std::vector<ExprPtr> parts;
    for (const ExprPtr& arg : made->args)
      parts.push_back(plan::MakeTest(
          is_null ? TestExpression::KIND_IS_NULL : TestExpression::KIND_IS_NOT_NULL, {arg}));
    return parts.empty() ? plan::MakeBool(true) : plan::MakeAnd(std::move(parts));
  }
  return CallOf(is_null ? functions::kRowIsNull : functions::kRowIsNotNull, {TypeId::kRecord},
                {row}, {TypeId::kBool, 0}, row->location);
}

absl::StatusOr<ExprPtr> Binder::AssignInRow(ExprPtr row, const PgQuery__ResTarget& target,
                                            NodeList steps, ExprPtr value, Scope* scope) {
  const DeclaredType* const definition = CompositeOf(row->type);
  if (definition == nullptr || steps[0]->node_case != PG_QUERY__NODE__NODE_STRING)
    return ErrorAt(sqlstate::kDatatypeMismatch, target.location,
                   absl::StrCat("cannot subscript type ", types::Format(row->type),
                                " because it does not support subscripting"));
  const std::string name(parser::StringOf(steps[0]));
  size_t position = 0;
  while (position < definition->fields.size() && definition->fields[position].name != name)
    ++position;
  if (position == definition->fields.size())
    return ErrorAt(
        sqlstate::kUndefinedColumn, target.location,
        absl::StrCat("cannot assign to field \"", name, "\" of column \"",
                     std::string(parser::View(target.name)),
                     "\" because there is no such column in data type ", types::Format(row->type)));
  const Type type = definition->fields[position].type;
  if (steps.size() > 1) {
    ASSIGN_OR_RETURN(value, AssignInside(FieldAt(row, position), target, steps.subspan(1),
                                         std::move(value), scope));
  } else {
    const Type from = value->type;
    const int location = value->location;
    ASSIGN_OR_RETURN(value, TryCoerce(value, type, CastContext::kAssignment));
    if (value == nullptr)
      return ErrorAt(sqlstate::kDatatypeMismatch, location,
                     absl::StrCat("subfield \"", name, "\" is of type ",
                                  types::Format({type.id, 0, type.declared}),
                                  " but expression is of type ", types::Format(from)),
                     "You will need to rewrite or cast the expression.");
  }
  const Type whole = row->type;
  row = UnfinishedAssignment(row);
  const ExprPtr changed = CallOf(
      functions::kRowAssignment, {TypeId::kRecord, TypeId::kInt4, TypeId::kUnspecified},
      {std::move(row), plan::MakeLiteral(Value::Int(TypeId::kInt4, static_cast<int64_t>(position))),
       std::move(value)},
      types::BaseOf(whole), target.location);
  // Of a domain it has to be once more.
  return types::IsDomain(whole) ? plan::MakeCast(changed, whole, false, target.location) : changed;
}

absl::StatusOr<ExprPtr> Binder::AssignInside(ExprPtr whole, const PgQuery__ResTarget& target,
                                             NodeList steps, ExprPtr value, Scope* scope) {
  if (types::IsArray(whole->type.id)) {
    size_t subscripts = 0;
    while (subscripts < steps.size() &&
           steps[subscripts]->node_case == PG_QUERY__NODE__NODE_A_INDICES)
      ++subscripts;
    if (subscripts > 0 && subscripts < steps.size()) {
      // A field of an element.
      ASSIGN_OR_RETURN(ExprPtr element, SubscriptArray(whole, steps.subspan(0, subscripts), scope));
      ASSIGN_OR_RETURN(value, AssignInside(std::move(element), target, steps.subspan(subscripts),
                                           std::move(value), scope));
      steps = steps.subspan(0, subscripts);
    }
    return AssignInArray(std::move(whole), target, steps, std::move(value), scope);
  }
  if (whole->type.id == TypeId::kRecord)
    return AssignInRow(std::move(whole), target, steps, std::move(value), scope);
  return AssignInJsonb(std::move(whole), steps, std::move(value), scope);
}

}  // namespace adbms::sql::binder
