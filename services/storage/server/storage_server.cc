#include "services/storage/server/storage_server.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/telemetry/machine.h"

namespace adbms::storage::server {
namespace {

uint64_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const int fields = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return fields == 2 ? resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

uint64_t ProcessCpuMicros() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& t) {
    return static_cast<uint64_t>(t.tv_sec) * 1000000 + static_cast<uint64_t>(t.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

}  // namespace

StorageServer::StorageServer(const Options& options)
    : options_(options), usable_memory_bytes_(telemetry::UsableMemoryBytes()) {}

absl::StatusOr<std::unique_ptr<StorageServer>> StorageServer::Open(const Options& options) {
  auto server = std::unique_ptr<StorageServer>(new StorageServer(options));
  RETURN_IF_ERROR(server->Start());
  return server;
}

absl::Status StorageServer::Start() {
  engine::EngineOptions engine_options;
  engine_options.data_dir = options_.data_dir;
  engine_options.block_cache_bytes = options_.block_cache_bytes;
  engine_options.memtable_bytes = options_.memtable_bytes;
  engine_options.max_background_jobs = options_.max_background_jobs;
  engine_options.read_only = options_.read_only;
  engine_options.warn = options_.warn;
  engine_options.file_system = options_.file_system;
  ASSIGN_OR_RETURN(engine_, engine::Engine::Open(engine_options));
  ASSIGN_OR_RETURN(catalog_, catalog::Catalog::Open(engine_.get()));
  log_ = std::make_unique<txn::CommitLog>(engine_.get(), options_.sync_commits);
  shared_.engine = engine_.get();
  shared_.catalog = catalog_.get();
  shared_.log = log_.get();
  shared_.locks = &locks_;
  shared_.serializable = &serializable_;
  shared_.counts = &counts_;
  exact_counts_ = std::make_unique<txn::ExactCounts>(engine_.get(), log_.get());
  shared_.exact_counts = exact_counts_.get();
  sequences_ = std::make_unique<txn::SequenceStore>(engine_.get(), log_.get());
  shared_.sequences = sequences_.get();
  workers_ = std::make_unique<workers::WorkerPool>(std::max<uint32_t>(options_.workers, 1) - 1);
  shared_.workers = workers_.get();
  shared_.worker_rows = options_.worker_rows;
  RETURN_IF_ERROR(sequences_->Open(*catalog_));
  prepared_ = std::make_unique<txn::PreparedTransactions>(&shared_);
  shared_.prepared = prepared_.get();
  RETURN_IF_ERROR(prepared_->Recover());
  shared_.temp_dir = options_.data_dir + "/tmp";
  std::error_code error;
  std::filesystem::remove_all(shared_.temp_dir, error);
  std::filesystem::create_directories(shared_.temp_dir, error);
  if (error) {
    return status::Error(status::sqlstate::kIoError,
                         "could not create \"" + shared_.temp_dir + "\": " + error.message());
  }
  ASSIGN_OR_RETURN(const std::vector<uint32_t> garbage, catalog_->PendingDrops());
  RETURN_IF_ERROR(txn::EraseSpaces(&shared_, garbage));
  statistics_ = std::make_unique<statistics::StatisticsStore>(&shared_);
  RETURN_IF_ERROR(statistics_->Load());
  knobs::Defaults defaults;
  defaults.block_cache_bytes = static_cast<int64_t>(options_.block_cache_bytes);
  defaults.memtable_bytes = static_cast<int64_t>(options_.memtable_bytes);
  defaults.query_memory_bytes = static_cast<int64_t>(options_.query_memory_bytes);
  defaults.max_transaction_bytes = static_cast<int64_t>(options_.max_transaction_bytes);
  defaults.max_background_jobs = options_.max_background_jobs;
  defaults.lock_timeout_ms = options_.lock_timeout_ms;
  knobs_ = std::make_unique<knobs::Knobs>(&shared_, defaults);
  RETURN_IF_ERROR(knobs_->Load());
  virtual_rows_ =
      std::make_unique<VirtualRows>(&shared_, statistics_.get(), knobs_.get(), &sessions_);
  RETURN_IF_ERROR(log_->WaitDurable());
  started_ = true;
  return absl::OkStatus();
}

StorageServer::~StorageServer() {
  if (!started_ || options_.read_only) return;
  absl::Status status = statistics_->SaveRowCounts();
  if (status.ok()) status = sequences_->Flush();
  if (status.ok()) status = log_->WaitDurable();
  (void)status;  // Estimates, and values that a sequence then skips; nobody is left to tell.
}

absl::StatusOr<catalog::DatabasePtr> StorageServer::DatabaseNamed(const std::string& name) const {
  if (name == api::kSystemDatabase) return catalog_->System();
  catalog::DatabasePtr database = catalog_->Find(name);
  if (database != nullptr) return database;
  return status::Error(status::sqlstate::kInvalidCatalogName,
                       "database \"" + name + "\" does not exist");
}

absl::StatusOr<std::unique_ptr<api::Session>> StorageServer::OpenSessionIn(
    const rpc::CallContext&, const std::string& name) {
  ASSIGN_OR_RETURN(catalog::DatabasePtr database, DatabaseNamed(name));
  auto session =
      std::make_unique<Session>(ServerParts{&shared_, virtual_rows_.get(), statistics_.get(),
                                            &sessions_, &temporary_schemas_, &connected_},
                                std::move(database));
  RETURN_IF_ERROR(session->Enter());
  return std::unique_ptr<api::Session>(std::move(session));
}

absl::StatusOr<api::PreparedPlanPtr> StorageServer::Prepare(
    const rpc::CallContext&, std::shared_ptr<const common::v1::Plan> plan) {
  auto prepared = std::make_shared<PreparedPlanImpl>(std::move(plan));
  // Compiled now if it is for the committed catalog; a plan over a transaction's own tables at its
  // first execution.
  catalog::DatabasePtr database;
  if (!prepared->tables().empty()) database = catalog_->DatabaseOf(prepared->tables().front());
  if (database == nullptr) database = catalog_->System();
  const auto compiled = prepared->Compiled(*database->Current());
  if (!compiled.ok() && !status::HasSqlState(compiled.status(), status::sqlstate::kStalePlan)) {
    return compiled.status();
  }
  return api::PreparedPlanPtr(std::move(prepared));
}

absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> StorageServer::GetCatalogOf(
    const rpc::CallContext&, const std::string& name, uint64_t known_version) {
  ASSIGN_OR_RETURN(const catalog::DatabasePtr database, DatabaseNamed(name));
  const catalog::CatalogStatePtr current = database->Current();
  if (current->version() == known_version)
    return std::shared_ptr<const common::v1::CatalogSnapshot>();
  return current->Snapshot();
}

absl::StatusOr<std::shared_ptr<const common::v1::StatisticsSnapshot>> StorageServer::GetStatistics(
    const rpc::CallContext&, uint64_t known_version) {
  return statistics_->Snapshot(known_version);
}

v1::EngineMetrics StorageServer::Metrics() {
  v1::EngineMetrics metrics;
  const engine::EngineCounters counters = engine_->Counters();
  metrics.set_block_cache_hits(counters.block_cache_hits);
  metrics.set_block_cache_misses(counters.block_cache_misses);
  metrics.set_block_cache_capacity_bytes(counters.block_cache_capacity);
  metrics.set_block_cache_used_bytes(counters.block_cache_used);
  metrics.set_memtable_used_bytes(counters.memtable_used);
  metrics.set_memtable_capacity_bytes(counters.memtable_capacity);
  metrics.set_flushes(counters.flushes);
  metrics.set_compaction_read_bytes(counters.compaction_read);
  metrics.set_compaction_write_bytes(counters.compaction_write);
  metrics.set_bytes_written(counters.bytes_written);
  metrics.set_stall_us(counters.stall_us);
  metrics.set_wal_syncs(counters.wal_syncs);
  metrics.set_wal_bytes(counters.wal_bytes);
  metrics.set_live_file_bytes(counters.live_file_bytes);
  metrics.set_query_memory_used_bytes(
      static_cast<uint64_t>(std::max<int64_t>(shared_.query_memory.used(), 0)));
  metrics.set_query_memory_capacity_bytes(static_cast<uint64_t>(shared_.query_memory.limit()));
  metrics.set_process_resident_bytes(ResidentBytes());
  metrics.set_process_cpu_us(ProcessCpuMicros());
  const telemetry::MachineCpu machine = telemetry::ReadMachineCpu();
  metrics.set_machine_cpu_us(machine.busy_us);
  metrics.set_machine_cpus(machine.cpus);
  metrics.set_usable_memory_bytes(usable_memory_bytes_);
  metrics.set_query_memory_refusals(shared_.query_memory.refusals());
  metrics.set_commits(shared_.commits.load());
  metrics.set_rollbacks(shared_.rollbacks.load());
  metrics.set_rows_read(shared_.rows_read.load());
  metrics.set_rows_written(shared_.rows_written.load());
  metrics.set_spilled_bytes(shared_.spilled_bytes.load());
  metrics.set_writes_stopped(!engine_->write_failure().empty());
  metrics.set_write_stops(counters.write_stops);
  metrics.set_log_torn_bytes(counters.log_torn_bytes);
  metrics.set_read_only(options_.read_only);
  metrics.set_deletions_skipped(counters.deletions_skipped);
  metrics.set_deletion_flushes(counters.deletion_flushes);
  metrics.set_deletion_compactions(counters.deletion_compactions);
  metrics.set_lock_waits(locks_.waits());
  metrics.set_deadlocks(locks_.deadlocks());
  std::error_code error;
  const auto space = std::filesystem::space(options_.data_dir, error);
  if (!error) metrics.set_disk_free_bytes(space.available);
  for (const catalog::DatabasePtr& database : catalog_->Databases()) {
    const catalog::CatalogStatePtr catalog = database->Current();
    for (const auto& [id, table] : catalog->tables()) {
      for (const codec::IndexLayout& index : table->layout.indexes) {
        const txn::IndexUse* use = counts_.Index(index.index_id);
        v1::IndexUsage* out = metrics.add_index_usage();
        out->set_index_id(index.index_id);
        out->set_table_id(id);
        out->set_scans(use->scans.load());
        out->set_entries_read(use->entries_read.load());
        out->set_entries_written(use->entries_written.load());
        out->set_last_scan_us(use->last_scan_us.load());
        out->set_size_bytes(engine_->ApproximateSize(codec::SpaceBegin(index.index_id),
                                                     codec::SpaceEnd(index.index_id)));
      }
    }
  }
  return metrics;
}

absl::StatusOr<v1::EngineMetrics> StorageServer::GetMetrics(const rpc::CallContext&) {
  return Metrics();
}

absl::StatusOr<v1::ListKnobsResponse> StorageServer::ListKnobs(const rpc::CallContext&) {
  return knobs_->List();
}

absl::StatusOr<v1::Knob> StorageServer::SetKnob(const rpc::CallContext&, const std::string& name,
                                                int64_t value) {
  return knobs_->Set(name, value);
}

}  // namespace adbms::storage::server
