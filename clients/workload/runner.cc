#include "clients/workload/runner.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "clients/workload/loader.h"
#include "clients/workload/statements.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::clients::workload {
namespace {

constexpr int kMaxRetries = 10;
constexpr absl::Duration kReconnectPause = absl::Milliseconds(100);

bool IsRetryable(const absl::Status& status) {
  return status::HasSqlState(status, status::sqlstate::kSerializationFailure) ||
         status::HasSqlState(status, status::sqlstate::kDeadlockDetected);
}

// One connection and what it measured.
class Worker {
 public:
  Worker(const RunOptions& options, const Dataset& dataset, const std::vector<int>& weights,
         std::atomic<int64_t>* next_order_id, uint64_t number)
      : options_(options),
        dataset_(dataset),
        weights_(weights),
        total_weight_(std::accumulate(weights.begin(), weights.end(), 0)),
        next_order_id_(next_order_id),
        random_(options.seed, 1000, number) {
    results_.resize(weights.size());
  }

  absl::Status Connect() {
    ASSIGN_OR_RETURN(connection_, PgConnection::Open(options_.connection));
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (weights_[i] == 0) continue;
      for (const auto& [name, sql] : StatementTypes()[i].prepared) {
        const absl::Status status = connection_->Prepare(name, sql);
        if (!status.ok()) {
          return absl::Status(status.code(),
                              absl::StrCat(name, ": ", status::FromStatus(status).message));
        }
      }
    }
    return absl::OkStatus();
  }

  void RunUntil(absl::Time deadline) {
    while (absl::Now() < deadline && (options_.stop == nullptr || !options_.stop->load())) {
      if (connection_->broken() && !Connect().ok()) {
        absl::SleepFor(kReconnectPause);
        continue;
      }
      RunOne(Pick());
    }
  }

  // Adds what was measured so far to `all` and `errors`, and what came since the last call to
  // `recent`.
  void Collect(std::vector<StatementResult>* all, LatencyHistogram* recent,
               std::map<std::string, std::string>* errors) {
    absl::MutexLock lock(&mutex_);
    for (size_t i = 0; i < results_.size(); ++i) {
      (*all)[i].latency.Merge(results_[i].latency);
      (*all)[i].errors += results_[i].errors;
      (*all)[i].retries += results_[i].retries;
    }
    recent->Merge(recent_);
    recent_ = LatencyHistogram();
    errors->insert(first_errors_.begin(), first_errors_.end());
  }

 private:
  size_t Pick() {
    int64_t ticket = random_.Between(0, total_weight_ - 1);
    size_t i = 0;
    while (ticket >= weights_[i]) ticket -= weights_[i++];
    return i;
  }

  void RunOne(size_t type) {
    const Random parameters(random_.Next());
    uint64_t retries = 0;
    const absl::Time start = absl::Now();
    absl::Status status;
    for (int attempt = 0; attempt <= kMaxRetries; ++attempt) {
      Random again = parameters;
      status = StatementTypes()[type].run({connection_.get(), &dataset_, &again, next_order_id_});
      if (status.ok()) break;
      // A failed statement leaves its transaction open.
      if (!connection_->broken()) (void)connection_->Query("ROLLBACK");
      if (!IsRetryable(status)) break;
      ++retries;
    }
    const double us = absl::ToDoubleMicroseconds(absl::Now() - start);
    absl::MutexLock lock(&mutex_);
    results_[type].retries += retries;
    if (status.ok()) {
      results_[type].latency.Add(us);
      recent_.Add(us);
      return;
    }
    ++results_[type].errors;
    const status::SqlError error = status::FromStatus(status);
    first_errors_.try_emplace(error.sqlstate,
                              absl::StrCat(StatementTypes()[type].name, ": ", error.message));
  }

  const RunOptions& options_;
  const Dataset& dataset_;
  const std::vector<int>& weights_;
  const int total_weight_;
  std::atomic<int64_t>* const next_order_id_;
  Random random_;
  std::unique_ptr<PgConnection> connection_;
  absl::Mutex mutex_;
  std::vector<StatementResult> results_ ABSL_GUARDED_BY(mutex_);
  LatencyHistogram recent_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> first_errors_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<int64_t> LastOrderId(PgConnection* connection) {
  ASSIGN_OR_RETURN(const QueryResult found, connection->Query("SELECT max(order_id) FROM orders"));
  int64_t last = 0;
  if (found.rows.size() != 1 || !absl::SimpleAtoi(found.rows[0][0].value_or("0"), &last)) {
    return absl::InternalError("table orders has no largest order_id");
  }
  return last;
}

RunResult Gather(const std::vector<std::unique_ptr<Worker>>& workers, LatencyHistogram* recent) {
  RunResult result;
  result.statements.resize(StatementTypes().size());
  for (const auto& worker : workers) {
    worker->Collect(&result.statements, recent, &result.first_errors);
  }
  return result;
}

}  // namespace

uint64_t RunResult::calls() const {
  uint64_t sum = 0;
  for (const StatementResult& one : statements) sum += one.latency.count();
  return sum;
}

uint64_t RunResult::errors() const {
  uint64_t sum = 0;
  for (const StatementResult& one : statements) sum += one.errors;
  return sum;
}

absl::StatusOr<RunResult> Run(const RunOptions& options,
                              const std::function<void(const Sample&)>& on_sample) {
  ASSIGN_OR_RETURN(const std::vector<int> weights, WeightsOf(options.mix, options.statement));
  ASSIGN_OR_RETURN(const auto control, PgConnection::Open(options.connection));
  ASSIGN_OR_RETURN(const Dataset dataset, FindLoaded(control.get()));
  ASSIGN_OR_RETURN(const int64_t last_order_id, LastOrderId(control.get()));
  std::atomic<int64_t> next_order_id = last_order_id + 1;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < options.connections; ++i) {
    workers.push_back(std::make_unique<Worker>(options, dataset, weights, &next_order_id,
                                               static_cast<uint64_t>(i)));
    RETURN_IF_ERROR(workers.back()->Connect());
  }
  const absl::Time start = absl::Now();
  const absl::Time deadline = start + absl::Seconds(options.seconds);
  std::vector<std::thread> threads;
  for (const auto& worker : workers) {
    threads.emplace_back([&worker, deadline] { worker->RunUntil(deadline); });
  }
  absl::Time last = start;
  const auto stopped = [&] { return options.stop != nullptr && options.stop->load(); };
  while (absl::Now() < deadline && !stopped()) {
    absl::SleepFor(std::min(absl::Seconds(1), deadline - absl::Now()));
    const absl::Time now = absl::Now();
    LatencyHistogram recent;
    const RunResult so_far = Gather(workers, &recent);
    if (on_sample != nullptr) {
      on_sample({absl::ToDoubleSeconds(now - start),
                 static_cast<double>(recent.count()) / absl::ToDoubleSeconds(now - last),
                 recent.mean_us() / 1e3, recent.QuantileUs(0.95) / 1e3, so_far.errors()});
    }
    last = now;
  }
  for (std::thread& thread : threads) thread.join();
  LatencyHistogram recent;
  RunResult result = Gather(workers, &recent);
  result.seconds = absl::ToDoubleSeconds(absl::Now() - start);
  std::vector<StatementResult> ran;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    ran.push_back(std::move(result.statements[i]));
    ran.back().name = StatementTypes()[i].name;
  }
  result.statements = std::move(ran);
  return result;
}

}  // namespace adbms::clients::workload
