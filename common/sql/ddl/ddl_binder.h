// DDL statements to catalog changes. One DdlBinder binds one statement.
#pragma once

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

class TableExpressions;

class DdlBinder {
 public:
  // `input` and `tree` are borrowed. `step`: which of the statement's.
  DdlBinder(const PlanningInput& input, const parser::StatementTree& tree, size_t step)
      : input_(input), tree_(tree), step_(step) {}
  // Errors: 42xxx and 0A000 with positions.
  absl::StatusOr<std::vector<common::v1::DdlStatement>> Bind();

 private:
  using Table = common::v1::TableDescriptor;

  // create_table.cc
  absl::Status CreateTable(const PgQuery__CreateStmt& create);
  absl::Status AddColumnDefinition(const PgQuery__ColumnDef& definition, Table* table);
  absl::StatusOr<common::v1::ColumnDescriptor> ColumnOf(const PgQuery__ColumnDef& definition,
                                                        const std::string& table_name);
  // `siblings`: all constraints of the column's definition, its own attributes among them; none for
  // a table's constraint.
  absl::Status AddConstraint(const PgQuery__Constraint& constraint, const std::string& column,
                             NodeList siblings, Table* table);
  absl::Status AddPrimaryKey(const PgQuery__Constraint& constraint, const std::string& column,
                             common::v1::Deferral deferral, Table* table);
  absl::Status AddUnique(const PgQuery__Constraint& constraint, const std::string& column,
                         common::v1::Deferral deferral, Table* table);
  absl::Status AddCheck(const PgQuery__Constraint& constraint, const std::string& column,
                        Table* table);
  absl::Status ValidateChecks(const Table& table);
  absl::StatusOr<std::string> ExpressionText(const Node* node, int location,
                                             std::string_view keyword) const;
  // Errors: 0A000 for a COLLATE other than the database's.
  absl::Status CheckCollation(const PgQuery__ColumnDef& definition) const;
  // Errors: 42704, always: values of the type have no order that an index could keep.
  absl::Status NotIndexable(const Type& type) const;
  absl::StatusOr<std::vector<uint32_t>> KeyColumns(NodeList keys, const std::string& column,
                                                   const Table& table, const char* what,
                                                   int location);
  std::string ChooseName(const std::string& base, const std::string& columns, const char* suffix,
                         const Table& table) const;
  bool NameTaken(const std::string& name, const Table& table) const;

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
  void LinkSequenceDefault(const plan::ExprPtr& value, std::string* sql,
                           uint32_t* sequence_id) const;

  // comment.cc
  absl::Status Comment(const PgQuery__CommentStmt& comment);
  absl::Status CommentOnIndex(const std::vector<std::string>& parts,
                              common::v1::Comment* statement) const;
  // The first `count` parts name a table, view or sequence.
  absl::StatusOr<const Table*> CommentTarget(const std::vector<std::string>& parts,
                                             size_t count) const;

  // create_index.cc
  absl::Status CreateIndex(const PgQuery__IndexStmt& create);
  absl::Status CheckIndexKind(const PgQuery__IndexStmt& create) const;
  absl::Status CheckIndexElement(const PgQuery__IndexElem& element) const;
  // Adds a key; returns what PostgreSQL calls it in the index's name.
  absl::StatusOr<std::string> AddIndexKey(const PgQuery__IndexElem& element, const Table& table,
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

  // ddl_binder.cc
  absl::Status CreateView(const PgQuery__ViewStmt& create);
  absl::Status CreateSchema(const PgQuery__CreateSchemaStmt& create);
  absl::Status Drop(const PgQuery__DropStmt& drop);
  absl::Status Truncate(const PgQuery__TruncateStmt& truncate);
  // CASCADE: with the tables that reference them.
  void AddReferencing(common::v1::Truncate* truncate) const;
  // resolution.cc: notes what the names and numbers of the statement mean; `versions`: in which
  // version, too.
  void NoteResolution(bool versions, common::v1::DdlStatement* statement) const;
  // A table, view or sequence of a user.
  absl::StatusOr<const Table*> Resolve(const PgQuery__RangeVar& range) const;
  absl::StatusOr<std::string> TargetSchema(const PgQuery__RangeVar& range) const;
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

}  // namespace adbms::sql::ddl
