// Where the rows go that a statement writes to a partitioned table, and what a partition asks of
// rows that are written to it directly. Immutable and thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/storage/executor/modify.h"

namespace adbms::storage::executor {

class PartitionTargets {
 public:
  // A table that has rows.
  struct Leaf {
    const catalog::TableEntry* table = nullptr;
    std::vector<Check> checks;              // Beside those of the target.
    std::map<uint32_t, uint32_t> index_of;  // Its part of each of the target's indexes.
  };
  // Errors: as CompileScope::Table. What it returns must outlive the targets.
  using FindTable = std::function<absl::StatusOr<const catalog::TableEntry*>(uint32_t table_id)>;

  // Null for a table that neither is partitioned nor a partition.
  static absl::StatusOr<std::unique_ptr<const PartitionTargets>> Make(
      const catalog::TableEntry* target,
      const google::protobuf::RepeatedPtrField<common::v1::PartitionChecks>& checks,
      const FindTable& find);

  // Whether the target is partitioned: its rows are in its leaves.
  bool divided() const { return !leaves_.empty() || target_->layout.routing != nullptr; }
  // For each row, whose columns stand by ordinal, its leaf. REQUIRES: divided(). Errors: 23514 for
  // a row that no partition takes, or that is not the target's.
  absl::Status Route(const types::Batch& rows, std::vector<const Leaf*>* leaves) const;
  // Whether the target's own bounds take the rows. Errors: 23514.
  absl::Status CheckOwn(const types::Batch& rows) const;
  // The leaf that a stored row is in; null for a key of none.
  const Leaf* LeafOf(std::string_view row_key) const;
  // Whether a row may have to move when these columns change.
  bool MayMove(const std::vector<bool>& assigned) const;

 private:
  struct Node {
    const catalog::TableEntry* table = nullptr;
    std::map<uint32_t, Node> children;  // By table.
    const Leaf* leaf = nullptr;
  };
  using Indexes = std::map<uint32_t, uint32_t>;

  absl::Status Add(const catalog::TableEntry* table, const Indexes& indexes, const FindTable& find,
                   Node* node);
  absl::Status RouteIn(const Node& node, const types::Batch& rows,
                       const std::vector<uint32_t>& places, std::vector<const Leaf*>* leaves) const;

  const catalog::TableEntry* target_ = nullptr;
  // From the target upwards: what the table above must say of a row.
  std::vector<std::pair<const catalog::TableEntry*, uint32_t>> above_;
  Node root_;
  std::vector<std::unique_ptr<Leaf>> leaves_;
  absl::flat_hash_map<uint32_t, const Leaf*> by_space_;
};

// Rows of one leaf among others.
struct LeafRows {
  const PartitionTargets::Leaf* leaf = nullptr;
  std::vector<uint32_t> rows;
};
// The rows leaf by leaf; `in_order`: runs of neighbors only, so that the rows stay in their order.
std::vector<LeafRows> ByLeaf(const std::vector<const PartitionTargets::Leaf*>& leaves,
                             bool in_order);

}  // namespace adbms::storage::executor
