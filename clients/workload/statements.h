// The statement types of the order-processing workload: look-ups by key and by other columns,
// joins with aggregates, writes in transactions. Each draws its parameters from a random source, so
// a run is deterministic by seed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/workload/dataset.h"
#include "clients/workload/pg_connection.h"
#include "clients/workload/random.h"

namespace adbms::clients::workload {

// What one execution works with; everything is borrowed.
struct Execution {
  PgConnection* connection;
  const Dataset* dataset;
  Random* random;
  std::atomic<int64_t>* next_order_id;  // Shared by all connections.
};

struct StatementType {
  std::string name;
  std::string description;
  // Share of the executions of the mixes `read`, `mixed` and `analytic`, in thousandths.
  int read = 0;
  int mixed = 0;
  int analytic = 0;
  // Prepared once on each connection: name and SQL.
  std::vector<std::pair<std::string, std::string>> prepared;
  std::function<absl::Status(const Execution&)> run;
};

// All types, in the order of reports.
const std::vector<StatementType>& StatementTypes();

// Which types a run executes, with weights over their order in StatementTypes(). `statement` not
// empty: only that one. Errors: INVALID_ARGUMENT naming what is known.
absl::StatusOr<std::vector<int>> WeightsOf(const std::string& mix, const std::string& statement);

}  // namespace adbms::clients::workload
