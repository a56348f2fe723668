// Catalog functions of pg_catalog over one version of the catalog: pg_get_indexdef, format of
// regclass, sizes, values of sequences … One statement's, on its thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/sql/functions/function_catalog.h"
#include "services/storage/server/sequence_functions.h"
#include "services/storage/server/session_functions.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

class CatalogFunctionsImpl : public sql::functions::CatalogFunctions {
 public:
  // All are borrowed.
  CatalogFunctionsImpl(txn::Shared* shared, const catalog::CatalogState* catalog,
                       const sql::functions::EvaluationContext* session, SequenceUse* sequences,
                       SessionUse* session_use)
      : shared_(shared),
        catalog_(*catalog),
        session_(*session),
        sequences_(sequences),
        session_use_(session_use) {}
  absl::StatusOr<types::Value> Call(std::string_view name,
                                    const std::vector<types::Value>& arguments) const override;

 private:
  txn::Shared* const shared_;
  const catalog::CatalogState& catalog_;
  const sql::functions::EvaluationContext& session_;
  SequenceUse* const sequences_;
  SessionUse* const session_use_;
};

// The table or view that a possibly qualified, possibly quoted name means under the session's
// search path; null when there is none.
const catalog::TableEntry* FindRelation(const catalog::CatalogState& catalog,
                                        const sql::functions::EvaluationContext& session,
                                        std::string_view name);

// The comment on an object (`part`: a column's number) of the given catalog; empty: any.
std::optional<std::string> CommentOn(const catalog::CatalogState& catalog, uint32_t object,
                                     std::string_view catalog_name, int64_t part);

}  // namespace adbms::storage::server
