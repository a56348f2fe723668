// The states of aggregate calls, for each group: DISTINCT and ORDER BY inside a call included.
//
// Not thread-safe; lives no longer than the execution.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/sql/functions/function_catalog.h"
#include "services/storage/executor/declared_aggregate.h"
#include "services/storage/executor/operator.h"
#include "services/storage/executor/row_sorter.h"
#include "services/storage/executor/sort_keys.h"

namespace adbms::storage::executor {

struct AggregateCall {
  std::unique_ptr<sql::functions::Aggregate> function;
  // `function`, where a user has made it; null otherwise.
  const DeclaredAggregate* declared = nullptr;
  std::vector<CompiledExpressionPtr> arguments;
  bool distinct = false;
  CompiledExpressionPtr filter;
  std::vector<SortKeySpec> order_by;
  types::Type type;
  size_t offset = 0;  // Of its state in a group's block.
};

class AggregateStates {
 public:
  // A group's states lie in a block of `block_bytes`, a multiple of 16; the owner counts it.
  AggregateStates(ExecutionContext* context, const std::vector<AggregateCall>* calls,
                  size_t block_bytes);
  ~AggregateStates() { Clear(); }
  AggregateStates(const AggregateStates&) = delete;
  AggregateStates& operator=(const AggregateStates&) = delete;

  // As some worker's states, for Combine: the rows of DISTINCT calls are kept with them. Before the
  // first row.
  void SetPart(bool part) { part_ = part; }
  // Adds the states of `part`, whose group i goes to groups[i]; it is then only to be cleared.
  // Errors: 53200, and those of the aggregate.
  absl::Status Combine(AggregateStates* part, const std::vector<uint32_t>& groups);
  // Makes groups until there are `count`.
  void MakeGroups(uint32_t count);
  uint32_t size() const { return static_cast<uint32_t>(blocks_.size()); }
  // Adds rows to a call: `arguments` are evaluated on `rows`, row i goes to groups[i].
  // Errors: 53200, and those of the aggregate.
  absl::Status Add(size_t call, const types::Batch& rows, types::Batch arguments,
                   const std::vector<uint32_t>& groups);
  // No more rows; before TakeResults.
  absl::Status Finish();
  // The results of some of the groups from `begin` on: a column for each call, how many in all. Ask
  // for all groups in order, once. Errors: 53200, and those of the aggregate.
  absl::StatusOr<uint32_t> TakeResults(uint32_t begin, std::vector<types::VectorPtr>* columns);
  // Whether what the calls keep grew while memory was short.
  bool crowded() const { return crowded_; }
  void Clear();

 private:
  // Rows of a call that wait for the end.
  struct Sorted {
    std::unique_ptr<RowSorter> sorter;  // Null: there are none.
    types::Batch rows;                  // Read and not added yet, from `next` on.
    uint32_t next = 0;
    std::string last;  // Identity of the row added last.
  };

  // What a DISTINCT call of a part has taken.
  struct KeptRows {
    types::Batch arguments;
    std::vector<uint32_t> groups;
  };

  absl::Status Update(size_t call, const types::Batch& arguments,
                      const std::vector<uint32_t>& groups);
  absl::Status AddDistinct(size_t call, types::Batch arguments,
                           const std::vector<uint32_t>& groups);
  // Lets rows wait until the end, sorted by group, the call's order, and all arguments if they are
  // to be distinct.
  absl::Status AddSorted(size_t call, const std::vector<types::VectorPtr>& order,
                         types::Batch arguments, const std::vector<uint32_t>& groups);
  // Adds the sorted rows of groups before `end`.
  absl::Status AddSortedBefore(size_t call, uint32_t end);
  // Empties the states of groups whose results were taken.
  void DropStates(uint32_t begin, uint32_t count);
  // Notes bytes that are about to be kept; those of many short ones are counted together.
  // Errors: 53200.
  absl::Status Keep(size_t bytes);

  ExecutionContext* const context_;
  const std::vector<AggregateCall>& calls_;
  // By call: what works on its states.
  std::vector<const sql::functions::Aggregate*> functions_;
  std::vector<std::unique_ptr<sql::functions::Aggregate>> own_functions_;
  const size_t block_bytes_;
  std::unique_ptr<types::Arena> arena_;
  std::vector<char*> blocks_;                           // By group.
  std::vector<char*> states_;                           // Of the rows at hand.
  std::vector<absl::flat_hash_set<std::string>> seen_;  // By call.
  int64_t seen_bytes_ = 0;
  int64_t seen_reserved_ = 0;
  std::vector<Sorted> sorted_;  // By call.
  bool part_ = false;
  std::vector<std::vector<KeptRows>> kept_;  // By call.
  size_t uncounted_bytes_ = 0;
  int64_t reserved_ = 0;
  bool crowded_ = false;
};

}  // namespace adbms::storage::executor
