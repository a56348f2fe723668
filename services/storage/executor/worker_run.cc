#include "services/storage/executor/worker_run.h"

#include <algorithm>
#include <utility>

#include "common/status/macros.h"
#include "services/storage/bulk/range_split.h"
#include "services/storage/executor/join_build.h"

namespace adbms::storage::executor {
namespace {

// So that workers end at about one time where rows, or the work for them, are spread unevenly.
constexpr size_t kMorselsPerWorker = 8;

absl::StatusOr<int64_t> RowsOf(ExecutionContext* context, const catalog::TableEntry& table) {
  const uint32_t space = table.layout.storage_id;
  ASSIGN_OR_RETURN(const std::optional<int64_t> exact,
                   txn::ExactCounts::Read(context->ViewOf(space), space));
  if (exact) return *exact;
  const int64_t rows =
      context->shared->counts->Table(table.layout.table_id)->rows.load(std::memory_order_relaxed);
  return std::max<int64_t>(rows, 0);
}

}  // namespace

Morsels::Morsels(txn::Shared* shared, const codec::TableLayout& layout, size_t parts) {
  bounds_.push_back(layout.Begin());
  for (std::string& key : bulk::SplitRange(shared->engine, {layout.Begin(), layout.End()}, parts)) {
    bounds_.push_back(std::move(key));
  }
  bounds_.push_back(layout.End());
}

std::optional<engine::KeyRange> Morsels::Next() {
  const size_t part = next_.fetch_add(1, std::memory_order_relaxed);
  if (part + 1 >= bounds_.size()) return std::nullopt;
  return engine::KeyRange{bounds_[part], bounds_[part + 1]};
}

SharedParts::SharedParts() = default;
SharedParts::~SharedParts() = default;
WorkerRun::~WorkerRun() = default;

absl::StatusOr<std::unique_ptr<WorkerRun>> WorkerRun::Start(ExecutionContext* context,
                                                            const PlanNode& root) {
  std::unique_ptr<WorkerRun> none;
  const txn::Shared& shared = *context->shared;
  if (shared.workers == nullptr || context->parts != nullptr || !context->plan->repeatable)
    return none;
  const catalog::TableEntry* const table = root.divisible_by();
  if (table == nullptr) return none;
  if (context->transaction != nullptr && !context->transaction->reads_plainly()) return none;
  ASSIGN_OR_RETURN(const int64_t rows, RowsOf(context, *table));
  if (rows < shared.worker_rows) return none;
  if (shared.workers->busy() >= shared.workers->most_helpers()) return none;
  // Before any helper is hired: it may want some.
  auto parts = std::make_unique<SharedParts>();
  ASSIGN_OR_RETURN(const bool made, root.MakeParts(context, parts.get()));
  if (!made) return none;
  workers::WorkerPool::Crew crew = shared.workers->Hire(shared.workers->most_helpers());
  if (crew.size() < 2 && parts->builds.empty()) return none;
  parts->morsels = std::make_unique<Morsels>(context->shared, table->layout,
                                             crew.size() < 2 ? 1 : crew.size() * kMorselsPerWorker);
  shared.counts->Table(table->layout.table_id)->scans.fetch_add(1, std::memory_order_relaxed);
  return std::unique_ptr<WorkerRun>(
      new WorkerRun(context, root, std::move(parts), std::move(crew)));
}

WorkerRun::WorkerRun(ExecutionContext* main, const PlanNode& root,
                     std::unique_ptr<SharedParts> parts, workers::WorkerPool::Crew crew)
    : main_(*main), root_(root), parts_(std::move(parts)), crew_(std::move(crew)) {
  const txn::ReadView view = main->transaction == nullptr ? main->view : main->transaction->View();
  for (size_t i = 0; i < crew_.size(); ++i) {
    auto worker = std::make_unique<ExecutionContext>(main->shared, /*patient=*/false);
    worker->call = main->call;
    worker->memory.SetCall(main->call);
    worker->plan = main->plan;
    worker->view = view;
    worker->catalog = main->catalog;
    worker->virtual_tables = main->virtual_tables;
    worker->state.context = main->state.context;
    worker->state.context.memory = worker->memory.account();
    worker->state.parameters = main->state.parameters;
    worker->state.correlation_slots = main->state.correlation_slots;
    worker->actuals.resize(main->actuals.size());
    worker->parts = parts_.get();
    worker->measure_time = main->measure_time;
    contexts_.push_back(std::move(worker));
  }
}

absl::Status WorkerRun::Run(const Sink& sink) {
  return crew_.Run([&](size_t worker, const std::atomic<bool>& stop) -> absl::Status {
    const absl::Status status = [&]() -> absl::Status {
      const OperatorPtr root = root_.Open(contexts_[worker].get());
      types::Batch rows;
      while (!stop.load(std::memory_order_relaxed)) {
        ASSIGN_OR_RETURN(const bool more, root->Next(&rows));
        if (!more) break;
        RETURN_IF_ERROR(sink(worker, std::move(rows)));
        rows = types::Batch();
      }
      return absl::OkStatus();
    }();
    if (!status.ok()) parts_->morsels->Stop();
    return status;
  });
}

void WorkerRun::AddCounts() {
  const auto workers = static_cast<uint32_t>(contexts_.size());
  for (size_t id = 0; id < main_.actuals.size(); ++id) {
    Actuals& total = main_.actuals[id];
    Actuals most;
    for (const auto& worker : contexts_) {
      const Actuals& counted = worker->actuals[id];
      total.rows += counted.rows;
      total.rows_removed += counted.rows_removed;
      total.deletions_skipped += counted.deletions_skipped;
      most.loops = std::max(most.loops, counted.loops);
      most.elapsed_ns = std::max(most.elapsed_ns, counted.elapsed_ns);
    }
    if (most.loops == 0) continue;
    // Together they are one loop, as long as that of the slowest.
    total.loops += most.loops;
    total.elapsed_ns += most.elapsed_ns;
    if (workers > 1) total.workers = std::max(total.workers, workers);
  }
  for (const auto& worker : contexts_) {
    main_.rows_scanned += worker->rows_scanned;
    main_.spilled_bytes += worker->spilled_bytes;
  }
}

}  // namespace adbms::storage::executor
