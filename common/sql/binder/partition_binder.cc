// What a statement has to know of a partitioned table's parts, and the column that tells of what
// table a row is.
#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "common/sql/binder/binder.h"
#include "common/sql/catalog/partition_tree.h"
#include "common/status/macros.h"

namespace adbms::sql::binder {
namespace {

using common::v1::TableDescriptor;
using plan::Expr;

// A plan of more would be mostly partitions that are not read.
constexpr int kMostPlannedPartitions = 64;

constexpr Type kOidType{TypeId::kOid, 0};
constexpr Type kTidType{TypeId::kTid, 0};

bool HasCheck(const TableDescriptor& table, const std::string& name) {
  return std::any_of(table.checks().begin(), table.checks().end(),
                     [&](const auto& check) { return check.name() == name; });
}

}  // namespace

void Binder::AddSystemColumns(plan::Rel* scan, ScopeItem* item) {
  // Few statements ask for them: the others' scans stay as narrow as they are.
  const auto mentions = [this](std::string_view name) {
    const auto same = [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == b;
    };
    return std::search(text_.begin(), text_.end(), name.begin(), name.end(), same) != text_.end();
  };
  item->system_columns.clear();
  // Whoever reads one has to have a right on all of the table: a row's key is in its ctid.
  const auto stands_for_all = [&](ColumnId id) {
    for (int i = 0; i < scan->table->columns_size(); ++i) {
      if (!scan->table->columns(i).dropped()) StandFor(id, *scan->table, static_cast<uint32_t>(i));
    }
  };
  if (mentions("tableoid")) {
    const ColumnId id = query_->AddColumn({"tableoid", kOidType, 0, 0, true});
    scan->output.push_back(id);
    scan->ordinals.push_back(plan::kTableOidOrdinal);
    item->system_columns.push_back({"tableoid", id, kOidType});
    stands_for_all(id);
  }
  if (scan->table->is_virtual() || !mentions("ctid")) return;
  const auto key = std::find(scan->ordinals.begin(), scan->ordinals.end(), plan::kRowKeyOrdinal);
  ColumnId id = 0;
  if (key == scan->ordinals.end()) {
    id = query_->AddColumn({"ctid", kTidType, 0, 0, true});
    scan->output.push_back(id);
    scan->ordinals.push_back(plan::kRowKeyOrdinal);
  } else {
    id = scan->output[static_cast<size_t>(key - scan->ordinals.begin())];
    query_->columns[id].type = kTidType;
  }
  item->system_columns.push_back({"ctid", id, kTidType});
  stands_for_all(id);
}

absl::Status Binder::BindPartitionChecks(const std::vector<ColumnId>& columns) {
  const TableDescriptor& table = *query_->target;
  if (!table.has_partition_key()) return absl::OkStatus();
  std::vector<const TableDescriptor*> asking;
  ForEachPartition(*input_.catalog, table, [&](const TableDescriptor& part) {
    if (part.has_partition_key()) return;
    if (std::any_of(part.checks().begin(), part.checks().end(),
                    [&](const auto& check) { return !HasCheck(table, check.name()); }))
      asking.push_back(&part);
  });
  for (const TableDescriptor* part : asking) {
    ASSIGN_OR_RETURN(std::vector<plan::CheckCondition> checks, ChecksOf(*part, columns));
    std::erase_if(checks, [&](const auto& check) { return HasCheck(table, check.name); });
    query_->partition_checks.push_back({part, std::move(checks)});
  }
  return absl::OkStatus();
}

void Binder::ReturnTableOid(ScopeItem* item) {
  if (!target_views_.empty()) return;  // A view's rows are of no table.
  query_->table_oid = query_->AddColumn({"tableoid", kOidType, 0, 0, true});
  item->system_columns = {{"tableoid", query_->table_oid, kOidType}};
}

ExprPtr Binder::WithKnownTableOid(const ExprPtr& e) const {
  const TableDescriptor& table = *query_->target;
  if (table.has_partition_key() || query_->table_oid == 0) return e;
  return plan::Transform(e, [&](const ExprPtr& part) -> ExprPtr {
    if (part->kind != Expr::Kind::kColumn || part->column != query_->table_oid) return nullptr;
    return plan::MakeLiteral(types::Value::Int(TypeId::kOid, table.table_id()));
  });
}

std::map<uint32_t, std::set<uint32_t>> Binder::KeysOfManyPartitions() const {
  std::map<uint32_t, std::set<uint32_t>> keys;
  for (const plan::TableUse& use : query_->tables) {
    if (!use.table->has_partition_key()) continue;
    int partitions = 0;
    std::set<uint32_t> columns;
    const auto add = [&](const TableDescriptor& table) {
      ++partitions;
      const auto& key = table.partition_key();
      columns.insert(key.columns().begin(), key.columns().end());
      for (const auto& expression : key.expressions())
        columns.insert(expression.columns().begin(), expression.columns().end());
    };
    add(*use.table);
    ForEachPartition(*input_.catalog, *use.table, add);
    if (partitions > kMostPlannedPartitions) keys[use.table->table_id()] = std::move(columns);
  }
  return keys;
}

void Binder::CollectKeyLiterals(const std::map<uint32_t, std::set<uint32_t>>& keys, const Expr& e,
                                std::set<int>* literals) const {
  const bool compares =
      e.kind == Expr::Kind::kInList || (e.kind == Expr::Kind::kCall && e.function->is_operator);
  if (!compares) return;
  const auto is_key = [&](const Expr& part) {
    if (part.kind != Expr::Kind::kColumn) return false;
    const plan::ColumnInfo& info = query_->columns[part.column];
    const auto at = keys.find(info.table_id);
    return at != keys.end() && at->second.contains(info.column_number - 1);
  };
  bool of_key = false;
  std::vector<int> found;
  for (const ExprPtr& arg : e.args) {
    plan::Walk(arg, [&](const Expr& part) {
      of_key |= is_key(part);
      if (part.kind == Expr::Kind::kParameter && part.literal >= 0) found.push_back(part.literal);
    });
  }
  if (of_key) literals->insert(found.begin(), found.end());
}

}  // namespace adbms::sql::binder
