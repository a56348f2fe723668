// INSERT … ON CONFLICT DO UPDATE beside triggers that fire in the gateway: one row after the other,
// as what is to become of a row that is there is known when it has been found (decision 050).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "services/gateway/program/host.h"

namespace adbms::gateway::session {

// Whether the plan is such a statement.
bool UpsertsByRows(const common::v1::Plan& plan);

// See plan_cache::ConflictPlans. `plan` is one of those, of an INSERT into the table.
struct UpsertPlans {
  common::v1::Plan probe, compute, write;
};
UpsertPlans MakeUpsertPlans(const common::v1::Plan& plan, const common::v1::TableDescriptor& table);

// The rows that a statement has inserted or updated, by the key that it asks for conflicts.
class UpsertedKeys {
 public:
  UpsertedKeys(const common::v1::TableDescriptor& table, uint32_t index_id, program::Host* host);
  // Errors: 21000 for one that is among them, 0A000 where the key is no columns.
  absl::Status CheckNew(const std::vector<types::Value>& live_row) const;
  void Add(const std::vector<types::Value>& live_row) { keys_.insert(KeyOf(live_row)); }

 private:
  std::string KeyOf(const std::vector<types::Value>& live_row) const;

  program::Host* const host_;
  std::optional<std::vector<size_t>> positions_;  // Among the live columns.
  std::set<std::string> keys_;
};

// All columns of the table, in one row; NULL in those that are not live.
types::Batch WholeRow(const common::v1::TableDescriptor& table,
                      const std::vector<types::Value>& live_row);
// The live ones of a row of all columns, which begin there.
std::vector<types::Value> LiveRow(const common::v1::TableDescriptor& table,
                                  const types::Batch& rows, uint32_t row, size_t first);

}  // namespace adbms::gateway::session
