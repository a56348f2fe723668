// PlanDefault: bind, rewrite, build.
#include "common/sql/binder/binder.h"
#include "common/sql/default_planner/default_policy.h"
#include "common/sql/default_planner/partition_expansion.h"
#include "common/sql/default_planner/physical_builder.h"
#include "common/sql/rules/rewriter.h"
#include "common/sql/sql.h"
#include "common/status/macros.h"

namespace adbms::sql {

absl::StatusOr<common::v1::Plan> PlanDefault(const PlanningInput& input) {
  ASSIGN_OR_RETURN(std::unique_ptr<plan::Query> query, binder::Bind(input));
  rules::Rewrite(query.get());
  RETURN_IF_ERROR(default_planner::ExpandPartitions(*input.catalog, query.get()));
  const default_planner::DefaultPolicy policy(input.statistics);
  return default_planner::BuildPlan(*query, policy);
}

}  // namespace adbms::sql
