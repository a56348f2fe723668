#include "services/gateway/plan_cache/plan_cache.h"

#include <algorithm>
#include <unordered_set>

#include "absl/time/clock.h"

namespace adbms::gateway::plan_cache {
namespace {

bool Serves(const CachedPlan& plan, const std::vector<sql::Literal>& literals) {
  for (int i = 0; i < plan.plan->pinned_literals_size(); ++i) {
    const uint32_t literal = plan.plan->pinned_literals(i);
    if (literal >= literals.size() || literals[literal].value != plan.pinned_values[i])
      return false;
  }
  return true;
}

}  // namespace

PlanCache::PlanCache(size_t entries)
    : entries_per_shard_(entries == 0 ? 0 : std::max<size_t>(1, entries / kShards)) {}

CachedPlanPtr PlanCache::Find(std::string_view key, const std::vector<sql::Literal>& literals) {
  Shard& shard = ShardOf(key);
  {
    absl::ReaderMutexLock lock(&shard.mutex);
    const auto found = shard.entries.find(key);
    if (found != shard.entries.end()) {
      for (const CachedPlanPtr& plan : found->second.variants) {
        if (!Serves(*plan, literals)) continue;
        if (TakeRenewal(*plan)) break;
        hits_.fetch_add(1, std::memory_order_relaxed);
        return plan;
      }
    }
  }
  misses_.fetch_add(1, std::memory_order_relaxed);
  return nullptr;
}

bool PlanCache::TakeRenewal(const CachedPlan& plan) {
  const uint64_t generation = plan.plan->model_generation();
  if (generation == 0 || generation >= model_generation_.load(std::memory_order_relaxed))
    return false;
  const uint64_t second = static_cast<uint64_t>(absl::ToUnixSeconds(absl::Now())) << 16;
  uint64_t seen = renewals_.load(std::memory_order_relaxed);
  for (;;) {
    const bool same = (seen & ~uint64_t{0xffff}) == second;
    if (same && (seen & 0xffff) >= kRenewalsPerSecond) return false;
    if (renewals_.compare_exchange_weak(seen, same ? seen + 1 : second + 1,
                                        std::memory_order_relaxed)) {
      return true;
    }
  }
}

void PlanCache::Supersede(uint64_t model_generation) {
  model_generation_.store(model_generation, std::memory_order_relaxed);
}

void PlanCache::Insert(CachedPlanPtr plan) {
  if (entries_per_shard_ == 0) return;
  Shard& shard = ShardOf(plan->key);
  absl::MutexLock lock(&shard.mutex);
  Measure(&shard, plan);
  auto [position, inserted] = shard.entries.try_emplace(plan->key);
  Entry& entry = position->second;
  if (inserted) entry.age = shard.ages.insert(shard.ages.end(), plan->key);
  // One of an earlier generation might serve the same statements without pinning anything.
  std::erase_if(entry.variants, [&](const CachedPlanPtr& other) {
    if (other->pinned_values != plan->pinned_values &&
        other->plan->model_generation() >= plan->plan->model_generation())
      return false;
    other->superseded.store(true, std::memory_order_relaxed);
    return true;
  });
  if (entry.variants.size() >= kVariants) entry.variants.erase(entry.variants.begin());
  entry.variants.push_back(std::move(plan));
  if (shard.entries.size() > entries_per_shard_) {
    shard.entries.erase(shard.ages.front());
    shard.ages.pop_front();
  }
}

void PlanCache::Measure(Shard* shard, const CachedPlanPtr& plan) {
  if (!plan->measurable) return;
  std::string key = plan->key;
  for (const std::string& value : plan->pinned_values) {
    key += '\0';
    key += value;
  }
  auto [position, inserted] = shard->measured.try_emplace(key);
  Measured& measured = position->second;
  if (inserted) {
    measured.plans = std::make_shared<StatementPlans>();
    measured.template_key = plan->template_key;
    measured.region = plan->region;
    shard->measured_ages.push_back(std::move(key));
  }
  plan->measured = measured.plans;
  measured.plans->Adopt(plan);
  if (shard->measured.size() > entries_per_shard_) {
    shard->measured.erase(shard->measured_ages.front());
    shard->measured_ages.pop_front();
  }
}

void PlanCache::SetChoices(
    uint64_t generation,
    const google::protobuf::RepeatedPtrField<optimizer::v1::PlanChoice>& choices) {
  if (generation == choice_generation()) return;
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> now;
  for (const optimizer::v1::PlanChoice& choice : choices)
    now[{choice.template_key(), choice.region()}] = choice.shape_hash();
  std::unordered_set<uint64_t> changed;
  {
    absl::MutexLock lock(&choices_mutex_);
    const auto compare = [&](const auto& some, const auto& others) {
      for (const auto& [subject, shape] : some) {
        const auto other = others.find(subject);
        if (other == others.end() || other->second != shape) changed.insert(subject.first);
      }
    };
    compare(choices_, now);
    compare(now, choices_);
    choices_ = std::move(now);
    choice_generation_.store(generation, std::memory_order_relaxed);
  }
  if (changed.empty()) return;
  for (Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mutex);
    for (auto& [key, measured] : shard.measured) {
      if (changed.contains(measured.template_key)) measured.plans->Forget();
    }
    for (auto i = shard.entries.begin(); i != shard.entries.end();) {
      std::erase_if(i->second.variants, [&](const CachedPlanPtr& plan) {
        if (!changed.contains(plan->template_key)) return false;
        plan->superseded.store(true, std::memory_order_relaxed);
        return true;
      });
      if (!i->second.variants.empty()) {
        ++i;
        continue;
      }
      shard.ages.erase(i->second.age);
      i = shard.entries.erase(i);
    }
  }
}

void PlanCache::Erase(const CachedPlan& plan) {
  Shard& shard = ShardOf(plan.key);
  absl::MutexLock lock(&shard.mutex);
  const auto found = shard.entries.find(plan.key);
  if (found == shard.entries.end()) return;
  std::erase_if(found->second.variants,
                [&](const CachedPlanPtr& other) { return other.get() == &plan; });
  if (!found->second.variants.empty()) return;
  shard.ages.erase(found->second.age);
  shard.entries.erase(found);
}

void PlanCache::Clear() {
  for (Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mutex);
    for (auto& [key, entry] : shard.entries) {
      for (const CachedPlanPtr& plan : entry.variants)
        plan->superseded.store(true, std::memory_order_relaxed);
    }
    shard.entries.clear();
    shard.ages.clear();
    shard.measured.clear();
    shard.measured_ages.clear();
  }
}

void PlanCache::ClearTables(const std::vector<uint32_t>& tables) {
  if (tables.empty()) return;
  const std::unordered_set<uint32_t> changed(tables.begin(), tables.end());
  const auto uses = [&changed](const CachedPlanPtr& plan) {
    const bool found = std::any_of(plan->table_ids.begin(), plan->table_ids.end(),
                                   [&](uint32_t id) { return changed.contains(id); });
    if (found) plan->superseded.store(true, std::memory_order_relaxed);
    return found;
  };
  for (Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mutex);
    for (auto i = shard.entries.begin(); i != shard.entries.end();) {
      std::erase_if(i->second.variants, uses);
      if (!i->second.variants.empty()) {
        ++i;
        continue;
      }
      shard.ages.erase(i->second.age);
      i = shard.entries.erase(i);
    }
  }
}

size_t PlanCache::size() const {
  size_t size = 0;
  for (const Shard& shard : shards_) {
    absl::ReaderMutexLock lock(&shard.mutex);
    size += shard.entries.size();
  }
  return size;
}

}  // namespace adbms::gateway::plan_cache
