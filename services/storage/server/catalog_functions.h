// Catalog functions of pg_catalog over one version of the catalog: pg_get_indexdef, format of
// regclass, sizes, values of sequences … One statement's, on its thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/sql/functions/function_catalog.h"
#include "services/storage/server/sequence_functions.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

class CatalogFunctionsImpl : public sql::functions::CatalogFunctions {
 public:
  // All are borrowed.
  CatalogFunctionsImpl(txn::Shared* shared, const catalog::CatalogState* catalog,
                       const sql::functions::EvaluationContext* session, SequenceUse* sequences)
      : shared_(shared), catalog_(*catalog), session_(*session), sequences_(sequences) {}
  absl::StatusOr<types::Value> Call(std::string_view name,
                                    const std::vector<types::Value>& arguments) const override;

 private:
  txn::Shared* const shared_;
  const catalog::CatalogState& catalog_;
  const sql::functions::EvaluationContext& session_;
  SequenceUse* const sequences_;
};

// The table or view that a possibly qualified, possibly quoted name means under the session's
// search path; null when there is none.
const catalog::TableEntry* FindRelation(const catalog::CatalogState& catalog,
                                        const sql::functions::EvaluationContext& session,
                                        std::string_view name);

// Where unqualified names are looked for, in order.
std::vector<std::string> PathOf(const sql::functions::EvaluationContext& session);

// Definitions as PostgreSQL prints them.
std::string IndexDefinition(const catalog::TableEntry& table,
                            const common::v1::IndexDescriptor* index);
std::string ConstraintDefinition(const catalog::CatalogState& catalog,
                                 const catalog::TableEntry& table,
                                 const std::vector<std::string>& path, uint32_t constraint_oid,
                                 bool* found);
// A column's DEFAULT; a constant in quotes is shown with its type, a sequence by its name under
// `path`.
std::string DefaultDefinition(const catalog::CatalogState& catalog,
                              const std::vector<std::string>& path,
                              const common::v1::ColumnDescriptor& column);
// Whether the column has a DEFAULT of its own, which an identity column has not.
bool HasStoredDefault(const common::v1::ColumnDescriptor& column);
uint32_t AttributeDefaultOid(uint32_t table_id, int ordinal);
// Whether the sequence is an identity column's.
bool IdentitySequenceOf(const catalog::CatalogState& catalog,
                        const common::v1::TableDescriptor& sequence);
// The comment on an object (`part`: a column's number) of the given catalog; empty: any.
std::optional<std::string> CommentOn(const catalog::CatalogState& catalog, uint32_t object,
                                     std::string_view catalog_name, int64_t part);
// The index that a foreign key refers to; 0 when there is none.
uint32_t ReferencedIndexOid(const catalog::CatalogState& catalog,
                            const common::v1::ForeignKeyDescriptor& key);
// Oids of constraints, derived from what they belong to: stable while the constraint stands.
uint32_t PrimaryKeyConstraintOid(const catalog::TableEntry& table);
uint32_t UniqueConstraintOid(const common::v1::IndexDescriptor& index);
uint32_t CheckConstraintOid(const catalog::TableEntry& table, int position);
uint32_t ForeignKeyConstraintOid(const catalog::TableEntry& table, int position);

}  // namespace adbms::storage::server
