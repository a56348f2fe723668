// DdlExecution: partitions come and go, and what is said of a partitioned table is said of them.
#include <algorithm>

#include "common/sql/catalog/inherited_keys.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/executor/partition_targets.h"
#include "services/storage/server/ddl_execution.h"
#include "services/storage/server/table_rewrite.h"

namespace adbms::storage::server {

namespace sqlstate = status::sqlstate;

absl::Status DdlExecution::CheckDefault(uint32_t table_id, uint32_t partition_id) {
  const catalog::TableEntryPtr* whole = draft()->state()->Find(table_id);
  if (whole == nullptr) return absl::OkStatus();
  const catalog::TableEntryPtr held = *whole;
  for (const auto& member : held->descriptor.partition_key().partitions()) {
    if (member.bound().is_default() && member.table_id() != partition_id)
      RETURN_IF_ERROR(CheckPartitionRows(member.table_id(), /*is_default=*/true));
  }
  return absl::OkStatus();
}

absl::Status DdlExecution::CheckPartitionRows(uint32_t partition_id, bool is_default) {
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
    const absl::Status fits = ScanTable(call_, transaction_, *table, [&](const types::Batch& rows) {
      return targets->CheckOwn(rows);
    });
    if (!status::HasSqlState(fits, sqlstate::kCheckViolation)) {
      RETURN_IF_ERROR(fits);
      continue;
    }
    status::SqlError error = status::FromStatus(fits);
    error.detail.clear();
    error.message = is_default ? "updated partition constraint for default partition \"" +
                                     table->descriptor.name() + "\" would be violated by some row"
                               : "partition constraint of relation \"" + table->descriptor.name() +
                                     "\" is violated by some row";
    return status::ToStatus(error);
  }
  return absl::OkStatus();
}

absl::Status DdlExecution::RequireIndex(uint32_t partition_id,
                                        const common::v1::IndexDescriptor& whole) {
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

absl::StatusOr<v1::DdlResult> DdlExecution::Alter(const AlterTable& statement) {
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

bool DdlExecution::GoesDown(const AlterTable& statement) {
  if (statement.only()) return false;
  switch (statement.action_case()) {
    case AlterTable::kRenameTable:
    case AlterTable::kOwner:
    case AlterTable::kSetIdentity:
    case AlterTable::kAddIdentity:
    case AlterTable::kAddUnique:  // Goes down with its index.
    case AlterTable::kAttachIndex:
    case AlterTable::kSetSchema:
    case AlterTable::kSetRowSecurity:
    case AlterTable::ACTION_NOT_SET:
      return false;
    default:
      return true;
  }
}

absl::Status DdlExecution::AlterPartitions(const AlterTable& statement,
                                           const catalog::TableEntry& before) {
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
          below.clear_drop_constraint();
          for (const auto& own : part->descriptor.indexes()) {
            if (own.parent_index_id() == index.index_id()) below.set_drop_constraint(own.name());
          }
        }
        if (below.drop_constraint().empty()) continue;  // It is incomplete.
        break;
      case AlterTable::kSetTypes:
        RETURN_IF_ERROR(TakePartitionTypes(statement.set_types(), member.table_id(),
                                           part->descriptor.has_partition_key(),
                                           below.mutable_set_types()));
        break;
      case AlterTable::kRenameConstraint: {
        // Keys and references go by names of their own in partitions.
        const auto& checks = before.descriptor.checks();
        const bool check = std::any_of(checks.begin(), checks.end(), [&](const auto& one) {
          return one.name() == statement.rename_constraint().name();
        });
        if (!check) continue;
        break;
      }
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

bool DdlExecution::FindInherited(const catalog::TableEntry& whole, const catalog::TableEntry& part,
                                 std::string* name) {
  for (const auto& key : whole.descriptor.foreign_keys()) {
    if (key.name() != *name) continue;
    const auto* own = sql::InheritedKey(part.descriptor, key);
    if (own != nullptr) *name = own->name();
    return own != nullptr;
  }
  return true;
}

absl::Status DdlExecution::RequireReference(const catalog::TableEntry& part,
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

absl::Status DdlExecution::TakePartitionTypes(const common::v1::SetTypes& whole, uint32_t part_id,
                                              bool hands_on, common::v1::SetTypes* own) {
  const auto& all = whole.partitions();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto& part) { return part.table_id() == part_id; });
  if (found == all.end()) {
    return status::Error(status::sqlstate::kSerializationFailure,
                         "could not serialize access due to a partition attached concurrently");
  }
  *own = found->types();
  *own->mutable_context() = whole.context();
  if (hands_on) *own->mutable_partitions() = all;
  return absl::OkStatus();
}

bool DdlExecution::SameKey(const google::protobuf::RepeatedField<uint32_t>& a,
                           const google::protobuf::RepeatedField<uint32_t>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

absl::StatusOr<v1::DdlResult> DdlExecution::Attach(const AlterTable& statement) {
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

absl::Status DdlExecution::RequireKeys(uint32_t part_id, const common::v1::TableDescriptor& whole) {
  ASSIGN_OR_RETURN(const catalog::TableEntryPtr part, draft()->Table(part_id));
  if (whole.primary_key_size() > 0 &&
      !SameKey(part->descriptor.primary_key(), whole.primary_key())) {
    AlterTable key;
    key.set_table_id(part_id);
    *key.mutable_add_primary_key()->mutable_columns() = whole.primary_key();
    RETURN_IF_ERROR(Alter(key).status());
  }
  for (const auto& index : whole.indexes()) {
    if (!index.is_incomplete()) RETURN_IF_ERROR(RequireIndex(part_id, index));
  }
  for (const auto& key : whole.foreign_keys()) {
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr now, draft()->Table(part_id));
    RETURN_IF_ERROR(RequireReference(*now, key));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DdlResult> DdlExecution::Detach(const AlterTable& statement) {
  RETURN_IF_ERROR(draft()->RemovePartition(statement.table_id(), statement.detach_partition()));
  v1::DdlResult result;
  result.set_object_id(statement.table_id());
  result.set_changed(true);
  return result;
}

}  // namespace adbms::storage::server
