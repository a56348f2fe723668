// Regression by gradient-boosted trees: the only place that knows XGBoost. A trained model is
// immutable and thread-safe; training runs on the caller's thread alone and is deterministic.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::ml {

// Examples, row by row: `features` has rows x columns values, `labels` one a row.
struct Examples {
  uint32_t columns = 0;
  std::vector<float> features;
  std::vector<float> labels;

  size_t rows() const { return labels.size(); }
  // REQUIRES: `row` has `columns` values.
  void Add(const std::vector<float>& row, float label);
};

struct TrainingOptions {
  int rounds = 60;
  int max_depth = 4;
  double learning_rate = 0.15;
  // Least sum of examples' weights in a leaf.
  double min_child_weight = 3;
};

class BoostedTrees {
 public:
  ~BoostedTrees();
  BoostedTrees(const BoostedTrees&) = delete;
  BoostedTrees& operator=(const BoostedTrees&) = delete;

  // Fits squared error. Errors: INVALID_ARGUMENT for no examples or values that are not finite.
  static absl::StatusOr<std::unique_ptr<BoostedTrees>> Train(const Examples& examples,
                                                             const TrainingOptions& options = {});
  // What Serialize gave. Errors: DATA_LOSS for anything else.
  static absl::StatusOr<std::unique_ptr<BoostedTrees>> Parse(std::string_view bytes);

  // XGBoost's JSON form of the model.
  absl::StatusOr<std::string> Serialize() const;
  // The label expected for one row. Errors: INVALID_ARGUMENT when the number of features differs.
  absl::StatusOr<float> Predict(const std::vector<float>& row) const;
  uint32_t columns() const { return columns_; }

 private:
  struct Booster;
  explicit BoostedTrees(std::unique_ptr<Booster> booster, uint32_t columns);

  const std::unique_ptr<Booster> booster_;
  const uint32_t columns_;
};

}  // namespace adbms::ml
