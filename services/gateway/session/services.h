// What a session needs of the rest of the process. All pointers outlive every session.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/sql/sql.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "services/gateway/plan_cache/plan_cache.h"
#include "services/gateway/policy/policy_cache.h"
#include "services/gateway/session/audit_queue.h"
#include "services/gateway/session/execution_watch.h"
#include "services/gateway/workload/workload_recorder.h"
#include "services/optimizer/api/optimizer.h"
#include "services/orchestrator/api/orchestrator.h"
#include "services/security/api/security.h"
#include "services/storage/api/storage.h"

namespace adbms::gateway::session {

// The committed catalogs of the databases that sessions are in, and statistics, with look-ups,
// refreshed when asked. Thread-safe.
class CatalogCache {
 public:
  explicit CatalogCache(storage::api::Storage* storage) : storage_(storage) {}
  // Errors: 3D000.
  absl::StatusOr<sql::CatalogPtr> Get(const rpc::CallContext& context, const std::string& database);
  // The catalog as of the last Get() by any session, null before; never waits for storage.
  sql::CatalogPtr Known(const std::string& database) const;
  // The statistics as of the last refresh; never waits for storage.
  std::shared_ptr<const common::v1::StatisticsSnapshot> statistics() const;
  // The tables that were analyzed since the last refresh: plans made before deserve another look.
  std::vector<uint32_t> RefreshStatistics(const rpc::CallContext& context);

 private:
  storage::api::Storage* const storage_;
  mutable absl::Mutex mutex_;
  std::map<std::string, sql::CatalogPtr> catalogs_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const common::v1::StatisticsSnapshot> statistics_ ABSL_GUARDED_BY(mutex_);
};

// Metrics of statements, made once.
struct StatementMetrics {
  explicit StatementMetrics(telemetry::ServiceMetrics* metrics);
  prometheus::Histogram& latency;
  prometheus::Counter& succeeded;
  prometheus::Counter& failed;
  prometheus::Counter& rows;
  prometheus::Counter& default_plans;
  // By reason.
  prometheus::Counter& restricted_multi_statement;
  prometheus::Counter& restricted_schema_changed;
  prometheus::Counter& restricted_out_of_reach;
  // Of plans that are measured.
  prometheus::Counter& trials;
  prometheus::Counter& trial_regret_seconds;
  prometheus::Counter& regressions_prevented;
  prometheus::Counter& executions_stopped;
};

struct Services {
  bool reads_only = false;  // Nothing of the machine may be written either.
  storage::api::Storage* storage = nullptr;
  optimizer::api::Optimizer* optimizer = nullptr;  // Null: default plans only.
  security::api::Security* security = nullptr;
  orchestrator::api::Orchestrator* orchestrator = nullptr;  // Null: adbms.* functions are refused.
  plan_cache::PlanCache* plan_cache = nullptr;
  policy::PolicyCache* policies = nullptr;
  workload::WorkloadRecorder* workload = nullptr;
  ExecutionWatch* watch = nullptr;  // Null: no execution is stopped.
  AuditQueue* audit = nullptr;
  CatalogCache* catalog = nullptr;
  StatementMetrics* metrics = nullptr;
  telemetry::Logger* logger = nullptr;
  // Default of statement_timeout in new sessions; null: no limit.
  const std::atomic<int64_t>* statement_timeout_ms = nullptr;
};

}  // namespace adbms::gateway::session
