// The row that a constraint has refused, which goes along with its error: what may be told of it
// depends on who is told. Thread-safe: all functions are pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace adbms::status {

// Under what name a status has the row.
inline constexpr char kFailingRowUrl[] = "adbms.sql.row";

// Names of columns and their values as the error's detail has them.
using FailingRow = std::vector<std::pair<std::string, std::string>>;

// The status with the row. REQUIRES: !status.ok().
absl::Status WithFailingRow(absl::Status status, const FailingRow& row);
// Empty when it has none.
FailingRow FailingRowOf(const absl::Status& status);

}  // namespace adbms::status
