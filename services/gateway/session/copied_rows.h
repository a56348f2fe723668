// COPY into what has triggers: the rows become those of one INSERT (decision 050). Not thread-safe.
#pragma once

#include <functional>
#include <vector>

#include "common/sql/sql.h"
#include "services/gateway/program/host.h"
#include "services/storage/api/storage.h"

namespace adbms::gateway::session {

// Whether the gateway has to fire triggers for rows that are copied into the table.
bool FiresForCopy(const sql::Catalog& catalog, const common::v1::TableDescriptor& table,
                  bool is_replica);

class CopiedRows : public storage::api::BulkWriter {
 public:
  // Inserts the rows of the table's live columns by the statement, in which they are the relation
  // `name`; how many there are then. Errors: the statement's.
  using Insert = std::function<absl::StatusOr<uint64_t>(
      const std::string& sql, const std::string& name, program::Rows rows)>;
  CopiedRows(const common::v1::TableDescriptor& table, Insert insert);

  // Errors: 53200 beyond what a session may hold.
  absl::Status Write(const types::Batch& batch) override;
  absl::StatusOr<uint64_t> Finish() override;

 private:
  const Insert insert_;
  std::string sql_;
  program::Rows rows_;
};

}  // namespace adbms::gateway::session
