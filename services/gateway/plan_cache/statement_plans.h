// The plans of one statement (of one key and the values that its plan is pinned to), by what they
// have really taken: alternatives are tried beside the cached plan within a budget, and a new plan
// that is clearly worse than the one known before gives way to it. Thread-safe; the lock is held
// for microseconds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adbms/common/v1/workload.pb.h"
#include "services/gateway/plan_cache/plan_times.h"

namespace adbms::gateway::plan_cache {

struct CachedPlan;
using CachedPlanPtr = std::shared_ptr<CachedPlan>;

// What an execution runs on.
struct Course {
  enum class Role {
    kCached,     // The cached plan.
    kProbation,  // The cached plan, which is new and not yet judged.
    kKnown,      // The plan known before the cached one, which was worse.
    kTrial,      // An alternative.
  };
  Role role = Role::kCached;
  CachedPlanPtr plan;
  // Where the execution takes longer than `limit`, it is stopped and run on this. Null: it is not.
  CachedPlanPtr fallback;
  absl::Duration limit = absl::InfiniteDuration();
};

// One more plan for a statement.
struct TriedPlan {
  CachedPlanPtr plan;
  std::string origin;
};

class StatementPlans {
 public:
  // A plan is judged against the one before after at most this many executions.
  static constexpr uint32_t kProbationCalls = 2;
  // Executions after which a plan counts as known, and may have alternatives.
  static constexpr uint64_t kKnownCalls = 5;
  // Faster statements have nothing to gain.
  static constexpr double kLeastTrialUs = 1000;
  // An alternative is tried at most this often, and stopped when it takes this many times as long.
  static constexpr uint64_t kTrialsOfAPlan = 8;
  static constexpr double kTrialLimit = 2;
  // Executions on alternatives may cost this share of the statement's time beyond what the best
  // known plan would have taken.
  static constexpr double kRegretShare = 0.1;
  // A fast statement is settled after this many executions.
  static constexpr uint64_t kSettledCalls = 32;
  // How long what was decided holds before it is tried again.
  static constexpr absl::Duration kDecidedFor = absl::Hours(1);
  // A new plan is stopped when it takes this many times as long as the known one, and at least ...
  static constexpr double kProbationLimit = 5;
  static constexpr absl::Duration kLeastLimit = absl::Milliseconds(50);

  // The plan is the cached one from now on.
  void Adopt(const CachedPlanPtr& plan);
  // Starts from nothing with the next plan: which plan the statement has is another's decision now.
  void Forget();

  // What the next execution runs on. `guards`, `tries`: what it may do beside running the cached
  // plan.
  Course Choose(const CachedPlanPtr& cached, bool guards, bool tries);
  // Whether alternatives are to be brought by Try.
  bool WantsAlternatives() const;
  // What can be tried (maybe nothing), and what it took to find that out.
  void Try(std::vector<TriedPlan> plans, absl::Duration planning);
  // The known plan is out of date: one of its shape, made anew, or null where there is none.
  void RenewKnown(const CachedPlanPtr& plan);

  // An execution is over. `stopped`: it was, at its limit. What has been found out by it, if
  // anything: its statement's identity is the caller's to add.
  std::optional<common::v1::PlanFinding> Finished(const Course& course, double us, uint64_t rows,
                                                  bool stopped);
  // It ended in an error: it says nothing.
  void Failed(const Course& course);
  // What a trial's executions have cost beyond the best known plan since the last call.
  absl::Duration TakeRegret();
  // Whether its executions may go unmeasured but for a few: it is fast and settled.
  bool quiet() const;
  // The shape of the plan that is preferred to the cached one; 0: none.
  uint64_t preferred_shape() const;

 private:
  struct Arm {
    CachedPlanPtr plan;
    std::string origin;
    PlanTimes times;
    bool dropped = false;
  };
  struct Trial {
    PlanTimes base;  // Since it began.
    std::vector<Arm> arms;
    bool in_flight = false;
  };

  bool IsClearlyWorse(double us, bool stopped) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<common::v1::PlanFinding> Judge(double us, uint64_t rows, bool stopped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CountTrial(const Course& course, double us, uint64_t rows, bool stopped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Ends the trial when it is decided.
  std::optional<common::v1::PlanFinding> Settle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  const Arm* NextArm() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void AddArm(const Arm& arm, const PlanTimes& times, common::v1::PlanFinding* finding);

  mutable absl::Mutex mutex_;
  Arm cached_ ABSL_GUARDED_BY(mutex_);
  std::optional<Arm> known_ ABSL_GUARDED_BY(mutex_);  // Before the cached one.
  uint32_t probation_ ABSL_GUARDED_BY(mutex_) = 0;    // Executions judged.
  double first_us_ ABSL_GUARDED_BY(mutex_) = 0;       // The first of them.
  bool returned_ ABSL_GUARDED_BY(mutex_) = false;     // To the known one,
  absl::Time returned_at_ ABSL_GUARDED_BY(mutex_);    // ... when.
  std::optional<Trial> trial_ ABSL_GUARDED_BY(mutex_);
  absl::Time next_trial_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  double observed_us_ ABSL_GUARDED_BY(mutex_) = 0;
  double regret_us_ ABSL_GUARDED_BY(mutex_) = 0;
  double told_regret_us_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace adbms::gateway::plan_cache
