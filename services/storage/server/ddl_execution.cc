#include "services/storage/server/ddl_execution.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/sql/sql.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/server/database_ddl.h"
#include "services/storage/server/ddl_validation.h"
#include "services/storage/server/resolution.h"
#include "services/storage/server/table_rewrite.h"
#include "services/storage/txn/exclusion_checks.h"

namespace adbms::storage::server {

namespace sqlstate = status::sqlstate;

absl::StatusOr<v1::DdlResult> DdlExecution::Run(const DdlStatement& given) {
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
    case DdlStatement::kAlterSchema:
      return draft()->AlterSchema(statement.alter_schema());
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
    case DdlStatement::kCreatePolicy:
      return draft()->CreatePolicy(statement.create_policy());
    case DdlStatement::kAlterPolicy:
      return draft()->AlterPolicy(statement.alter_policy());
    case DdlStatement::kDropPolicy:
      return statement.drop_policy().table_id() == 0 ? NoTable(statement)
                                                     : draft()->DropPolicy(statement.drop_policy());
    case DdlStatement::kDropMaterializedView:
      return draft()->DropRelations(statement.drop_materialized_view(), "materialized view");
    case DdlStatement::kRefreshMaterializedView:
      return Refresh(statement.refresh_materialized_view());
    case DdlStatement::kCreateOperator:
      return draft()->CreateOperator(statement.create_operator());
    case DdlStatement::kAlterOperator:
      return draft()->AlterOperator(statement.alter_operator());
    case DdlStatement::kDropOperator:
      return draft()->DropOperators(statement.drop_operator());
    case DdlStatement::kCreateCollation:
      return draft()->CreateCollation(statement.create_collation());
    case DdlStatement::kAlterCollation:
      return draft()->AlterCollation(statement.alter_collation());
    case DdlStatement::kDropCollation:
      return draft()->DropCollations(statement.drop_collation());
    case DdlStatement::kCreateType:
      return draft()->CreateType(statement.create_type());
    case DdlStatement::kAlterType:
      RETURN_IF_ERROR(ValidateDomain(call_, session_, transaction_, statement.alter_type()));
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

v1::DdlResult DdlExecution::NoTable(const DdlStatement& statement) {
  v1::DdlResult result;
  for (const auto& object : statement.resolution().objects())
    result.add_notices("relation \"" + object.name() + "\" does not exist, skipping");
  return result;
}

absl::Status DdlExecution::CheckNothingAwaited(const DdlStatement& statement) {
  std::vector<std::pair<uint32_t, const char*>> changed;
  if (statement.has_alter_table() && !sql::RenamesOnly(statement.alter_table()))
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

absl::Status DdlExecution::CheckNothingAwaited(uint32_t table_id, const char* command) {
  if (!transaction_->AwaitsChecks(table_id)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(table_id));
  return status::Error(sqlstate::kObjectInUse, std::string("cannot ") + command + " \"" +
                                                   table->descriptor.name() +
                                                   "\" because it has pending trigger events");
}

absl::Status DdlExecution::RegisterSpaces(const catalog::TableEntry& table) {
  if (!in_block_) return absl::OkStatus();
  RETURN_IF_ERROR(transaction_->RegisterPrivateSpace(table.layout.storage_id));
  for (const codec::IndexLayout& index : table.layout.indexes) {
    RETURN_IF_ERROR(transaction_->RegisterPrivateSpace(index.index_id));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DdlResult> DdlExecution::CreateTable(const common::v1::CreateTable& statement) {
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

absl::StatusOr<v1::DdlResult> DdlExecution::CreateView(const common::v1::CreateView& statement) {
  ASSIGN_OR_RETURN(v1::DdlResult result, draft()->CreateView(statement));
  if (statement.becomes_temporary()) {
    result.add_notices("view \"" + statement.view().name() + "\" will be a temporary view");
  }
  return result;
}

absl::StatusOr<v1::DdlResult> DdlExecution::Truncate(const common::v1::Truncate& statement) {
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

absl::StatusOr<v1::DdlResult> DdlExecution::Refresh(
    const common::v1::RefreshMaterializedView& statement) {
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

void DdlExecution::ForgetRows(uint32_t id) {
  const int64_t rows =
      transaction_->shared()->counts->Table(id)->rows.load(std::memory_order_relaxed);
  if (rows >= 0) transaction_->AddRows(id, -rows - transaction_->PendingRows(id));
}

absl::StatusOr<v1::DdlResult> DdlExecution::AlterSequence(
    const common::v1::AlterSequence& statement) {
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

absl::StatusOr<v1::DdlResult> DdlExecution::CreateIndex(const common::v1::CreateIndex& statement) {
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
  if (index.is_incomplete()) return result;
  for (const auto& member : table->descriptor.partition_key().partitions())
    RETURN_IF_ERROR(RequireIndex(member.table_id(), index));
  return result;
}

absl::StatusOr<v1::DdlResult> DdlExecution::ChangeKey(uint32_t table_id,
                                                      const std::vector<uint32_t>& columns,
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

absl::StatusOr<v1::DdlResult> DdlExecution::SetTypes(uint32_t table_id,
                                                     const common::v1::SetTypes& change) {
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

absl::StatusOr<v1::DdlResult> DdlExecution::AddGenerated(const AlterTable& statement,
                                                         const catalog::TableEntryPtr& before) {
  ASSIGN_OR_RETURN(v1::DdlResult result, draft()->AlterTable(statement));
  if (!result.changed()) return result;
  RETURN_IF_ERROR(draft()->MoveRows(statement.table_id()));
  ASSIGN_OR_RETURN(const catalog::TableEntryPtr after, draft()->Table(statement.table_id()));
  RETURN_IF_ERROR(AddGeneratedColumn(call_, transaction_, *before, *after));
  return result;
}

absl::Status DdlExecution::CheckReferencesAnew(const catalog::TableEntry& table,
                                               const TypeChange& types) {
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

absl::StatusOr<v1::DdlResult> DdlExecution::DropPrimaryKey(const catalog::TableEntry& table,
                                                           bool cascade) {
  v1::DdlResult dropped;
  RETURN_IF_ERROR(draft()->DropReferencesToPrimaryKey(table, cascade, &dropped));
  RETURN_IF_ERROR(draft()->DropViewsOnKey(table, cascade, &dropped));
  ASSIGN_OR_RETURN(v1::DdlResult result, ChangeKey(table.descriptor.table_id(), {}, {}));
  *result.mutable_notices() = dropped.notices();
  *result.mutable_dropped() = dropped.dropped();
  return result;
}

// The key goes with it.
absl::StatusOr<v1::DdlResult> DdlExecution::DropKeyColumn(const catalog::TableEntry& table,
                                                          const AlterTable& statement) {
  v1::DdlResult dropped;
  RETURN_IF_ERROR(draft()->DropReferencesToColumn(table, statement.drop_column(),
                                                  statement.cascade(), &dropped));
  RETURN_IF_ERROR(draft()->DropViewsOnKey(table, statement.cascade(), &dropped));
  RETURN_IF_ERROR(ChangeKey(table.descriptor.table_id(), {}, {}).status());
  ASSIGN_OR_RETURN(v1::DdlResult result, draft()->AlterTable(statement));
  dropped.mutable_notices()->MergeFrom(result.notices());
  dropped.mutable_dropped()->MergeFrom(result.dropped());
  *result.mutable_notices() = dropped.notices();
  *result.mutable_dropped() = dropped.dropped();
  return result;
}

absl::Status DdlExecution::CheckExclusion(uint32_t table_id, const std::string& name) {
  ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(table_id));
  for (const codec::IndexLayout& index : table->layout.indexes) {
    if (index.name == name) return txn::CheckExclusionOfAll(call_, transaction_, *table, index);
  }
  return absl::InternalError("an exclusion constraint without its index");
}

absl::StatusOr<v1::DdlResult> DdlExecution::AlterOne(const AlterTable& statement) {
  ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(statement.table_id()));
  switch (statement.action_case()) {
    case AlterTable::kAddPrimaryKey: {
      const auto& key = statement.add_primary_key();
      if (statement.only() && table->descriptor.partition_key().partitions_size() > 0)
        return AddIncompleteKey(*table, key);
      return ChangeKey(statement.table_id(), {key.columns().begin(), key.columns().end()},
                       key.name());
    }
    case AlterTable::kAddUnique: {
      common::v1::CreateIndex create;
      create.set_table_id(statement.table_id());
      *create.mutable_index() = statement.add_unique();
      const bool excludes = !statement.add_unique().exclusion_operators().empty();
      create.mutable_index()->set_unique(!excludes && statement.add_unique().deferral() ==
                                                          common::v1::DEFERRAL_UNSPECIFIED);
      create.mutable_index()->set_is_constraint(true);
      create.set_only(statement.only());
      ASSIGN_OR_RETURN(v1::DdlResult result, CreateIndex(create));
      if (excludes)
        RETURN_IF_ERROR(CheckExclusion(statement.table_id(), statement.add_unique().name()));
      return result;
    }
    case AlterTable::kAttachIndex:
      return AttachIndex(*table, statement.attach_index());
    case AlterTable::kSetTypes:
      return SetTypes(statement.table_id(), statement.set_types());
    case AlterTable::kDropConstraint:
      if (table->layout.has_primary_key() &&
          statement.drop_constraint() == table->descriptor.primary_key_name()) {
        return DropPrimaryKey(*table, statement.cascade());
      }
      break;
    case AlterTable::kDropColumn: {
      const auto& key = table->descriptor.primary_key();
      if (std::find(key.begin(), key.end(), statement.drop_column()) != key.end())
        return DropKeyColumn(*table, statement);
      break;
    }
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
        RETURN_IF_ERROR(
            CheckColumnHasNoNulls(call_, transaction_, *table, statement.set_not_null().column()));
      }
      break;
    case AlterTable::kValidateConstraint:
    case AlterTable::kAddCheck:
      if (!statement.validation().empty())
        RETURN_IF_ERROR(ValidateCheck(call_, session_, transaction_, statement, *table));
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

bool DdlExecution::HasValue(const common::v1::ColumnDescriptor& column) {
  return column.has_missing_value() &&
         column.missing_value().kind_case() != common::v1::Datum::KIND_NOT_SET;
}

}  // namespace adbms::storage::server
