#include "services/optimizer/plan_choice/plan_choices.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"

namespace adbms::optimizer::plan_choice {
namespace {

using types::TypeId;
using types::Value;

constexpr int64_t kPostgresEpochUs = 946684800000000;
constexpr absl::Duration kFreshness = absl::Seconds(3);
// A trial's losers are forgotten when they expire; of more rows than this the rest is not read.
constexpr int64_t kMaxRows = 16384;

constexpr char kCreate[] =
    "CREATE TABLE IF NOT EXISTS adbms.plan_choices (template text, region text, plan text, state "
    "text NOT NULL, statement text, reason text, changed_at timestamptz, expires_at timestamptz, "
    "PRIMARY KEY (template, region, plan))";
constexpr char kSelect[] =
    "SELECT template, region, plan, state, expires_at FROM adbms.plan_choices LIMIT $1";
constexpr char kExpire[] = "DELETE FROM adbms.plan_choices WHERE expires_at < $1";
constexpr char kDelete[] =
    "DELETE FROM adbms.plan_choices WHERE template = $1 AND region = $2 AND plan = $3";
constexpr char kUnchoose[] =
    "DELETE FROM adbms.plan_choices WHERE template = $1 AND region = $2 AND state = 'chosen'";
constexpr char kInsert[] = "INSERT INTO adbms.plan_choices VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

constexpr char kChosen[] = "chosen";
constexpr char kRefused[] = "refused";

Value Timestamp(absl::Time time) {
  if (time == absl::InfiniteFuture()) return Value::Null({TypeId::kTimestamptz, 0});
  return Value::Int(TypeId::kTimestamptz, absl::ToUnixMicros(time) - kPostgresEpochUs);
}

// 0 for what is none.
uint64_t NumberIn(const Value& value) {
  uint64_t number = 0;
  if (!value.is_null() && !absl::SimpleHexAtoi(std::string(value.bytes()), &number)) return 0;
  return number;
}

}  // namespace

std::string Hexadecimal(uint64_t number) { return absl::StrFormat("%016x", number); }

void PlanChoices::Refresh(const rpc::CallContext& context) {
  absl::MutexLock lock(&changing_);
  if (absl::Now() - loaded_at_ < kFreshness) return;
  if (Load(context).ok()) loaded_at_ = absl::Now();
}

absl::Status PlanChoices::Load(const rpc::CallContext& context) {
  changing_.AssertHeld();
  if (!opened_) RETURN_IF_ERROR(sql_.Run(context, kCreate).status());
  opened_ = true;
  ASSIGN_OR_RETURN(const auto found,
                   sql_.Run(context, kSelect, {Value::Int(TypeId::kInt8, kMaxRows)}));
  std::map<Subject, uint64_t> chosen;
  std::map<std::pair<Subject, uint64_t>, absl::Time> refused;
  for (const auto& row : found.rows) {
    const Subject subject{NumberIn(row[0]), NumberIn(row[1])};
    const uint64_t shape = NumberIn(row[2]);
    if (row[3].bytes() == kChosen) {
      if (chosen.size() < kMaxChoices) chosen[subject] = shape;
    } else if (!row[4].is_null()) {
      refused[{subject, shape}] = absl::FromUnixMicros(row[4].int_value() + kPostgresEpochUs);
    }
  }
  absl::MutexLock lock(&mutex_);
  if (generation_ == 0 || chosen != chosen_) {
    // Time, so that it grows across restarts too.
    generation_ = std::max(generation_ + 1, static_cast<uint64_t>(absl::ToUnixMicros(absl::Now())));
  }
  chosen_ = std::move(chosen);
  refused_ = std::move(refused);
  return absl::OkStatus();
}

bool PlanChoices::Knows(uint64_t template_key) const {
  absl::MutexLock lock(&mutex_);
  const auto found = chosen_.lower_bound({template_key, 0});
  return found != chosen_.end() && found->first.template_key == template_key;
}

uint64_t PlanChoices::ChosenFor(const Subject& subject) const {
  absl::MutexLock lock(&mutex_);
  const auto found = chosen_.find(subject);
  return found == chosen_.end() ? 0 : found->second;
}

bool PlanChoices::IsRefused(const Subject& subject, uint64_t shape) const {
  absl::MutexLock lock(&mutex_);
  const auto found = refused_.find({subject, shape});
  return found != refused_.end() && found->second > absl::Now();
}

uint64_t PlanChoices::List(google::protobuf::RepeatedPtrField<v1::PlanChoice>* choices) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [subject, shape] : chosen_) {
    v1::PlanChoice* choice = choices->Add();
    choice->set_template_key(subject.template_key);
    choice->set_region(subject.region);
    choice->set_shape_hash(shape);
  }
  return generation_;
}

uint64_t PlanChoices::generation() const {
  absl::MutexLock lock(&mutex_);
  return generation_;
}

void PlanChoices::Write(const Subject& subject, uint64_t shape, const char* state,
                        const std::string& statement, const std::string& reason, absl::Time until,
                        std::vector<Step>* steps) {
  const Value key = Value::Text(Hexadecimal(subject.template_key));
  const Value region = Value::Text(Hexadecimal(subject.region));
  const Value plan = Value::Text(Hexadecimal(shape));
  steps->push_back({kDelete, {key, region, plan}});
  steps->push_back({kInsert,
                    {key, region, plan, Value::Text(state), Value::Text(statement),
                     Value::Text(reason), Timestamp(absl::Now()), Timestamp(until)}});
}

absl::Status PlanChoices::Change(const rpc::CallContext& context, std::vector<Step> steps) {
  absl::MutexLock lock(&changing_);
  if (!opened_) RETURN_IF_ERROR(Load(context));
  steps.insert(steps.begin(), {kExpire, {Timestamp(absl::Now())}});
  RETURN_IF_ERROR(sql_.RunTransaction(context, steps));
  return Load(context);
}

absl::Status PlanChoices::Choose(const rpc::CallContext& context, const Subject& subject,
                                 uint64_t shape, const std::string& statement,
                                 const std::string& reason) {
  {
    absl::MutexLock lock(&mutex_);
    if (chosen_.size() >= kMaxChoices && !chosen_.contains(subject))
      return absl::ResourceExhaustedError("there are too many choices of plans already");
  }
  std::vector<Step> steps;
  steps.push_back(
      {kUnchoose,
       {Value::Text(Hexadecimal(subject.template_key)), Value::Text(Hexadecimal(subject.region))}});
  Write(subject, shape, kChosen, statement, reason, absl::InfiniteFuture(), &steps);
  return Change(context, std::move(steps));
}

absl::Status PlanChoices::TakeBack(const rpc::CallContext& context, const Subject& subject,
                                   uint64_t shape, const std::string& reason, absl::Time until) {
  std::vector<Step> steps;
  Write(subject, shape, kRefused, "", reason, until, &steps);
  return Change(context, std::move(steps));
}

absl::Status PlanChoices::Refuse(const rpc::CallContext& context, const Subject& subject,
                                 const std::vector<uint64_t>& shapes, const std::string& statement,
                                 const std::string& reason, absl::Time until) {
  const uint64_t chosen = ChosenFor(subject);
  std::vector<Step> steps;
  for (const uint64_t shape : shapes) {
    if (shape != chosen) Write(subject, shape, kRefused, statement, reason, until, &steps);
  }
  return steps.empty() ? absl::OkStatus() : Change(context, std::move(steps));
}

}  // namespace adbms::optimizer::plan_choice
