#include "services/storage/executor/partition_targets.h"

#include "common/sql/routing/partition_routing.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/txn/constraint_errors.h"

namespace adbms::storage::executor {
namespace {

absl::Status Violation(const catalog::TableEntry& table, std::string message, std::string detail) {
  status::SqlError error;
  error.sqlstate = std::string(status::sqlstate::kCheckViolation);
  error.message = std::move(message);
  error.detail = std::move(detail);
  error.schema = table.descriptor.schema();
  error.table = table.descriptor.name();
  return status::ToStatus(error);
}

absl::Status NoPartition(const catalog::TableEntry& table, const types::Batch& rows, uint32_t row) {
  ASSIGN_OR_RETURN(const std::string key, table.layout.routing->DescribeKey(rows, row));
  return Violation(table,
                   "no partition of relation \"" + table.descriptor.name() + "\" found for row",
                   "Partition key of the failing row contains " + key + ".");
}

}  // namespace

absl::Status PartitionTargets::Add(const catalog::TableEntry* table, const Indexes& indexes,
                                   const FindTable& find, Node* node) {
  node->table = table;
  if (table->layout.routing == nullptr) {
    Leaf& leaf = *leaves_.emplace_back(std::make_unique<Leaf>());
    leaf.table = table;
    leaf.index_of = indexes;
    node->leaf = &leaf;
    by_space_.emplace(table->layout.storage_id, &leaf);
    return absl::OkStatus();
  }
  for (const auto& member : table->descriptor.partition_key().partitions()) {
    ASSIGN_OR_RETURN(const catalog::TableEntry* child, find(member.table_id()));
    if (child->layout.types.size() != table->layout.types.size())
      return absl::InternalError("a partition has other columns than its table");
    Indexes own;
    for (const auto& [whole, part] : indexes) {
      for (const auto& index : child->descriptor.indexes()) {
        if (index.parent_index_id() == part) own.emplace(whole, index.index_id());
      }
    }
    RETURN_IF_ERROR(Add(child, own, find, &node->children[member.table_id()]));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<const PartitionTargets>> PartitionTargets::Make(
    const catalog::TableEntry* target,
    const google::protobuf::RepeatedPtrField<common::v1::PartitionChecks>& checks,
    const FindTable& find) {
  const common::v1::TableDescriptor& table = target->descriptor;
  if (target->layout.routing == nullptr && table.partition_of() == 0)
    return std::unique_ptr<const PartitionTargets>();
  auto targets = std::make_unique<PartitionTargets>();
  targets->target_ = target;
  for (const catalog::TableEntry* at = target; at->descriptor.partition_of() != 0;) {
    ASSIGN_OR_RETURN(const catalog::TableEntry* above, find(at->descriptor.partition_of()));
    if (above->layout.routing == nullptr)
      return absl::InternalError("a partition of a table that is not partitioned");
    targets->above_.emplace_back(above, at->descriptor.table_id());
    at = above;
  }
  if (target->layout.routing == nullptr)
    return std::unique_ptr<const PartitionTargets>(std::move(targets));
  Indexes indexes;
  for (const auto& index : table.indexes()) indexes.emplace(index.index_id(), index.index_id());
  RETURN_IF_ERROR(targets->Add(target, indexes, find, &targets->root_));
  for (const common::v1::PartitionChecks& part : checks) {
    for (const std::unique_ptr<Leaf>& leaf : targets->leaves_) {
      if (leaf->table->descriptor.table_id() != part.table_id()) continue;
      ASSIGN_OR_RETURN(leaf->checks, CompileChecks(part.checks()));
    }
  }
  return std::unique_ptr<const PartitionTargets>(std::move(targets));
}

absl::Status PartitionTargets::RouteIn(const Node& node, const types::Batch& rows,
                                       const std::vector<uint32_t>& places,
                                       std::vector<const Leaf*>* leaves) const {
  std::vector<uint32_t> ids;
  RETURN_IF_ERROR(node.table->layout.routing->Route(rows, &ids));
  std::map<uint32_t, std::vector<uint32_t>> deeper;
  for (uint32_t row = 0; row < rows.row_count; ++row) {
    const auto child = node.children.find(ids[row]);
    if (child == node.children.end()) return NoPartition(*node.table, rows, row);
    if (child->second.leaf != nullptr) {
      (*leaves)[places[row]] = child->second.leaf;
    } else {
      deeper[ids[row]].push_back(row);
    }
  }
  for (const auto& [id, below] : deeper) {
    std::vector<uint32_t> their_places;
    for (const uint32_t row : below) their_places.push_back(places[row]);
    RETURN_IF_ERROR(RouteIn(node.children.at(id),
                            types::Gather(rows, below.data(), static_cast<uint32_t>(below.size())),
                            their_places, leaves));
  }
  return absl::OkStatus();
}

absl::Status PartitionTargets::Route(const types::Batch& rows,
                                     std::vector<const Leaf*>* leaves) const {
  RETURN_IF_ERROR(CheckOwn(rows));
  leaves->assign(rows.row_count, nullptr);
  std::vector<uint32_t> places(rows.row_count);
  for (uint32_t row = 0; row < rows.row_count; ++row) places[row] = row;
  return RouteIn(root_, rows, places, leaves);
}

absl::Status PartitionTargets::CheckOwn(const types::Batch& rows) const {
  std::vector<uint32_t> ids;
  for (const auto& [table, part] : above_) {
    RETURN_IF_ERROR(table->layout.routing->Route(rows, &ids));
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      if (ids[row] == part) continue;
      return Violation(
          *target_,
          "new row for relation \"" + target_->descriptor.name() +
              "\" violates partition constraint",
          "Failing row contains " + txn::DescribeRow(*target_, Pointers(rows), row) + ".");
    }
  }
  return absl::OkStatus();
}

const PartitionTargets::Leaf* PartitionTargets::LeafOf(std::string_view row_key) const {
  const auto at = by_space_.find(codec::SpaceOf(row_key));
  return at == by_space_.end() ? nullptr : at->second;
}

bool PartitionTargets::MayMove(const std::vector<bool>& assigned) const {
  const std::function<bool(const Node&)> reads = [&](const Node& node) {
    if (node.leaf != nullptr) return false;
    if (node.table->layout.routing->Reads(assigned)) return true;
    for (const auto& [id, child] : node.children) {
      if (reads(child)) return true;
    }
    return false;
  };
  return reads(root_);
}

std::vector<LeafRows> ByLeaf(const std::vector<const PartitionTargets::Leaf*>& leaves,
                             bool in_order) {
  std::vector<LeafRows> result;
  absl::flat_hash_map<const PartitionTargets::Leaf*, size_t> places;
  for (uint32_t row = 0; row < leaves.size(); ++row) {
    size_t place = result.size();
    if (in_order) {
      if (!result.empty() && result.back().leaf == leaves[row]) place = result.size() - 1;
    } else {
      place = places.emplace(leaves[row], result.size()).first->second;
    }
    if (place == result.size()) result.push_back({leaves[row], {}});
    result[place].rows.push_back(row);
  }
  return result;
}

}  // namespace adbms::storage::executor
