#pragma once

#include "common/sql/functions/function_catalog.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

// What an execution's expressions may ask about its session, but for the catalog. Whoever evaluates
// them fills it from the same options: storage, and the gateway where no rows are needed.
void FillEvaluation(const ExecuteOptions& options, sql::functions::EvaluationContext* context);

}  // namespace adbms::storage::api
