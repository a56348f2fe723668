#include "common/ml/boosted_trees.h"

#include <xgboost/c_api.h>

#include <cmath>
#include <limits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace adbms::ml {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

absl::Status Check(int code, absl::string_view what) {
  if (code == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("XGBoost could not ", what, ": ", XGBGetLastError()));
}

// It would write to stderr of its own accord.
void Silence() {
  static const int kOnce = XGBSetGlobalConfig("{\"verbosity\": 0}");
  (void)kOnce;
}

class Matrix {
 public:
  ~Matrix() {
    if (handle_ != nullptr) XGDMatrixFree(handle_);
  }
  absl::Status Fill(const float* values, size_t rows, uint32_t columns) {
    return Check(XGDMatrixCreateFromMat(values, rows, columns, kMissing, &handle_),
                 "take in examples");
  }
  DMatrixHandle handle() const { return handle_; }

 private:
  DMatrixHandle handle_ = nullptr;
};

}  // namespace

struct BoostedTrees::Booster {
  ~Booster() {
    if (handle != nullptr) XGBoosterFree(handle);
  }
  absl::Status Set(const char* name, const std::string& value) {
    return Check(XGBoosterSetParam(handle, name, value.c_str()), absl::StrCat("set ", name));
  }

  // XGBoost keeps results of a prediction in the booster until the next one.
  absl::Mutex mutex;
  BoosterHandle handle = nullptr;
};

void Examples::Add(const std::vector<float>& row, float label) {
  features.insert(features.end(), row.begin(), row.end());
  labels.push_back(label);
}

BoostedTrees::BoostedTrees(std::unique_ptr<Booster> booster, uint32_t columns)
    : booster_(std::move(booster)), columns_(columns) {}

BoostedTrees::~BoostedTrees() = default;

absl::StatusOr<std::unique_ptr<BoostedTrees>> BoostedTrees::Train(const Examples& examples,
                                                                  const TrainingOptions& options) {
  Silence();
  if (examples.rows() == 0 || examples.columns == 0 ||
      examples.features.size() != examples.rows() * examples.columns) {
    return absl::InvalidArgumentError("training wants examples of equal width");
  }
  for (const auto* values : {&examples.features, &examples.labels}) {
    for (const float value : *values) {
      if (!std::isfinite(value)) return absl::InvalidArgumentError("an example is not finite");
    }
  }
  Matrix matrix;
  absl::Status status = matrix.Fill(examples.features.data(), examples.rows(), examples.columns);
  if (!status.ok()) return status;
  status = Check(XGDMatrixSetFloatInfo(matrix.handle(), "label", examples.labels.data(),
                                       examples.labels.size()),
                 "take in labels");
  if (!status.ok()) return status;
  auto booster = std::make_unique<Booster>();
  const DMatrixHandle matrices[] = {matrix.handle()};
  status = Check(XGBoosterCreate(matrices, 1, &booster->handle), "make a booster");
  if (!status.ok()) return status;
  const std::pair<const char*, std::string> parameters[] = {
      {"objective", "reg:squarederror"},
      {"tree_method", "hist"},
      {"nthread", "1"},
      {"seed", "1"},
      {"max_depth", absl::StrCat(options.max_depth)},
      {"eta", absl::StrCat(options.learning_rate)},
      {"min_child_weight", absl::StrCat(options.min_child_weight)}};
  for (const auto& [name, value] : parameters) {
    status = booster->Set(name, value);
    if (!status.ok()) return status;
  }
  for (int round = 0; round < options.rounds; ++round) {
    status = Check(XGBoosterUpdateOneIter(booster->handle, round, matrix.handle()), "train");
    if (!status.ok()) return status;
  }
  return std::unique_ptr<BoostedTrees>(new BoostedTrees(std::move(booster), examples.columns));
}

absl::StatusOr<std::unique_ptr<BoostedTrees>> BoostedTrees::Parse(std::string_view bytes) {
  Silence();
  if (bytes.empty() || bytes.front() != '{') return absl::DataLossError("not a stored model");
  auto booster = std::make_unique<Booster>();
  absl::Status status = Check(XGBoosterCreate(nullptr, 0, &booster->handle), "make a booster");
  if (!status.ok()) return status;
  status = Check(XGBoosterLoadModelFromBuffer(booster->handle, bytes.data(), bytes.size()),
                 "read a stored model");
  if (!status.ok()) return absl::DataLossError(status.message());
  bst_ulong columns = 0;
  status = Check(XGBoosterGetNumFeature(booster->handle, &columns), "count a model's features");
  if (!status.ok()) return status;
  status = booster->Set("nthread", "1");
  if (!status.ok()) return status;
  return std::unique_ptr<BoostedTrees>(
      new BoostedTrees(std::move(booster), static_cast<uint32_t>(columns)));
}

absl::StatusOr<std::string> BoostedTrees::Serialize() const {
  const absl::MutexLock lock(&booster_->mutex);
  bst_ulong size = 0;
  const char* bytes = nullptr;
  absl::Status status =
      Check(XGBoosterSaveModelToBuffer(booster_->handle, "{\"format\": \"json\"}", &size, &bytes),
            "write a model");
  if (!status.ok()) return status;
  return std::string(bytes, size);
}

absl::StatusOr<float> BoostedTrees::Predict(const std::vector<float>& row) const {
  if (row.size() != columns_) {
    return absl::InvalidArgumentError(
        absl::StrCat("the model knows ", columns_, " features, not ", row.size()));
  }
  const absl::MutexLock lock(&booster_->mutex);
  Matrix matrix;
  absl::Status status = matrix.Fill(row.data(), 1, columns_);
  if (!status.ok()) return status;
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* result = nullptr;
  status = Check(
      XGBoosterPredictFromDMatrix(booster_->handle, matrix.handle(),
                                  "{\"type\": 0, \"training\": false, \"iteration_begin\": 0, "
                                  "\"iteration_end\": 0, \"strict_shape\": false}",
                                  &shape, &dimensions, &result),
      "predict");
  if (!status.ok()) return status;
  return result[0];
}

}  // namespace adbms::ml
