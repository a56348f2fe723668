// SQL values as json and jsonb, as PostgreSQL's to_json and to_jsonb: numbers and booleans bare,
// times in ISO 8601, json as it is, arrays as arrays, rows as objects, anything else as a string of
// its text. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/types/jsonb_builder.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {

// Whether a value's text depends on TextOptions even as json.
bool DependsOnSettings(const types::Type& type);

absl::Status AppendAsJson(const types::Vector& values, uint32_t row,
                          const types::TextOptions& options, std::string* out);
// A row as an object; `line_feeds`: one behind each of its fields but the last.
absl::Status AppendRowAsJson(const types::Vector& rows, uint32_t row,
                             const types::TextOptions& options, bool line_feeds, std::string* out);
// Errors: 22P02 and 22P05 for json that jsonb refuses, and the builder's.
absl::Status AddAsJsonb(const types::Vector& values, uint32_t row,
                        const types::TextOptions& options, types::JsonbBuilder* out);
// The function of a value as a key, for the binder: no name of PostgreSQL's.
inline constexpr std::string_view kJsonKeyFunction = "json key";
// Likewise: a value, what is to be in it, and the path where.
inline constexpr std::string_view kJsonbAssignFunction = "jsonb assign";
// json_agg of arrays and rows that have been made json before: each begins a line.
inline constexpr std::string_view kJsonAggOfContainers = "json_agg of containers";

// The value as a key. Errors: 22023 for json, arrays and rows. REQUIRES: not NULL.
absl::StatusOr<std::string> AsJsonKey(const types::Vector& values, uint32_t row,
                                      const types::TextOptions& options);

}  // namespace adbms::sql::functions
