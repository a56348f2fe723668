// The rows that a statement has sent for its triggers.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "common/sql/binder/triggers.h"
#include "common/sql/sql.h"
#include "services/gateway/program/host.h"

namespace adbms::gateway::session {

// What one of a statement's rows tells its triggers.
struct ChangedRow {
  sql::binder::TriggerEvent event = sql::binder::TriggerEvent::kInsert;
  const common::v1::TableDescriptor* table = nullptr;
  const common::v1::TableDescriptor* old_table =
      nullptr;  // Where it was before it moved; else the same.
  std::optional<std::vector<types::Value>> old_row;
  std::optional<std::vector<types::Value>> new_row;
};

// Reads what a statement has sent for its triggers.
class ChangedRows {
 public:
  // Borrows all.
  ChangedRows(const sql::Catalog& catalog, const common::v1::TriggerRows& sent,
              const program::Rows& rows);
  // Calls `visit` with each. Errors: its own; ADB01 for a table that is gone.
  absl::Status ForEach(const std::function<absl::Status(ChangedRow)>& visit) const;

 private:
  absl::StatusOr<ChangedRow> RowAt(const types::Batch& batch, uint32_t row) const;

  const sql::Catalog& catalog_;
  const common::v1::TriggerRows& sent_;
  const program::Rows& rows_;
  const common::v1::TableDescriptor* const table_;
  size_t width_ = 0;
};

}  // namespace adbms::gateway::session
