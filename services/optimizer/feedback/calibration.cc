#include "services/optimizer/feedback/calibration.h"

#include <algorithm>
#include <cmath>

namespace adbms::optimizer::feedback {

void Calibration::Add(double uncorrected, double corrected) {
  errors_.push_back({uncorrected, corrected});
  if (errors_.size() > kMost) errors_.pop_front();
}

double Calibration::uncorrected_q_error() const {
  double sum = 0;
  for (const Errors& one : errors_) sum += one.uncorrected;
  return errors_.empty() ? 1 : std::exp(sum / static_cast<double>(errors_.size()));
}

double Calibration::corrected_q_error() const {
  double sum = 0;
  for (const Errors& one : errors_) sum += one.corrected;
  return errors_.empty() ? 1 : std::exp(sum / static_cast<double>(errors_.size()));
}

double Calibration::gain() const { return 1 - corrected_q_error() / uncorrected_q_error(); }

v1::Calibration Calibration::ToProto() const {
  v1::Calibration proto;
  for (const Errors& one : errors_) {
    proto.add_uncorrected(static_cast<float>(one.uncorrected));
    proto.add_corrected(static_cast<float>(one.corrected));
  }
  return proto;
}

void Calibration::Load(const v1::Calibration& proto) {
  const int count = std::min(proto.uncorrected_size(), proto.corrected_size());
  for (int i = 0; i < count; ++i) Add(proto.uncorrected(i), proto.corrected(i));
}

}  // namespace adbms::optimizer::feedback
