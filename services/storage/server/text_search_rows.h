// Fills pg_ts_config, pg_ts_config_map, pg_ts_dict, pg_ts_parser and pg_ts_template.
#pragma once

#include "services/storage/server/pg_catalog_rows.h"

namespace adbms::storage::server {

void AddTextSearchFills(RowFillMap* fills);

}  // namespace adbms::storage::server
