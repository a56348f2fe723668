// One change of the catalog inside one transaction, with the rows that it moves, fills and checks.
// ddl_execution.cc has what any table needs, partition_ddl.cc what partitions do. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/storage/server/session.h"
#include "services/storage/server/type_change.h"

namespace adbms::storage::server {

class DdlExecution {
 public:
  using AlterTable = common::v1::AlterTable;
  using DdlStatement = common::v1::DdlStatement;

  // Borrows all. `in_block`: the transaction may go on after the statement.
  DdlExecution(const rpc::CallContext& call, SessionState* session, txn::Transaction* transaction,
               bool in_block)
      : call_(call), session_(session), transaction_(transaction), in_block_(in_block) {}

  // Errors: those of the draft; ADB01 for a statement that was authorized for something else.
  absl::StatusOr<v1::DdlResult> Run(const DdlStatement& given);

 private:
  catalog::CatalogDraft* draft() { return transaction_->Draft(); }

  // DROP TRIGGER IF EXISTS on a table that there is not.
  static v1::DdlResult NoTable(const DdlStatement& statement);
  // What is to be checked yet is checked by the definition that it was written under.
  absl::Status CheckNothingAwaited(const DdlStatement& statement);
  absl::Status CheckNothingAwaited(uint32_t table_id, const char* command);
  absl::Status RegisterSpaces(const catalog::TableEntry& table);
  absl::StatusOr<v1::DdlResult> CreateTable(const common::v1::CreateTable& statement);
  absl::StatusOr<v1::DdlResult> CreateView(const common::v1::CreateView& statement);
  absl::StatusOr<v1::DdlResult> Truncate(const common::v1::Truncate& statement);
  absl::StatusOr<v1::DdlResult> Refresh(const common::v1::RefreshMaterializedView& statement);
  // The estimate of a table that was emptied.
  void ForgetRows(uint32_t id);
  absl::StatusOr<v1::DdlResult> AlterSequence(const common::v1::AlterSequence& statement);
  absl::StatusOr<v1::DdlResult> CreateIndex(const common::v1::CreateIndex& statement);
  absl::StatusOr<v1::DdlResult> ChangeKey(uint32_t table_id, const std::vector<uint32_t>& columns,
                                          const std::string& name);
  absl::StatusOr<v1::DdlResult> SetTypes(uint32_t table_id, const common::v1::SetTypes& change);
  absl::StatusOr<v1::DdlResult> AddGenerated(const AlterTable& statement,
                                             const catalog::TableEntryPtr& before);
  // The foreign keys of the table, and those that reference it, over columns whose values changed.
  absl::Status CheckReferencesAnew(const catalog::TableEntry& table, const TypeChange& types);
  absl::StatusOr<v1::DdlResult> DropPrimaryKey(const catalog::TableEntry& table, bool cascade);
  absl::StatusOr<v1::DdlResult> DropKeyColumn(const catalog::TableEntry& table,
                                              const AlterTable& statement);
  // Errors: 23P01 for rows that the constraint excludes.
  absl::Status CheckExclusion(uint32_t table_id, const std::string& name);
  absl::StatusOr<v1::DdlResult> AlterOne(const AlterTable& statement);
  static bool HasValue(const common::v1::ColumnDescriptor& column);

  // partition_ddl.cc
  // A partition that has come: what it takes must not be in the default one.
  absl::Status CheckDefault(uint32_t table_id, uint32_t partition_id);
  // The rows in the partition, or in its own, against the bounds that there are now.
  absl::Status CheckPartitionRows(uint32_t partition_id, bool is_default);
  // The partition, and those below it, get their parts of an index of the table above.
  absl::Status RequireIndex(uint32_t partition_id, const common::v1::IndexDescriptor& whole);
  absl::StatusOr<v1::DdlResult> Alter(const AlterTable& statement);
  // Whether what is said of a partitioned table is said of its partitions, too.
  static bool GoesDown(const AlterTable& statement);
  // `before`: the partitioned table as it was.
  absl::Status AlterPartitions(const AlterTable& statement, const catalog::TableEntry& before);
  // `name`, of a foreign key of a partitioned table, becomes that which the key has in a partition;
  // false: it has none. Other names stay.
  static bool FindInherited(const catalog::TableEntry& whole, const catalog::TableEntry& part,
                            std::string* name);
  // A partition has the reference of its table, under another name where that is taken in it.
  absl::Status RequireReference(const catalog::TableEntry& part,
                                const common::v1::ForeignKeyDescriptor& key);
  // What a change of the whole's types is for one partition; `hands_on`: it has partitions itself.
  // Errors: 40001 for one that was attached after the change was bound.
  static absl::Status TakePartitionTypes(const common::v1::SetTypes& whole, uint32_t part_id,
                                         bool hands_on, common::v1::SetTypes* own);
  // partition_indexes.cc. A primary key of ONLY a table that has partitions.
  absl::StatusOr<v1::DdlResult> AddIncompleteKey(const catalog::TableEntry& table,
                                                 const common::v1::AddPrimaryKey& key);
  // Errors: 42809, 42P17, 55000 with PostgreSQL's messages.
  absl::StatusOr<v1::DdlResult> AttachIndex(const catalog::TableEntry& table,
                                            const common::v1::AttachIndex& statement);
  // An index that has a part in every partition by now becomes what it was meant to be, and so may
  // the one above it.
  absl::Status CompleteIndex(uint32_t table_id, uint32_t index_id);
  static bool SameKey(const google::protobuf::RepeatedField<uint32_t>& a,
                      const google::protobuf::RepeatedField<uint32_t>& b);
  absl::StatusOr<v1::DdlResult> Attach(const AlterTable& statement);
  // The keys, indexes and references of the table that it is attached to.
  absl::Status RequireKeys(uint32_t part_id, const common::v1::TableDescriptor& whole);
  absl::StatusOr<v1::DdlResult> Detach(const AlterTable& statement);

  const rpc::CallContext& call_;
  SessionState* const session_;
  txn::Transaction* const transaction_;
  const bool in_block_;
};

}  // namespace adbms::storage::server
