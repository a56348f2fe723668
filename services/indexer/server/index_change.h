// The changes of indexes that the indexer makes, as DDL, as text and as they go through the ledger.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "adbms/indexer/v1/indexer.pb.h"
#include "services/indexer/candidates/candidates.h"

namespace adbms::indexer::server {

// The created_by of the indexer's indexes, and its name as a module.
inline constexpr char kIndexer[] = "indexer";

// "auto_orders_customer_id_1a2b3c4d": table, columns, and a digest of all that makes the index.
std::string IndexName(const candidates::Candidate& candidate,
                      const common::v1::TableDescriptor& table);
// IF NOT EXISTS, under that name.
common::v1::DdlStatement CreateDdl(const candidates::Candidate& candidate,
                                   const common::v1::TableDescriptor& table);
// IF EXISTS.
common::v1::DdlStatement DropDdl(const std::string& schema, const std::string& name);
// Makes the drop one of the very indexes that have the names now. Errors: FAILED_PRECONDITION when
// one is not the indexer's: somebody has made another of that name.
absl::Status NameOwnIndexes(const common::v1::CatalogSnapshot& catalog,
                            common::v1::DdlStatement* ddl);
std::string DropStatement(const std::string& schema, const std::string& name);

// A proposal's payload.
std::string Payload(const indexer::v1::IndexChange& change);
// Also those of ledgers from before IndexChange. Errors: INVALID_ARGUMENT for bytes that are none.
absl::StatusOr<indexer::v1::IndexChange> FromPayload(const std::string& payload);

}  // namespace adbms::indexer::server
