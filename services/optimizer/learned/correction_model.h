// A trained correction of scans' cardinality, and the region of features in which it may be used.
// Immutable; thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/optimizer/v1/model.pb.h"
#include "common/ml/boosted_trees.h"
#include "services/optimizer/learned/observation.h"

namespace adbms::optimizer::learned {

class CorrectionModel {
 public:
  // Errors: INVALID_ARGUMENT when no template has enough observations.
  static absl::StatusOr<std::shared_ptr<const CorrectionModel>> Train(
      const std::vector<Observation>& observations);
  // Errors: DATA_LOSS.
  static absl::StatusOr<std::shared_ptr<const CorrectionModel>> FromProto(
      const v1::CardinalityModel& proto);
  absl::StatusOr<v1::CardinalityModel> ToProto() const;

  // What to multiply the estimate with: never beyond what was seen of the template. nullopt outside
  // the region.
  std::optional<double> Factor(const std::vector<float>& features) const;
  size_t templates() const { return regions_.size(); }

 private:
  struct Region {
    uint32_t rows = 0;
    std::vector<float> least, greatest;
    float least_label = 0, greatest_label = 0;
  };
  CorrectionModel(std::unique_ptr<const ml::BoostedTrees> trees, std::map<float, Region> regions)
      : trees_(std::move(trees)), regions_(std::move(regions)) {}

  const std::unique_ptr<const ml::BoostedTrees> trees_;
  const std::map<float, Region> regions_;  // By template.
};

}  // namespace adbms::optimizer::learned
