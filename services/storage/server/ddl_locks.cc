#include "services/storage/server/ddl_locks.h"

#include <algorithm>
#include <map>

#include "common/sql/sql.h"
#include "common/status/macros.h"
#include "services/storage/catalog/definition_walk.h"

namespace adbms::storage::server {
namespace {

using common::v1::AlterTable;
using common::v1::DdlStatement;
using common::v1::TableDescriptor;
using txn::LockMode;

using TableLocks = std::map<uint32_t, LockMode>;

std::string SchemaOf(const common::v1::RelationName& name) {
  return name.schema().empty() ? std::string("public") : name.schema();
}

// The stronger of the two wins.
void Want(uint32_t id, LockMode mode, TableLocks* locks) {
  if (id == 0) return;
  const auto [it, added] = locks->emplace(id, mode);
  if (!added) it->second = std::max(it->second, mode);
}

// With those that reference it: a foreign key goes with its parent.
void WantWithChildren(uint32_t id, const catalog::CatalogState& catalog, TableLocks* locks) {
  Want(id, LockMode::kAccessExclusive, locks);
  for (const auto& reference : catalog.ReferencesTo(id))
    Want(reference.child->descriptor.table_id(), LockMode::kAccessExclusive, locks);
}

void WantDropped(const common::v1::DropTable& drop, const catalog::CatalogState& catalog,
                 TableLocks* locks) {
  for (const auto& name : drop.tables()) {
    const catalog::TableEntry* table = catalog.FindByName(SchemaOf(name), name.name());
    if (table != nullptr) WantWithChildren(table->descriptor.table_id(), catalog, locks);
  }
}

// What a new definition is made of must stay.
void WantSources(const TableDescriptor& table, TableLocks* locks) {
  for (const auto& key : table.foreign_keys())
    Want(key.referenced_table_id(), LockMode::kShareRowExclusive, locks);
  for (const auto& column : table.columns())
    Want(column.default_sequence_id(), LockMode::kAccessShare, locks);
  for (const auto& used : table.view_dependencies())
    Want(used.table_id(), LockMode::kAccessShare, locks);
}

// So must what a policy reads.
void WantRead(const common::v1::PolicyDescriptor& policy, TableLocks* locks) {
  for (const auto* condition : {&policy.using_(), &policy.check()}) {
    for (const auto& used : condition->relations())
      Want(used.table_id(), LockMode::kAccessShare, locks);
  }
}

// Whoever writes to the parent of a foreign key works with what the key is: an action that comes or
// goes, a check that is deferred.
void WantReferenced(const AlterTable& alter, const catalog::CatalogState& catalog,
                    TableLocks* locks) {
  const catalog::TableEntryPtr* table = catalog.Find(alter.table_id());
  if (table == nullptr) return;
  for (const auto& key : (*table)->descriptor.foreign_keys()) {
    if (alter.has_alter_constraint() && key.name() == alter.alter_constraint().name())
      Want(key.referenced_table_id(), LockMode::kAccessExclusive, locks);
    if (alter.action_case() == AlterTable::kDropConstraint && key.name() == alter.drop_constraint())
      Want(key.referenced_table_id(), LockMode::kAccessExclusive, locks);
    if (alter.action_case() == AlterTable::kValidateConstraint &&
        key.name() == alter.validate_constraint())
      Want(key.referenced_table_id(), LockMode::kRowShare, locks);
  }
}

// Whose foreign keys meet rows that are moved: nobody may be writing by the old ones.
void WantRelated(uint32_t id, const catalog::CatalogState& catalog, TableLocks* locks) {
  const catalog::TableEntryPtr* table = catalog.Find(id);
  if (table == nullptr) return;
  for (const auto& key : (*table)->descriptor.foreign_keys())
    Want(key.referenced_table_id(), LockMode::kShareRowExclusive, locks);
  for (const auto& reference : catalog.ReferencesTo(id))
    Want(reference.child->descriptor.table_id(), LockMode::kShareRowExclusive, locks);
}

// Whoever reads or writes values of the type works with what it is.
void WantHolders(uint32_t type_oid, const catalog::CatalogState& catalog, TableLocks* locks) {
  for (const auto& [id, table] : catalog.tables()) {
    if (!table->descriptor.is_virtual() && catalog::HoldsDefinition(table->descriptor, type_oid))
      Want(id, LockMode::kAccessExclusive, locks);
  }
}

// With all partitions below.
void WantBelow(uint32_t id, LockMode mode, const catalog::CatalogState& catalog,
               TableLocks* locks) {
  const catalog::TableEntryPtr* table = catalog.Find(id);
  if (table == nullptr) return;
  Want(id, mode, locks);
  for (const auto& member : (*table)->descriptor.partition_key().partitions())
    WantBelow(member.table_id(), mode, catalog, locks);
}

// What works with a partitioned table has no locks of its partitions, and the other way around:
// whoever changes one has those above it and below it.
void WantTrees(const catalog::CatalogState& catalog, TableLocks* locks) {
  const TableLocks named = *locks;
  for (const auto& [id, mode] : named) {
    WantBelow(id, mode, catalog, locks);
    const catalog::TableEntryPtr* table = catalog.Find(id);
    while (table != nullptr && (*table)->descriptor.partition_of() != 0) {
      const uint32_t above = (*table)->descriptor.partition_of();
      Want(above, mode, locks);
      table = catalog.Find(above);
    }
  }
}

// A partition that comes to a table: what is in the default one may be its.
void WantDefault(uint32_t id, const catalog::CatalogState& catalog, TableLocks* locks) {
  const catalog::TableEntryPtr* table = catalog.Find(id);
  if (table == nullptr) return;
  for (const auto& member : (*table)->descriptor.partition_key().partitions()) {
    if (member.bound().is_default())
      WantBelow(member.table_id(), LockMode::kAccessExclusive, catalog, locks);
  }
  while (table != nullptr) {
    Want((*table)->descriptor.table_id(), LockMode::kAccessExclusive, locks);
    table = catalog.Find((*table)->descriptor.partition_of());
  }
}

TableLocks NamedTables(const DdlStatement& statement, const catalog::CatalogState& catalog) {
  TableLocks locks;
  switch (statement.body_case()) {
    case DdlStatement::kCreateTable:
      WantSources(statement.create_table().table(), &locks);
      break;
    case DdlStatement::kCreateView: {
      const TableDescriptor& view = statement.create_view().view();
      WantSources(view, &locks);
      const std::string schema = view.schema().empty() ? "public" : view.schema();
      const catalog::TableEntry* old = catalog.FindByName(schema, view.name());
      if (old != nullptr && statement.create_view().or_replace())
        Want(old->descriptor.table_id(), LockMode::kAccessExclusive, &locks);
      break;
    }
    case DdlStatement::kDropTable:
      WantDropped(statement.drop_table(), catalog, &locks);
      break;
    case DdlStatement::kDropView:
      WantDropped(statement.drop_view(), catalog, &locks);
      break;
    case DdlStatement::kDropSequence:
      WantDropped(statement.drop_sequence(), catalog, &locks);
      break;
    case DdlStatement::kDropMaterializedView:
      WantDropped(statement.drop_materialized_view(), catalog, &locks);
      break;
    case DdlStatement::kRefreshMaterializedView:
      Want(statement.refresh_materialized_view().table_id(),
           statement.refresh_materialized_view().concurrently() ? LockMode::kExclusive
                                                                : LockMode::kAccessExclusive,
           &locks);
      break;
    case DdlStatement::kAlterTable: {
      const AlterTable& alter = statement.alter_table();
      const bool key = alter.has_add_foreign_key();
      const bool validates = alter.action_case() == AlterTable::kValidateConstraint;
      Want(alter.table_id(),
           key         ? LockMode::kShareRowExclusive
           : validates ? LockMode::kShareUpdateExclusive
                       : LockMode::kAccessExclusive,
           &locks);
      if (key)
        Want(alter.add_foreign_key().referenced_table_id(), LockMode::kShareRowExclusive, &locks);
      if (alter.has_set_types()) WantRelated(alter.table_id(), catalog, &locks);
      WantReferenced(alter, catalog, &locks);
      break;
    }
    case DdlStatement::kCreateIndex:
      Want(statement.create_index().table_id(), LockMode::kShareRowExclusive, &locks);
      break;
    case DdlStatement::kDropIndex:
      for (const auto& name : statement.drop_index().indexes()) {
        const auto ref = catalog.FindIndexByName(SchemaOf(name), name.name());
        if (ref.table != nullptr)
          Want(ref.table->descriptor.table_id(), LockMode::kAccessExclusive, &locks);
      }
      break;
    case DdlStatement::kTruncate:
      for (const uint32_t id : statement.truncate().table_ids())
        Want(id, LockMode::kAccessExclusive, &locks);
      break;
    case DdlStatement::kAlterSchema:
      if (statement.alter_schema().rename().empty()) break;
      for (const auto& [id, table] : catalog.tables()) {
        if (table->descriptor.schema() == statement.alter_schema().name())
          Want(id, LockMode::kAccessExclusive, &locks);
      }
      break;
    case DdlStatement::kDropSchema:
      for (const auto& [id, table] : catalog.tables()) {
        const auto& names = statement.drop_schema().names();
        if (!table->descriptor.is_virtual() &&
            std::find(names.begin(), names.end(), table->descriptor.schema()) != names.end())
          WantWithChildren(id, catalog, &locks);
      }
      break;
    case DdlStatement::kAlterType:
      WantHolders(statement.alter_type().type_oid(), catalog, &locks);
      break;
    case DdlStatement::kDropType:
      for (const auto& name : statement.drop_type().types()) {
        const auto* type = catalog.FindTypeByName(SchemaOf(name), name.name());
        if (type != nullptr) WantHolders(type->declared().oid(), catalog, &locks);
      }
      break;
    case DdlStatement::kComment:
      Want(statement.comment().table_id(), LockMode::kShareUpdateExclusive, &locks);
      break;
    case DdlStatement::kCreateTrigger:
      Want(statement.create_trigger().table_id(), LockMode::kShareRowExclusive, &locks);
      break;
    case DdlStatement::kDropTrigger:
      Want(statement.drop_trigger().table_id(), LockMode::kAccessExclusive, &locks);
      break;
    case DdlStatement::kAlterTrigger:
      Want(statement.alter_trigger().table_id(),
           statement.alter_trigger().new_name().empty() ? LockMode::kShareRowExclusive
                                                        : LockMode::kAccessExclusive,
           &locks);
      break;
    case DdlStatement::kCreatePolicy:
      Want(statement.create_policy().table_id(), LockMode::kAccessExclusive, &locks);
      WantRead(statement.create_policy().policy(), &locks);
      break;
    case DdlStatement::kAlterPolicy:
      Want(statement.alter_policy().table_id(), LockMode::kAccessExclusive, &locks);
      WantRead(statement.alter_policy().policy(), &locks);
      break;
    case DdlStatement::kDropPolicy:
      Want(statement.drop_policy().table_id(), LockMode::kAccessExclusive, &locks);
      break;
    case DdlStatement::kAlterSequence:
      Want(statement.alter_sequence().sequence_id(), LockMode::kShareRowExclusive, &locks);
      break;
    default:
      break;
  }
  return locks;
}

TableLocks TablesOf(const DdlStatement& statement, const catalog::CatalogState& catalog) {
  const AlterTable& alter = statement.alter_table();
  TableLocks locks;
  if (alter.has_attach_partition() || alter.action_case() == AlterTable::kDetachPartition) {
    // The partitions beside it go on.
    const uint32_t part = alter.has_attach_partition() ? alter.attach_partition().table_id()
                                                       : alter.detach_partition();
    WantDefault(alter.table_id(), catalog, &locks);
    WantBelow(part, LockMode::kAccessExclusive, catalog, &locks);
    WantRelated(alter.table_id(), catalog, &locks);
    return locks;
  }
  locks = NamedTables(statement, catalog);
  WantTrees(catalog, &locks);
  if (statement.create_table().table().partition_of() != 0)
    WantDefault(statement.create_table().table().partition_of(), catalog, &locks);
  return locks;
}

// The names that a relation takes in its schema.
std::set<std::string> NamesOf(const TableDescriptor& table) {
  std::set<std::string> names = {table.name()};
  if (table.primary_key_oid() != 0) names.insert(table.primary_key_name());
  for (const auto& index : table.indexes()) names.insert(index.name());
  return names;
}

using LockKeys = std::set<std::pair<std::string, LockMode>>;

// A function's name has its signature in it: no relation has such a name.
std::string FunctionKey(uint32_t database, const common::v1::FunctionDescriptor& function) {
  return txn::NameLockKey(database, function.schema(), sql::SignatureOf(function));
}

// The functions that a table's triggers call.
std::set<uint32_t> CalledBy(const catalog::TableEntryPtr* table) {
  std::set<uint32_t> ids;
  if (table == nullptr || *table == nullptr) return ids;
  for (const auto& trigger : (*table)->descriptor.triggers()) ids.insert(trigger.function_id());
  return ids;
}

// The functions that the draft's tables call and have not called before.
std::set<uint32_t> NewlyCalled(const catalog::CatalogDraft& draft) {
  std::set<uint32_t> ids;
  for (const auto& [id, entry] : draft.changes().tables) {
    const std::set<uint32_t> before = CalledBy(draft.base()->Find(id));
    for (const uint32_t function : CalledBy(&entry)) {
      if (!before.contains(function)) ids.insert(function);
    }
  }
  return ids;
}

// Functions that change, by their names before and after, and those that triggers come to need.
void NeedFunctions(uint32_t database, const catalog::CatalogDraft& draft, LockKeys* keys) {
  for (const auto& [id, function] : draft.changes().functions) {
    const catalog::FunctionPtr old = draft.base()->FindFunction(id);
    for (const catalog::FunctionPtr& one : {old, function}) {
      if (one == nullptr) continue;
      keys->emplace(FunctionKey(database, *one), LockMode::kAccessExclusive);
      keys->emplace(txn::SchemaLockKey(database, one->schema()), LockMode::kAccessShare);
    }
  }
  for (const uint32_t id : NewlyCalled(draft)) {
    const catalog::FunctionPtr function = draft.state()->FindFunction(id);
    if (function != nullptr)
      keys->emplace(FunctionKey(database, *function), LockMode::kAccessShare);
  }
}

// Whether the functions that the draft changes and needs are still what it was made on.
bool FunctionsStand(const catalog::CatalogDraft& draft, const catalog::CatalogState& now) {
  const catalog::CatalogState& base = *draft.base();
  for (const auto& [id, function] : draft.changes().functions) {
    if (now.FindFunction(id) != base.FindFunction(id)) return false;
    if (function == nullptr) continue;
    const std::string signature = sql::SignatureOf(*function);
    if (now.FindFunctionByName(function->schema(), signature) !=
        base.FindFunctionByName(function->schema(), signature))
      return false;
    if (now.FindSchema(function->schema()) == nullptr &&
        base.FindSchema(function->schema()) != nullptr)
      return false;
  }
  // A trigger that came meanwhile needs what the draft drops.
  for (const auto& [id, table] : now.tables()) {
    if (draft.changes().tables.contains(id)) continue;
    for (const uint32_t function : CalledBy(&table)) {
      const auto change = draft.changes().functions.find(function);
      if (change != draft.changes().functions.end() && change->second == nullptr) return false;
    }
  }
  const std::set<uint32_t> called = NewlyCalled(draft);
  return std::all_of(called.begin(), called.end(), [&](uint32_t id) {
    return draft.changes().functions.contains(id) || now.FindFunction(id) == base.FindFunction(id);
  });
}

// Whether the databases that the draft changes are still what it was made on, and its names free.
bool DatabasesStand(const catalog::CatalogDraft& draft, const catalog::CatalogState& now) {
  const auto serialized = [](const catalog::CatalogState& state, uint32_t id) {
    const auto found = state.databases().find(id);
    return found == state.databases().end() ? std::string() : found->second.SerializeAsString();
  };
  for (const auto& [id, changed] : draft.changes().databases) {
    if (serialized(now, id) != serialized(*draft.base(), id)) return false;
    if (changed.has_value() && (now.FindDatabase(changed->name()) == nullptr) !=
                                   (draft.base()->FindDatabase(changed->name()) == nullptr))
      return false;
  }
  return true;
}

}  // namespace

absl::Status DdlLocks::LockNamed(const rpc::CallContext& context, const DdlStatement& statement) {
  // While one waited, the names may have come to mean other objects.
  TableLocks before;
  while (true) {
    TableLocks now = TablesOf(statement, *transaction_->SessionCatalog());
    if (now == before) return absl::OkStatus();
    for (const auto& [id, mode] : now) {
      if (id >= catalog::kFirstUserId) RETURN_IF_ERROR(transaction_->LockTable(context, id, mode));
    }
    before = std::move(now);
  }
}

DdlLocks::Missing DdlLocks::FindMissing() const {
  Missing missing;
  const uint32_t database = transaction_->database()->id();
  const catalog::CatalogStatePtr base = transaction_->Draft()->base();
  for (const auto& [id, entry] : transaction_->Draft()->changes().tables) {
    const catalog::TableEntryPtr* old = base->Find(id);
    if (old != nullptr && !transaction_->MayRedefine(id)) missing.tables.insert(id);
    if (entry == nullptr) continue;
    std::set<std::string> taken;
    if (old != nullptr && (*old)->descriptor.schema() == entry->descriptor.schema())
      taken = NamesOf((*old)->descriptor);
    const std::string& schema = entry->descriptor.schema();
    for (const std::string& name : NamesOf(entry->descriptor)) {
      if (taken.contains(name)) continue;
      missing.keys.emplace(txn::NameLockKey(database, schema, name), LockMode::kAccessExclusive);
      missing.keys.emplace(txn::SchemaLockKey(database, schema), LockMode::kAccessShare);
    }
  }
  NeedFunctions(database, *transaction_->Draft(), &missing.keys);
  for (const auto& [oid, type] : transaction_->Draft()->changes().types) {
    const common::v1::TypeDescriptor* const old = base->FindType(oid);
    for (const common::v1::TypeDescriptor* each : {old, type.get()}) {
      if (each == nullptr) continue;
      const common::v1::DeclaredType& declared = each->declared();
      for (const std::string& name : {declared.name(), declared.array_name()})
        missing.keys.emplace(txn::NameLockKey(database, declared.schema(), name),
                             LockMode::kAccessExclusive);
      missing.keys.emplace(txn::SchemaLockKey(database, declared.schema()), LockMode::kAccessShare);
    }
  }
  for (const auto& [oid, changed] : transaction_->Draft()->changes().collations) {
    const auto found = base->collations().find(oid);
    const catalog::CollationPtr old = found == base->collations().end() ? nullptr : found->second;
    for (const catalog::CollationPtr& each : {old, changed}) {
      if (each == nullptr) continue;
      const common::v1::Collation& collation = each->collation();
      missing.keys.emplace(
          txn::NameLockKey(database, collation.schema(), "collation " + collation.name()),
          LockMode::kAccessExclusive);
      missing.keys.emplace(txn::SchemaLockKey(database, collation.schema()),
                           LockMode::kAccessShare);
    }
  }
  for (const auto& [id, schema] : transaction_->Draft()->changes().schemas) {
    const auto old = base->schemas().find(id);
    const std::string& name = schema.has_value() ? schema->name() : old->second.name();
    missing.keys.emplace(txn::SchemaLockKey(database, name), LockMode::kAccessExclusive);
  }
  for (const auto& [id, changed] : transaction_->Draft()->changes().databases) {
    const auto old = base->databases().find(id);
    if (old != base->databases().end())
      missing.keys.emplace(txn::DatabaseLockKey(old->second.name()), LockMode::kAccessExclusive);
    if (changed.has_value())
      missing.keys.emplace(txn::DatabaseLockKey(changed->name()), LockMode::kAccessExclusive);
  }
  return missing;
}

// Whether the catalog still is what the draft was made on, as far as the draft goes.
bool DdlLocks::StillFree(const Missing& missing) const {
  const catalog::CatalogDraft& draft = *transaction_->Draft();
  const catalog::CatalogStatePtr now = transaction_->database()->Current();
  if (now == draft.base()) return true;
  for (const uint32_t id : missing.tables) {
    const catalog::TableEntryPtr* entry = now->Find(id);
    if (entry == nullptr || *entry != *draft.base()->Find(id)) return false;
  }
  if (missing.keys.empty()) return true;
  if (!FunctionsStand(draft, *now) || !DatabasesStand(draft, *now)) return false;
  // What was added since: a name of ours, a schema of ours, or a schema of ours gone.
  for (const auto& [id, entry] : draft.changes().tables) {
    if (entry == nullptr) continue;
    if (now->FindSchema(entry->descriptor.schema()) == nullptr &&
        draft.base()->FindSchema(entry->descriptor.schema()) != nullptr)
      return false;
    for (const std::string& name : NamesOf(entry->descriptor)) {
      if (now->HasRelation(entry->descriptor.schema(), name) &&
          !draft.base()->HasRelation(entry->descriptor.schema(), name))
        return false;
    }
  }
  for (const auto& [oid, type] : draft.changes().types) {
    // Changed since, or a name of ours taken.
    const auto before = draft.base()->types().find(oid);
    const auto after = now->types().find(oid);
    const bool was = before != draft.base()->types().end();
    if (was != (after != now->types().end())) return false;
    if (was && before->second != after->second) return false;
    if (type == nullptr || was) continue;
    const std::string& schema = type->declared().schema();
    if (now->FindSchema(schema) == nullptr && draft.base()->FindSchema(schema) != nullptr)
      return false;
    for (const std::string& name : {type->declared().name(), type->declared().array_name()}) {
      if (now->HasType(schema, name) && !draft.base()->HasType(schema, name)) return false;
    }
  }
  for (const auto& [oid, changed] : draft.changes().collations) {
    const auto before = draft.base()->collations().find(oid);
    const auto after = now->collations().find(oid);
    const bool was = before != draft.base()->collations().end();
    if (was != (after != now->collations().end())) return false;
    if (was && before->second != after->second) return false;
    if (changed == nullptr || was) continue;
    const common::v1::Collation& made = changed->collation();
    if (now->FindCollation(made.schema(), made.name()) != nullptr ||
        now->FindSchema(made.schema()) == nullptr)
      return false;
  }
  return std::all_of(draft.changes().schemas.begin(), draft.changes().schemas.end(),
                     [&](const auto& change) {
                       return !change.second.has_value() ||
                              (now->FindSchema(change.second->name()) == nullptr) ==
                                  (draft.base()->FindSchema(change.second->name()) == nullptr);
                     });
}

bool DdlLocks::TryLockChanged() {
  missing_ = FindMissing();
  for (const uint32_t id : missing_.tables) {
    if (!transaction_->TryLockTable(id, LockMode::kAccessExclusive)) return false;
  }
  txn::LockManager* const manager = transaction_->shared()->locks;
  for (const auto& [key, mode] : missing_.keys) {
    if (!manager->TryAcquire(transaction_->locks(), key, mode)) return false;
  }
  return StillFree(missing_);
}

absl::Status DdlLocks::LockChanged(const rpc::CallContext& context) {
  for (const uint32_t id : missing_.tables)
    RETURN_IF_ERROR(transaction_->LockTable(context, id, LockMode::kAccessExclusive));
  txn::LockManager* const manager = transaction_->shared()->locks;
  for (const auto& [key, mode] : missing_.keys)
    RETURN_IF_ERROR(manager->Acquire(context, transaction_->locks(), key, mode));
  return absl::OkStatus();
}

}  // namespace adbms::storage::server
