// One trigger of a table, as it is called for rows. Not thread-safe.
#pragma once

#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "common/sql/binder/triggers.h"
#include "services/gateway/program/host.h"
#include "services/gateway/program/interpreter.h"

namespace adbms::gateway::session {

sql::binder::TriggerEvent EventOf(common::v1::StatementKind kind);

// A record of the table's live columns, all NULL.
program::Record ShapeOf(const common::v1::TableDescriptor& table);

// The column's value with its type.
types::Value ValueAt(const types::Vector& column, uint32_t row);

class TriggerCall {
 public:
  // Borrows both.
  TriggerCall(const common::v1::TableDescriptor& table,
              const common::v1::TriggerDescriptor& trigger, sql::binder::TriggerEvent event);

  // For these rows; null: there is no such one.
  void SetRows(const std::vector<types::Value>* old_row, const std::vector<types::Value>* new_row);
  // WHEN, over the rows. Errors: its expressions'.
  absl::StatusOr<bool> IsMeant(program::Host* host);
  const program::Call& call() const { return call_; }
  const common::v1::TriggerDescriptor& trigger() const { return *trigger_; }
  const common::v1::TableDescriptor& table() const { return *table_; }
  sql::binder::TriggerEvent event() const { return event_; }

 private:
  const common::v1::TableDescriptor* table_;
  const common::v1::TriggerDescriptor* trigger_;
  sql::binder::TriggerEvent event_;
  program::Call call_;
  program::SqlText condition_;
  bool names_table_ = false;  // Its condition asks for tableoid.
};

// The triggers that fire at a time for the rows of a table, in their order.
std::vector<TriggerCall> RowCallsOf(const common::v1::TableDescriptor& table,
                                    sql::binder::TriggerEvent event,
                                    common::v1::TriggerDescriptor::Timing timing,
                                    const std::vector<uint32_t>& assigned, bool is_replica);

}  // namespace adbms::gateway::session
