// ALTER TABLE … ALTER COLUMN … TYPE (PostgreSQL's ATPrepAlterColumnType and
// ATExecAlterColumnType).
#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/catalog/partition_tree.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/quoting.h"
#include "common/sql/ddl/table_expressions.h"
#include "common/sql/explain/deparse.h"
#include "common/sql/operator_classes/operator_class.h"
#include "common/sql/parser/type_name.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/collation.h"
#include "common/types/declared_type.h"
#include "common/types/time_modifier.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::ColumnDescriptor;
using plan::Expr;
using plan::ExprPtr;

// As PostgreSQL's quote_identifier, keywords aside.
bool IsInKey(const common::v1::TableDescriptor& table, uint32_t ordinal) {
  return absl::c_linear_search(table.primary_key(), ordinal) ||
         absl::c_any_of(table.indexes(), [ordinal](const auto& index) {
           return (index.unique() || index.is_primary()) &&
                  absl::c_linear_search(index.columns(), ordinal);
         });
}

std::string Shown(const std::string& name) {
  const bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                     });
  return plain ? name : QuoteName(name);
}

// Whether every value of `from` is stored, and lies in keys, as the same value of `to`.
bool SameStored(const Type& from, const Type& to) {
  const auto text = [](TypeId id) { return id == TypeId::kText || id == TypeId::kVarchar; };
  if (from == to) return true;
  // What becomes one of a domain is checked.
  if (types::IsDomain(to) || (types::HoldsDomain(to) && !(from == to))) return false;
  if (from.id == to.id && types::IsDomain(from) && to.declared == nullptr)
    return SameStored(types::BaseOf(from), to);
  if (text(from.id) && text(to.id)) {
    const auto limit = types::LengthModifierOf(to);
    const auto before = types::LengthModifierOf(from);
    return !limit.has_value() || (before.has_value() && *before <= *limit);
  }
  if (from.id != to.id) return false;
  if (types::IsDateTime(to.id)) {
    const auto digits = types::TimePrecisionOf(to);
    return !digits.has_value() || *digits == types::kMaxTimePrecision ||
           types::TimePrecisionOf(from).value_or(types::kMaxTimePrecision) <= *digits;
  }
  if (to.id != TypeId::kNumeric) return false;
  const auto limit = types::NumericModifierOf(to);
  const auto before = types::NumericModifierOf(from);
  return !limit.has_value() || (before.has_value() && before->scale == limit->scale &&
                                before->precision <= limit->precision);
}

// Whether the text is one quoted constant, whose type its column gave it.
bool IsQuotedConstant(const Node* node) {
  return node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
         node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL;
}

}  // namespace

namespace {

bool ReadsColumn(const common::v1::PolicyDescriptor& policy, const common::v1::TableDescriptor& of,
                 uint32_t table_id, uint32_t ordinal) {
  const auto has = [ordinal](const auto& columns) {
    return std::find(columns.begin(), columns.end(), ordinal) != columns.end();
  };
  for (const auto* condition : {&policy.using_(), &policy.check()}) {
    if (of.table_id() == table_id && has(condition->columns())) return true;
    for (const auto& used : condition->relations()) {
      if (used.table_id() == table_id && has(used.columns())) return true;
    }
  }
  return false;
}

}  // namespace

absl::Status DdlBinder::CheckMayAlterType(const Table& table, uint32_t ordinal) const {
  const ColumnDescriptor& altered = table.columns(static_cast<int>(ordinal));
  if (altered.has_generated())
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   "altering the type of a generated column is not supported",
                   "Drop the column and add it again with the new type.");
  for (const ColumnDescriptor& column : table.columns()) {
    const auto& read = column.generated().columns();
    if (std::find(read.begin(), read.end(), ordinal) == read.end()) continue;
    return status::Error(sqlstate::kFeatureNotSupported,
                         "cannot alter type of a column used by a generated column",
                         absl::StrCat("Column \"", altered.name(),
                                      "\" is used by generated column \"", column.name(), "\"."));
  }
  for (const Table& view : input_.catalog->snapshot().tables()) {
    for (const auto& used : view.view_dependencies()) {
      if (used.table_id() != table.table_id() ||
          std::find(used.columns().begin(), used.columns().end(), ordinal) == used.columns().end())
        continue;
      return status::Error(
          sqlstate::kFeatureNotSupported, "cannot alter type of a column used by a view or rule",
          absl::StrCat("rule _RETURN on ", view.has_materialized_view() ? "materialized " : "",
                       "view ", Shown(view.name()), " depends on column \"",
                       table.columns(static_cast<int>(ordinal)).name(), "\""));
    }
  }
  const std::string& name = table.columns(static_cast<int>(ordinal)).name();
  for (const Table& other : input_.catalog->snapshot().tables()) {
    for (const auto& policy : other.policies()) {
      if (!ReadsColumn(policy, other, table.table_id(), ordinal)) continue;
      return status::Error(sqlstate::kFeatureNotSupported,
                           "cannot alter type of a column used in a policy definition",
                           absl::StrCat("policy ", Shown(policy.name()), " on table ",
                                        Shown(other.name()), " depends on column \"", name, "\""));
    }
  }
  for (const auto& trigger : table.triggers()) {
    const auto& columns = trigger.columns();
    if (std::find(columns.begin(), columns.end(), ordinal) != columns.end() ||
        MentionsColumn(trigger.when_sql(), name))
      return status::Error(sqlstate::kFeatureNotSupported,
                           "cannot alter type of a column used in a trigger definition",
                           absl::StrCat("trigger ", Shown(trigger.name()), " on table ",
                                        Shown(table.name()), " depends on column \"", name, "\""));
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::ConvertDefault(const ColumnDescriptor& column, const Type& type,
                                       common::v1::ColumnType* change) const {
  change->set_default_sql(column.default_sql());
  change->set_default_sequence_id(column.default_sequence_id());
  if (column.default_sql().empty()) return absl::OkStatus();
  PlanningInput input = input_;
  input.statement = nullptr;
  input.literals = nullptr;
  input.parameter_types.clear();
  std::shared_ptr<const parser::ParseTree> parse;
  ASSIGN_OR_RETURN(const Node* node, ParseExpression(column.default_sql(), &parse));
  parser::StatementTree tree;
  tree.parse = parse;
  tree.node = parse->result().stmts[0]->stmt;
  Binder binder(input, tree);
  const Type before = types::FromProto(column.type());
  const bool quoted = IsQuotedConstant(node);
  ASSIGN_OR_RETURN(const ExprPtr value,
                   binder.BindConstant(node, quoted ? before : Type{TypeId::kUnspecified, 0}));
  ASSIGN_OR_RETURN(const ExprPtr converted, binder.TryAssign(value, type));
  if (converted == nullptr)
    return status::Error(sqlstate::kDatatypeMismatch,
                         absl::StrCat("default for column \"", column.name(),
                                      "\" cannot be cast automatically to type ",
                                      types::Format({type.id, 0, type.declared})));
  // The constant stays the value that it was as one of the old type.
  if (quoted && before.id != type.id)
    change->set_default_sql(
        absl::StrCat(column.default_sql(), "::",
                     before.id == TypeId::kBpchar ? "bpchar"
                     : before.declared == nullptr
                         ? types::Format({before.id, 0})
                         : absl::StrCat(types::QuotedName(before.declared->definition.schema()),
                                        ".", types::Format({before.id, 0, before.declared}))));
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterIdentityType(const Table& table, uint32_t ordinal) {
  for (const Table& sequence : input_.catalog->snapshot().tables()) {
    if (!sequence.has_sequence() || sequence.sequence().owner_table_id() != table.table_id() ||
        sequence.sequence().owner_column() != ordinal)
      continue;
    auto* alter = Add()->mutable_alter_sequence();
    alter->set_sequence_id(sequence.table_id());
    *alter->mutable_sequence()->mutable_type() = table.columns(static_cast<int>(ordinal)).type();
    alter->mutable_sequence()->set_owner_table_id(table.table_id());
    alter->mutable_sequence()->set_owner_column(ordinal);
    SequenceChange change;
    return ReadSequenceOptions(NodeList(), true, &sequence.sequence(), alter->mutable_sequence(),
                               &change);
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterType(const PgQuery__AlterTableCmd& command, const Table& table,
                                  Table* after, common::v1::SetTypes* change) {
  const std::string name(parser::View(command.name));
  ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(table, name, -1));
  const ColumnDescriptor& column = table.columns(static_cast<int>(ordinal));
  for (const auto& other : change->columns()) {
    if (other.column() == ordinal)
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat("cannot alter type of column \"", name, "\" twice"));
  }
  const PgQuery__ColumnDef& definition = *command.def->column_def;
  ASSIGN_OR_RETURN(Type type, Binder(input_, tree_).ResolveType(*definition.type_name));
  RETURN_IF_ERROR(CheckColumnType(type, name, -1));
  ASSIGN_OR_RETURN(type, Collated(type, definition.coll_clause));
  for (const auto& index : table.indexes()) {
    if (absl::c_linear_search(index.columns(), ordinal) && index.exclusion_operators_size() > 0)
      return Unsupported(-1, "changing the type of a column of an exclusion constraint");
  }
  if (types::IsNondeterministic(type.collation) && IsInKey(table, ordinal))
    return Unsupported(-1, "a key with a nondeterministic collation");

  TableExpressions expressions(input_, tree_, table);
  const Type before = types::FromProto(column.type());
  ExprPtr value = plan::MakeColumn(expressions.columns()[ordinal], before);
  if (definition.raw_default != nullptr) {
    ASSIGN_OR_RETURN(value, expressions.Bind(definition.raw_default, "transform expression"));
  }
  const bool itself =
      value->kind == Expr::Kind::kColumn && value->column == expressions.columns()[ordinal];
  ASSIGN_OR_RETURN(const ExprPtr converted, expressions.binder().TryAssign(value, type));
  if (converted == nullptr) {
    if (definition.raw_default != nullptr)
      return status::Error(sqlstate::kDatatypeMismatch,
                           absl::StrCat("result of USING clause for column \"", name,
                                        "\" cannot be cast automatically to type ",
                                        types::Format({type.id, 0, type.declared})),
                           {}, "You might need to add an explicit cast.");
    return status::Error(sqlstate::kDatatypeMismatch,
                         absl::StrCat("column \"", name, "\" cannot be cast automatically to type ",
                                      types::Format({type.id, 0, type.declared})),
                         {},
                         absl::StrCat("You might need to specify \"USING ", Shown(name),
                                      "::", types::Format(type), "\"."));
  }
  // A cast of the column that was written out is as good as none.
  const bool cast = value->kind == Expr::Kind::kCast && value->type == type &&
                    value->args[0]->kind == Expr::Kind::kColumn &&
                    value->args[0]->column == expressions.columns()[ordinal];
  const bool keeps = (itself || cast) && SameStored(before, type);
  change->set_keeps_rows(change->keeps_rows() && keeps);
  RETURN_IF_ERROR(CheckMayAlterType(table, ordinal));
  common::v1::ColumnType* changed = change->add_columns();
  changed->set_column(ordinal);
  *changed->mutable_type() = types::ToProto(type);
  ASSIGN_OR_RETURN(*changed->mutable_value(), expressions.Encode(converted));
  RETURN_IF_ERROR(ConvertDefault(column, type, changed));
  auto* made = after->mutable_columns(static_cast<int>(ordinal));
  *made->mutable_type() = changed->type();
  made->set_default_sql(changed->default_sql());
  return absl::OkStatus();
}

absl::StatusOr<ExprPtr> DdlBinder::Rebind(const common::v1::IndexExpression& expression,
                                          const std::string& what,
                                          TableExpressions* expressions) const {
  const auto name = [&](uint32_t ordinal) {
    return QuoteName(expressions->table().columns(static_cast<int>(ordinal)).name());
  };
  std::shared_ptr<const parser::ParseTree> parse;
  ASSIGN_OR_RETURN(const Node* node,
                   ParseExpression(explain::DeparseDefinition(expression, name, false), &parse));
  ASSIGN_OR_RETURN(ExprPtr e, expressions->Bind(node, what));
  ASSIGN_OR_RETURN(e, expressions->binder().Resolved(e));
  return e;
}

absl::Status DdlBinder::BindChecksOf(const Table& before, const Table& after,
                                     const std::set<uint32_t>& changed,
                                     common::v1::SetTypes* change) const {
  for (const auto& check : before.checks()) {
    TableExpressions as_it_was(input_, tree_, before);
    ASSIGN_OR_RETURN(const ExprPtr old, as_it_was.BindCheck(check.sql()));
    common::v1::IndexExpression form;
    for (const uint32_t ordinal : as_it_was.OrdinalsOf(old)) form.add_columns(ordinal);
    const bool concerned = std::any_of(form.columns().begin(), form.columns().end(),
                                       [&](uint32_t ordinal) { return changed.contains(ordinal); });
    if (!concerned) continue;
    // PostgreSQL reads the condition anew with the types that its constants have had, and so finds
    // what does not compare.
    ASSIGN_OR_RETURN(*form.mutable_bound(), as_it_was.Encode(old));
    TableExpressions expressions(input_, tree_, after);
    RETURN_IF_ERROR(Rebind(form, "check constraint", &expressions).status());
    const auto condition = expressions.BindCheck(check.sql());
    if (!condition.ok())
      return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                     absl::StrCat("check constraint \"", check.name(),
                                  "\" over a column of this type is not supported"),
                     "Drop the constraint, alter the column, and add the constraint again.");
    if (check.not_valid() || change->keeps_rows()) continue;
    common::v1::BoundCheck* bound = change->add_checks();
    bound->set_name(check.name());
    ASSIGN_OR_RETURN(*bound->mutable_condition(), expressions.Encode(*condition));
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::RebindIndexes(const Table& after, const std::set<uint32_t>& changed,
                                      common::v1::SetTypes* change) const {
  for (const auto& index : after.indexes()) {
    const bool concerned = std::any_of(changed.begin(), changed.end(),
                                       [&](uint32_t ordinal) { return Reads(index, ordinal); });
    if (!concerned || IsPlain(index)) continue;
    common::v1::ReboundIndex* rebound = change->add_indexes();
    rebound->set_name(index.name());
    const auto keep = [&](const common::v1::IndexExpression& expression, const char* what,
                          common::v1::IndexExpression* out) -> absl::Status {
      TableExpressions expressions(input_, tree_, after);
      ASSIGN_OR_RETURN(ExprPtr e, Rebind(expression, what, &expressions));
      // A sort key is shown as what it is the key of.
      common::v1::Expression bound;
      if (bound.ParseFromString(expression.bound()) && explain::IsSortKey(bound)) {
        ASSIGN_OR_RETURN(e, expressions.binder().Ordered(e));
      }
      ASSIGN_OR_RETURN(*out, KeepExpression(expressions, e, what));
      return absl::OkStatus();
    };
    for (const auto& expression : index.expressions()) {
      common::v1::IndexExpression* key = rebound->add_expressions();
      RETURN_IF_ERROR(keep(expression, "index expression", key));
      if (IsInverted(index)) continue;
      const Type type = types::FromProto(key->type());
      if (!types::IsIndexable(type)) return NotIndexable(type);
    }
    RETURN_IF_ERROR(CheckOperatorClasses(index, *rebound, after));
    if (index.has_predicate())
      RETURN_IF_ERROR(keep(index.predicate(), "index predicate", rebound->mutable_predicate()));
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::CheckOperatorClasses(const common::v1::IndexDescriptor& index,
                                             const common::v1::ReboundIndex& rebound,
                                             const Table& after) const {
  int next = 0;
  for (int i = 0; i < index.operator_classes_size() && i < index.columns_size(); ++i) {
    const uint32_t ordinal = index.columns(i);
    const Type type = types::FromProto(ordinal == kExpressionKey
                                           ? rebound.expressions(next++).type()
                                           : after.columns(static_cast<int>(ordinal)).type());
    const OperatorClass* operator_class = FindOperatorClass(index.operator_classes(i));
    if (operator_class == nullptr) return absl::InternalError("an unknown operator class");
    if (operator_class->accepts(type)) continue;
    const std::string method(operator_class->access_method);
    if (operator_class->is_default) return NoDefaultClass(type, method);
    return ErrorAt(sqlstate::kDatatypeMismatch, -1,
                   absl::StrCat("operator class \"", std::string(operator_class->catalog_name),
                                "\" does not accept data type ", types::Format({type.id, 0})));
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::CheckKeyTypes(const Table& after, const std::set<uint32_t>& changed) const {
  const auto check = [&](uint32_t ordinal) -> absl::Status {
    if (!changed.contains(ordinal)) return absl::OkStatus();
    const Type type = types::FromProto(after.columns(static_cast<int>(ordinal)).type());
    return types::IsIndexable(type) ? absl::OkStatus() : NotIndexable(type);
  };
  for (const uint32_t ordinal : after.primary_key()) RETURN_IF_ERROR(check(ordinal));
  for (const auto& index : after.indexes()) {
    if (IsInverted(index)) continue;  // RebindIndexes looks at them.
    for (const uint32_t ordinal : index.columns()) RETURN_IF_ERROR(check(ordinal));
  }
  return absl::OkStatus();
}

absl::StatusOr<common::v1::SetTypes> DdlBinder::BindTypes(
    const std::vector<const PgQuery__AlterTableCmd*>& commands, const Table& table, Table* after) {
  *after = table;
  common::v1::SetTypes change;
  change.set_keeps_rows(true);
  for (const PgQuery__AlterTableCmd* command : commands)
    RETURN_IF_ERROR(AlterType(*command, table, after, &change));
  std::set<uint32_t> changed;
  for (const auto& column : change.columns()) changed.insert(column.column());
  RETURN_IF_ERROR(CheckKeyTypes(*after, changed));
  RETURN_IF_ERROR(BindChecksOf(table, *after, changed, &change));
  RETURN_IF_ERROR(RebindIndexes(*after, changed, &change));
  if (change.keeps_rows()) {
    for (auto& column : *change.mutable_columns()) column.clear_value();
  }
  return change;
}

absl::Status DdlBinder::AlterTypes(const std::vector<const PgQuery__AlterTableCmd*>& commands,
                                   const Table& table) {
  Table after;
  ASSIGN_OR_RETURN(common::v1::SetTypes change, BindTypes(commands, table, &after));
  absl::Status below;
  ForEachPartition(*input_.catalog, table, [&](const Table& partition) {
    if (!below.ok()) return;
    Table part_after;
    auto types = BindTypes(commands, partition, &part_after);
    below = types.status();
    if (!below.ok()) return;
    auto* part = change.add_partitions();
    part->set_table_id(partition.table_id());
    *part->mutable_types() = *std::move(types);
  });
  RETURN_IF_ERROR(below);
  std::vector<uint32_t> changed;
  for (const auto& column : change.columns()) changed.push_back(column.column());
  *Alter(table, false)->mutable_set_types() = std::move(change);
  for (const uint32_t ordinal : changed) {
    if (after.columns(static_cast<int>(ordinal)).identity() !=
        ColumnDescriptor::IDENTITY_UNSPECIFIED)
      RETURN_IF_ERROR(AlterIdentityType(after, ordinal));
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
