#include "services/orchestrator/intake/machine_load.h"

#include <algorithm>

namespace adbms::orchestrator::intake {

void MachineLoad::Add(int64_t now_us, uint64_t machine_busy_us, uint64_t own_busy_us,
                      uint32_t cpus) {
  if (cpus == 0) return;
  absl::MutexLock lock(&mutex_);
  if (!readings_.empty()) {
    const Reading& last = readings_.back();
    if (now_us <= last.at_us) return;
    if (machine_busy_us < last.machine_us || own_busy_us < last.own_us) readings_.clear();
  }
  readings_.push_back({now_us, machine_busy_us, own_busy_us, cpus});
  if (readings_.size() > kReadings) readings_.pop_front();
}

std::optional<double> MachineLoad::ForeignBetween(int64_t from_us, int64_t to_us) const {
  absl::MutexLock lock(&mutex_);
  const auto before = [](const Reading& reading, int64_t at_us) { return reading.at_us < at_us; };
  const auto first = std::lower_bound(readings_.begin(), readings_.end(), from_us, before);
  auto last = std::lower_bound(readings_.begin(), readings_.end(), to_us, before);
  if (first == readings_.end() || last == readings_.begin()) return std::nullopt;
  --last;
  if (last <= first) return std::nullopt;
  const double machine = static_cast<double>(last->machine_us - first->machine_us);
  const double own = static_cast<double>(last->own_us - first->own_us);
  const double whole =
      static_cast<double>(last->at_us - first->at_us) * static_cast<double>(last->cpus);
  return std::clamp((machine - own) / whole, 0.0, 1.0);
}

}  // namespace adbms::orchestrator::intake
