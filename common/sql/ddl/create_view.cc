// CREATE VIEW, CREATE and REFRESH MATERIALIZED VIEW.
#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/relation_options.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/parser/table_as_statement.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::ViewRules;

// The query in front of WITH [LOCAL | CASCADED] CHECK OPTION.
std::string WithoutCheckOption(const std::string& sql) {
  parser::Lexer lexer(sql);
  std::vector<parser::Token> tokens;
  for (parser::Token token = lexer.Next();
       token.kind != parser::Token::Kind::kEnd && token.kind != parser::Token::Kind::kInvalid;
       token = lexer.Next()) {
    if (lexer.TextOf(token) != ";") tokens.push_back(token);
  }
  const auto is = [&](size_t from_end, const char* word) {
    return tokens.size() >= from_end && lexer.Is(tokens[tokens.size() - from_end], word);
  };
  if (!is(1, "option") || !is(2, "check")) return sql;
  const size_t with = is(3, "local") || is(3, "cascaded") ? 4 : 3;
  if (!is(with, "with")) return sql;
  const std::string query = sql.substr(0, static_cast<size_t>(tokens[tokens.size() - with].offset));
  return query.substr(0, query.find_last_not_of(" \t\r\n") + 1);
}

}  // namespace

absl::Status DdlBinder::ReadViewOptions(NodeList options, bool reset, ViewRules* rules) const {
  for (const Node* node : options) {
    const PgQuery__DefElem& option = *node->def_elem;
    const std::string name = option.defname;
    const std::string value = reset ? "false" : option.arg == nullptr ? "true" : OptionText(option);
    if (name == "check_option") {
      rules->set_check_option(absl::EqualsIgnoreCase(value, "local") ? ViewRules::CHECK_OPTION_LOCAL
                              : absl::EqualsIgnoreCase(value, "cascaded")
                                  ? ViewRules::CHECK_OPTION_CASCADED
                                  : ViewRules::CHECK_OPTION_UNSPECIFIED);
      if (!reset && rules->check_option() == ViewRules::CHECK_OPTION_UNSPECIFIED)
        return status::Error(
            sqlstate::kInvalidParameterValue,
            absl::StrCat("invalid value for enum option \"check_option\": ", value),
            "Valid values are \"local\" and \"cascaded\".");
    } else if (name == "security_invoker" || name == "security_barrier") {
      ASSIGN_OR_RETURN(const bool on, BooleanValue(name, value));
      if (name == "security_invoker")
        rules->set_security_invoker(on);
      else
        rules->set_security_barrier(on);
    } else {
      return status::Error(sqlstate::kInvalidParameterValue,
                           absl::StrCat("unrecognized parameter \"", name, "\""));
    }
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::DescribeView(Table* view) const {
  Binder binder(input_, tree_);
  const absl::Status updatable = binder.DescribeUpdatable(view);
  if (updatable.ok() || view->view_rules().check_option() == ViewRules::CHECK_OPTION_UNSPECIFIED)
    return absl::OkStatus();
  return status::Error(sqlstate::kFeatureNotSupported,
                       "WITH CHECK OPTION is supported only on automatically updatable views", {},
                       status::FromStatus(updatable).detail);
}

absl::Status DdlBinder::AlterViewOptions(const Table& view, NodeList options, bool reset) {
  auto* statement = Add()->mutable_create_view();
  statement->set_or_replace(true);
  *statement->mutable_view() = view;
  RETURN_IF_ERROR(ReadViewOptions(options, reset, statement->mutable_view()->mutable_view_rules()));
  return DescribeView(statement->mutable_view());
}

absl::StatusOr<std::string> DdlBinder::BindViewQuery(const Node* query, NodeList names,
                                                     std::string_view too_many, Table* view) {
  Binder binder(input_, tree_);
  if (binder.query().client_parameters > 0)
    return ErrorAt(sqlstate::kUndefinedParameter, -1, "there is no parameter $1");
  ASSIGN_OR_RETURN(const BoundQuery bound, binder.BindTopQuery(*query->select_stmt));
  view->set_owner(input_.current_user);
  for (common::v1::ViewDependency& used : binder.DependenciesOf(bound))
    *view->add_view_dependencies() = std::move(used);
  if (names.size() > bound.columns.size()) return ErrorAt(sqlstate::kSyntaxError, -1, too_many);
  std::set<std::string> taken;
  for (size_t i = 0; i < bound.columns.size(); ++i) {
    auto* column = view->add_columns();
    column->set_name(i < names.size() ? std::string(parser::StringOf(names[i]))
                                      : bound.columns[i].name);
    Type type = bound.columns[i].type;
    if (type.id == TypeId::kUnknown && view->has_materialized_view()) type = {TypeId::kText, 0};
    *column->mutable_type() = types::ToProto(type);
    if (!taken.insert(column->name()).second)
      return ErrorAt(sqlstate::kDuplicateColumn, -1,
                     absl::StrCat("column \"", column->name(), "\" specified more than once"));
  }
  const std::string_view text = std::string_view(tree_.parse->text()).substr(tree_.offset);
  const parser::QueryText span = parser::QueryOf(text);
  for (const auto& [location, name] : binder.unqualified_names()) {
    const int offset = location - static_cast<int>(tree_.offset) - span.begin;
    if (offset < 0 || offset >= span.end - span.begin) continue;
    common::v1::UnqualifiedName* kept = view->add_unqualified_names();
    *kept = name;
    kept->set_offset(static_cast<uint32_t>(offset));
  }
  return std::string(text.substr(span.begin, span.end - span.begin));
}

bool DdlBinder::ReadsTemporary(const Table& view) const {
  return std::any_of(view.view_dependencies().begin(), view.view_dependencies().end(),
                     [this](const auto& used) {
                       const Table* read = input_.catalog->FindTable(used.table_id());
                       return read != nullptr && IsTemporarySchema(read->schema());
                     });
}

void DdlBinder::KeepSearchPath(Table* view) const {
  for (const std::string& path : input_.search_path) {
    if (!IsTemporarySchema(path) || IsTemporarySchema(view->schema()))
      view->add_view_search_path(path);
  }
}

absl::Status DdlBinder::CreateView(const PgQuery__ViewStmt& create) {
  ASSIGN_OR_RETURN(const std::string schema, TargetSchema(*create.view));
  if (create.query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    return Unsupported(-1, "this kind of view");
  auto* statement = Add()->mutable_create_view();
  statement->set_or_replace(create.replace);
  Table* view = statement->mutable_view();
  view->set_schema(schema);
  view->set_name(create.view->relname);
  ASSIGN_OR_RETURN(*view->mutable_view_sql(),
                   BindViewQuery(create.query, {create.aliases, create.n_aliases},
                                 "CREATE VIEW specifies more column names than columns", view));
  if (create.with_check_option != PG_QUERY__VIEW_CHECK_OPTION__NO_CHECK_OPTION)
    view->set_view_sql(WithoutCheckOption(view->view_sql()));
  if (ReadsTemporary(*view) && !IsTemporarySchema(schema)) {
    if (!parser::View(create.view->schemaname).empty())
      return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                     "cannot create temporary relation in non-temporary schema");
    view->set_schema(TemporaryTarget());
    statement->set_becomes_temporary(true);
  }
  KeepSearchPath(view);
  ViewRules* rules = view->mutable_view_rules();
  RETURN_IF_ERROR(ReadViewOptions({create.options, create.n_options}, false, rules));
  if (create.with_check_option == PG_QUERY__VIEW_CHECK_OPTION__LOCAL_CHECK_OPTION)
    rules->set_check_option(ViewRules::CHECK_OPTION_LOCAL);
  if (create.with_check_option == PG_QUERY__VIEW_CHECK_OPTION__CASCADED_CHECK_OPTION)
    rules->set_check_option(ViewRules::CHECK_OPTION_CASCADED);
  return DescribeView(view);
}

absl::Status DdlBinder::CreateMaterializedView(const PgQuery__CreateTableAsStmt& create) {
  const PgQuery__IntoClause& into = *create.into;
  ASSIGN_OR_RETURN(const std::string schema, TargetSchema(*into.rel));
  if (IsTemporarySchema(schema))
    return ErrorAt(sqlstate::kSyntaxError, -1, "materialized views cannot be temporary");
  if (create.query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    return Unsupported(-1, "this kind of materialized view");
  RETURN_IF_ERROR(
      CheckRelationOptions(RelationKind::kTable, {into.options, into.n_options}, false));
  auto* statement = Add()->mutable_create_table();
  statement->set_if_not_exists(create.if_not_exists);
  Table* view = statement->mutable_table();
  view->set_schema(schema);
  view->set_name(into.rel->relname);
  view->mutable_materialized_view()->set_populated(!into.skip_data);
  ASSIGN_OR_RETURN(*view->mutable_materialized_view()->mutable_sql(),
                   BindViewQuery(create.query, {into.col_names, into.n_col_names},
                                 "too many column names were specified", view));
  if (ReadsTemporary(*view))
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   "materialized views must not use temporary tables or views");
  KeepSearchPath(view);
  return absl::OkStatus();
}

absl::Status DdlBinder::RefreshMaterializedView(const PgQuery__RefreshMatViewStmt& refresh) {
  ASSIGN_OR_RETURN(const Table* view, Resolve(*refresh.relation));
  if (view->has_sequence() || !view->view_sql().empty())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", view->name(), "\" is not a table or materialized view"));
  if (!view->has_materialized_view())
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   absl::StrCat("\"", view->name(), "\" is not a materialized view"));
  if (refresh.concurrent && !view->materialized_view().populated())
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   "CONCURRENTLY cannot be used when the materialized view is not populated");
  if (refresh.concurrent && refresh.skip_data)
    return ErrorAt(sqlstate::kSyntaxError, -1,
                   "CONCURRENTLY and WITH NO DATA options cannot be used together");
  const auto keeps_rows_apart = [](const common::v1::IndexDescriptor& index) {
    return index.unique() && IsPlain(index);
  };
  if (refresh.concurrent &&
      std::none_of(view->indexes().begin(), view->indexes().end(), keeps_rows_apart))
    return ErrorAt(sqlstate::kObjectNotInPrerequisiteState, -1,
                   absl::StrCat("cannot refresh materialized view \"", view->schema(), ".",
                                view->name(), "\" concurrently"),
                   "Create a unique index with no WHERE clause on one or more columns of the "
                   "materialized view.");
  auto* statement = Add()->mutable_refresh_materialized_view();
  statement->set_table_id(view->table_id());
  statement->set_concurrently(refresh.concurrent);
  statement->set_no_data(refresh.skip_data);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
