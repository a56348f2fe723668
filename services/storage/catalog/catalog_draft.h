// Changes of the catalog inside one transaction: checks them as PostgreSQL does, collects the new
// descriptors and which key spaces come and go. Data movement is the caller's. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "adbms/storage/v1/storage.pb.h"
#include "services/storage/catalog/catalog.h"

namespace adbms::storage::catalog {

class CatalogDraft {
 public:
  // One record to write or (empty value) delete.
  struct Record {
    std::string key;
    std::string value;
    bool erase = false;
  };

  // Of the database, which must outlive it.
  CatalogDraft(Database* database, CatalogStatePtr base);

  // The catalog with the changes so far.
  const CatalogStatePtr& state() const { return state_; }
  // What others have committed meanwhile comes in under this draft's changes. REQUIRES: nobody else
  // changes what this draft changes: the objects, the names and the schemas are locked.
  void Rebase();
  const CatalogChanges& changes() const { return changes_; }
  // Whether all of them are of temporary objects, of which nothing is there after a start. A kind
  // of object that CatalogChanges gets is to be looked at here, too: its commits are not waited for
  // otherwise.
  bool ChangesOnlyTemporary() const;
  // What the changes are made on.
  const CatalogStatePtr& base() const { return base_; }
  // Records since the last call, to go into the transaction's writes. Ends a statement.
  std::vector<Record> TakeRecords();
  // Spaces that are garbage once the transaction commits; since the last call.
  std::vector<uint32_t> TakeDroppedSpaces();

  using Result = absl::StatusOr<v1::DdlResult>;
  Result CreateTable(const common::v1::CreateTable& statement);
  // `kind`: "table", "view" or "sequence".
  Result DropRelations(const common::v1::DropTable& statement, std::string_view kind);
  // Every action that moves no data; the caller has validated data where needed.
  Result AlterTable(const common::v1::AlterTable& statement);
  // Adds an index in `state`, with a delta where that is BUILDING; the caller builds it.
  Result CreateIndex(const common::v1::CreateIndex& statement,
                     common::v1::IndexDescriptor::State state);
  // A public index has no delta any more. Errors: 42704.
  absl::Status SetIndexState(uint32_t table_id, uint32_t index_id,
                             common::v1::IndexDescriptor::State state);
  absl::Status RemoveIndex(uint32_t table_id, uint32_t index_id);
  Result DropIndexes(const common::v1::DropIndex& statement);
  // draft_partitions.cc
  // The partitions of a partitioned table, of all levels; `only_leaves`: those that have rows.
  std::vector<uint32_t> PartitionsOf(uint32_t table_id, bool only_leaves) const;
  // The caller has looked at the bounds, and looks at the rows. Errors: 42809.
  absl::Status AddPartition(uint32_t table_id, const common::v1::PartitionMember& partition);
  // The partition, should it still be there, is then a table of its own. Errors: 42P01.
  absl::Status RemovePartition(uint32_t table_id, uint32_t partition_id);
  // An index of the partition that does what `whole`, its table's, asks for becomes a part of it;
  // 0: there is none.
  absl::StatusOr<uint32_t> AdoptIndex(uint32_t table_id, const common::v1::IndexDescriptor& whole);
  // That one of them, if it does what `whole` asks for; false otherwise.
  absl::StatusOr<bool> AdoptIndex(uint32_t table_id, const common::v1::IndexDescriptor& whole,
                                  const common::v1::IndexDescriptor& part);
  // It is not `is_incomplete` any more.
  absl::Status SetIndexComplete(uint32_t table_id, uint32_t index_id);
  // New, empty spaces for rows and indexes.
  absl::Status Truncate(uint32_t table_id);
  // Before the table's primary key goes: drops the foreign keys and views that need it, or says
  // 2BP01 without `cascade`.
  absl::Status DropReferencesToPrimaryKey(const TableEntry& entry, bool cascade,
                                          v1::DdlResult* result);
  absl::Status DropViewsOnKey(const TableEntry& entry, bool cascade, v1::DdlResult* result);
  // The same before a column of it goes.
  absl::Status DropReferencesToColumn(const TableEntry& entry, uint32_t ordinal, bool cascade,
                                      v1::DdlResult* result);
  // New spaces for rows and indexes; the caller moves the rows.
  absl::Status MoveRows(uint32_t table_id);
  // New key (empty: hidden) in new spaces; the caller moves the rows.
  absl::Status ChangePrimaryKey(uint32_t table_id, const std::vector<uint32_t>& columns,
                                std::string name);
  // ALTER COLUMN … TYPE; in new spaces, unless the rows keep their form: the caller then moves
  // them. Errors: 42804 for a foreign key between types that do not compare.
  absl::Status SetTypes(uint32_t table_id, const common::v1::SetTypes& change);
  Result CreateSchema(const common::v1::CreateSchema& statement);
  Result DropSchema(const common::v1::DropSchema& statement);
  Result AlterSchema(const common::v1::AlterSchema& statement);
  // The schema of a session's temporary objects is there.
  absl::Status RequireTemporarySchema(const std::string& name);
  // REFRESH: the materialized view is populated or not, and has new, empty spaces unless it is
  // refreshed `concurrently`. Errors: 42809, 55000.
  absl::Status SetPopulated(const common::v1::RefreshMaterializedView& statement);
  Result CreateView(const common::v1::CreateView& statement);
  Result CreateSequence(const common::v1::CreateSequence& statement);
  Result AlterSequence(const common::v1::AlterSequence& statement);
  // RESTART: the sequence counts from `first` on, under a new storage_id.
  absl::Status RestartSequence(uint32_t sequence_id, int64_t first);
  // The sequences that belong to columns of the table.
  std::vector<uint32_t> OwnedSequences(uint32_t table_id) const;
  Result Comment(const common::v1::Comment& statement);
  // Errors: 42723, 42P13, 42809 as PostgreSQL has them for a function that is there already.
  Result CreateFunction(const common::v1::CreateFunction& statement);
  // Errors: 2BP01 for triggers that call one of them, unless CASCADE.
  Result DropFunctions(const common::v1::DropFunction& statement);
  // Another definition, name or schema. Errors: 42723 when that is taken.
  Result AlterFunction(const common::v1::AlterFunction& statement);
  // Errors: 42710.
  Result CreateTrigger(const common::v1::CreateTrigger& statement);
  Result DropTrigger(const common::v1::DropTrigger& statement);
  Result AlterTrigger(const common::v1::AlterTrigger& statement);
  // draft_policies.cc. Errors: 42710, 42704.
  Result CreatePolicy(const common::v1::CreatePolicy& statement);
  Result AlterPolicy(const common::v1::AlterPolicy& statement);
  Result DropPolicy(const common::v1::DropPolicy& statement);
  // draft_declared_types.cc, draft_type_drops.cc: types that users declare.
  Result CreateType(const common::v1::CreateType& statement);
  // draft_operators.cc
  Result CreateOperator(const common::v1::CreateOperator& statement);
  Result AlterOperator(const common::v1::AlterOperator& statement);
  Result DropOperators(const common::v1::DropOperator& statement);
  Result CreateCollation(const common::v1::CreateCollation& statement);
  Result AlterCollation(const common::v1::AlterCollation& statement);
  Result DropCollations(const common::v1::DropCollation& statement);
  // The caller has held existing values against a domain's new constraints.
  Result AlterType(const common::v1::AlterType& statement);
  Result DropTypes(const common::v1::DropType& statement);

  // draft_databases.cc: the databases of the cluster.
  Result CreateDatabase(const common::v1::CreateDatabase& statement);
  // With all that is in it. REQUIRES: nobody uses it any more.
  Result DropDatabase(const common::v1::DropDatabase& statement);
  Result AlterDatabase(const common::v1::AlterDatabase& statement);

  // Errors: 42P01.
  absl::StatusOr<TableEntryPtr> Table(uint32_t table_id) const;

 private:
  // As descriptors have the database: 0 for adbms.
  uint32_t KeptDatabaseId() const;
  // Errors: 3D000.
  absl::StatusOr<common::v1::DatabaseDescriptor> DatabaseNamed(const std::string& name) const;
  Result CommentOnDatabase(const common::v1::Comment& statement);
  void PutDatabase(uint32_t id, std::optional<common::v1::DatabaseDescriptor> database);
  // The records of what there is in another database go.
  void EraseContents(const CatalogState& contents);
  // What is permanent is not made of what is temporary. Errors: 0A000.
  absl::Status CheckOutlived(const common::v1::TableDescriptor& table) const;
  absl::Status PutTable(common::v1::TableDescriptor table);
  void EraseTable(const TableEntry& entry);
  // Triggers for each row are copied to partitions: to this one and all below, to all below a
  // table; and the copies go with them (draft_triggers.cc). `or_replace`: a partition's own of the
  // name becomes one. Errors: 42710.
  absl::Status CopyTrigger(const common::v1::TriggerDescriptor& trigger, uint32_t table_id,
                           bool or_replace);
  absl::Status CopyTriggerBelow(const common::v1::TriggerDescriptor& trigger,
                                const common::v1::TableDescriptor& table, bool or_replace);
  absl::Status RemoveCopy(uint32_t trigger_id, uint32_t table_id);
  absl::Status RemoveTriggerBelow(uint32_t trigger_id, const common::v1::TableDescriptor& table);
  // Whoever works with the tables above a partition works with what it is: they get new versions,
  // once in a statement, however many of their partitions it changes.
  absl::Status RenewAbove(const common::v1::TableDescriptor& table);
  // A new partition has the keys and indexes of its table.
  static absl::Status InheritKeys(const common::v1::TableDescriptor& parent,
                                  common::v1::TableDescriptor* table);
  // The parts that partitions have of an index.
  absl::Status RemoveParts(uint32_t table_id, uint32_t index_id);
  void PutEntry(uint32_t table_id, TableEntryPtr entry);
  // The type, and with it every table, view and type that has values of it.
  absl::Status PutType(common::v1::TypeDescriptor type);
  void EraseType(uint32_t oid);
  void SetTypeEntry(uint32_t oid, TypeEntryPtr entry);
  // Gives a range's multirange its numbers and the name of its arrays.
  absl::Status AddMultirange(common::v1::DeclaredType* declared);
  // A name that the arrays of a type of this name can have.
  std::string FreeArrayName(const std::string& schema, const std::string& name) const;
  // Errors: 42710, unless neither type nor relation has the name.
  absl::Status RequireFreeTypeName(const std::string& schema, const std::string& name) const;
  absl::Status AddLabel(const common::v1::AddEnumValue& value, bool if_not_exists,
                        common::v1::TypeDescriptor* type, v1::DdlResult* result);
  absl::Status RenameLabel(const common::v1::RenameEnumValue& value,
                           common::v1::TypeDescriptor* type) const;
  absl::Status MoveType(const common::v1::AlterType& statement, common::v1::TypeDescriptor* type);
  // draft_attributes.cc. Errors: ADB01 when the attributes are others by now, 42P16 for a type that
  // would contain itself, 0A000 while values of it are kept.
  absl::Status ChangeAttributes(const common::v1::AlterAttributes& change,
                                common::v1::TypeDescriptor* type) const;
  absl::Status RequireNoValues(const common::v1::DeclaredType& declared) const;
  absl::Status AlterDomain(const common::v1::AlterType& statement, common::v1::TypeDescriptor* type,
                           v1::DdlResult* result) const;
  // Errors: ADB01 when text that came after `version` may name the type.
  absl::Status CheckMentions(const common::v1::TypeDescriptor& type, uint64_t version) const;
  struct TypeDrop;
  absl::Status CollectTypeDrop(TypeDrop* drop, const common::v1::TypeDescriptor& type,
                               const common::v1::DropType& statement) const;
  absl::Status CarryOut(const TypeDrop& drop, v1::DdlResult* result);
  void PutSchema(uint32_t schema_id, std::optional<common::v1::SchemaDescriptor> schema);
  // Stamps a version.
  void SetObjects(CatalogState::Objects objects);
  void PutCollation(uint32_t oid, CollationPtr collation);  // Null: it goes.
  // Errors: 2BP01 for what columns, domains, indexes or views have; 0A000 with CASCADE.
  absl::Status CheckUnused(const common::v1::CollationDescriptor& collation, bool cascade) const;
  void PutFunction(common::v1::FunctionDescriptor function);
  void EraseFunction(uint32_t function_id);
  // Drops the triggers that call the function. Errors: 2BP01 unless `cascade`.
  // Nothing: it goes.
  void PutOperator(uint32_t id, std::optional<common::v1::OperatorDescriptor> op);
  // Errors: 42723.
  absl::Status RequireFreeOperator(const common::v1::OperatorDescriptor& op) const;
  // Errors: 2BP01 without `cascade`, when operators consist of one of the functions.
  absl::Status DropOperatorsOf(const std::set<uint32_t>& function_ids, bool cascade,
                               v1::DdlResult* result);
  // Adds the aggregates that consist of the functions. Errors: 2BP01 without `cascade`.
  absl::Status AddAggregatesOf(bool cascade, std::set<uint32_t>* ids, v1::DdlResult* result) const;
  absl::Status DropTriggersOf(const common::v1::FunctionDescriptor& function, bool cascade,
                              v1::DdlResult* result);
  // The triggers of UPDATE OF the column, or with it in WHEN, go with it. Errors: 2BP01 unless
  // `cascade`.
  absl::Status DropTriggersOn(common::v1::TableDescriptor* table, uint32_t ordinal, bool cascade,
                              v1::DdlResult* result);
  static absl::Status SetRowSecurity(const common::v1::SetRowSecurity& change,
                                     common::v1::TableDescriptor* table);
  // Errors: 42P01, 42883 for what is not there any more.
  absl::Status CheckPolicySources(const common::v1::PolicyDescriptor& policy) const;
  // The table's policies that depend on `what` go with it; whether there were any. Errors: 2BP01
  // unless `cascade`.
  static absl::StatusOr<bool> DropPoliciesWith(
      const std::string& what,
      const std::function<bool(const common::v1::PolicyCondition&)>& depends, bool cascade,
      common::v1::TableDescriptor* table, v1::DdlResult* result);
  // The same for those that name the table's column, and for those of all tables but `dropping`.
  static absl::Status DropPoliciesOn(common::v1::TableDescriptor* table, uint32_t ordinal,
                                     bool cascade, v1::DdlResult* result);
  absl::Status DropPoliciesThat(
      const std::string& what,
      const std::function<bool(const common::v1::PolicyCondition&)>& depends,
      const std::vector<uint32_t>& dropping, bool cascade, v1::DdlResult* result);
  absl::Status RequireSchema(const std::string& schema) const;
  // A new, empty space for the table's rows.
  absl::Status NewStorage(common::v1::TableDescriptor* table);
  absl::Status NewSpaces(common::v1::TableDescriptor* table);
  absl::Status AlterDescriptor(const common::v1::AlterTable& statement,
                               common::v1::TableDescriptor* table, v1::DdlResult* result);
  absl::Status AddIndex(common::v1::TableDescriptor* table, common::v1::IndexDescriptor index,
                        const char* suffix, uint32_t* index_id);
  // Whether a partition has the key because its table has it: that one's is spoken of.
  bool IsInherited(const common::v1::TableDescriptor& partition,
                   const common::v1::ForeignKeyDescriptor& key) const;
  absl::Status AddForeignKey(common::v1::TableDescriptor* table,
                             common::v1::ForeignKeyDescriptor key);
  absl::Status CheckKeyTypes(const common::v1::TableDescriptor& child,
                             const common::v1::TableDescriptor& parent,
                             const common::v1::ForeignKeyDescriptor& key) const;
  absl::Status DropColumn(common::v1::TableDescriptor* table, uint32_t ordinal, bool cascade,
                          v1::DdlResult* result);
  // The generated columns that read the column go with it. Errors: 2BP01 without `cascade`.
  absl::Status DropGeneratedFrom(common::v1::TableDescriptor* table, uint32_t ordinal, bool cascade,
                                 v1::DdlResult* result);
  // Drops the views for which `depends` holds and those that read them. Errors: 2BP01 unless
  // `cascade`; `what` is about to be dropped.
  absl::Status DropViewsOn(const std::string& what,
                           const std::function<bool(const common::v1::ViewDependency&)>& depends,
                           const std::vector<uint32_t>& dropping, bool cascade,
                           v1::DdlResult* result);
  // A serial or identity column gets its sequence.
  absl::Status AddOwnedSequence(common::v1::TableDescriptor* table,
                                const common::v1::OwnedSequence& owned);
  absl::Status PutSequence(common::v1::TableDescriptor sequence, uint32_t* id);
  // Drops the defaults that take values from the sequence. Errors: 2BP01 unless `cascade`; what is
  // in `dropping`, or the column of `dropping_column`, does not count.
  absl::Status ReleaseSequence(const TableEntry& sequence, const std::vector<uint32_t>& dropping,
                               bool cascade, v1::DdlResult* result);
  // Drops the sequences that belong to the table (`column`: to that one), in `table` itself too.
  // draft_names.cc: a constraint or an index of the table; an index of a constraint has its name.
  absl::Status RenameConstraint(const common::v1::RenameConstraint& change,
                                common::v1::TableDescriptor* table);
  absl::Status MoveToSchema(const std::string& schema, common::v1::TableDescriptor* table);
  // The objects of a schema that has another name by now.
  absl::Status RenameSchemaOfObjects(const std::string& before, const std::string& after);
  absl::Status DropOwnedSequences(const common::v1::TableDescriptor& table,
                                  std::optional<uint32_t> column,
                                  const std::vector<uint32_t>& dropping, bool cascade,
                                  v1::DdlResult* result);
  absl::Status SetIdentity(const common::v1::SetIdentity& change,
                           common::v1::TableDescriptor* table, v1::DdlResult* result);
  absl::Status AlterConstraint(common::v1::TableDescriptor* table,
                               const common::v1::AlterConstraint& change);
  // VALIDATE CONSTRAINT, after its rows have been looked at.
  absl::Status MarkValid(common::v1::TableDescriptor* table, const std::string& name);
  // The foreign keys to `table` that are chosen, which depend on `depended`, which goes with
  // `what`.
  absl::Status DropReferences(
      common::v1::TableDescriptor* table, const std::string& what, const std::string& depended,
      const std::function<bool(const common::v1::ForeignKeyDescriptor&)>& chosen, bool cascade,
      v1::DdlResult* result);
  absl::Status DropReferencesToColumn(common::v1::TableDescriptor* table, uint32_t ordinal,
                                      bool cascade, v1::DdlResult* result);
  // The foreign keys that rely on a unique constraint of `table` over these columns.
  absl::Status DropReferencesToKey(common::v1::TableDescriptor* table, const std::string& name,
                                   const std::set<uint32_t>& columns, bool cascade,
                                   v1::DdlResult* result);
  absl::Status DropConstraint(common::v1::TableDescriptor* table, const std::string& name,
                              bool if_exists, bool cascade, v1::DdlResult* result);
  absl::Status CheckNoReferences(const TableEntry& entry, const std::vector<uint32_t>& dropping,
                                 bool cascade, v1::DdlResult* result);
  std::string FreeName(const std::string& schema, const std::string& base) const;

  Database* database_;
  Catalog* catalog_;
  CatalogStatePtr base_;
  CatalogStatePtr state_;
  CatalogChanges changes_;
  std::vector<Record> records_;
  std::vector<uint32_t> dropped_spaces_;
  std::set<uint32_t> renewed_;  // By RenewAbove, since the last TakeRecords.
};

}  // namespace adbms::storage::catalog
