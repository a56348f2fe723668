#include "common/sql/default_planner/partition_expansion.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/default_planner/partition_pruning.h"
#include "common/sql/plan/expression_decoder.h"
#include "common/sql/rules/rewriter.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {
namespace {

using common::v1::TableDescriptor;
using plan::ColumnId;
using plan::Expr;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;

// A table that has rows, and the conditions under which it has any that are asked for.
struct Leaf {
  const TableDescriptor* table = nullptr;
  std::vector<ExprPtr> guards;  // ANDed, over no column of the scan.
};

class Expansion {
 public:
  Expansion(const Catalog& catalog, plan::Query* query) : catalog_(catalog), query_(query) {}

  // `rel` is the scan, maybe under a filter; it becomes what it stands for.
  absl::Status Expand(Rel* rel) {
    const bool filtered = rel->kind == Rel::Kind::kFilter;
    const RelPtr scan = filtered ? rel->inputs[0] : std::make_shared<Rel>(*rel);
    std::vector<ExprPtr> conditions, above;
    if (filtered) {
      for (const ExprPtr& condition : rel->conditions) {
        const bool stays = plan::HasSubquery(condition) || plan::IsVolatile(condition);
        (stays ? above : conditions).push_back(condition);
      }
    }
    std::vector<Leaf> leaves;
    RETURN_IF_ERROR(Collect(*scan->table, *scan, conditions, {}, &leaves));
    RelPtr result;
    if (leaves.empty()) {
      result = plan::MakeRel(Rel::Kind::kValues);
      result->output = scan->output;
    } else if (leaves.size() == 1 && leaves[0].guards.empty()) {
      result = Alone(*scan, *leaves[0].table, conditions);
    } else {
      result = plan::MakeRel(Rel::Kind::kAppend);
      result->output = scan->output;
      for (const Leaf& leaf : leaves) {
        result->inputs.push_back(OneOf(*scan, leaf, result->inputs.size() + 1, conditions));
        const ExprPtr guard = plan::MakeAnd(leaf.guards);
        result->expressions.push_back(guard == nullptr ? plan::MakeBool(true) : guard);
      }
      if (std::all_of(leaves.begin(), leaves.end(),
                      [](const Leaf& leaf) { return leaf.guards.empty(); }))
        result->expressions.clear();
    }
    if (!above.empty()) result = plan::MakeFilter(result, std::move(above));
    *rel = *result;
    return absl::OkStatus();
  }

 private:
  absl::Status Collect(const TableDescriptor& table, const Rel& scan,
                       const std::vector<ExprPtr>& conditions, const std::vector<ExprPtr>& guards,
                       std::vector<Leaf>* leaves) {
    if (!table.has_partition_key()) {
      leaves->push_back({&table, guards});
      return absl::OkStatus();
    }
    const common::v1::PartitionKey& key = table.partition_key();
    ASSIGN_OR_RETURN(const auto bounds, partition::PartitionBounds::Make(key));
    ASSIGN_OR_RETURN(std::vector<ExprPtr> keys, KeysOf(key, scan));
    const PartitionPruner pruner(&key, &bounds, std::move(keys),
                                 {scan.output.begin(), scan.output.end()});
    const std::vector<PartitionVerdict> verdicts = pruner.Judge(conditions);
    // In the order of their bounds, as PostgreSQL lists them; the default one last.
    for (const size_t member : InOrder(key, bounds)) {
      const PartitionVerdict& verdict = verdicts[member];
      if (verdict.never) continue;
      const TableDescriptor* child =
          catalog_.FindTable(key.partitions(static_cast<int>(member)).table_id());
      if (child == nullptr) return absl::InternalError("a partition is not in the catalog");
      std::vector<ExprPtr> both = guards;
      if (verdict.depends != nullptr) both.push_back(verdict.depends);
      RETURN_IF_ERROR(Collect(*child, scan, conditions, both, leaves));
    }
    return absl::OkStatus();
  }

  static std::vector<size_t> InOrder(const common::v1::PartitionKey& key,
                                     const partition::PartitionBounds& bounds) {
    std::vector<size_t> order;
    std::vector<bool> added(static_cast<size_t>(key.partitions_size()));
    const auto add = [&](size_t member) {
      if (!added[member]) order.push_back(member);
      added[member] = true;
    };
    for (const auto& range : bounds.ranges()) order.push_back(range.member);
    for (const auto& item : bounds.values()) add(item.member);
    if (bounds.null_member().has_value()) add(*bounds.null_member());
    if (key.strategy() == common::v1::PartitionKey::STRATEGY_HASH) {
      for (int i = 0; i < key.partitions_size(); ++i) order.push_back(static_cast<size_t>(i));
      std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        const auto& one = key.partitions(static_cast<int>(a)).bound();
        const auto& other = key.partitions(static_cast<int>(b)).bound();
        return std::pair(one.modulus(), one.remainder()) <
               std::pair(other.modulus(), other.remainder());
      });
    }
    if (bounds.default_member().has_value()) add(*bounds.default_member());
    return order;
  }

  // Over the scan's columns; null for a key that it does not read.
  absl::StatusOr<std::vector<ExprPtr>> KeysOf(const common::v1::PartitionKey& key,
                                              const Rel& scan) const {
    const auto column = [&](uint32_t ordinal) -> ExprPtr {
      const auto at = std::find(scan.ordinals.begin(), scan.ordinals.end(), ordinal);
      if (at == scan.ordinals.end()) return nullptr;
      const ColumnId id = scan.output[static_cast<size_t>(at - scan.ordinals.begin())];
      return plan::MakeColumn(id, query_->columns[id].type);
    };
    std::vector<ExprPtr> keys;
    int next = 0;
    for (const uint32_t ordinal : key.columns()) {
      if (ordinal != kExpressionKey) {
        keys.push_back(column(ordinal));
        continue;
      }
      const auto& expression = key.expressions(next++);
      const bool read = std::all_of(expression.columns().begin(), expression.columns().end(),
                                    [&](uint32_t one) { return column(one) != nullptr; });
      keys.emplace_back();
      if (!read) continue;
      ASSIGN_OR_RETURN(const ExprPtr e, plan::Decode(expression, column));
      keys.back() = rules::FoldConstants(e);
    }
    return keys;
  }

  // The only table that is read: the scan's columns are its own.
  RelPtr Alone(const Rel& scan, const TableDescriptor& table,
               const std::vector<ExprPtr>& conditions) {
    for (const ColumnId id : scan.output) {
      if (query_->columns[id].table_id != 0) query_->columns[id].table_id = table.table_id();
    }
    RelPtr copy = std::make_shared<Rel>(scan);
    copy->table = &table;
    return WithOid(std::move(copy), conditions);
  }

  // One of several, with columns of its own.
  RelPtr OneOf(const Rel& scan, const Leaf& leaf, size_t number,
               const std::vector<ExprPtr>& conditions) {
    RelPtr copy = std::make_shared<Rel>(scan);
    copy->table = leaf.table;
    copy->alias = absl::StrCat(scan.alias, "_", number);
    std::map<ColumnId, ColumnId> renamed;
    for (ColumnId& id : copy->output) {
      plan::ColumnInfo info = query_->columns[id];
      if (info.table_id != 0) info.table_id = leaf.table->table_id();
      id = renamed[id] = query_->AddColumn(std::move(info));
    }
    std::vector<ExprPtr> own;
    for (const ExprPtr& condition : conditions) {
      own.push_back(plan::Transform(condition, [&](const ExprPtr& e) -> ExprPtr {
        if (e->kind != Expr::Kind::kColumn) return nullptr;
        const auto at = renamed.find(e->column);
        return at == renamed.end() ? nullptr : plan::MakeColumn(at->second, e->type, e->location);
      }));
    }
    return WithOid(std::move(copy), own);
  }

  // The scan under its conditions, with the table's oid where that is among its columns.
  RelPtr WithOid(RelPtr scan, std::vector<ExprPtr> conditions) {
    const auto filtered = [](RelPtr rel, std::vector<ExprPtr> list) {
      return list.empty() ? rel : plan::MakeFilter(std::move(rel), std::move(list));
    };
    const auto at = std::find(scan->ordinals.begin(), scan->ordinals.end(), plan::kTableOidOrdinal);
    if (at == scan->ordinals.end()) return filtered(std::move(scan), std::move(conditions));
    const std::vector<ColumnId> output = scan->output;
    const auto position = at - scan->ordinals.begin();
    const ColumnId oid = output[static_cast<size_t>(position)];
    const ExprPtr value =
        plan::MakeLiteral(types::Value::Int(types::TypeId::kOid, scan->table->table_id()));
    scan->ordinals.erase(at);
    scan->output.erase(scan->output.begin() + position);
    for (ExprPtr& condition : conditions) {
      condition = rules::FoldConstants(plan::Transform(condition, [&](const ExprPtr& e) -> ExprPtr {
        return e->kind == Expr::Kind::kColumn && e->column == oid ? value : nullptr;
      }));
    }
    std::erase_if(conditions, [](const ExprPtr& e) { return plan::IsTrue(*e); });
    RelPtr project =
        plan::MakeRel(Rel::Kind::kProject, {filtered(std::move(scan), std::move(conditions))});
    project->output = output;
    for (const ColumnId id : output)
      project->expressions.push_back(id == oid ? value
                                               : plan::MakeColumn(id, query_->columns[id].type));
    return project;
  }

  const Catalog& catalog_;
  plan::Query* const query_;
};

bool StandsForMore(const Rel& scan) {
  return scan.kind == Rel::Kind::kScan &&
         (scan.table->has_partition_key() ||
          std::find(scan.ordinals.begin(), scan.ordinals.end(), plan::kTableOidOrdinal) !=
              scan.ordinals.end());
}

}  // namespace

absl::Status ExpandPartitions(const Catalog& catalog, plan::Query* query) {
  std::vector<RelPtr> filters, scans;
  std::set<const Rel*> seen;
  plan::ForEachRel(query, [&](const RelPtr& rel) {
    if (!seen.insert(rel.get()).second) return;
    if (StandsForMore(*rel)) scans.push_back(rel);
    if (rel->kind == Rel::Kind::kFilter && StandsForMore(*rel->inputs[0])) filters.push_back(rel);
  });
  if (scans.empty()) return absl::OkStatus();
  Expansion expansion(catalog, query);
  // What stands under a filter goes with it.
  std::set<RelPtr> filtered;
  for (const RelPtr& filter : filters) {
    filtered.insert(filter->inputs[0]);
    RETURN_IF_ERROR(expansion.Expand(filter.get()));
  }
  for (const RelPtr& scan : scans) {
    if (!filtered.contains(scan)) RETURN_IF_ERROR(expansion.Expand(scan.get()));
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::default_planner
