// Which columns a statement reads and writes, for the rights on them.
#include <algorithm>

#include "common/sql/binder/binder.h"

namespace adbms::sql::binder {

using common::v1::Privilege;
using common::v1::TableDescriptor;

void Binder::StandFor(ColumnId id, const TableDescriptor& table, uint32_t ordinal) {
  read_as_.emplace(id, ReadAs{&table, ordinal, acting_role_});
}

void Binder::StandForTarget(const std::vector<ColumnId>& columns, const ScopeItem& item) {
  const std::string caller = std::exchange(acting_role_, TargetRole());
  for (size_t i = 0; i < columns.size(); ++i)
    StandFor(columns[i], *query_->target, static_cast<uint32_t>(i));
  acting_role_ = caller;
  if (target_views_.empty()) return;
  for (size_t i = 0; i < item.columns.size(); ++i)
    StandFor(item.columns[i].id, target_views_.named(), static_cast<uint32_t>(i));
}

void Binder::StandForSame(const ScopeItem& before, const ScopeItem& after) {
  const size_t count = std::min(before.columns.size(), after.columns.size());
  for (size_t i = 0; i < count; ++i) {
    if (before.columns[i].id == after.columns[i].id) continue;
    std::vector<ReadAs> found;
    const auto [first, last] = read_as_.equal_range(before.columns[i].id);
    for (auto one = first; one != last; ++one) found.push_back(one->second);
    for (ReadAs& one : found) read_as_.emplace(after.columns[i].id, std::move(one));
  }
}

void Binder::ReadColumn(ColumnId id) {
  if (policy_columns_.contains(id)) return;
  const auto [first, last] = read_as_.equal_range(id);
  for (auto one = first; one != last; ++one)
    UseColumns(*one->second.table, one->second.role, common::v1::PRIVILEGE_SELECT,
               {one->second.ordinal});
}

void Binder::WriteColumns(const std::vector<uint32_t>& ordinals, Privilege privilege) {
  const std::set<uint32_t> written(ordinals.begin(), ordinals.end());
  UseColumns(*query_->target, TargetRole(), privilege, written);
  if (target_views_.empty()) return;
  std::set<uint32_t> named;
  for (size_t i = 0; i < target_views_.ordinals.size(); ++i) {
    const std::optional<uint32_t>& ordinal = target_views_.ordinals[i];
    if (ordinal.has_value() && written.contains(*ordinal)) named.insert(static_cast<uint32_t>(i));
  }
  UseColumns(target_views_.named(), acting_role_, privilege, named);
}

void Binder::UseColumns(const TableDescriptor& table, const std::string& role, Privilege privilege,
                        const std::set<uint32_t>& ordinals) {
  for (plan::TableUse& use : query_->tables) {
    if (use.table == &table && use.as_role == role)
      use.columns[privilege].insert(ordinals.begin(), ordinals.end());
  }
}

}  // namespace adbms::sql::binder
