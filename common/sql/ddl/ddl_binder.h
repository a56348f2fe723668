// DDL statements to catalog changes. One DdlBinder binds one statement.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/binder/binder.h"

namespace adbms::sql::ddl {

using binder::Binder;
using binder::BoundQuery;
using binder::CategoryOf;
using binder::ParseExpression;
using binder::Type;
using binder::TypeId;
using parser::Node;
using parser::NodeList;
using plan::ColumnId;

// PRIMARY KEY, UNIQUE, CHECK, FOREIGN KEY or EXCLUDE, not an attribute of a column.
bool IsTableConstraint(const PgQuery__Constraint& constraint);

// How many steps the statement has; 1 for all but ALTER TABLE.
size_t CountSteps(const parser::StatementTree& tree);

// Whether the expression's text has the name in it.
bool MentionsColumn(std::string_view sql, const std::string& name);

class TableExpressions;

class DdlBinder {
 public:
  // `input` and `tree` are borrowed. `step`: which of the statement's.
  DdlBinder(const PlanningInput& input, const parser::StatementTree& tree, size_t step)
      : input_(input), tree_(tree), step_(step) {}
  // Errors: 42xxx and 0A000 with positions.
  absl::StatusOr<std::vector<common::v1::DdlStatement>> Bind();
  // See sql::ResolveGranted.
  absl::StatusOr<std::vector<uint32_t>> GrantedObjects() const;

 private:
  using Table = common::v1::TableDescriptor;

  // create_table.cc
  absl::Status CreateTable(const PgQuery__CreateStmt& create);
  // Errors: 42P16 for a permanent table.
  absl::Status SetOnCommit(const PgQuery__CreateStmt& create, Table* table) const;
  absl::Status AddColumnDefinition(const PgQuery__ColumnDef& definition, Table* table);
  absl::StatusOr<common::v1::ColumnDescriptor> ColumnOf(const PgQuery__ColumnDef& definition,
                                                        const std::string& table_name);
  // `siblings`: all constraints of the column's definition, its own attributes among them; none for
  // a table's constraint.
  absl::Status AddConstraint(const PgQuery__Constraint& constraint, const std::string& column,
                             NodeList siblings, Table* table);
  absl::Status AddPrimaryKey(const PgQuery__Constraint& constraint, const std::string& column,
                             common::v1::Deferral deferral, Table* table);
  // collations.cc. `what`: drop, alter or copy. Errors: 42704, 3F000; 42501 and 2BP01 for one of
  // the system.
  absl::StatusOr<const common::v1::CollationDescriptor*> FindMadeCollation(
      const std::vector<std::string>& names, const char* what) const;
  absl::Status CreateCollation(const PgQuery__DefineStmt& create);
  absl::StatusOr<common::v1::AlterCollation*> AlterCollation(const Node* object);
  absl::Status RenameCollation(const PgQuery__RenameStmt& rename);
  absl::Status SetCollationSchema(const PgQuery__AlterObjectSchemaStmt& move);
  absl::Status SetCollationOwner(const PgQuery__AlterOwnerStmt& change);
  absl::Status RefreshCollation(const PgQuery__AlterCollationStmt& refresh);
  absl::Status DropCollations(const PgQuery__DropStmt& drop);
  // exclusion.cc. Errors: 42883, 42809 for an operator that is not commutative; 0A000.
  absl::Status AddExclusion(const PgQuery__Constraint& constraint, common::v1::Deferral deferral,
                            Table* table);
  absl::StatusOr<const functions::Function*> ExclusionOperator(NodeList names, const Type& type,
                                                               const Table& table) const;
  absl::Status AddUnique(const PgQuery__Constraint& constraint, const std::string& column,
                         common::v1::Deferral deferral, Table* table);
  absl::Status AddCheck(const PgQuery__Constraint& constraint, const std::string& column,
                        Table* table);
  // Binds the table's conditions, and keeps them as they will be shown.
  absl::Status ValidateChecks(Table* table);
  absl::StatusOr<std::string> ExpressionText(const Node* node, int location,
                                             std::string_view keyword) const;
  // Errors: 0A000 for a COLLATE other than the database's.
  // The type with the collation that is written behind it. Errors: 42704, 42804.
  absl::StatusOr<Type> Collated(const Type& type, const PgQuery__CollateClause* clause) const;
  // Errors: 42704, always: values of the type have no order that an index could keep.
  absl::Status NotIndexable(const Type& type) const { return NoDefaultClass(type, "btree"); }
  // The same of another access method's.
  absl::Status NoDefaultClass(const Type& type, const std::string& method) const;
  absl::StatusOr<std::vector<uint32_t>> KeyColumns(NodeList keys, const std::string& column,
                                                   const Table& table, const char* what,
                                                   int location);
  std::string ChooseName(const std::string& base, const std::string& columns, const char* suffix,
                         const Table& table) const;
  bool NameTaken(const std::string& name, const Table& table) const;

  // partitions.cc
  absl::Status BindPartitionKey(const PgQuery__PartitionSpec& spec, Table* table);
  absl::Status AddPartitionColumn(const PgQuery__PartitionElem& element, Table* table);
  // Errors: 42P17 for a generated one.
  absl::Status CheckPartitionColumn(const common::v1::ColumnDescriptor& column,
                                    const PgQuery__PartitionElem& element) const;
  // Errors: 0A000 for keys of a partitioned table that do not have the partition key in them, and
  // so could not be checked within a partition. `kind`: "UNIQUE", "PRIMARY KEY".
  absl::Status CheckKeyHasPartitionKey(const Table& table,
                                       const google::protobuf::RepeatedField<uint32_t>& columns,
                                       const char* kind) const;
  // The table's own, on all levels of its partitions.
  absl::Status CheckKeysHavePartitionKey(const Table& table) const;
  // Those of `keyed` in `part`, which is a partition of it or is going to be.
  absl::Status CheckKeysOf(const Table& keyed, const Table& part) const;
  // FOR VALUES … of a partition `name` to be. Errors: 42P16, 42P17, 42804.
  absl::StatusOr<common::v1::PartitionBound> BindBound(const PgQuery__PartitionBoundSpec& spec,
                                                       const Table& parent,
                                                       const std::string& name);
  absl::Status BindRangeEnd(
      NodeList nodes, const Table& parent,
      google::protobuf::RepeatedPtrField<common::v1::PartitionRangeValue>* end);
  // A constant of the type of the key at this position.
  absl::StatusOr<plan::ExprPtr> BindBoundValue(const Node* node, const Table& parent,
                                               size_t at) const;
  // PARTITION OF: the columns, checks and references of the partitioned table, with what is said
  // beside.
  absl::Status AddInherited(const PgQuery__CreateStmt& create, common::v1::CreateTable* statement);

  // alter_partition.cc
  absl::Status AttachPartition(const PgQuery__PartitionCmd& command, const Table& table);
  absl::Status DetachPartition(const PgQuery__PartitionCmd& command, const Table& table);
  // Whether `child` could be a partition of `parent` by its columns and constraints.
  absl::Status CheckFitsParent(const Table& child, const Table& parent) const;
  // What may not be done to a partition alone, to a partitioned table without its partitions
  // (`only`), or to a column of a partition key.
  absl::Status CheckPartitionAction(const PgQuery__AlterTableCmd& command, bool only,
                                    const Table& table) const;
  // Errors: 42P16 when the column is in the partition key of the table or of one below it.
  absl::Status CheckNoPartitionKey(const Table& table, const std::string& column,
                                   const char* verb) const;

  // generated_column.cc
  // The column's GENERATED ALWAYS AS; null: it has none. Errors: 42601 beside a default or an
  // identity.
  absl::StatusOr<const PgQuery__Constraint*> GenerationOf(const PgQuery__ColumnDef& definition,
                                                          const std::string& table_name) const;
  // Binds it over the columns of the table, of which it is one. Errors: 42P17, 42804.
  absl::Status BindGenerated(const PgQuery__ColumnDef& definition, uint32_t ordinal,
                             Table* table) const;
  absl::Status BindAllGenerated(NodeList elements, Table* table) const;
  // Errors: 42601 for an action that would set a generated column.
  absl::Status CheckGeneratedKey(const Table& table,
                                 const common::v1::ForeignKeyDescriptor& key) const;
  absl::Status DropExpression(const PgQuery__AlterTableCmd& command, const Table& table);

  // like_clause.cc
  // First the columns, where the clause stands, then, with all columns there, what it includes.
  absl::Status AddColumnsLike(const PgQuery__TableLikeClause& like,
                              common::v1::CreateTable* statement);
  absl::Status AddPropertiesLike(const PgQuery__TableLikeClause& like,
                                 common::v1::CreateTable* statement);
  // `places`: the new ordinals of the source's columns.
  absl::Status AddIndexesLike(const PgQuery__TableLikeClause& like, const Table& source,
                              const std::vector<uint32_t>& places, Table* table);
  absl::StatusOr<common::v1::OwnedSequence> SequenceLike(const common::v1::ColumnDescriptor& column,
                                                         const Table& table, uint32_t ordinal);
  // The expression over the columns of the same names.
  absl::StatusOr<common::v1::IndexExpression> ExpressionLike(
      const common::v1::IndexExpression& expression, const Table& source, const Table& table,
      const char* what) const;

  // foreign_key.cc
  absl::Status AddForeignKey(const PgQuery__Constraint& constraint, const std::string& column,
                             common::v1::Deferral deferral, Table* table);
  absl::Status ReadActions(const PgQuery__Constraint& constraint, const Table& table,
                           common::v1::ForeignKeyDescriptor* key) const;
  // Errors: 42601 for attributes that are misplaced or contradict each other.
  absl::StatusOr<common::v1::Deferral> DeferralOfColumnConstraint(
      const PgQuery__Constraint& constraint, NodeList siblings) const;

  // alter_table.cc
  absl::Status AlterTable(const PgQuery__AlterTableStmt& alter);
  absl::Status AlterAction(const PgQuery__AlterTableCmd& command, const Table& table);
  // Errors: 42704 when the table has no such index.
  absl::Status IndexNamed(const Table& table, const std::string& name) const;
  // A new change of the table.
  common::v1::AlterTable* Alter(const Table& table, bool if_exists);

  // alter_column.cc
  absl::Status AddColumn(const PgQuery__AlterTableCmd& command, const Table& table);
  absl::Status DropColumn(const PgQuery__AlterTableCmd& command, const Table& table);
  absl::Status AlterNotNull(const PgQuery__AlterTableCmd& command, const Table& table);
  absl::Status AlterDefault(const PgQuery__AlterTableCmd& command, const Table& table);
  absl::Status AlterIdentity(const PgQuery__AlterTableCmd& command, const Table& table);
  // What rows written before an added column have in it: its default's value now.
  absl::Status SetMissingValue(const PgQuery__ColumnDef& definition,
                               common::v1::ColumnDescriptor* column);

  // The same for a column without one, of a domain.
  absl::Status SetDomainsValue(common::v1::ColumnDescriptor* column) const;

  // alter_type.cc: ALTER COLUMN … TYPE of all columns of the statement that have one.
  absl::Status AlterTypes(const std::vector<const PgQuery__AlterTableCmd*>& commands,
                          const Table& table);
  // `after`: what the table becomes.
  absl::StatusOr<common::v1::SetTypes> BindTypes(
      const std::vector<const PgQuery__AlterTableCmd*>& commands, const Table& table, Table* after);
  absl::Status AlterType(const PgQuery__AlterTableCmd& command, const Table& table, Table* after,
                         common::v1::SetTypes* change);
  absl::Status CheckMayAlterType(const Table& table, uint32_t ordinal) const;
  absl::Status ConvertDefault(const common::v1::ColumnDescriptor& column, const Type& type,
                              common::v1::ColumnType* change) const;
  absl::Status BindChecksOf(const Table& before, const Table& after,
                            const std::set<uint32_t>& changed, common::v1::SetTypes* change) const;
  absl::Status CheckKeyTypes(const Table& after, const std::set<uint32_t>& changed) const;
  // The indexes whose expressions read one of the columns are made of the new types.
  absl::Status RebindIndexes(const Table& after, const std::set<uint32_t>& changed,
                             common::v1::SetTypes* change) const;
  // Whether they are of types that its operator classes accept. Errors: 42704, 42804.
  absl::Status CheckOperatorClasses(const common::v1::IndexDescriptor& index,
                                    const common::v1::ReboundIndex& rebound,
                                    const Table& after) const;
  // The same expression over columns of other types: its text is read anew.
  absl::StatusOr<plan::ExprPtr> Rebind(const common::v1::IndexExpression& expression,
                                       const std::string& what,
                                       TableExpressions* expressions) const;
  // The sequence of an identity column counts in the column's type.
  absl::Status AlterIdentityType(const Table& table, uint32_t ordinal);

  // alter_constraint.cc
  // `column`: of a constraint in that column's definition, else empty.
  absl::Status AddTableConstraint(const PgQuery__Constraint& constraint, const std::string& column,
                                  NodeList siblings, const Table& table);
  absl::Status AlterConstraint(const PgQuery__Constraint& constraint, const Table& table,
                               common::v1::AlterTable* alter) const;
  absl::Status ValidateConstraint(const std::string& name, const Table& table,
                                  common::v1::AlterTable* alter);
  absl::Status DropConstraint(const PgQuery__AlterTableCmd& command, const Table& table);
  absl::StatusOr<common::v1::Plan> ValidationPlan(const Table& table, const std::string& condition);

  // rename.cc
  absl::Status Rename(const PgQuery__RenameStmt& rename);
  // 0A000 when a view's text names the table (column: an ordinal of it), which would then not be
  // found any more.
  absl::Status CheckNoViewNames(const Table& table, std::optional<uint32_t> column) const;

  // sequences.cc
  struct SequenceChange {
    bool restart = false;
    std::vector<std::string> owned_by;  // Empty: not given; {"none"}.
    std::string name;                   // SEQUENCE NAME, as pg_dump writes it.
  };
  absl::Status CreateSequence(const PgQuery__CreateSeqStmt& create);
  absl::Status AlterSequence(const PgQuery__AlterSeqStmt& alter);
  absl::Status ReadSequenceOptions(NodeList options, bool identity,
                                   const common::v1::SequenceDescriptor* before,
                                   common::v1::SequenceDescriptor* sequence,
                                   SequenceChange* change);
  absl::Status SetSequenceOwner(const std::vector<std::string>& owned_by,
                                const Table& sequence_table,
                                common::v1::SequenceDescriptor* sequence);
  static void AddSequenceColumns(Table* table);
  // The sequence of a serial or identity column of `table`; nothing for any other column.
  absl::StatusOr<std::optional<common::v1::OwnedSequence>> OwnedSequenceOf(
      const PgQuery__ColumnDef& definition, const Table& table, uint32_t ordinal);
  absl::StatusOr<std::optional<common::v1::OwnedSequence>> OwnedSequence(
      const PgQuery__Constraint* identity, const Table& table, uint32_t ordinal);
  // A DEFAULT that is kept as text: whoever inserts computes it. Errors: as Binder::BindDefault.
  absl::StatusOr<plan::ExprPtr> BindKeptDefault(const std::string& sql,
                                                const common::v1::ColumnDescriptor& column) const;
  void LinkSequenceDefault(const plan::ExprPtr& value, std::string* sql,
                           uint32_t* sequence_id) const;

  // comment.cc
  absl::Status Comment(const PgQuery__CommentStmt& comment);
  absl::Status CommentOnIndex(const std::vector<std::string>& parts,
                              common::v1::Comment* statement) const;
  // The first `count` parts name a table, view or sequence.
  absl::StatusOr<const Table*> CommentTarget(const std::vector<std::string>& parts,
                                             size_t count) const;
  // DROP TRIGGER or POLICY `name` ON a table. Null: it is not there and need not be, of which
  // storage tells by its name in the statement. Errors: those of CommentTarget.
  absl::StatusOr<const Table*> TableOfPart(const PgQuery__DropStmt& drop, std::string* name,
                                           common::v1::DdlStatement* statement);

  absl::Status CommentOnPolicy(std::vector<std::string> parts,
                               common::v1::Comment* statement) const;
  absl::Status CommentOnTrigger(std::vector<std::string> parts,
                                common::v1::Comment* statement) const;

  // functions.cc
  absl::Status CreateFunction(const PgQuery__CreateFunctionStmt& create);
  // The arguments, and the result that those which are output make.
  absl::Status FunctionArguments(const PgQuery__CreateFunctionStmt& create,
                                 common::v1::FunctionDescriptor* function);
  // RETURNS. REQUIRES: the arguments are there.
  absl::Status FunctionResult(const PgQuery__CreateFunctionStmt& create,
                              common::v1::FunctionDescriptor* function);
  absl::StatusOr<std::string> ArgumentDefault(const PgQuery__FunctionParameter& parameter,
                                              const Type& type);

  // function_types.cc
  // Without modifier; SETOF is the caller's. `place`: "an argument" or "a result". Errors: 42704,
  // 0A000 for polymorphic and composite types.
  absl::StatusOr<Type> FunctionType(const PgQuery__TypeName& name, std::string_view place) const;
  absl::StatusOr<Type> TypeOfColumn(const std::vector<std::string>& parts) const;

  // find_function.cc
  // Errors: 42883, 42725, 42809, those of the types.
  absl::StatusOr<const common::v1::FunctionDescriptor*> FindFunction(
      PgQuery__ObjectType wanted, const PgQuery__ObjectWithArgs& object) const;
  // The schema of a function's name; empty without one. Errors: 0A000, 42601 for more names.
  absl::StatusOr<std::string> SchemaOf(const std::vector<std::string>& names) const;
  absl::StatusOr<std::vector<Type>> ArgumentTypes(const PgQuery__ObjectWithArgs& object) const;
  absl::Status DropFunctions(const PgQuery__DropStmt& drop);

  // alter_function.cc
  absl::Status AlterFunction(const PgQuery__AlterFunctionStmt& alter);
  absl::Status RenameFunction(const PgQuery__RenameStmt& rename);
  absl::Status AlterOwner(const PgQuery__AlterOwnerStmt& alter);
  absl::Status AlterSchema(const PgQuery__AlterObjectSchemaStmt& alter);
  // A new change of the function.
  common::v1::FunctionDescriptor* Alter(const common::v1::FunctionDescriptor& function);

  // triggers.cc
  absl::Status CreateTrigger(const PgQuery__CreateTrigStmt& create);
  absl::Status TriggerEvents(const PgQuery__CreateTrigStmt& create, const Table& table,
                             common::v1::TriggerDescriptor* trigger) const;
  // The number of the function of the name that takes nothing and returns trigger.
  absl::StatusOr<uint32_t> TriggerFunction(const std::vector<std::string>& names) const;
  absl::Status DropTrigger(const PgQuery__DropStmt& drop);
  // names.cc: an index, or a primary key, by its name.
  struct IndexReference {
    const Table* table = nullptr;
    uint32_t id = 0;
    std::string name;
  };
  // Errors: 42P01; 42809 for another relation.
  absl::StatusOr<IndexReference> ResolveIndex(const std::string& schema,
                                              const std::string& name) const;
  absl::Status AlterIndex(const PgQuery__AlterTableStmt& alter);
  absl::Status RenameIndex(const PgQuery__RenameStmt& rename);
  // Errors: 42704; 42P16 for one that a partition has from its table.
  absl::Status RenameConstraint(const PgQuery__RenameStmt& rename, const Table& table);
  absl::Status RenameSchema(const PgQuery__RenameStmt& rename);
  absl::Status SetSchemaOwner(const PgQuery__AlterOwnerStmt& change);
  // Errors: 3F000; 0A000 for a column's sequence, temporary objects, and what views read.
  absl::Status SetRelationSchema(const PgQuery__AlterObjectSchemaStmt& move);
  std::string RoleOf(const PgQuery__RoleSpec& role) const;
  absl::Status RenameTrigger(const PgQuery__RenameStmt& rename);
  absl::Status EnableTrigger(const PgQuery__AlterTableCmd& command, const Table& table);
  // 42704, always.
  absl::Status NoTrigger(const std::string& name, const Table& table) const;
  // 0A000 when a trigger's WHEN names the column, which would then not be found any more.
  // policies.cc
  absl::Status CreatePolicy(const PgQuery__CreatePolicyStmt& create);
  absl::Status AlterPolicy(const PgQuery__AlterPolicyStmt& alter);
  absl::Status RenamePolicy(const PgQuery__RenameStmt& rename);
  absl::Status DropPolicy(const PgQuery__DropStmt& drop);
  absl::Status SetRowSecurity(const PgQuery__AlterTableCmd& command, const Table& table);
  // Errors: 42809 for what is not a table.
  absl::StatusOr<const Table*> PolicyTable(const PgQuery__RangeVar& range) const;
  // `word`: what stands in front of it in the statement's text.
  absl::Status ReadCondition(const Node* node, std::string_view word, const Table& table,
                             common::v1::PolicyCondition* condition) const;
  void ReadPolicyRoles(NodeList roles, common::v1::PolicyDescriptor* policy) const;
  // Errors: 0A000 for a table, or one of its columns, that a policy's subqueries read, or whose
  // policies have its name in them.
  absl::Status CheckNoPolicyReads(const Table& table, std::optional<uint32_t> column) const;
  // Errors: 0A000 for a column that a policy's text names.
  absl::Status CheckNoPolicyNames(const Table& table, uint32_t column) const;
  absl::Status CheckNoTriggerNames(const Table& table, uint32_t column) const;

  // create_index.cc
  absl::Status CreateIndex(const PgQuery__IndexStmt& create);
  absl::Status CheckIndexKind(const PgQuery__IndexStmt& create) const;
  absl::Status CheckIndexElement(const PgQuery__IndexElem& element) const;
  // index_methods.cc: the same for methods other than btree. Sets the index's method. Errors: 42704
  // for one that there is not, 0A000 for what is not supported, 22023 for options.
  absl::Status CheckIndexMethod(const PgQuery__IndexStmt& create, const std::string& method,
                                common::v1::IndexDescriptor* index) const;
  // Adds what a key of the type is to an index of the method, which may be a B-tree. Errors: 42704
  // for an operator class that there is not, 42804 for one that does not accept the type.
  absl::Status AddOperatorClass(const PgQuery__IndexElem& element, const std::string& method,
                                const Type& type, common::v1::IndexDescriptor* index) const;
  // Of a btree's key; `name` empty: none was named.
  absl::Status AddOrderingClass(const std::string& name, const Type& type,
                                common::v1::IndexDescriptor* index) const;
  // Adds a key; returns what PostgreSQL calls it in the index's name.
  // Makes the key, which AddIndexKey has found, the sort key of its collation, where that has any
  // and the index orders by it: one that is unique compares bytes, which does as well where what is
  // equal is the same.
  absl::Status AddSortKey(const PgQuery__IndexElem& element, const Table& table, const Type& type,
                          common::v1::IndexDescriptor* index, uint32_t* ordinal) const;
  absl::StatusOr<std::string> AddIndexKey(const PgQuery__IndexElem& element,
                                          const std::string& method, const Table& table,
                                          common::v1::IndexDescriptor* index);
  absl::Status AddPredicate(const Node* where, const Table& table,
                            common::v1::IndexDescriptor* index);
  // `what` as in TableExpressions::Bind. Errors: 42P17 for what is not immutable.
  absl::StatusOr<common::v1::IndexExpression> KeepExpression(const TableExpressions& expressions,
                                                             const plan::ExprPtr& e,
                                                             const std::string& what) const;

  // declared_types.cc
  absl::Status CreateEnum(const PgQuery__CreateEnumStmt& create);
  absl::Status AlterEnum(const PgQuery__AlterEnumStmt& alter);
  absl::Status RenameType(const PgQuery__RenameStmt& rename);
  absl::Status SetTypeSchema(const PgQuery__AlterObjectSchemaStmt& move);
  absl::Status SetTypeOwner(const PgQuery__AlterOwnerStmt& change);
  absl::Status DropTypes(const PgQuery__DropStmt& drop);
  // A type that a user has declared. Errors: 42704, 3F000; 42501 for one that is built in.
  absl::StatusOr<const common::v1::TypeDescriptor*> FindType(
      const std::vector<std::string>& names) const;
  absl::StatusOr<std::string> NewTypeSchema(const std::vector<std::string>& names) const;
  // A new change of the type.
  common::v1::AlterType* AlterDeclared(const common::v1::TypeDescriptor& type);
  // The same for what `object` names. Where `what` ("renaming") is given: 0A000 when kept text has
  // the type's name.
  absl::StatusOr<common::v1::AlterType*> MoveType(const Node* object, bool domain,
                                                  const char* what);

  // composite_types.cc
  absl::Status CreateComposite(const PgQuery__CompositeTypeStmt& create);
  // ADD, DROP and ALTER ATTRIBUTE, all of them in one change.
  absl::Status AlterComposite(const PgQuery__AlterTableStmt& alter);
  absl::Status RenameAttribute(const PgQuery__RenameStmt& rename);
  // Errors: 42809 for another type.
  absl::StatusOr<const common::v1::TypeDescriptor*> FindComposite(
      const PgQuery__RangeVar& name) const;
  absl::StatusOr<common::v1::CompositeField> FieldOf(const PgQuery__ColumnDef& definition);
  // Errors: 42P16 for what no column may be of; 0A000 for rows of tables.
  absl::Status CheckColumnType(const Type& type, const std::string& column, int location) const;

  // aggregates.cc
  absl::Status CreateAggregate(const PgQuery__DefineStmt& create);
  absl::Status AggregateArguments(const PgQuery__DefineStmt& create,
                                  common::v1::FunctionDescriptor* function);
  // A type that an aggregate may be declared with. Errors: 0A000 for internal.
  absl::StatusOr<Type> AggregateType(const PgQuery__TypeName& name) const;
  absl::StatusOr<Type> AggregateOption(const PgQuery__DefElem& option) const;
  // What the options say, into `function`, whose arguments are known.
  absl::Status DefineAggregate(
      const std::map<std::string, const PgQuery__DefElem*, std::less<>>& options,
      common::v1::FunctionDescriptor* function);
  // A function that aggregates or operators consist of, what it returns, and whether it is strict.
  struct Support {
    common::v1::SupportFunction function;
    Type result;
    bool strict = false;
  };
  // The one that takes values of these types as they are; pseudo-types stay such. Errors: 42883,
  // 42804, 0A000 for PostgreSQL's that are not known here.
  absl::StatusOr<Support> FindSupport(const std::vector<std::string>& names,
                                      const std::vector<Type>& given) const;
  // The same of what is built in: its result, and whether it is strict.
  absl::StatusOr<std::pair<Type, bool>> BindSupport(const std::string& name,
                                                    const std::vector<Type>& given) const;
  // A result of a pseudo-type needs an argument that says what it is. Errors: 42P13.
  static absl::Status CheckPolymorphicResult(const common::v1::FunctionDescriptor& function);

  // operators.cc
  absl::Status CreateOperator(const PgQuery__DefineStmt& create);
  absl::Status DropOperators(const PgQuery__DropStmt& drop);
  absl::Status SetOperatorOwner(const PgQuery__AlterOwnerStmt& change);
  absl::Status SetOperatorSchema(const PgQuery__AlterObjectSchemaStmt& move);
  common::v1::OperatorDescriptor* Alter(const common::v1::OperatorDescriptor& op);
  // Errors: 42883.
  absl::StatusOr<const common::v1::OperatorDescriptor*> FindOperator(
      const PgQuery__ObjectWithArgs& object) const;
  // The oid of one with the operands of another, or with them swapped; 0: there is none.
  absl::StatusOr<uint32_t> OperatorOid(const std::vector<std::string>& names,
                                       const common::v1::OperatorDescriptor& of,
                                       bool swapped) const;

  // range_types.cc
  absl::Status CreateRange(const PgQuery__CreateRangeStmt& create);
  absl::StatusOr<Type> RangeSubtype(const PgQuery__DefElem& option);
  // The oid of the function that measures how far two values of the subtype are apart.
  absl::StatusOr<uint32_t> RangeDifference(const std::vector<std::string>& names,
                                           const Type& subtype) const;

  // domains.cc
  absl::Status CreateDomain(const PgQuery__CreateDomainStmt& create);
  absl::Status AlterDomain(const PgQuery__AlterDomainStmt& alter);
  absl::Status AddDomainConstraint(const PgQuery__Constraint& constraint,
                                   common::v1::TypeDescriptor* type);
  absl::Status AddDomainCheck(const PgQuery__Constraint& constraint,
                              common::v1::TypeDescriptor* type);
  // The bound form of a check over values of `base`.
  absl::StatusOr<std::string> BindDomainCheck(const std::string& sql, const Type& base) const;
  // Plans that count the values of the domain for which `condition`, over VALUE, holds.
  absl::Status AddDomainValidations(const common::v1::TypeDescriptor& type,
                                    const std::string& condition, common::v1::AlterType* alter);

  // databases.cc
  absl::Status CreateDatabase(const PgQuery__CreatedbStmt& create);
  absl::Status DropDatabase(const PgQuery__DropdbStmt& drop);
  absl::Status AlterDatabase(const PgQuery__AlterDatabaseStmt& alter);
  absl::Status RenameDatabase(const PgQuery__RenameStmt& rename);
  absl::Status SetDatabaseOwner(const PgQuery__AlterOwnerStmt& change);
  // The options that have a value, by name. Errors: 42601.
  absl::StatusOr<std::map<std::string, const PgQuery__DefElem*, std::less<>>> DatabaseOptions(
      NodeList given, const std::vector<std::string_view>& known) const;

  // create_view.cc
  absl::Status CreateView(const PgQuery__ViewStmt& create);
  absl::Status CreateMaterializedView(const PgQuery__CreateTableAsStmt& create);
  absl::Status RefreshMaterializedView(const PgQuery__RefreshMatViewStmt& refresh);
  // The query's text; its columns, called `names` as far as there are, and what it reads are the
  // view's. `too_many`: what to say when there are more names than columns.
  absl::StatusOr<std::string> BindViewQuery(const Node* query, NodeList names,
                                            std::string_view too_many, Table* view);
  bool ReadsTemporary(const Table& view) const;
  // WITH (…) of a view. Errors: 22023, 0A000.
  absl::Status ReadViewOptions(NodeList options, bool reset, common::v1::ViewRules* rules) const;
  // What may be changed through it. Errors: 0A000 for a CHECK OPTION where nothing may.
  absl::Status DescribeView(Table* view) const;
  absl::Status AlterViewOptions(const Table& view, NodeList options, bool reset);
  void KeepSearchPath(Table* view) const;

  // ddl_binder.cc
  absl::Status CreateSchema(const PgQuery__CreateSchemaStmt& create);
  absl::Status Drop(const PgQuery__DropStmt& drop);
  absl::Status Truncate(const PgQuery__TruncateStmt& truncate);
  // CASCADE: with the tables that reference them.
  void AddReferencing(common::v1::Truncate* truncate) const;
  // resolution.cc: notes what the names and numbers of the statement mean; `versions`: in which
  // version, too.
  void NoteResolution(bool versions, common::v1::DdlStatement* statement) const;
  // Any relation.
  absl::StatusOr<const Table*> ResolveAny(const PgQuery__RangeVar& range) const;
  // A table, view or sequence of a user.
  absl::StatusOr<const Table*> Resolve(const PgQuery__RangeVar& range) const;
  // Where a new relation goes. Errors: 3F000; 42P16 for what is temporary elsewhere than in the
  // session's own schema for it, or permanent in one.
  absl::StatusOr<std::string> TargetSchema(const PgQuery__RangeVar& range) const;
  // The schema of a new object; `schema`: that of its name, empty without one.
  absl::StatusOr<std::string> SchemaToCreateIn(const std::string& schema, int location) const;
  // The session's schema of temporary objects; the alias while it is not there.
  std::string TemporaryTarget() const;
  // Whether a table, view or index has the name.
  bool HasRelation(const std::string& schema, const std::string& name) const;
  absl::StatusOr<uint32_t> ColumnNamed(const Table& table, const std::string& name,
                                       int location) const;
  absl::Status ErrorAt(std::string_view code, int location, std::string_view message,
                       std::string_view hint = {}) const;
  absl::Status Unsupported(int location, std::string_view what) const;
  common::v1::DdlStatement* Add() { return &result_.emplace_back(); }

  const PlanningInput& input_;
  const parser::StatementTree& tree_;
  const size_t step_;
  std::vector<common::v1::DdlStatement> result_;
};

// Whether the partition key has to do with the column: by itself, or in an expression.
bool IsInKey(const common::v1::PartitionKey& key, uint32_t ordinal);

}  // namespace adbms::sql::ddl
