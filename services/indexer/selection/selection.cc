#include "services/indexer/selection/selection.h"

#include <algorithm>

#include "common/status/macros.h"

namespace adbms::indexer::selection {
namespace {

using candidates::Candidate;

constexpr uint32_t kHypotheticalBase = 0x80000000u;
// Costs of planned statements; statements that cannot be planned stay out.
using Costs = std::vector<double>;

void Add(const Candidate& candidate, uint32_t id, optimizer::v1::WhatIfRequest* request) {
  optimizer::v1::HypotheticalIndex* index = request->add_indexes();
  index->set_table_id(candidate.table_id);
  index->mutable_index()->set_index_id(id);
  index->mutable_index()->set_name("hypothetical");
  index->mutable_index()->set_state(common::v1::IndexDescriptor::STATE_PUBLIC);
  for (const uint32_t column : candidate.columns) {
    index->mutable_index()->add_columns(column);
    index->mutable_index()->add_descending(false);
  }
  for (const uint32_t column : candidate.include) index->mutable_index()->add_include(column);
}

absl::StatusOr<Costs> CostsWith(const rpc::CallContext& context,
                                optimizer::api::Optimizer* optimizer, const std::vector<Work>& work,
                                const std::vector<const Candidate*>& indexes) {
  optimizer::v1::WhatIfRequest request;
  for (const Work& one : work) request.add_sql(one.sql);
  for (size_t i = 0; i < indexes.size(); ++i) {
    Add(*indexes[i], kHypotheticalBase + static_cast<uint32_t>(i), &request);
  }
  ASSIGN_OR_RETURN(const auto response, optimizer->WhatIf(context, request));
  if (response.outcomes_size() != static_cast<int>(work.size())) {
    return absl::InternalError("the optimizer answered for another number of statements");
  }
  Costs costs;
  for (const auto& outcome : response.outcomes()) {
    costs.push_back(outcome.error().empty() ? outcome.cost() : -1);
  }
  return costs;
}

// Time saved by going from `before` to `after`, measured time shared out by cost.
Choice Evaluate(const Candidate& candidate, const std::vector<Work>& work, const Costs& original,
                const Costs& before, const Costs& after, const WriteLoad& writes) {
  Choice choice;
  choice.candidate = candidate;
  for (size_t i = 0; i < work.size(); ++i) {
    if (original[i] <= 0 || before[i] < 0 || after[i] < 0 || after[i] >= before[i] * 0.99) continue;
    const double seconds_before = work[i].seconds * before[i] / original[i];
    const double seconds_after = work[i].seconds * after[i] / original[i];
    choice.seconds_saved += seconds_before - seconds_after;
    choice.seconds_affected += seconds_before;
    choice.affected.push_back(work[i].fingerprint);
  }
  const auto written = writes.rows_by_table.find(candidate.table_id);
  if (written != writes.rows_by_table.end()) {
    choice.seconds_saved -= written->second * writes.seconds_per_entry;
  }
  return choice;
}

}  // namespace

uint64_t EstimateBytes(const Candidate& candidate, const common::v1::TableDescriptor& table,
                       const common::v1::StatisticsSnapshot& statistics) {
  for (const auto& one : statistics.tables()) {
    if (one.table_id() != table.table_id()) continue;
    double width = 12;  // Index id, separators, trailer.
    const auto width_of = [&](uint32_t ordinal) {
      for (const auto& column : one.columns()) {
        if (column.column() == ordinal) return column.average_width_bytes();
      }
      return 12.0;
    };
    for (const uint32_t column : candidate.columns) width += width_of(column);
    for (const uint32_t column : candidate.include) width += width_of(column);
    for (const uint32_t column : table.primary_key()) width += width_of(column);
    if (table.primary_key().empty()) width += 8;
    return static_cast<uint64_t>(one.row_count() * width);
  }
  return 0;
}

absl::StatusOr<std::vector<Choice>> Select(const rpc::CallContext& context,
                                           optimizer::api::Optimizer* optimizer,
                                           const sql::Catalog& catalog,
                                           const common::v1::StatisticsSnapshot& statistics,
                                           const std::vector<Work>& work,
                                           const std::vector<Candidate>& candidates,
                                           const WriteLoad& writes, const Limits& limits) {
  std::vector<Choice> chosen;
  if (work.empty() || candidates.empty()) return chosen;
  ASSIGN_OR_RETURN(const Costs original, CostsWith(context, optimizer, work, {}));
  Costs current = original;
  std::vector<const Candidate*> built;
  std::vector<const Candidate*> open;
  for (const Candidate& candidate : candidates) open.push_back(&candidate);
  uint64_t used_bytes = 0;
  while (chosen.size() < limits.maximum && !open.empty()) {
    Choice best;
    Costs best_costs;
    const Candidate* best_candidate = nullptr;
    double best_value = 0;
    std::vector<const Candidate*> still_open;
    for (const Candidate* candidate : open) {
      RETURN_IF_ERROR(context.Check());
      const auto* table = catalog.FindTable(candidate->table_id);
      if (table == nullptr) continue;
      std::vector<const Candidate*> indexes = built;
      indexes.push_back(candidate);
      ASSIGN_OR_RETURN(Costs costs, CostsWith(context, optimizer, work, indexes));
      Choice choice = Evaluate(*candidate, work, original, current, costs, writes);
      choice.bytes = EstimateBytes(*candidate, *table, statistics);
      const bool fits = limits.storage_budget_bytes == 0 ||
                        used_bytes + choice.bytes <= limits.storage_budget_bytes;
      if (choice.gain() < limits.minimum_gain || choice.affected.empty() || !fits) continue;
      still_open.push_back(candidate);
      // A byte matters less than a second, but of two that save the same the smaller one is better.
      const double value =
          choice.seconds_saved / (1 + static_cast<double>(choice.bytes) / (1024.0 * 1048576.0));
      if (value <= best_value) continue;
      best_value = value;
      best = std::move(choice);
      best_costs = std::move(costs);
      best_candidate = candidate;
    }
    if (best_candidate == nullptr) break;
    used_bytes += best.bytes;
    current = std::move(best_costs);
    built.push_back(best_candidate);
    chosen.push_back(std::move(best));
    std::erase(still_open, best_candidate);
    open = std::move(still_open);
  }
  return chosen;
}

}  // namespace adbms::indexer::selection
