// Whether a model's predictions hold: its latest errors against those of the uncorrected estimates.
// Not thread-safe.
#pragma once

#include <deque>

#include "adbms/optimizer/v1/model.pb.h"

namespace adbms::optimizer::feedback {

class Calibration {
 public:
  // Predictions remembered, and fewest from which anything is concluded.
  static constexpr size_t kMost = 200;
  static constexpr size_t kLeast = 30;

  // Errors are logs of q-errors.
  void Add(double uncorrected, double corrected);
  size_t size() const { return errors_.size(); }
  // Geometric means of the q-errors, 1 without any.
  double uncorrected_q_error() const;
  double corrected_q_error() const;
  // Share of the q-error that correcting takes away; negative when it adds.
  double gain() const;
  bool enough() const { return size() >= kLeast; }
  // It is worse than not correcting.
  bool out() const { return enough() && gain() < 0; }

  v1::Calibration ToProto() const;
  void Load(const v1::Calibration& proto);

 private:
  struct Errors {
    double uncorrected;
    double corrected;
  };
  std::deque<Errors> errors_;
};

}  // namespace adbms::optimizer::feedback
