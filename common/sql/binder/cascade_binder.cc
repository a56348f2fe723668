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
  const auto all = [this](uint32_t parent, const plan::VisitReference& visit) {
    for (const TableDescriptor& child : input_.catalog->snapshot().tables()) {
      for (const auto& key : child.foreign_keys()) {
        if (key.referenced_table_id() == parent) visit(child.table_id(), key);
      }
    }
  };
  const auto fires = [this](uint32_t id) {
    const TableDescriptor* table = input_.catalog->FindTable(id);
    return table != nullptr && plan::FiresForActions(*table);
  };
  const auto references = [&](uint32_t parent, const plan::VisitReference& visit) {
    all(parent, [&](uint32_t child, const common::v1::ForeignKeyDescriptor& key) {
      if (!plan::ActsByStatements(child, key, all, fires)) return visit(child, key);
      if (parent != table.table_id()) return;
      acts_outside_ = true;
      MentionTable(*input_.catalog->FindTable(child));
    });
  };
  const plan::RowChanges change{removed, {changed.begin(), changed.end()}, {}};
  for (const auto& [id, changes] : plan::CascadesOf(table.table_id(), change, references)) {
    const TableDescriptor* reached = input_.catalog->FindTable(id);
    if (reached == nullptr) continue;
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
