// Makes the tables of the data set and fills them through COPY.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/workload/dataset.h"
#include "clients/workload/pg_connection.h"

namespace adbms::clients::workload {

struct LoadProgress {
  std::string table;
  int64_t rows = 0;    // Of this table so far.
  double seconds = 0;  // Of this table so far.
  bool table_done = false;
  int64_t rows_in_all = 0;
  double seconds_in_all = 0;
};
using OnLoadProgress = std::function<void(const LoadProgress&)>;

struct LoadOptions {
  ConnectionOptions connection;
  bool replace = false;  // Drop tables of the data set first.
};

// Errors: the server's; a table that exists already unless `replace`.
absl::Status Load(const Dataset& dataset, const LoadOptions& options,
                  const OnLoadProgress& on_progress);

// The data set that was loaded into a database. Errors: NOT_FOUND when there is none.
absl::StatusOr<Dataset> FindLoaded(PgConnection* connection);

}  // namespace adbms::clients::workload
