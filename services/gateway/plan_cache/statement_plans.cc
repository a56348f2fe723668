#include "services/gateway/plan_cache/statement_plans.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "services/gateway/plan_cache/plan_cache.h"

namespace adbms::gateway::plan_cache {
namespace {

// Executions whose values are like none before say nothing of a plan: those that return many more
// rows.
constexpr uint64_t kMoreRows = 3;
constexpr uint64_t kFewRows = 100;
// What a new plan must exceed the known one by in two executions, times and microseconds,
constexpr double kWorseTwice = 1.5;
constexpr double kWorseTwiceByUs = 1000;
// ... and in its first, which may have been held up by something else.
constexpr double kWorseOnce = 5;
constexpr double kWorseOnceByUs = 20000;
// Executions judged, of a new plan that has given way to one that is still to show that it is
// better.
constexpr uint32_t kUnconfirmed = UINT32_MAX;
// Standard errors between two plans that settle which is better: a constant boundary over at most
// kTrialsOfAPlan looks (Pocock, "Group sequential methods", Biometrika 1977) with room for several
// alternatives.
constexpr double kSettles = 3;
// ... and what a plan must save to be worth a change.
constexpr double kWorthwhile = 0.9;
// Executions of each that a winner needs.
constexpr uint64_t kLeastTrials = 4;

// What an execution is not expected to exceed. A plan whose executions differ much, or that was
// once held up by something else, is not let off with more than twice its mean.
double UpperOf(const PlanTimes& times) { return std::min(times.upper_us(), 2 * times.mean_us()); }

uint64_t ShapeOf(const CachedPlanPtr& plan) {
  return plan == nullptr ? 0 : plan->plan->shape_hash();
}

}  // namespace

void StatementPlans::Adopt(const CachedPlanPtr& plan) {
  absl::MutexLock lock(&mutex_);
  const uint64_t shape = ShapeOf(plan);
  if (cached_.plan == nullptr || shape == ShapeOf(cached_.plan)) {
    cached_.plan = plan;
    const bool expired = returned_ && absl::Now() - returned_at_ > kDecidedFor;
    if (!expired) return;
    // Once more.
    returned_ = false;
    probation_ = 0;
    return;
  }
  trial_.reset();
  probation_ = 0;
  const bool judged = !known_.has_value();
  if (known_.has_value() && shape == ShapeOf(known_->plan)) {
    cached_ = *std::move(known_);
    cached_.plan = plan;
    known_.reset();
    returned_ = false;
    return;
  }
  if (judged && cached_.times.calls() >= kKnownCalls) known_ = std::move(cached_);
  cached_ = Arm();
  cached_.plan = plan;
  returned_ = false;
}

void StatementPlans::Forget() {
  absl::MutexLock lock(&mutex_);
  cached_ = Arm();
  known_.reset();
  trial_.reset();
  returned_ = false;
  probation_ = 0;
  // What was just decided is not put to the test again at once.
  next_trial_ = absl::Now() + kDecidedFor;
}

const StatementPlans::Arm* StatementPlans::NextArm() const {
  if (!trial_.has_value() || trial_->in_flight) return nullptr;
  // What it costs at most: an execution that is stopped at its limit.
  const double at_stake = kTrialLimit * UpperOf(cached_.times);
  if (regret_us_ + at_stake > kRegretShare * observed_us_) return nullptr;
  const Arm* next = nullptr;
  for (const Arm& arm : trial_->arms) {
    if (arm.dropped || arm.times.calls() >= kTrialsOfAPlan) continue;
    if (next == nullptr || arm.times.calls() < next->times.calls()) next = &arm;
  }
  // By turns with the cached plan, so that both meet the same weather.
  if (next != nullptr && trial_->base.calls() <= next->times.calls()) return nullptr;
  return next;
}

Course StatementPlans::Choose(const CachedPlanPtr& cached, bool guards, bool tries) {
  absl::MutexLock lock(&mutex_);
  Course course;
  course.plan = cached;
  if (cached != cached_.plan) return course;
  if (known_.has_value()) {
    if (!guards) return course;
    if (returned_) {
      course.role = Course::Role::kKnown;
      course.plan = known_->plan;
      return course;
    }
    course.role = Course::Role::kProbation;
    course.fallback = known_->plan;
    course.limit =
        std::max(kLeastLimit, absl::Microseconds(kProbationLimit * UpperOf(known_->times)));
    return course;
  }
  if (!tries) return course;
  if (const Arm* arm = NextArm(); arm != nullptr) {
    trial_->in_flight = true;
    course.role = Course::Role::kTrial;
    course.plan = arm->plan;
    course.fallback = cached;
    course.limit = absl::Microseconds(kTrialLimit * UpperOf(cached_.times));
  }
  return course;
}

bool StatementPlans::WantsAlternatives() const {
  absl::MutexLock lock(&mutex_);
  return !trial_.has_value() && !known_.has_value() && cached_.times.calls() >= kKnownCalls &&
         cached_.times.mean_us() >= kLeastTrialUs &&
         kRegretShare * observed_us_ > regret_us_ + kTrialLimit * UpperOf(cached_.times) &&
         absl::Now() >= next_trial_;
}

void StatementPlans::Try(std::vector<TriedPlan> plans, absl::Duration planning) {
  absl::MutexLock lock(&mutex_);
  regret_us_ += absl::ToDoubleMicroseconds(planning);
  next_trial_ = absl::Now() + kDecidedFor;
  trial_.reset();
  if (plans.empty()) return;
  trial_ = Trial();
  for (TriedPlan& tried : plans) {
    Arm& arm = trial_->arms.emplace_back();
    arm.plan = std::move(tried.plan);
    arm.origin = std::move(tried.origin);
  }
}

void StatementPlans::RenewKnown(const CachedPlanPtr& plan) {
  absl::MutexLock lock(&mutex_);
  if (!known_.has_value()) return;
  if (plan != nullptr && ShapeOf(plan) == ShapeOf(known_->plan)) {
    known_->plan = plan;
    return;
  }
  known_.reset();
  returned_ = false;
}

bool StatementPlans::IsClearlyWorse(double us, bool stopped) const {
  if (stopped) return true;
  const double usual = UpperOf(known_->times);
  if (us > std::max(kWorseOnce * usual, usual + kWorseOnceByUs)) return true;
  return probation_ >= kProbationCalls &&
         std::min(us, first_us_) > std::max(kWorseTwice * usual, usual + kWorseTwiceByUs);
}

std::optional<common::v1::PlanFinding> StatementPlans::Judge(double us, uint64_t rows,
                                                             bool stopped) {
  cached_.times.Add(us, rows);
  const bool unlike = !stopped && rows > kFewRows && rows > kMoreRows * known_->times.most_rows();
  if (unlike) return std::nullopt;
  ++probation_;
  const bool worse = IsClearlyWorse(us, stopped);
  if (probation_ == 1) first_us_ = us;
  if (!worse) {
    if (probation_ >= kProbationCalls) known_.reset();
    return std::nullopt;
  }
  returned_ = true;
  returned_at_ = absl::Now();
  first_us_ = us;
  probation_ = kUnconfirmed;
  return std::nullopt;
}

void StatementPlans::AddArm(const Arm& arm, const PlanTimes& times,
                            common::v1::PlanFinding* finding) {
  common::v1::PlanArm* out = finding->add_arms();
  out->set_shape_hash(ShapeOf(arm.plan));
  out->set_origin(arm.origin);
  out->set_estimated_cost(arm.plan->plan->root().total_cost());
  out->set_calls(times.calls());
  out->set_mean_us(times.mean_us());
  out->set_deviation_us(times.deviation_us());
}

void StatementPlans::CountTrial(const Course& course, double us, uint64_t rows, bool stopped) {
  double best_us = cached_.times.mean_us();
  for (const Arm& arm : trial_->arms) {
    if (arm.times.calls() >= kLeastTrials) best_us = std::min(best_us, arm.times.mean_us());
  }
  regret_us_ += std::max(0.0, us - best_us);
  for (Arm& arm : trial_->arms) {
    if (arm.plan != course.plan) continue;
    arm.times.Add(us, rows);
    arm.dropped |= stopped || arm.times.Above(trial_->base) > kSettles;
  }
}

std::optional<common::v1::PlanFinding> StatementPlans::Settle() {
  const Arm* best = nullptr;
  bool open = false;
  for (const Arm& arm : trial_->arms) {
    const bool better = !arm.dropped && arm.times.calls() >= kLeastTrials &&
                        trial_->base.calls() >= kLeastTrials &&
                        trial_->base.Above(arm.times) > kSettles &&
                        arm.times.mean_us() < kWorthwhile * trial_->base.mean_us();
    const bool spent = arm.dropped || better || arm.times.calls() >= kTrialsOfAPlan;
    open |= !spent;
    if (better && (best == nullptr || arm.times.mean_us() < best->times.mean_us())) best = &arm;
  }
  if (open) return std::nullopt;
  common::v1::PlanFinding finding;
  finding.set_kind(common::v1::PlanFinding::KIND_TRIAL);
  finding.set_default_shape(ShapeOf(cached_.plan));
  finding.set_best_shape(best == nullptr ? finding.default_shape() : ShapeOf(best->plan));
  AddArm(cached_, trial_->base, &finding);
  for (const Arm& arm : trial_->arms) AddArm(arm, arm.times, &finding);
  finding.set_regret_us(static_cast<int64_t>(regret_us_));
  finding.set_observed_us(static_cast<int64_t>(observed_us_));
  trial_.reset();
  next_trial_ = absl::Now() + kDecidedFor;
  return finding;
}

std::optional<common::v1::PlanFinding> StatementPlans::Finished(const Course& course, double us,
                                                                uint64_t rows, bool stopped) {
  absl::MutexLock lock(&mutex_);
  observed_us_ += us;
  switch (course.role) {
    case Course::Role::kKnown: {
      if (!known_.has_value() || !returned_ || course.plan != known_->plan) return std::nullopt;
      const bool unconfirmed = probation_ == kUnconfirmed;
      probation_ = kProbationCalls;
      // The tables may have grown since it was known: then it is no better than the new plan.
      if (unconfirmed && us > kWorthwhile * first_us_) {
        known_.reset();
        returned_ = false;
        return std::nullopt;
      }
      known_->times.Add(us, rows);
      if (!unconfirmed) {
        // Slower by now than the other was: that is judged once more.
        if (us > kWorseTwice * first_us_) {
          returned_ = false;
          probation_ = 0;
        }
        return std::nullopt;
      }
      common::v1::PlanFinding finding;
      finding.set_kind(common::v1::PlanFinding::KIND_REGRESSION);
      finding.set_default_shape(ShapeOf(cached_.plan));
      finding.set_best_shape(ShapeOf(known_->plan));
      AddArm(cached_, cached_.times, &finding);
      AddArm(*known_, known_->times, &finding);
      finding.set_observed_us(static_cast<int64_t>(observed_us_));
      finding.set_regret_us(static_cast<int64_t>(first_us_ - us));
      return finding;
    }
    case Course::Role::kProbation:
      // Another one may have judged it meanwhile.
      if (course.plan != cached_.plan || !known_.has_value() || returned_) return std::nullopt;
      return Judge(us, rows, stopped);
    case Course::Role::kTrial:
      if (!trial_.has_value()) return std::nullopt;
      trial_->in_flight = false;
      CountTrial(course, us, rows, stopped);
      return Settle();
    case Course::Role::kCached:
      if (course.plan != cached_.plan) return std::nullopt;
      cached_.times.Add(us, rows);
      if (!trial_.has_value()) return std::nullopt;
      trial_->base.Add(us, rows);
      return Settle();
  }
  return std::nullopt;
}

void StatementPlans::Failed(const Course& course) {
  absl::MutexLock lock(&mutex_);
  if (course.role == Course::Role::kTrial && trial_.has_value()) trial_->in_flight = false;
}

absl::Duration StatementPlans::TakeRegret() {
  absl::MutexLock lock(&mutex_);
  const double since = regret_us_ - told_regret_us_;
  told_regret_us_ = regret_us_;
  return absl::Microseconds(since);
}

bool StatementPlans::quiet() const {
  absl::MutexLock lock(&mutex_);
  return !known_.has_value() && !trial_.has_value() && cached_.times.calls() >= kSettledCalls &&
         cached_.times.mean_us() < kLeastTrialUs;
}

uint64_t StatementPlans::preferred_shape() const {
  absl::MutexLock lock(&mutex_);
  return returned_ && known_.has_value() ? ShapeOf(known_->plan) : 0;
}

}  // namespace adbms::gateway::plan_cache
