#include "services/storage/server/ddl.h"

#include <algorithm>
#include <functional>
#include <set>

#include "common/rpc/nested_message.h"
#include "common/sql/catalog/inherited_keys.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/executor/partition_targets.h"
#include "services/storage/executor/subqueries.h"
#include "services/storage/server/database_ddl.h"
#include "services/storage/server/ddl_locks.h"
#include "services/storage/server/resolution.h"
#include "services/storage/server/table_rewrite.h"

namespace adbms::storage::server {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::AlterTable;
using common::v1::DdlStatement;

// One statement in one transaction; the parts share these.
class DdlExecution {
 public:
  DdlExecution(const rpc::CallContext& call, SessionState* session, txn::Transaction* transaction,
               bool in_block)
      : call_(call), session_(session), transaction_(transaction), in_block_(in_block) {}

  absl::StatusOr<v1::DdlResult> Run(const DdlStatement& given) {
    RETURN_IF_ERROR(CheckResolution(given, *draft()->state()));
    RETURN_IF_ERROR(CheckNothingAwaited(given));
    DdlStatement statement = given;
    RETURN_IF_ERROR(session_->temporary()->Place(transaction_, &statement));
    switch (statement.body_case()) {
      case DdlStatement::kCreateTable:
        return CreateTable(statement.create_table());
      case DdlStatement::kDropTable:
        return draft()->DropRelations(statement.drop_table(), "table");
      case DdlStatement::kAlterTable:
        return Alter(statement.alter_table());
      case DdlStatement::kCreateIndex:
        return CreateIndex(statement.create_index());
      case DdlStatement::kDropIndex:
        return draft()->DropIndexes(statement.drop_index());
      case DdlStatement::kTruncate:
        return Truncate(statement.truncate());
      case DdlStatement::kCreateSchema:
        return draft()->CreateSchema(statement.create_schema());
      case DdlStatement::kDropSchema:
        return draft()->DropSchema(statement.drop_schema());
      case DdlStatement::kCreateView:
        return CreateView(statement.create_view());
      case DdlStatement::kDropView:
        return draft()->DropRelations(statement.drop_view(), "view");
      case DdlStatement::kComment:
        return draft()->Comment(statement.comment());
      case DdlStatement::kCreateSequence:
        return draft()->CreateSequence(statement.create_sequence());
      case DdlStatement::kAlterSequence:
        return AlterSequence(statement.alter_sequence());
      case DdlStatement::kDropSequence:
        return draft()->DropRelations(statement.drop_sequence(), "sequence");
      case DdlStatement::kCreateFunction:
        return draft()->CreateFunction(statement.create_function());
      case DdlStatement::kDropFunction:
        return draft()->DropFunctions(statement.drop_function());
      case DdlStatement::kAlterFunction:
        return draft()->AlterFunction(statement.alter_function());
      case DdlStatement::kCreateTrigger:
        return draft()->CreateTrigger(statement.create_trigger());
      case DdlStatement::kDropTrigger:
        return statement.drop_trigger().table_id() == 0
                   ? NoTable(statement)
                   : draft()->DropTrigger(statement.drop_trigger());
      case DdlStatement::kAlterTrigger:
        return draft()->AlterTrigger(statement.alter_trigger());
      case DdlStatement::kDropMaterializedView:
        return draft()->DropRelations(statement.drop_materialized_view(), "materialized view");
      case DdlStatement::kRefreshMaterializedView:
        return Refresh(statement.refresh_materialized_view());
      case DdlStatement::kCreateType:
        return draft()->CreateType(statement.create_type());
      case DdlStatement::kAlterType:
        RETURN_IF_ERROR(ValidateDomain(statement.alter_type()));
        return draft()->AlterType(statement.alter_type());
      case DdlStatement::kDropType:
        return draft()->DropTypes(statement.drop_type());
      case DdlStatement::kCreateDatabase:
        return draft()->CreateDatabase(statement.create_database());
      case DdlStatement::kDropDatabase:
        return draft()->DropDatabase(statement.drop_database());
      case DdlStatement::kAlterDatabase:
        if (statement.alter_database().has_new_name())
          RETURN_IF_ERROR(CheckMayRename(call_, session_, statement.alter_database()));
        return draft()->AlterDatabase(statement.alter_database());
      case DdlStatement::BODY_NOT_SET:
        break;
    }
    return absl::InvalidArgumentError("malformed DDL statement");
  }

 private:
  catalog::CatalogDraft* draft() { return transaction_->Draft(); }

  // DROP TRIGGER IF EXISTS on a table that there is not.
  static v1::DdlResult NoTable(const DdlStatement& statement) {
    v1::DdlResult result;
    for (const auto& object : statement.resolution().objects())
      result.add_notices("relation \"" + object.name() + "\" does not exist, skipping");
    return result;
  }

  // What is to be checked yet is checked by the definition that it was written under.
  absl::Status CheckNothingAwaited(const DdlStatement& statement) {
    std::vector<std::pair<uint32_t, const char*>> changed;
    if (statement.has_alter_table())
      changed.emplace_back(statement.alter_table().table_id(), "ALTER TABLE");
    if (statement.has_create_index())
      changed.emplace_back(statement.create_index().table_id(), "CREATE INDEX");
    for (const uint32_t id : statement.truncate().table_ids()) changed.emplace_back(id, "TRUNCATE");
    for (const auto& name : statement.drop_table().tables()) {
      const std::string schema = name.schema().empty() ? "public" : name.schema();
      const catalog::TableEntry* table = draft()->state()->FindByName(schema, name.name());
      if (table != nullptr) changed.emplace_back(table->descriptor.table_id(), "DROP TABLE");
    }
    for (const auto& [id, command] : changed) RETURN_IF_ERROR(CheckNothingAwaited(id, command));
    return absl::OkStatus();
  }

  absl::Status CheckNothingAwaited(uint32_t table_id, const char* command) {
    if (!transaction_->AwaitsChecks(table_id)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(table_id));
    return status::Error(sqlstate::kObjectInUse, std::string("cannot ") + command + " \"" +
                                                     table->descriptor.name() +
                                                     "\" because it has pending trigger events");
  }

  absl::Status RegisterSpaces(const catalog::TableEntry& table) {
    if (!in_block_) return absl::OkStatus();
    RETURN_IF_ERROR(transaction_->RegisterPrivateSpace(table.layout.storage_id));
    for (const codec::IndexLayout& index : table.layout.indexes) {
      RETURN_IF_ERROR(transaction_->RegisterPrivateSpace(index.index_id));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<v1::DdlResult> CreateTable(const common::v1::CreateTable& statement) {
    ASSIGN_OR_RETURN(v1::DdlResult result, draft()->CreateTable(statement));
    if (!result.changed()) return result;
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(result.object_id()));
    RETURN_IF_ERROR(RegisterSpaces(*table));
    transaction_->shared()
        ->counts->Table(result.object_id())
        ->rows.store(0, std::memory_order_relaxed);
    RETURN_IF_ERROR(CheckDefault(table->descriptor.partition_of(), result.object_id()));
    return result;
  }

  // A partition that has come: what it takes must not be in the default one.
  absl::Status CheckDefault(uint32_t table_id, uint32_t partition_id) {
    const catalog::TableEntryPtr* whole = draft()->state()->Find(table_id);
    if (whole == nullptr) return absl::OkStatus();
    const catalog::TableEntryPtr held = *whole;
    for (const auto& member : held->descriptor.partition_key().partitions()) {
      if (member.bound().is_default() && member.table_id() != partition_id)
        RETURN_IF_ERROR(CheckPartitionRows(member.table_id(), /*is_default=*/true));
    }
    return absl::OkStatus();
  }

  // The rows in the partition, or in its own, against the bounds that there are now.
  absl::Status CheckPartitionRows(uint32_t partition_id, bool is_default) {
    std::vector<uint32_t> ids = draft()->PartitionsOf(partition_id, /*only_leaves=*/true);
    ids.push_back(partition_id);
    const catalog::CatalogStatePtr catalog = draft()->state();
    for (const uint32_t id : ids) {
      const catalog::TableEntryPtr table = *catalog->Find(id);
      if (table->descriptor.has_partition_key()) continue;
      ASSIGN_OR_RETURN(
          const auto targets,
          executor::PartitionTargets::Make(
              table.get(), {}, [&](uint32_t other) -> absl::StatusOr<const catalog::TableEntry*> {
                return catalog->Find(other)->get();
              }));
      if (targets == nullptr) continue;
      const absl::Status fits =
          ScanTable(call_, transaction_, *table,
                    [&](const types::Batch& rows) { return targets->CheckOwn(rows); });
      if (!status::HasSqlState(fits, sqlstate::kCheckViolation)) {
        RETURN_IF_ERROR(fits);
        continue;
      }
      status::SqlError error = status::FromStatus(fits);
      error.detail.clear();
      error.message = is_default ? "updated partition constraint for default partition \"" +
                                       table->descriptor.name() + "\" would be violated by some row"
                                 : "partition constraint of relation \"" +
                                       table->descriptor.name() + "\" is violated by some row";
      return status::ToStatus(error);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<v1::DdlResult> CreateView(const common::v1::CreateView& statement) {
    ASSIGN_OR_RETURN(v1::DdlResult result, draft()->CreateView(statement));
    if (statement.becomes_temporary()) {
      result.add_notices("view \"" + statement.view().name() + "\" will be a temporary view");
    }
    return result;
  }

  absl::StatusOr<v1::DdlResult> Truncate(const common::v1::Truncate& statement) {
    v1::DdlResult result;
    std::set<uint32_t> ids(statement.table_ids().begin(), statement.table_ids().end());
    for (const uint32_t id : statement.table_ids()) {
      for (const uint32_t part : draft()->PartitionsOf(id, /*only_leaves=*/false)) ids.insert(part);
    }
    for (const uint32_t id : statement.cascaded_table_ids()) {
      ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(id));
      result.add_notices("truncate cascades to table \"" + table->descriptor.name() + "\"");
    }
    for (uint32_t id : ids) {
      ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(id));
      for (const auto& reference : draft()->state()->ReferencesTo(id)) {
        if (ids.contains(reference.child->descriptor.table_id())) continue;
        // It came after the tables were looked for.
        if (statement.cascade())
          return status::Error(sqlstate::kStalePlan, "TRUNCATE was bound to another version");
        return status::Error(sqlstate::kFeatureNotSupported,
                             "cannot truncate a table referenced in a foreign key constraint",
                             "Table \"" + reference.child->descriptor.name() + "\" references \"" +
                                 table->descriptor.name() + "\".",
                             "Truncate table \"" + reference.child->descriptor.name() +
                                 "\" at the same time, or use TRUNCATE ... CASCADE.");
      }
      RETURN_IF_ERROR(draft()->Truncate(id));
      ASSIGN_OR_RETURN(const catalog::TableEntryPtr emptied, draft()->Table(id));
      RETURN_IF_ERROR(RegisterSpaces(*emptied));
      ForgetRows(id);
      if (statement.restart_identity()) {
        for (const uint32_t sequence : draft()->OwnedSequences(id)) {
          ASSIGN_OR_RETURN(const catalog::TableEntryPtr entry, draft()->Table(sequence));
          RETURN_IF_ERROR(draft()->RestartSequence(sequence, entry->descriptor.sequence().start()));
        }
      }
      result.set_object_id(id);
      result.set_changed(true);
    }
    return result;
  }

  absl::StatusOr<v1::DdlResult> Refresh(const common::v1::RefreshMaterializedView& statement) {
    RETURN_IF_ERROR(draft()->SetPopulated(statement));
    if (!statement.concurrently()) {
      ASSIGN_OR_RETURN(const catalog::TableEntryPtr emptied, draft()->Table(statement.table_id()));
      RETURN_IF_ERROR(RegisterSpaces(*emptied));
      ForgetRows(statement.table_id());
    }
    v1::DdlResult result;
    result.set_object_id(statement.table_id());
    result.set_changed(true);
    return result;
  }

  // The estimate of a table that was emptied.
  void ForgetRows(uint32_t id) {
    const int64_t rows =
        transaction_->shared()->counts->Table(id)->rows.load(std::memory_order_relaxed);
    if (rows >= 0) transaction_->AddRows(id, -rows - transaction_->PendingRows(id));
  }

  absl::StatusOr<v1::DdlResult> AlterSequence(const common::v1::AlterSequence& statement) {
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(statement.sequence_id()));
    if (table->descriptor.has_sequence() && !statement.restart()) {
      txn::SequenceStore* sequences = transaction_->shared()->sequences;
      ASSIGN_OR_RETURN(const txn::SequenceStore::State state, sequences->Get(table->descriptor));
      const common::v1::SequenceDescriptor& bounds = statement.sequence();
      const bool low = state.last_value < bounds.minimum();
      if (low || state.last_value > bounds.maximum()) {
        return status::Error(
            sqlstate::kInvalidParameterValue,
            "RESTART value (" + std::to_string(state.last_value) + ") cannot be " +
                (low ? "less than MINVALUE (" + std::to_string(bounds.minimum())
                     : "greater than MAXVALUE (" + std::to_string(bounds.maximum())) +
                ")");
      }
      // What is reserved was counted in the old steps.
      RETURN_IF_ERROR(sequences->Set(table->descriptor, state));
    }
    return draft()->AlterSequence(statement);
  }

  absl::StatusOr<v1::DdlResult> CreateIndex(const common::v1::CreateIndex& statement) {
    ASSIGN_OR_RETURN(v1::DdlResult result,
                     draft()->CreateIndex(statement, common::v1::IndexDescriptor::STATE_PUBLIC));
    if (!result.changed()) return result;
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(statement.table_id()));
    if (!table->descriptor.has_partition_key()) {
      RETURN_IF_ERROR(transaction_->CheckIndexSuits(table->layout));
      RETURN_IF_ERROR(FillIndex(call_, transaction_, *table, result.object_id()));
      return result;
    }
    const auto whole = draft()->state()->FindIndex(result.object_id());
    const common::v1::IndexDescriptor index = *whole.index;
    for (const auto& member : table->descriptor.partition_key().partitions())
      RETURN_IF_ERROR(RequireIndex(member.table_id(), index));
    return result;
  }

  // The partition, and those below it, get their parts of an index of the table above.
  absl::Status RequireIndex(uint32_t partition_id, const common::v1::IndexDescriptor& whole) {
    ASSIGN_OR_RETURN(const uint32_t adopted, draft()->AdoptIndex(partition_id, whole));
    if (adopted == 0) {
      common::v1::CreateIndex create;
      create.set_table_id(partition_id);
      *create.mutable_index() = whole;
      create.mutable_index()->clear_name();
      create.mutable_index()->clear_comment();
      create.mutable_index()->clear_constraint_comment();
      create.mutable_index()->set_parent_index_id(whole.index_id());
      return CreateIndex(create).status();
    }
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(partition_id));
    const common::v1::IndexDescriptor own = *draft()->state()->FindIndex(adopted).index;
    for (const auto& member : table->descriptor.partition_key().partitions())
      RETURN_IF_ERROR(RequireIndex(member.table_id(), own));
    return absl::OkStatus();
  }

  absl::StatusOr<v1::DdlResult> ChangeKey(uint32_t table_id, const std::vector<uint32_t>& columns,
                                          const std::string& name) {
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr before, draft()->Table(table_id));
    RETURN_IF_ERROR(draft()->ChangePrimaryKey(table_id, columns, name));
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr after, draft()->Table(table_id));
    if (!after->descriptor.has_partition_key())
      RETURN_IF_ERROR(RewriteTable(call_, transaction_, *before, *after, /*convert=*/nullptr));
    v1::DdlResult result;
    result.set_object_id(table_id);
    result.set_changed(true);
    return result;
  }

  absl::StatusOr<v1::DdlResult> SetTypes(uint32_t table_id, const common::v1::SetTypes& change) {
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr before, draft()->Table(table_id));
    RETURN_IF_ERROR(draft()->SetTypes(table_id, change));
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr after, draft()->Table(table_id));
    if (!change.keeps_rows() && !after->descriptor.has_partition_key()) {
      ASSIGN_OR_RETURN(TypeChange types, TypeChange::Make(&call_, change, after.get()));
      RETURN_IF_ERROR(RewriteTable(call_, transaction_, *before, *after,
                                   [&](const types::Batch& rows) { return types.Convert(rows); }));
      RETURN_IF_ERROR(CheckReferencesAnew(*after, types));
    }
    v1::DdlResult result;
    result.set_object_id(table_id);
    result.set_changed(true);
    return result;
  }

  absl::StatusOr<v1::DdlResult> AddGenerated(const AlterTable& statement,
                                             const catalog::TableEntryPtr& before) {
    ASSIGN_OR_RETURN(v1::DdlResult result, draft()->AlterTable(statement));
    if (!result.changed()) return result;
    RETURN_IF_ERROR(draft()->MoveRows(statement.table_id()));
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr after, draft()->Table(statement.table_id()));
    RETURN_IF_ERROR(AddGeneratedColumn(call_, transaction_, *before, *after));
    return result;
  }

  // The foreign keys of the table, and those that reference it, over columns whose values changed.
  absl::Status CheckReferencesAnew(const catalog::TableEntry& table, const TypeChange& types) {
    const auto any = [&](const google::protobuf::RepeatedField<uint32_t>& columns) {
      return std::any_of(columns.begin(), columns.end(),
                         [&](uint32_t ordinal) { return types.Changes(ordinal); });
    };
    const catalog::CatalogState& catalog = *draft()->state();
    for (const auto& key : table.descriptor.foreign_keys()) {
      if (key.not_valid() || !any(key.columns())) continue;
      RETURN_IF_ERROR(CheckForeignKey(call_, transaction_, table, catalog, key));
    }
    for (const auto& reference : catalog.ReferencesTo(table.descriptor.table_id())) {
      if (reference.key->not_valid() || !any(reference.key->referenced_columns())) continue;
      RETURN_IF_ERROR(
          CheckForeignKey(call_, transaction_, *reference.child, catalog, *reference.key));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<v1::DdlResult> DropPrimaryKey(const catalog::TableEntry& table, bool cascade) {
    v1::DdlResult dropped;
    RETURN_IF_ERROR(draft()->DropReferencesToPrimaryKey(table, cascade, &dropped));
    RETURN_IF_ERROR(draft()->DropViewsOnKey(table, cascade, &dropped));
    ASSIGN_OR_RETURN(v1::DdlResult result, ChangeKey(table.descriptor.table_id(), {}, {}));
    *result.mutable_notices() = dropped.notices();
    return result;
  }

  absl::StatusOr<v1::DdlResult> Alter(const AlterTable& statement) {
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(statement.table_id()));
    if (statement.has_attach_partition()) return Attach(statement);
    if (statement.action_case() == AlterTable::kDetachPartition) return Detach(statement);
    if (!table->descriptor.has_partition_key() || !GoesDown(statement)) return AlterOne(statement);
    // A default that takes values from the column's sequence goes before the sequence.
    const bool below_first = statement.action_case() == AlterTable::kDropColumn;
    if (below_first) RETURN_IF_ERROR(AlterPartitions(statement, *table));
    ASSIGN_OR_RETURN(v1::DdlResult result, AlterOne(statement));
    if (!below_first && result.changed()) RETURN_IF_ERROR(AlterPartitions(statement, *table));
    return result;
  }

  // Whether what is said of a partitioned table is said of its partitions, too.
  static bool GoesDown(const AlterTable& statement) {
    switch (statement.action_case()) {
      case AlterTable::kRenameTable:
      case AlterTable::kOwner:
      case AlterTable::kSetIdentity:
      case AlterTable::kAddIdentity:
      case AlterTable::kAddUnique:  // Goes down with its index.
      case AlterTable::ACTION_NOT_SET:
        return false;
      default:
        return true;
    }
  }

  // `before`: the partitioned table as it was.
  absl::Status AlterPartitions(const AlterTable& statement, const catalog::TableEntry& before) {
    for (const auto& member : before.descriptor.partition_key().partitions()) {
      ASSIGN_OR_RETURN(const catalog::TableEntryPtr part, draft()->Table(member.table_id()));
      AlterTable below = statement;
      below.set_table_id(member.table_id());
      // The rows of all partitions are looked at for the whole.
      below.clear_validation();
      switch (statement.action_case()) {
        case AlterTable::kAddColumn: {
          if (statement.has_sequence()) {
            ASSIGN_OR_RETURN(const bool rows, HasRows(transaction_, *part));
            if (rows) return status::NotSupported("adding a serial column to a table with rows");
          }
          below.clear_sequence();
          ASSIGN_OR_RETURN(const catalog::TableEntryPtr now, draft()->Table(statement.table_id()));
          auto* column = below.mutable_add_column();
          *column = now->descriptor.columns(now->descriptor.columns_size() - 1);
          if (column->identity() != common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED) {
            column->clear_identity();
            column->clear_default_sql();
            column->clear_default_sequence_id();
          }
          break;
        }
        case AlterTable::kAddPrimaryKey:
          below.mutable_add_primary_key()->clear_name();
          if (SameKey(part->descriptor.primary_key(), statement.add_primary_key().columns()))
            continue;
          break;
        case AlterTable::kAddForeignKey: {
          ASSIGN_OR_RETURN(const catalog::TableEntryPtr now, draft()->Table(statement.table_id()));
          const auto& keys = now->descriptor.foreign_keys();
          RETURN_IF_ERROR(RequireReference(*part, keys.Get(keys.size() - 1)));
          continue;
        }
        case AlterTable::kAlterConstraint:
          if (!FindInherited(before, *part, below.mutable_alter_constraint()->mutable_name()))
            continue;
          break;
        case AlterTable::kValidateConstraint:
          if (!FindInherited(before, *part, below.mutable_validate_constraint())) continue;
          break;
        case AlterTable::kDropConstraint:
          if (!FindInherited(before, *part, below.mutable_drop_constraint())) continue;
          if (before.layout.has_primary_key() &&
              statement.drop_constraint() == before.descriptor.primary_key_name()) {
            below.set_drop_constraint(part->descriptor.primary_key_name());
            break;
          }
          for (const auto& index : before.descriptor.indexes()) {
            if (index.name() != statement.drop_constraint() || !index.is_constraint()) continue;
            for (const auto& own : part->descriptor.indexes()) {
              if (own.parent_index_id() == index.index_id()) below.set_drop_constraint(own.name());
            }
          }
          break;
        case AlterTable::kSetTypes:
          if (statement.set_types().indexes_size() > 0)
            return status::NotSupported(
                "changing the type of a column of a partitioned table that an index's expression "
                "reads");
          break;
        case AlterTable::kAddCheck: {
          const auto& checks = part->descriptor.checks();
          const bool there = std::any_of(checks.begin(), checks.end(), [&](const auto& check) {
            return check.name() == statement.add_check().name() &&
                   check.sql() == statement.add_check().sql();
          });
          if (there) continue;
          break;
        }
        default:
          break;
      }
      RETURN_IF_ERROR(Alter(below).status());
    }
    return absl::OkStatus();
  }

  // `name`, of a foreign key of a partitioned table, becomes that which the key has in a partition;
  // false: it has none. Other names stay.
  static bool FindInherited(const catalog::TableEntry& whole, const catalog::TableEntry& part,
                            std::string* name) {
    for (const auto& key : whole.descriptor.foreign_keys()) {
      if (key.name() != *name) continue;
      const auto* own = sql::InheritedKey(part.descriptor, key);
      if (own != nullptr) *name = own->name();
      return own != nullptr;
    }
    return true;
  }

  // A partition has the reference of its table, under another name where that is taken in it.
  absl::Status RequireReference(const catalog::TableEntry& part,
                                const common::v1::ForeignKeyDescriptor& key) {
    const auto* own = sql::InheritedKey(part.descriptor, key);
    if (own != nullptr && !own->not_valid()) return absl::OkStatus();
    AlterTable add;
    add.set_table_id(part.descriptor.table_id());
    *add.mutable_add_foreign_key() = key;
    if (catalog::HasConstraint(part.descriptor, key.name()))
      add.mutable_add_foreign_key()->clear_name();
    return Alter(add).status();
  }

  static bool SameKey(const google::protobuf::RepeatedField<uint32_t>& a,
                      const google::protobuf::RepeatedField<uint32_t>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

  absl::StatusOr<v1::DdlResult> Attach(const AlterTable& statement) {
    const uint32_t part_id = statement.attach_partition().table_id();
    RETURN_IF_ERROR(CheckNothingAwaited(part_id, "ALTER TABLE"));
    RETURN_IF_ERROR(draft()->AddPartition(statement.table_id(), statement.attach_partition()));
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr whole, draft()->Table(statement.table_id()));
    RETURN_IF_ERROR(RequireKeys(part_id, whole->descriptor));
    RETURN_IF_ERROR(CheckPartitionRows(part_id, /*is_default=*/false));
    RETURN_IF_ERROR(CheckDefault(statement.table_id(), part_id));
    v1::DdlResult result;
    result.set_object_id(statement.table_id());
    result.set_changed(true);
    return result;
  }

  // The keys, indexes and references of the table that it is attached to.
  absl::Status RequireKeys(uint32_t part_id, const common::v1::TableDescriptor& whole) {
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr part, draft()->Table(part_id));
    if (whole.primary_key_size() > 0 &&
        !SameKey(part->descriptor.primary_key(), whole.primary_key())) {
      AlterTable key;
      key.set_table_id(part_id);
      *key.mutable_add_primary_key()->mutable_columns() = whole.primary_key();
      RETURN_IF_ERROR(Alter(key).status());
    }
    for (const auto& index : whole.indexes()) RETURN_IF_ERROR(RequireIndex(part_id, index));
    for (const auto& key : whole.foreign_keys()) {
      ASSIGN_OR_RETURN(const catalog::TableEntryPtr now, draft()->Table(part_id));
      RETURN_IF_ERROR(RequireReference(*now, key));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<v1::DdlResult> Detach(const AlterTable& statement) {
    RETURN_IF_ERROR(draft()->RemovePartition(statement.table_id(), statement.detach_partition()));
    v1::DdlResult result;
    result.set_object_id(statement.table_id());
    result.set_changed(true);
    return result;
  }

  absl::StatusOr<v1::DdlResult> AlterOne(const AlterTable& statement) {
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(statement.table_id()));
    switch (statement.action_case()) {
      case AlterTable::kAddPrimaryKey: {
        const auto& key = statement.add_primary_key();
        return ChangeKey(statement.table_id(), {key.columns().begin(), key.columns().end()},
                         key.name());
      }
      case AlterTable::kAddUnique: {
        common::v1::CreateIndex create;
        create.set_table_id(statement.table_id());
        *create.mutable_index() = statement.add_unique();
        create.mutable_index()->set_unique(statement.add_unique().deferral() ==
                                           common::v1::DEFERRAL_UNSPECIFIED);
        create.mutable_index()->set_is_constraint(true);
        return CreateIndex(create);
      }
      case AlterTable::kSetTypes:
        return SetTypes(statement.table_id(), statement.set_types());
      case AlterTable::kDropConstraint:
        if (table->layout.has_primary_key() &&
            statement.drop_constraint() == table->descriptor.primary_key_name()) {
          return DropPrimaryKey(*table, statement.cascade());
        }
        break;
      case AlterTable::kAddColumn:
        if (statement.add_column().has_generated()) {
          ASSIGN_OR_RETURN(const bool rows, HasRows(transaction_, *table));
          if (rows) return AddGenerated(statement, table);
        } else if (statement.has_sequence()) {
          ASSIGN_OR_RETURN(const bool rows, HasRows(transaction_, *table));
          if (rows) return status::NotSupported("adding a serial column to a table with rows");
        } else if (statement.add_column().not_null() && !HasValue(statement.add_column())) {
          ASSIGN_OR_RETURN(const bool rows, HasRows(transaction_, *table));
          if (rows) {
            return status::Error(sqlstate::kNotNullViolation,
                                 "column \"" + statement.add_column().name() + "\" of relation \"" +
                                     table->descriptor.name() + "\" contains null values");
          }
        }
        break;
      case AlterTable::kSetNotNull:
        if (statement.set_not_null().column() >=
            static_cast<uint32_t>(table->descriptor.columns_size())) {
          return absl::InvalidArgumentError("no such column");
        }
        if (statement.set_not_null().not_null()) {
          RETURN_IF_ERROR(CheckColumnHasNoNulls(call_, transaction_, *table,
                                                statement.set_not_null().column()));
        }
        break;
      case AlterTable::kValidateConstraint:
      case AlterTable::kAddCheck:
        if (!statement.validation().empty()) RETURN_IF_ERROR(Validate(statement, *table));
        break;
      default:
        break;
    }
    if (statement.action_case() == AlterTable::kValidateConstraint) {
      for (const auto& key : table->descriptor.foreign_keys()) {
        if (key.name() != statement.validate_constraint() || !key.not_valid()) continue;
        RETURN_IF_ERROR(CheckForeignKey(call_, transaction_, *table, *draft()->state(), key));
      }
    }
    ASSIGN_OR_RETURN(v1::DdlResult result, draft()->AlterTable(statement));
    if (statement.has_add_foreign_key() && !statement.add_foreign_key().not_valid() &&
        !table->descriptor.has_partition_key()) {
      ASSIGN_OR_RETURN(const catalog::TableEntryPtr changed, draft()->Table(statement.table_id()));
      const auto& keys = changed->descriptor.foreign_keys();
      RETURN_IF_ERROR(CheckForeignKey(call_, transaction_, *changed, *draft()->state(),
                                      keys.Get(keys.size() - 1)));
    }
    return result;
  }

  static bool HasValue(const common::v1::ColumnDescriptor& column) {
    return column.has_missing_value() &&
           column.missing_value().kind_case() != common::v1::Datum::KIND_NOT_SET;
  }

  // What the plan counts.
  absl::StatusOr<int64_t> Count(const std::string& plan_bytes) {
    auto plan = std::make_shared<common::v1::Plan>();
    RETURN_IF_ERROR(rpc::ParseNested(plan_bytes, plan.get()));
    const catalog::CatalogStatePtr catalog = draft()->state();
    ASSIGN_OR_RETURN(const auto compiled, executor::CompilePlan(std::move(plan), *catalog));
    executor::ExecutionContext context(transaction_->shared());
    context.call = &call_;
    context.memory.SetCall(&call_);
    context.plan = compiled.get();
    context.transaction = transaction_;
    context.view = transaction_->View();
    context.catalog = catalog;
    context.virtual_tables = session_->parts().virtual_tables;
    context.actuals.resize(compiled->operator_count);
    context.ctes.resize(compiled->ctes.size());
    context.working_tables.resize(compiled->working_tables);
    context.state.correlation_slots.resize(compiled->correlation_slots);
    context.subqueries = std::make_unique<executor::SubqueryExecution>(&context);
    context.state.subqueries = context.subqueries.get();
    const std::vector<types::Value> no_parameters;
    context.state.parameters = &no_parameters;
    const executor::OperatorPtr root = compiled->root->Open(&context);
    types::Batch batch;
    ASSIGN_OR_RETURN(const bool more, root->Next(&batch));
    if (!more || batch.columns.empty() || batch.columns[0]->is_null(0)) return 0;
    return batch.columns[0]->Get(0).int_value();
  }

  // A domain's new constraint: the plans count the values that violate it.
  absl::Status ValidateDomain(const common::v1::AlterType& statement) {
    for (const common::v1::DomainValidation& validation : statement.validations()) {
      ASSIGN_OR_RETURN(const int64_t violations, Count(validation.plan()));
      if (violations == 0) continue;
      ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(validation.table_id()));
      const auto ordinal = static_cast<int>(validation.column());
      if (ordinal >= table->descriptor.columns_size())
        return absl::InvalidArgumentError("malformed ALTER DOMAIN");
      const bool null = statement.action_case() == common::v1::AlterType::kNotNull;
      return status::Error(null ? sqlstate::kNotNullViolation : sqlstate::kCheckViolation,
                           "column \"" + table->descriptor.columns(ordinal).name() +
                               "\" of table \"" + table->descriptor.name() + "\" contains " +
                               (null ? "null values" : "values that violate the new constraint"));
    }
    return absl::OkStatus();
  }

  // ADD CHECK: the plan counts the rows that violate the condition.
  absl::Status Validate(const AlterTable& statement, const catalog::TableEntry& table) {
    ASSIGN_OR_RETURN(const int64_t violations, Count(statement.validation()));
    if (violations == 0) return absl::OkStatus();
    status::SqlError error;
    error.sqlstate = std::string(sqlstate::kCheckViolation);
    const std::string& name =
        statement.has_add_check() ? statement.add_check().name() : statement.validate_constraint();
    error.message = "check constraint \"" + name + "\" of relation \"" + table.descriptor.name() +
                    "\" is violated by some row";
    error.schema = table.descriptor.schema();
    error.table = table.descriptor.name();
    error.constraint = name;
    return status::ToStatus(error);
  }

  const rpc::CallContext& call_;
  SessionState* const session_;
  txn::Transaction* const transaction_;
  const bool in_block_;
};

const char* VerbOf(const DdlStatement& statement) {
  switch (statement.body_case()) {
    case DdlStatement::kCreateTable:
      return "CREATE TABLE";
    case DdlStatement::kDropTable:
      return "DROP TABLE";
    case DdlStatement::kAlterTable:
      return "ALTER TABLE";
    case DdlStatement::kCreateIndex:
      return "CREATE INDEX";
    case DdlStatement::kDropIndex:
      return "DROP INDEX";
    case DdlStatement::kTruncate:
      return "TRUNCATE TABLE";
    case DdlStatement::kCreateSchema:
      return "CREATE SCHEMA";
    case DdlStatement::kDropSchema:
      return "DROP SCHEMA";
    case DdlStatement::kCreateView:
      return "CREATE VIEW";
    case DdlStatement::kDropView:
      return "DROP VIEW";
    case DdlStatement::kComment:
      return "COMMENT";
    case DdlStatement::kCreateSequence:
      return "CREATE SEQUENCE";
    case DdlStatement::kAlterSequence:
      return "ALTER SEQUENCE";
    case DdlStatement::kDropSequence:
      return "DROP SEQUENCE";
    case DdlStatement::kCreateFunction:
      return "CREATE FUNCTION";
    case DdlStatement::kDropFunction:
      return "DROP FUNCTION";
    case DdlStatement::kAlterFunction:
      return "ALTER FUNCTION";
    case DdlStatement::kCreateTrigger:
      return "CREATE TRIGGER";
    case DdlStatement::kDropTrigger:
      return "DROP TRIGGER";
    case DdlStatement::kAlterTrigger:
      return "ALTER TRIGGER";
    case DdlStatement::kDropMaterializedView:
      return "DROP MATERIALIZED VIEW";
    case DdlStatement::kRefreshMaterializedView:
      return "REFRESH MATERIALIZED VIEW";
    case DdlStatement::kCreateType:
      return "CREATE TYPE";
    case DdlStatement::kAlterType:
      return "ALTER TYPE";
    case DdlStatement::kDropType:
      return "DROP TYPE";
    case DdlStatement::kCreateDatabase:
      return "CREATE DATABASE";
    case DdlStatement::kDropDatabase:
      return "DROP DATABASE";
    case DdlStatement::kAlterDatabase:
      return "ALTER DATABASE";
    default:
      return "DDL";
  }
}

// Runs the statement with what it changes locked: what it names before, what it turns out to change
// besides (dependent objects, names that it chooses) after it has run on the draft. When somebody
// else has one of those, it waits and runs again.
absl::StatusOr<v1::DdlResult> RunLocked(const rpc::CallContext& context, SessionState* session,
                                        txn::Transaction* transaction, bool in_block,
                                        const DdlStatement& statement) {
  // Who is not authorized for what is there now does not hold it up either.
  RETURN_IF_ERROR(CheckResolution(statement, *transaction->SessionCatalog()));
  DdlLocks locks(transaction);
  while (true) {
    RETURN_IF_ERROR(locks.LockNamed(context, statement));
    RETURN_IF_ERROR(transaction->StartDefinition());
    absl::StatusOr<v1::DdlResult> result =
        DdlExecution(context, session, transaction, in_block).Run(statement);
    if (result.ok()) {
      if (locks.TryLockChanged()) {
        transaction->WriteDraft();
        RETURN_IF_ERROR(transaction->FinishStatement());
        return result;
      }
    }
    RETURN_IF_ERROR(transaction->FailStatement());
    if (!result.ok()) return result;
    RETURN_IF_ERROR(locks.LockChanged(context));
  }
}

// Nobody else writes to a temporary table: its index need not be built beside writers.
// The index of a partitioned table is several.
bool BuildsOnline(const DdlStatement& statement, const catalog::CatalogState& catalog) {
  if (!statement.has_create_index()) return false;
  const catalog::TableEntryPtr* table = catalog.Find(statement.create_index().table_id());
  return table == nullptr || (!sql::IsTemporarySchema((*table)->descriptor.schema()) &&
                              !(*table)->descriptor.has_partition_key());
}

}  // namespace

absl::StatusOr<v1::DdlResult> RunDdlIn(const rpc::CallContext& context, SessionState* session,
                                       txn::Transaction* transaction,
                                       const DdlStatement& statement) {
  ASSIGN_OR_RETURN(v1::DdlResult result,
                   RunLocked(context, session, transaction, /*in_block=*/true, statement));
  result.set_temporary_schema(session->temporary()->schema());
  return result;
}

absl::StatusOr<v1::DdlResult> RunDdl(const rpc::CallContext& context, SessionState* session,
                                     const DdlStatement& statement) {
  if (session->transaction() != nullptr) {
    RETURN_IF_ERROR(session->transaction()->CheckWritable(VerbOf(statement)));
    return RunDdlIn(context, session, session->transaction(), statement);
  }
  const std::unique_ptr<txn::Transaction> transaction = session->NewTransaction({});
  const absl::Status writable = transaction->CheckWritable(VerbOf(statement));
  if (writable.ok() && BuildsOnline(statement, *session->database()->Current()))
    return BuildIndexOnline(context, session, statement);
  absl::StatusOr<v1::DdlResult> result =
      RunLocked(context, session, transaction.get(), false, statement);
  // IF NOT EXISTS may have nothing to do.
  if (result.ok() && result->changed() && !writable.ok()) result = writable;
  if (result.ok()) {
    RETURN_IF_ERROR(transaction->Commit(context));
  } else {
    transaction->Rollback();
  }
  session->Recycle(transaction.get());
  if (result.ok()) result->set_temporary_schema(session->temporary()->schema());
  return result;
}

}  // namespace adbms::storage::server
