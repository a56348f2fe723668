// The learned correction of scans' cardinality over its life: collects what executions report,
// trains off the query path, tries each model on observations it has not seen, corrects with the
// live one while that stays calibrated. A model goes live only through GoLive, which the module
// calls when its action is approved. State is kept in adbms.models and read again at the start.
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/workload.pb.h"
#include "common/telemetry/log.h"
#include "services/optimizer/feedback/calibration.h"
#include "services/optimizer/feedback/model_store.h"
#include "services/optimizer/feedback/observation_window.h"
#include "services/optimizer/learned/correction_model.h"
#include "services/optimizer/search/cost_policy.h"

namespace adbms::optimizer::feedback {

class CardinalityLearner : public search::ScanCorrector {
 public:
  struct Options {
    bool enabled = true;  // False: observes, but corrects nothing (the kill switch).
    size_t minimum_training_rows = 200;
    telemetry::Logger* logger = nullptr;  // Borrowed; may be null.
  };
  // `store` is borrowed; null: nothing is kept.
  CardinalityLearner(ModelStore* store, Options options);
  ~CardinalityLearner() override;

  // Starts the thread that loads, trains and saves.
  void Start();
  void Stop();

  Correction Correct(const sql::plan::Query& query, const sql::plan::Rel& scan,
                     const std::vector<sql::plan::ExprPtr>& conditions, double rows,
                     const cost::StatisticsEstimator& estimator) const override;
  // The factor for these features and why there is none.
  Correction FactorFor(const std::vector<float>& features) const;

  // Takes observations; bounded, returns at once. Checks the live model against them.
  void Observe(const common::v1::WorkloadWindow& window);
  // Trains a candidate when enough has come since the last time; what the thread does. OK when
  // there was nothing to do.
  absl::Status TrainWhenDue(const rpc::CallContext& context);
  // Reads what is stored. Done once, before anything is written.
  absl::Status Load(const rpc::CallContext& context);
  absl::Status SaveProgress(const rpc::CallContext& context);

  // A trained model that waits for approval.
  std::optional<ModelRow> candidate() const;
  std::optional<ModelRow> live() const;
  // Set while the live model does worse than no model: it is not used, and should be dropped.
  std::optional<std::string> suspension() const;
  // Makes the candidate live. FAILED_PRECONDITION when it is no longer there. The gain measured on
  // observations that it was not trained on.
  absl::StatusOr<double> GoLive(const rpc::CallContext& context, int64_t version);
  // Takes the live model out of use. OK when another or none is live.
  absl::Status SwitchOff(const rpc::CallContext& context, int64_t version,
                         const std::string& reason);

  // Grows whenever corrections begin, change or end.
  uint64_t generation() const;

  struct Progress {
    size_t observations = 0;
    uint64_t taken = 0;
    size_t templates = 0;  // Of the live model.
    Calibration calibration;
    bool enabled = false;
  };
  Progress progress() const;

 private:
  struct Trained {
    ModelRow row;
    std::shared_ptr<const learned::CorrectionModel> model;
    Calibration calibration;
  };

  void Run();
  bool TrainingDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status SaveRow(const rpc::CallContext& context, const ModelRow& row);
  void Changed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ModelStore* const store_;
  const Options options_;
  mutable absl::Mutex mutex_;
  ObservationWindow window_ ABSL_GUARDED_BY(mutex_);
  uint64_t trained_at_ ABSL_GUARDED_BY(mutex_) = 0;  // window_.taken() of the last training.
  uint64_t saved_at_ ABSL_GUARDED_BY(mutex_) = 0;    // ... and of the last saving.
  int64_t last_version_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<Trained> candidate_ ABSL_GUARDED_BY(mutex_);
  std::optional<Trained> live_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::string> suspension_ ABSL_GUARDED_BY(mutex_);
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  bool loaded_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Mutex saving_;  // Orders writes; never taken under mutex_.
  std::thread thread_;
};

}  // namespace adbms::optimizer::feedback
