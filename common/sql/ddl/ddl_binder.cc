#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/maintenance.h"
#include "common/sql/ddl/schema_elements.h"
#include "common/sql/parser/database_name.h"
#include "common/sql/temporary_schema.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/parser/program_objects.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;

std::string Qualified(const std::string& schema, const std::string& name) {
  return schema.empty() ? name : absl::StrCat(schema, ".", name);
}

}  // namespace

absl::Status DdlBinder::ErrorAt(std::string_view code, int location, std::string_view message,
                                std::string_view hint) const {
  return status::ErrorAt(code, parser::CharacterPosition(tree_.parse->text(), location), message,
                         hint);
}

absl::Status DdlBinder::Unsupported(int location, std::string_view what) const {
  return ErrorAt(sqlstate::kFeatureNotSupported, location,
                 absl::StrCat(absl::string_view(what.data(), what.size()), " is not supported"));
}

absl::StatusOr<std::vector<common::v1::DdlStatement>> DdlBinder::Bind() {
  const Node* node = tree_.node;
  absl::Status status;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_STMT:
      status = CreateTable(*node->create_stmt);
      break;
    case PG_QUERY__NODE__NODE_INDEX_STMT:
      status = CreateIndex(*node->index_stmt);
      break;
    case PG_QUERY__NODE__NODE_VIEW_STMT:
      status = CreateView(*node->view_stmt);
      break;
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
      status = CreateMaterializedView(*node->create_table_as_stmt);
      break;
    case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT:
      status = RefreshMaterializedView(*node->refresh_mat_view_stmt);
      break;
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT:
      status = CreateSchema(*node->create_schema_stmt);
      break;
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
      status = node->alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE
                   ? AlterComposite(*node->alter_table_stmt)
                   : AlterTable(*node->alter_table_stmt);
      break;
    case PG_QUERY__NODE__NODE_RENAME_STMT:
      status = Rename(*node->rename_stmt);
      break;
    case PG_QUERY__NODE__NODE_DROP_STMT:
      status = Drop(*node->drop_stmt);
      break;
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
      status = Truncate(*node->truncate_stmt);
      break;
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
      status = CreateSequence(*node->create_seq_stmt);
      break;
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
      status = AlterSequence(*node->alter_seq_stmt);
      break;
    case PG_QUERY__NODE__NODE_DEFINE_STMT:
      status = node->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE
                   ? CreateAggregate(*node->define_stmt)
               : node->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR
                   ? CreateOperator(*node->define_stmt)
                   : CreateCollation(*node->define_stmt);
      break;
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT:
      status = CreateEnum(*node->create_enum_stmt);
      break;
    case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
      status = CreateComposite(*node->composite_type_stmt);
      break;
    case PG_QUERY__NODE__NODE_CREATE_RANGE_STMT:
      status = CreateRange(*node->create_range_stmt);
      break;
    case PG_QUERY__NODE__NODE_ALTER_ENUM_STMT:
      status = AlterEnum(*node->alter_enum_stmt);
      break;
    case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
      status = CreateDomain(*node->create_domain_stmt);
      break;
    case PG_QUERY__NODE__NODE_ALTER_DOMAIN_STMT:
      status = AlterDomain(*node->alter_domain_stmt);
      break;
    case PG_QUERY__NODE__NODE_ALTER_COLLATION_STMT:
      status = RefreshCollation(*node->alter_collation_stmt);
      break;
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
      if (node->alter_object_schema_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION) {
        status = SetCollationSchema(*node->alter_object_schema_stmt);
        break;
      }
      if (node->alter_object_schema_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR) {
        status = SetOperatorSchema(*node->alter_object_schema_stmt);
        break;
      }
      status = parser::IsRoutine(node->alter_object_schema_stmt->object_type)
                   ? AlterSchema(*node->alter_object_schema_stmt)
               : node->alter_object_schema_stmt->relation != nullptr
                   ? SetRelationSchema(*node->alter_object_schema_stmt)
                   : SetTypeSchema(*node->alter_object_schema_stmt);
      break;
    case PG_QUERY__NODE__NODE_ALTER_OWNER_STMT:
      if (node->alter_owner_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE) {
        status = SetDatabaseOwner(*node->alter_owner_stmt);
        break;
      }
      if (node->alter_owner_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION) {
        status = SetCollationOwner(*node->alter_owner_stmt);
        break;
      }
      if (node->alter_owner_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR) {
        status = SetOperatorOwner(*node->alter_owner_stmt);
        break;
      }
      if (node->alter_owner_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
        status = SetSchemaOwner(*node->alter_owner_stmt);
        break;
      }
      status = parser::IsRoutine(node->alter_owner_stmt->object_type)
                   ? AlterOwner(*node->alter_owner_stmt)
                   : SetTypeOwner(*node->alter_owner_stmt);
      break;
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
      status = Comment(*node->comment_stmt);
      break;
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
      status = CreateFunction(*node->create_function_stmt);
      break;
    case PG_QUERY__NODE__NODE_ALTER_FUNCTION_STMT:
      status = AlterFunction(*node->alter_function_stmt);
      break;
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT:
      status = CreateTrigger(*node->create_trig_stmt);
      break;
    case PG_QUERY__NODE__NODE_CREATE_POLICY_STMT:
      status = CreatePolicy(*node->create_policy_stmt);
      break;
    case PG_QUERY__NODE__NODE_ALTER_POLICY_STMT:
      status = AlterPolicy(*node->alter_policy_stmt);
      break;
    case PG_QUERY__NODE__NODE_CREATEDB_STMT:
      status = CreateDatabase(*node->createdb_stmt);
      break;
    case PG_QUERY__NODE__NODE_DROPDB_STMT:
      status = DropDatabase(*node->dropdb_stmt);
      break;
    case PG_QUERY__NODE__NODE_ALTER_DATABASE_STMT:
      status = AlterDatabase(*node->alter_database_stmt);
      break;
    case PG_QUERY__NODE__NODE_REINDEX_STMT:
      status = CheckReindex(*node->reindex_stmt, input_);
      break;
    case PG_QUERY__NODE__NODE_CLUSTER_STMT:
      status = CheckCluster(*node->cluster_stmt, input_);
      break;
    default:
      status = status::NotSupported("this statement");
  }
  if (!status.ok()) return status;
  // Later changes of a statement meet what the first has made.
  for (size_t i = 0; i < result_.size(); ++i) NoteResolution(i == 0, &result_[i]);
  return std::move(result_);
}

absl::StatusOr<const DdlBinder::Table*> DdlBinder::ResolveAny(
    const PgQuery__RangeVar& range) const {
  RETURN_IF_ERROR(parser::CheckDatabase(range, input_.database));
  const std::string schema(parser::View(range.schemaname));
  const std::string name(parser::View(range.relname));
  const Table* table = input_.catalog->ResolveTable(schema, name, input_.search_path);
  if (table == nullptr)
    return ErrorAt(sqlstate::kUndefinedTable, -1,
                   absl::StrCat("relation \"", Qualified(schema, name), "\" does not exist"));
  if (IsOtherTemporarySchema(table->schema(), input_.search_path))
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   "cannot access temporary tables of other sessions");
  return table;
}

absl::StatusOr<const DdlBinder::Table*> DdlBinder::Resolve(const PgQuery__RangeVar& range) const {
  ASSIGN_OR_RETURN(const Table* table, ResolveAny(range));
  if (table->is_virtual() && !table->has_sequence())
    return ErrorAt(sqlstate::kInsufficientPrivilege, -1,
                   absl::StrCat("permission denied: \"", table->name(), "\" is a system catalog"));
  return table;
}

absl::StatusOr<std::string> DdlBinder::TargetSchema(const PgQuery__RangeVar& range) const {
  RETURN_IF_ERROR(parser::CheckDatabase(range, input_.database));
  const std::string schema(parser::View(range.schemaname));
  if (IsTemporarySchema(schema)) {
    if (IsOtherTemporarySchema(schema, input_.search_path))
      return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                     "cannot create relations in temporary schemas of other sessions");
    return TemporaryTarget();
  }
  if (parser::View(range.relpersistence) == "t") {
    if (schema.empty()) return TemporaryTarget();
    return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                   "cannot create temporary relation in non-temporary schema");
  }
  return SchemaToCreateIn(schema, range.location);
}

absl::StatusOr<std::string> DdlBinder::SchemaToCreateIn(const std::string& schema,
                                                        int location) const {
  if (!schema.empty()) {
    if (!input_.catalog->HasSchema(schema) && schema != kTemporaryAlias)
      return ErrorAt(sqlstate::kInvalidSchemaName, location,
                     absl::StrCat("schema \"", schema, "\" does not exist"));
    return schema;
  }
  for (const std::string& candidate : input_.search_path) {
    if (candidate == kTemporaryAlias) return TemporaryTarget();
    if (candidate != "pg_catalog" && !IsTemporarySchema(candidate) &&
        input_.catalog->HasSchema(candidate))
      return candidate;
  }
  return ErrorAt(sqlstate::kInvalidSchemaName, location,
                 "no schema has been selected to create in");
}

std::string DdlBinder::TemporaryTarget() const {
  const std::string_view own = TemporarySchemaOf(input_.search_path);
  return std::string(input_.catalog->HasSchema(own) ? own : kTemporaryAlias);
}

absl::StatusOr<uint32_t> DdlBinder::ColumnNamed(const Table& table, const std::string& name,
                                                int location) const {
  for (int i = 0; i < table.columns_size(); ++i) {
    if (!table.columns(i).dropped() && table.columns(i).name() == name)
      return static_cast<uint32_t>(i);
  }
  return ErrorAt(
      sqlstate::kUndefinedColumn, location,
      absl::StrCat("column \"", name, "\" of relation \"", table.name(), "\" does not exist"));
}

bool DdlBinder::HasRelation(const std::string& schema, const std::string& name) const {
  if (input_.catalog->FindTable(schema, name) != nullptr) return true;
  for (const Table& table : input_.catalog->snapshot().tables()) {
    if (table.schema() != schema) continue;
    if (table.primary_key_oid() != 0 && table.primary_key_name() == name) return true;
    for (const auto& index : table.indexes()) {
      if (index.name() == name) return true;
    }
  }
  return false;
}

absl::Status DdlBinder::CreateSchema(const PgQuery__CreateSchemaStmt& create) {
  auto* statement = Add()->mutable_create_schema();
  std::string name(parser::View(create.schemaname));
  if (create.authrole != nullptr) {
    const std::string role(parser::View(create.authrole->rolename));
    statement->set_owner(role.empty() ? input_.current_user : role);
    if (name.empty()) name = statement->owner();
  } else {
    statement->set_owner(input_.current_user);
  }
  if (name.starts_with("pg_"))
    return status::Error("42939", absl::StrCat("unacceptable schema name \"", name, "\""),
                         "The prefix \"pg_\" is reserved for system schemas.");
  statement->set_name(name);
  statement->set_if_not_exists(create.if_not_exists);
  return absl::OkStatus();
}

absl::Status DdlBinder::Drop(const PgQuery__DropStmt& drop) {
  if (parser::IsRoutine(drop.remove_type)) return DropFunctions(drop);
  if (drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR) return DropOperators(drop);
  if (drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER) return DropTrigger(drop);
  if (drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY) return DropPolicy(drop);
  if (drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION) return DropCollations(drop);
  if (drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE ||
      drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN)
    return DropTypes(drop);
  for (const Node* node : NodeList(drop.objects, drop.n_objects)) {
    if (node->node_case != PG_QUERY__NODE__NODE_LIST) continue;
    const std::vector<std::string> parts =
        parser::StringsOf({node->list->items, node->list->n_items});
    if (parts.size() == 3)
      RETURN_IF_ERROR(parser::CheckDatabase(parts[0], parts[1], parts[2], input_.database));
  }
  const bool cascade = drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  common::v1::DdlStatement* statement = Add();
  // An unqualified name means the first one on the search path, as everywhere.
  auto name_of = [this](const Node* node, common::v1::RelationName* out) {
    const std::vector<std::string> parts =
        parser::StringsOf({node->list->items, node->list->n_items});
    out->set_name(parts.back());
    if (parts.size() > 1) {
      const std::string& schema = parts[parts.size() - 2];
      out->set_schema(schema == kTemporaryAlias ? TemporaryTarget() : schema);
      return;
    }
    const auto found =
        std::find_if(input_.search_path.begin(), input_.search_path.end(),
                     [&](const std::string& schema) { return HasRelation(schema, out->name()); });
    if (found != input_.search_path.end()) out->set_schema(*found);
  };
  const NodeList objects(drop.objects, drop.n_objects);
  switch (drop.remove_type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW: {
      auto* tables =
          drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE  ? statement->mutable_drop_table()
          : drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW ? statement->mutable_drop_view()
          : drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW
              ? statement->mutable_drop_materialized_view()
              : statement->mutable_drop_sequence();
      tables->set_if_exists(drop.missing_ok);
      tables->set_cascade(cascade);
      for (const Node* object : objects) name_of(object, tables->add_tables());
      return absl::OkStatus();
    }
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: {
      auto* indexes = statement->mutable_drop_index();
      indexes->set_if_exists(drop.missing_ok);
      for (const Node* object : objects) name_of(object, indexes->add_indexes());
      return absl::OkStatus();
    }
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA: {
      auto* schemas = statement->mutable_drop_schema();
      schemas->set_if_exists(drop.missing_ok);
      schemas->set_cascade(cascade);
      for (const std::string& name : parser::StringsOf(objects)) schemas->add_names(name);
      return absl::OkStatus();
    }
    default:
      return Unsupported(-1, "DROP of this kind of object");
  }
}

absl::Status DdlBinder::Truncate(const PgQuery__TruncateStmt& truncate) {
  auto* statement = Add()->mutable_truncate();
  statement->set_restart_identity(truncate.restart_seqs);
  statement->set_cascade(truncate.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
  for (const Node* node : NodeList(truncate.relations, truncate.n_relations)) {
    ASSIGN_OR_RETURN(const Table* table, Resolve(*node->range_var));
    if (!table->view_sql().empty() || table->has_sequence() || table->has_materialized_view())
      return ErrorAt(sqlstate::kWrongObjectType, -1,
                     absl::StrCat("\"", table->name(), "\" is not a table"));
    if (table->has_partition_key() && !node->range_var->inh) {
      return ErrorAt(sqlstate::kWrongObjectType, -1, "cannot truncate only a partitioned table",
                     "Do not specify the ONLY keyword, or use TRUNCATE ONLY on the partitions "
                     "directly.");
    }
    statement->add_table_ids(table->table_id());
  }
  if (statement->cascade()) AddReferencing(statement);
  return absl::OkStatus();
}

void DdlBinder::AddReferencing(common::v1::Truncate* truncate) const {
  std::set<uint32_t> ids(truncate->table_ids().begin(), truncate->table_ids().end());
  // Level by level, as PostgreSQL tells of them.
  for (size_t known = 0; known != ids.size();) {
    known = ids.size();
    std::set<uint32_t> added;
    for (const Table& child : input_.catalog->snapshot().tables()) {
      if (ids.contains(child.table_id())) continue;
      for (const auto& key : child.foreign_keys()) {
        if (ids.contains(key.referenced_table_id())) added.insert(child.table_id());
      }
    }
    for (const uint32_t id : added) {
      truncate->add_table_ids(id);
      truncate->add_cascaded_table_ids(id);
      ids.insert(id);
    }
  }
}

}  // namespace adbms::sql::ddl

namespace adbms::sql {

absl::StatusOr<std::vector<common::v1::DdlStatement>> BindDdl(const PlanningInput& input,
                                                              size_t step) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const parser::StatementTree> tree,
                   binder::StatementTreeOf(input));
  PlanningInput keeping = input;
  keeping.keeps_text = true;
  keeping.called_functions = std::make_shared<std::set<uint32_t>>();
  if (step > 0 && tree->node->node_case == PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT)
    return ddl::BindSchemaElement(keeping, *tree, step - 1);
  return ddl::DdlBinder(keeping, *tree, step).Bind();
}

absl::StatusOr<std::vector<uint32_t>> ResolveGranted(const PlanningInput& input) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const parser::StatementTree> tree,
                   binder::StatementTreeOf(input));
  return ddl::DdlBinder(input, *tree, 0).GrantedObjects();
}

absl::StatusOr<size_t> CountDdlSteps(const PlanningInput& input) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const parser::StatementTree> tree,
                   binder::StatementTreeOf(input));
  return ddl::CountSteps(*tree);
}

}  // namespace adbms::sql
