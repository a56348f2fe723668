// The latest observations of scans, bounded in all and by template, so that one busy statement does
// not push out what others taught. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "adbms/optimizer/v1/model.pb.h"
#include "services/optimizer/learned/observation.h"

namespace adbms::optimizer::feedback {

class ObservationWindow {
 public:
  static constexpr size_t kMost = 2000;
  static constexpr size_t kMostOfTemplate = 100;

  // False for features of another format, which are dropped.
  bool Add(learned::Observation observation);
  // Oldest first.
  std::vector<learned::Observation> All() const;
  size_t size() const { return size_; }
  // Observations taken since this object was made.
  uint64_t taken() const { return taken_; }

  v1::TrainingWindow ToProto() const;
  void Load(const v1::TrainingWindow& proto);

 private:
  struct Numbered {
    uint64_t number;
    learned::Observation observation;
  };
  std::map<float, std::deque<Numbered>> templates_;
  size_t size_ = 0;
  uint64_t taken_ = 0;
};

}  // namespace adbms::optimizer::feedback
