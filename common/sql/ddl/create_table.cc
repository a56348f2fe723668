// CREATE TABLE, and the constraints that ALTER TABLE shares with it.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/quoting.h"
#include "common/sql/ddl/relation_options.h"
#include "common/sql/ddl/table_expressions.h"
#include "common/sql/ddl/type_mentions.h"
#include "common/sql/explain/deparse.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/parser/type_name.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;

constexpr size_t kMaxNameBytes = 63;

// PostgreSQL's makeObjectName: names are cut so that the whole fits an identifier.
std::string MakeObjectName(std::string first, std::string second, const std::string& label) {
  const size_t overhead = (second.empty() ? 0 : 1) + 1 + label.size();
  while (first.size() + second.size() > kMaxNameBytes - overhead) {
    if (first.size() > second.size())
      first.pop_back();
    else
      second.pop_back();
  }
  std::string name = first;
  if (!second.empty()) absl::StrAppend(&name, "_", second);
  return absl::StrCat(name, "_", label);
}

// Words that end a column's DEFAULT or CHECK.
bool EndsExpression(const parser::Lexer& lexer, const parser::Token& token) {
  for (const char* word : {"constraint", "primary", "unique", "check", "references", "generated",
                           "deferrable", "initially", "collate", "default"}) {
    if (lexer.Is(token, word)) return true;
  }
  return false;
}

void CollectNames(const Node* node, std::set<std::string>* names) {
  if (node == nullptr) return;
  auto list = [names](size_t n, Node** nodes) {
    for (size_t i = 0; i < n; ++i) CollectNames(nodes[i], names);
  };
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF:
      names->insert(
          std::string(parser::StringOf(node->column_ref->fields[node->column_ref->n_fields - 1])));
      return;
    case PG_QUERY__NODE__NODE_A_EXPR:
      CollectNames(node->a_expr->lexpr, names);
      CollectNames(node->a_expr->rexpr, names);
      return;
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
      return list(node->bool_expr->n_args, node->bool_expr->args);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
      return list(node->func_call->n_args, node->func_call->args);
    case PG_QUERY__NODE__NODE_TYPE_CAST:
      return CollectNames(node->type_cast->arg, names);
    case PG_QUERY__NODE__NODE_NULL_TEST:
      return CollectNames(node->null_test->arg, names);
    case PG_QUERY__NODE__NODE_LIST:
      return list(node->list->n_items, node->list->items);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
      return list(node->coalesce_expr->n_args, node->coalesce_expr->args);
    default:
      return;
  }
}

}  // namespace

bool DdlBinder::NameTaken(const std::string& name, const Table& table) const {
  auto in = [&name](const Table& other) {
    if (other.name() == name || other.primary_key_name() == name) return true;
    for (const auto& index : other.indexes()) {
      if (index.name() == name) return true;
    }
    return false;
  };
  for (const auto& check : table.checks()) {
    if (check.name() == name) return true;
  }
  for (const auto& key : table.foreign_keys()) {
    if (key.name() == name) return true;
  }
  if (in(table)) return true;
  for (const Table& other : input_.catalog->snapshot().tables()) {
    if (other.schema() == table.schema() && in(other)) return true;
  }
  return false;
}

std::string DdlBinder::ChooseName(const std::string& base, const std::string& columns,
                                  const char* suffix, const Table& table) const {
  std::string label = suffix;
  std::string name = MakeObjectName(base, columns, label);
  for (int i = 1; NameTaken(name, table); ++i) {
    label = absl::StrCat(suffix, i);
    name = MakeObjectName(base, columns, label);
  }
  return name;
}

// The text of an expression: behind `keyword`, which is found at or after `location`. A
// parenthesized one ends at its parenthesis, a DEFAULT where the next clause starts.
absl::StatusOr<std::string> DdlBinder::ExpressionText(const Node* node, int location,
                                                      std::string_view keyword) const {
  const std::string_view text = tree_.parse->text();
  parser::Lexer lexer(text, std::max(location, 0));
  parser::Token token = lexer.Next();
  while (token.kind != parser::Token::Kind::kEnd && !lexer.Is(token, keyword)) token = lexer.Next();
  token = lexer.Next();
  const int begin = token.offset;
  int end = begin;
  int depth = 0;
  const bool check = keyword == "check";
  bool first = true;
  while (token.kind != parser::Token::Kind::kEnd && token.kind != parser::Token::Kind::kInvalid) {
    const std::string_view word = lexer.TextOf(token);
    if (word == "(" || word == "[") ++depth;
    if (word == ")" || word == "]") --depth;
    if (depth < 0) break;
    if (depth == 0 && !first && !check) {
      if (word == "," || word == ";" || EndsExpression(lexer, token)) break;
      if (lexer.Is(token, "not") || lexer.Is(token, "null")) {
        // NOT NULL and NULL end a DEFAULT, as a default cannot contain them outside parentheses.
        break;
      }
    }
    end = token.offset + token.length;
    if (check && depth == 0) break;
    first = false;
    token = lexer.Next();
  }
  std::string result(text.substr(begin, end - begin));
  if (check && result.size() >= 2 && result.front() == '(')
    result = result.substr(1, result.size() - 2);
  // What was cut out must be the expression that the grammar saw.
  std::shared_ptr<const parser::ParseTree> tree;
  ASSIGN_OR_RETURN(const Node* parsed, ParseExpression(result, &tree));
  if (parsed->node_case != node->node_case)
    return Unsupported(location, "an expression of this form in a table definition");
  return QualifyTypes(result, input_);
}

absl::StatusOr<Type> DdlBinder::Collated(const Type& type,
                                         const PgQuery__CollateClause* clause) const {
  if (clause == nullptr) return type;
  const NodeList names(clause->collname, clause->n_collname);
  ASSIGN_OR_RETURN(
      const plan::ExprPtr value,
      Binder(input_, tree_).WithCollation(plan::MakeColumn(0, type), names, clause->location));
  Type result = type;
  result.collation = types::Plain(value->type.collation);
  return result;
}

absl::Status DdlBinder::NoDefaultClass(const Type& type, const std::string& method) const {
  return ErrorAt(
      sqlstate::kUndefinedObject, -1,
      absl::StrCat("data type ", types::Format({type.id, 0}),
                   " has no default operator class for access method \"", method, "\""),
      "You must specify an operator class for the index or define a default operator class for the "
      "data type.");
}

absl::StatusOr<std::vector<uint32_t>> DdlBinder::KeyColumns(NodeList keys,
                                                            const std::string& column,
                                                            const Table& table, const char* what,
                                                            int location) {
  std::vector<std::string> names = parser::StringsOf(keys);
  if (names.empty() && !column.empty()) names.push_back(column);
  std::vector<uint32_t> ordinals;
  for (const std::string& name : names) {
    bool found = false;
    for (int i = 0; i < table.columns_size(); ++i) {
      if (table.columns(i).dropped() || table.columns(i).name() != name) continue;
      found = true;
      if (std::find(ordinals.begin(), ordinals.end(), static_cast<uint32_t>(i)) != ordinals.end())
        return ErrorAt(
            sqlstate::kDuplicateColumn, location,
            absl::StrCat("column \"", name, "\" appears twice in ", what, " constraint"));
      const Type type = types::FromProto(table.columns(i).type());
      if (!types::IsIndexable(type)) return NotIndexable(type);
      if (types::IsNondeterministic(type.collation))
        return Unsupported(-1, "a key with a nondeterministic collation");
      ordinals.push_back(static_cast<uint32_t>(i));
    }
    if (!found)
      return ErrorAt(sqlstate::kUndefinedColumn, location,
                     absl::StrCat("column \"", name, "\" named in key does not exist"));
  }
  return ordinals;
}

absl::StatusOr<common::v1::ColumnDescriptor> DdlBinder::ColumnOf(
    const PgQuery__ColumnDef& definition, const std::string& table_name) {
  common::v1::ColumnDescriptor column;
  column.set_name(definition.colname);
  const std::optional<TypeId> serial = parser::SerialType(*definition.type_name);
  Type type{serial.value_or(TypeId::kUnspecified), 0};
  if (!serial.has_value()) {
    ASSIGN_OR_RETURN(type, Binder(input_, tree_).ResolveType(*definition.type_name));
  }
  RETURN_IF_ERROR(CheckColumnType(type, column.name(), definition.location));
  ASSIGN_OR_RETURN(type, Collated(type, definition.coll_clause));
  *column.mutable_type() = types::ToProto(type);
  // NULL and NOT NULL exclude each other, whichever comes first and whatever brings the NOT NULL.
  bool said_null = false;
  bool said_not_null = serial.has_value();
  bool has_default = false;
  for (const Node* node : NodeList(definition.constraints, definition.n_constraints)) {
    const PgQuery__Constraint& constraint = *node->constraint;
    said_null |= constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_NULL;
    said_not_null |= constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL ||
                     constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY;
    if (said_null && said_not_null)
      return ErrorAt(sqlstate::kSyntaxError, constraint.location,
                     absl::StrCat("conflicting NULL/NOT NULL declarations for column \"",
                                  column.name(), "\" of table \"", table_name, "\""));
    switch (constraint.contype) {
      case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
        column.set_not_null(true);
        break;
      case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT: {
        if (has_default)
          return ErrorAt(sqlstate::kSyntaxError, constraint.location,
                         absl::StrCat("multiple default values specified for column \"",
                                      column.name(), "\" of table \"", table_name, "\""));
        has_default = true;
        ASSIGN_OR_RETURN(std::string sql,
                         ExpressionText(constraint.raw_expr, constraint.location, "default"));
        ASSIGN_OR_RETURN(const plan::ExprPtr value, BindKeptDefault(sql, column));
        uint32_t sequence_id = 0;
        LinkSequenceDefault(value, &sql, &sequence_id);
        column.set_default_sql(sql);
        column.set_default_sequence_id(sequence_id);
        break;
      }
      case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
        column.set_identity(constraint.generated_when != nullptr &&
                                    *constraint.generated_when == 'a'
                                ? common::v1::ColumnDescriptor::IDENTITY_ALWAYS
                                : common::v1::ColumnDescriptor::IDENTITY_BY_DEFAULT);
        column.set_not_null(true);
        break;
      default:
        break;
    }
  }
  return column;
}

absl::Status DdlBinder::AddColumnDefinition(const PgQuery__ColumnDef& definition, Table* table) {
  ASSIGN_OR_RETURN(common::v1::ColumnDescriptor column, ColumnOf(definition, table->name()));
  for (const auto& known : table->columns()) {
    if (known.name() == column.name())
      return ErrorAt(sqlstate::kDuplicateColumn, -1,
                     absl::StrCat("column \"", column.name(), "\" specified more than once"));
  }
  *table->add_columns() = std::move(column);
  return absl::OkStatus();
}

absl::Status DdlBinder::AddPrimaryKey(const PgQuery__Constraint& constraint,
                                      const std::string& column, common::v1::Deferral deferral,
                                      Table* table) {
  const bool deferrable_one = std::any_of(table->indexes().begin(), table->indexes().end(),
                                          [](const auto& index) { return index.is_primary(); });
  if (table->primary_key_size() > 0 || deferrable_one)
    return ErrorAt(
        sqlstate::kInvalidTableDefinition, constraint.location,
        absl::StrCat("multiple primary keys for table \"", table->name(), "\" are not allowed"));
  if (constraint.n_including > 0)
    return Unsupported(constraint.location, "INCLUDE on a primary key");
  ASSIGN_OR_RETURN(const std::vector<uint32_t> ordinals,
                   KeyColumns({constraint.keys, constraint.n_keys}, column, *table, "primary key",
                              constraint.location));
  std::string name(parser::View(constraint.conname));
  if (name.empty()) name = ChooseName(table->name(), "", "pkey", *table);
  for (const uint32_t ordinal : ordinals)
    table->mutable_columns(static_cast<int>(ordinal))->set_not_null(true);
  if (deferral != common::v1::DEFERRAL_UNSPECIFIED) {
    common::v1::IndexDescriptor& index = *table->add_indexes();
    index.set_name(name);
    index.set_is_constraint(true);
    index.set_is_primary(true);
    index.set_deferral(deferral);
    index.set_state(common::v1::IndexDescriptor::STATE_PUBLIC);
    for (const uint32_t ordinal : ordinals) {
      index.add_columns(ordinal);
      index.add_descending(false);
    }
    return absl::OkStatus();
  }
  for (const uint32_t ordinal : ordinals) table->add_primary_key(ordinal);
  table->set_primary_key_name(name);
  return absl::OkStatus();
}

absl::Status DdlBinder::AddUnique(const PgQuery__Constraint& constraint, const std::string& column,
                                  common::v1::Deferral deferral, Table* table) {
  if (constraint.nulls_not_distinct) return Unsupported(constraint.location, "NULLS NOT DISTINCT");
  ASSIGN_OR_RETURN(const std::vector<uint32_t> ordinals,
                   KeyColumns({constraint.keys, constraint.n_keys}, column, *table, "unique",
                              constraint.location));
  common::v1::IndexDescriptor index;
  std::string columns;
  for (const uint32_t ordinal : ordinals) {
    index.add_columns(ordinal);
    index.add_descending(false);
    absl::StrAppend(&columns, columns.empty() ? "" : "_",
                    table->columns(static_cast<int>(ordinal)).name());
  }
  for (const Node* node : NodeList(constraint.including, constraint.n_including)) {
    ASSIGN_OR_RETURN(const uint32_t ordinal,
                     ColumnNamed(*table, std::string(parser::StringOf(node)), -1));
    index.add_include(ordinal);
  }
  const std::string name(parser::View(constraint.conname));
  index.set_name(name.empty() ? ChooseName(table->name(), columns, "key", *table) : name);
  index.set_unique(deferral == common::v1::DEFERRAL_UNSPECIFIED);
  index.set_deferral(deferral);
  index.set_is_constraint(true);
  index.set_state(common::v1::IndexDescriptor::STATE_PUBLIC);
  *table->add_indexes() = std::move(index);
  return absl::OkStatus();
}

absl::Status DdlBinder::AddCheck(const PgQuery__Constraint& constraint, const std::string&,
                                 Table* table) {
  ASSIGN_OR_RETURN(const std::string sql,
                   ExpressionText(constraint.raw_expr, constraint.location, "check"));
  std::string name(parser::View(constraint.conname));
  if (name.empty()) {
    // PostgreSQL names the column when the condition is about a single one.
    std::set<std::string> names;
    CollectNames(constraint.raw_expr, &names);
    name = ChooseName(table->name(), names.size() == 1 ? *names.begin() : "", "check", *table);
  }
  auto* check = table->add_checks();
  check->set_name(name);
  check->set_sql(sql);
  return absl::OkStatus();
}

absl::StatusOr<plan::ExprPtr> DdlBinder::BindKeptDefault(
    const std::string& sql, const common::v1::ColumnDescriptor& column) const {
  PlanningInput input = input_;
  input.called_functions = nullptr;
  Binder binder(input, tree_);
  return binder.BindDefault(sql, column);
}

absl::Status DdlBinder::AddConstraint(const PgQuery__Constraint& constraint,
                                      const std::string& column, NodeList siblings, Table* table) {
  ASSIGN_OR_RETURN(const common::v1::Deferral deferral,
                   DeferralOfColumnConstraint(constraint, siblings));
  switch (constraint.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
      return AddPrimaryKey(constraint, column, deferral, table);
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
      return AddUnique(constraint, column, deferral, table);
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
      return AddCheck(constraint, column, table);
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
      return AddForeignKey(constraint, column, deferral, table);
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
      return AddExclusion(constraint, deferral, table);
    default:
      return absl::OkStatus();
  }
}

absl::Status DdlBinder::ValidateChecks(Table* table) {
  const auto name = [table](uint32_t ordinal) {
    return QuoteName(table->columns(static_cast<int>(ordinal)).name());
  };
  for (auto& check : *table->mutable_checks()) {
    TableExpressions expressions(input_, tree_, *table);
    ASSIGN_OR_RETURN(const plan::ExprPtr e, expressions.BindCheck(check.sql()));
    common::v1::IndexExpression bound;
    ASSIGN_OR_RETURN(*bound.mutable_bound(), expressions.Encode(e));
    // What is shown has to mean the same, for a dump of it to be read again.
    TableExpressions again(input_, tree_, *table);
    const auto shown = again.BindCheck(explain::DeparseDefinition(bound, name, /*pretty=*/false));
    check.clear_bound();
    if (!shown.ok()) continue;
    const auto encoded = again.Encode(*shown);
    if (encoded.ok() && MeanTheSame(*encoded, bound.bound()))
      *check.mutable_bound() = std::move(bound);
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::SetOnCommit(const PgQuery__CreateStmt& create, Table* table) const {
  if (create.oncommit == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP)
    table->set_on_commit(Table::ON_COMMIT_DROP);
  if (create.oncommit == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DELETE_ROWS)
    table->set_on_commit(Table::ON_COMMIT_DELETE_ROWS);
  const bool said = create.oncommit > PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_NOOP;
  if (!said || IsTemporarySchema(table->schema())) return absl::OkStatus();
  return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                 "ON COMMIT can only be used on temporary tables");
}

absl::Status DdlBinder::CreateTable(const PgQuery__CreateStmt& create) {
  if (create.n_inh_relations > 0 && create.partbound == nullptr)
    return Unsupported(-1, "table inheritance");
  if (create.of_typename != nullptr) return Unsupported(-1, "a typed table");
  ASSIGN_OR_RETURN(const std::string schema, TargetSchema(*create.relation));
  RETURN_IF_ERROR(
      CheckRelationOptions(RelationKind::kTable, {create.options, create.n_options}, false));
  auto* statement = Add()->mutable_create_table();
  statement->set_if_not_exists(create.if_not_exists);
  Table* table = statement->mutable_table();
  table->set_schema(schema);
  table->set_name(create.relation->relname);
  table->set_owner(input_.current_user);
  RETURN_IF_ERROR(SetOnCommit(create, table));
  const NodeList elements(create.table_elts, create.n_table_elts);
  const bool partition = create.partbound != nullptr;
  if (partition) RETURN_IF_ERROR(AddInherited(create, statement));
  for (const Node* node : elements) {
    if (partition) break;
    if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
      RETURN_IF_ERROR(AddColumnDefinition(*node->column_def, table));
    } else if (node->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE) {
      RETURN_IF_ERROR(AddColumnsLike(*node->table_like_clause, statement));
    }
  }
  for (const Node* node : elements) {
    if (partition || node->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF) continue;
    ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(*table, node->column_def->colname, -1));
    ASSIGN_OR_RETURN(auto sequence, OwnedSequenceOf(*node->column_def, *table, ordinal));
    if (!sequence.has_value()) continue;
    table->mutable_columns(static_cast<int>(ordinal))->set_not_null(true);
    *statement->add_sequences() = *std::move(sequence);
  }
  if (table->columns_size() > 1600)
    return status::Error(sqlstate::kTooManyColumns, "tables can have at most 1600 columns");
  if (!partition) RETURN_IF_ERROR(BindAllGenerated(elements, table));
  for (const Node* node : elements) {
    if (node->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE)
      RETURN_IF_ERROR(AddPropertiesLike(*node->table_like_clause, statement));
  }
  // Keys first: they may be referred to by the table's own foreign keys.
  for (const bool foreign : {false, true}) {
    for (const Node* node : elements) {
      if (node->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
        if ((node->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) == foreign)
          RETURN_IF_ERROR(AddConstraint(*node->constraint, "", NodeList(), table));
        continue;
      }
      if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF) continue;
      const PgQuery__ColumnDef& definition = *node->column_def;
      const NodeList all(definition.constraints, definition.n_constraints);
      for (const Node* constraint : all) {
        if ((constraint->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) == foreign)
          RETURN_IF_ERROR(AddConstraint(*constraint->constraint, definition.colname, all, table));
      }
    }
  }
  if (create.partspec != nullptr) RETURN_IF_ERROR(BindPartitionKey(*create.partspec, table));
  return ValidateChecks(table);
}

}  // namespace adbms::sql::ddl
