// Fills pg_ts_config, pg_ts_config_map, pg_ts_dict, pg_ts_parser and pg_ts_template.
#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "services/storage/server/pg_catalog_rows.h"

namespace adbms::storage::server {

void AddTextSearchFills(RowFillMap* fills);
// What pg_description says of these rows: an object, its catalog, the text.
void ForEachTextSearchComment(
    absl::FunctionRef<void(int64_t object, int64_t of_class, const std::string& text)> show);

}  // namespace adbms::storage::server
