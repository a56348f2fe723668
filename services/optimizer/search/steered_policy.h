// The cost-based planner's decisions with one thing seen otherwise: what other plans of a statement
// come from. One object for one plan; not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/optimizer/search/cost_policy.h"

namespace adbms::optimizer::search {

// What is seen otherwise. Default: nothing.
struct Steering {
  // How joins look rows up in a key or an index.
  enum class LookUps { kByCost, kNever, kWhereverPossible };
  LookUps look_ups = LookUps::kByCost;
  // (table id, index id; 0: the primary key) that no scan reads through, unless for a whole unique
  // key.
  std::set<std::pair<uint32_t, uint32_t>> hidden_indexes;
  // Scans go through an index wherever one answers a condition.
  bool favours_indexes = false;
  // A relation of a join that is taken to be one row when joins are ordered; null: none. Borrowed.
  const sql::plan::Rel* small = nullptr;
};

class SteeredPolicy : public CostPolicy {
 public:
  SteeredPolicy(Options options, Steering steering)
      : CostPolicy(std::move(options)), steering_(std::move(steering)) {}

  size_t ChooseAccessPath(const sql::plan::Query& query, const sql::plan::ScanRequest& request,
                          std::vector<sql::plan::AccessPath>* paths) const override;
  std::unique_ptr<sql::plan::JoinTree> OrderJoins(const sql::plan::Query& query,
                                                  const sql::plan::JoinGraph& graph) const override;
  sql::plan::JoinMethod ChooseJoinMethod(const sql::plan::JoinRequest& request) const override;

  // The relations of the joins that were ordered, in the order in which they were met. Borrowed
  // from the query.
  const std::vector<const sql::plan::Rel*>& joined() const { return joined_; }

 private:
  bool IsHidden(const sql::plan::ScanRequest& request, const sql::plan::AccessPath& path) const;

  const Steering steering_;
  mutable std::vector<const sql::plan::Rel*> joined_;
};

}  // namespace adbms::optimizer::search
