// Changes of the schema. The binder says which objects a statement is about, this authorizes those
// very objects, and storage refuses the change when a name means another one by then: it is bound
// and authorized again.
#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/binder/triggers.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/session.h"
#include "services/gateway/session/trigger_call.h"

namespace adbms::gateway::session {
namespace {

using common::v1::DdlStatement;
using common::v1::ResolvedObject;
using common::v1::TableDescriptor;
namespace sqlstate = status::sqlstate;

// As PostgreSQL tells of what DROP … CASCADE has dropped besides.
status::SqlError CascadeNotice(const std::vector<std::string>& dropped) {
  constexpr size_t kMostLines = 100;
  status::SqlError notice;
  notice.sqlstate = std::string(sqlstate::kSuccess);
  if (dropped.size() == 1) {
    notice.message = absl::StrCat("drop cascades to ", dropped[0]);
    return notice;
  }
  notice.message = absl::StrCat("drop cascades to ", dropped.size(), " other objects");
  for (size_t i = 0; i < dropped.size() && i < kMostLines; ++i)
    absl::StrAppend(&notice.detail, i == 0 ? "" : "\n", "drop cascades to ", dropped[i]);
  if (dropped.size() > kMostLines)
    absl::StrAppend(&notice.detail, "\nand ", dropped.size() - kMostLines,
                    " other objects (see server log for list)");
  return notice;
}

// The table that a resolved relation or index is, or belongs to. Null: there is none.
const TableDescriptor* TableOf(const ResolvedObject& object, const sql::Catalog& catalog) {
  if (object.kind() == ResolvedObject::KIND_RELATION) return catalog.FindTable(object.object_id());
  if (object.kind() != ResolvedObject::KIND_INDEX) return nullptr;
  for (const TableDescriptor& table : catalog.snapshot().tables()) {
    if (table.primary_key_oid() != 0 && table.primary_key_oid() == object.object_id())
      return &table;
    for (const auto& index : table.indexes()) {
      if (index.index_id() == object.object_id()) return &table;
    }
  }
  return nullptr;
}

// An object may be dropped by its owner and by its schema's.
absl::Status AuthorizeDrop(const security::v1::Policy& policy, const DdlStatement& ddl,
                           const sql::Catalog& catalog) {
  for (const ResolvedObject& object : ddl.resolution().objects()) {
    const TableDescriptor* table = TableOf(object, catalog);
    if (table == nullptr) continue;
    const absl::Status owner = policy::AuthorizeTable(policy, *table, common::v1::PRIVILEGE_OWNER);
    if (owner.ok() || policy::AuthorizeSchemaOwner(policy, catalog, table->schema()).ok()) continue;
    if (object.kind() != ResolvedObject::KIND_INDEX) return owner;
    return status::Error(sqlstate::kInsufficientPrivilege,
                         absl::StrCat("must be owner of index ", object.name()));
  }
  return absl::OkStatus();
}

absl::Status AuthorizeForeignKey(const security::v1::Policy& policy,
                                 const common::v1::ForeignKeyDescriptor& key,
                                 const sql::Catalog& catalog) {
  const TableDescriptor* parent = catalog.FindTable(key.referenced_table_id());
  if (parent == nullptr) return absl::OkStatus();  // The table itself.
  common::v1::ColumnUse use;
  use.set_privilege(common::v1::PRIVILEGE_REFERENCES);
  *use.mutable_columns() = key.referenced_columns();
  return policy::AuthorizeColumns(policy, *parent, use);
}

absl::Status CheckSequenceOwner(const std::string& owner,
                                const common::v1::SequenceDescriptor& sequence,
                                const sql::Catalog& catalog) {
  const TableDescriptor* table = catalog.FindTable(sequence.owner_table_id());
  if (sequence.owner_table_id() == 0 || table == nullptr || table->owner() == owner)
    return absl::OkStatus();
  return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                       "sequence must have same owner as table it is linked to");
}

bool HasTruncateTriggers(const common::v1::Truncate& truncate, const sql::Catalog& catalog) {
  return std::any_of(truncate.table_ids().begin(), truncate.table_ids().end(), [&](uint32_t id) {
    const TableDescriptor* table = catalog.FindTable(id);
    return table != nullptr &&
           std::any_of(table->triggers().begin(), table->triggers().end(),
                       [](const auto& trigger) { return trigger.on_truncate(); });
  });
}

absl::Status AuthorizeTruncate(const security::v1::Policy& policy,
                               const common::v1::Truncate& truncate, const sql::Catalog& catalog) {
  for (const uint32_t id : truncate.table_ids()) {
    const TableDescriptor* table = catalog.FindTable(id);
    if (table == nullptr) continue;
    RETURN_IF_ERROR(policy::AuthorizeTable(policy, *table, common::v1::PRIVILEGE_TRUNCATE));
    if (!truncate.restart_identity()) continue;
    for (const TableDescriptor& sequence : catalog.snapshot().tables()) {
      if (sequence.has_sequence() && sequence.sequence().owner_table_id() == id) {
        RETURN_IF_ERROR(policy::AuthorizeTable(policy, sequence, common::v1::PRIVILEGE_OWNER));
      }
    }
  }
  return absl::OkStatus();
}

void SetOwner(const std::string& user, DdlStatement* ddl) {
  // Elements of a schema that is created for another role are that role's.
  if (ddl->has_create_table() && ddl->create_table().table().owner().empty())
    ddl->mutable_create_table()->mutable_table()->set_owner(user);
  if (ddl->has_create_sequence() && ddl->create_sequence().sequence().owner().empty())
    ddl->mutable_create_sequence()->mutable_sequence()->set_owner(user);
  if (ddl->has_create_function())
    ddl->mutable_create_function()->mutable_function()->set_owner(user);
  if (ddl->has_create_type()) ddl->mutable_create_type()->mutable_type()->set_owner(user);
  if (ddl->has_create_view() && ddl->create_view().view().owner().empty())
    ddl->mutable_create_view()->mutable_view()->set_owner(user);
  if (ddl->has_create_database() && ddl->create_database().database().owner().empty())
    ddl->mutable_create_database()->mutable_database()->set_owner(user);
  if (ddl->has_create_schema() && ddl->create_schema().owner().empty())
    ddl->mutable_create_schema()->set_owner(user);
}

}  // namespace

absl::Status Session::AuthorizeNewOwner(const std::string& role, const std::string& schema,
                                        const security::v1::Policy& policy,
                                        const sql::Catalog& catalog) {
  const auto target = services_.policies->Of(Context(), role, policy.version());
  if (absl::IsNotFound(target.status())) {
    return status::Error(sqlstate::kUndefinedObject,
                         absl::StrCat("role \"", role, "\" does not exist"));
  }
  RETURN_IF_ERROR(target.status());
  if (policy.superuser()) return absl::OkStatus();
  RETURN_IF_ERROR(policy::AuthorizeRole(policy, role));
  return policy::AuthorizeSchema(**target, catalog, schema, common::v1::PRIVILEGE_CREATE);
}

absl::Status Session::CheckRoles(const google::protobuf::RepeatedPtrField<std::string>& roles,
                                 const security::v1::Policy& policy) {
  // Those that the transaction makes are there when it has been committed.
  std::set<std::string> made;
  for (const auto& change : role_changes_ == nullptr
                                ? std::vector<security::v1::ChangeRolesRequest>()
                                : role_changes_->changes()) {
    if (change.kind() == security::v1::ChangeRolesRequest::KIND_CREATE)
      made.insert(change.roles().begin(), change.roles().end());
  }
  for (const std::string& role : roles) {
    if (made.contains(role)) continue;
    const auto target = services_.policies->Of(Context(), role, policy.version());
    if (absl::IsNotFound(target.status()))
      return status::Error(sqlstate::kUndefinedObject,
                           absl::StrCat("role \"", role, "\" does not exist"));
    RETURN_IF_ERROR(target.status());
  }
  return absl::OkStatus();
}

absl::Status Session::AuthorizeView(const TableDescriptor& view, const sql::CatalogPtr& catalog) {
  sql::PlanningInput input = PlanningInputFor(
      view.has_materialized_view() ? view.materialized_view().sql() : view.view_sql(), nullptr,
      catalog);
  // The names were found by the path that is kept with the view.
  input.search_path.assign(view.view_search_path().begin(), view.view_search_path().end());
  input.exempt = true;
  ASSIGN_OR_RETURN(const common::v1::Plan plan, sql::PlanDefault(input));
  return AuthorizePlan(plan, *catalog).status();
}

absl::Status Session::AuthorizeAlteration(const common::v1::AlterTable& alter,
                                          const security::v1::Policy& policy,
                                          const sql::Catalog& catalog) {
  const TableDescriptor* table = catalog.FindTable(alter.table_id());
  if (table == nullptr) return absl::OkStatus();  // Storage says so.
  RETURN_IF_ERROR(policy::AuthorizeTable(policy, *table, common::v1::PRIVILEGE_OWNER));
  using Action = common::v1::AlterTable::ActionCase;
  switch (alter.action_case()) {
    case Action::kRenameTable:
    case Action::kAddPrimaryKey:
    case Action::kAddUnique:
    case Action::kRenameConstraint:
      return policy::AuthorizeSchema(policy, catalog, table->schema(),
                                     common::v1::PRIVILEGE_CREATE);
    case Action::kSetSchema:
      return policy::AuthorizeSchema(policy, catalog, alter.set_schema(),
                                     common::v1::PRIVILEGE_CREATE);
    case Action::kAttachIndex:
      table = catalog.FindTable(alter.attach_index().partition_id());
      return table == nullptr ? absl::OkStatus()
                              : policy::AuthorizeTable(policy, *table, common::v1::PRIVILEGE_OWNER);
    case Action::kAddForeignKey:
      return AuthorizeForeignKey(policy, alter.add_foreign_key(), catalog);
    case Action::kAttachPartition: {
      const TableDescriptor* part = catalog.FindTable(alter.attach_partition().table_id());
      return part == nullptr ? absl::OkStatus()
                             : policy::AuthorizeTable(policy, *part, common::v1::PRIVILEGE_OWNER);
    }
    case Action::kOwner:
      return alter.owner() == table->owner()
                 ? absl::OkStatus()
                 : AuthorizeNewOwner(alter.owner(), table->schema(), policy, catalog);
    default:
      return absl::OkStatus();
  }
}

absl::Status Session::AuthorizeCollations(const DdlStatement& ddl,
                                          const security::v1::Policy& policy,
                                          const sql::Catalog& catalog) {
  const common::v1::AlterCollation& alter = ddl.alter_collation();
  for (const auto& known : catalog.snapshot().collations()) {
    const common::v1::Collation& collation = known.collation();
    const auto& dropped = ddl.drop_collation().collations();
    const bool concerned =
        ddl.has_alter_collation()
            ? collation.oid() == alter.collation_oid()
            : std::any_of(dropped.begin(), dropped.end(), [&](const auto& name) {
                return name.schema() == collation.schema() && name.name() == collation.name();
              });
    if (!concerned) continue;
    if (!policy::Owns(policy, known.owner()) &&
        !(ddl.has_drop_collation() &&
          policy::AuthorizeSchemaOwner(policy, catalog, collation.schema()).ok()))
      return status::Error(sqlstate::kInsufficientPrivilege,
                           absl::StrCat("must be owner of collation ", collation.name()));
    if (alter.has_owner() && alter.owner() != known.owner())
      return AuthorizeNewOwner(alter.owner(), collation.schema(), policy, catalog);
    if (alter.has_rename() || alter.has_schema())
      return policy::AuthorizeSchema(policy, catalog,
                                     alter.has_schema() ? alter.schema() : collation.schema(),
                                     common::v1::PRIVILEGE_CREATE);
  }
  return absl::OkStatus();
}

absl::Status Session::AuthorizeOperators(const DdlStatement& ddl,
                                         const security::v1::Policy& policy,
                                         const sql::Catalog& catalog) {
  const auto owner = [&](uint32_t id) -> absl::Status {
    const auto* const op = catalog.FindOperator(id);
    if (op == nullptr || policy::Owns(policy, op->owner())) return absl::OkStatus();
    if (ddl.has_drop_operator() && policy::AuthorizeSchemaOwner(policy, catalog, op->schema()).ok())
      return absl::OkStatus();
    return status::Error(sqlstate::kInsufficientPrivilege,
                         absl::StrCat("must be owner of operator ", op->name()));
  };
  for (const uint32_t id : ddl.drop_operator().operator_ids()) RETURN_IF_ERROR(owner(id));
  if (ddl.has_comment()) return owner(ddl.comment().operator_id());
  if (!ddl.has_alter_operator()) return absl::OkStatus();
  const common::v1::OperatorDescriptor& now = ddl.alter_operator().operator_();
  RETURN_IF_ERROR(owner(now.operator_id()));
  const auto* const before = catalog.FindOperator(now.operator_id());
  if (before != nullptr && before->owner() != now.owner())
    return AuthorizeNewOwner(now.owner(), now.schema(), policy, catalog);
  if (before != nullptr && before->schema() != now.schema())
    return policy::AuthorizeSchema(policy, catalog, now.schema(), common::v1::PRIVILEGE_CREATE);
  return absl::OkStatus();
}

absl::Status Session::AuthorizeTypes(const DdlStatement& ddl, const security::v1::Policy& policy,
                                     const sql::Catalog& catalog) {
  for (const ResolvedObject& object : ddl.resolution().objects()) {
    const common::v1::TypeDescriptor* type =
        object.kind() == ResolvedObject::KIND_TYPE ? catalog.FindType(object.object_id()) : nullptr;
    if (type == nullptr) continue;
    if (policy::AuthorizeRole(policy, type->owner()).ok()) continue;
    const std::string& schema = type->declared().schema();
    if (ddl.has_drop_type() && policy::AuthorizeSchemaOwner(policy, catalog, schema).ok()) continue;
    return status::Error(sqlstate::kInsufficientPrivilege,
                         absl::StrCat("must be owner of type ", type->declared().name()));
  }
  const common::v1::AlterType& alter = ddl.alter_type();
  const common::v1::TypeDescriptor* type = catalog.FindType(alter.type_oid());
  if (type == nullptr) return absl::OkStatus();
  const std::string& schema = type->declared().schema();
  switch (alter.action_case()) {
    case common::v1::AlterType::kOwner:
      return alter.owner() == type->owner()
                 ? absl::OkStatus()
                 : AuthorizeNewOwner(alter.owner(), schema, policy, catalog);
    case common::v1::AlterType::kRename:
      return policy::AuthorizeSchema(policy, catalog, schema, common::v1::PRIVILEGE_CREATE);
    case common::v1::AlterType::kSchema:
      return policy::AuthorizeSchema(policy, catalog, alter.schema(), common::v1::PRIVILEGE_CREATE);
    default:
      return absl::OkStatus();
  }
}

namespace {

// Whether a new partition has the reference from its partitioned table.
bool IsInherited(const common::v1::ForeignKeyDescriptor& key, const TableDescriptor& table,
                 const sql::Catalog& catalog) {
  const TableDescriptor* whole = catalog.FindTable(table.partition_of());
  if (whole == nullptr) return false;
  const auto& keys = whole->foreign_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const auto& other) { return other.name() == key.name(); });
}

}  // namespace

absl::Status Session::AuthorizeDdl(const DdlStatement& ddl, const sql::CatalogPtr& catalog) {
  ASSIGN_OR_RETURN(const auto held, policy_->Get());
  const security::v1::Policy& policy = *held;
  const auto may_create_in = [&](const std::string& schema) -> absl::Status {
    if (sql::IsTemporarySchema(schema)) return AuthorizeTemporary(policy, *catalog);
    return policy::AuthorizeSchema(policy, *catalog, schema, common::v1::PRIVILEGE_CREATE);
  };
  const auto owner = [&](uint32_t id) {
    const TableDescriptor* table = catalog->FindTable(id);
    return table == nullptr ? absl::OkStatus()  // Storage says so.
                            : policy::AuthorizeTable(policy, *table, common::v1::PRIVILEGE_OWNER);
  };
  // As PostgreSQL says it of parts of tables.
  const auto relation_owner = [&](uint32_t id) {
    if (owner(id).ok()) return absl::OkStatus();
    return status::Error(
        sqlstate::kInsufficientPrivilege,
        absl::StrCat("must be owner of relation ", catalog->FindTable(id)->name()));
  };
  // Who names an object uses its schema, also to hear that there is none.
  for (const ResolvedObject& object : ddl.resolution().objects()) {
    const TableDescriptor* table = TableOf(object, *catalog);
    if (table == nullptr && ddl.has_create_view()) continue;
    RETURN_IF_ERROR(policy::AuthorizeSchema(policy, *catalog,
                                            table == nullptr ? object.schema() : table->schema(),
                                            common::v1::PRIVILEGE_USAGE));
  }
  using Body = DdlStatement::BodyCase;
  switch (ddl.body_case()) {
    case Body::kRefreshMaterializedView:
      return owner(ddl.refresh_materialized_view().table_id());
    case Body::kCreateTable:
      RETURN_IF_ERROR(may_create_in(ddl.create_table().table().schema()));
      // Who does not fill it now is asked when somebody does.
      if (ddl.create_table().table().materialized_view().populated())
        RETURN_IF_ERROR(AuthorizeView(ddl.create_table().table(), catalog));
      for (const uint32_t id : ddl.create_table().liked_table_ids()) {
        const TableDescriptor* liked = catalog->FindTable(id);
        if (liked == nullptr) continue;  // Storage says so.
        RETURN_IF_ERROR(policy::AuthorizeTable(policy, *liked, common::v1::PRIVILEGE_SELECT));
      }
      RETURN_IF_ERROR(owner(ddl.create_table().table().partition_of()));
      for (const auto& key : ddl.create_table().table().foreign_keys()) {
        if (IsInherited(key, ddl.create_table().table(), *catalog)) continue;
        RETURN_IF_ERROR(AuthorizeForeignKey(policy, key, *catalog));
      }
      return absl::OkStatus();
    case Body::kCreateView: {
      const TableDescriptor& view = ddl.create_view().view();
      RETURN_IF_ERROR(may_create_in(view.schema()));
      const TableDescriptor* replaced = catalog->FindTable(view.schema(), view.name());
      if (replaced != nullptr && ddl.create_view().or_replace())
        RETURN_IF_ERROR(owner(replaced->table_id()));
      // What the view reads its owner is asked for whenever somebody reads it.
      for (const common::v1::ViewDependency& used : view.view_dependencies()) {
        const TableDescriptor* read = catalog->FindTable(used.table_id());
        if (read == nullptr) continue;  // Storage says so.
        RETURN_IF_ERROR(
            policy::AuthorizeSchema(policy, *catalog, read->schema(), common::v1::PRIVILEGE_USAGE));
      }
      return absl::OkStatus();
    }
    case Body::kCreateSequence: {
      const TableDescriptor& sequence = ddl.create_sequence().sequence();
      RETURN_IF_ERROR(may_create_in(sequence.schema()));
      return CheckSequenceOwner(current_user_, sequence.sequence(), *catalog);
    }
    case Body::kDropTable:
    case Body::kDropView:
    case Body::kDropSequence:
    case Body::kDropMaterializedView:
    case Body::kDropIndex:
      return AuthorizeDrop(policy, ddl, *catalog);
    case Body::kAlterSequence: {
      const common::v1::AlterSequence& alter = ddl.alter_sequence();
      RETURN_IF_ERROR(owner(alter.sequence_id()));
      const TableDescriptor* sequence = catalog->FindTable(alter.sequence_id());
      return sequence == nullptr
                 ? absl::OkStatus()
                 : CheckSequenceOwner(sequence->owner(), alter.sequence(), *catalog);
    }
    case Body::kCreateFunction:
    case Body::kDropFunction:
    case Body::kAlterFunction:
    case Body::kCreateTrigger:
    case Body::kDropTrigger:
    case Body::kAlterTrigger:
      return AuthorizeFunctionDdl(ddl, policy, *catalog);
    case Body::kCreatePolicy:
      RETURN_IF_ERROR(owner(ddl.create_policy().table_id()));
      return CheckRoles(ddl.create_policy().policy().roles(), policy);
    case Body::kAlterPolicy:
      RETURN_IF_ERROR(owner(ddl.alter_policy().table_id()));
      return CheckRoles(ddl.alter_policy().policy().roles(), policy);
    case Body::kDropPolicy: {
      const TableDescriptor* table = catalog->FindTable(ddl.drop_policy().table_id());
      const bool found =
          table != nullptr &&
          std::any_of(table->policies().begin(), table->policies().end(),
                      [&](const auto& one) { return one.name() == ddl.drop_policy().name(); });
      // Of one that there is not nobody need be the owner.
      return found || !ddl.drop_policy().if_exists() ? relation_owner(ddl.drop_policy().table_id())
                                                     : absl::OkStatus();
    }
    case Body::kComment:
      if (ddl.comment().has_function_id()) return AuthorizeFunctionDdl(ddl, policy, *catalog);
      if (ddl.comment().object_case() == common::v1::Comment::kOperatorId)
        return AuthorizeOperators(ddl, policy, *catalog);
      if (ddl.comment().part_case() == common::v1::Comment::kPolicy)
        return relation_owner(ddl.comment().table_id());
      if (ddl.comment().object_case() == common::v1::Comment::kTableId)
        return owner(ddl.comment().table_id());
      if (ddl.comment().object_case() == common::v1::Comment::kTypeOid)
        return AuthorizeTypes(ddl, policy, *catalog);
      if (ddl.comment().object_case() == common::v1::Comment::kDatabase)
        return AuthorizeDatabaseDdl(ddl, policy, *catalog);
      return policy::AuthorizeSchemaOwner(policy, *catalog, ddl.comment().schema());
    case Body::kAlterTable:
      return AuthorizeAlteration(ddl.alter_table(), policy, *catalog);
    case Body::kCreateIndex: {
      RETURN_IF_ERROR(owner(ddl.create_index().table_id()));
      const TableDescriptor* table = catalog->FindTable(ddl.create_index().table_id());
      return table == nullptr ? absl::OkStatus() : may_create_in(table->schema());
    }
    case Body::kTruncate:
      return AuthorizeTruncate(policy, ddl.truncate(), *catalog);
    case Body::kCreateSchema:
      if (ddl.create_schema().owner() != current_user_)
        RETURN_IF_ERROR(AuthorizeNewOwner(ddl.create_schema().owner(), "", policy, *catalog));
      {
        ASSIGN_OR_RETURN(const auto* database, catalog->DatabaseNamed(options_.database));
        RETURN_IF_ERROR(policy::AuthorizeDatabase(policy, *database, common::v1::PRIVILEGE_CREATE));
      }
      if (absl::StartsWith(ddl.create_schema().name(), "pg_")) {
        return status::Error(
            "42939", absl::StrCat("unacceptable schema name \"", ddl.create_schema().name(), "\""),
            "The prefix \"pg_\" is reserved for system schemas.");
      }
      return absl::OkStatus();
    case Body::kCreateOperator:
      return may_create_in(ddl.create_operator().operator_().schema());
    case Body::kAlterOperator:
    case Body::kDropOperator:
      return AuthorizeOperators(ddl, policy, *catalog);
    case Body::kCreateCollation:
      return may_create_in(ddl.create_collation().collation().collation().schema());
    case Body::kAlterCollation:
    case Body::kDropCollation:
      return AuthorizeCollations(ddl, policy, *catalog);
    case Body::kCreateType:
      return may_create_in(ddl.create_type().type().declared().schema());
    case Body::kAlterType:
    case Body::kDropType:
      return AuthorizeTypes(ddl, policy, *catalog);
    case Body::kAlterSchema: {
      const common::v1::AlterSchema& alter = ddl.alter_schema();
      RETURN_IF_ERROR(policy::AuthorizeSchemaOwner(policy, *catalog, alter.name()));
      if (!alter.owner().empty())
        RETURN_IF_ERROR(AuthorizeNewOwner(alter.owner(), "", policy, *catalog));
      ASSIGN_OR_RETURN(const auto* database, catalog->DatabaseNamed(options_.database));
      return policy::AuthorizeDatabase(policy, *database, common::v1::PRIVILEGE_CREATE);
    }
    case Body::kDropSchema:
      for (const std::string& name : ddl.drop_schema().names())
        RETURN_IF_ERROR(policy::AuthorizeSchemaOwner(policy, *catalog, name));
      return absl::OkStatus();
    case Body::kCreateDatabase:
    case Body::kDropDatabase:
    case Body::kAlterDatabase:
      return AuthorizeDatabaseDdl(ddl, policy, *catalog);
    case Body::BODY_NOT_SET:
      break;
  }
  return absl::InternalError("an empty schema change");
}

absl::Status Session::ChangeCatalog(const sql::Statement& statement, DdlNotices* notices,
                                    bool* started) {
  ASSIGN_OR_RETURN(sql::CatalogPtr catalog, CurrentCatalog());
  ASSIGN_OR_RETURN(const size_t steps,
                   sql::CountDdlSteps(PlanningInputFor(statement.text, &statement, catalog)));
  bool own_transaction = false;
  for (size_t step = 0; step < steps; ++step) {
    if (step > 0) {
      // What the steps before have made is in the transaction's own catalog.
      changed_schema_ = true;
      ASSIGN_OR_RETURN(catalog, CurrentCatalog());
    }
    ASSIGN_OR_RETURN(auto changes,
                     sql::BindDdl(PlanningInputFor(statement.text, &statement, catalog), step));
    // Several changes of one statement stand or fall together.
    const bool fires = std::any_of(changes.begin(), changes.end(), [&](const DdlStatement& ddl) {
      return ddl.has_truncate() && HasTruncateTriggers(ddl.truncate(), *catalog);
    });
    if ((steps > 1 || changes.size() > 1 || fires) && !in_transaction()) {
      own_transaction = true;
      RETURN_IF_ERROR(BeginImplicit());
    }
    const absl::Status status =
        MakeChanges(std::move(changes), catalog, notices, own_transaction ? nullptr : started);
    if (!status.ok()) {
      const bool stale = status::HasSqlState(status, sqlstate::kStalePlan);
      if (stale && own_transaction) RETURN_IF_ERROR(EndTransaction(/*commit=*/false));
      return status;
    }
  }
  if (own_transaction) {
    changed_schema_ = true;
    return EndTransaction(/*commit=*/true);
  }
  if (in_transaction()) {
    changed_schema_ = true;
    return absl::OkStatus();
  }
  services_.catalog->Get(Context(), options_.database).IgnoreError();
  return absl::OkStatus();
}

absl::Status Session::MakeChanges(std::vector<DdlStatement> changes, const sql::CatalogPtr& catalog,
                                  DdlNotices* notices, bool* started) {
  for (DdlStatement& ddl : changes) {
    SetOwner(current_user_, &ddl);
    if (ddl.alter_table().has_set_types())
      FillConversions(ddl.mutable_alter_table()->mutable_set_types()->mutable_context());
    RETURN_IF_ERROR(AuthorizeDdl(ddl, catalog));
    RETURN_IF_ERROR(AuthorizeUses(ddl, *catalog));
    RETURN_IF_ERROR(CheckNoneWaits(ddl, *catalog));
    using common::v1::TriggerDescriptor;
    if (ddl.has_truncate())
      RETURN_IF_ERROR(
          FireTruncateTriggers(ddl.truncate(), *catalog, TriggerDescriptor::TIMING_BEFORE));
    ASSIGN_OR_RETURN(const auto result, storage_->ExecuteDdl(Context(), ddl));
    if (ddl.has_truncate())
      RETURN_IF_ERROR(
          FireTruncateTriggers(ddl.truncate(), *catalog, TriggerDescriptor::TIMING_AFTER));
    if (started != nullptr) *started |= in_transaction();
    TemporaryChanged(result.temporary_schema());
    changed_object_ = result.changed() ? result.object_id() : 0;
    if (result.changed()) RETURN_IF_ERROR(GiveDefaults(ddl, result.object_id()));
    notices->texts.insert(notices->texts.end(), result.notices().begin(), result.notices().end());
    notices->dropped.insert(notices->dropped.end(), result.dropped().begin(),
                            result.dropped().end());
  }
  return absl::OkStatus();
}

absl::Status Session::RunDdl(const sql::Statement& statement, ResultSink* sink) {
  if (!statement.outside_block.empty() && in_transaction()) {
    return status::Error(
        sqlstate::kActiveTransaction,
        absl::StrCat(statement.outside_block, " cannot run inside a transaction block"));
  }
  if (!in_transaction() && settings_.default_read_only()) {
    return status::Error(
        sqlstate::kReadOnlyTransaction,
        absl::StrCat("cannot execute ", statement.command_tag, " in a read-only transaction"));
  }
  BufferOpenResults();
  DdlNotices notices;
  absl::Status status;
  for (int attempt = 0;; ++attempt) {
    notices = DdlNotices();
    bool started = false;
    status = ChangeCatalog(statement, &notices, &started);
    if (!status::HasSqlState(status, sqlstate::kStalePlan)) break;
    if (started || attempt >= storage::api::kStaleRetries) {
      status = status::Error(sqlstate::kSerializationFailure,
                             "an object of the statement was changed at the same time", "",
                             "Try again.");
      break;
    }
  }
  // As PostgreSQL: a dump may have the name that its database had.
  if (statement.command_tag == "COMMENT" &&
      status::HasSqlState(status, sqlstate::kInvalidCatalogName)) {
    sink->Notice("WARNING", sqlstate::kInvalidCatalogName, status::FromStatus(status).message);
    return sink->Complete(statement.command_tag);
  }
  if (!absl::IsPermissionDenied(status)) Audit("ddl", statement.text, 0, status);
  RETURN_IF_ERROR(status);
  for (const std::string& notice : notices.texts)
    sink->Notice("NOTICE", sqlstate::kSuccess, notice);
  if (!notices.dropped.empty()) sink->Notice("NOTICE", CascadeNotice(notices.dropped));
  SendReports(sink);
  return sink->Complete(statement.command_tag);
}

absl::Status Session::FireTruncateTriggers(const common::v1::Truncate& truncate,
                                           const sql::Catalog& catalog,
                                           common::v1::TriggerDescriptor::Timing timing) {
  using sql::binder::TriggerEvent;
  for (const uint32_t id : truncate.table_ids()) {
    const TableDescriptor* table = catalog.FindTable(id);
    if (table == nullptr) continue;
    for (const auto* trigger :
         sql::binder::TriggersOf(*table, TriggerEvent::kTruncate, timing, false, {},
                                 settings_.switches().is_replica())) {
      const TriggerCall call(*table, *trigger, TriggerEvent::kTruncate);
      RETURN_IF_ERROR(FireTrigger(catalog, call, nullptr, nullptr).status());
    }
  }
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
