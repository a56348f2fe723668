#include "services/optimizer/feedback/cardinality_learner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "services/optimizer/learned/features.h"

namespace adbms::optimizer::feedback {
namespace {

constexpr char kName[] = "cardinality";
// Of a window, the latest observations that a model is tried on instead of trained with.
constexpr double kHoldout = 0.2;
// Least share of the q-error that a model must take away to be proposed.
constexpr double kMaterialGain = 0.05;
constexpr absl::Duration kPeriod = absl::Seconds(2);
constexpr absl::Duration kSavePeriod = absl::Seconds(60);

int64_t NowUs() { return absl::ToUnixMicros(absl::Now()); }

rpc::CallContext OwnContext() {
  rpc::CallContext context;
  context.user = "adbms";
  context.deadline = absl::Now() + absl::Seconds(30);
  return context;
}

// The model's errors on observations inside its region.
Calibration Try(const learned::CorrectionModel& model,
                const std::vector<learned::Observation>& observations) {
  Calibration calibration;
  for (const learned::Observation& one : observations) {
    const auto factor = model.Factor(one.features);
    if (!factor.has_value()) continue;
    calibration.Add(learned::ErrorOf(one, 1), learned::ErrorOf(one, *factor));
  }
  return calibration;
}

}  // namespace

CardinalityLearner::CardinalityLearner(ModelStore* store, Options options)
    : store_(store), options_(options) {}

CardinalityLearner::~CardinalityLearner() { Stop(); }

void CardinalityLearner::Start() {
  thread_ = std::thread([this] { Run(); });
}

void CardinalityLearner::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void CardinalityLearner::Run() {
  absl::Time saved = absl::Now();
  std::string told;
  for (bool stop = false; !stop;) {
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kPeriod);
      stop = stopping_;
    }
    const rpc::CallContext context = OwnContext();
    // Storage may come later than this process: what is stored is asked for until it answers.
    absl::Status status = Load(context);
    if (status.ok() && !stop) status = TrainWhenDue(context);
    if (status.ok() && (stop || absl::Now() - saved > kSavePeriod)) {
      status = SaveProgress(context);
      saved = absl::Now();
    }
    const std::string message(status.message());
    if (!status.ok() && message != told && options_.logger != nullptr) {
      options_.logger->Warn("learning cardinalities was held up", {{"error", message}});
    }
    told = message;
  }
}

CardinalityLearner::Correction CardinalityLearner::FactorFor(
    const std::vector<float>& features) const {
  Correction correction;
  correction.features = features;
  if (!options_.enabled) return correction;
  std::shared_ptr<const learned::CorrectionModel> model;
  {
    const absl::MutexLock lock(&mutex_);
    if (!live_.has_value()) return correction;
    if (suspension_.has_value()) {
      correction.refusal = Refusal::kCalibration;
      return correction;
    }
    model = live_->model;
  }
  correction.factor = model->Factor(features);
  if (!correction.factor.has_value()) correction.refusal = Refusal::kUnseen;
  return correction;
}

CardinalityLearner::Correction CardinalityLearner::Correct(
    const sql::plan::Query& query, const sql::plan::Rel& scan,
    const std::vector<sql::plan::ExprPtr>& conditions, double rows,
    const cost::StatisticsEstimator& estimator) const {
  return FactorFor(learned::FeaturesOf(query, scan, conditions, rows, estimator));
}

void CardinalityLearner::Observe(const common::v1::WorkloadWindow& window) {
  std::shared_ptr<const learned::CorrectionModel> model;
  {
    const absl::MutexLock lock(&mutex_);
    if (live_.has_value()) model = live_->model;
  }
  // Predicts outside the lock: planning takes it too.
  std::vector<learned::Observation> observations;
  std::vector<std::pair<double, double>> errors;
  for (const auto& one : window.cardinalities()) {
    observations.push_back(
        {{one.features().begin(), one.features().end()}, one.estimated_rows(), one.actual_rows()});
    const auto factor =
        model == nullptr ? std::nullopt : model->Factor(observations.back().features);
    if (!factor.has_value()) continue;
    errors.emplace_back(learned::ErrorOf(observations.back(), 1),
                        learned::ErrorOf(observations.back(), *factor));
  }
  const absl::MutexLock lock(&mutex_);
  for (learned::Observation& one : observations) window_.Add(std::move(one));
  if (!live_.has_value() || live_->model != model) return;
  for (const auto& [uncorrected, corrected] : errors)
    live_->calibration.Add(uncorrected, corrected);
  if (!live_->calibration.out() || suspension_.has_value()) return;
  suspension_ = absl::StrFormat("the q-error of its last %d predictions is %.2f, without it %.2f",
                                live_->calibration.size(), live_->calibration.corrected_q_error(),
                                live_->calibration.uncorrected_q_error());
  Changed();
}

bool CardinalityLearner::TrainingDue() const {
  return window_.size() >= options_.minimum_training_rows &&
         window_.taken() - trained_at_ >= options_.minimum_training_rows;
}

absl::Status CardinalityLearner::TrainWhenDue(const rpc::CallContext& context) {
  std::vector<learned::Observation> all;
  Trained trained;
  std::shared_ptr<const learned::CorrectionModel> standing;
  {
    const absl::MutexLock lock(&mutex_);
    if (!TrainingDue()) return absl::OkStatus();
    trained_at_ = window_.taken();
    all = window_.All();
    trained.row.training_window = window_.ToProto().SerializeAsString();
    if (live_.has_value() && !suspension_.has_value()) standing = live_->model;
    trained.row.version = ++last_version_;
  }
  const auto split = static_cast<size_t>(static_cast<double>(all.size()) * (1 - kHoldout));
  const std::vector<learned::Observation> holdout(all.begin() + static_cast<long>(split),
                                                  all.end());
  all.resize(split);
  auto model = learned::CorrectionModel::Train(all);
  // Nothing was seen often enough yet.
  if (absl::IsInvalidArgument(model.status())) return absl::OkStatus();
  RETURN_IF_ERROR(model.status());
  trained.model = *std::move(model);
  trained.calibration = Try(*trained.model, holdout);
  ModelRow& row = trained.row;
  row.trained_at_us = row.changed_at_us = NowUs();
  row.training_rows = static_cast<int64_t>(all.size());
  row.holdout_rows = static_cast<int64_t>(trained.calibration.size());
  row.uncorrected_q_error = trained.calibration.uncorrected_q_error();
  row.corrected_q_error = trained.calibration.corrected_q_error();
  ASSIGN_OR_RETURN(const v1::CardinalityModel proto, trained.model->ToProto());
  row.model = proto.SerializeAsString();
  row.calibration = trained.calibration.ToProto().SerializeAsString();
  row.reason = absl::StrFormat(
      "on %d observations that it was not trained on, the q-error is %.2f with it and %.2f without",
      row.holdout_rows, row.corrected_q_error, row.uncorrected_q_error);
  // Against the model in use only what is better than that is worth a change.
  double wanted = row.uncorrected_q_error;
  if (standing != nullptr) wanted = std::min(wanted, Try(*standing, holdout).corrected_q_error());
  const bool proven =
      trained.calibration.enough() && row.corrected_q_error <= wanted * (1 - kMaterialGain);
  row.state = proven ? "candidate" : "refused";
  RETURN_IF_ERROR(SaveRow(context, row));
  const absl::MutexLock lock(&mutex_);
  if (proven) candidate_ = std::move(trained);
  return absl::OkStatus();
}

std::optional<ModelRow> CardinalityLearner::candidate() const {
  const absl::MutexLock lock(&mutex_);
  return candidate_.has_value() ? std::optional<ModelRow>(candidate_->row) : std::nullopt;
}

std::optional<ModelRow> CardinalityLearner::live() const {
  const absl::MutexLock lock(&mutex_);
  return live_.has_value() ? std::optional<ModelRow>(live_->row) : std::nullopt;
}

std::optional<std::string> CardinalityLearner::suspension() const {
  const absl::MutexLock lock(&mutex_);
  return suspension_;
}

absl::StatusOr<double> CardinalityLearner::GoLive(const rpc::CallContext& context,
                                                  int64_t version) {
  ModelRow row;
  std::optional<ModelRow> before;
  {
    const absl::MutexLock lock(&mutex_);
    if (live_.has_value() && live_->row.version == version) return live_->calibration.gain();
    if (!candidate_.has_value() || candidate_->row.version != version)
      return absl::FailedPreconditionError(
          absl::StrCat("cardinality model ", version, " no longer waits to be used"));
    row = candidate_->row;
    if (live_.has_value()) before = live_->row;
  }
  row.state = "live";
  row.changed_at_us = NowUs();
  if (before.has_value()) {
    before->state = "off";
    before->changed_at_us = row.changed_at_us;
    before->reason = absl::StrCat("replaced by model ", version);
    RETURN_IF_ERROR(SaveRow(context, *before));
  }
  RETURN_IF_ERROR(SaveRow(context, row));
  const absl::MutexLock lock(&mutex_);
  if (!candidate_.has_value() || candidate_->row.version != version)
    return absl::FailedPreconditionError("a newer model was trained meanwhile");
  live_ = std::move(candidate_);
  live_->row = std::move(row);
  candidate_.reset();
  suspension_.reset();
  Changed();
  return live_->calibration.gain();
}

absl::Status CardinalityLearner::SwitchOff(const rpc::CallContext& context, int64_t version,
                                           const std::string& reason) {
  ModelRow row;
  {
    const absl::MutexLock lock(&mutex_);
    if (!live_.has_value() || live_->row.version != version) return absl::OkStatus();
    row = live_->row;
    row.calibration = live_->calibration.ToProto().SerializeAsString();
    live_.reset();
    suspension_.reset();
    Changed();
  }
  row.state = "off";
  row.changed_at_us = NowUs();
  row.reason = reason;
  return SaveRow(context, row);
}

absl::Status CardinalityLearner::SaveRow(const rpc::CallContext& context, const ModelRow& row) {
  if (store_ == nullptr) return absl::OkStatus();
  const absl::MutexLock lock(&saving_);
  return store_->Save(context, kName, row);
}

absl::Status CardinalityLearner::SaveProgress(const rpc::CallContext& context) {
  ModelRow collecting;
  std::optional<ModelRow> live;
  {
    const absl::MutexLock lock(&mutex_);
    if (!loaded_ || window_.taken() == saved_at_) return absl::OkStatus();
    saved_at_ = window_.taken();
    collecting.state = "collecting";
    collecting.training_rows = static_cast<int64_t>(window_.size());
    collecting.changed_at_us = NowUs();
    collecting.training_window = window_.ToProto().SerializeAsString();
    if (live_.has_value()) {
      live = live_->row;
      live->calibration = live_->calibration.ToProto().SerializeAsString();
    }
  }
  RETURN_IF_ERROR(SaveRow(context, collecting));
  return live.has_value() ? SaveRow(context, *live) : absl::OkStatus();
}

absl::Status CardinalityLearner::Load(const rpc::CallContext& context) {
  {
    const absl::MutexLock lock(&mutex_);
    if (loaded_) return absl::OkStatus();
  }
  std::vector<ModelRow> rows;
  if (store_ != nullptr) {
    ASSIGN_OR_RETURN(rows, store_->Open(context, kName));
  }
  const absl::MutexLock lock(&mutex_);
  for (ModelRow& row : rows) {
    last_version_ = std::max(last_version_, row.version);
    if (row.version == 0) {
      v1::TrainingWindow stored;
      if (stored.ParseFromString(row.training_window)) {
        // What came since the start stays the newest.
        ObservationWindow window;
        window.Load(stored);
        for (learned::Observation& one : window_.All()) window.Add(std::move(one));
        window_ = std::move(window);
      }
      continue;
    }
    if (row.state != "live" && row.state != "candidate") continue;
    v1::CardinalityModel proto;
    v1::Calibration calibration;
    // One that cannot be read is as good as none: the next training replaces it.
    if (!proto.ParseFromString(row.model)) continue;
    auto model = learned::CorrectionModel::FromProto(proto);
    if (!model.ok()) continue;
    Trained trained{std::move(row), *std::move(model), {}};
    if (calibration.ParseFromString(trained.row.calibration)) trained.calibration.Load(calibration);
    if (trained.row.state == "live") {
      live_ = std::move(trained);
    } else {
      candidate_ = std::move(trained);
    }
  }
  trained_at_ = saved_at_ = window_.taken();
  loaded_ = true;
  if (live_.has_value()) {
    if (candidate_.has_value() && candidate_->row.version < live_->row.version) candidate_.reset();
    if (live_->calibration.out()) suspension_ = "it was out of calibration at the last start";
    Changed();
  }
  return absl::OkStatus();
}

void CardinalityLearner::Changed() {
  // Time, so that it grows across restarts too.
  generation_ = std::max(generation_ + 1, static_cast<uint64_t>(NowUs()));
}

uint64_t CardinalityLearner::generation() const {
  const absl::MutexLock lock(&mutex_);
  return options_.enabled ? generation_ : 0;
}

CardinalityLearner::Progress CardinalityLearner::progress() const {
  const absl::MutexLock lock(&mutex_);
  Progress progress;
  progress.observations = window_.size();
  progress.taken = window_.taken();
  progress.enabled = options_.enabled;
  if (live_.has_value()) {
    progress.templates = live_->model->templates();
    progress.calibration = live_->calibration;
  }
  return progress;
}

}  // namespace adbms::optimizer::feedback
