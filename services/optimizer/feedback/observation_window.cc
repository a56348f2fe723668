#include "services/optimizer/feedback/observation_window.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "services/optimizer/learned/features.h"

namespace adbms::optimizer::feedback {

bool ObservationWindow::Add(learned::Observation observation) {
  if (!learned::AreFeatures(observation.features) || !std::isfinite(observation.estimated_rows) ||
      !std::isfinite(observation.actual_rows)) {
    return false;
  }
  auto& list = templates_[learned::TemplateOf(observation.features)];
  list.push_back({++taken_, std::move(observation)});
  ++size_;
  if (list.size() > kMostOfTemplate) {
    list.pop_front();
    --size_;
  }
  if (size_ > kMost) {
    const auto oldest =
        std::min_element(templates_.begin(), templates_.end(), [](const auto& a, const auto& b) {
          return a.second.front().number < b.second.front().number;
        });
    oldest->second.pop_front();
    --size_;
    if (oldest->second.empty()) templates_.erase(oldest);
  }
  return true;
}

std::vector<learned::Observation> ObservationWindow::All() const {
  std::vector<const Numbered*> order;
  for (const auto& [name, list] : templates_) {
    for (const Numbered& one : list) order.push_back(&one);
  }
  std::sort(order.begin(), order.end(),
            [](const Numbered* a, const Numbered* b) { return a->number < b->number; });
  std::vector<learned::Observation> all;
  all.reserve(order.size());
  for (const Numbered* one : order) all.push_back(one->observation);
  return all;
}

v1::TrainingWindow ObservationWindow::ToProto() const {
  v1::TrainingWindow proto;
  for (const learned::Observation& one : All()) {
    auto* out = proto.add_observations();
    out->mutable_features()->Add(one.features.begin(), one.features.end());
    out->set_estimated_rows(one.estimated_rows);
    out->set_actual_rows(one.actual_rows);
  }
  return proto;
}

void ObservationWindow::Load(const v1::TrainingWindow& proto) {
  for (const auto& one : proto.observations()) {
    Add({{one.features().begin(), one.features().end()}, one.estimated_rows(), one.actual_rows()});
  }
}

}  // namespace adbms::optimizer::feedback
