// ALTER TABLE: columns come and go, their defaults, NOT NULL, and identity.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/rules/rewriter.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;

}  // namespace

absl::Status DdlBinder::SetDomainsValue(common::v1::ColumnDescriptor* column) const {
  if (!types::IsDomain(types::FromProto(column->type()))) return absl::OkStatus();
  Binder binder(input_, tree_);
  ASSIGN_OR_RETURN(const plan::ExprPtr value, binder.BindDefault("", *column));
  const plan::ExprPtr folded = rules::FoldConstants(value);
  if (folded->kind != plan::Expr::Kind::kLiteral)
    return status::Error(
        status::sqlstate::kFeatureNotSupported,
        absl::StrCat("adding a column of domain ", types::Format(types::FromProto(column->type())),
                     ", which has no constant value to begin with, is not supported"),
        {}, "Add it with a DEFAULT that is a constant of the domain.");
  if (!folded->value.is_null()) *column->mutable_missing_value() = types::ToProto(folded->value);
  return absl::OkStatus();
}

absl::Status DdlBinder::SetMissingValue(const PgQuery__ColumnDef& definition,
                                        common::v1::ColumnDescriptor* column) {
  if (column->default_sql().empty()) return SetDomainsValue(column);
  Binder binder(input_, tree_);
  ASSIGN_OR_RETURN(const plan::ExprPtr value, binder.BindDefault(column->default_sql(), *column));
  if (plan::IsVolatile(value))
    return Unsupported(definition.location, "ADD COLUMN with a volatile default");
  ASSIGN_OR_RETURN(
      const types::Value missing,
      EvaluateConstant(column->default_sql(), types::FromProto(column->type()), input_));
  if (!missing.is_null()) *column->mutable_missing_value() = types::ToProto(missing);
  return absl::OkStatus();
}

absl::Status DdlBinder::AddColumn(const PgQuery__AlterTableCmd& command, const Table& table) {
  const PgQuery__ColumnDef& definition = *command.def->column_def;
  ASSIGN_OR_RETURN(common::v1::ColumnDescriptor column, ColumnOf(definition, table.name()));
  for (const auto& known : table.columns()) {
    if (known.dropped() || known.name() != column.name()) continue;
    if (command.missing_ok) return absl::OkStatus();
    return ErrorAt(sqlstate::kDuplicateColumn, -1,
                   absl::StrCat("column \"", column.name(), "\" of relation \"", table.name(),
                                "\" already exists"));
  }
  if (column.default_sequence_id() != 0)
    return Unsupported(definition.location, "ADD COLUMN with a volatile default");
  RETURN_IF_ERROR(SetMissingValue(definition, &column));
  // Constraints of the column follow as steps of their own.
  Table extended = table;
  *extended.add_columns() = column;
  RETURN_IF_ERROR(
      BindGenerated(definition, static_cast<uint32_t>(extended.columns_size() - 1), &extended));
  column = extended.columns(extended.columns_size() - 1);
  ASSIGN_OR_RETURN(
      auto sequence,
      OwnedSequenceOf(definition, extended, static_cast<uint32_t>(extended.columns_size() - 1)));
  auto* alter = Alter(table, command.missing_ok);
  *alter->mutable_add_column() = column;
  if (sequence.has_value()) {
    alter->mutable_add_column()->set_not_null(true);
    *alter->mutable_sequence() = *std::move(sequence);
  }
  for (const Node* node : NodeList(definition.constraints, definition.n_constraints)) {
    // Whether the column was there before is not known any more at the constraint's own step.
    if (command.missing_ok && IsTableConstraint(*node->constraint))
      return Unsupported(node->constraint->location,
                         "ADD COLUMN IF NOT EXISTS with a key, check or reference");
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::DropColumn(const PgQuery__AlterTableCmd& command, const Table& table) {
  const auto ordinal = ColumnNamed(table, std::string(parser::View(command.name)), -1);
  if (!ordinal.ok()) return command.missing_ok ? absl::OkStatus() : ordinal.status();
  auto* alter = Alter(table, command.missing_ok);
  alter->set_drop_column(*ordinal);
  alter->set_cascade(command.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterNotNull(const PgQuery__AlterTableCmd& command, const Table& table) {
  const std::string name(parser::View(command.name));
  ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(table, name, -1));
  const bool set = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull;
  if (!set && table.columns(static_cast<int>(ordinal)).identity() !=
                  common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED)
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat("column \"", name, "\" of relation \"", table.name(),
                                      "\" is an identity column"));
  std::vector<uint32_t> keys(table.primary_key().begin(), table.primary_key().end());
  for (const auto& index : table.indexes()) {
    if (index.is_primary()) keys.assign(index.columns().begin(), index.columns().end());
  }
  for (const uint32_t key : keys) {
    if (!set && key == ordinal)
      return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                     absl::StrCat("column \"", name, "\" is in a primary key"));
  }
  auto* action = Alter(table, command.missing_ok)->mutable_set_not_null();
  action->set_column(ordinal);
  action->set_not_null(set);
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterDefault(const PgQuery__AlterTableCmd& command, const Table& table) {
  const std::string name(parser::View(command.name));
  ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(table, name, -1));
  if (table.columns(static_cast<int>(ordinal)).identity() !=
      common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED)
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat("column \"", name, "\" of relation \"", table.name(),
                                      "\" is an identity column"),
                         {},
                         command.def == nullptr
                             ? "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead."
                             : "");
  if (table.columns(static_cast<int>(ordinal)).has_generated())
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat("column \"", name, "\" of relation \"", table.name(),
                                      "\" is a generated column"),
                         {},
                         command.def == nullptr
                             ? "Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead."
                             : "");
  std::string sql;
  uint32_t sequence_id = 0;
  if (command.def != nullptr) {
    // The clause is found by its column's name.
    const std::string_view text = tree_.parse->text();
    parser::Lexer lexer(text, tree_.offset);
    int location = -1;
    for (parser::Token token = lexer.Next(); token.kind != parser::Token::Kind::kEnd;
         token = lexer.Next()) {
      std::string word(lexer.TextOf(token));
      if (token.kind == parser::Token::Kind::kQuotedWord)
        word = word.substr(1, word.size() - 2);
      else
        for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      if (word != name) continue;
      parser::Lexer ahead = lexer;
      const parser::Token first = ahead.Next();
      if (ahead.Is(first, "set") && ahead.Is(ahead.Next(), "default")) location = first.offset;
    }
    if (location < 0) return Unsupported(-1, "this form of SET DEFAULT");
    ASSIGN_OR_RETURN(sql, ExpressionText(command.def, location, "default"));
    ASSIGN_OR_RETURN(const plan::ExprPtr value,
                     BindKeptDefault(sql, table.columns(static_cast<int>(ordinal))));
    LinkSequenceDefault(value, &sql, &sequence_id);
  }
  auto* action = Alter(table, command.missing_ok)->mutable_set_default();
  action->set_column(ordinal);
  action->set_default_sql(sql);
  action->set_default_sequence_id(sequence_id);
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterIdentity(const PgQuery__AlterTableCmd& command, const Table& table) {
  using common::v1::ColumnDescriptor;
  const std::string name(parser::View(command.name));
  ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(table, name, -1));
  const ColumnDescriptor& column = table.columns(static_cast<int>(ordinal));
  const std::string shown =
      absl::StrCat("column \"", name, "\" of relation \"", table.name(), "\" ");
  const bool is_identity = column.identity() != ColumnDescriptor::IDENTITY_UNSPECIFIED;
  if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity) {
    if (!column.not_null())
      return status::Error(
          sqlstate::kObjectNotInPrerequisiteState,
          absl::StrCat(shown, "must be declared NOT NULL before identity can be added"));
    if (is_identity)
      return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                           absl::StrCat(shown, "is already an identity column"));
    if (!column.default_sql().empty() || column.has_generated())
      return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                           absl::StrCat(shown, "already has a default value"));
    const PgQuery__Constraint& identity = *command.def->constraint;
    ASSIGN_OR_RETURN(auto sequence, OwnedSequence(&identity, table, ordinal));
    *Alter(table, command.missing_ok)->mutable_add_identity() = *std::move(sequence);
    auto* action = Alter(table, command.missing_ok)->mutable_set_identity();
    action->set_column(ordinal);
    action->set_identity(*identity.generated_when == 'a' ? ColumnDescriptor::IDENTITY_ALWAYS
                                                         : ColumnDescriptor::IDENTITY_BY_DEFAULT);
    return absl::OkStatus();
  }
  if (!is_identity) {
    if (command.missing_ok) return absl::OkStatus();
    return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                         absl::StrCat(shown, "is not an identity column"));
  }
  auto* action = Alter(table, command.missing_ok)->mutable_set_identity();
  action->set_column(ordinal);
  if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity) return absl::OkStatus();
  action->set_identity(column.identity());
  for (const Node* node : NodeList(command.def->list->items, command.def->list->n_items)) {
    if (parser::View(node->def_elem->defname) != "generated")
      return Unsupported(-1, "changing an identity column's sequence here; ALTER SEQUENCE does it");
    action->set_identity(node->def_elem->arg->integer->ival == 'a'
                             ? ColumnDescriptor::IDENTITY_ALWAYS
                             : ColumnDescriptor::IDENTITY_BY_DEFAULT);
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
