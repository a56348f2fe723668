#include "services/indexer/selection/selection.h"

#include <algorithm>
#include <limits>

#include "common/status/macros.h"
#include "services/indexer/selection/sizes.h"

namespace adbms::indexer::selection {
namespace {

using candidates::Bundle;
using candidates::Candidate;

constexpr uint32_t kHypotheticalBase = 0x80000000u;
constexpr double kGiB = 1024.0 * 1048576.0;

// Costs of planned statements; negative: it cannot be planned.
using Costs = std::vector<double>;

double CostOf(const optimizer::v1::WhatIfResponse::Outcome& outcome) {
  return outcome.error().empty() ? outcome.cost() : -1;
}

void Add(const Bundle& bundle, uint32_t* next_id,
         google::protobuf::RepeatedPtrField<optimizer::v1::HypotheticalIndex>* out) {
  for (const Candidate& candidate : bundle) {
    optimizer::v1::HypotheticalIndex* hypothetical = out->Add();
    hypothetical->set_table_id(candidate.table_id);
    common::v1::IndexDescriptor* index = hypothetical->mutable_index();
    *index = candidate.index;
    index->set_index_id((*next_id)++);
    index->set_name("hypothetical");
    index->set_state(common::v1::IndexDescriptor::STATE_PUBLIC);
  }
}

// One that is not chosen yet.
struct Open {
  const Bundle* bundle = nullptr;
  std::vector<uint32_t> statements;  // That could use it, by position.
  Costs costs;                       // Of these, with it beside those chosen.
  Choice choice;
  double value = std::numeric_limits<double>::infinity();
  size_t looked_at = 0;  // With how many chosen.
};

class Selection {
 public:
  Selection(const rpc::CallContext& context, optimizer::api::Optimizer* optimizer,
            const std::string& database, const std::vector<Work>& work, const WriteLoad& writes,
            const Limits& limits, const Sizes& sizes)
      : context_(context),
        optimizer_(optimizer),
        database_(database),
        work_(work),
        writes_(writes),
        limits_(limits),
        sizes_(sizes) {}

  absl::StatusOr<std::vector<Choice>> Run(const std::vector<Bundle>& candidates);

 private:
  // Looks at the open ones, beside those chosen, in one request.
  absl::Status Price(const std::vector<Open*>& open);
  void Evaluate(Open* open) const;
  absl::StatusOr<Open*> Best(std::vector<Open>* open);

  const rpc::CallContext& context_;
  optimizer::api::Optimizer* const optimizer_;
  const std::string& database_;
  const std::vector<Work>& work_;
  const WriteLoad& writes_;
  const Limits& limits_;
  const Sizes& sizes_;
  Costs original_;
  Costs current_;
  std::vector<const Bundle*> chosen_;
  uint64_t used_bytes_ = 0;
};

absl::Status Selection::Price(const std::vector<Open*>& open) {
  optimizer::v1::WhatIfRequest request;
  request.set_database(database_);
  for (const Work& one : work_) {
    auto* statement = request.add_statements();
    statement->set_sql(one.sql);
    statement->mutable_search_path()->Assign(one.search_path.begin(), one.search_path.end());
  }
  uint32_t next_id = kHypotheticalBase;
  for (const Bundle* bundle : chosen_) Add(*bundle, &next_id, request.mutable_indexes());
  for (const Open* one : open) {
    optimizer::v1::IndexSet* set = request.add_sets();
    Add(*one->bundle, &next_id, set->mutable_indexes());
    for (const uint32_t statement : one->statements) set->add_statements(statement);
  }
  ASSIGN_OR_RETURN(const auto response, optimizer_->WhatIf(context_, request));
  if (response.outcomes_size() != request.statements_size() ||
      response.sets_size() != request.sets_size())
    return absl::InternalError("the optimizer answered for another number of statements");
  current_.clear();
  for (const auto& outcome : response.outcomes()) current_.push_back(CostOf(outcome));
  if (chosen_.empty()) original_ = current_;
  for (size_t i = 0; i < open.size(); ++i) {
    const auto& outcomes = response.sets(static_cast<int>(i)).outcomes();
    if (outcomes.size() != static_cast<int>(open[i]->statements.size()))
      return absl::InternalError("the optimizer answered for another number of statements");
    open[i]->costs.clear();
    for (const auto& outcome : outcomes) open[i]->costs.push_back(CostOf(outcome));
    Evaluate(open[i]);
  }
  return absl::OkStatus();
}

// Time saved by having it beside those chosen, measured time shared out by cost.
void Selection::Evaluate(Open* open) const {
  Choice choice;
  choice.indexes = *open->bundle;
  for (size_t k = 0; k < open->statements.size(); ++k) {
    const size_t i = open->statements[k];
    const double after = open->costs[k];
    if (original_[i] <= 0 || current_[i] < 0 || after < 0 || after >= current_[i] * 0.99) continue;
    const double seconds_before = work_[i].seconds * current_[i] / original_[i];
    choice.seconds_saved += seconds_before - work_[i].seconds * after / original_[i];
    choice.seconds_affected += seconds_before;
    choice.affected.push_back(work_[i].fingerprint);
  }
  for (const Candidate& candidate : *open->bundle) {
    const auto written = writes_.rows_by_table.find(candidate.table_id);
    if (written != writes_.rows_by_table.end())
      choice.seconds_saved -=
          written->second * sizes_.Fraction(candidate) * writes_.seconds_per_entry;
    choice.bytes += sizes_.Bytes(candidate);
  }
  // A byte matters less than a second, but of two that save the same the smaller one is better.
  open->value = choice.seconds_saved / (1 + static_cast<double>(choice.bytes) / kGiB);
  const bool fits = limits_.storage_budget_bytes == 0 ||
                    used_bytes_ + choice.bytes <= limits_.storage_budget_bytes;
  if (choice.gain() < limits_.minimum_gain || choice.affected.empty() || !fits) open->value = 0;
  open->choice = std::move(choice);
  open->looked_at = chosen_.size();
}

// Null: none is worth it. What stands first by its value from earlier is looked at again until it
// still stands first.
absl::StatusOr<Open*> Selection::Best(std::vector<Open>* open) {
  constexpr size_t kAtOnce = 8;
  if (chosen_.empty()) {
    std::vector<Open*> all;
    for (Open& one : *open) all.push_back(&one);
    RETURN_IF_ERROR(Price(all));
  }
  while (true) {
    std::sort(open->begin(), open->end(),
              [](const Open& a, const Open& b) { return a.value > b.value; });
    if (open->empty() || open->front().value <= 0) return nullptr;
    if (open->front().looked_at == chosen_.size()) return &open->front();
    std::vector<Open*> stale;
    for (Open& one : *open) {
      if (one.looked_at != chosen_.size() && one.value > 0 && stale.size() < kAtOnce)
        stale.push_back(&one);
    }
    RETURN_IF_ERROR(Price(stale));
  }
}

absl::StatusOr<std::vector<Choice>> Selection::Run(const std::vector<Bundle>& candidates) {
  std::vector<Open> open;
  for (const Bundle& bundle : candidates) {
    Open one;
    one.bundle = &bundle;
    for (size_t i = 0; i < work_.size(); ++i) {
      if (work_[i].tables.contains(bundle.front().table_id))
        one.statements.push_back(static_cast<uint32_t>(i));
    }
    if (!one.statements.empty()) open.push_back(std::move(one));
  }
  std::vector<Choice> choices;
  while (choices.size() < limits_.maximum && !open.empty()) {
    ASSIGN_OR_RETURN(Open* const best, Best(&open));
    if (best == nullptr) break;
    used_bytes_ += best->choice.bytes;
    chosen_.push_back(best->bundle);
    choices.push_back(std::move(best->choice));
    open.erase(open.begin());
    std::erase_if(open, [](const Open& one) { return one.value <= 0; });
  }
  return choices;
}

}  // namespace

absl::StatusOr<std::vector<Choice>> Select(const rpc::CallContext& context,
                                           optimizer::api::Optimizer* optimizer, const Scene& scene,
                                           const std::vector<Work>& work,
                                           const std::vector<Bundle>& candidates,
                                           const WriteLoad& writes, const Limits& limits) {
  if (work.empty() || candidates.empty()) return std::vector<Choice>();
  Sizes sizes(scene);
  RETURN_IF_ERROR(sizes.Learn(context, optimizer, candidates));
  return Selection(context, optimizer, scene.database, work, writes, limits, sizes).Run(candidates);
}

}  // namespace adbms::indexer::selection
