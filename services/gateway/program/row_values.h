// Records as composite values, and back. Pure functions but for the conversion that they are given.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "common/types/value.h"
#include "services/gateway/program/host.h"
#include "services/gateway/program/variables.h"

namespace adbms::gateway::program {

using Conversion =
    std::function<absl::StatusOr<types::Value>(const types::Value&, const types::Type&)>;

// The fields of a row. REQUIRES: a value of kRecord; NULL: fields that are NULL.
Record RecordOf(const types::Value& row);
// A record of NULLs with the fields of the composite type.
Record EmptyRecord(const types::Type& type);
// The record as a row of `type`; of an anonymous one where nothing is known of that. Errors: 42804
// for another number of fields.
absl::StatusOr<types::Value> RowOf(const Record& record, const types::Type& type,
                                   const Conversion& convert);
// Rows of one column, each a row of `type`, in place of rows of several columns.
absl::Status PackRows(const types::Type& type, const Conversion& convert, Rows* rows);
// Whether rows of these columns are to be packed for a result of the type.
bool ArePacked(const types::Type& result, const std::vector<types::Type>& columns);

}  // namespace adbms::gateway::program
