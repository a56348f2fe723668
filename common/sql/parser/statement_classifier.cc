#include "common/sql/parser/statement_classifier.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/parser/command_tags.h"
#include "common/sql/parser/copy_statement.h"
#include "common/sql/parser/cursor_statement.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/parser/options.h"
#include "common/sql/parser/program_objects.h"
#include "common/sql/parser/role_statement.h"
#include "common/sql/parser/table_as_statement.h"
#include "common/sql/parser/type_name.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::parser {
namespace {

namespace sqlstate = status::sqlstate;

common::v1::RelationName RelationOf(const PgQuery__RangeVar& range) {
  common::v1::RelationName name;
  name.set_schema(std::string(View(range.schemaname)));
  name.set_name(range.relname);
  return name;
}

void ClassifyTransaction(const PgQuery__TransactionStmt& node, Statement* out) {
  using Kind = TransactionStatement::Kind;
  TransactionStatement& transaction = out->transaction;
  out->statement_class = StatementClass::kTransaction;
  transaction.savepoint = View(node.savepoint_name);
  transaction.chain = node.chain;
  transaction.global_id = View(node.gid);
  switch (node.kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
      transaction.kind = Kind::kCommit;
      out->command_tag = "COMMIT";
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
      transaction.kind = Kind::kRollback;
      out->command_tag = "ROLLBACK";
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT:
      transaction.kind = Kind::kSavepoint;
      out->command_tag = "SAVEPOINT";
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE:
      transaction.kind = Kind::kRelease;
      out->command_tag = "RELEASE";
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO:
      transaction.kind = Kind::kRollbackTo;
      out->command_tag = "ROLLBACK";
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE:
      transaction.kind = Kind::kPrepare;
      out->command_tag = "PREPARE TRANSACTION";
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED:
      transaction.kind = Kind::kCommitPrepared;
      out->command_tag = out->outside_block = "COMMIT PREPARED";
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_PREPARED:
      transaction.kind = Kind::kRollbackPrepared;
      out->command_tag = out->outside_block = "ROLLBACK PREPARED";
      break;
    default:
      transaction.kind = Kind::kBegin;
      out->command_tag = node.kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START
                             ? "START TRANSACTION"
                             : "BEGIN";
  }
  for (const Node* option : NodeList(node.options, node.n_options)) {
    const std::string_view name = View(option->def_elem->defname);
    if (name == "transaction_isolation")
      transaction.isolation = ConstantText(option->def_elem->arg);
    if (name == "transaction_read_only") transaction.read_only = IsOn(*option->def_elem);
  }
}

void ClassifySet(const PgQuery__VariableSetStmt& node, Statement* out) {
  out->statement_class = StatementClass::kSet;
  SetStatement& set = out->set;
  set.name = absl::AsciiStrToLower(node.name == nullptr ? "" : node.name);
  set.is_local = node.is_local;
  set.reset = node.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET ||
              node.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL ||
              node.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT;
  if (node.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL) set.name = "all";
  if (node.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI &&
      (set.name == "transaction" || set.name == "session characteristics")) {
    for (const Node* option : NodeList(node.args, node.n_args)) {
      const std::string_view name = View(option->def_elem->defname);
      if (name == "transaction_isolation") set.isolation = ConstantText(option->def_elem->arg);
      if (name == "transaction_read_only") set.read_only = IsOn(*option->def_elem);
    }
  }
  out->command_tag = node.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET ||
                             node.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL
                         ? "RESET"
                         : "SET";
  for (const Node* argument : NodeList(node.args, node.n_args)) {
    if (argument->node_case == PG_QUERY__NODE__NODE_DEF_ELEM) {
      set.values.push_back(
          absl::StrCat(argument->def_elem->defname, "=", ConstantText(argument->def_elem->arg)));
    } else if (argument->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
      // SET TIME ZONE INTERVAL '…'
      set.values.push_back(absl::StrCat("INTERVAL '", ConstantText(argument), "'"));
    } else {
      set.values.push_back(ConstantText(argument));
    }
  }
}

// In ExplainFormat's order.
constexpr std::array<std::string_view, 4> kExplainFormats = {"text", "json", "yaml", "xml"};

absl::Status ClassifyExplain(const PgQuery__ExplainStmt& node, Statement* out) {
  out->statement_class = StatementClass::kExplain;
  out->command_tag = "EXPLAIN";
  ExplainStatement& explain = out->explain;
  for (const Node* item : NodeList(node.options, node.n_options)) {
    const PgQuery__DefElem& option = *item->def_elem;
    const std::string name = absl::AsciiStrToLower(option.defname);
    if (name == "analyze") {
      ASSIGN_OR_RETURN(explain.analyze, ReadBoolean(option));
    } else if (name == "verbose") {
      ASSIGN_OR_RETURN(explain.verbose, ReadBoolean(option));
    } else if (name == "costs") {
      ASSIGN_OR_RETURN(explain.costs, ReadBoolean(option));
    } else if (name == "timing") {
      ASSIGN_OR_RETURN(explain.timing, ReadBoolean(option));
    } else if (name == "predicted") {
      ASSIGN_OR_RETURN(explain.predicted, ReadBoolean(option));
    } else if (name == "alternatives") {
      ASSIGN_OR_RETURN(explain.alternatives, ReadBoolean(option));
    } else if (name == "format") {
      const std::string format = absl::AsciiStrToLower(ConstantText(option.arg));
      const auto known = std::find(kExplainFormats.begin(), kExplainFormats.end(), format);
      if (known == kExplainFormats.end())
        return status::Error(sqlstate::kInvalidParameterValue,
                             absl::StrCat("unrecognized value for EXPLAIN option \"format\": \"",
                                          ConstantText(option.arg), "\""));
      explain.format = static_cast<ExplainFormat>(known - kExplainFormats.begin());
    } else if (name != "buffers" && name != "summary" && name != "settings" && name != "wal") {
      return status::Error(sqlstate::kSyntaxError,
                           absl::StrCat("unrecognized EXPLAIN option \"", name, "\""));
    }
  }
  switch (node.query->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
    case PG_QUERY__NODE__NODE_INSERT_STMT:
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
    case PG_QUERY__NODE__NODE_DELETE_STMT:
    case PG_QUERY__NODE__NODE_MERGE_STMT:
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
    case PG_QUERY__NODE__NODE_EXECUTE_STMT:
    case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT:
      break;
    default:
      return status::NotSupported("EXPLAIN of this statement");
  }
  explain.sql_offset = InnerStatementOffset(out->text);
  explain.sql = out->text.substr(explain.sql_offset);
  // Of these the query alone has a plan.
  int query = 0;
  if (node.query->node_case == PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT) {
    query = InnerStatementOffset(explain.sql);
  } else if (node.query->node_case == PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT &&
             node.query->create_table_as_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW) {
    query = QueryOf(explain.sql).begin;
    explain.sql.resize(static_cast<size_t>(QueryOf(explain.sql).end));
  }
  explain.sql_offset += query;
  explain.sql.erase(0, static_cast<size_t>(query));
  return absl::OkStatus();
}

absl::Status ClassifyPrepare(const PgQuery__PrepareStmt& node, std::string_view whole,
                             Statement* out) {
  out->statement_class = StatementClass::kPrepare;
  out->command_tag = "PREPARE";
  out->prepare.name = View(node.name);
  for (const Node* type : NodeList(node.argtypes, node.n_argtypes)) {
    const absl::StatusOr<types::Type> resolved = ResolveTypeName(*type->type_name, whole);
    const bool unknown = status::HasSqlState(resolved.status(), sqlstate::kUndefinedObject);
    // One that a user has declared, or none: who runs it knows the catalog.
    if (!resolved.ok() && !unknown) return resolved.status();
    out->prepare.parameter_types.push_back(resolved.ok() ? *resolved : types::Type());
    out->prepare.parameter_type_names.push_back(unknown ? TypeNameText(*type->type_name) : "");
  }
  out->prepare.sql = out->text.substr(InnerStatementOffset(out->text));
  return absl::OkStatus();
}

absl::Status ClassifyVacuum(const PgQuery__VacuumStmt& node, Statement* out) {
  out->statement_class = StatementClass::kAnalyze;
  out->command_tag = node.is_vacuumcmd ? "VACUUM" : "ANALYZE";
  out->analyze.vacuum = node.is_vacuumcmd;
  out->analyze.analyze = !node.is_vacuumcmd;
  for (const Node* option : NodeList(node.options, node.n_options)) {
    if (View(option->def_elem->defname) != "analyze") continue;
    ASSIGN_OR_RETURN(out->analyze.analyze, ReadBoolean(*option->def_elem));
  }
  for (const Node* relation : NodeList(node.rels, node.n_rels)) {
    const PgQuery__VacuumRelation& named = *relation->vacuum_relation;
    if (named.relation == nullptr) continue;
    out->analyze.tables.push_back(RelationOf(*named.relation));
    out->analyze.columns.push_back(StringsOf({named.va_cols, named.n_va_cols}));
  }
  return absl::OkStatus();
}

void ClassifyLock(const PgQuery__LockStmt& node, Statement* out) {
  out->statement_class = StatementClass::kLock;
  out->command_tag = "LOCK TABLE";
  for (const Node* relation : NodeList(node.relations, node.n_relations))
    out->lock.tables.push_back(RelationOf(*relation->range_var));
  out->lock.mode = node.mode;
  out->lock.nowait = node.nowait;
}

void ClassifySetConstraints(const PgQuery__ConstraintsSetStmt& node, Statement* out) {
  out->statement_class = StatementClass::kSetConstraints;
  out->command_tag = "SET CONSTRAINTS";
  for (const Node* constraint : NodeList(node.constraints, node.n_constraints))
    out->set_constraints.constraints.push_back(RelationOf(*constraint->range_var));
  out->set_constraints.deferred = node.deferred;
}

absl::Status ClassifyDo(const PgQuery__DoStmt& node, Statement* out) {
  out->statement_class = StatementClass::kProgram;
  out->command_tag = "DO";
  out->program.language = "plpgsql";
  bool has_body = false;
  for (const Node* item : NodeList(node.args, node.n_args)) {
    const std::string_view name = View(item->def_elem->defname);
    if (name == "language") out->program.language = StringOf(item->def_elem->arg);
    if (name != "as") continue;
    out->program.body = StringOf(item->def_elem->arg);
    has_body = true;
  }
  if (has_body) return absl::OkStatus();
  return status::Error(sqlstate::kSyntaxError, "no inline code specified");
}

void ClassifyDiscard(const PgQuery__DiscardStmt& node, Statement* out) {
  using Kind = DiscardStatement::Kind;
  out->statement_class = StatementClass::kDiscard;
  switch (node.target) {
    case PG_QUERY__DISCARD_MODE__DISCARD_PLANS:
      out->discard.kind = Kind::kPlans;
      out->command_tag = "DISCARD PLANS";
      break;
    case PG_QUERY__DISCARD_MODE__DISCARD_TEMP:
      out->discard.kind = Kind::kTemp;
      out->command_tag = "DISCARD TEMP";
      break;
    case PG_QUERY__DISCARD_MODE__DISCARD_SEQUENCES:
      out->discard.kind = Kind::kSequences;
      out->command_tag = "DISCARD SEQUENCES";
      break;
    default:
      out->discard.kind = Kind::kAll;
      out->command_tag = "DISCARD ALL";
  }
}

void ClassifyNotify(NotifyStatement::Kind kind, const char* tag, const char* channel,
                    Statement* out) {
  out->statement_class = StatementClass::kNotify;
  out->command_tag = tag;
  out->notify.kind = kind;
  out->notify.channel = View(channel);
}

void Ddl(std::string tag, Statement* out) {
  out->statement_class = StatementClass::kDdl;
  out->command_tag = std::move(tag);
}

// ALTER ROLE … SET and ALTER DATABASE … SET, as far as they are a SET.
void ClassifyKeptSetting(const PgQuery__VariableSetStmt& node, Statement* out) {
  ClassifySet(node, out);
  out->statement_class = StatementClass::kRole;
  out->role.kind = RoleStatement::Kind::kSet;
  out->role.set = std::move(out->set);
  out->role.from_current = node.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT;
}

// What extensions of these names have is always there.
bool IsBuiltInExtension(std::string_view name) {
  for (const char* known : {"plpgsql", "uuid-ossp", "pgcrypto", "pg_trgm", "btree_gist"}) {
    if (name == known) return true;
  }
  return false;
}

absl::Status ClassifyExtension(const PgQuery__CreateExtensionStmt& node, Statement* out) {
  const std::string_view name = View(node.extname);
  if (!IsBuiltInExtension(name))
    return status::Error(
        status::sqlstate::kFeatureNotSupported,
        absl::StrCat("extension \"", absl::string_view(name.data(), name.size()),
                     "\" is not available"),
        {}, "There are plpgsql, uuid-ossp, pgcrypto, pg_trgm and btree_gist, built in.");
  out->statement_class = StatementClass::kNoOp;
  out->command_tag = "CREATE EXTENSION";
  return absl::OkStatus();
}

bool IsTextSearch(PgQuery__ObjectType type) {
  return type == PG_QUERY__OBJECT_TYPE__OBJECT_TSCONFIGURATION ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_TSDICTIONARY ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_TSPARSER ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_TSTEMPLATE;
}

absl::Status OwnTextSearch() {
  return status::Error(status::sqlstate::kFeatureNotSupported,
                       "text search configurations of one's own are not supported", {},
                       "Use one of pg_ts_config; || joins what several of them make.");
}

}  // namespace

absl::Status Classify(const StatementTree& tree, Statement* out) {
  const Node* node = tree.node;
  const std::string& whole = tree.parse->text();
  if (std::string tag = ProgramObjectTag(*node); !tag.empty()) {
    Ddl(std::move(tag), out);
    return absl::OkStatus();
  }
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
      if (const auto* into = IntoOf(*node->select_stmt); into != nullptr)
        return ClassifyInto(*into, out->text, tree.offset, out);
      out->statement_class = StatementClass::kPlannable;
      out->command_tag = "SELECT";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      out->statement_class = StatementClass::kPlannable;
      out->command_tag = "INSERT";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
      out->statement_class = StatementClass::kPlannable;
      out->command_tag = "UPDATE";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_DELETE_STMT:
      out->statement_class = StatementClass::kPlannable;
      out->command_tag = "DELETE";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_MERGE_STMT:
      out->statement_class = StatementClass::kPlannable;
      out->command_tag = "MERGE";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
      return ClassifyExplain(*node->explain_stmt, out);
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
      ClassifyTransaction(*node->transaction_stmt, out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT:
      ClassifySet(*node->variable_set_stmt, out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT:
      out->statement_class = StatementClass::kShow;
      out->command_tag = "SHOW";
      out->show.name = absl::AsciiStrToLower(node->variable_show_stmt->name);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_PREPARE_STMT:
      return ClassifyPrepare(*node->prepare_stmt, whole, out);
    case PG_QUERY__NODE__NODE_EXECUTE_STMT:
      out->statement_class = StatementClass::kExecute;
      out->command_tag = "EXECUTE";
      out->execute.name = View(node->execute_stmt->name);
      if (node->execute_stmt->n_params > 0)
        out->execute.argument_sql = ParenthesizedParts(out->text, true);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_DEALLOCATE_STMT:
      out->statement_class = StatementClass::kDeallocate;
      out->deallocate.name = View(node->deallocate_stmt->name);
      out->command_tag = out->deallocate.name.empty() ? "DEALLOCATE ALL" : "DEALLOCATE";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_COPY_STMT:
      return ClassifyCopy(*node->copy_stmt, out->text, out);
    case PG_QUERY__NODE__NODE_VACUUM_STMT:
      return ClassifyVacuum(*node->vacuum_stmt, out);
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
      return ClassifyDeclare(*node->declare_cursor_stmt, out);
    case PG_QUERY__NODE__NODE_FETCH_STMT:
      ClassifyFetch(*node->fetch_stmt, out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CLOSE_PORTAL_STMT:
      out->statement_class = StatementClass::kCursor;
      out->cursor.kind = CursorStatement::Kind::kClose;
      out->cursor.name = View(node->close_portal_stmt->portalname);
      out->command_tag = out->cursor.name.empty() ? "CLOSE CURSOR ALL" : "CLOSE CURSOR";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_DO_STMT:
      return ClassifyDo(*node->do_stmt, out);
    case PG_QUERY__NODE__NODE_CALL_STMT:
      out->statement_class = StatementClass::kProgram;
      out->command_tag = "CALL";
      out->program.call = out->text;
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_DISCARD_STMT:
      ClassifyDiscard(*node->discard_stmt, out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_NOTIFY_STMT:
      ClassifyNotify(NotifyStatement::Kind::kNotify, "NOTIFY", node->notify_stmt->conditionname,
                     out);
      out->notify.payload = View(node->notify_stmt->payload);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_LISTEN_STMT:
      ClassifyNotify(NotifyStatement::Kind::kListen, "LISTEN", node->listen_stmt->conditionname,
                     out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_UNLISTEN_STMT:
      ClassifyNotify(NotifyStatement::Kind::kUnlisten, "UNLISTEN",
                     node->unlisten_stmt->conditionname, out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CREATE_STMT:
      Ddl("CREATE TABLE", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
      return ClassifyTableAs(*node->create_table_as_stmt, out->text, out);
    case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT: {
      const PgQuery__RefreshMatViewStmt& refresh = *node->refresh_mat_view_stmt;
      out->statement_class = StatementClass::kRefresh;
      out->command_tag = "REFRESH MATERIALIZED VIEW";
      out->refresh = {std::string(View(refresh.relation->schemaname)), refresh.relation->relname,
                      /*create=*/false, static_cast<bool>(refresh.concurrent), !refresh.skip_data};
      return absl::OkStatus();
    }
    case PG_QUERY__NODE__NODE_INDEX_STMT:
      Ddl("CREATE INDEX", out);
      if (node->index_stmt->concurrent) out->outside_block = "CREATE INDEX CONCURRENTLY";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_VIEW_STMT:
      Ddl("CREATE VIEW", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT:
      Ddl("CREATE SCHEMA", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
      Ddl(node->alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW    ? "ALTER VIEW"
          : node->alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX ? "ALTER INDEX"
          : node->alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE
              ? "ALTER SEQUENCE"
          : node->alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW
              ? "ALTER MATERIALIZED VIEW"
          : node->alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE ? "ALTER TYPE"
                                                                                  : "ALTER TABLE",
          out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT:
    case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
    case PG_QUERY__NODE__NODE_CREATE_RANGE_STMT:
      Ddl("CREATE TYPE", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_ALTER_ENUM_STMT:
      Ddl("ALTER TYPE", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
      Ddl("CREATE DOMAIN", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_ALTER_DOMAIN_STMT:
      Ddl("ALTER DOMAIN", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
      if (node->alter_object_schema_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR) {
        Ddl("ALTER OPERATOR", out);
        return absl::OkStatus();
      }
      if (!IsTypeObject(node->alter_object_schema_stmt->object_type) &&
          (!IsRelationObject(node->alter_object_schema_stmt->object_type) ||
           node->alter_object_schema_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX))
        return status::NotSupported(
            absl::StrCat(CommandWords(out->text), " … SET SCHEMA of this object"));
      Ddl(AlterTag(node->alter_object_schema_stmt->object_type), out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_ALTER_COLLATION_STMT:
      Ddl("ALTER COLLATION", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CREATEDB_STMT:
      Ddl("CREATE DATABASE", out);
      out->outside_block = "CREATE DATABASE";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_DROPDB_STMT:
      Ddl("DROP DATABASE", out);
      out->outside_block = "DROP DATABASE";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_ALTER_DATABASE_STMT:
      Ddl("ALTER DATABASE", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_ALTER_OWNER_STMT:
      if (node->alter_owner_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE) {
        Ddl("ALTER DATABASE", out);
        return absl::OkStatus();
      }
      if (node->alter_owner_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR) {
        Ddl("ALTER OPERATOR", out);
        return absl::OkStatus();
      }
      if (!IsTypeObject(node->alter_owner_stmt->object_type) &&
          node->alter_owner_stmt->object_type != PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA)
        return status::NotSupported(CommandWords(out->text));
      Ddl(AlterTag(node->alter_owner_stmt->object_type), out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_RENAME_STMT:
      if (node->rename_stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE) {
        Ddl("ALTER DATABASE", out);
        return absl::OkStatus();
      }
      if (node->rename_stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT) {
        Ddl("ALTER TABLE", out);
        return absl::OkStatus();
      }
      if (node->rename_stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN) {
        Ddl(AlterTag(node->rename_stmt->relation_type), out);
        return absl::OkStatus();
      }
      if (!IsTypeObject(node->rename_stmt->rename_type) &&
          !IsRelationObject(node->rename_stmt->rename_type) &&
          node->rename_stmt->rename_type != PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA)
        return status::NotSupported(
            absl::StrCat(CommandWords(out->text), " … RENAME of this object"));
      Ddl(AlterTag(node->rename_stmt->rename_type), out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
      Ddl("CREATE SEQUENCE", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
      Ddl("ALTER SEQUENCE", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_DROP_STMT: {
      if (IsTextSearch(node->drop_stmt->remove_type)) return OwnTextSearch();
      const std::string tag = DropTag(node->drop_stmt->remove_type);
      if (tag.empty()) return status::NotSupported(CommandWords(out->text));
      Ddl(tag, out);
      if (node->drop_stmt->concurrent) out->outside_block = "DROP INDEX CONCURRENTLY";
      return absl::OkStatus();
    }
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
      Ddl("TRUNCATE TABLE", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CREATE_ROLE_STMT:
    case PG_QUERY__NODE__NODE_ALTER_ROLE_STMT:
    case PG_QUERY__NODE__NODE_DROP_ROLE_STMT:
    case PG_QUERY__NODE__NODE_GRANT_STMT:
    case PG_QUERY__NODE__NODE_GRANT_ROLE_STMT:
    case PG_QUERY__NODE__NODE_ALTER_DEFAULT_PRIVILEGES_STMT:
      return ClassifyRole(*node, out);
    case PG_QUERY__NODE__NODE_ALTER_ROLE_SET_STMT:
      ClassifyKeptSetting(*node->alter_role_set_stmt->setstmt, out);
      out->command_tag = "ALTER ROLE";
      out->role.database = View(node->alter_role_set_stmt->database);
      if (node->alter_role_set_stmt->role != nullptr)
        out->role.roles = {RoleName(*node->alter_role_set_stmt->role)};
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_ALTER_DATABASE_SET_STMT:
      ClassifyKeptSetting(*node->alter_database_set_stmt->setstmt, out);
      out->command_tag = "ALTER DATABASE";
      out->role.database = View(node->alter_database_set_stmt->dbname);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CHECK_POINT_STMT:
      out->statement_class = StatementClass::kNoOp;
      out->command_tag = "CHECKPOINT";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_REINDEX_STMT:
      Ddl("REINDEX", out);
      if (node->reindex_stmt->relation == nullptr) out->outside_block = CommandWords(out->text);
      for (const Node* option :
           NodeList(node->reindex_stmt->params, node->reindex_stmt->n_params)) {
        if (View(option->def_elem->defname) == "concurrently")
          out->outside_block = "REINDEX CONCURRENTLY";
      }
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CLUSTER_STMT:
      Ddl("CLUSTER", out);
      if (node->cluster_stmt->relation == nullptr) out->outside_block = "CLUSTER";
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT:
      return ClassifyExtension(*node->create_extension_stmt, out);
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
      if (node->comment_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION &&
          IsBuiltInExtension(StringOf(node->comment_stmt->object))) {
        out->statement_class = StatementClass::kNoOp;
        out->command_tag = "COMMENT";
        return absl::OkStatus();
      }
      Ddl("COMMENT", out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_CONSTRAINTS_SET_STMT:
      ClassifySetConstraints(*node->constraints_set_stmt, out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_LOCK_STMT:
      ClassifyLock(*node->lock_stmt, out);
      return absl::OkStatus();
    case PG_QUERY__NODE__NODE_REASSIGN_OWNED_STMT:
      return status::Error(status::sqlstate::kFeatureNotSupported,
                           "REASSIGN OWNED is not supported", {},
                           "Give each object another owner with ALTER ... OWNER TO.");
    case PG_QUERY__NODE__NODE_DROP_OWNED_STMT:
      return status::Error(status::sqlstate::kFeatureNotSupported, "DROP OWNED is not supported",
                           {}, "Drop the role's objects and REVOKE its privileges one by one.");
    case PG_QUERY__NODE__NODE_ALTER_TSCONFIGURATION_STMT:
    case PG_QUERY__NODE__NODE_ALTER_TSDICTIONARY_STMT:
      return OwnTextSearch();
    case PG_QUERY__NODE__NODE_DEFINE_STMT:
      if (IsTextSearch(node->define_stmt->kind)) return OwnTextSearch();
      if (node->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE) {
        Ddl("CREATE AGGREGATE", out);
        return absl::OkStatus();
      }
      if (node->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR) {
        Ddl("CREATE OPERATOR", out);
        return absl::OkStatus();
      }
      if (node->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION) {
        Ddl("CREATE COLLATION", out);
        return absl::OkStatus();
      }
      return status::NotSupported(CommandWords(out->text));
    default:
      return status::NotSupported(CommandWords(out->text));
  }
}

}  // namespace adbms::sql::parser
