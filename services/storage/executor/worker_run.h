// Several workers for one pipeline: the operators between a scan and whatever takes all their rows
// before it goes on (an aggregate, the right side of a join, a sort). Each worker opens the
// pipeline for itself and reads morsels of the scan's table, one after the other, until none is
// left; what is made once for all of them lies in SharedParts. Morsels and workers as in Leis et
// al., "Morsel-Driven Parallelism", SIGMOD 2014.
//
// Workers never wait for memory: where it runs short the owner gives up and does all in one thread,
// which knows how to spill. So a pipeline must be repeatable.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/storage/executor/operator.h"
#include "services/storage/workers/worker_pool.h"

namespace adbms::storage::executor {

struct JoinBuild;

// Ranges of keys that together are a table. Thread-safe.
class Morsels {
 public:
  // About `parts` of one size.
  Morsels(txn::Shared* shared, const codec::TableLayout& layout, size_t parts);
  // The next one; none is left, or it was stopped.
  std::optional<engine::KeyRange> Next();
  void Stop() { next_.store(SIZE_MAX / 2, std::memory_order_relaxed); }

 private:
  std::vector<std::string> bounds_;
  std::atomic<size_t> next_{0};
};

// What the workers of a pipeline have in common.
struct SharedParts {
  SharedParts();
  ~SharedParts();

  std::unique_ptr<Morsels> morsels;
  // Right sides of joins, by the join's operator id. Not changed while workers run.
  absl::flat_hash_map<uint32_t, std::unique_ptr<JoinBuild>> builds;
};

class WorkerRun {
 public:
  // What a worker does with the next rows. Errors end the run.
  using Sink = std::function<absl::Status(size_t worker, types::Batch rows)>;

  // For the pipeline `root`. Null where one thread is to do all: the pipeline cannot be divided, it
  // is short, no helper is free, or there is no memory for what the workers share. Errors: those of
  // inputs that are read here.
  static absl::StatusOr<std::unique_ptr<WorkerRun>> Start(ExecutionContext* context,
                                                          const PlanNode& root);
  ~WorkerRun();

  size_t workers() const { return contexts_.size(); }
  // A worker's own context; what the sink keeps is to be counted there, as long as this lives.
  ExecutionContext* context(size_t worker) { return contexts_[worker].get(); }
  // Runs the pipeline, once. Errors: IsMemoryRefusal where the owner should do without workers.
  absl::Status Run(const Sink& sink);
  // Adds what the workers have counted to the statement's; when their rows are used.
  void AddCounts();

 private:
  WorkerRun(ExecutionContext* main, const PlanNode& root, std::unique_ptr<SharedParts> parts,
            workers::WorkerPool::Crew crew);

  ExecutionContext& main_;
  const PlanNode& root_;
  const std::unique_ptr<SharedParts> parts_;
  workers::WorkerPool::Crew crew_;
  std::vector<std::unique_ptr<ExecutionContext>> contexts_;
};

}  // namespace adbms::storage::executor
