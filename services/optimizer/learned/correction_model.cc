#include "services/optimizer/learned/correction_model.h"

#include <algorithm>
#include <cmath>

#include "common/status/macros.h"
#include "services/optimizer/learned/features.h"

namespace adbms::optimizer::learned {
namespace {

constexpr uint32_t kModelFormat = 1;
// Observations of a template before it counts as seen.
constexpr uint32_t kLeastRows = 5;
// How far beyond the seen values a feature may lie: the features that move are logarithms.
constexpr float kSlack = 0.7F;

}  // namespace

absl::StatusOr<std::shared_ptr<const CorrectionModel>> CorrectionModel::Train(
    const std::vector<Observation>& observations) {
  std::map<float, Region> regions;
  ml::Examples examples;
  examples.columns = kFeatureCount;
  for (const Observation& one : observations) {
    if (!AreFeatures(one.features)) continue;
    const auto label = static_cast<float>(LabelOf(one));
    examples.Add(one.features, label);
    Region& region = regions[TemplateOf(one.features)];
    if (region.rows++ == 0) {
      region.least = region.greatest = one.features;
      region.least_label = region.greatest_label = label;
      continue;
    }
    for (size_t i = 0; i < kFeatureCount; ++i) {
      region.least[i] = std::min(region.least[i], one.features[i]);
      region.greatest[i] = std::max(region.greatest[i], one.features[i]);
    }
    region.least_label = std::min(region.least_label, label);
    region.greatest_label = std::max(region.greatest_label, label);
  }
  std::erase_if(regions, [](const auto& entry) { return entry.second.rows < kLeastRows; });
  if (regions.empty()) return absl::InvalidArgumentError("no template was seen often enough");
  ASSIGN_OR_RETURN(auto trees, ml::BoostedTrees::Train(examples));
  return std::shared_ptr<const CorrectionModel>(
      new CorrectionModel(std::move(trees), std::move(regions)));
}

absl::StatusOr<std::shared_ptr<const CorrectionModel>> CorrectionModel::FromProto(
    const v1::CardinalityModel& proto) {
  if (proto.format() != kModelFormat) return absl::DataLossError("a model of another format");
  ASSIGN_OR_RETURN(auto trees, ml::BoostedTrees::Parse(proto.trees()));
  if (trees->columns() != kFeatureCount) return absl::DataLossError("a model of other features");
  std::map<float, Region> regions;
  for (const auto& one : proto.regions()) {
    if (one.least_size() != kFeatureCount || one.greatest_size() != kFeatureCount)
      return absl::DataLossError("a region of other features");
    Region& region = regions[one.template_()];
    region.rows = one.rows();
    region.least.assign(one.least().begin(), one.least().end());
    region.greatest.assign(one.greatest().begin(), one.greatest().end());
    region.least_label = one.least_label();
    region.greatest_label = one.greatest_label();
  }
  return std::shared_ptr<const CorrectionModel>(
      new CorrectionModel(std::move(trees), std::move(regions)));
}

absl::StatusOr<v1::CardinalityModel> CorrectionModel::ToProto() const {
  v1::CardinalityModel proto;
  proto.set_format(kModelFormat);
  ASSIGN_OR_RETURN(*proto.mutable_trees(), trees_->Serialize());
  for (const auto& [name, region] : regions_) {
    auto* out = proto.add_regions();
    out->set_template_(name);
    out->set_rows(region.rows);
    out->mutable_least()->Add(region.least.begin(), region.least.end());
    out->mutable_greatest()->Add(region.greatest.begin(), region.greatest.end());
    out->set_least_label(region.least_label);
    out->set_greatest_label(region.greatest_label);
  }
  return proto;
}

std::optional<double> CorrectionModel::Factor(const std::vector<float>& features) const {
  if (!AreFeatures(features)) return std::nullopt;
  const auto found = regions_.find(TemplateOf(features));
  if (found == regions_.end()) return std::nullopt;
  const Region& region = found->second;
  for (size_t i = 0; i < kFeatureCount; ++i) {
    if (features[i] < region.least[i] - kSlack || features[i] > region.greatest[i] + kSlack)
      return std::nullopt;
  }
  const auto label = trees_->Predict(features);
  if (!label.ok() || !std::isfinite(*label)) return std::nullopt;
  return std::exp(std::clamp(*label, region.least_label, region.greatest_label));
}

}  // namespace adbms::optimizer::learned
