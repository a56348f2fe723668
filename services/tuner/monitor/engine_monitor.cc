#include "services/tuner/monitor/engine_monitor.h"

#include <algorithm>
#include <utility>

namespace adbms::tuner::monitor {
namespace {

// A restarted engine counts from zero again.
uint64_t Grown(uint64_t now, uint64_t before) { return now >= before ? now - before : now; }

}  // namespace

void EngineMonitor::Add(int64_t now_us, const storage::v1::EngineMetrics& metrics) {
  const double seconds = static_cast<double>(now_us - last_us_) / 1e6;
  if (last_.has_value() && seconds < 1) return;
  if (last_.has_value()) {
    Raw raw;
    raw.at_us = now_us;
    raw.seconds = seconds;
    raw.hits = Grown(metrics.block_cache_hits(), last_->block_cache_hits());
    raw.misses = Grown(metrics.block_cache_misses(), last_->block_cache_misses());
    raw.written = Grown(metrics.bytes_written(), last_->bytes_written());
    raw.flushes = Grown(metrics.flushes(), last_->flushes());
    raw.stall_us = Grown(metrics.stall_us(), last_->stall_us());
    raw.spilled = Grown(metrics.spilled_bytes(), last_->spilled_bytes());
    raw.refusals = Grown(metrics.query_memory_refusals(), last_->query_memory_refusals());
    raw.statement_seconds = std::exchange(statement_seconds_, 0);
    if (metrics.block_cache_capacity_bytes() > 0) {
      raw.fill = static_cast<double>(metrics.block_cache_used_bytes()) /
                 static_cast<double>(metrics.block_cache_capacity_bytes());
    }
    raw_.push_back(raw);
    if (raw_.size() > kSamples) raw_.pop_front();
    tuner::v1::Sample sample;
    sample.set_at_us(now_us);
    const uint64_t reads = raw.hits + raw.misses;
    sample.set_cache_hit_ratio(
        reads == 0 ? 1 : static_cast<double>(raw.hits) / static_cast<double>(reads));
    sample.set_cache_misses_per_second(static_cast<double>(raw.misses) / seconds);
    sample.set_write_bytes_per_second(static_cast<double>(raw.written) / seconds);
    sample.set_stall_fraction(static_cast<double>(raw.stall_us) / 1e6 / seconds);
    sample.set_spill_bytes_per_second(static_cast<double>(raw.spilled) / seconds);
    samples_.push_back(std::move(sample));
    if (samples_.size() > kSamples) samples_.pop_front();
  }
  last_ = metrics;
  last_us_ = now_us;
}

std::optional<Load> EngineMonitor::Over(int64_t now_us, double seconds) const {
  Load load;
  uint64_t hits = 0;
  uint64_t misses = 0;
  double written = 0;
  double flushes = 0;
  double stalled = 0;
  double spilled = 0;
  double refusals = 0;
  double busy = 0;
  for (auto raw = raw_.rbegin(); raw != raw_.rend(); ++raw) {
    if (static_cast<double>(now_us - raw->at_us) / 1e6 > seconds) break;
    load.seconds += raw->seconds;
    load.cache_fill = std::max(load.cache_fill, raw->fill);
    hits += raw->hits;
    misses += raw->misses;
    written += static_cast<double>(raw->written);
    flushes += static_cast<double>(raw->flushes);
    stalled += static_cast<double>(raw->stall_us) / 1e6;
    spilled += static_cast<double>(raw->spilled);
    refusals += static_cast<double>(raw->refusals);
    busy += raw->statement_seconds;
  }
  if (load.seconds <= 0) return std::nullopt;
  if (hits + misses > 0) {
    load.hit_ratio = static_cast<double>(hits) / static_cast<double>(hits + misses);
  }
  load.misses_per_second = static_cast<double>(misses) / load.seconds;
  load.write_bytes_per_second = written / load.seconds;
  load.flushes_per_minute = flushes / load.seconds * 60;
  load.stall_fraction = stalled / load.seconds;
  load.spill_bytes_per_second = spilled / load.seconds;
  load.refusals_per_minute = refusals / load.seconds * 60;
  load.busy = busy / load.seconds;
  return load;
}

}  // namespace adbms::tuner::monitor
