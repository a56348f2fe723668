// What a statement has to know of a partitioned table's parts, and the column that tells of what
// table a row is.
#include <algorithm>
#include <cctype>

#include "absl/strings/match.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"

namespace adbms::sql::binder {
namespace {

using common::v1::TableDescriptor;
using plan::Expr;

constexpr Type kOidType{TypeId::kOid, 0};

bool HasCheck(const TableDescriptor& table, const std::string& name) {
  return std::any_of(table.checks().begin(), table.checks().end(),
                     [&](const auto& check) { return check.name() == name; });
}

}  // namespace

void Binder::AddTableOid(plan::Rel* scan, ScopeItem* item) {
  // Few statements ask for it: the others' scans stay as narrow as they are.
  if (!absl::StrContainsIgnoreCase(absl::string_view(text_.data(), text_.size()), "tableoid"))
    return;
  const ColumnId id = query_->AddColumn({"tableoid", kOidType, 0, 0, true});
  scan->output.push_back(id);
  scan->ordinals.push_back(plan::kTableOidOrdinal);
  item->system_columns = {{"tableoid", id, kOidType}};
}

void Binder::ForEachPartition(const TableDescriptor& table,
                              const std::function<void(const TableDescriptor&)>& visit) const {
  for (const auto& member : table.partition_key().partitions()) {
    const TableDescriptor* child = input_.catalog->FindTable(member.table_id());
    if (child == nullptr) continue;
    visit(*child);
    ForEachPartition(*child, visit);
  }
}

absl::Status Binder::BindPartitionChecks(const std::vector<ColumnId>& columns) {
  const TableDescriptor& table = *query_->target;
  if (!table.has_partition_key()) return absl::OkStatus();
  std::vector<const TableDescriptor*> asking;
  ForEachPartition(table, [&](const TableDescriptor& part) {
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

}  // namespace adbms::sql::binder
