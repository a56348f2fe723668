// Plans by normalized statement. One cache a gateway, shared by its sessions. Thread-safe.
//
// The key holds the statement's text with its constants lifted out, the role, the search path and
// the types the client gave its parameters. A plan that embeds literals serves only statements with
// equal ones, so a key can have several plans. Nothing here knows catalog versions: storage refuses
// a stale plan, and the session then erases it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/plan.pb.h"
#include "adbms/optimizer/v1/optimizer.pb.h"
#include "common/sql/sql.h"
#include "services/gateway/plan_cache/statement_plans.h"
#include "services/storage/api/storage.h"

namespace adbms::gateway::plan_cache {

// INSERT … ON CONFLICT DO UPDATE as it runs for one row at a time where triggers fire for it in
// between. All return what the statement does, then the row that there was and whether there was
// one; of a partitioned table its partition's oid, too.
struct ConflictPlans {
  storage::api::PreparedPlanPtr probe;    // Inserts, or locks the row that is in the way.
  storage::api::PreparedPlanPtr compute;  // What DO UPDATE makes of it, of CTE 0: it and EXCLUDED.
  storage::api::PreparedPlanPtr write;    // Its columns are the last parameters.
};

// A plan ready to run. Immutable but for the atomics.
struct CachedPlan {
  std::string key;
  std::string normalized_sql;
  uint64_t fingerprint = 0;
  std::shared_ptr<const common::v1::Plan> plan;
  storage::api::PreparedPlanPtr prepared;
  // What reads the rows that functions are called for, by the CTE that they become, in order.
  std::vector<std::pair<uint32_t, storage::api::PreparedPlanPtr>> inputs;
  std::optional<ConflictPlans> conflict;
  // The columns that the client is sent.
  google::protobuf::RepeatedPtrField<common::v1::OutputColumn> columns;
  std::vector<types::Type> parameter_types;
  std::vector<std::string> pinned_values;  // Of plan->pinned_literals, in order.
  std::vector<uint32_t> table_ids;         // Each once.
  bool temporary = false;                  // A table of it is: nobody else's statement means it.
  int64_t planning_us = 0;
  // What choices of plans go by: PlanRequest.template_key, PlanResponse.region.
  uint64_t template_key = 0;
  uint64_t region = 0;
  std::string choice;  // PlanResponse.choice
  // Whether its executions are measured beside those of other plans of the statement, and where;
  // set by Insert.
  bool measurable = false;
  std::weak_ptr<StatementPlans> measured;
  // Its executions need a look at `measured`, before and after.
  std::atomic<bool> watched{true};
  // The policy version for which the role was authorized: of the oldest policy, where the plan acts
  // for other roles too. Versions count the changes of all roles and grants.
  std::atomic<uint64_t> policy_version{0};
  // Set once the plan left the cache because a better one may be had: prepared statements that
  // hold it look again.
  std::atomic<bool> superseded{false};
  // Set once it takes something for granted of a role that is not so any more: it must not run.
  std::atomic<bool> misjudges{false};
};

class PlanCache {
 public:
  // `entries` 0: caches nothing.
  explicit PlanCache(size_t entries);

  // The plan for these literals, or null. Counts a hit or a miss.
  CachedPlanPtr Find(std::string_view key, const std::vector<sql::Literal>& literals);
  // Replaces a plan with equal pinned values. What is known of its statement's plans stays known.
  void Insert(CachedPlanPtr plan);
  void Erase(const CachedPlan& plan);
  // Every plan goes.
  void Clear();
  // The statistics of these tables have changed: the plans that use them deserve another look.
  void ClearTables(const std::vector<uint32_t>& tables);
  // Learned models have changed: plans made under an earlier generation are dropped when they are
  // asked for, a few a second, so that a new model does not have everything planned at once.
  void Supersede(uint64_t model_generation);
  // The statements that run on another plan than the default one, of a generation. Those that this
  // has changed for are planned anew.
  void SetChoices(uint64_t generation,
                  const google::protobuf::RepeatedPtrField<optimizer::v1::PlanChoice>& choices);
  uint64_t choice_generation() const { return choice_generation_.load(std::memory_order_relaxed); }
  // Whether the holder of a plan should look for another one now.
  bool IsSuperseded(const CachedPlan& plan) {
    return plan.superseded.load(std::memory_order_relaxed) || TakeRenewal(plan);
  }

  uint64_t hits() const { return hits_.load(std::memory_order_relaxed); }
  uint64_t misses() const { return misses_.load(std::memory_order_relaxed); }
  size_t size() const;

 private:
  // Plans of one key; more than this many and the oldest goes.
  static constexpr size_t kVariants = 8;
  static constexpr size_t kShards = 16;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Entry {
    std::vector<CachedPlanPtr> variants;
    std::list<std::string>::iterator age;
  };
  struct Measured {
    std::shared_ptr<StatementPlans> plans;
    uint64_t template_key = 0;
    uint64_t region = 0;
  };
  struct Shard {
    mutable absl::Mutex mutex;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries ABSL_GUARDED_BY(mutex);
    std::list<std::string> ages ABSL_GUARDED_BY(mutex);  // Oldest insertion first.
    // By key and pinned values, and for whom choices are made; the oldest first.
    std::unordered_map<std::string, Measured> measured ABSL_GUARDED_BY(mutex);
    std::list<std::string> measured_ages ABSL_GUARDED_BY(mutex);
  };
  void Measure(Shard* shard, const CachedPlanPtr& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard->mutex);
  // Plans dropped in one second for an earlier generation of models.
  static constexpr uint32_t kRenewalsPerSecond = 20;
  // Whether a plan of that generation is to be dropped now.
  bool TakeRenewal(const CachedPlan& plan);

  Shard& ShardOf(std::string_view key) { return shards_[Hash{}(key) % kShards]; }

  const size_t entries_per_shard_;
  std::array<Shard, kShards> shards_;
  std::atomic<uint64_t> model_generation_{0};
  std::atomic<uint64_t> renewals_{0};  // The second, and how many were dropped in it (low 16 bits).
  std::atomic<uint64_t> hits_{0};
  std::atomic<uint64_t> misses_{0};
  absl::Mutex choices_mutex_;
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> choices_ ABSL_GUARDED_BY(choices_mutex_);
  std::atomic<uint64_t> choice_generation_{0};
};

}  // namespace adbms::gateway::plan_cache
