// Objects of the catalog as PostgreSQL writes them, and their numbers there. Pure functions over
// one version of the catalog.
#pragma once

#include <string>
#include <vector>

#include "common/sql/functions/function_catalog.h"
#include "services/storage/catalog/catalog_state.h"

namespace adbms::storage::server {

// Where unqualified names are looked for, in order.
std::vector<std::string> PathOf(const sql::functions::EvaluationContext& session);

// Whether the unqualified name means the relation of this schema.
bool IsVisible(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
               const std::string& schema, const std::string& name);
// With its schema where it must be.
std::string QualifiedName(const catalog::CatalogState& catalog,
                          const std::vector<std::string>& path, const std::string& schema,
                          const std::string& name);

// An index's access method by its name; null: a primary key's.
std::string AccessMethodOf(const common::v1::IndexDescriptor* index);
// Its oid in pg_am.
int64_t AccessMethodOid(std::string_view name);

// Definitions as PostgreSQL prints them. `path`: the search path.
std::string IndexDefinition(const catalog::TableEntry& table, const std::vector<std::string>& path,
                            const common::v1::IndexDescriptor* index, bool pretty = false);
// The key at this position, from 0, in parentheses where it is an operation.
std::string KeyDefinition(const common::v1::TableDescriptor& table,
                          const common::v1::IndexDescriptor& index, int position, bool pretty);
// The keys that are expressions, and WHERE, as pg_get_expr prints pg_index.indexprs and indpred.
std::string ExpressionDefinitions(const common::v1::TableDescriptor& table,
                                  const common::v1::IndexDescriptor& index);
std::string PredicateDefinition(const common::v1::TableDescriptor& table,
                                const common::v1::IndexDescriptor& index, bool pretty = false);
std::string ConstraintDefinition(const catalog::CatalogState& catalog,
                                 const catalog::TableEntry& table,
                                 const std::vector<std::string>& path, uint32_t constraint_oid,
                                 bool pretty, bool* found);
// A column's DEFAULT; a constant in quotes is shown with its type, a sequence by its name under
// `path`.
std::string DefaultDefinition(const catalog::CatalogState& catalog,
                              const std::vector<std::string>& path,
                              const common::v1::ColumnDescriptor& column);
// Whether the column has a DEFAULT of its own, which an identity column has not.
bool HasStoredDefault(const common::v1::ColumnDescriptor& column);
// What a generated column is, in parentheses where it is an operation.
std::string GeneratedDefinition(const common::v1::TableDescriptor& table,
                                const common::v1::ColumnDescriptor& column);
// The query of a view, materialized or not; empty: it is none.
const std::string& DefiningQuery(const common::v1::TableDescriptor& table);
// The same with the schemas of what is not visible under `path`.
std::string ShownQuery(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
                       const common::v1::TableDescriptor& table);
// A policy's condition over the table, as pg_get_expr has it.
std::string ConditionDefinition(const common::v1::TableDescriptor& table,
                                const common::v1::PolicyCondition& condition);
// Of the rule that stands for a view's query.
inline int64_t RuleOid(uint32_t view_id) { return 0x30000000 + int64_t{view_id}; }
uint32_t AttributeDefaultOid(uint32_t table_id, int ordinal);
// Whether the sequence is an identity column's.
bool IdentitySequenceOf(const catalog::CatalogState& catalog,
                        const common::v1::TableDescriptor& sequence);
// Whether PostgreSQL calls it unique: a deferrable constraint's index too.
bool IsUnique(const common::v1::IndexDescriptor& index);
// Whether it belongs to an exclusion constraint.
bool Excludes(const common::v1::IndexDescriptor& index);
// "NO ACTION", "CASCADE", …
const char* ActionName(common::v1::ReferentialAction action);
// The index that a foreign key refers to; 0 when there is none.
uint32_t ReferencedIndexOid(const catalog::CatalogState& catalog,
                            const common::v1::ForeignKeyDescriptor& key);
// Oids of constraints, derived from what they belong to: stable while the constraint stands.
uint32_t PrimaryKeyConstraintOid(const catalog::TableEntry& table);
uint32_t UniqueConstraintOid(const common::v1::IndexDescriptor& index);
uint32_t CheckConstraintOid(const catalog::TableEntry& table, int position);
uint32_t ForeignKeyConstraintOid(const catalog::TableEntry& table, int position);

}  // namespace adbms::storage::server
