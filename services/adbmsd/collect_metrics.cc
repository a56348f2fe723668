// What /metrics shows besides what services count themselves: read when it is asked for.
#include "services/adbmsd/process.h"
#include "services/orchestrator/ledger/ledger.h"

namespace adbms::adbmsd {
namespace {

struct Reading {
  const char* name;
  const char* help;
  double value;
};

template <typename Readings>
void SetGauges(const Readings& readings, telemetry::ServiceMetrics* metrics) {
  for (const Reading& reading : readings) {
    metrics->Gauge(reading.name, reading.help).Set(reading.value);
  }
}

// `value` is the count since the start of what is counted elsewhere.
template <typename Readings>
void AdvanceCounters(const Readings& readings, telemetry::ServiceMetrics* metrics) {
  for (const Reading& reading : readings) {
    prometheus::Counter& counter = metrics->Counter(reading.name, reading.help);
    const double more = reading.value - counter.Value();
    if (more > 0) counter.Increment(more);
  }
}

void CollectEngine(const storage::v1::EngineMetrics& engine, telemetry::ServiceMetrics* metrics) {
  const auto number = [](uint64_t value) { return static_cast<double>(value); };
  SetGauges(
      std::initializer_list<Reading>{
          {"adbms_storage_block_cache_capacity_bytes", "Block-cache capacity.",
           number(engine.block_cache_capacity_bytes())},
          {"adbms_storage_block_cache_used_bytes", "Block-cache use.",
           number(engine.block_cache_used_bytes())},
          {"adbms_storage_memtable_used_bytes", "Memtables' size.",
           number(engine.memtable_used_bytes())},
          {"adbms_storage_memtable_capacity_bytes", "Limit of memtables.",
           number(engine.memtable_capacity_bytes())},
          {"adbms_storage_query_memory_used_bytes", "Query memory in use.",
           number(engine.query_memory_used_bytes())},
          {"adbms_storage_query_memory_capacity_bytes", "Limit of query memory.",
           number(engine.query_memory_capacity_bytes())},
          {"adbms_storage_live_file_bytes", "Size of all live files.",
           number(engine.live_file_bytes())},
          {"adbms_storage_disk_free_bytes", "Free bytes of the data directory's file system.",
           number(engine.disk_free_bytes())},
          {"adbms_storage_writes_stopped", "1 while the disk takes no writes, otherwise 0.",
           engine.writes_stopped() ? 1.0 : 0.0},
          {"adbms_storage_log_torn_bytes", "Bytes that the start cut off a torn end of the log.",
           number(engine.log_torn_bytes())},
          {"adbms_storage_resident_bytes", "Resident memory of the process that holds the data.",
           number(engine.process_resident_bytes())},
      },
      metrics);
  AdvanceCounters(
      std::initializer_list<Reading>{
          {"adbms_storage_block_cache_hits_total", "Block-cache hits.",
           number(engine.block_cache_hits())},
          {"adbms_storage_write_stops_total", "Times that the disk took no writes.",
           number(engine.write_stops())},
          {"adbms_storage_lock_waits_total", "Locks that somebody had to wait for.",
           number(engine.lock_waits())},
          {"adbms_storage_deadlocks_total", "Statements ended because of a deadlock.",
           number(engine.deadlocks())},
          {"adbms_storage_block_cache_misses_total", "Block-cache misses.",
           number(engine.block_cache_misses())},
          {"adbms_storage_flushes_total", "Memtable flushes.", number(engine.flushes())},
          {"adbms_storage_deleted_keys_skipped_total",
           "Deleted keys, not cleared away yet, that scans stepped over.",
           number(engine.deletions_skipped())},
          {"adbms_storage_deletion_flushes_total",
           "Memtables written out early for the deletions in them.",
           number(engine.deletion_flushes())},
          {"adbms_storage_deletion_compactions_total", "Compactions that cleared deletions away.",
           number(engine.deletion_compactions())},
          {"adbms_storage_compaction_read_bytes_total", "Bytes read by compactions.",
           number(engine.compaction_read_bytes())},
          {"adbms_storage_compaction_write_bytes_total", "Bytes written by compactions.",
           number(engine.compaction_write_bytes())},
          {"adbms_storage_written_bytes_total", "Bytes that users wrote.",
           number(engine.bytes_written())},
          {"adbms_storage_stall_seconds_total", "Time that writers were stalled.",
           number(engine.stall_us()) / 1e6},
          {"adbms_storage_wal_syncs_total", "Syncs of the write-ahead log.",
           number(engine.wal_syncs())},
          {"adbms_storage_wal_bytes_total", "Bytes written to the write-ahead log.",
           number(engine.wal_bytes())},
          {"adbms_storage_commits_total", "Transactions committed.", number(engine.commits())},
          {"adbms_storage_rollbacks_total", "Transactions rolled back.",
           number(engine.rollbacks())},
          {"adbms_storage_rows_read_total", "Rows read.", number(engine.rows_read())},
          {"adbms_storage_rows_written_total", "Rows written.", number(engine.rows_written())},
          {"adbms_storage_spilled_bytes_total", "Bytes that queries wrote to temporary files.",
           number(engine.spilled_bytes())},
      },
      metrics);
}

void CollectModules(const orchestrator::server::OrchestratorServer& orchestrator,
                    telemetry::ServiceMetrics* metrics) {
  for (const auto& [state, count] : orchestrator.CountActions()) {
    metrics
        ->Gauge("adbms_ledger_actions", "Autonomous actions in the ledger by state.",
                {{"state", state}})
        .Set(static_cast<double>(count));
  }
  using orchestrator::v1::Autonomy;
  for (const auto& entry : orchestrator.Modules()) {
    metrics
        ->Gauge("adbms_module_healthy", "1 while the module answers the orchestrator, otherwise 0.",
                {{"module", entry.name}})
        .Set(entry.healthy ? 1 : 0);
    for (int level = orchestrator::v1::AUTONOMY_OFF; level <= orchestrator::v1::AUTONOMY_AUTO;
         ++level) {
      const auto autonomy = static_cast<Autonomy>(level);
      metrics
          ->Gauge("adbms_module_autonomy", "1 for how far the module may go, 0 for the others.",
                  {{"module", entry.name},
                   {"autonomy", orchestrator::registry::AutonomyName(autonomy)}})
          .Set(entry.autonomy == autonomy ? 1 : 0);
    }
  }
}

}  // namespace

void Process::CollectMetrics() {
  if (Has("gateway")) {
    telemetry::ServiceMetrics* const metrics = telemetry_["gateway"].metrics.get();
    SetGauges(
        std::initializer_list<Reading>{
            {"adbms_connections", "Open client connections.",
             static_cast<double>(pgwire_->connections())},
            {"adbms_connections_limit", "Client connections that may be open at once.",
             static_cast<double>(config_.gateway().pgwire().max_connections())},
            {"adbms_plan_cache_entries", "Plans in the cache.",
             static_cast<double>(plan_cache_->size())},
            {"adbms_audit_spooled_records", "Audit records that wait in the gateway's file.",
             static_cast<double>(audit_->spooled())},
        },
        metrics);
    AdvanceCounters(
        std::initializer_list<Reading>{
            {"adbms_plan_cache_hits_total", "Statements that found their plan.",
             static_cast<double>(plan_cache_->hits())},
            {"adbms_plan_cache_misses_total", "Statements that had to be planned.",
             static_cast<double>(plan_cache_->misses())},
            {"adbms_telemetry_dropped_total", "Observations dropped.",
             static_cast<double>(workload_->dropped())},
            {"adbms_audit_dropped_total", "Audit records dropped.",
             static_cast<double>(audit_->dropped())},
        },
        metrics);
  }
  if (orchestrator_server_ != nullptr) {
    CollectModules(*orchestrator_server_, telemetry_["orchestrator"].metrics.get());
  }
  transport_->Collect(MainTelemetry().metrics.get());
  if (!Has("storage")) return;
  const auto engine = storage_->GetMetrics(rpc::CallContext());
  if (engine.ok()) CollectEngine(*engine, telemetry_["storage"].metrics.get());
}

}  // namespace adbms::adbmsd
