// The rows of users' functions in pg_proc.
#pragma once

#include "services/storage/server/virtual_rows.h"

namespace adbms::storage::server {

// pg_language.oid of a language that functions may have.
int64_t LanguageOid(const std::string& language);

void FillUserFunctions(const RowSource& source, RowBuilder* rows);
// Those of users' aggregates in pg_aggregate.
void FillUserAggregates(const RowSource& source, RowBuilder* rows);

}  // namespace adbms::storage::server
