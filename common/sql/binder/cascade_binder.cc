// What the actions of foreign keys need to know of the tables that they reach: conditions that
// changed rows must meet, and the defaults that SET DEFAULT sets.
#include <algorithm>

#include "common/sql/binder/binder.h"
#include "common/sql/plan/cascades.h"
#include "common/status/macros.h"

namespace adbms::sql::binder {

using common::v1::TableDescriptor;

absl::Status Binder::BindCascades(const TableDescriptor& table, bool removed,
                                  const std::vector<uint32_t>& changed) {
  const auto references = [this](uint32_t parent, const plan::VisitReference& visit) {
    for (const TableDescriptor& child : input_.catalog->snapshot().tables()) {
      for (const auto& key : child.foreign_keys()) {
        if (key.referenced_table_id() == parent) visit(child.table_id(), key);
      }
    }
  };
  const plan::RowChanges change{removed, {changed.begin(), changed.end()}, {}};
  for (const auto& [id, changes] : plan::CascadesOf(table.table_id(), change, references)) {
    const TableDescriptor* reached = input_.catalog->FindTable(id);
    if (reached == nullptr) continue;
    const std::vector<uint32_t> set(changes.changed.begin(), changes.changed.end());
    constexpr char kAction[] = "an action of a foreign key on";
    if (changes.removed)
      RETURN_IF_ERROR(CheckNoTriggers(*reached, TriggerEvent::kDelete, {}, kAction));
    if (!set.empty())
      RETURN_IF_ERROR(CheckNoTriggers(*reached, TriggerEvent::kUpdate, set, kAction));
    MentionTable(*reached);
    plan::CascadeTarget& target = query_->cascades.emplace_back();
    target.table = reached;
    for (const uint32_t ordinal : changes.defaulted) {
      ASSIGN_OR_RETURN(ExprPtr value, DefaultOf(reached->columns(static_cast<int>(ordinal))));
      target.defaults.emplace_back(ordinal, std::move(value));
    }
    if (changes.changed.empty()) continue;
    for (const auto& column : reached->columns())
      target.columns.push_back(
          query_->AddColumn({column.name(), types::FromProto(column.type()), 0, 0, false}));
    ASSIGN_OR_RETURN(target.checks, ChecksOf(*reached, target.columns));
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::binder
